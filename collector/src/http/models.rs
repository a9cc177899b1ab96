//! Versions of a site's scoring model, and publishing them. Invariant: a version is known by its hash; what is asked for
//! here is worked on elsewhere, and nothing of it is seen before it is whole.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::Problem;
use super::private::private;
use super::reports::site;
use super::state::State;
use crate::domain::{ModelHash, Role, Timestamp};
use crate::jobs::publish::{Progress, Refused, Version, VersionState};
use crate::scoring::ModelError;
use crate::storage::{Publication, PublicationState, StoreError};
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

/// The query.
#[derive(Deserialize)]
pub(super) struct SiteQuery {
    site: String,
    format: Option<String>,
}

/// A draft.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    text: String,
}

/// What is asked for with a publication.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default)]
    announce: bool,
}

#[derive(Serialize)]
struct VersionShown {
    hash: String,
    name: String,
    state: VersionState,
    made_at: Timestamp,
    made_by: Role,
    published_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl VersionShown {
    fn of(version: Version, whole: bool) -> Self {
        let Version { model, state, published_at } = version;
        Self {
            hash: model.hash.to_string(),
            name: model.name,
            state,
            made_at: model.made_at,
            made_by: model.made_by.role,
            published_at,
            text: whole.then_some(model.text),
        }
    }
}

#[derive(Serialize)]
struct Versions {
    /// The model that the site's leads are scored by: one of the versions, or the collector's own.
    live: serde_json::Value,
    versions: Vec<VersionShown>,
}

#[derive(Serialize)]
pub(super) struct PublicationShown {
    id: i64,
    hash: String,
    state: &'static str,
    announce: bool,
    asked_at: Timestamp,
    asked_by: Role,
    ended_at: Option<Timestamp>,
    /// While it runs: places in the event log.
    progress: Option<ProgressShown>,
    /// Leads that became MQLs by it, once it is done.
    entered: Option<u64>,
    /// Leads that were MQLs and are none by it, once it is done.
    left: Option<u64>,
    problem: Option<String>,
    /// The void that it puts in force or takes back, where it is one of a void.
    #[serde(skip_serializing_if = "Option::is_none")]
    void: Option<i64>,
}

#[derive(Serialize)]
struct ProgressShown {
    done: i64,
    total: i64,
}

impl PublicationShown {
    fn of((publication, progress): (Publication, Option<Progress>)) -> Self {
        let done = publication.state == PublicationState::Done;
        Self {
            id: publication.id,
            hash: publication.asked.model.to_string(),
            state: publication.state.name(),
            announce: publication.asked.announce,
            asked_at: publication.asked.asked_at,
            asked_by: publication.asked.by.role,
            ended_at: publication.ended_at,
            progress: progress
                .map(|progress| ProgressShown { done: progress.done.raw(), total: progress.total.raw() }),
            entered: done.then_some(publication.entered),
            left: done.then_some(publication.left),
            problem: publication.problem,
            void: publication.asked.void.map(|step| step.no),
        }
    }
}

/// A publication that was asked for, with how far it is.
pub(super) fn shown(state: &State, publication: Publication) -> Result<PublicationShown, StoreError> {
    let progress = state.publisher.progress(&publication)?;
    Ok(PublicationShown::of((publication, progress)))
}

fn hash(raw: &str) -> Result<ModelHash, Problem> {
    ModelHash::parse(raw).map_err(|error| Problem::not_found(format!("there is no such version: {error}")))
}

pub(super) fn refused(refused: &Refused) -> Problem {
    let detail = refused.to_string();
    match refused {
        Refused::Unknown | Refused::NoPublication | Refused::NoVoid => Problem::not_found(detail),
        Refused::Live => Problem::conflict(detail, serde_json::json!({ "state": "live" })),
        Refused::Publishing => Problem::conflict(detail, serde_json::json!({ "state": "publishing" })),
        Refused::Published => Problem::conflict(detail, serde_json::json!({ "state": "past" })),
        Refused::NotInForce(state) => Problem::conflict(detail, serde_json::json!({ "state": state.name() })),
        Refused::Over(state) => Problem::conflict(detail, serde_json::json!({ "state": state.name() })),
    }
}

/// What is wrong with a model, each with its place.
fn wrong(error: &ModelError) -> Problem {
    let problems: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| {
            serde_json::json!({
                "line": problem.line, "column": problem.column, "key": problem.key, "message": problem.message,
            })
        })
        .collect();
    Problem::bad("/text", error.to_string()).with(serde_json::json!({ "problems": problems }))
}

/// `GET /api/v1/models`
pub(super) async fn list(
    _: Viewer,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let found = blocking(move || -> Result<_, StoreError> {
        let live = state.models.of(state.ledger.as_ref(), site.no)?;
        Ok((live, state.publisher.versions(&site)?))
    });
    let (live, versions) = found.await?;
    let versions = versions.into_iter().map(|version| VersionShown::of(version, false)).collect();
    let live = serde_json::json!({ "name": live.name(), "hash": live.hash().to_string() });
    Ok(private().json(Versions { live, versions }))
}

/// `POST /api/v1/models`
pub(super) async fn draft(
    viewer: Viewer,
    query: web::Query<SiteQuery>,
    body: web::Json<Draft>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let kept = blocking(move || state.publisher.draft(&viewer.actor, &site, &body.text)).await?;
    let (version, new) = kept.map_err(|error| wrong(&error))?;
    let mut answer = if new { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(answer.insert_header((header::CACHE_CONTROL, "no-store")).json(VersionShown::of(version, false)))
}

/// `GET /api/v1/models/{hash}`
pub(super) async fn show(
    _: Viewer,
    path: web::Path<String>,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let (site, hash) = (site(&state, &query.site)?, hash(&path)?);
    let toml = match query.format.as_deref() {
        None | Some("json") => false,
        Some("toml") => true,
        Some(_) => return Err(Problem::bad("?format", "format: one of json, toml")),
    };
    let version = blocking(move || state.publisher.version(&site, hash)).await?;
    let version = version.ok_or_else(|| refused(&Refused::Unknown))?;
    if toml {
        return Ok(private().content_type("application/toml; charset=utf-8").body(version.model.text));
    }
    Ok(private().json(VersionShown::of(version, true)))
}

/// `DELETE /api/v1/models/{hash}`
pub(super) async fn remove(
    viewer: Viewer,
    path: web::Path<String>,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let (site, hash) = (site(&state, &query.site)?, hash(&path)?);
    let removed = blocking(move || state.publisher.remove(&viewer.actor, &site, hash)).await?;
    removed.map_err(|why| refused(&why))?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /api/v1/models/{hash}/publish`
pub(super) async fn publish(
    viewer: Viewer,
    path: web::Path<String>,
    query: web::Query<SiteQuery>,
    body: web::Json<Asked>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let (site, hash) = (site(&state, &query.site)?, hash(&path)?);
    let announce = body.announce;
    let asked = blocking(move || -> Result<_, StoreError> {
        match state.publisher.ask(&viewer.actor, &site, hash, announce)? {
            Ok(publication) => Ok(Ok(shown(&state, publication)?)),
            Err(why) => Ok(Err(why)),
        }
    });
    let asked = asked.await?.map_err(|why| refused(&why))?;
    Ok(HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, "no-store")).json(asked))
}

/// `GET /api/v1/models/publications`
pub(super) async fn publications(
    _: Viewer,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let found = blocking(move || state.publisher.publications(&site)).await?;
    let publications: Vec<_> = found.into_iter().map(PublicationShown::of).collect();
    Ok(private().json(serde_json::json!({ "publications": publications })))
}

/// `DELETE /api/v1/models/publications/{id}`
pub(super) async fn cancel(
    viewer: Viewer,
    path: web::Path<String>,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let id: i64 = path.parse().map_err(|_| refused(&Refused::NoPublication))?;
    let cancelled = blocking(move || state.publisher.cancel(&viewer.actor, &site, id)).await?;
    let publication = cancelled.map_err(|why| refused(&why))?;
    Ok(private().json(PublicationShown::of((publication, None))))
}
