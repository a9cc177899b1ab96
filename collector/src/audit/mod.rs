//! The audit log. Invariant: what is recorded is in the ledger before [`Recorder::record`] returns, its hash is
//! said to the log and to the anchor outside the database, and nothing recorded names a person: a lead is
//! recorded by its reference.

mod anchor;

pub use anchor::Anchor;

use crate::clock::Clock;
use crate::domain::{Act, Action, Actor, Entry, LeadKey, SiteId, SiteNo, to_hex};
use crate::storage::{Ledger, StoreError};
use std::sync::Arc;

/// Adds to the audit log.
pub struct Recorder {
    ledger: Arc<dyn Ledger>,
    clock: Clock,
    anchor: Option<Anchor>,
}

impl Recorder {
    /// Records in `ledger`, and the head of the chain in `anchor`.
    pub fn new(ledger: Arc<dyn Ledger>, clock: Clock, anchor: Option<Anchor>) -> Self {
        Self { ledger, clock, anchor }
    }

    /// The file outside the database that heads are written to.
    pub fn anchor(&self) -> Option<&Anchor> {
        self.anchor.as_ref()
    }

    /// Records that `actor` did `action`. `details` is a JSON object without anything that names a person.
    ///
    /// # Errors
    /// When the ledger fails. Then nothing was recorded, and what was to be recorded should not happen.
    pub fn record(
        &self,
        actor: &Actor,
        action: Action,
        site: Option<&SiteId>,
        lead: Option<(SiteNo, LeadKey)>,
        details: &serde_json::Value,
    ) -> Result<Entry, StoreError> {
        let subject = lead.map(|(site, key)| self.ledger.reference(site, key)).transpose()?;
        let entry = self.ledger.append_entry(&Act {
            at: self.clock.now(),
            actor: actor.clone(),
            action,
            site: site.cloned(),
            subject,
            details: details.to_string(),
        })?;
        self.announce(&entry);
        Ok(entry)
    }

    /// Says the hash of an entry that was added together with what it is about.
    pub fn announce(&self, entry: &Entry) {
        tracing::info!("audit {} {} {}", entry.seq, to_hex(&entry.hash), entry.action);
        if let Some(anchor) = &self.anchor
            && let Err(error) = anchor.write(entry)
        {
            // The entry stands; only its witness is missing.
            tracing::error!("the audit anchor {} cannot be written: {error}", anchor.path().display());
        }
    }
}
