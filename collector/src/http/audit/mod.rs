//! What the audit page asks for. Invariant: nothing here shows what marketing sees, and nothing shows a secret
//! or names a person.

pub(super) mod consent;
pub(super) mod ladder;
pub(super) mod retention;
pub(super) mod salts;

use actix_web::{HttpResponse, HttpResponseBuilder};

/// Answers for auditors are not for caches.
fn private() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header(("cache-control", "no-store"));
    response
}
