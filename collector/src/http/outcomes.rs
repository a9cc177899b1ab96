//! What became of leads. Invariant: the answer names the attribution and the model that its numbers depend on, and is
//! made of the ledger alone.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::{Problem, parameter};
use super::private::private;
use super::reports::{attribution, site};
use super::state::State;
use crate::leads::closed_loop::{Ask, Document, ModelNamed};
use crate::storage::JourneyQuery;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// The query of the report.
#[derive(Deserialize)]
pub(super) struct OutcomesQuery {
    site: String,
    from: Option<String>,
    to: Option<String>,
    by: Option<String>,
    cohort: Option<String>,
    attribution: Option<String>,
}

/// `GET /api/v1/reports/outcomes`
pub(super) async fn show(
    _: Viewer,
    query: web::Query<OutcomesQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let period = (query.from.as_deref(), query.to.as_deref());
    let today = site.zone.date(state.clock.now());
    let ask = Ask::parse(period, query.by.as_deref(), query.cohort.as_deref(), today)
        .map_err(|(name, error)| parameter(name, &error))?;
    let by = attribution(query.attribution.as_deref())?;
    let asked = JourneyQuery::of(&site, &ask, by);
    let document = blocking(move || {
        let model = state.models.of(state.ledger.as_ref(), site.no)?;
        let model = ModelNamed { name: model.name().to_owned(), hash: model.hash().to_string() };
        let journeys = state.ledger.journeys(&asked)?;
        let names = (by.name(), by.of_leads().name());
        Ok::<_, crate::storage::StoreError>(Document::new(&site, &ask, names, model, &journeys))
    });
    Ok(private().json(document.await?))
}
