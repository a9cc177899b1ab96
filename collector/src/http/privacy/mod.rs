//! A person's rights by HTTP. Invariant: every body is JSON by its type, and read whole or refused with a pointer
//! to the field; an address is hashed before anything else is done with it, and no answer repeats it.

mod body;

use super::auth::Auditing;
use super::blocking::blocking;
use super::error::Problem;
use super::state::State;
use crate::domain::{Actor, LeadKey, Site};
use crate::http::private::private;
use crate::rights::{Document, Done, Service};
use crate::storage::StoreError;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use body::{Act, Export, JsonBody, Restrict, Who};
use std::sync::Arc;

fn nobody() -> Problem {
    Problem::not_found("nothing is held of this person on this site")
}

/// `POST /api/v1/privacy/find`
pub(super) async fn find(
    by: Auditing,
    body: JsonBody,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let (site, lead) = body::read::<Who>(&body)?.person(&state)?;
    let found = blocking(move || state.rights.find(&by.actor, &site, lead)).await?;
    Ok(private().json(&found))
}

/// `POST /api/v1/privacy/export`
pub(super) async fn export(
    by: Auditing,
    body: JsonBody,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let asked = body::read::<Export>(&body)?;
    let csv = asked.csv()?;
    let (site, lead) = asked.who().person(&state)?;
    let name = format!("{}-{}", site.id, state.clock.now().to_string().get(..10).unwrap_or_default());
    let format = if csv { "csv" } else { "json" };
    let document: Option<Document> =
        blocking(move || state.rights.export(&by.actor, &site, lead, format)).await?;
    let document = document.ok_or_else(nobody)?;
    let (mime, text) = if csv {
        ("text/csv; charset=utf-8", document.csv())
    } else {
        let text = document.json().map_err(|_| Problem::unavailable("the document cannot be written"))?;
        ("application/json", text)
    };
    Ok(private()
        .insert_header((header::CONTENT_TYPE, mime))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"person-{name}.{format}\""),
        ))
        .body(text))
}

/// Does something to a person, and sees to it that events know of it at once.
async fn act(
    by: Auditing,
    state: web::Data<State>,
    (site, lead): (Arc<Site>, LeadKey),
    act: impl FnOnce(&Service, &Actor, &Site, LeadKey) -> Result<Option<Done>, StoreError> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let done = blocking(move || {
        let done = act(&state.rights, &by.actor, &site, lead);
        state.restrictions.refresh_now();
        done
    });
    Ok(private().json(done.await?.ok_or_else(nobody)?))
}

/// `POST /api/v1/privacy/restrict`
pub(super) async fn restrict(
    by: Auditing,
    body: JsonBody,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let asked = body::read::<Restrict>(&body)?;
    let (restricted, dry_run) = (asked.restricted(), asked.dry_run());
    let person = asked.who().person(&state)?;
    act(by, state, person, move |rights, actor, site, lead| {
        rights.restrict(actor, site, lead, restricted, dry_run)
    })
    .await
}

/// `POST /api/v1/privacy/withdraw`
pub(super) async fn withdraw(
    by: Auditing,
    body: JsonBody,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let asked = body::read::<Act>(&body)?;
    let dry_run = asked.dry_run();
    let person = asked.who().person(&state)?;
    act(by, state, person, move |rights, actor, site, lead| rights.withdraw(actor, site, lead, dry_run)).await
}

/// `POST /api/v1/privacy/erase`
pub(super) async fn erase(
    by: Auditing,
    body: JsonBody,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let asked = body::read::<Act>(&body)?;
    let dry_run = asked.dry_run();
    let person = asked.who().person(&state)?;
    act(by, state, person, move |rights, actor, site, lead| rights.erase(actor, site, lead, dry_run)).await
}
