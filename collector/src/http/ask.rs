//! What to ask a lead for. Invariant: names of attributes, and no value of any lead.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::Problem;
use super::leads::{Found, OneQuery, find};
use super::private::private;
use super::state::State;
use crate::scoring::Ask;
use actix_web::{HttpResponse, web};
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
