//! The consent ladder as data. Invariant: it is the table that `ingest` decides by, and no other.

use crate::domain::ladder;
use crate::http::auth::Auditing;
use crate::http::private::private;
use actix_web::HttpResponse;

/// `GET /api/v1/audit/ladder`
pub(in crate::http) async fn show(_: Auditing) -> HttpResponse {
    private().json(ladder::ladder())
}
