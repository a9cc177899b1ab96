//! What a person may ask of the ledger. Invariant: taking a lead back removes all that follows from it, and the
//! entry that says so is written in the same transaction; whoever loaded before cannot write it back.

use super::counting::Rollups;
use super::{Changes, StoreError};
use crate::domain::{
    Act, Cursor, Date, Entry, LeadKey, Restricted, Restriction, Site, SiteNo, Timestamp, VisitorId,
};
use crate::leads::{Dimension, Origin};
use std::collections::BTreeSet;

/// How much of a lead the ledger holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// The lead itself: 1 or 0.
    pub leads: u64,
    /// Hits of rules.
    pub hits: u64,
    /// Changes of stage.
    pub transitions: u64,
    /// Visits tied to it, and of the pseudonyms asked for.
    pub visits: u64,
    /// What people said against its score.
    pub overrides: u64,
}

impl Held {
    /// Without what was made anew.
    pub(super) fn less(self, made: &Changes) -> Self {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let hits = made.leads.iter().map(|lead| lead.hits.len()).sum();
        Self {
            leads: self.leads.saturating_sub(number(made.leads.len())),
            hits: self.hits.saturating_sub(number(hits)),
            transitions: self.transitions.saturating_sub(number(made.transitions.len())),
            visits: self.visits,
            overrides: self.overrides.saturating_sub(number(made.overrides.len())),
        }
    }
}

/// What is to be taken back.
#[derive(Debug, Clone)]
pub struct TakeBack<'a> {
    /// The site, in whose zone its counts were made.
    pub site: &'a Site,
    /// The lead.
    pub lead: LeadKey,
    /// Pseudonyms whose visits go.
    pub visitors: Vec<VisitorId>,
    /// Since when a withdrawal is to be honoured; without one, no restriction remains either.
    pub withdrawn: Option<Timestamp>,
    /// Whether the event log says that the lead is verified: the ledger may not know it yet.
    pub verified: bool,
    /// Only counts: everything is done and rolled back.
    pub dry_run: bool,
}

/// What was taken back, without what was made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakenBack {
    /// What went of the lead.
    pub held: Held,
    /// Counts for reports that are others now.
    pub rollup_cells: u64,
}

/// Asks which of some places, ascending, are voided.
pub type Voided<'a> = &'a dyn Fn(&[Cursor]) -> Result<BTreeSet<Cursor>, StoreError>;

/// How things stand when a lead is taken back: nobody writes in between.
pub struct Standing<'a> {
    /// How far scoring has come.
    pub until: Cursor,
    /// Whether the lead is verified, or was when it took its consent back.
    pub verified: bool,
    /// What is voided.
    pub voided: Voided<'a>,
}

/// What a lead's events say when it is taken back.
#[derive(Debug, Default)]
pub struct Remade {
    /// What remains of it.
    pub changes: Changes,
    /// Days and origins under which no visits must be left that could all be the lead's.
    pub ways: Vec<(Date, Origin)>,
    /// How many visits of each count were the lead's.
    pub visits: Rollups,
}

/// Reads a lead's events while it is taken back.
pub type Remake<'a> = &'a dyn Fn(&Standing<'_>) -> Result<Remade, StoreError>;
/// Says what is to be written in the audit log, once it is known how much was done.
pub type Say<'a, T> = &'a dyn Fn(&T) -> Act;

/// Answers people's requests.
pub trait Rights: Send + Sync + 'static {
    /// How much is held of a lead and of these pseudonyms.
    ///
    /// # Errors
    /// When the engine fails.
    fn held(&self, site: SiteNo, lead: LeadKey, visitors: &[VisitorId]) -> Result<Held, StoreError>;

    /// Everyone who asked not to be processed further.
    ///
    /// # Errors
    /// When the engine fails.
    fn restricted(&self) -> Result<Vec<Restricted>, StoreError>;

    /// What this lead asked for.
    ///
    /// # Errors
    /// When the engine fails.
    fn restriction(&self, site: SiteNo, lead: LeadKey) -> Result<Restriction, StoreError>;

    /// Restricts a lead from a moment on, or lifts its restriction; its visits are tied to it no more. Answers
    /// how many those were, and the entry in the audit log, unless it was a dry run.
    ///
    /// # Errors
    /// When the engine fails: then nothing was changed.
    fn restrict(
        &self,
        site: SiteNo,
        lead: LeadKey,
        since: Option<Timestamp>,
        dry_run: bool,
        say: Say<'_, u64>,
    ) -> Result<(u64, Option<Entry>), StoreError>;

    /// Takes a lead back: its row, hits, changes of stage and overrides, its visits and those of the pseudonyms, its
    /// reference in the audit log, its restrictions, and its part of every count. What `remake` makes of the
    /// events that stay is written in its place; then the reference stays, too. A withdrawal keeps whether the lead was
    /// verified.
    ///
    /// # Errors
    /// When the engine fails: then nothing was changed.
    fn take_back(
        &self,
        order: &TakeBack<'_>,
        remake: Remake<'_>,
        say: Say<'_, TakenBack>,
    ) -> Result<(TakenBack, Option<Entry>), StoreError>;

    /// Writes the file anew, so that nothing of what was removed is left in it; `false` when others read it all
    /// the time, and the old bytes are still beside it.
    ///
    /// # Errors
    /// When the engine fails.
    fn compact(&self) -> Result<bool, StoreError>;
}

/// The groupings in which a count of one could tell somebody's way.
pub(super) const TELLING: [Dimension; 4] =
    [Dimension::Source, Dimension::Campaign, Dimension::Page, Dimension::Country];
