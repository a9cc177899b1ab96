//! What to ask a lead for. Invariant: names of attributes, and no value of any lead; a browser is told nothing that
//! its site does not let forms ask for, and who is not recognised, or did not consent, gets the same empty answer.

use super::auth::Viewer;
use super::blocking::blocking;
use super::collect::{CorsProblem, body, check_type, cors};
use super::error::Problem;
use super::leads::{Found, OneQuery, find};
use super::private::private;
use super::state::State;
use crate::ingest::{self, Question, Sender};
use crate::jobs::asking::Recognised;
use crate::privacy::Client;
use crate::scoring::Ask;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

#[derive(Serialize)]
struct Shown {
    key: String,
    model: serde_json::Value,
    /// At most two, the one that tells most first.
    ask: Vec<Ask>,
}

/// `GET /api/v1/leads/{key}/ask`
pub(super) async fn show(
    viewer: Viewer,
    key: web::Path<String>,
    query: web::Query<OneQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let Found { site, model, lead, .. } = find(viewer, &state, &query, &key).await?;
    let now = state.clock.now();
    let named = serde_json::json!({ "name": model.name(), "hash": model.hash().to_string() });
    let key = lead.key.to_hex();
    let ask = blocking(move || state.asking.of(&model, &site, &lead, now)).await?;
    Ok(private().json(Shown { key, model: named, ask }))
}

/// `POST /api/ask`: what the form of whoever this is may ask for. Nothing is stored, and nothing is counted.
pub(super) async fn of_form(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, CorsProblem> {
    answered(&request, payload, state).await.map_err(CorsProblem)
}

async fn answered(
    request: &HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let client = Client::of(request, &state.trusted);
    state.event_limits.take(&client, 1)?;
    check_type(request)?;
    let body = body(request, payload).await?;
    let origin = request.headers().get(header::ORIGIN).map(|value| value.to_str().unwrap_or("null"));
    let now = state.clock.now();
    let sender = Sender { client: &client, origin, now, identities: &state.identity_limits };
    let asked = ingest::question(&body, sender, &state.privacy, &|id| state.sites.find(id))?;
    let Question { site, lead, visitor } = asked;
    let who = Recognised { lead, visitor };
    let asked = blocking(move || {
        let model = state.models.of(state.ledger.as_ref(), site.no)?;
        state.asking.of_form(&model, &site, who, now)
    });
    let ask = asked.await?;
    let mut response = HttpResponse::Ok();
    cors(&mut response);
    Ok(response.json(serde_json::json!({ "ask": ask })))
}
