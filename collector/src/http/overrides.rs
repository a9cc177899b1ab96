//! What people say of leads against their scores, by HTTP. Invariant: whoever looks at them is recorded as looking
//! at the lead; nothing is taken away: what is deleted ends, and stays to be read.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::Problem;
use super::leads::{Found, OneQuery, find};
use super::private::private;
use super::reports::site;
use super::stage::SiteQuery;
use super::state::State;
use crate::domain::{Effect, LeadKey, Override, Points, Role, Score, Stage, Text, Timestamp};
use crate::jobs::overrides::{Asked, Done, Refused};
use crate::jobs::stages::Gone;
use crate::storage::StoreError;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    effect: String,
    points: Option<i64>,
    until: String,
    reason: String,
}

/// An override as the API shows it.
#[derive(Serialize)]
pub(super) struct Shown {
    id: u32,
    effect: Effect,
    points: Option<Points>,
    from: Timestamp,
    until: Timestamp,
    reason: String,
    /// In which role it was given.
    actor: Role,
    ended_at: Option<Timestamp>,
    ended_by: Option<Role>,
    /// Whether it counts at the moment that is asked about.
    counts: bool,
}

impl Shown {
    pub(super) fn of(given: &Override, at: Timestamp) -> Self {
        Self {
            id: given.no,
            effect: given.effect,
            points: given.effect.points(),
            from: given.from,
            until: given.until,
            reason: given.reason.to_string(),
            actor: given.actor.role,
            ended_at: given.ended.as_ref().map(|ended| ended.at),
            ended_by: given.ended.as_ref().map(|ended| ended.by.role),
            counts: given.counts(at),
        }
    }
}

#[derive(Serialize)]
struct Listed {
    key: String,
    overrides: Vec<Shown>,
}

/// An override that was given or ended, and where that puts the lead.
#[derive(Serialize)]
struct Changed {
    key: String,
    #[serde(rename = "override")]
    given: Shown,
    stage: Stage,
    score: Score,
}

fn refused(refused: &Refused) -> Problem {
    let detail = refused.to_string();
    match refused {
        Refused::Gone(Gone::Unknown | Gone::Restricted) | Refused::NoSuch => Problem::not_found(detail),
        Refused::Until => Problem::bad("/until", detail),
        Refused::Reason => Problem::bad("/reason", detail),
        Refused::Full => Problem::conflict(detail, serde_json::json!({ "most": Override::MOST })),
        Refused::Over(at) => Problem::conflict(detail, serde_json::json!({ "over_at": at })),
        Refused::Gone(Gone::Later) => Problem::unavailable(detail),
    }
}

impl Body {
    fn read(self) -> Result<Asked, Problem> {
        let pointer =
            if ["engagement", "fit"].contains(&self.effect.as_str()) { "/points" } else { "/effect" };
        let effect = Effect::parse(&self.effect, self.points).map_err(|error| Problem::bad(pointer, error.0));
        let until = Timestamp::parse(&self.until).map_err(|error| Problem::bad("/until", error.0));
        Ok(Asked { effect: effect?, until: until?, reason: Text::clean(&self.reason) })
    }
}

fn changed(status: StatusCode, key: LeadKey, done: &Done, now: Timestamp) -> HttpResponse {
    let (stage, score) = (done.stage, done.score);
    let given = Shown::of(&done.given, now);
    private().status(status).json(Changed { key: key.to_hex(), given, stage, score })
}

/// `POST /api/v1/leads/{key}/overrides`
pub(super) async fn give(
    viewer: Viewer,
    key: web::Path<String>,
    query: web::Query<SiteQuery>,
    body: web::Json<Body>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let key = LeadKey::parse(&key).map_err(|error| Problem::bad("/key", error.0))?;
    let asked = body.into_inner().read()?;
    let shared = state.clone();
    let give = move || -> Result<_, StoreError> { shared.stages.give(&viewer.actor, &site, key, &asked) };
    let done = blocking(give).await?.map_err(|why| refused(&why))?;
    Ok(changed(StatusCode::CREATED, key, &done, state.clock.now()))
}

/// `GET /api/v1/leads/{key}/overrides`
pub(super) async fn list(
    viewer: Viewer,
    key: web::Path<String>,
    query: web::Query<OneQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let Found { lead, .. } = find(viewer, &state, &query, &key).await?;
    let now = state.clock.now();
    let overrides = lead.overrides.iter().map(|given| Shown::of(given, now)).collect();
    Ok(private().json(Listed { key: lead.key.to_hex(), overrides }))
}

/// `DELETE /api/v1/leads/{key}/overrides/{id}`
pub(super) async fn end(
    viewer: Viewer,
    path: web::Path<(String, String)>,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let (key, no) = path.into_inner();
    let key = LeadKey::parse(&key).map_err(|error| Problem::bad("/key", error.0))?;
    let no = no.parse().map_err(|_| Problem::bad("/id", "id: the number of an override, such as 1"))?;
    let shared = state.clone();
    let end = move || -> Result<_, StoreError> { shared.stages.end(&viewer.actor, &site, key, no) };
    let done = blocking(end).await?.map_err(|why| refused(&why))?;
    Ok(changed(StatusCode::OK, key, &done, state.clock.now()))
}
