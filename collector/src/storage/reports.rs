//! Reports as typed queries. Invariant: they read rollups and indexed columns only, so that their cost
//! does not grow with the number of events.

use super::StoreError;
use crate::domain::{Channel, Date, SiteNo, Stage, Timestamp};
use crate::leads::{Dimension, Lead};
use std::collections::BTreeMap;

/// Which touch gets the credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribution {
    /// None: a visit's own origin. Visits are counted by it.
    Visit = 0,
    /// The touch that made the lead known, as HubSpot's "original source".
    First = 1,
    /// The newest touch that was not direct, as GA4's default.
    Last = 2,
}

impl Attribution {
    /// The stored number.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::First => "first",
            Self::Last => "last",
        }
    }
}

/// Days, a dimension and an attribution.
#[derive(Debug, Clone, Copy)]
pub struct ReportQuery {
    /// The site.
    pub site: SiteNo,
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
    /// Grouped by what.
    pub by: Dimension,
    /// `First` or `Last`: which touch leads and MQLs are counted under.
    pub attribution: Attribution,
}

/// Three counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    /// Visits begun.
    pub visits: i64,
    /// Leads that became known.
    pub leads: i64,
    /// Leads that became MQLs.
    pub mqls: i64,
}

impl Counts {
    /// Adds another's counts.
    pub fn add(&mut self, other: Self) {
        self.visits += other.visits;
        self.leads += other.leads;
        self.mqls += other.mqls;
    }
}

/// The counts of one group on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountRow {
    /// The local date.
    pub day: Date,
    /// The group; empty for those without.
    pub key: String,
    /// Its counts.
    pub counts: Counts,
}

/// A report: the groups of each day, and each day's totals, which for dimensions that overlap (rules) are
/// not the groups' sum.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportRows {
    /// By day and key.
    pub rows: Vec<CountRow>,
    /// Each day's totals.
    pub days: BTreeMap<Date, Counts>,
}

/// The order in which reports list rows: by day, then by key.
pub fn cmp_rows(a: &CountRow, b: &CountRow) -> std::cmp::Ordering {
    (a.day, &a.key).cmp(&(b.day, &b.key))
}

/// Which leads to list.
#[derive(Debug, Clone)]
pub struct LeadQuery {
    /// The site.
    pub site: SiteNo,
    /// Only leads that became MQL, newest first by that moment; otherwise all, newest first by last event.
    pub mqls: bool,
    /// Only those now in this stage.
    pub stage: Option<Stage>,
    /// From this moment (of becoming an MQL, or of the last event).
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub before: Option<Timestamp>,
    /// Only those whose touch by `attribution` was in this channel.
    pub channel: Option<Channel>,
    /// `First` or `Last`.
    pub attribution: Attribution,
    /// At most so many.
    pub limit: usize,
    /// After this place.
    pub after: Option<PageToken>,
}

/// A place in a list of leads: the moment and the key of the last one shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageToken {
    /// The moment that the list is ordered by.
    pub at: Timestamp,
    /// The key of the lead.
    pub key: crate::domain::LeadKey,
}

/// A page of leads, without their hits.
#[derive(Debug, Clone, Default)]
pub struct LeadPage {
    /// The leads.
    pub leads: Vec<Lead>,
    /// How many there are in all.
    pub total: u64,
    /// Where the next page begins.
    pub next: Option<PageToken>,
}

/// Leads that became known in a period.
#[derive(Debug, Clone, Copy)]
pub struct KnownQuery {
    /// The site.
    pub site: SiteNo,
    /// From this moment of becoming known.
    pub from: Timestamp,
    /// Before this moment.
    pub before: Timestamp,
}

/// Answers reports.
pub trait Reports: Send + Sync + 'static {
    /// Counts by day and group.
    ///
    /// # Errors
    /// When the engine fails.
    fn report(&self, query: &ReportQuery) -> Result<ReportRows, StoreError>;

    /// A page of leads.
    ///
    /// # Errors
    /// When the engine fails.
    fn leads(&self, query: &LeadQuery) -> Result<LeadPage, StoreError>;

    /// Hands over the leads that became known in a period, oldest first, without their hits; those who asked for
    /// their processing to be restricted are left out.
    ///
    /// # Errors
    /// When the engine fails; what was handed over by then is not all.
    fn each_known(&self, query: &KnownQuery, each: &mut dyn FnMut(Lead)) -> Result<(), StoreError>;
}
