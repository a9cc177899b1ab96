//! `GET /api/v1/reports/coverage`. Invariant: shares of leads, and no lead.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::Problem;
use super::private::private;
use super::reports::{period, site};
use super::state::State;
use crate::jobs::coverage::{Interval, Period, report};
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// The query.
#[derive(Deserialize)]
pub(super) struct CoverageQuery {
    site: String,
    from: Option<String>,
    to: Option<String>,
    interval: Option<String>,
}

/// `GET /api/v1/reports/coverage`
pub(super) async fn show(
    _: Viewer,
    query: web::Query<CoverageQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let today = site.zone.date(state.clock.now());
    let (from, to) = period(query.from.as_ref(), query.to.as_ref(), today)?;
    let interval = Interval::from_name(query.interval.as_deref().unwrap_or("week"))
        .ok_or_else(|| Problem::bad("?interval", "interval: one of day, week, month"))?;
    let asked = Period { from, to, interval };
    let made = blocking(move || {
        let model = state.models.of(state.ledger.as_ref(), site.no)?;
        report(state.ledger.as_ref(), &model, &site, asked)
    });
    let made = made.await?;
    Ok(private().json(made))
}
