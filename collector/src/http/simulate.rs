//! Simulations by HTTP. Invariant: a simulation changes nothing that is live; who is named by its result is looked
//! at only after that was recorded, and whoever was erased or restricted since is not named any more.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::Problem;
use super::private::private;
use super::reports::site;
use super::state::State;
use crate::domain::{Date, LeadKey, ModelHash, Site, from_hex};
use crate::jobs::simulate::{self, Asked, Busy, KEPT_MS, Named, Report, State as Standing, Work};
use crate::scoring::Model;
use crate::storage::StoreError;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// The query.
#[derive(Deserialize)]
pub(super) struct SiteQuery {
    site: String,
}

/// What is asked for: a model as TOML, or the hash of a version that is kept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    model: Option<String>,
    hash: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Serialize)]
struct Begun {
    id: String,
    site: String,
    state: &'static str,
    model: Named,
    live_model: Named,
}

fn path(id: u64, site: &Site) -> String {
    format!("/api/v1/models/simulations/{id}?site={}", site.id)
}

/// The draft of a request.
enum Draft {
    Text(Arc<Model>),
    Version(ModelHash),
}

impl Body {
    fn draft(&self) -> Result<Draft, Problem> {
        match (&self.model, &self.hash) {
            (Some(text), None) => {
                let model = Model::parse(text).map_err(|error| Problem::bad("/model", error.to_string()))?;
                Ok(Draft::Text(Arc::new(model)))
            }
            (None, Some(hash)) => from_hex(hash.bytes())
                .map(|bytes| Draft::Version(ModelHash::from_bytes(bytes)))
                .ok_or_else(|| Problem::bad("/hash", "hash: the 64 hexadecimal digits of a version")),
            _ => Err(Problem::bad(
                "/model",
                "name the draft by exactly one of model (TOML) and hash (a version)",
            )),
        }
    }

    fn day(name: &str, text: Option<&String>) -> Result<Option<Date>, Problem> {
        let read = text.map(|text| Date::parse(text)).transpose();
        read.map_err(|error| Problem::bad(format!("/{name}"), format!("{name}: {error}")))
    }
}

/// `POST /api/v1/models/simulate`
pub(super) async fn start(
    _: Viewer,
    query: web::Query<SiteQuery>,
    body: web::Json<Body>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let (draft, from, to) =
        (body.draft()?, Body::day("from", body.from.as_ref())?, Body::day("to", body.to.as_ref())?);
    simulate::check(from, to, site.zone.date(state.clock.now()))
        .map_err(|error| Problem::bad("/from", format!("from: {error}")))?;
    let (shared, of) = (state.clone(), Arc::clone(&site));
    let asked = blocking(move || -> Result<_, Problem> {
        let (ledger, models) = (shared.ledger.as_ref(), &shared.models);
        let live = models.of(ledger, of.no)?;
        let draft = match draft {
            Draft::Text(model) => model,
            Draft::Version(hash) if ledger.model(of.no, hash)?.is_none() && hash != *live.hash() => {
                return Err(Problem::not_found("there is no such version of this site's model"));
            }
            Draft::Version(hash) if hash == *live.hash() => Arc::clone(&live),
            Draft::Version(hash) => models.read(ledger, of.no, hash)?,
        };
        Ok(Asked { site: Site::clone(&of), draft, live, from, to })
    });
    let asked = asked.await?;
    let (model, live_model) = (Named::of(&asked.draft), Named::of(&asked.live));
    let (events, ledger, clock) = (Arc::clone(&state.events), Arc::clone(&state.ledger), state.clock.clone());
    let work: Work = Box::new(move |track| {
        simulate::run(&events, &ledger, &clock, asked, &mut |done, total| track.says(done, total))
    });
    let started = state.simulations.start(site.no, work).map_err(|error| {
        tracing::error!("no simulation can be started: {error}");
        Problem::unavailable("no simulation can be started now; try again")
    })?;
    let id = started.map_err(|busy| match busy {
        Busy::Here(id) => Problem::conflict(
            "another simulation runs; wait for it, or stop it",
            json!({ "id": id.to_string() }),
        ),
        Busy::Elsewhere => {
            Problem::conflict("a command simulates on this data folder; wait for it", json!({}))
        }
    })?;
    let begun = Begun { id: id.to_string(), site: site.id.to_string(), state: "running", model, live_model };
    Ok(HttpResponse::Accepted()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::LOCATION, path(id, &site)))
        .json(begun))
}

fn number(id: &str) -> Result<u64, Problem> {
    id.parse().map_err(|_| none())
}

fn none() -> Problem {
    Problem::not_found(format!(
        "there is no such simulation; what came of one is kept for {} minutes, and as long as the collector runs",
        KEPT_MS / 60_000
    ))
}

/// `GET /api/v1/models/simulations/{id}`
pub(super) async fn show(
    viewer: Viewer,
    id: web::Path<String>,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let number = number(&id)?;
    let shown = match state.simulations.state(site.no, number).ok_or_else(none)? {
        Standing::Running { done, total, events_per_second } => json!({
            "id": *id, "state": "running", "done": done, "total": total, "events_per_second": events_per_second,
        }),
        Standing::Stopped => json!({ "id": *id, "state": "stopped" }),
        Standing::Failed => json!({
            "id": *id, "state": "failed",
            "problem": Problem::unavailable("storage could not be used; nothing was changed, try again"),
        }),
        Standing::Done(report) => {
            let looked = move || -> Result<Report, StoreError> { looked_at(&viewer, &state, &site, *report) };
            json!({ "id": *id, "state": "done", "result": blocking(looked).await? })
        }
    };
    Ok(private().json(shown))
}

/// What of a report may be shown, once it is recorded that somebody looks at it.
fn looked_at(viewer: &Viewer, state: &State, site: &Site, mut report: Report) -> Result<Report, StoreError> {
    let mut gone = Vec::new();
    for lead in report.entering.iter().chain(&report.leaving) {
        if !may_be_named(state, site, lead.key)? {
            gone.push(lead.key);
        }
    }
    report.name_only(|key| !gone.contains(&key));
    if !report.entering.is_empty() || !report.leaving.is_empty() {
        state.audit.leads_listed(&viewer.actor, site)?;
    }
    Ok(report)
}

fn may_be_named(state: &State, site: &Site, key: LeadKey) -> Result<bool, StoreError> {
    let restricted = state.ledger.restriction(site.no, key)?.restricted.is_some();
    Ok(!restricted && state.ledger.lead(site.no, key)?.is_some())
}

/// `DELETE /api/v1/models/simulations/{id}`
pub(super) async fn stop(
    _: Viewer,
    id: web::Path<String>,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    if !state.simulations.stop(site.no, number(&id)?) {
        return Err(none());
    }
    Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish())
}
