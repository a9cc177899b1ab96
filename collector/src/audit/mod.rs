//! The audit log. Invariant: what is recorded is in the ledger before [`Recorder::record`] returns, its hash is
//! said to the log and to the anchor outside the database, and nothing recorded names a person: a lead is
//! recorded by its reference.

mod anchor;
mod documents;
mod finding;
mod looks;
mod receipt;
mod refusals;
mod started;
mod swapped;
mod verify;

#[cfg(test)]
pub(crate) mod testing;

pub use anchor::Anchor;
pub use documents::DocumentAsked;
pub use finding::{Finding, Kind};
pub use receipt::{ReceiptVerdict, verify_receipt};
pub use refusals::Refused;
pub use started::Start;
pub use verify::{AnchorSeen, Verdict, parse_head, verify};

use crate::clock::Clock;
use crate::domain::{Act, Action, Actor, Entry, LeadKey, SiteId, SiteNo, to_hex};
use crate::storage::{Ledger, StoreError};
use std::sync::Arc;

/// Adds to the audit log.
pub struct Recorder {
    ledger: Arc<dyn Ledger>,
    clock: Clock,
    anchor: Option<Anchor>,
    looks: looks::Looks,
    refusals: refusals::Refusals,
}

impl Recorder {
    /// Records in `ledger`, and the head of the chain in `anchor`.
    pub fn new(ledger: Arc<dyn Ledger>, clock: Clock, anchor: Option<Anchor>) -> Self {
        Self {
            ledger,
            clock,
            anchor,
            looks: looks::Looks::default(),
            refusals: refusals::Refusals::default(),
        }
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

/// An entry as exports hold it, on one line: its canonical form, and the hash that this form should have.
pub fn export_line(entry: &Entry) -> String {
    format!(r#"{{"entry":{},"hash":"{}"}}"#, entry.canonical(), to_hex(&entry.hash))
}

/// What people read of an action; of one that only tampering makes, its letters.
pub fn title(action: &str) -> String {
    Action::from_name(action).map_or_else(|| action.to_owned(), |action| action.title().to_owned())
}
