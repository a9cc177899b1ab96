//! The inventory of stored fields. Invariant: it is read from the declarations and the databases each time it
//! is asked for, and shows no secret; taken away as a file, it is recorded.

use crate::audit::DocumentAsked;
use crate::compliance::{self, Inputs, SiteFacts};
use crate::http::auth::Auditing;
use crate::http::blocking::blocking;
use crate::http::error::Problem;
use crate::http::private::private;
use crate::http::state::State;
use crate::storage::{CountedTable, StoreError, census};
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// The query of the inventory.
#[derive(Deserialize)]
pub(in crate::http) struct FieldsQuery {
    format: Option<String>,
}

/// Every site, and everything that is stored.
pub(super) fn read(state: &State) -> Result<(Vec<SiteFacts>, Vec<CountedTable>), StoreError> {
    let sites = state.ledger.sites()?.iter().map(SiteFacts::of).collect();
    Ok((sites, census(state.events.as_ref(), state.ledger.as_ref())?))
}

/// An answer that is saved as a file.
pub(super) fn file(content_type: &'static str, name: &str, body: String) -> HttpResponse {
    private()
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .content_type(content_type)
        .body(body)
}

/// `GET /api/v1/audit/fields`
pub(in crate::http) async fn show(
    auditing: Auditing,
    state: web::Data<State>,
    query: web::Query<FieldsQuery>,
) -> Result<HttpResponse, Problem> {
    let format = query.into_inner().format;
    let format = match format.as_deref().unwrap_or("json") {
        "json" => None,
        "md" => Some("md"),
        "csv" => Some("csv"),
        _ => return Err(Problem::bad("?format", "format: one of json, md, csv")),
    };
    let shared = state.clone();
    let (sites, inventory) = blocking(move || {
        if let Some(format) = format {
            let asked = DocumentAsked { document: "stored-fields", format, site: None };
            asked.record(&shared.audit, &auditing.actor)?;
        }
        read(&shared)
    })
    .await?;
    let inputs =
        Inputs { now: state.clock.now(), settings: &state.settings, sites: &sites, inventory: &inventory };
    Ok(match format {
        None => private().json(compliance::fields::inventory(&inputs)),
        Some("csv") => file("text/csv; charset=utf-8", "stored-fields.csv", compliance::fields::csv(&inputs)),
        Some(_) => {
            let body = compliance::fields::markdown(&inputs);
            file("text/markdown; charset=utf-8", "stored-fields.md", body)
        }
    })
}
