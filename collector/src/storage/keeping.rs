//! What ends and what is copied. Invariant: nothing is pruned that scoring has not seen, and counts of days
//! whose events are gone are counted for good.

use super::StoreError;
use crate::domain::{Cursor, Date, LeadKey, SiteNo, Timestamp};
use std::path::Path;

/// Which rows of the event log go.
#[derive(Debug, Clone, Copy)]
pub struct Prune {
    /// The site.
    pub site: SiteNo,
    /// Events that are no lead's and happened before this moment.
    pub before: Timestamp,
    /// Only those at or before this place: what scoring has seen.
    pub up_to: Cursor,
}

/// Keeps the ledger from keeping too long, and copies it.
pub trait Keeping: Send + Sync + 'static {
    /// From now on, counts of days before `day` outlive a restart, for the events behind them are no more; only
    /// leads that are still there leave them, and are counted anew. A day earlier than the one that is set changes
    /// nothing.
    ///
    /// # Errors
    /// When the engine fails.
    fn count_for_good(&self, site: SiteNo, day: Date) -> Result<(), StoreError>;

    /// Leads whose newest event is older, at most `limit`.
    ///
    /// # Errors
    /// When the engine fails.
    fn expired_leads(
        &self,
        site: SiteNo,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeadKey>, StoreError>;

    /// Removes those of the leads whose newest event is still older, with their hits, changes of stage, overrides, visits
    /// and references; answers how many those were. Counts stay: they have a time of their own. A scorer that had
    /// loaded them cannot write them back.
    ///
    /// # Errors
    /// When the engine fails: then nothing was removed.
    fn forget_leads(&self, leads: &[LeadKey], before: Timestamp) -> Result<u64, StoreError>;

    /// Removes references of whom neither leads nor restrictions know: somebody was looked at while they were
    /// erased.
    ///
    /// # Errors
    /// When the engine fails.
    fn drop_stray_references(&self) -> Result<(), StoreError>;

    /// How many counts are of days before this one, or with `dry_run` off: removes them.
    ///
    /// # Errors
    /// When the engine fails.
    fn prune_counts(&self, site: SiteNo, before: Date, dry_run: bool) -> Result<u64, StoreError>;

    /// Writes a whole, compact copy to a file that is not there yet.
    ///
    /// # Errors
    /// When the engine fails or the file cannot be written.
    fn ledger_backup(&self, path: &Path) -> Result<(), StoreError>;
}
