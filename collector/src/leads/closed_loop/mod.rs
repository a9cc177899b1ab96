//! What became of leads: from the first touch to the customer, by cohort. Invariant: pure and in integers; the groups of
//! a report sum to its totals, amounts of different currencies are never added, and a cohort that is too young to be
//! judged says so. Every number is defined in docs/REPORTS.md, whose example is a test.

mod guard;
mod tally;
#[cfg(test)]
mod tests;

pub use guard::{GuardRail, LEAST_CUSTOMERS, Verdict, percent};
pub use tally::{Days, Deals, Numbers};

use super::Dimension;
use super::outcome::{Closed, Said, closed_by};
use crate::domain::{Channel, Date, Invalid, Site, Thousandths, Timestamp};
use guard::guard_rails;
use serde::Serialize;
use std::collections::BTreeMap;
use tally::{Tally, nearest_rank};

/// How old a cohort has to be where too few customers tell how long it takes.
pub const MATURE_DAYS: i32 = 60;
/// MQLs of so many days up to the end of a report tell how long it takes to become a customer.
pub const LEARN_DAYS: i32 = 365;
/// Groups of one report; what is beyond them is in the totals.
const ROWS_MAX: usize = 200;

/// A lead on its way, as this report sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
    /// When it became known.
    pub known_at: Timestamp,
    /// The group of its first touch, which leads are counted under.
    pub known_by: String,
    /// When it first became an MQL.
    pub qualified: Option<Timestamp>,
    /// The groups that get credit for that, and how much; it sums to one.
    pub credits: Vec<(String, Thousandths)>,
    /// What people said of it since then, oldest first.
    pub said: Vec<Said>,
}

/// How long cohorts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cohorts {
    /// Monday to Sunday.
    Weeks,
    /// Calendar months.
    Months,
}

impl Cohorts {
    /// From the name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Weeks, Self::Months].into_iter().find(|cohorts| cohorts.name() == name)
    }

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weeks => "week",
            Self::Months => "month",
        }
    }

    fn start(self, day: Date) -> Date {
        match self {
            Self::Weeks => day.week_start(),
            Self::Months => day.month_start(),
        }
    }

    fn next(self, start: Date) -> Date {
        match self {
            Self::Weeks => start.plus(7),
            // Behind the last month of the calendar there is none: what comes then is after it all the same.
            Self::Months => {
                Some(start.plus(31).month_start()).filter(|next| *next > start).unwrap_or(start.plus(31))
            }
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// First day, of the site.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
    /// Today on the site: how old cohorts are.
    pub today: Date,
    /// Grouped by what; nothing: by cohort.
    pub by: Option<Dimension>,
    /// How long cohorts are.
    pub cohorts: Cohorts,
}

/// Days of one report.
const DAYS_MAX: i32 = 1_200;

impl Ask {
    /// From what somebody says: a year up to today, by channel, in months, where they say nothing.
    ///
    /// # Errors
    /// Names the parameter and what would be right.
    pub fn parse(
        (from, to): (Option<&str>, Option<&str>),
        by: Option<&str>,
        cohorts: Option<&str>,
        today: Date,
    ) -> Result<Self, (&'static str, Invalid)> {
        let date = |name, text: Option<&str>, otherwise| {
            text.map_or(Ok(otherwise), |text| Date::parse(text).map_err(|error| (name, error)))
        };
        let to = date("to", to, today)?;
        let from = date("from", from, to.plus(-364))?;
        if from > to || to.days() - from.days() >= DAYS_MAX {
            let right = format!("a day up to `to`, at most {DAYS_MAX} days before it");
            return Err(("from", Invalid::new(right)));
        }
        let by = match by.unwrap_or("channel") {
            "cohort" => None,
            name => match Dimension::from_name(name).filter(|by| *by != Dimension::Rule) {
                Some(by) => Some(by),
                None => {
                    let right = "one of channel, source, campaign, country, page, cohort";
                    return Err(("by", Invalid::new(right)));
                }
            },
        };
        let cohorts = Cohorts::from_name(cohorts.unwrap_or("month"))
            .ok_or_else(|| ("cohort", Invalid::new("one of week, month")))?;
        Ok(Self { from, to, today, by, cohorts })
    }

    /// The first day whose MQLs tell how long it takes to become a customer.
    fn learn_from(&self) -> Date {
        self.to.plus(1 - LEARN_DAYS)
    }

    /// The first day whose MQLs have to be known.
    pub fn read_from(&self) -> Date {
        self.from.min(self.learn_from())
    }
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its key; empty for those without.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// Its numbers.
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// The MQLs of a week or month, and the leads that became known in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cohort {
    /// Its first day within the report.
    pub from: Date,
    /// Its last.
    pub to: Date,
    /// Days since the last.
    pub age_days: i32,
    /// Whether most of those who will become customers had the time to.
    pub mature: bool,
    /// Its numbers.
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// From when on a cohort can be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Maturity {
    /// Days after its last day.
    pub days: i32,
    /// Customers that tell; too few, if they are fewer than [`LEAST_CUSTOMERS`].
    pub customers: usize,
    /// In a sentence.
    pub sentence: String,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClosedLoop {
    /// Everything together.
    pub totals: Numbers,
    /// By group, the most MQLs first; by cohort there are none beside the cohorts.
    pub rows: Vec<Row>,
    /// Groups beyond the list; they are in the totals.
    pub rows_left_out: usize,
    /// By cohort, oldest first.
    pub cohorts: Vec<Cohort>,
    /// From when on cohorts can be judged.
    pub maturity: Maturity,
    /// Against what is usual in the trade.
    pub guard_rails: Vec<GuardRail>,
}

/// The report with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    /// The site.
    pub site: String,
    /// The zone of its days.
    pub time_zone: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Grouped by what.
    pub by: &'static str,
    /// Which touch MQLs and what became of them are counted under.
    pub attribution: &'static str,
    /// Which touch leads are counted under.
    pub leads_attribution: &'static str,
    /// How long cohorts are.
    pub cohort: &'static str,
    /// The model that made the MQLs.
    pub model: ModelNamed,
    /// The numbers.
    #[serde(flatten)]
    pub report: ClosedLoop,
}

impl Document {
    /// The report on these journeys, with what it is about: `attributions` are those of MQLs and of leads.
    pub fn new(
        site: &Site,
        ask: &Ask,
        (attribution, leads_attribution): (&'static str, &'static str),
        model: ModelNamed,
        journeys: &[Journey],
    ) -> Self {
        Self {
            site: site.id.to_string(),
            time_zone: site.zone.name().to_owned(),
            from: ask.from,
            to: ask.to,
            by: ask.by.map_or("cohort", Dimension::name),
            attribution,
            leads_attribution,
            cohort: ask.cohorts.name(),
            model,
            report: report(site, ask, journeys),
        }
    }
}

/// A model's name and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelNamed {
    /// Its name.
    pub name: String,
    /// SHA-256 of its canonical form.
    pub hash: String,
}

/// What is reckoned of a journey once.
struct Seen<'a> {
    journey: &'a Journey,
    known_on: Date,
    mql_on: Option<Date>,
    /// From MQL to customer, for customers.
    took_ms: Option<i64>,
    closed: Option<Closed>,
}

impl<'a> Seen<'a> {
    fn of(site: &Site, journey: &'a Journey) -> Self {
        let closed = closed_by(&journey.said);
        let took_ms = match (&closed, journey.qualified) {
            (Some(Closed::Won { at, .. }), Some(mql)) => Some((at.millis() - mql.millis()).max(0)),
            _ => None,
        };
        let mql_on = journey.qualified.map(|at| site.zone.date(at));
        Self { journey, known_on: site.zone.date(journey.known_at), mql_on, took_ms, closed }
    }
}

/// Makes the report. Journeys beyond its days only tell how long it takes to become a customer.
pub fn report(site: &Site, ask: &Ask, journeys: &[Journey]) -> ClosedLoop {
    let seen: Vec<Seen<'_>> = journeys.iter().map(|journey| Seen::of(site, journey)).collect();
    let maturity = maturity(ask, &seen);
    let within = |day: Date| (ask.from..=ask.to).contains(&day);
    let mut totals = Tally::default();
    let mut matured = Tally::default();
    let mut groups: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut cohorts: BTreeMap<Date, Tally> = BTreeMap::new();
    let mut start = ask.cohorts.start(ask.from);
    while start <= ask.to {
        cohorts.insert(start, Tally::default());
        start = ask.cohorts.next(start);
    }
    let end = |start: Date| ask.cohorts.next(start).plus(-1).min(ask.to);
    let age = |start: Date| ask.today.days() - end(start).days();
    let mature = |start: Date| age(start) >= maturity.days;
    for one in &seen {
        let qualified = one.mql_on.is_some();
        if within(one.known_on) {
            totals.lead(qualified);
            groups.entry(&one.journey.known_by).or_default().lead(qualified);
            cohorts.entry(ask.cohorts.start(one.known_on)).or_default().lead(qualified);
        }
        let Some(day) = one.mql_on.filter(|day| within(*day)) else { continue };
        let start = ask.cohorts.start(day);
        totals.mql(one);
        if mature(start) {
            matured.mql(one);
        }
        cohorts.entry(start).or_default().mql(one);
        tally::share(&mut groups, &one.journey.credits, one);
    }
    let cohort = |(start, tally): (Date, Tally)| Cohort {
        from: start.max(ask.from),
        to: end(start),
        age_days: age(start),
        mature: mature(start),
        numbers: tally.numbers(),
    };
    let (rows, rows_left_out) = rows(ask, groups);
    ClosedLoop {
        guard_rails: guard_rails(&totals, &matured, &maturity),
        totals: totals.numbers(),
        rows,
        rows_left_out,
        // Before the first lead there was nothing to judge.
        cohorts: cohorts.into_iter().map(cohort).skip_while(|cohort| cohort.numbers.is_empty()).collect(),
        maturity,
    }
}

fn rows(ask: &Ask, groups: BTreeMap<&str, Tally>) -> (Vec<Row>, usize) {
    let Some(by) = ask.by else { return (Vec::new(), 0) };
    let row = |(key, tally): (&str, Tally)| Row {
        key: key.to_owned(),
        label: label(by, key),
        numbers: tally.numbers(),
    };
    let mut rows: Vec<Row> = groups.into_iter().map(row).collect();
    let order = |row: &Row| (row.numbers.mqls, row.numbers.customers, row.numbers.leads);
    rows.sort_by(|a, b| order(b).cmp(&order(a)).then_with(|| a.key.cmp(&b.key)));
    let left_out = rows.len().saturating_sub(ROWS_MAX);
    rows.truncate(ROWS_MAX);
    (rows, left_out)
}

fn label(by: Dimension, key: &str) -> String {
    let channel = Channel::from_key(key).filter(|_| by == Dimension::Channel);
    match channel {
        Some(channel) => channel.label().to_owned(),
        None if key.is_empty() => "(none)".to_owned(),
        None => key.to_owned(),
    }
}

/// Most of those who will become customers have by the 90th percentile of the time that it took others.
fn maturity(ask: &Ask, seen: &[Seen<'_>]) -> Maturity {
    let learned = |one: &&Seen<'_>| {
        one.mql_on.is_some_and(|day| (ask.learn_from()..=ask.to).contains(&day)) && one.took_ms.is_some()
    };
    let mut took: Vec<(i64, i64)> =
        seen.iter().filter(learned).filter_map(|one| Some((one.took_ms?, 1))).collect();
    let customers = took.len();
    let told = nearest_rank(&mut took, 90).filter(|_| customers >= LEAST_CUSTOMERS);
    match told {
        Some(ms) => {
            let days = i32::try_from((ms + Timestamp::DAY_MS - 1) / Timestamp::DAY_MS).unwrap_or(i32::MAX);
            let sentence = format!(
                "A cohort can be judged {days} days after its last day: by then nine of ten customers had bought \
                 (90th percentile of {customers} customers)."
            );
            Maturity { days, customers, sentence }
        }
        None => Maturity {
            days: MATURE_DAYS,
            customers,
            sentence: format!(
                "A cohort can be judged {MATURE_DAYS} days after its last day: {customers} customers are too few to \
                 tell how long it takes, {LEAST_CUSTOMERS} are needed."
            ),
        },
    }
}
