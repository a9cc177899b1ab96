//! Invariant: these bytes are what every visitor's browser runs, and they fit the budget that the build enforces.
//!
//! The source is in `src/js`, read in the order of the numbers; `build.rs` joins, minifies and compresses it.
//! The collector serves [`MQ_JS`] and its compressed forms at `/mq.js` and, never changing, at `/mq.<HASH>.js`.

/// The snippet as it is served: minified, UTF-8.
pub static MQ_JS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mq.js"));

/// [`MQ_JS`] after gzip -9, for `content-encoding: gzip`.
pub static MQ_JS_GZIP: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mq.js.gz"));

/// [`MQ_JS`] after brotli at its best, for `content-encoding: br`.
pub static MQ_JS_BROTLI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mq.js.br"));

/// The snippet before minification. Never served: the browser suite runs on both and compares.
pub static MQ_JS_SOURCE: &str = include_str!(concat!(env!("OUT_DIR"), "/mq.source.js"));

/// The first 16 hex digits of the SHA-256 of [`MQ_JS`]: the hash in the file name `/mq.<HASH>.js`, and an ETag.
pub const HASH: &str = include_str!(concat!(env!("OUT_DIR"), "/mq.hash"));

/// The value of a tag's `integrity` attribute for [`MQ_JS`]: `sha384-` and the digest in base64.
pub const INTEGRITY: &str = include_str!(concat!(env!("OUT_DIR"), "/mq.integrity"));

/// The script for forms that ask for what is not known yet, served at `/mq-ask.js`: minified, UTF-8.
pub static ASK_JS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mq-ask.js"));

/// [`ASK_JS`] after gzip -9.
pub static ASK_JS_GZIP: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mq-ask.js.gz"));

/// [`ASK_JS`] after brotli at its best.
pub static ASK_JS_BROTLI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mq-ask.js.br"));

/// The same before minification. Never served.
pub static ASK_JS_SOURCE: &str = include_str!(concat!(env!("OUT_DIR"), "/mq-ask.source.js"));

/// The first 16 hex digits of the SHA-256 of [`ASK_JS`].
pub const ASK_HASH: &str = include_str!(concat!(env!("OUT_DIR"), "/mq-ask.hash"));

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn minified() -> &'static str {
        std::str::from_utf8(MQ_JS).expect("the minified snippet is UTF-8")
    }

    #[test]
    fn fits_its_budget() {
        let budget: usize = include_str!(concat!(env!("OUT_DIR"), "/mq.budget")).parse().expect("a number");
        assert_eq!(budget, 2_500, "the budget is a promise: change it where it was given, not here");
        assert!(MQ_JS_GZIP.len() <= budget, "{} bytes after gzip -9, {budget} allowed", MQ_JS_GZIP.len());
    }

    #[test]
    fn what_asks_fits_its_own() {
        let budget: usize =
            include_str!(concat!(env!("OUT_DIR"), "/mq-ask.budget")).parse().expect("a number");
        assert!(budget == 700 && ASK_JS_GZIP.len() <= budget, "{} of {budget} bytes", ASK_JS_GZIP.len());
        assert!(std::str::from_utf8(ASK_JS).is_ok_and(|script| script.contains("credentials:`omit`")));
    }

    #[test]
    fn names_nothing_that_stores_prevents_or_fingerprints() {
        let forbidden = [
            "cookie",
            "localStorage",
            "sessionStorage",
            "indexedDB",
            "caches",
            "serviceWorker",
            "preventDefault",
            "stopPropagation",
            "stopImmediatePropagation",
            "beforeunload",
            "canvas",
            "getContext",
            "AudioContext",
            "userAgent",
            "plugins",
            "fonts",
            "screen.",
            "hardwareConcurrency",
            "deviceMemory",
            "getTimezoneOffset",
            "DateTimeFormat",
            "eval(",
            "Function(",
            "innerHTML",
            "outerHTML",
            "XMLHttpRequest",
            "keydown",
            "keyup",
            "keypress",
        ];
        let asking = std::str::from_utf8(ASK_JS).expect("UTF-8");
        for word in forbidden {
            assert!(!minified().contains(word), "the minified snippet contains {word}");
            assert!(!asking.contains(word), "the script for forms that ask contains {word}");
        }
    }

    #[test]
    fn says_that_requests_carry_no_credentials_and_outlive_the_page() {
        for word in ["credentials:`omit`", "keepalive:!0", "SHA-256"] {
            assert!(minified().contains(word), "the minified snippet lacks {word}");
        }
    }

    #[test]
    fn gzip_and_brotli_hold_the_same_bytes() {
        let mut gunzipped = Vec::new();
        flate2::read::GzDecoder::new(MQ_JS_GZIP).read_to_end(&mut gunzipped).expect("gzip");
        assert_eq!(gunzipped, MQ_JS);
        let mut unbrotlied = Vec::new();
        brotli::Decompressor::new(MQ_JS_BROTLI, 4096).read_to_end(&mut unbrotlied).expect("brotli");
        assert_eq!(unbrotlied, MQ_JS);
    }

    #[test]
    fn hash_and_integrity_are_those_of_the_bytes() {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        use sha2::{Digest, Sha256, Sha384};

        let hash: String = Sha256::digest(MQ_JS).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(HASH, hash);
        assert_eq!(INTEGRITY, format!("sha384-{}", STANDARD.encode(Sha384::digest(MQ_JS))));
    }
}
