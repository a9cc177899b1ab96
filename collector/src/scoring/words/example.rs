//! A worked timeline of a model. Invariant: every number is what `evaluate` answers.

use super::parts::{days, signed};
use crate::domain::{EmailDomain, EventId, Hit, Text, Timestamp};
use crate::scoring::{
    Model, Profile,
    model::{Attribute, Band, Condition, Icp, Rule, Scale},
    number::Number,
    pattern::Phrase,
};
use std::fmt::Write;

/// The days at which the example is looked at.
const DAYS: [i64; 8] = [0, 7, 14, 30, 45, 60, 90, 180];

/// Somebody who does on one day what takes fewest things to be an MQL, and how it fades.
pub(super) fn told(model: &Model) -> String {
    let day = Timestamp::from_millis(0);
    let nobody = Profile::default();
    let best = best(model);
    // Of whom nothing is known, if that can be an MQL; else of whom the best is known.
    let (rules, who) = match fewest(model, &nobody, day) {
        Some(rules) => (rules, &nobody),
        None => (fewest(model, &best, day).unwrap_or_else(|| by_points(model)), &best),
    };
    let hits = hits(&rules, day);
    let mut out = String::new();
    let known: Vec<String> =
        who.attributes.iter().map(|(name, value)| format!("{name} \"{value}\"")).collect();
    let mail = who.domain.as_ref().map(|_| "an address of a company".to_owned());
    let known: Vec<String> = known.into_iter().chain(mail).collect();
    let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
    let _ = writeln!(out, "Known of somebody: {known}. On one day, this happens:");
    for rule in &rules {
        let _ = writeln!(out, "  {:>6}  {}", signed(rule.points), rule.label);
    }
    out.push_str("If nothing happens after that:\n");
    for after in DAYS {
        let at = model.evaluate(&hits, who, day.plus_days(after));
        let grade = at.grade.map(|grade| format!(", {grade}")).unwrap_or_default();
        let points = format!("{} points ({} engagement, {} fit{grade})", at.total, at.engagement, at.fit);
        let qualifies = if at.qualifies { "meets what an MQL needs" } else { "does not meet it" };
        let _ = writeln!(out, "  day {after:>3}  {points}: {qualifies}");
    }
    if let Some(floor) = model.exit_below() {
        match model.falls_out(&hits, who, day) {
            Some(falls) => {
                let after = (falls.millis() - day.millis()) / Timestamp::DAY_MS;
                let total = model.evaluate(&hits, who, falls).total;
                let why = if total < floor {
                    format!("the total falls below {floor}")
                } else {
                    "nothing of what was done counts any more".to_owned()
                };
                let after = days(u32::try_from(after).unwrap_or(u32::MAX));
                let _ = writeln!(out, "After {after} {why}: an MQL no longer.");
            }
            None => {
                let _ = writeln!(out, "The total never falls below {floor} by itself.");
            }
        }
    }
    out
}

/// Rules that give points, most first.
fn by_points(model: &Model) -> Vec<&Rule> {
    let mut rules: Vec<&Rule> =
        model.spec.rules.iter().filter(|rule| rule.points > crate::domain::Points::ZERO).collect();
    rules.sort_by(|a, b| (b.points, &a.id).cmp(&(a.points, &b.id)));
    rules
}

/// The first rules by points that qualify together, without those that qualify by themselves.
fn fewest<'m>(model: &'m Model, who: &Profile, day: Timestamp) -> Option<Vec<&'m Rule>> {
    let mut all = by_points(model);
    all.retain(|rule| !model.spec.mql.fast_track.contains(&rule.id));
    let qualifies = |some: &[&Rule]| model.evaluate(&hits(some, day), who, day).qualifies;
    (1..=all.len()).find(|count| qualifies(&all[..*count])).map(|count| all[..count].to_vec())
}

/// Each of the rules once, by an event of its own.
fn hits(rules: &[&Rule], day: Timestamp) -> Vec<Hit> {
    let hit = |(number, rule): (u128, &&Rule)| Hit {
        rule: rule.id.clone(),
        at: day,
        event: EventId::from_bytes(number.to_be_bytes()),
        value: None,
    };
    (0_u128..).zip(rules).map(hit).collect()
}

/// A profile with the best value of each attribute, and with what the ideal customer profile asks for.
fn best(model: &Model) -> Profile {
    let mut profile = Profile::default();
    let of_attributes = model.spec.attributes.iter().map(|of| (of.attribute.as_str(), best_value(of)));
    let of_icp = model.spec.icp.iter().map(|of: &Icp| (of.attribute.as_str(), meets(&of.is)));
    // What the ideal customer is comes last and wins.
    for (attribute, value) in of_attributes.chain(of_icp) {
        let Some(value) = value else { continue };
        match attribute {
            "email_domain" => profile.domain = Some(EmailDomain::Company(Text::clean(&value))),
            "email_class" if value == "company" => {
                profile.domain.get_or_insert_with(|| EmailDomain::Company(Text::clean("company.example")));
            }
            "email_class" => {}
            _ => _ = profile.attributes.insert(Text::clean(attribute), Text::clean(&value)),
        }
    }
    profile
}

fn best_value(attribute: &Attribute) -> Option<String> {
    match &attribute.scale {
        Scale::Bands(bands) => bands.iter().max_by_key(|band| band.points).map(in_band),
        Scale::Map(map) => map.iter().max_by_key(|(_, points)| **points).map(|(value, _)| value.clone()),
        Scale::Patterns(list) => {
            let best = list.iter().max_by_key(|(_, points)| *points);
            best.and_then(|(phrases, _)| phrases.first()).map(plain)
        }
    }
}

fn in_band(band: &Band) -> String {
    band.gte.unwrap_or(Number::whole(0)).to_string()
}

fn plain(phrase: &Phrase) -> String {
    phrase.source().replace('*', "")
}

fn meets(condition: &Condition) -> Option<String> {
    match condition {
        Condition::In(values) => values.first().cloned(),
        Condition::Patterns(phrases) => phrases.first().map(plain),
        Condition::Range { gte, .. } => Some(gte.unwrap_or(Number::whole(0)).to_string()),
    }
}
