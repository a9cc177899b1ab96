//! The dashboard's pages. Invariant: nothing from elsewhere is loaded, nothing inline runs, nobody frames
//! it.

use super::error::Problem;
use super::served::Served;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

/// What the dashboard's pages may do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

fn serve(request: &HttpRequest, path: &str) -> Result<HttpResponse, Problem> {
    let asset = mqlite_dashboard::asset(path)
        .ok_or_else(|| Problem::not_found("there is nothing at this address"))?;
    let served = Served {
        plain: asset.body,
        gzip: asset.gzip,
        brotli: asset.brotli,
        etag: asset.etag,
        content_type: asset.content_type,
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_FRAME_OPTIONS, "DENY"))
        .insert_header((header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"));
    Ok(served.respond(request, "no-cache", response))
}

/// `GET /`
pub(super) async fn dashboard(request: HttpRequest) -> Result<HttpResponse, Problem> {
    serve(&request, "index.html")
}

/// `GET /setup`
pub(super) async fn setup(request: HttpRequest) -> Result<HttpResponse, Problem> {
    serve(&request, "setup.html")
}

/// `GET /audit`: the page tells nothing by itself; what it asks for is refused to strangers.
pub(super) async fn audit(request: HttpRequest) -> Result<HttpResponse, Problem> {
    serve(&request, "audit.html")
}

/// `GET /assets/…`
pub(super) async fn asset(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    serve(&request, &path)
}
