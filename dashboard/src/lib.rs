//! The dashboard's files, embedded. Invariant: what is served is what stands in `static/`, byte for byte,
//! and nothing in it asks another host for anything or needs an inline script or style (the strict
//! Content-Security-Policy holds without exceptions).
//!
//! `index.html` is served at `/`, `setup.html` at `/setup`, `audit.html` at `/audit`, and everything else at `/assets/<path>`.

#[cfg(test)]
mod tests;

/// One embedded file with its precompressed forms.
#[derive(Debug)]
pub struct Asset {
    /// The path inside `static/`, such as `js/main.js`.
    pub path: &'static str,
    /// The value of the `content-type` header.
    pub content_type: &'static str,
    /// The file as it is.
    pub body: &'static [u8],
    /// The file for `content-encoding: gzip`.
    pub gzip: &'static [u8],
    /// The file for `content-encoding: br`.
    pub brotli: &'static [u8],
    /// The strong entity tag of the uncompressed bytes, with its quotes. A server that sends a compressed
    /// form must set `vary: accept-encoding`.
    pub etag: &'static str,
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Finds a file by its path inside `static/`: `asset("index.html")`, `asset("js/main.js")`.
#[must_use]
pub fn asset(path: &str) -> Option<&'static Asset> {
    let index = ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    ASSETS.get(index)
}

/// Every embedded file, sorted by path.
#[must_use]
pub fn assets() -> &'static [Asset] {
    ASSETS
}
