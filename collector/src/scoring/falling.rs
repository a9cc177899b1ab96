//! When an MQL will have faded. Invariant: what is answered holds as long as nothing new happens; it is
//! found by evaluating, never by a second arithmetic.

use super::{Model, Profile, decay::Decay};
use crate::domain::{Hit, Override, Points, Timestamp};

/// A rule gives at most 10,000 points, ten million thousandths: after 24 halvings none is left.
const HALVINGS: u32 = 24;
/// Further than that nobody plans.
const FURTHEST: u32 = 3_650;

impl Model {
    /// When an MQL will be one no longer if nothing happens after `from`: when its total falls below
    /// `exit_below`, or when nothing that it did counts any more, however well it suits. An override that qualifies
    /// it keeps it in for as long as it counts, points of one go when it expires; those that are given after `from`
    /// are not looked at, nor that one is ended after it. `None` when the model has no way out, when the lead is out already, and when it will never
    /// be.
    ///
    /// Asked once for each day from `from` on, and then to the moment at which the last hit ages a day. Where
    /// signs against a lead fade too, a fall that does not last a day is not seen.
    pub fn falls_out(&self, hits: &[Hit], profile: &Profile, from: Timestamp) -> Option<Timestamp> {
        let floor = self.exit_below()?;
        let past: Vec<Hit> = hits.iter().filter(|hit| hit.at <= from).cloned().collect();
        let given = |given: &&Override| given.counts(from);
        // That it would be ended early was not known then either.
        let whole = |given: &Override| Override { ended: None, ..given.clone() };
        let overrides: Vec<Override> = profile.overrides.iter().filter(given).map(whole).collect();
        let profile = &Profile { overrides, ..profile.clone() };
        let did = self.evaluate(&past, profile, from).engagement > Points::ZERO;
        let out = |at: Timestamp| {
            let then = self.evaluate(&past, profile, at);
            let faded = then.total < floor || did && then.engagement <= Points::ZERO;
            then.held().is_some() || faded && then.qualified().is_none()
        };
        if out(from) {
            return None;
        }
        let ends = || profile.overrides.iter().map(Override::over_at);
        let until = ends().max().map_or(0, |end| days_until(from, end));
        let last = i64::from(self.days_until_still()).max(until);
        // Without signs against it and without overrides a score only falls, and halving finds the day in a few
        // steps.
        let takes =
            |hit: &Hit| self.spec.rules.iter().any(|rule| rule.id == hit.rule && rule.points < Points::ZERO);
        let falls_only = profile.overrides.is_empty() && !past.iter().any(takes);
        let first = |moments: &[Timestamp]| match falls_only {
            true => moments.get(moments.partition_point(|at| !out(*at))).copied(),
            false => moments.iter().copied().find(|at| out(*at)),
        };
        let days: Vec<Timestamp> = (1..=last).map(|days| from.plus_days(days)).collect();
        let day = first(&days)?;
        // Scores change only when a hit is another whole day old, and when an override is over.
        let phase = |hit: &Hit| hit.at.millis().saturating_sub(day.millis()).rem_euclid(Timestamp::DAY_MS);
        let turn = |hit: &Hit| match phase(hit) {
            0 => day,
            later => day.plus_millis(later - Timestamp::DAY_MS),
        };
        let ending = ends().filter(|end| *end > day.plus_days(-1) && *end < day);
        let mut turns: Vec<Timestamp> = past.iter().map(turn).chain(ending).chain([day]).collect();
        turns.sort_unstable();
        turns.dedup();
        first(&turns)
    }

    /// After so many days without an event no score changes any more.
    fn days_until_still(&self) -> u32 {
        let rules = self.spec.rules.iter().map(|rule| {
            let fades = match &rule.decay {
                Decay::None => 0,
                Decay::Linear { days } => *days,
                Decay::HalfLife { days } => days.saturating_mul(HALVINGS),
                Decay::Step { steps } => steps.last().map_or(0, |step| step.after_days),
            };
            rule.window_days.unwrap_or(0).max(fades)
        });
        rules.max().unwrap_or(0).min(FURTHEST)
    }
}

/// Days after which a moment is past.
fn days_until(from: Timestamp, moment: Timestamp) -> i64 {
    moment.millis().saturating_sub(from.millis()).max(0) / Timestamp::DAY_MS + 1
}
