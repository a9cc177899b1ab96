//! What the scorer keeps. Invariant: `commit` moves the cursor and writes everything that follows from the
//! events in between in one transaction, so that a crash repeats work and never loses or doubles it.

use super::{StoreError, VoidStep};
use crate::domain::{Cursor, Date, LeadKey, ModelHash, Override, Restriction, SiteNo, Timestamp, VisitorId};
use crate::leads::{Dimension, Lead, Transition, Visit};
use crate::storage::Attribution;
use std::collections::{BTreeMap, BTreeSet};

/// Visits and leads that were asked for and are there.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Visits by pseudonym.
    pub visits: BTreeMap<VisitorId, Visit>,
    /// Leads by key, with their hits.
    pub leads: BTreeMap<LeadKey, Lead>,
    /// What these leads asked not to be done, also those that are not there.
    pub restrictions: BTreeMap<LeadKey, Restriction>,
    /// What people made of these leads and a replay has not come to yet, oldest first.
    pub pending: BTreeMap<LeadKey, Vec<Transition>>,
    /// What [`Scores::generation`] said at that moment.
    pub generation: i64,
    /// What people say of those among these leads that are not there, by number; the others have it with them.
    pub overrides: BTreeMap<LeadKey, Vec<Override>>,
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RollupKey {
    /// The site.
    pub site: SiteNo,
    /// The site's local date.
    pub day: Date,
    /// By which touch.
    pub attribution: Attribution,
    /// Grouped by what.
    pub dimension: Dimension,
    /// The group; empty for those without.
    pub key: String,
}

/// How much to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RollupDelta {
    /// Visits begun.
    pub visits: i64,
    /// Leads that became known.
    pub leads: i64,
    /// Leads that became MQLs; in thousandths where [`Attribution::per_mql`] says so.
    pub mqls: i64,
}

/// Everything that follows from a run of events.
#[derive(Debug, Default)]
pub struct Changes {
    /// Visits to write, at most one of a visitor.
    pub visits: Vec<Visit>,
    /// Leads to write, whole.
    pub leads: Vec<Lead>,
    /// Changes of stage to append.
    pub transitions: Vec<Transition>,
    /// What people say of leads: to append, or the same by its number with its end. A lead's row does not write it.
    pub overrides: Vec<(LeadKey, SiteNo, Override)>,
    /// How many of the pending changes of each lead were come to.
    pub applied: BTreeMap<LeadKey, usize>,
    /// Counts to add.
    pub rollups: BTreeMap<RollupKey, RollupDelta>,
    /// Forget visits whose newest event is older.
    pub forget_visits_before: Option<Timestamp>,
    /// Withdrawals that a box ticked anew has ended.
    pub ended_withdrawals: Vec<LeadKey>,
    /// What [`Scores::generation`] said before the events were read.
    pub generation: i64,
}

/// Keeps visits, leads, scores and their counts.
pub trait Scores: Send + Sync + 'static {
    /// How far scoring has come, and by which model; `None` before the first commit.
    ///
    /// # Errors
    /// When the engine fails.
    fn progress(&self) -> Result<Option<(Cursor, ModelHash)>, StoreError>;

    /// How often a person's data was taken back or restricted. Whoever read events or leads before the last
    /// time must read them again: they may hold what is no more.
    ///
    /// # Errors
    /// When the engine fails.
    fn generation(&self) -> Result<i64, StoreError>;

    /// Throws away everything that follows from events, to be made anew by `model` from the first event. Changes
    /// of stage that people made stay, and are pending; so do overrides.
    ///
    /// # Errors
    /// When the engine fails: then nothing was thrown away.
    fn restart(&self, model: ModelHash) -> Result<(), StoreError>;

    /// The visits and leads among these that exist.
    ///
    /// # Errors
    /// When the engine fails.
    fn load(&self, visitors: &[VisitorId], leads: &[LeadKey]) -> Result<Loaded, StoreError>;

    /// Which of these places, ascending, count for nothing; with `step`, as it will be once that is done.
    ///
    /// # Errors
    /// When the engine fails.
    fn voided(&self, places: &[Cursor], step: Option<VoidStep>) -> Result<BTreeSet<Cursor>, StoreError>;

    /// Writes `changes` and moves the cursor from `from` to `to`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the cursor is not at `from`, or the generation is another; otherwise when the engine fails. Then
    /// nothing was written.
    fn commit(&self, from: Cursor, to: Cursor, changes: &Changes) -> Result<(), StoreError>;

    /// Forgets visits whose newest event is older; for when no event comes that would do so.
    ///
    /// # Errors
    /// When the engine fails.
    fn forget_visits(&self, before: Timestamp) -> Result<(), StoreError>;

    /// The lead, with its hits and overrides.
    ///
    /// # Errors
    /// When the engine fails.
    fn lead(&self, site: SiteNo, key: LeadKey) -> Result<Option<Lead>, StoreError>;

    /// A lead's changes of stage, oldest first.
    ///
    /// # Errors
    /// When the engine fails.
    fn transitions(&self, site: SiteNo, key: LeadKey) -> Result<Vec<Transition>, StoreError>;
}
