//! The event log. Invariant: append-only, at least once with dedupe on [`EventId`](crate::domain::EventId)
//! within a recent window, and in one order that every follower sees alike.

use super::{Doorbell, StoreError};
use crate::domain::{Cursor, Date, Event, LeadKey, SiteNo, VisitorId};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What one request brings: events to keep, each with its local date, and outcomes to count.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The events and the site's local date of each.
    pub events: Vec<(Event, Date)>,
    /// Outcomes other than stored and duplicate, which the store counts itself.
    pub tallies: Vec<Tally>,
}

/// One more of a reason on a day of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tally {
    /// The site.
    pub site: SiteNo,
    /// The site's local date.
    pub day: Date,
    /// Which, as in [`Outcome::reason`](crate::domain::Outcome::reason).
    pub reason: &'static str,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Committed now.
    pub stored: u32,
    /// Committed earlier under the same id.
    pub duplicates: u32,
}

/// The answer to come: it arrives after the commit.
pub type Append = Pin<Box<dyn Future<Output = Result<Appended, StoreError>> + Send>>;

/// An event and its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The place; hand it to `scan` to go on after it.
    pub cursor: Cursor,
    /// The event.
    pub event: Event,
}

/// Which days of which site to count outcomes for.
#[derive(Debug, Clone, Copy)]
pub struct OutcomeQuery {
    /// The site.
    pub site: SiteNo,
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
}

/// How often a reason occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeCount {
    /// The reason's word.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// Whose events to erase.
#[derive(Debug, Clone, Copy)]
pub enum Selector {
    /// Those tied to a lead.
    Lead(LeadKey),
    /// Those of a pseudonym.
    Visitor(VisitorId),
}

/// Which events of a person to erase.
#[derive(Debug, Clone, Copy)]
pub struct EraseEvents {
    /// The lead. Its pseudonyms are those of its events.
    pub lead: LeadKey,
    /// Only what rests on consent: what rests on the operator's declared basis stays, without a pseudonym.
    pub consented_only: bool,
    /// Only counts: everything is done and rolled back.
    pub dry_run: bool,
}

/// What was erased of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErasedEvents {
    /// Events tied to the lead.
    pub events: u64,
    /// Events under the same pseudonyms that were tied to nobody.
    pub same_pseudonym: u64,
    /// Events of other leads that have no pseudonym any more.
    pub unlinked: u64,
    /// The pseudonyms, ascending.
    pub visitors: Vec<VisitorId>,
}

/// Keeps events. Written so that a columnar, distributed engine can take its place: no transaction is
/// shared with the ledger, and cursors are opaque.
pub trait EventStore: Send + Sync + 'static {
    /// Queues a batch. The answer arrives when it is on disk.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the queue is full: nothing was kept. [`StoreError::Failed`] when the
    /// engine could not commit: nothing was kept.
    fn append(&self, batch: Batch) -> Append;

    /// The events after `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the engine fails.
    fn scan(&self, after: Cursor, limit: usize) -> Result<Vec<Logged>, StoreError>;

    /// The place of the newest event.
    ///
    /// # Errors
    /// When the engine fails.
    fn head(&self) -> Result<Cursor, StoreError>;

    /// Outcomes by reason, most frequent first.
    ///
    /// # Errors
    /// When the engine fails.
    fn report(&self, query: &OutcomeQuery) -> Result<Vec<OutcomeCount>, StoreError>;

    /// Erases a person's events; answers how many went. Places are not used again.
    ///
    /// # Errors
    /// When the engine fails: then nothing was erased.
    fn erase(&self, selector: &Selector) -> Result<u64, StoreError>;

    /// The events of a person, oldest first: those tied to the lead, and those under a pseudonym that one of
    /// them has, whoever else's they are.
    ///
    /// # Errors
    /// When the engine fails.
    fn events_of(&self, lead: LeadKey) -> Result<Vec<Logged>, StoreError>;

    /// Erases a person: the lead's events, and those of nobody under the same pseudonyms; those of other leads
    /// lose the pseudonym. What was stored of names, paths and origins for these alone goes with them. Outcomes
    /// stay counted, and places are not used again.
    ///
    /// # Errors
    /// When the engine fails: then nothing was erased.
    fn erase_person(&self, order: &EraseEvents) -> Result<ErasedEvents, StoreError>;

    /// Writes the file anew, so that nothing of what was erased is left in it; `false` when others read it all
    /// the time, and the old bytes are still beside it.
    ///
    /// # Errors
    /// When the engine fails.
    fn compact(&self) -> Result<bool, StoreError>;

    /// Before the process ends: writes what is queued, takes no more, and leaves the files so that a copy of
    /// the database's own is whole.
    ///
    /// # Errors
    /// When the engine fails; nothing is lost by that.
    fn settle(&self) -> Result<(), StoreError>;

    /// Rung after every commit.
    fn doorbell(&self) -> Arc<Doorbell>;
}
