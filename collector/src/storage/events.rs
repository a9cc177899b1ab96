//! The event log. Invariant: append-only, at least once with dedupe on [`EventId`](crate::domain::EventId)
//! within a recent window, and in one order that every follower sees alike.

use super::{Census, Doorbell, Prune, StoreError};
use crate::domain::{
    Consent, Cursor, Date, Event, LeadKey, Outcome, Rung, Signal, SiteNo, Timestamp, VisitorId,
};
use std::borrow::Cow;
use std::future::Future;
use std::path::Path;
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

/// What the store counts by site and day. Small, for it is made once an event; its word is made once a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// An outcome, or another reason.
    Reason(&'static str),
    /// A stored event's rung and the signal that decided it.
    Rung(Consent),
}

impl Counted {
    /// What every rung's word begins with.
    pub const RUNG: &'static str = "rung:";

    /// What to count of an event that is new, or is a retry.
    pub fn of(event: &Event, outcome: Outcome) -> impl Iterator<Item = Self> + use<> {
        let consent = Consent { rung: event.rung, signal: event.signal };
        let rung = (outcome == Outcome::Stored).then_some(Self::Rung(consent));
        [Some(Self::Reason(outcome.reason())), rung].into_iter().flatten()
    }

    /// The word that it is stored by, such as `rung:measured:tag`.
    pub fn word(self) -> Cow<'static, str> {
        match self {
            Self::Reason(reason) => Cow::Borrowed(reason),
            Self::Rung(Consent { rung, signal }) => {
                Cow::Owned(format!("{}{}:{}", Self::RUNG, rung.name(), signal.name()))
            }
        }
    }

    /// The rung and the signal of a word, if it is one of theirs.
    pub fn consent(word: &str) -> Option<Consent> {
        let (rung, signal) = word.strip_prefix(Self::RUNG)?.split_once(':')?;
        Some(Consent { rung: Rung::from_name(rung)?, signal: Signal::from_name(signal)? })
    }
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

/// Which events somebody looks for.
#[derive(Debug, Clone, Copy)]
pub struct Sought {
    /// Of this site.
    pub site: SiteNo,
    /// From this moment on, and before the other; those of leads at any time.
    pub from: Timestamp,
    /// See `from`.
    pub to: Timestamp,
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

/// How often something occurred on a day: a reason, or a stored event's [rung and signal](Counted::Rung).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCount {
    /// The local date.
    pub day: Date,
    /// Its word.
    pub word: String,
    /// How often.
    pub count: u64,
}

/// Whose events to erase.
#[derive(Debug, Clone, Copy)]
pub enum Selector {
    /// Those tied to a lead.
    Lead(LeadKey),
    /// Those tied to a lead that happened before this moment.
    LeadBefore(LeadKey, Timestamp),
    /// Those tied to a lead by nothing but what was said, up to this place: nobody proved them.
    Unproven(LeadKey, Cursor),
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
    /// Then also what nobody proved, on whatever basis: what others may have said of somebody who was verified.
    pub unproven: bool,
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
pub trait EventStore: Census {
    /// Queues a batch. The answer arrives when it is on disk.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the queue is full: nothing was kept. [`StoreError::Failed`] when the
    /// engine could not commit: nothing was kept.
    fn append(&self, batch: Batch) -> Append;

    /// The events after `after`, oldest first, at most `limit`; fewer, and at least one, where they are large. None means
    /// that there are none.
    ///
    /// # Errors
    /// When the engine fails.
    fn scan(&self, after: Cursor, limit: usize) -> Result<Vec<Logged>, StoreError>;

    /// Of the events after `after` those that are sought, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the engine fails.
    fn seek(&self, sought: &Sought, after: Cursor, limit: usize) -> Result<Vec<Logged>, StoreError>;

    /// Whether a site has an event at or before this place.
    ///
    /// # Errors
    /// When the engine fails.
    fn has_up_to(&self, site: SiteNo, place: Cursor) -> Result<bool, StoreError>;

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

    /// Outcomes, and stored events by rung and signal, by day and then by word.
    ///
    /// # Errors
    /// When the engine fails.
    fn daily(&self, query: &OutcomeQuery) -> Result<Vec<DayCount>, StoreError>;

    /// Erases a person's events; answers how many went. Places are not used again.
    ///
    /// # Errors
    /// When the engine fails: then nothing was erased.
    fn erase(&self, selector: &Selector) -> Result<u64, StoreError>;

    /// How many events of a site are past their time, or with `dry_run` off: erases them, in small
    /// transactions between which others are appended. Places are not used again.
    ///
    /// # Errors
    /// When the engine fails; what was erased by then stays erased.
    fn prune(&self, prune: &Prune, dry_run: bool) -> Result<u64, StoreError>;

    /// How many counted outcomes are of days before this one, or with `dry_run` off: removes them.
    ///
    /// # Errors
    /// When the engine fails.
    fn prune_outcomes(&self, site: SiteNo, before: Date, dry_run: bool) -> Result<u64, StoreError>;

    /// Leads of a site none of whose events happened at or after this moment.
    ///
    /// # Errors
    /// When the engine fails.
    fn silent_leads(&self, site: SiteNo, before: Timestamp) -> Result<Vec<LeadKey>, StoreError>;

    /// Removes what was stored once for many events, names, paths, origins, and is no event's any more.
    ///
    /// # Errors
    /// When the engine fails.
    fn drop_unused(&self) -> Result<(), StoreError>;

    /// Pseudonyms of the newest events that happened at or after `since`, each with its newest moment.
    ///
    /// # Errors
    /// When the engine fails.
    fn visitors_since(&self, since: Timestamp) -> Result<Vec<(VisitorId, Timestamp)>, StoreError>;

    /// Writes a whole, compact copy to a file that is not there yet.
    ///
    /// # Errors
    /// When the engine fails or the file cannot be written.
    fn backup(&self, path: &Path) -> Result<(), StoreError>;
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
