//! Static bytes, precompressed. Invariant: what is served is what was embedded when the binary was built.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

/// One file in three codings, with its ETag (quoted) and content type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served {
    pub(super) plain: &'static [u8],
    pub(super) gzip: &'static [u8],
    pub(super) brotli: &'static [u8],
    pub(super) etag: &'static str,
    pub(super) content_type: &'static str,
}

impl Served {
    /// Answers with the smallest coding that the client takes, or 304.
    pub(super) fn respond(
        &self,
        request: &HttpRequest,
        cache: &'static str,
        mut with: HttpResponseBuilder,
    ) -> HttpResponse {
        let accepts = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
        let (coding, body) = match best_coding(accepts.unwrap_or_default()) {
            Some("br") => (Some("br"), self.brotli),
            Some("gzip") => (Some("gzip"), self.gzip),
            _ => (None, self.plain),
        };
        with.insert_header((header::ETAG, self.etag))
            .insert_header((header::CACHE_CONTROL, cache))
            .insert_header((header::VARY, "accept-encoding"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        if matches_etag(request, self.etag) {
            return with.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
        }
        if let Some(coding) = coding {
            with.insert_header((header::CONTENT_ENCODING, coding));
        }
        with.content_type(self.content_type).body(body)
    }
}

/// Whether `If-None-Match` names `etag`, by the weak comparison that RFC 9110 asks for.
pub(super) fn matches_etag(request: &HttpRequest, etag: &str) -> bool {
    let sent = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    sent.split(',').any(|tag| tag.trim() == "*" || bare(tag) == bare(etag))
}

/// `br` before `gzip`, where `Accept-Encoding` has it with a quality above zero.
fn best_coding(accepts: &str) -> Option<&'static str> {
    let takes = |coding: &str| {
        accepts.split(',').any(|part| {
            let mut pieces = part.split(';').map(str::trim);
            let name = pieces.next().unwrap_or_default();
            let quality =
                pieces.find_map(|piece| piece.strip_prefix("q=")).and_then(|q| q.parse::<f32>().ok());
            name.eq_ignore_ascii_case(coding) && quality.unwrap_or(1.0) > 0.0
        })
    };
    ["br", "gzip"].into_iter().find(|coding| takes(coding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_best_that_is_taken() {
        assert_eq!(best_coding("gzip, deflate, br"), Some("br"));
        assert_eq!(best_coding("gzip;q=0.5, br;q=0"), Some("gzip"));
        assert_eq!(best_coding("identity"), None);
        assert_eq!(best_coding(""), None);
    }
}
