//! Leads and why they are what they are. Invariant: an explanation's lines sum to its score.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::{Problem, parameter};
use super::overdue::{Sla, sla};
use super::overrides;
use super::reports::{one_touch, site};
use super::stage::{Way, ways};
use super::state::State;
use crate::domain::{
    Attributes, Channel, Date, EmailDomain, LeadKey, Money, Points, Role, Score, Site, Stage, Text, Timestamp,
};
use crate::http::private::private;
use crate::jobs::past::{Engaged, Then, seen_at};
use crate::jobs::score::{cooling_until, profile};
use crate::leads::{Lead, Origin, Reason, Transition};
use crate::scoring::{Grade, Model, Profile};
use crate::storage::{Attribution, Earlier, LeadQuery, PageToken, StoreError};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The query of the list of leads.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    site: String,
    stage: Option<String>,
    from: Option<String>,
    to: Option<String>,
    channel: Option<String>,
    attribution: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Listed {
    leads: Vec<Shown>,
    total: u64,
    next: Option<String>,
}

/// A lead as the API shows it.
#[derive(Serialize)]
struct Shown {
    key: String,
    stage: Stage,
    stage_since: Timestamp,
    became_mql_at: Option<Timestamp>,
    first_seen: Timestamp,
    last_seen: Timestamp,
    /// When the site's own server first proved that it is them; nothing while they only said so.
    verified_at: Option<Timestamp>,
    score: Score,
    /// Fit as a letter and engagement as a number, where the model has grades.
    grade: Option<Grade>,
    score_at_mql: Option<Score>,
    attribution: &'static str,
    channel: Channel,
    channel_label: &'static str,
    source: Option<Text<100>>,
    medium: Option<Text<100>>,
    campaign: Option<Text<200>>,
    landing_page: Text<500>,
    country: Option<Text<2>>,
    domain: Option<EmailDomain>,
    attributes: Attributes,
    reasons: Vec<Reason>,
    /// Where the model has a time limit for the stage.
    sla: Option<Sla>,
}

fn shown(model: &Model, lead: Lead, attribution: Attribution, now: Timestamp) -> Shown {
    let sla = sla(model, &lead, now);
    let origin: Origin = if attribution == Attribution::Last { lead.last } else { lead.first };
    Shown {
        key: lead.key.to_hex(),
        stage: lead.stage,
        stage_since: lead.stage_at,
        became_mql_at: lead.qualified.as_ref().map(|mql| mql.at),
        first_seen: lead.first_seen,
        last_seen: lead.last_seen,
        verified_at: lead.verified_at,
        score: lead.score,
        grade: model.grade(lead.score),
        score_at_mql: lead.qualified.as_ref().map(|mql| mql.score),
        attribution: attribution.name(),
        channel: origin.touch.channel,
        channel_label: origin.touch.channel.label(),
        source: origin.touch.source,
        medium: origin.touch.medium,
        campaign: origin.touch.campaign,
        landing_page: origin.landing,
        country: lead.country,
        domain: lead.domain,
        attributes: lead.attributes,
        reasons: lead.reasons,
        sla,
    }
}

impl ListQuery {
    fn parse(&self, state: &State) -> Result<LeadQuery, Problem> {
        let site = site(state, &self.site)?;
        let date = |name: &str, text: Option<&String>| {
            text.map(|text| Date::parse(text).map_err(|error| parameter(name, &error))).transpose()
        };
        let stage = self
            .stage
            .as_deref()
            .map(Stage::parse)
            .transpose()
            .map_err(|error| parameter("stage", &error))?;
        let channel = self.channel.as_deref().map(|key| {
            Channel::from_key(key)
                .ok_or_else(|| Problem::bad("?channel", "channel: a channel's key, such as paid_search"))
        });
        let mqls = stage == Some(Stage::Mql);
        Ok(LeadQuery {
            site: site.no,
            mqls,
            // The list of MQLs is of everyone who became one, whatever sales made of them since: so it
            // counts what the report counts.
            stage: stage.filter(|_| !mqls),
            from: date("from", self.from.as_ref())?.map(|day| site.zone.start_of(day)),
            before: date("to", self.to.as_ref())?.map(|day| site.zone.start_of(day.plus(1))),
            channel: channel.transpose()?,
            attribution: one_touch(self.attribution.as_deref())?,
            limit: self.limit.unwrap_or(50).clamp(1, 200),
            after: self.cursor.as_deref().map(page_token).transpose()?,
        })
    }
}

pub(super) fn page_token(text: &str) -> Result<PageToken, Problem> {
    let wrong = || Problem::bad("?cursor", "cursor: what `next` of the page before said");
    let (at, key) = text.split_once('.').ok_or_else(wrong)?;
    let at = Timestamp::from_millis(at.parse().map_err(|_| wrong())?);
    Ok(PageToken { at, key: LeadKey::parse(key).map_err(|_| wrong())? })
}

/// `GET /api/v1/leads`
pub(super) async fn list(
    viewer: Viewer,
    query: web::Query<ListQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let (site, query) = (site(&state, &query.site)?, query.parse(&state)?);
    let by = query.attribution;
    let now = state.clock.now();
    let listed = move || -> Result<_, StoreError> {
        state.audit.leads_listed(&viewer.actor, &site)?;
        Ok((state.ledger.leads(&query)?, state.models.of(state.ledger.as_ref(), site.no)?))
    };
    let (page, model) = blocking(listed).await?;
    let next = page.next.map(|token| format!("{}.{}", token.at.millis(), token.key.to_hex()));
    let leads = page.leads.into_iter().map(|lead| shown(&model, lead, by, now)).collect();
    Ok(private().json(Listed { leads, total: page.total, next }))
}

/// The query of one lead.
#[derive(Deserialize)]
pub(super) struct OneQuery {
    site: String,
    as_of: Option<String>,
    attribution: Option<String>,
}

/// A lead that is there.
pub(super) struct Found {
    pub(super) site: Arc<Site>,
    /// The model that scores it.
    pub(super) model: Arc<Model>,
    pub(super) lead: Lead,
    pub(super) transitions: Vec<Transition>,
    earlier: Vec<Earlier>,
}

/// Finds a lead for somebody; that they look at it is recorded before they see it.
pub(super) async fn find(
    viewer: Viewer,
    state: &web::Data<State>,
    query: &OneQuery,
    key: &str,
) -> Result<Found, Problem> {
    let site = site(state, &query.site)?;
    let key = LeadKey::parse(key).map_err(|error| Problem::bad("/key", error.0))?;
    let (shared, of) = (state.clone(), Arc::clone(&site));
    let found = blocking(move || -> Result<_, StoreError> {
        let (lead, transitions) = (shared.ledger.lead(of.no, key)?, shared.ledger.transitions(of.no, key)?);
        if lead.is_some() {
            shared.audit.lead_viewed(&viewer.actor, &of, key)?;
        }
        let restricted = shared.ledger.restriction(of.no, key)?.restricted.is_some();
        let model = shared.models.of(shared.ledger.as_ref(), of.no)?;
        let earlier = shared.ledger.earlier(of.no, key)?;
        Ok((lead, transitions, restricted, model, earlier))
    });
    let (lead, transitions, restricted, model, earlier) = found.await?;
    if restricted {
        return Err(Problem::not_found(
            "this lead asked for its processing to be restricted: it is kept, and nothing is done with it. The audit \
             page finds it",
        ));
    }
    let lead = lead.ok_or_else(|| Problem::not_found("there is no such lead"))?;
    Ok(Found { site, model, lead, transitions, earlier })
}

/// `GET /api/v1/leads/{key}`
pub(super) async fn show(
    viewer: Viewer,
    key: web::Path<String>,
    query: web::Query<OneQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let by = one_touch(query.attribution.as_deref())?;
    let Found { model, lead, transitions, earlier, .. } = find(viewer, &state, &query, &key).await?;
    let next = ways(lead.stage);
    let transitions = transitions.into_iter().map(TransitionShown::of).collect();
    let earlier_models = earlier.into_iter().map(EarlierShown::of).collect();
    let lead = shown(&model, lead, by, state.clock.now());
    Ok(private().json(One { lead, next, transitions, earlier_models }))
}

/// A lead with its past and where people may put it.
#[derive(Serialize)]
struct One {
    #[serde(flatten)]
    lead: Shown,
    next: Vec<Way>,
    transitions: Vec<TransitionShown>,
    /// What the machine had made of it by models that another took the place of, as sales was told.
    earlier_models: Vec<EarlierShown>,
}

#[derive(Serialize)]
struct EarlierShown {
    /// The publication that put another model in its place.
    until_publication: i64,
    #[serde(flatten)]
    transition: TransitionShown,
}

impl EarlierShown {
    fn of(earlier: Earlier) -> Self {
        Self { until_publication: earlier.publication, transition: TransitionShown::of(earlier.transition) }
    }
}

#[derive(Serialize)]
struct Explanation {
    key: String,
    site: String,
    as_of: Timestamp,
    /// Whether this is all that counted at `as_of`: so wherever no event of then is gone.
    exact: bool,
    /// What is gone, in a sentence.
    inexact_because: Option<String>,
    /// Whether it was a lead at all.
    known: bool,
    /// When the site's own server first proved that it is them, as of then.
    verified_at: Option<Timestamp>,
    /// Where it stood at `as_of`; for a moment to come, where it stands. Nothing before it was known.
    stage: Option<Stage>,
    model: serde_json::Value,
    score: Score,
    /// The score without what people say against it.
    machine_score: Score,
    grade: Option<Grade>,
    threshold: Points,
    qualifies: bool,
    lines: serde_json::Value,
    missing: Vec<String>,
    /// Where the model has a way out of being an MQL: below how many points, and when if nothing new happens.
    exit: Option<Exit>,
    /// Until when it cannot qualify again: it fell out, or sales handed it back.
    cooling_until: Option<Timestamp>,
    /// How long it may stand where it stands, and whether it does for longer than that now.
    sla: Option<Sla>,
    /// What people said against the score; which of it counts at `as_of` is said with each.
    overrides: Vec<overrides::Shown>,
    transitions: Vec<TransitionShown>,
}

#[derive(Serialize)]
struct Exit {
    below: Points,
    /// Nothing when it is there already, or will never be.
    falls_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct TransitionShown {
    from: Stage,
    to: Stage,
    at: Timestamp,
    reason: String,
    /// In which role somebody made it; the collector is the machine.
    actor: Role,
    amount: Option<Money>,
    score: Score,
    model_hash: String,
}

impl TransitionShown {
    fn of(transition: Transition) -> Self {
        Self {
            from: transition.from,
            to: transition.to,
            at: transition.at,
            reason: transition.reason,
            actor: transition.actor.role,
            amount: transition.amount,
            score: transition.score,
            model_hash: transition.model.to_string(),
        }
    }
}

/// What a lead was at a moment; reads its events again where the ledger has gone on since.
async fn past(
    state: &web::Data<State>,
    site: &Arc<Site>,
    model: &Arc<Model>,
    lead: &Lead,
    transitions: &[Transition],
    as_of: Timestamp,
) -> Result<Then, Problem> {
    let (shared, site) = (state.clone(), Arc::clone(site));
    let (lead, transitions) = (lead.clone(), transitions.to_vec());
    let model = Arc::clone(model);
    let now = state.clock.now();
    let then = blocking(move || shared.past.at(&model, &site, &lead, &transitions, as_of, now)).await?;
    then.map_err(|Engaged| {
        Problem::unavailable("other questions about the past are being answered; ask again in a second")
    })
}

/// Whether a line of these is what somebody said against the score.
fn said(lines: &serde_json::Value) -> bool {
    lines.as_array().into_iter().flatten().any(|line| line["kind"] == "override")
}

/// `GET /api/v1/leads/{key}/explanation`
pub(super) async fn explanation(
    viewer: Viewer,
    key: web::Path<String>,
    query: web::Query<OneQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let as_of = query
        .as_of
        .as_deref()
        .map(Timestamp::parse)
        .transpose()
        .map_err(|error| parameter("as_of", &error))?;
    let as_of = as_of.unwrap_or_else(|| state.clock.now());
    let Found { site, model, lead, transitions, .. } = find(viewer, &state, &query, &key).await?;
    let then = past(&state, &site, &model, &lead, &transitions, as_of).await?;
    let known_at = then.lead.as_ref().map(|then| then.known_at);
    // Nobody's score, before it was known.
    let was = then.lead.unwrap_or_else(|| Lead { hits: Vec::new(), ..lead.clone() });
    let profile = if known_at.is_some() { profile(&was) } else { Profile::default() };
    let evaluation = model.evaluate(&was.hits, &profile, as_of);
    let written = |_| Problem::unavailable("the lines cannot be written");
    // The moment of a change of stage by this model is answered with what was seen then.
    let change = seen_at(&transitions, *model.hash(), as_of);
    let (score, qualifies, lines) = match change {
        Some(change) => {
            let lines = serde_json::from_str(&change.lines)
                .map_err(|_| Problem::unavailable("the lines cannot be read"))?;
            (change.score, change.to == Stage::Mql, lines)
        }
        None if known_at.is_none() => (Score::default(), false, serde_json::json!([])),
        None => {
            let lines = serde_json::to_value(&evaluation.lines).map_err(written)?;
            (evaluation.score(), evaluation.qualifies, lines)
        }
    };
    let missing = match known_at {
        None => vec![format!("It was not known yet: it became known at {}.", lead.known_at)],
        Some(_) if qualifies => Vec::new(),
        Some(_) => evaluation.missing,
    };
    let falls_at = known_at.and_then(|_| model.falls_out(&was.hits, &profile, as_of));
    let exit = model.exit_below().map(|below| Exit { below, falls_at });
    let cooling_until = known_at.and_then(|_| cooling_until(&model, &was));
    let machine = || model.evaluate(&was.hits, &profile.without_overrides(), as_of).score();
    let machine_score = if said(&lines) { machine() } else { score };
    Ok(private().json(Explanation {
        key: lead.key.to_hex(),
        site: site.id.to_string(),
        as_of,
        exact: change.is_some() || then.inexact_because.is_none(),
        inexact_because: then.inexact_because.filter(|_| change.is_none()),
        known: known_at.is_some(),
        verified_at: known_at.and(was.verified_at),
        stage: change.map(|change| change.to).or_else(|| known_at.map(|_| was.stage)),
        model: serde_json::json!({ "name": model.name(), "hash": model.hash().to_string() }),
        score,
        grade: known_at.and_then(|_| model.grade(score)),
        threshold: model.threshold(),
        machine_score,
        qualifies,
        lines,
        missing,
        exit,
        cooling_until: cooling_until.filter(|until| *until > as_of),
        sla: sla(&model, &lead, state.clock.now()),
        overrides: lead.overrides.iter().map(|given| overrides::Shown::of(given, as_of)).collect(),
        transitions: transitions.into_iter().map(TransitionShown::of).collect(),
    }))
}
