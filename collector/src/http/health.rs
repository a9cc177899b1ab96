//! Whether we live and whether we can work. Invariant: no log-in, and no word about what is stored.

use super::blocking::blocking;
use super::error::Problem;
use super::state::State;
use actix_web::{HttpResponse, web};

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok")
}

/// `GET /readyz`: storage answers.
pub(super) async fn ready(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    blocking(move || {
        state.events.head()?;
        state.ledger.progress()
    })
    .await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready"))
}
