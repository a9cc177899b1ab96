//! What every answer tells a browser. Invariant: an answer that says nothing else is not sniffed, runs nothing,
//! is framed by nobody and is embedded by no other origin; what is meant for others says so itself.

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;

/// Headers of answers that do not set them (OWASP ASVS 5.0, 3.2.1 and 3.4).
#[must_use]
pub fn default_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"))
        .add((header::REFERRER_POLICY, "no-referrer"))
        .add((header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"))
}
