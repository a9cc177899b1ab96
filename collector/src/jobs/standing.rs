//! Where a lead stands, as events come and time passes. Invariant: pure, given the lead: time that passes is
//! looked at on each midnight (UTC) and nowhere else, and what people say against a score at the moment that they
//! say or end it, so that a score that fades makes the same change at the same moment, whether a sweep finds it, the
//! next event or a replay years later.

use crate::domain::{Actor, Effect, Role, Score, Site, Stage, Timestamp};
use crate::leads::lifecycle::{self, Rules, Standing, Verdict};
use crate::leads::{Lead, Qualified, Reason, Transition, rules_in};
use crate::scoring::{Evaluation, GateKind, GateOutcome, GateResult, Line, Model, Profile};
use crate::storage::counting::{self, Rollups};

/// Sees what a replay makes of leads.
pub trait Observer {
    /// Everything is made anew, from the first event on.
    fn begun(&mut self);

    /// A lead that stood where `lead` says was scored, for what it did `at` that time.
    fn evaluated(&mut self, lead: &Lead, at: Timestamp, evaluation: &Evaluation);
}

/// Nobody looks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unwatched;

impl Observer for Unwatched {
    fn begun(&mut self) {}

    fn evaluated(&mut self, _: &Lead, _: Timestamp, _: &Evaluation) {}
}

/// Changes the standing of leads of a site, and gathers what follows from it.
pub(super) struct Steps<'a> {
    pub(super) model: &'a Model,
    pub(super) site: &'a Site,
    pub(super) transitions: &'a mut Vec<Transition>,
    pub(super) rollups: &'a mut Rollups,
    pub(super) observer: &'a mut dyn Observer,
}

impl Steps<'_> {
    /// Lets time pass for a lead: up to `until` it does nothing, and people do what is `pending`. Answers how
    /// much of that was come to.
    pub(super) fn pass(&mut self, lead: &mut Lead, pending: &[Transition], until: Timestamp) -> usize {
        let done = pending.iter().take_while(|act| act.at <= until);
        let mut count = 0;
        for act in done {
            self.fade(lead, act.at);
            self.enter(lead, act);
            count += 1;
        }
        self.fade(lead, until);
        count
    }

    /// Up to `until` nothing happens to a lead but that overrides begin and end: at those moments it is judged as
    /// after an event.
    fn fade(&mut self, lead: &mut Lead, until: Timestamp) {
        while let Some(at) = next_turn(lead, until) {
            self.fall(lead, at);
            self.score(lead, at, at);
        }
        self.fall(lead, until);
    }

    /// Judges a lead again by what people said against its score since a moment that a change was dated back to: a
    /// replay comes to that after the change.
    pub(super) fn since(&mut self, lead: &mut Lead, at: Timestamp) {
        let scored_at = lead.scored_at;
        if was_judged_since(lead, at) {
            lead.scored_at = at;
            self.fade(lead, scored_at);
            self.rescore(lead, scored_at);
        }
    }

    fn fall(&mut self, lead: &mut Lead, until: Timestamp) {
        let from = lead.scored_at.max(lead.stage_at);
        if let Some((evaluation, fades)) = fall(self.model, lead, from, until) {
            self.change(lead, &evaluation, evaluation.as_of, fades);
        }
    }

    /// Scores a lead at `as_of` and, for what it did `at` that time, makes the changes that follow.
    pub(super) fn score(&mut self, lead: &mut Lead, at: Timestamp, as_of: Timestamp) {
        let evaluation = self.rescore(lead, as_of);
        self.observer.evaluated(lead, at, &evaluation);
        // What is not ruled out any more may qualify at once.
        for _ in 0..2 {
            let verdict = verdict(&evaluation);
            let Some(next) = lifecycle::next(&standing(lead), &verdict, &rules(self.model)) else { return };
            self.change(lead, &evaluation, at, next);
        }
    }

    /// Scores a lead at `as_of`, without a change of stage.
    pub(super) fn rescore(&self, lead: &mut Lead, as_of: Timestamp) -> Evaluation {
        let evaluation = self.model.evaluate(&lead.hits, &profile(lead), as_of);
        lead.score = evaluation.score();
        lead.scored_at = as_of;
        lead.reasons = reasons(&evaluation);
        evaluation
    }

    fn change(&mut self, lead: &mut Lead, evaluation: &Evaluation, at: Timestamp, next: lifecycle::Move) {
        let lines = lines(evaluation);
        let transition = Transition {
            lead: lead.key,
            site: self.site.no,
            at,
            from: lead.stage,
            to: next.to,
            reason: next.reason,
            actor: Actor::collector(),
            amount: None,
            score: evaluation.score(),
            model: *self.model.hash(),
            rules: rules_in(&lines),
            lines,
        };
        self.enter(lead, &transition);
        self.transitions.push(transition);
    }

    /// Puts a lead where a change puts it; who becomes an MQL for the first time is counted.
    pub(super) fn enter(&mut self, lead: &mut Lead, transition: &Transition) {
        lead.stage = transition.to;
        lead.stage_at = transition.at;
        lead.stage_by = transition.actor.role;
        if transition.to != Stage::Mql || lead.qualified.is_some() {
            return;
        }
        lead.qualified = Some(Qualified { at: transition.at, score: transition.score });
        lead.touched_until(transition.at);
        let rules = rules_in(&transition.lines);
        counting::count_mql(self.rollups, self.site, transition.at, lead, &rules, 1);
    }
}

/// Whether a visit of then is to be counted. Those of earlier days were, from events that are no more; leads and
/// MQLs are counted as long as they are there.
pub(super) fn is_counted(site: &Site, at: Timestamp) -> bool {
    site.counted_from.is_none_or(|first| site.zone.date(at) >= first)
}

/// The first midnight after `from`, up to `until`, at which a lead that does nothing any more falls out of being
/// an MQL, with its score then.
pub(crate) fn fall(
    model: &Model,
    lead: &Lead,
    from: Timestamp,
    until: Timestamp,
) -> Option<(Evaluation, lifecycle::Move)> {
    let machine = lead.stage_by == Role::Collector;
    let held = lead.overrides.iter().any(|given| given.effect == Effect::Hold);
    if lead.stage != Stage::Mql || !machine || model.exit_below().is_none() && !held {
        return None;
    }
    let profile = profile(lead);
    let mut at = midnight(from).plus_days(1);
    while at <= until {
        let evaluation = model.evaluate(&lead.hits, &profile, at);
        if let Some(fades) = lifecycle::fades(&standing(lead), &verdict(&evaluation), &rules(model)) {
            return Some((evaluation, fades));
        }
        at = at.plus_days(1);
    }
    None
}

/// Whether a lead was judged after a moment by what people say against its score.
pub(super) fn was_judged_since(lead: &Lead, at: Timestamp) -> bool {
    at < lead.scored_at && lead.overrides.iter().any(|given| given.over_at() > at)
}

/// The next moment, up to `until`, at which an override of a lead makes it another: when it was given or ended, and
/// when it expired, which is looked at on the midnight (UTC) after it as all that time does.
fn next_turn(lead: &Lead, until: Timestamp) -> Option<Timestamp> {
    let turns = lead.overrides.iter().flat_map(|given| {
        let over = given.over_at();
        let ended = given.ended.as_ref().is_some_and(|ended| ended.at == over);
        [given.from, if ended || midnight(over) == over { over } else { midnight(over).plus_days(1) }]
    });
    turns.filter(|at| *at > lead.scored_at && *at <= until).min()
}

/// The midnight (UTC) at or before a moment.
pub(crate) fn midnight(at: Timestamp) -> Timestamp {
    at.plus_millis(-at.millis().rem_euclid(Timestamp::DAY_MS))
}

/// Until when a lead may not qualify again, if it may not.
pub(crate) fn cooling_until(model: &Model, lead: &Lead) -> Option<Timestamp> {
    lifecycle::cooling_until(&standing(lead), &rules(model))
}

pub(super) fn rules(model: &Model) -> Rules {
    Rules {
        threshold: model.threshold(),
        exit_below: model.exit_below(),
        cooldown_days: model.cooldown_days(),
    }
}

fn standing(lead: &Lead) -> Standing {
    Standing {
        stage: lead.stage,
        since: lead.stage_at,
        by_machine: lead.stage_by == Role::Collector,
        qualified_with: lead.qualified.as_ref().map(|qualified| qualified.score.engagement),
        last_seen: lead.last_seen,
    }
}

pub(super) fn verdict(evaluation: &Evaluation) -> Verdict {
    let rules_out =
        |gate: &&GateResult| gate.kind == GateKind::Disqualifier && gate.outcome == GateOutcome::Fail;
    let ruled_out = evaluation.gates.iter().find(rules_out);
    let said = |gate: &GateResult| format!("{}: {}", gate.label, gate.detail);
    let Score { total, engagement, .. } = evaluation.score();
    Verdict {
        at: evaluation.as_of,
        total,
        engagement,
        qualifies: evaluation.qualifies,
        ruled_out: ruled_out.map(said),
        held: evaluation.held().map(said),
        passed: evaluation.qualified().map(said),
    }
}

/// What scoring is told of a lead besides its hits.
pub(crate) fn profile(lead: &Lead) -> Profile {
    Profile {
        attributes: lead.attributes.clone(),
        domain: lead.domain.clone(),
        country: lead.country.clone(),
        overrides: lead.overrides.clone(),
    }
}

/// The lines of a score as a change of stage keeps them.
pub(super) fn lines(evaluation: &Evaluation) -> String {
    serde_json::to_string(&evaluation.lines).unwrap_or_default()
}

/// The largest lines that brought points, at most four.
fn reasons(evaluation: &Evaluation) -> Vec<Reason> {
    let mut lines: Vec<_> = evaluation.lines.iter().filter(|line| line.points.milli() > 0).collect();
    lines.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.id.cmp(&b.id)));
    let reason = |line: &Line| Reason { id: line.id.clone(), label: line.label.clone(), points: line.points };
    lines.into_iter().take(4).map(reason).collect()
}
