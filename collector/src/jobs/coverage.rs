//! Coverage: of how many leads is known what the model asks for, and how many became MQLs. Invariant: it names
//! nobody; who asked for a restriction is in none of its numbers but the count of MQLs by day, as in every report.

use super::standing::profile;
use crate::domain::{Date, RuleId, Site};
use crate::leads::Dimension;
use crate::scoring::{Counting, Known, Model};
use crate::storage::{Attribution, KnownQuery, Ledger, ReportQuery, StoreError};
use serde::Serialize;
use std::collections::BTreeMap;

/// How long a row of the series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// A local day.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
}

impl Interval {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// From the name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Day, Self::Week, Self::Month].into_iter().find(|interval| interval.name() == name)
    }

    fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => day.week_start(),
            Self::Month => day.month_start(),
        }
    }
}

/// Which leads: those that became known on these local days.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
    /// How the series is cut.
    pub interval: Interval,
}

/// The report.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The site.
    pub site: String,
    /// Its time zone.
    pub time_zone: String,
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
    /// How the series is cut.
    pub interval: &'static str,
    /// By which model.
    pub model: Named,
    /// Of the whole period.
    pub totals: Totals,
    /// Leads that became MQLs in the period, whenever they became known: as the MQL report has it.
    pub became_mql: i64,
    /// What the model asks for: attributes first, then ICP requirements, each kind by id.
    pub known: Vec<Row>,
    /// By the day on which leads became known, oldest first; intervals without leads are left out.
    pub series: Vec<Cohort>,
}

/// A model's name and hash.
#[derive(Debug, Clone, Serialize)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its hash.
    pub hash: String,
}

/// What is counted of some leads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Leads that became known.
    pub leads: u64,
    /// Of these, who lack at least one thing that the model asks for.
    pub incomplete: u64,
    /// The same in percent of them, rounded to the nearest; 0 when there are none.
    pub incomplete_percent: u64,
    /// Of these, who became MQLs by now.
    pub mqls: u64,
}

impl Totals {
    fn add(&mut self, complete: bool, mql: bool) {
        self.leads += 1;
        self.incomplete += u64::from(!complete);
        self.mqls += u64::from(mql);
        self.incomplete_percent = (self.incomplete * 100 + self.leads / 2) / self.leads;
    }
}

/// One thing that the model asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `attribute`, or `icp` for a requirement of the ideal customer profile.
    pub kind: &'static str,
    /// Its id in the model.
    pub id: RuleId,
    /// For people.
    pub label: String,
    /// The field of the profile that it reads.
    pub field: String,
    /// Leads with a value that can be scored.
    pub known: u64,
    /// Leads without.
    pub unknown: u64,
    /// The same in percent of all, rounded to the nearest; 0 when there are none.
    pub unknown_percent: u64,
}

/// Leads that became known in one interval.
#[derive(Debug, Clone, Serialize)]
pub struct Cohort {
    /// Its first day, or the period's.
    pub from: Date,
    /// What is counted of them.
    #[serde(flatten)]
    pub totals: Totals,
    /// Leads without a value, in percent, by what the model asks for.
    pub unknown_percent: BTreeMap<String, u64>,
}

fn rows(model: &Model, known: Vec<Known>) -> Vec<Row> {
    let attributes = model.size().attributes;
    let row = |(place, of): (usize, Known)| Row {
        kind: if place < attributes { "attribute" } else { "icp" },
        unknown: of.leads - of.known,
        unknown_percent: of.unknown_percent(),
        id: of.id,
        label: of.label,
        field: of.field,
        known: of.known,
    };
    known.into_iter().enumerate().map(row).collect()
}

/// Makes the report.
///
/// # Errors
/// When storage fails.
pub fn report(ledger: &dyn Ledger, model: &Model, site: &Site, period: Period) -> Result<Report, StoreError> {
    let Period { from, to, interval } = period;
    let query =
        KnownQuery { site: site.no, from: site.zone.start_of(from), before: site.zone.start_of(to.plus(1)) };
    let mut all = (Totals::default(), model.count_coverage());
    let mut cohorts: BTreeMap<Date, (Totals, Counting<'_>)> = BTreeMap::new();
    ledger.each_known(&query, &mut |lead| {
        let (profile, mql) = (profile(&lead), lead.qualified.is_some());
        let day = interval.start(site.zone.date(lead.known_at)).max(from);
        let cohort = cohorts.entry(day).or_insert_with(|| (Totals::default(), model.count_coverage()));
        for (totals, counting) in [&mut all, cohort] {
            let complete = counting.add(&profile);
            totals.add(complete, mql);
        }
    })?;
    let days =
        ReportQuery { site: site.no, from, to, by: Dimension::Channel, attribution: Attribution::First };
    let became_mql = ledger.report(&days)?.days.values().map(|counts| counts.mqls).sum();
    let cohort = |(from, (totals, counting)): (Date, (Totals, Counting<'_>))| Cohort {
        from,
        totals,
        unknown_percent: counting.done().iter().map(|of| (of.id.to_string(), of.unknown_percent())).collect(),
    };
    Ok(Report {
        site: site.id.to_string(),
        time_zone: site.zone.name().to_owned(),
        from,
        to,
        interval: interval.name(),
        model: Named { name: model.name().to_owned(), hash: model.hash().to_string() },
        totals: all.0,
        became_mql,
        known: rows(model, all.1.done()),
        series: cohorts.into_iter().map(cohort).collect(),
    })
}
