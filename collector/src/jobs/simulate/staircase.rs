//! At which moment a lead would first have been an MQL, for every threshold at once. Invariant: pure; what is
//! answered for a threshold is what scoring the same events by the model with that threshold makes, as long as
//! all else of the model is the same.

use super::super::standing::verdict;
use crate::domain::{Points, Role, Stage, Timestamp};
use crate::leads::lifecycle::{self, Rules, Standing, Verdict};
use crate::leads::{Lead, Transition};
use crate::scoring::Evaluation;

/// From a moment on, the lead would be an MQL by any threshold up to this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The highest threshold; [`Points::MAX`] where none matters: by a fast track, or by people.
    pub up_to: Points,
    /// Since when.
    pub at: Timestamp,
}

/// The steps in which a lead comes up to higher thresholds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staircase(Vec<Step>);

impl Staircase {
    /// The moment at which the lead would first be an MQL with this threshold.
    pub fn first_at(&self, threshold: Points) -> Option<Timestamp> {
        self.0.get(self.0.partition_point(|step| step.up_to < threshold)).map(|step| step.at)
    }

    /// The steps, each higher than the one before.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether no threshold is left to come up to.
    fn is_done(&self) -> bool {
        self.0.last().is_some_and(|step| step.up_to == Points::MAX)
    }

    /// Adds a step; one that is not higher than the last changes nothing, for the lead was there before.
    pub(super) fn climb(&mut self, up_to: Points, at: Timestamp) {
        if self.0.last().is_none_or(|last| last.up_to < up_to) {
            self.0.push(Step { up_to, at });
        }
    }
}

/// Follows a lead that is never made an MQL by its score: where it stands then is the same for every threshold
/// that it has not come up to, for what rules it out and what people do does not ask for one.
#[derive(Debug, Clone)]
pub struct Walk {
    standing: Standing,
    passed: Timestamp,
    pending: std::vec::IntoIter<(Timestamp, Stage)>,
    stairs: Staircase,
}

impl Walk {
    /// Begins with a lead that nobody has changed yet; `acts` is what people will make of it, in the order in
    /// which they said so.
    pub fn new<'t>(acts: impl IntoIterator<Item = &'t Transition>) -> Self {
        let start = Timestamp::from_millis(i64::MIN);
        let mut acts: Vec<_> = acts.into_iter().map(|act| (act.at, act.to)).collect();
        acts.sort_by_key(|(at, _)| *at);
        Self {
            standing: Standing {
                stage: Stage::Lead,
                since: start,
                by_machine: true,
                qualified_with: None,
                last_seen: start,
            },
            passed: start,
            pending: acts.into_iter(),
            stairs: Staircase::default(),
        }
    }

    /// For an event `at`, the lead that stood where `lead` says was scored with this result.
    pub fn evaluated(&mut self, rules: &Rules, lead: &Lead, at: Timestamp, evaluation: &Evaluation) {
        self.pass(at);
        // What people did may have come to its place by an event that was not the lead's own.
        if lead.stage_by != Role::Collector {
            self.pass(lead.stage_at);
        }
        if self.stairs.is_done() {
            return;
        }
        let up_to = evaluation.qualifies_up_to();
        let verdict = Verdict { qualifies: up_to.is_some(), ..verdict(evaluation) };
        // As in scoring: what is not ruled out any more may qualify at once.
        for _ in 0..2 {
            let Some(next) = lifecycle::next(&self.standing, &verdict, rules) else { return };
            match (next.to, up_to) {
                (Stage::Mql, Some(up_to)) => return self.stairs.climb(up_to, at),
                (to, _) => self.stand(to, at, true),
            }
        }
    }

    /// The steps so far.
    pub(super) const fn stairs(&self) -> &Staircase {
        &self.stairs
    }

    /// The steps, when no event is left: what people did later comes to its place.
    pub fn finish(mut self) -> Staircase {
        self.pass(Timestamp::from_millis(i64::MAX));
        self.stairs
    }

    /// Lets people do what they did up to a moment.
    fn pass(&mut self, until: Timestamp) {
        self.passed = self.passed.max(until);
        while let Some((at, to)) =
            self.pending.as_slice().first().copied().filter(|(at, _)| *at <= self.passed)
        {
            self.pending.next();
            self.stand(to, at, false);
            if to == Stage::Mql {
                self.stairs.climb(Points::MAX, at);
            }
        }
    }

    fn stand(&mut self, stage: Stage, since: Timestamp, by_machine: bool) {
        self.standing = Standing { stage, since, by_machine, ..self.standing };
    }
}
