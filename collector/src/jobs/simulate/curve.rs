//! What every threshold would have made. Invariant: at the draft's own threshold the curve says what the draft
//! made; a higher threshold never makes more MQLs of the leads known.

use super::count::{Confusion, Period, float, ratio, rounded};
use super::facts::{Facts, Outcome};
use crate::domain::{Points, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;

/// Points of a curve; where more thresholds make a difference, they are thinned out evenly.
const POINTS_MAX: usize = 200;

/// One threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// `[mql] total_gte`.
    pub threshold: Points,
    /// Whether this is the draft's own.
    pub own: bool,
    /// Leads that would have become MQLs in the period.
    pub mqls: u64,
    /// The same, by the week of seven days.
    pub mqls_per_week: f64,
    /// Of the leads that became known in the period, those that would have become MQLs up to its end.
    pub leads: u64,
    /// The same, as a share.
    pub share_of_leads: Option<f64>,
    /// Against what sales reported, of leads closed in the period.
    #[serde(flatten)]
    pub outcomes: Confusion,
}

/// The curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// Whole points at which anything changes, ascending, and the draft's own threshold. Between two of them
    /// the greater one holds.
    pub points: Vec<Point>,
    /// Whether there were more than are shown.
    pub thinned: bool,
}

impl Curve {
    /// Counts for each threshold; `own` is the draft's.
    pub fn of(leads: &[Facts], period: &Period, own: Points) -> Self {
        let (thresholds, thinned) = thresholds(leads, own);
        let points = thresholds
            .into_iter()
            .map(|threshold| Point { own: threshold == own, ..Point::of(leads, period, threshold) });
        Self { points: points.collect(), thinned }
    }

    /// The point of the draft's own threshold.
    pub fn own(&self) -> Option<&Point> {
        self.points.iter().find(|point| point.own)
    }
}

impl Point {
    /// Counts for one threshold.
    pub fn of(leads: &[Facts], period: &Period, threshold: Points) -> Self {
        let (mut mqls, mut cohort, mut known) = (0, 0, 0);
        for lead in leads {
            let first = lead.stairs.first_at(threshold);
            mqls += u64::from(first.is_some_and(|at| period.holds(at)));
            if period.holds(lead.known_at) {
                known += 1;
                cohort += u64::from(first.is_some_and(|at| period.ended_after(at)));
            }
        }
        Self {
            threshold,
            own: false,
            mqls,
            mqls_per_week: rounded(float(mqls) * 7.0 / f64::from(period.days())),
            leads: cohort,
            share_of_leads: ratio(cohort, known),
            outcomes: against(leads, period, |lead| lead.stairs.first_at(threshold)),
        }
    }
}

/// MQLs against outcomes; `mql` says when a lead became one.
pub(super) fn against(
    leads: &[Facts],
    period: &Period,
    mql: impl Fn(&Facts) -> Option<Timestamp>,
) -> Confusion {
    let mut counts = Confusion::default();
    for (lead, outcome) in closed(leads, period) {
        counts.add(mql(lead).is_some_and(|at| at <= outcome.at), outcome.won);
    }
    counts
}

/// The leads that sales closed in the period.
pub(super) fn closed<'f>(leads: &'f [Facts], period: &Period) -> impl Iterator<Item = (&'f Facts, Outcome)> {
    let of = |lead: &'f Facts| Some((lead, lead.outcome.filter(|outcome| period.holds(outcome.at))?));
    leads.iter().filter_map(of)
}

/// At a step up to 12.5, twelve is the highest whole threshold that it reaches: so the curve changes after it.
fn thresholds(leads: &[Facts], own: Points) -> (BTreeSet<Points>, bool) {
    let steps = leads.iter().flat_map(|lead| lead.stairs.steps()).filter(|step| step.up_to < Points::MAX);
    let mut whole: BTreeSet<Points> =
        steps.map(|step| floor(step.up_to)).filter(|at| *at > Points::ZERO).collect();
    let beyond = whole.last().copied().unwrap_or_default() + Points::whole(1);
    whole.insert(beyond);
    let thinned = whole.len() > POINTS_MAX;
    if thinned {
        let every = whole.len().div_ceil(POINTS_MAX - 1);
        let kept = whole.iter().copied().enumerate().filter(|(n, at)| n % every == 0 || *at == beyond);
        whole = kept.map(|(_, at)| at).collect();
    }
    whole.insert(own);
    (whole, thinned)
}

fn floor(points: Points) -> Points {
    Points::from_milli(points.milli() - points.milli().rem_euclid(1_000))
}
