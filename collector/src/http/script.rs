//! The snippet, at `/mq.js` and under its content's hash. Invariant: the bytes under a hash never change.

use super::error::Problem;
use super::served::Served;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use std::sync::LazyLock;

/// The hash in the snippet's name is its entity tag too.
static ETAG: LazyLock<String> = LazyLock::new(|| format!("\"{}\"", mqlite_snippet::HASH));

static ASK_ETAG: LazyLock<String> = LazyLock::new(|| format!("\"{}\"", mqlite_snippet::ASK_HASH));

fn snippet() -> Served {
    Served {
        plain: mqlite_snippet::MQ_JS,
        gzip: mqlite_snippet::MQ_JS_GZIP,
        brotli: mqlite_snippet::MQ_JS_BROTLI,
        etag: &ETAG,
        content_type: "text/javascript; charset=utf-8",
    }
}

fn shared() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    // Any page may load it, also with `crossorigin` for its `integrity`.
    response
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"));
    response
}

/// `GET /mq.js`: fresh for an hour, then asked for again by its ETag.
pub(super) async fn current(request: HttpRequest) -> HttpResponse {
    snippet().respond(&request, "public, max-age=3600, stale-while-revalidate=86400", shared())
}

/// `GET /mq-ask.js`, for forms that ask for what is not known yet.
pub(super) async fn ask(request: HttpRequest) -> HttpResponse {
    let script = Served {
        plain: mqlite_snippet::ASK_JS,
        gzip: mqlite_snippet::ASK_JS_GZIP,
        brotli: mqlite_snippet::ASK_JS_BROTLI,
        etag: &ASK_ETAG,
        content_type: "text/javascript; charset=utf-8",
    };
    script.respond(&request, "public, max-age=3600, stale-while-revalidate=86400", shared())
}

/// `GET /mq.<hash>.js`: for ever.
pub(super) async fn pinned(request: HttpRequest, hash: web::Path<String>) -> Result<HttpResponse, Problem> {
    if *hash != mqlite_snippet::HASH {
        return Err(Problem::not_found(
            "this version of the snippet is not served any more; `mqlite tag` prints the tag",
        ));
    }
    Ok(snippet().respond(&request, "public, max-age=31536000, immutable", shared()))
}
