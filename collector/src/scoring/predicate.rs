//! Gates and the MQL predicate. Invariant: a disqualified lead and one that is held back never qualify, whatever
//! their points; and when a lead does not qualify, at least one sentence says what is missing.

use super::{
    counting::ByRule,
    decay::age_in_days,
    model::{Condition, Disqualifier, Icp, MinEngagements, Spec, When},
    profile::Profile,
};
use crate::domain::{Hit, Points, Score, Timestamp};
use serde::Serialize;

/// What kind of gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// Keeps a lead out, regardless of points.
    Disqualifier,
    /// A requirement of the ideal customer profile.
    Icp,
    /// What somebody says: it fails where they hold the lead back, and passes where they qualify it.
    Override,
}

/// What a gate answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateOutcome {
    /// It lets the lead through. A disqualifier that has nothing to look at passes.
    Pass,
    /// It does not.
    Fail,
    /// The attribute an ICP requirement asks for is not known.
    Incomplete,
}

/// One gate's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateResult {
    /// What kind of gate.
    pub kind: GateKind,
    /// Its id in the model.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// What it answers.
    pub outcome: GateOutcome,
    /// Why, in words.
    pub detail: String,
}

impl Spec {
    /// Disqualifiers by id, then ICP requirements by id.
    pub(super) fn gates(&self, by_rule: &ByRule<'_>, profile: &Profile, as_of: Timestamp) -> Vec<GateResult> {
        let disqualifiers = self.disqualifiers.iter().map(|gate| gate.result(by_rule, profile, as_of));
        disqualifiers.chain(self.icp.iter().map(|icp| icp.result(profile))).collect()
    }

    /// What keeps the lead from being an MQL; empty when nothing does. `engagements` are newest first.
    pub(super) fn missing(
        &self,
        score: Score,
        gates: &[GateResult],
        fast_track: bool,
        engagements: &[&Hit],
        as_of: Timestamp,
    ) -> Vec<String> {
        let qualified =
            gates.iter().any(|gate| gate.kind == GateKind::Override && gate.outcome == GateOutcome::Pass);
        // Who says that a lead qualifies knows what the profile does not say; but not that it is no student.
        let asked = gates.iter().filter(|gate| !(qualified && gate.kind == GateKind::Icp));
        let mut missing: Vec<String> = asked.filter_map(|gate| self.gate_sentence(gate)).collect();
        if fast_track || qualified {
            return missing;
        }
        if score.total < self.mql.total_gte {
            let short = self.mql.total_gte - score.total;
            missing.push(format!(
                "{short} more {}: the total is {}, an MQL needs {}.",
                points_word(short),
                score.total,
                self.mql.total_gte
            ));
        }
        for (name, has, wanted) in
            [("fit", score.fit, self.mql.fit_gte), ("engagement", score.engagement, self.mql.engagement_gte)]
        {
            if let Some(wanted) = wanted
                && has < wanted
            {
                let short = wanted - has;
                missing.push(format!(
                    "{short} more {} of {name}: it is {has}, an MQL needs {wanted}.",
                    points_word(short)
                ));
            }
        }
        let within =
            |days: u32| engagements.iter().filter(move |hit| age_in_days(hit.at, as_of) < i64::from(days));
        if let Some(MinEngagements { count, within_days }) = self.mql.min_engagements {
            let done = within(within_days).count();
            if done < count as usize {
                missing
                    .push(format!("More engagement: {done} of {count} within the last {within_days} days."));
            }
        }
        if let Some(days) = self.mql.active_within_days
            && within(days).next().is_none()
        {
            missing.push(format!("A sign of life: no engagement within the last {days} days."));
        }
        missing
    }

    fn gate_sentence(&self, gate: &GateResult) -> Option<String> {
        match (gate.kind, gate.outcome) {
            (_, GateOutcome::Pass) => None,
            (GateKind::Disqualifier, _) => Some(format!("Ruled out as \"{}\": {}.", gate.label, gate.detail)),
            (GateKind::Override, _) => Some(format!("{}, {}.", gate.label, gate.detail)),
            (GateKind::Icp, _) => {
                self.mql.icp_required.then(|| format!("Ideal customer, \"{}\": {}.", gate.label, gate.detail))
            }
        }
    }
}

fn points_word(points: Points) -> &'static str {
    if points == Points::whole(1) { "point" } else { "points" }
}

impl Disqualifier {
    fn result(&self, by_rule: &ByRule<'_>, profile: &Profile, as_of: Timestamp) -> GateResult {
        let why = match &self.when {
            When::Domains(domains) => {
                let found = domains.iter().find(|domain| profile.is_under(domain));
                found.map(|domain| format!("the mail domain is {domain} or under it"))
            }
            When::Attribute { attribute, is } => {
                let value = profile.value(attribute).filter(|value| is.holds(value) == Some(true));
                value.map(|value| format!("{attribute} is \"{value}\""))
            }
            When::Event { .. } => {
                let fired = by_rule.get(&self.id).map(|hits| self.fired(hits, as_of)).unwrap_or_default();
                fired.first().map(|latest| match fired.len() {
                    1 => format!("it happened on {}", day(latest.at)),
                    times => format!("it happened {times} times, last on {}", day(latest.at)),
                })
            }
        };
        GateResult {
            kind: GateKind::Disqualifier,
            id: self.id.to_string(),
            label: self.label.clone(),
            outcome: if why.is_some() { GateOutcome::Fail } else { GateOutcome::Pass },
            detail: why.unwrap_or_else(|| "nothing says so".into()),
        }
    }
}

impl Icp {
    fn result(&self, profile: &Profile) -> GateResult {
        let Self { attribute, is, .. } = self;
        let must = Condition::words(is);
        let (outcome, detail) = match profile.value(attribute).map(|value| (value, is.holds(value))) {
            Some((value, Some(true))) => (GateOutcome::Pass, format!("{attribute} is \"{value}\"")),
            Some((value, Some(false))) => {
                (GateOutcome::Fail, format!("{attribute} must be {must}, and is \"{value}\""))
            }
            Some((value, None)) => {
                (GateOutcome::Incomplete, format!("{attribute} must be {must}, and \"{value}\" is no number"))
            }
            None => (GateOutcome::Incomplete, format!("{attribute} must be {must}, and is not known yet")),
        };
        GateResult {
            kind: GateKind::Icp,
            id: self.id.to_string(),
            label: self.label.clone(),
            outcome,
            detail,
        }
    }
}

/// The UTC date of a moment.
pub(super) fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}
