//! Documents for compliance teams. Invariant: a document is made when it is asked for, from what is stored and
//! set at that moment, and recorded before its first byte: it holds samples of what is stored.

use super::fields::{file, read};
use crate::audit::DocumentAsked as Asked;
use crate::compliance::{DOCUMENTS, Inputs, document};
use crate::http::auth::Auditing;
use crate::http::blocking::blocking;
use crate::http::error::Problem;
use crate::http::private::private;
use crate::http::reports;
use crate::http::state::State;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// For which site; all of them when none is named.
#[derive(Deserialize)]
pub(in crate::http) struct DocumentQuery {
    site: Option<String>,
}

/// `GET /api/v1/audit/documents`
pub(in crate::http) async fn list(_: Auditing) -> HttpResponse {
    private().json(serde_json::json!({ "documents": DOCUMENTS }))
}

/// `GET /api/v1/audit/documents/{name}`
pub(in crate::http) async fn show(
    auditing: Auditing,
    state: web::Data<State>,
    name: web::Path<String>,
    query: web::Query<DocumentQuery>,
) -> Result<HttpResponse, Problem> {
    let nothing = || {
        let names: Vec<&str> = DOCUMENTS.iter().map(|document| document.name).collect();
        Problem::not_found(format!("there is no such document; there are {}", names.join(", ")))
    };
    let known = DOCUMENTS.iter().find(|document| document.name == name.as_str()).ok_or_else(nothing)?;
    let only = query.site.as_deref().map(|site| reports::site(&state, site)).transpose()?;
    let shared = state.clone();
    let asked = Asked { document: known.name, format: "md", site: only.as_ref().map(|site| site.id.clone()) };
    let (mut sites, inventory) = blocking(move || {
        asked.record(&shared.audit, &auditing.actor)?;
        read(&shared)
    })
    .await?;
    if let Some(only) = &only {
        sites.retain(|facts| facts.site == only.id.as_str());
    }
    let inputs =
        Inputs { now: state.clock.now(), settings: &state.settings, sites: &sites, inventory: &inventory };
    let body = document(known.name, &inputs).ok_or_else(nothing)?;
    let of_site = only.map(|site| format!("-{}", site.id)).unwrap_or_default();
    Ok(file("text/markdown; charset=utf-8", &format!("{}{of_site}.md", known.name), body))
}
