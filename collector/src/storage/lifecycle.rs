//! Changes of leads that no event makes. Invariant: loading, deciding and writing are one transaction with the
//! entry that says so: of two who change a lead at a time one is first, and the other sees what it did; a scorer
//! that had loaded before reads again.

use super::{Changes, Loaded, StoreError};
use crate::domain::{Act, Entry, LeadKey, SiteNo, Timestamp};

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Leads whose score was last looked at before a moment, and who asked for nothing against it; the oldest
    /// first, at most so many.
    Faded(Timestamp, usize),
    /// Leads with changes by people that a replay has not come to, or with overrides given or ended since their
    /// score, at most so many.
    Pending(usize),
    /// This lead.
    One(SiteNo, LeadKey),
}

/// What a turn makes of the leads that were loaded.
#[derive(Debug, Default)]
pub struct Turned {
    /// What is to be written.
    pub changes: Changes,
    /// What is to be said of it in the audit log.
    pub act: Option<Act>,
}

/// Decides what becomes of leads.
pub type Turn<'a> = &'a mut dyn FnMut(Loaded) -> Result<Turned, StoreError>;

/// Changes leads that no event changes.
pub trait Turns: Send + Sync + 'static {
    /// Hands the leads that are due to `turn` and writes what it answers. Answers how many leads those were; for
    /// none, `turn` is not asked.
    ///
    /// # Errors
    /// When the engine or `turn` fails: then nothing was changed.
    fn turn(&self, due: Due, turn: Turn<'_>) -> Result<(usize, Option<Entry>), StoreError>;
}
