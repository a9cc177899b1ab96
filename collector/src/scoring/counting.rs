//! Which hits count. Invariant: the choice depends on the set of hits, the rule and the moment, never on
//! their order; and a hit that [`Model::prune`] takes away could not be chosen at that moment or later.

use super::{
    MAX_COUNTED, Model,
    decay::age_in_days,
    model::{Disqualifier, MinEngagements, Repeat, Rule, Spec, When},
};
use crate::domain::{EventId, Hit, Points, RuleId, Text, Timestamp};
use std::collections::{BTreeMap, HashSet};

/// Hits by rule, newest first.
pub(super) type ByRule<'h> = BTreeMap<&'h RuleId, Vec<&'h Hit>>;

/// The hits up to `as_of`, each event once a rule, newest first; of two at the same moment the greater id
/// is the newer. Should one event be given with two times, the earlier counts.
pub(super) fn by_rule(hits: &[Hit], as_of: Timestamp) -> ByRule<'_> {
    let mut past: Vec<&Hit> = hits.iter().filter(|hit| hit.at <= as_of).collect();
    past.sort_by(|a, b| (&a.rule, a.event, a.at, &a.value).cmp(&(&b.rule, b.event, b.at, &b.value)));
    past.dedup_by(|a, b| a.rule == b.rule && a.event == b.event);
    past.sort_by_key(|hit| std::cmp::Reverse((hit.at, hit.event)));
    let mut by_rule = ByRule::new();
    for hit in past {
        by_rule.entry(&hit.rule).or_default().push(hit);
    }
    by_rule
}

/// What makes two hits of a rule repetitions of each other, of which the latest counts.
#[derive(PartialEq, Eq, Hash)]
enum Class<'h> {
    Rule,
    Event(EventId),
    Day(i64),
    Value(Option<&'h Text<200>>),
}

impl Rule {
    /// The hits that count at `as_of`, newest first: within the window, not faded to nothing, the latest
    /// of each repetition, at most [`MAX_COUNTED`].
    pub(super) fn counted<'h>(&self, newest_first: &[&'h Hit], as_of: Timestamp) -> Vec<&'h Hit> {
        let mut seen = HashSet::new();
        let alive = newest_first.iter().copied().take_while(|hit| {
            let age = age_in_days(hit.at, as_of);
            self.window_days.is_none_or(|days| age < i64::from(days)) && !self.decay.weight(age).is_zero()
        });
        alive
            .filter(|hit| {
                seen.insert(match self.repeat {
                    Repeat::Once => Class::Rule,
                    Repeat::Every => Class::Event(hit.event),
                    Repeat::PerDay => Class::Day(hit.at.millis().div_euclid(Timestamp::DAY_MS)),
                    Repeat::PerValue => Class::Value(hit.value.as_ref()),
                })
            })
            .take(MAX_COUNTED)
            .collect()
    }
}

impl Disqualifier {
    /// The hits that disqualify at `as_of`, newest first: as many as it takes, or none.
    pub(super) fn fired<'h>(&self, newest_first: &[&'h Hit], as_of: Timestamp) -> Vec<&'h Hit> {
        let When::Event { times, .. } = self.when else { return Vec::new() };
        let hits = self.latest(newest_first, as_of);
        if hits.len() >= times as usize { hits } else { Vec::new() }
    }

    /// The latest hits within the window, at most as many as it takes.
    fn latest<'h>(&self, newest_first: &[&'h Hit], as_of: Timestamp) -> Vec<&'h Hit> {
        let When::Event { times, window_days, .. } = self.when else { return Vec::new() };
        let in_window =
            |hit: &&&Hit| window_days.is_none_or(|days| age_in_days(hit.at, as_of) < i64::from(days));
        newest_first.iter().take_while(in_window).take(times as usize).copied().collect()
    }
}

impl Spec {
    /// What the lead did lately, newest first: one hit of each event that a rule gives points for.
    pub(super) fn engagements<'h>(&self, by_rule: &ByRule<'h>) -> Vec<&'h Hit> {
        let giving = self.rules.iter().filter(|rule| rule.points > Points::ZERO);
        let mut hits: Vec<&Hit> =
            giving.filter_map(|rule| by_rule.get(&rule.id)).flatten().copied().collect();
        hits.sort_by(|a, b| (b.at, b.event, &a.rule).cmp(&(a.at, a.event, &b.rule)));
        hits.dedup_by_key(|hit| hit.event);
        hits
    }
}

impl Model {
    /// Takes away the hits that can no longer change an evaluation, and sorts the rest by rule and time.
    ///
    /// The guarantee: for every moment from `now` on, evaluating what is left together with any further
    /// hits gives the same [`Evaluation`](super::Evaluation), lines and all, as evaluating everything
    /// together with these. Hits after `now` all stay. What is left of a rule is at most 501 hits up to
    /// `now` ([`MAX_COUNTED`] and its latest); with `repeat = "once"` it is one or two.
    ///
    /// It holds for this model only: another model needs its hits made from the events again.
    pub fn prune(&self, hits: &mut Vec<Hit>, now: Timestamp) {
        let by_rule = by_rule(hits, now);
        let mut keep: Vec<&Hit> = Vec::new();
        for rule in &self.spec.rules {
            if let Some(newest_first) = by_rule.get(&rule.id) {
                keep.extend(rule.counted(newest_first, now));
                // The latest is shown even when nothing of it is left.
                keep.extend(newest_first.first());
            }
        }
        for disqualifier in &self.spec.disqualifiers {
            if let Some(newest_first) = by_rule.get(&disqualifier.id) {
                keep.extend(disqualifier.latest(newest_first, now));
            }
        }
        let most = self.spec.mql.min_engagements.map_or(1, |MinEngagements { count, .. }| count as usize);
        keep.extend(self.spec.engagements(&by_rule).into_iter().take(most));
        let keep: HashSet<(RuleId, EventId)> =
            keep.into_iter().map(|hit| (hit.rule.clone(), hit.event)).collect();

        hits.sort_by(|a, b| (&a.rule, a.event, a.at, &a.value).cmp(&(&b.rule, b.event, b.at, &b.value)));
        hits.dedup_by(|a, b| a.rule == b.rule && a.event == b.event);
        hits.retain(|hit| hit.at > now || keep.contains(&(hit.rule.clone(), hit.event)));
        hits.sort_by(|a, b| (&a.rule, a.at, a.event).cmp(&(&b.rule, b.at, b.event)));
    }
}
