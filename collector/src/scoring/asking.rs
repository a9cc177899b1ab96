//! Which unknown attributes would tell most about a lead. Invariant: what an answer is worth is found by evaluating
//! the lead with it, never by a second arithmetic; nothing is asked that is known, and the order is the same
//! whatever the order of the leads that were counted.
//!
//! The measure: the expected absolute change of the total. Each answer that the model tells apart is weighed by how
//! many of the site's leads gave it, and once more, so that a site without leads asks by the model alone and no
//! answer is ruled out by few. Answers that bring the same are one answer, however they are worded.

use super::{
    Model, Profile,
    model::{Condition, Scale, When},
    number::Number,
    pattern::Phrase,
};
use crate::domain::{Hit, Points, Text, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// At most so many are asked at a time: a form with more is left.
pub const ASKED_AT_MOST: usize = 2;
/// What an incomplete ICP requirement's attribute is worth at least: so many parts of the threshold.
const FLOOR_PARTS: i64 = 10;
/// An answer that no scale names.
const OTHER: &str = "other";

/// What an answer brings: the points by each attribute that reads it, whether it meets each ICP requirement and
/// whether each disqualifier takes it.
type Brings = Vec<i64>;

/// What a site's leads answered, by field of the profile; made by [`Model::answers`] and for that model only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    fields: BTreeMap<String, BTreeMap<Brings, Answer>>,
}

/// Answers that bring the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    /// One of them, the first in the order of text.
    value: Text<200>,
    /// How many leads gave one, and one more where the model's own scale names it.
    weight: u64,
}

/// An attribute that is worth asking for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ask {
    /// The field of the profile, as forms name it.
    pub attribute: String,
    /// What the model calls it.
    pub label: String,
    /// By how many points the total is expected to change, up or down, rounded to the nearest.
    pub expected_points: i64,
    /// Whether an answer alone could make it an MQL, or keep it from being one.
    pub could_decide: bool,
}

impl Model {
    /// Nobody's answers yet: each that the model's own scales name, once.
    pub fn answers(&self) -> Answers {
        let mut answers = Answers::default();
        for field in self.askable() {
            for example in self.examples(field) {
                answers.add(self, field, &example);
            }
        }
        answers
    }

    /// Adds what a lead answered.
    pub fn add_answers(&self, answers: &mut Answers, profile: &Profile) {
        for field in self.askable() {
            if let Some(value) = profile.value(field) {
                answers.add(self, field, value);
            }
        }
    }

    /// What to ask a lead for, at most [`ASKED_AT_MOST`]: what could decide first, then by the expected change of
    /// the total, then by name. Nothing that is known, and nothing that would change nothing.
    ///
    /// Only fields `among` those that may be asked for.
    ///
    /// The attribute of an ICP requirement that cannot be answered yet counts a tenth of the threshold at least:
    /// with several of them open none decides alone, and they are worth asking for all the same.
    pub fn worth_asking(
        &self,
        hits: &[Hit],
        profile: &Profile,
        as_of: Timestamp,
        answers: &Answers,
        among: &dyn Fn(&str) -> bool,
    ) -> Vec<Ask> {
        let now = self.evaluate(hits, profile, as_of);
        let may_ask = self.askable().into_iter().filter(|field| among(field));
        let unknown = may_ask
            .filter(|field| profile.value(field).is_none_or(|value| self.brings(field, value).is_none()));
        let mut worth: Vec<(i64, Ask)> = Vec::new();
        for field in unknown {
            let (mut change, mut weights, mut could_decide) = (0_i128, 0_i128, false);
            for Answer { value, weight } in answers.fields.get(field).into_iter().flat_map(BTreeMap::values) {
                let mut with = profile.clone();
                with.attributes.insert(Text::clean(field), value.clone());
                let then = self.evaluate(hits, &with, as_of);
                let moved = (then.total - now.total).milli().unsigned_abs();
                change += i128::from(moved) * i128::from(*weight);
                weights += i128::from(*weight);
                could_decide |= then.qualifies != now.qualifies;
            }
            let expected = if weights == 0 { 0 } else { (change + weights / 2) / weights };
            let floor = if self.spec.icp.iter().any(|icp| icp.attribute == field) {
                self.threshold().milli() / FLOOR_PARTS
            } else {
                0
            };
            let expected = i64::try_from(expected).unwrap_or(i64::MAX).max(floor);
            if expected > 0 || could_decide {
                let ask = Ask {
                    attribute: field.to_owned(),
                    label: self.label_of(field).to_owned(),
                    expected_points: (expected + 500) / 1_000,
                    could_decide,
                };
                worth.push((expected, ask));
            }
        }
        let order = |(expected, ask): &(i64, Ask)| {
            (std::cmp::Reverse((ask.could_decide, *expected)), ask.attribute.clone())
        };
        worth.sort_by_key(order);
        worth.into_iter().take(ASKED_AT_MOST).map(|(_, ask)| ask).collect()
    }

    /// Fields that attributes or ICP requirements read and that somebody can be asked for: what the address tells
    /// is told by the address.
    fn askable(&self) -> BTreeSet<&str> {
        let attributes = self.spec.attributes.iter().map(|attribute| attribute.attribute.as_str());
        let icp = self.spec.icp.iter().map(|icp| icp.attribute.as_str());
        attributes.chain(icp).filter(|field| !matches!(*field, "email_domain" | "email_class")).collect()
    }

    fn label_of<'a>(&'a self, field: &'a str) -> &'a str {
        let attribute = self.spec.attributes.iter().find(|attribute| attribute.attribute == field);
        let icp = || self.spec.icp.iter().find(|icp| icp.attribute == field).map(|icp| icp.label.as_str());
        attribute.map(|attribute| attribute.label.as_str()).or_else(icp).unwrap_or(field)
    }

    /// What a value brings; nothing when one that reads the field cannot read it.
    fn brings(&self, field: &str, value: &str) -> Option<Brings> {
        let mut probe = Profile::default();
        probe.attributes.insert(Text::clean(field), Text::clean(value));
        let mut brings = Vec::new();
        for attribute in self.spec.attributes.iter().filter(|attribute| attribute.attribute == field) {
            brings.push(attribute.score(&probe)?.1.milli());
        }
        for icp in self.spec.icp.iter().filter(|icp| icp.attribute == field) {
            brings.push(i64::from(icp.is.holds(value)?));
        }
        for disqualifier in &self.spec.disqualifiers {
            if let When::Attribute { attribute, is } = &disqualifier.when
                && attribute == field
            {
                brings.push(i64::from(is.holds(value) == Some(true)));
            }
        }
        Some(brings)
    }

    /// Values that the model's scales name, and one that none does.
    fn examples(&self, field: &str) -> Vec<String> {
        let mut examples = Vec::new();
        for attribute in self.spec.attributes.iter().filter(|attribute| attribute.attribute == field) {
            match &attribute.scale {
                Scale::Bands(bands) => bands.iter().for_each(|band| range(band.gte, band.lt, &mut examples)),
                Scale::Map(map) => examples.extend(map.keys().cloned()),
                Scale::Patterns(list) => examples.extend(list.iter().flat_map(|(any, _)| any).map(phrase)),
            }
        }
        for icp in self.spec.icp.iter().filter(|icp| icp.attribute == field) {
            match &icp.is {
                Condition::In(values) => examples.extend(values.iter().cloned()),
                Condition::Patterns(any) => examples.extend(any.iter().map(phrase)),
                Condition::Range { gte, lt } => range(*gte, *lt, &mut examples),
            }
        }
        examples.push(OTHER.to_owned());
        // Many ways to say the same are one example.
        let mut seen = BTreeSet::new();
        examples.retain(|example| {
            let brings = self.brings(field, example);
            brings.is_some_and(|brings| seen.insert(brings))
        });
        examples
    }
}

impl Answers {
    fn add(&mut self, model: &Model, field: &str, value: &str) {
        let Some(brings) = model.brings(field, value) else { return };
        let value = Text::clean(value);
        let answers = self.fields.entry(field.to_owned()).or_default();
        let answer = answers.entry(brings).or_insert_with(|| Answer { value: value.clone(), weight: 0 });
        answer.weight += 1;
        if value < answer.value {
            answer.value = value;
        }
    }
}

/// The first number within, and 0, which is most often the one below.
fn range(gte: Option<Number>, lt: Option<Number>, examples: &mut Vec<String>) {
    examples.extend(gte.map(|gte| gte.to_string()));
    examples.extend(lt.map(|lt| lt.to_string()));
    examples.push(Points::ZERO.to_string());
}

fn phrase(phrase: &Phrase) -> String {
    phrase.source().replace('*', "")
}
