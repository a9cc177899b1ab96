//! `mqlite demo`: ninety days of generated visits, and a small company's site that carries the real snippet.
//! Invariant: everything here is made up; the generator draws from a fixed seed, so that every demo starts
//! alike.

mod cast;
mod generate;
mod outcomes;
mod site;

pub use generate::{SCALE_MAX, generate};
pub use outcomes::outcomes;
pub use site::page;

use crate::config::system_zone;
use crate::domain::{Invalid, Site, SiteId, SitePolicy};
use crate::storage::{NewSite, Sites, StoreError};

/// The demo company's site.
pub const SITE: &str = "demo.example";

/// Adds the demo company's site: its pages are on this machine, and browsers driven by programs are let
/// through, for the tests are such.
///
/// # Errors
/// When the ledger fails.
pub fn add_site<L: Sites + ?Sized>(ledger: &L) -> Result<Site, StoreError> {
    let id = SiteId::parse(SITE).map_err(|Invalid(sentence)| StoreError::Failed(sentence))?;
    let policy = SitePolicy { hosts: vec!["*".to_owned()], allow_automation: true, ..SitePolicy::default() };
    ledger.put_site(NewSite { id, zone: system_zone(), policy })
}
