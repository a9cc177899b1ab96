//! What can be checked, for the owner and the auditor. Invariant: every handler here asks for
//! [`Auditing`](super::auth::Auditing), and answers are not for caches.

pub(super) mod log;
pub(super) mod verify;

use actix_web::{HttpResponse, HttpResponseBuilder};

/// An answer that no cache keeps.
fn private() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header(("cache-control", "no-store"));
    response
}
