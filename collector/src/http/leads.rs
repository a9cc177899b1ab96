//! Leads and why they are what they are. Invariant: an explanation's lines sum to its score.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::{Problem, parameter};
use super::reports::{attribution, site};
use super::stage::{Way, ways};
use super::state::State;
use crate::domain::{
    Attributes, Channel, Date, EmailDomain, LeadKey, Money, Points, Role, Score, Site, Stage, Text, Timestamp,
};
use crate::http::private::private;
use crate::jobs::score::{cooling_until, profile};
use crate::leads::{Lead, Origin, Reason, Transition};
use crate::scoring::{Grade, Model};
use crate::storage::{Attribution, LeadQuery, PageToken, StoreError};
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
}

fn shown(model: &Model, lead: Lead, attribution: Attribution) -> Shown {
    let origin: Origin = if attribution == Attribution::Last { lead.last } else { lead.first };
    Shown {
        key: lead.key.to_hex(),
        stage: lead.stage,
        stage_since: lead.stage_at,
        became_mql_at: lead.qualified.as_ref().map(|mql| mql.at),
        first_seen: lead.first_seen,
        last_seen: lead.last_seen,
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
            attribution: attribution(self.attribution.as_deref())?,
            limit: self.limit.unwrap_or(50).clamp(1, 200),
            after: self.cursor.as_deref().map(page_token).transpose()?,
        })
    }
}

fn page_token(text: &str) -> Result<PageToken, Problem> {
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
    let listed = move || -> Result<_, StoreError> {
        state.audit.leads_listed(&viewer.actor, &site)?;
        Ok((state.ledger.leads(&query)?, state.models.of(state.ledger.as_ref(), site.no)?))
    };
    let (page, model) = blocking(listed).await?;
    let next = page.next.map(|token| format!("{}.{}", token.at.millis(), token.key.to_hex()));
    let leads = page.leads.into_iter().map(|lead| shown(&model, lead, by)).collect();
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
struct Found {
    site: Arc<Site>,
    /// The model that scores it.
    model: Arc<Model>,
    lead: Lead,
    transitions: Vec<Transition>,
}

/// Finds a lead for somebody; that they look at it is recorded before they see it.
async fn find(
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
        Ok((lead, transitions, restricted, model))
    });
    let (lead, transitions, restricted, model) = found.await?;
    if restricted {
        return Err(Problem::not_found(
            "this lead asked for its processing to be restricted: it is kept, and nothing is done with it. The audit \
             page finds it",
        ));
    }
    let lead = lead.ok_or_else(|| Problem::not_found("there is no such lead"))?;
    Ok(Found { site, model, lead, transitions })
}

/// `GET /api/v1/leads/{key}`
pub(super) async fn show(
    viewer: Viewer,
    key: web::Path<String>,
    query: web::Query<OneQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let by = attribution(query.attribution.as_deref())?;
    let Found { model, lead, transitions, .. } = find(viewer, &state, &query, &key).await?;
    let next = ways(lead.stage);
    let transitions = transitions.into_iter().map(TransitionShown::of).collect();
    Ok(private().json(One { lead: shown(&model, lead, by), next, transitions }))
}

/// A lead with its past and where people may put it.
#[derive(Serialize)]
struct One {
    #[serde(flatten)]
    lead: Shown,
    next: Vec<Way>,
    transitions: Vec<TransitionShown>,
}

#[derive(Serialize)]
struct Explanation {
    key: String,
    site: String,
    as_of: Timestamp,
    /// Whether everything that counted at `as_of` is still kept. Always so from the newest event on, and at
    /// the moments of changes of stage.
    exact: bool,
    stage: Stage,
    model: serde_json::Value,
    score: Score,
    grade: Option<Grade>,
    threshold: Points,
    qualifies: bool,
    lines: serde_json::Value,
    missing: Vec<String>,
    /// Where the model has a way out of being an MQL: below how many points, and when if nothing new happens.
    exit: Option<Exit>,
    /// Until when it cannot qualify again: it fell out, or sales handed it back.
    cooling_until: Option<Timestamp>,
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
    let Found { site, model, lead, transitions } = find(viewer, &state, &query, &key).await?;
    // The moment of a change of stage is answered with what was seen then; every other one from the hits.
    let then = transitions.iter().rev().find(|transition| transition.at == as_of);
    let (score, qualifies, lines, missing) = match then {
        Some(then) => {
            let lines = serde_json::from_str(&then.lines)
                .map_err(|_| Problem::unavailable("the lines cannot be read"))?;
            (then.score, then.to == Stage::Mql, lines, Vec::new())
        }
        None => {
            let evaluation = model.evaluate(&lead.hits, &profile(&lead), as_of);
            let lines = serde_json::to_value(&evaluation.lines)
                .map_err(|_| Problem::unavailable("the lines cannot be written"))?;
            (evaluation.score(), evaluation.qualifies, lines, evaluation.missing)
        }
    };
    let falls_at = model.falls_out(&lead.hits, &profile(&lead), as_of);
    let exit = model.exit_below().map(|below| Exit { below, falls_at });
    // Hits that no later score needs are not kept, and a profile is kept as it is now.
    let exact = then.is_some() || as_of >= lead.last_seen;
    Ok(private().json(Explanation {
        key: lead.key.to_hex(),
        site: site.id.to_string(),
        as_of,
        exact,
        stage: lead.stage,
        model: serde_json::json!({ "name": model.name(), "hash": model.hash().to_string() }),
        score,
        grade: model.grade(score),
        threshold: model.threshold(),
        qualifies,
        lines,
        missing,
        exit,
        cooling_until: cooling_until(&model, &lead).filter(|until| *until > as_of),
        transitions: transitions.into_iter().map(TransitionShown::of).collect(),
    }))
}
