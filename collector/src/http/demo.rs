//! The demo company's site, under `mqlite demo` only. Invariant: what its forms post is thrown away unread;
//! the snippet has said all that MQLite is to know.

use super::error::Problem;
use super::state::State;
use actix_web::http::header;
use actix_web::{HttpResponse, web};

/// Like a well-kept company site: the snippet is allowed, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

fn serve(state: &State, path: &str) -> Result<HttpResponse, Problem> {
    let nothing = || Problem::not_found("there is nothing at this address");
    let site = state.demo.ok_or_else(nothing)?;
    let (content_type, body) = site(path.trim_end_matches('/')).ok_or_else(nothing)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // As browsers have it by default: a site sees which of its pages a visitor came from.
        .insert_header((header::REFERRER_POLICY, "strict-origin-when-cross-origin"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type(content_type)
        .body(body))
}

/// `GET /demo`
pub(super) async fn slash(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    serve(&state, "")?;
    Ok(HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/demo/")).finish())
}

/// `GET /demo/…`
pub(super) async fn page(state: web::Data<State>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    serve(&state, &path)
}

/// `POST /demo/thanks`
pub(super) async fn thanks(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    serve(&state, "thanks")
}
