//! That we honour Global Privacy Control. Invariant: it is said only because it is so: a request with
//! `Sec-GPC: 1` leaves no event, whatever else it says.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::Serialize;

/// The day of the newest change to how GPC is honoured, not of a release: change it with the behaviour.
const LAST_UPDATE: &str = "2026-11-22";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Support {
    gpc: bool,
    last_update: &'static str,
}

/// `GET /.well-known/gpc.json`: the GPC support resource of the W3C's Global Privacy Control.
pub(super) async fn support() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
        .json(Support { gpc: true, last_update: LAST_UPDATE })
}
