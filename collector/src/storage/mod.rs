//! Where things are kept, as traits. Invariant: no SQL and no engine's type crosses this module's edge;
//! what `append` has answered survives the process, and what `commit` has answered happened whole or not
//! at all. Everything above storage is written against these traits, and one contract test
//! (`contract.rs`) holds every backend to them.

mod accounts;
mod audit;
mod census;
pub mod counting;
mod doorbell;
mod events;
mod histories;
mod keeping;
mod lifecycle;
pub mod memory;
mod models;
mod overdue;
mod publications;
mod random;
mod reports;
mod rights;
mod scores;
mod shadows;
mod sites;
pub mod sqlite;
mod voids;

#[cfg(test)]
mod contract;

pub use accounts::{Accounts, Digest, LINK_DAYS, SESSION_DAYS, SessionRow, SetupRow};
pub use audit::{AuditLog, AuditPage, AuditQuery};
pub use census::{Census, CountedTable, Rows, Sampled, census};
pub use doorbell::Doorbell;
pub use events::{
    Append, Appended, Batch, Counted, DayCount, EraseEvents, ErasedEvents, EventStore, Logged, OutcomeCount,
    OutcomeQuery, Selector, Sought, Tally,
};
pub use histories::{Acted, EachHistory, Histories};
pub use keeping::{Keeping, Prune};
pub use lifecycle::{Due, Turn, Turned, Turns};
pub use models::{ModelVersion, Models};
pub use overdue::{Overdue, OverdueQuery};
pub use publications::{
    Adopt, Adopted, Announced, Earlier, Ended, Last, NewPublication, Publication, PublicationState,
    Publications,
};
pub use random::random;
use reports::journey;
pub use reports::{
    Attribution, CountRow, Counts, JourneyQuery, KnownQuery, LeadPage, LeadQuery, PageToken, ReportQuery,
    ReportRows, Reports, cmp_rows,
};
pub use rights::{Held, Remade, Remake, Rights, Say, Standing, TakeBack, TakenBack, Voided};
pub use scores::{Changes, Loaded, RollupDelta, RollupKey, Scores};
pub use shadows::{Mark, Seed, Shadows};
pub use sites::{NewSite, Sites};
pub use voids::{NewVoid, Places, Void, VoidState, VoidStep, Voids};

/// The part of the ledger that scoring works with.
pub trait ScoringLedger: Sites + Models + Scores {}

impl<T: Sites + Models + Scores> ScoringLedger for T {}

/// Everything transactional and small, in one place.
pub trait Ledger:
    ScoringLedger
    + Reports
    + Accounts
    + AuditLog
    + Keeping
    + Census
    + Rights
    + Turns
    + Histories
    + Shadows
    + Publications
    + Overdue
    + Voids
{
    /// Before the process ends: leaves the files so that a copy of the database's own is whole.
    ///
    /// # Errors
    /// When the engine fails; nothing is lost by that.
    fn settle(&self) -> Result<(), StoreError>;
}

/// Why storage could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The queue is full; try again after about a second.
    #[error("the write queue is full")]
    Busy,
    /// Somebody else changed it first; load again and repeat.
    #[error("changed by another in the meantime")]
    Conflict,
    /// The engine failed; the text is for the operator's log, never for a stranger.
    #[error("storage failed: {0}")]
    Failed(String),
    /// What is stored cannot be used by this binary; the text says what to do.
    #[error("{0}")]
    Unusable(String),
}
