//! A lead as features, at the moment that decides. Invariant: nothing that happened after sales took a lead up is
//! told of it: neither what it did, nor what was found out about it, nor how long anything took. Closed and open
//! leads are described by the same rule.
//!
//! The moment is the last time that the lead became an MQL before people first acted on it; without such a time,
//! the moment at which people first acted on it. Nobody acted yet: the last time that it became an MQL if it is one
//! now, and otherwise now. Of these moments but the last, the ledger keeps the lines of the score as they were then
//! ([`Transition::lines`]); hits and attributes as they are today would tell of the time after.

use super::features::{Factor, Feature, Level, YES, count_amount, days_amount};
use crate::domain::{Hit, Points, RuleId, Stage, Timestamp};
use crate::leads::{Lead, Transition};
use crate::scoring::{Model, Profile, value_in};
use serde::Deserialize;

/// Which moment a lead is described at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// When it last became an MQL before people acted.
    BecameMql,
    /// When people first acted on it.
    TakenUp,
    /// Now: it is no MQL, and nobody acted on it.
    Now,
}

/// A lead as features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The moment.
    pub at: Timestamp,
    /// Which one that is.
    pub moment: Moment,
    /// The rules' score at that moment.
    pub total: Points,
    /// The features that are not zero, ascending, in thousandths.
    pub features: Vec<(Feature, i32)>,
}

/// A line of a score, as much of it as is told on.
#[derive(Deserialize)]
struct Kept {
    kind: String,
    id: String,
    count: u32,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    detail: String,
}

/// The change of stage whose moment a lead is described at, with what that moment is; `transitions` oldest first.
fn deciding<'t>(stage: Stage, transitions: &'t [Transition]) -> Option<(&'t Transition, Moment)> {
    let became_mql = |of: &'t [Transition]| {
        let newest = of.iter().rev().find(|transition| transition.to == Stage::Mql);
        newest.map(|transition| (transition, Moment::BecameMql))
    };
    match transitions.iter().position(Transition::by_people) {
        Some(first) => became_mql(&transitions[..=first]).or(Some((&transitions[first], Moment::TakenUp))),
        None if stage == Stage::Mql => became_mql(transitions),
        None => None,
    }
}

/// Describes a lead. `profile` is what is known of it now, and `now` the moment for a lead that nobody acted on.
pub fn describe(
    model: &Model,
    lead: &Lead,
    profile: &Profile,
    transitions: &[Transition],
    now: Timestamp,
) -> Described {
    if let Some((decided, moment)) = deciding(lead.stage, transitions) {
        let lines: Vec<Kept> = serde_json::from_str(&decided.lines).unwrap_or_default();
        return told(model, lead, decided.at, moment, decided.score.total, &lines);
    }
    let evaluation = model.evaluate(&lead.hits, profile, now);
    let lines: Vec<Kept> =
        serde_json::to_value(&evaluation.lines).and_then(serde_json::from_value).unwrap_or_default();
    told(model, lead, now, Moment::Now, evaluation.total, &lines)
}

fn told(
    model: &Model,
    lead: &Lead,
    at: Timestamp,
    moment: Moment,
    total: Points,
    lines: &[Kept],
) -> Described {
    let mut features = Vec::new();
    let mut newest: Option<Timestamp> = None;
    for (rule, ..) in model.rules() {
        let line = lines.iter().find(|line| line.kind == "rule" && line.id == rule.as_str());
        let (count, last) = line.map_or((0, None), |line| counted(line, rule, &lead.hits, at));
        newest = newest.max(last);
        features.push((Feature::amount(Factor::Rule(rule.clone())), count_amount(count)));
    }
    for question in model.questions() {
        let line = lines.iter().find(|line| line.kind == "attribute" && line.id == question.id.as_str());
        let value =
            line.filter(|line| line.count > 0).and_then(|line| value_in(question.field, &line.detail));
        let answer = value.and_then(|value| model.answer(question.id, value));
        let level = answer.map_or(Level::Unknown, Level::Answer);
        features.push((Feature { factor: Factor::Attribute(question.id.clone()), level }, YES));
    }
    let asks = |fields: &[&str]| model.questions().any(|question| fields.contains(&question.field));
    let mut yes = |factor, level| features.push((Feature { factor, level }, YES));
    yes(Factor::Channel, Level::Named(lead.first.touch.channel.key().to_owned()));
    if !asks(&["country"]) {
        let country = lead.first.country.as_ref().map(|country| Level::Named(country.as_str().to_owned()));
        yes(Factor::Country, country.unwrap_or(Level::Unknown));
    }
    if !asks(&["email_class"]) {
        let mail = lead.domain.as_ref().map(|domain| match domain {
            crate::domain::EmailDomain::Free => "free",
            crate::domain::EmailDomain::Company(_) => "company",
        });
        yes(Factor::Mail, mail.map_or(Level::Unknown, |kind| Level::Named(kind.to_owned())));
    }
    let days = |since: Timestamp| (at.millis() - since.millis()).div_euclid(Timestamp::DAY_MS);
    features.push((Feature::amount(Factor::Known), days_amount(days(lead.known_at))));
    // Who did nothing that counts is as quiet as it has been known.
    features.push((Feature::amount(Factor::Quiet), days_amount(days(newest.unwrap_or(lead.known_at)))));
    features.retain(|(_, amount)| *amount != 0);
    features.sort_unstable();
    Described { at, moment, total, features }
}

/// How often a rule counted at a moment, and the last time. Lines that people's changes keep may have been made
/// later than the moment that they gave: then only what happened up to it is told.
fn counted(line: &Kept, rule: &RuleId, hits: &[Hit], at: Timestamp) -> (u32, Option<Timestamp>) {
    if line.count == 0 {
        return (0, None);
    }
    if line.last_at.is_none_or(|last| last <= at) {
        return (line.count, line.last_at);
    }
    let before = || hits.iter().filter(|hit| hit.rule == *rule && hit.at <= at);
    let known = u32::try_from(before().count()).unwrap_or(u32::MAX);
    let first = line.first_at.filter(|first| *first <= at);
    let least = u32::from(first.is_some());
    (known.clamp(least, line.count), before().map(|hit| hit.at).max().or(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Actor, LeadKey, ModelHash, Role, Score, SiteNo};

    fn change(at: i64, to: Stage, role: Role) -> Transition {
        Transition {
            lead: LeadKey::from_bytes([1; 16]),
            site: SiteNo::new(1),
            at: Timestamp::from_millis(at),
            from: Stage::Lead,
            to,
            reason: "because".to_owned(),
            actor: Actor::account(role),
            amount: None,
            score: Score::default(),
            model: ModelHash::from_bytes([1; 32]),
            lines: "[]".to_owned(),
            rules: Vec::new(),
        }
    }

    /// When a lead of these changes is described, and as what; nothing is now.
    fn decided(stage: Stage, made: &[(Stage, Role)]) -> Option<(i64, Moment)> {
        let made: Vec<Transition> = (1..).zip(made).map(|(at, (to, role))| change(at, *to, *role)).collect();
        deciding(stage, &made).map(|(of, moment)| (of.at.millis(), moment))
    }

    #[test]
    fn the_last_time_it_became_an_mql_before_people_acted() {
        let (us, them) = (Role::Collector, Role::Owner);
        let (mql, lead, sal) = (Stage::Mql, Stage::Lead, Stage::Sal);
        let again = [(mql, us), (lead, us), (mql, us), (sal, them)];
        assert_eq!(decided(sal, &again), Some((3, Moment::BecameMql)));
        let handed_back =
            [&again[..], &[(Stage::Recycled, them), (mql, us), (Stage::Customer, them)]].concat();
        assert_eq!(
            decided(Stage::Customer, &handed_back),
            Some((3, Moment::BecameMql)),
            "not after they acted"
        );
        assert_eq!(decided(sal, &[(sal, them), (Stage::Sql, them)]), Some((1, Moment::TakenUp)));
        assert_eq!(decided(mql, &[(mql, them)]), Some((1, Moment::BecameMql)), "put forward by marketing");
        assert_eq!(decided(mql, &again[..3]), Some((3, Moment::BecameMql)), "nobody acted yet");
        assert_eq!(decided(lead, &again[..2]), None, "it fell out: now");
        assert_eq!(decided(lead, &[]), None);
    }
}
