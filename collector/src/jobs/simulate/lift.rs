//! What each rule tells of who is won. Invariant: what a lead did after it was closed tells nothing, and where
//! too few leads are closed, nothing is said.

use super::count::{Interval, Period, float, lift, ratio, wilson};
use super::curve::closed;
use super::facts::Facts;
use crate::domain::RuleId;
use serde::Serialize;
use std::collections::BTreeMap;

/// Fewest closed leads on either side.
pub(super) const LEAST: u64 = 30;

/// What gives points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A behaviour rule: some event of the lead matched it.
    Rule,
    /// An attribute: its value gave points.
    Attribute,
}

/// A rule or an attribute of the draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scored {
    /// Its id.
    pub id: RuleId,
    /// For people.
    pub label: String,
    /// What it is.
    pub kind: Kind,
}

/// What the numbers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Such leads are won more often than leads altogether.
    MoreOften,
    /// Less often.
    LessOften,
    /// It may be chance.
    Unclear,
    /// Fewer than thirty closed leads with it, or without it.
    TooLittle,
}

/// A rule and how leads with and without a hit were closed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lift {
    /// Its id.
    pub id: RuleId,
    /// For people.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// Closed leads with a hit before they were closed.
    pub with: u64,
    /// Of these, won.
    pub with_won: u64,
    /// Closed leads without.
    pub without: u64,
    /// Of these, won.
    pub without_won: u64,
    /// The share of those with a hit that was won.
    pub share: Option<f64>,
    /// Where that share lies, 19 times of 20.
    pub interval: Option<Interval>,
    /// How many times as often leads with a hit were won as closed leads altogether.
    pub lift: Option<f64>,
    /// What that says.
    pub reading: Reading,
}

impl Lift {
    /// Counts for each rule, those of the greatest lift first and those of too little last.
    pub fn of(leads: &[Facts], period: &Period, scored: &[Scored]) -> Vec<Self> {
        let mut counts: BTreeMap<&RuleId, (u64, u64)> = BTreeMap::new();
        let (mut all, mut won) = (0, 0);
        for (lead, outcome) in closed(leads, period) {
            all += 1;
            won += u64::from(outcome.won);
            for hit in lead.hits.iter().filter(|hit| hit.at <= outcome.at) {
                let count = counts.entry(&hit.rule).or_default();
                count.0 += 1;
                count.1 += u64::from(outcome.won);
            }
        }
        let one = |scored: &Scored| {
            let (with, with_won) = counts.get(&scored.id).copied().unwrap_or_default();
            let (without, without_won) = (all - with, won - with_won);
            let interval = wilson(with_won, with);
            Self {
                id: scored.id.clone(),
                label: scored.label.clone(),
                kind: scored.kind,
                with,
                with_won,
                without,
                without_won,
                share: ratio(with_won, with),
                interval,
                lift: lift(with_won, with, won, all),
                reading: reading(with, without, interval, float(won) / float(all.max(1))),
            }
        };
        let mut lifts: Vec<Self> = scored.iter().map(one).collect();
        let rank = |lift: &Self| (lift.reading == Reading::TooLittle, -lift.lift.unwrap_or_default());
        lifts.sort_by(|a, b| {
            let ((few_a, lift_a), (few_b, lift_b)) = (rank(a), rank(b));
            few_a.cmp(&few_b).then(lift_a.total_cmp(&lift_b)).then_with(|| a.id.cmp(&b.id))
        });
        lifts
    }
}

fn reading(with: u64, without: u64, interval: Option<Interval>, base: f64) -> Reading {
    match interval {
        Some(_) if with < LEAST || without < LEAST => Reading::TooLittle,
        Some(interval) if interval.low > base => Reading::MoreOften,
        Some(interval) if interval.high < base => Reading::LessOften,
        Some(_) => Reading::Unclear,
        None => Reading::TooLittle,
    }
}
