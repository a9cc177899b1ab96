//! What closed leads say of open ones, by HTTP. Invariant: nothing is changed by asking; nobody sees a lead, or a
//! list of them, before the look is recorded; learning never runs on the workers that serve requests.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::Problem;
use super::leads::{Found, OneQuery, find};
use super::private::private;
use super::reports::site;
use super::state::State;
use crate::domain::Timestamp;
use crate::jobs::predictions::Predicted;
use crate::leads::outcome::Closed;
use crate::predict::{Listed, Named, OfLead, Outlook, State as Learnt};
use crate::storage::StoreError;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

/// The query of the report.
#[derive(Deserialize)]
pub(super) struct SiteQuery {
    site: String,
}

/// `GET /api/v1/predictions`
pub(super) async fn report(
    _: Viewer,
    query: web::Query<SiteQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let report = blocking(move || -> Result<_, StoreError> {
        let model = state.models.of(state.ledger.as_ref(), site.no)?;
        Ok(state.predictions.outlook(&site, &model)?.report(site.id.as_str(), &model))
    });
    Ok(private().json(report.await?))
}

/// The query of the list.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    site: String,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct List {
    site: String,
    model: Named,
    state: Learnt,
    sentence: String,
    trained_at: Option<Timestamp>,
    total: usize,
    leads: Vec<Listed>,
}

/// `GET /api/v1/predictions/leads`
pub(super) async fn leads(
    viewer: Viewer,
    query: web::Query<ListQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let list = blocking(move || -> Result<_, StoreError> {
        let model = state.models.of(state.ledger.as_ref(), site.no)?;
        state.audit.leads_listed(&viewer.actor, &site)?;
        let (outlook, leads) = state.predictions.first(&site, &model, limit)?;
        Ok(List {
            site: site.id.to_string(),
            model: Named::of(&model),
            state: outlook.state(),
            sentence: outlook.sentence(),
            trained_at: outlook.trained_at(),
            total: outlook.open.len(),
            leads,
        })
    });
    Ok(private().json(list.await?))
}

#[derive(Serialize)]
struct One {
    key: String,
    site: String,
    model: Named,
    /// Whether there is a prediction, or why not.
    state: &'static str,
    sentence: String,
    trained_at: Option<Timestamp>,
    prediction: Option<OfLead>,
}

fn state_of(outlook: &Outlook, predicted: Predicted) -> (&'static str, String, Option<OfLead>) {
    let none = |state, sentence: &str| (state, sentence.to_owned(), None);
    match predicted {
        Predicted::Open(of_lead) => ("open", outlook.sentence(), Some(*of_lead)),
        Predicted::Closed(Closed::Won { .. }) => {
            none("won", "This lead was won: there is nothing to predict.")
        }
        Predicted::Closed(Closed::Lost { .. }) => {
            none("lost", "This lead is lost: there is nothing to predict.")
        }
        Predicted::RuledOut => none("ruled_out", "The scoring model rules this lead out: it is not ranked."),
        Predicted::Withdrawn => {
            none("withdrawn", "This lead took its consent back: nothing is predicted of it.")
        }
        Predicted::TooLittle => ("too_little_data", outlook.sentence(), None),
    }
}

/// `GET /api/v1/leads/{key}/prediction`
pub(super) async fn of_lead(
    viewer: Viewer,
    key: web::Path<String>,
    query: web::Query<OneQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let Found { site, model, lead, transitions, .. } = find(viewer, &state, &query, &key).await?;
    let one = blocking(move || -> Result<_, StoreError> {
        let (outlook, predicted) = state.predictions.of_lead(&site, &model, &lead, &transitions)?;
        let (said, sentence, prediction) = state_of(&outlook, predicted);
        Ok(One {
            key: lead.key.to_hex(),
            site: site.id.to_string(),
            model: Named::of(&model),
            state: said,
            sentence,
            trained_at: outlook.trained_at(),
            prediction,
        })
    });
    Ok(private().json(one.await?))
}
