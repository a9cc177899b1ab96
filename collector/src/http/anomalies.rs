//! `GET /api/v1/anomalies`. Invariant: counts and sentences about counts; it names nobody.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::Problem;
use super::private::private;
use super::reports::{period, site};
use super::state::State;
use crate::jobs::anomalies::report;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// Without a first day, so many up to the last.
const DAYS: i32 = 7;

/// The query.
#[derive(Deserialize)]
pub(super) struct Query {
    site: String,
    from: Option<String>,
    to: Option<String>,
}

/// `GET /api/v1/anomalies`
pub(super) async fn show(
    _: Viewer,
    query: web::Query<Query>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let today = site.zone.date(state.clock.now());
    let (from, to) = period(query.from.as_ref(), query.to.as_ref(), today)?;
    let from = if query.from.is_some() { from } else { to.plus(1 - DAYS) };
    let made = blocking(move || report(state.events.as_ref(), state.ledger.as_ref(), &site, (from, to)));
    Ok(private().json(made.await?))
}
