//! Answers to somebody who is let in. Invariant: no cache keeps them.

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};

/// An answer that no cache keeps.
pub(super) fn private() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response
}
