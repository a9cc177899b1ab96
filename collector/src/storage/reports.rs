//! Reports as typed queries. Invariant: they read rollups and indexed columns only, so that their cost
//! does not grow with the number of events.

use super::StoreError;
use super::counting::credits;
use crate::domain::{Channel, Date, Invalid, Site, SiteNo, Stage, Thousandths, Timestamp};
use crate::leads::closed_loop::{Ask, Journey};
use crate::leads::outcome::Said;
use crate::leads::{Dimension, Lead, Origin, Sharing, Touched};
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
    /// Every touch up to the qualification, in equal parts.
    Linear = 3,
    /// Every touch up to the qualification, the newer the more: half for each week before it.
    TimeDecay = 4,
}

impl Attribution {
    /// Those that leads and MQLs are counted by.
    pub const OF_LEADS: [Self; 4] = [Self::First, Self::Last, Self::Linear, Self::TimeDecay];

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
            Self::Linear => "linear",
            Self::TimeDecay => "time_decay",
        }
    }

    /// From the name, of those that leads and MQLs are counted by.
    ///
    /// # Errors
    /// Names them.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        let found = Self::OF_LEADS.into_iter().find(|attribution| attribution.name() == name);
        found.ok_or_else(|| Invalid::new("one of first, last, linear, time_decay"))
    }

    /// How the credit of one MQL is shared among several touches, where it is.
    pub const fn sharing(self) -> Option<Sharing> {
        match self {
            Self::Visit | Self::First | Self::Last => None,
            Self::Linear => Some(Sharing::Linear),
            Self::TimeDecay => Some(Sharing::TimeDecay),
        }
    }

    /// What one MQL is counted as: parts of one are counted in thousandths.
    pub const fn per_mql(self) -> i64 {
        if self.sharing().is_some() { 1_000 } else { 1 }
    }

    /// Whose leads stand beside MQLs that are counted so: a lead has no journey yet when it becomes known, and is
    /// counted under its first touch.
    #[must_use]
    pub const fn of_leads(self) -> Self {
        if self.sharing().is_some() { Self::First } else { self }
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
    /// Which touch leads and MQLs are counted under; leads under their first, where MQLs are shared among several.
    pub attribution: Attribution,
}

/// Three counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Visits begun.
    pub visits: i64,
    /// Leads that became known.
    pub leads: i64,
    /// Leads that became MQLs; in thousandths where [`Attribution::per_mql`] says so.
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

/// A page of leads, without their hits and touches.
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

/// Which leads to follow to the customer.
#[derive(Debug, Clone, Copy)]
pub struct JourneyQuery {
    /// The site.
    pub site: SiteNo,
    /// Those that became known from the one moment on and before the other.
    pub known: (Timestamp, Timestamp),
    /// And those that first became MQLs from the one moment on and before the other; what people said since then is
    /// told of these.
    pub qualified: (Timestamp, Timestamp),
    /// Grouped by what; nothing: all are one group.
    pub by: Option<Dimension>,
    /// Which touch gets credit for an MQL.
    pub attribution: Attribution,
}

impl JourneyQuery {
    /// What a report on the closed loop needs.
    pub fn of(site: &Site, ask: &Ask, attribution: Attribution) -> Self {
        let before = site.zone.start_of(ask.to.plus(1));
        Self {
            site: site.no,
            known: (site.zone.start_of(ask.from), before),
            qualified: (site.zone.start_of(ask.read_from()), before),
            by: ask.by,
            attribution,
        }
    }
}

/// A journey of what is stored of a lead.
pub(super) fn journey(
    query: &JourneyQuery,
    known_at: Timestamp,
    qualified: Option<Timestamp>,
    (first, last): (&Origin, &Origin),
    touches: &[Touched],
    said: Vec<Said>,
) -> Journey {
    let key = |origin: &Origin| query.by.map_or("", |by| origin.key(by)).to_owned();
    // Leads of another time are followed for what they say of the whole.
    let (from, before) = query.qualified;
    let asked = qualified.filter(|at| (from..before).contains(at));
    let shared = asked.map(|at| credits(query.attribution, (first, last), touches, at)).unwrap_or_default();
    let mut credits: Vec<(String, Thousandths)> = Vec::new();
    for (origin, credit) in shared {
        let key = key(origin);
        match credits.iter_mut().find(|(known, _)| *known == key) {
            Some((_, sum)) => *sum += credit,
            None => credits.push((key, credit)),
        }
    }
    Journey { known_at, known_by: key(first), qualified, credits, said }
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

    /// How many leads became known in a period by this channel that the site's own server has not proven to be who
    /// they say; by their first touch, as leads are counted, and whoever asked for a restriction among them.
    ///
    /// # Errors
    /// When the engine fails.
    fn count_claimed(&self, query: &KnownQuery, channel: Channel) -> Result<u64, StoreError>;

    /// The first day of a site with a visit in the counts.
    ///
    /// # Errors
    /// When the engine fails.
    fn first_day(&self, site: SiteNo) -> Result<Option<Date>, StoreError>;

    /// Leads on their way to a customer, but for those who asked for a restriction; in no order.
    ///
    /// # Errors
    /// When the engine fails.
    fn journeys(&self, query: &JourneyQuery) -> Result<Vec<Journey>, StoreError>;
}
