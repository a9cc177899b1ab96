//! Voiding what came from an attack, by HTTP. Invariant: a dry run changes nothing; what is asked for is worked on
//! elsewhere and seen at once and whole.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::Problem;
use super::models::{PublicationShown, refused, shown};
use super::private::private;
use super::reports::site;
use super::stage::SiteQuery;
use super::state::State;
use crate::domain::{Only, Role, Selection, Site, Stage, Text, Timestamp};
use crate::jobs::publish::{AskedVoid, NotVoided, Picked, Refused, VoidLead};
use crate::storage::{StoreError, Void};
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

/// Leads of one answer.
const LEADS: usize = 1_000;

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    from: Timestamp,
    to: Timestamp,
    #[serde(default)]
    only: Only,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    dry_run: bool,
    /// Whether leads may go that people said something of.
    #[serde(default)]
    worked_on: bool,
}

#[derive(Serialize)]
struct Shown {
    void: i64,
    state: &'static str,
    from: Timestamp,
    to: Timestamp,
    only: Only,
    reason: String,
    events: u64,
    asked_at: Timestamp,
    asked_by: Role,
    undone_at: Option<Timestamp>,
    /// What puts it in force or takes it back.
    publication: Option<PublicationShown>,
}

impl Shown {
    fn of(void: Void, publication: Option<PublicationShown>) -> Self {
        let asked = void.asked;
        Self {
            void: void.no,
            state: void.state.name(),
            from: asked.selection.from,
            to: asked.selection.to,
            only: asked.selection.only,
            reason: asked.reason.as_str().to_owned(),
            events: asked.events,
            asked_at: asked.asked_at,
            asked_by: asked.by.role,
            undone_at: void.undone_at,
            publication,
        }
    }
}

#[derive(Serialize)]
struct Asked {
    dry_run: bool,
    picked: Picked,
    #[serde(skip_serializing_if = "Option::is_none")]
    void: Option<Shown>,
}

#[derive(Serialize)]
struct Change {
    at: Timestamp,
    from: Stage,
    to: Stage,
    reason: String,
}

#[derive(Serialize)]
struct LeadShown {
    key: String,
    told: Vec<Change>,
    said: Vec<Change>,
}

impl LeadShown {
    fn of(lead: VoidLead) -> Self {
        let change = |change: crate::leads::Transition| Change {
            at: change.at,
            from: change.from,
            to: change.to,
            reason: change.reason,
        };
        Self {
            key: lead.key.to_hex(),
            told: lead.told.into_iter().map(|earlier| change(earlier.transition)).collect(),
            said: lead.said.into_iter().map(change).collect(),
        }
    }
}

fn not_voided(why: &NotVoided) -> Problem {
    let detail = why.to_string();
    match why {
        NotVoided::Selection(_) if detail.contains("path") || detail.contains("pattern") => {
            Problem::bad("/only/path", detail)
        }
        NotVoided::Selection(_) => Problem::bad("/to", detail),
        NotVoided::Nothing => Problem::bad("/only", detail),
        NotVoided::Later => Problem::unavailable(detail),
        NotVoided::WorkedOn(leads) => Problem::conflict(detail, serde_json::json!({ "worked_on": leads })),
    }
}

/// A site's voids, newest first, each with how far it is.
fn voids(state: &State, site: &Site) -> Result<Vec<Shown>, StoreError> {
    let found = state.publisher.voids(site)?.into_iter();
    let voids = found.map(|(void, publication)| {
        let publication = publication.map(|publication| shown(state, publication)).transpose()?;
        Ok(Shown::of(void, publication))
    });
    voids.collect()
}

/// `GET /api/v1/voids`
pub(super) async fn list(
    _: Viewer,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let voids = blocking(move || voids(&state, &site)).await?;
    Ok(private().json(serde_json::json!({ "voids": voids })))
}

/// `POST /api/v1/voids`
pub(super) async fn ask(
    viewer: Viewer,
    query: web::Query<SiteQuery>,
    body: web::Json<Body>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let Body { from, to, only, reason, dry_run, worked_on } = body.into_inner();
    let asked =
        AskedVoid { selection: Selection { from, to, only }, reason: Text::clean(&reason), worked_on };
    if dry_run {
        let picked = blocking(move || state.publisher.pick(&site, &asked.selection)).await?;
        let picked = picked.map_err(|why| not_voided(&why))?;
        return Ok(private().json(Asked { dry_run, picked, void: None }));
    }
    let done = blocking(move || -> Result<_, StoreError> {
        match state.publisher.void(&viewer.actor, &site, &asked)? {
            Ok((void, publication, picked)) => {
                let void = Shown::of(void, Some(shown(&state, publication)?));
                Ok(Ok(Asked { dry_run, picked, void: Some(void) }))
            }
            Err(why) => Ok(Err(why)),
        }
    });
    let asked = done.await?.map_err(|why| not_voided(&why))?;
    Ok(HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, "no-store")).json(asked))
}

/// `GET /api/v1/voids/leads`
pub(super) async fn leads(
    _: Viewer,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let leads = blocking(move || state.publisher.void_leads(&site, LEADS)).await?;
    let leads: Vec<_> = leads.into_iter().map(LeadShown::of).collect();
    Ok(private().json(serde_json::json!({ "leads": leads })))
}

/// `DELETE /api/v1/voids/{no}`
pub(super) async fn undo(
    viewer: Viewer,
    no: web::Path<String>,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let no: i64 = no.parse().map_err(|_| refused(&Refused::NoVoid))?;
    let done = blocking(move || -> Result<_, StoreError> {
        match state.publisher.undo_void(&viewer.actor, &site, no)? {
            Ok(publication) => Ok(Ok(shown(&state, publication)?)),
            Err(why) => Ok(Err(why)),
        }
    });
    let publication = done.await?.map_err(|why| refused(&why))?;
    Ok(HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, "no-store")).json(publication))
}
