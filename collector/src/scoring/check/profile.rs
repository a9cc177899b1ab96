//! Checks what is about people: attributes, disqualifiers, ICP requirements. Invariant: each scale gives
//! a value one answer, and each gate has exactly one thing to look at.

use super::{At, Checker};
use crate::domain::{Points, SiteId};
use crate::scoring::{
    model::{Attribute, Axis, Band, Condition, Disqualifier, Icp, Scale, When},
    number::Number,
    pattern::{Phrase, short},
    schema::{RawAttribute, RawBand, RawDisqualifier, RawIcp, RawPattern, Texts},
};
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// The keys that make a [`Condition`].
struct RawCondition {
    one_of: Option<Texts>,
    patterns: Option<Texts>,
    gte: Option<Number>,
    lt: Option<Number>,
}

impl Checker<'_> {
    pub(super) fn attribute(&mut self, raw: Spanned<RawAttribute>) -> Option<Attribute> {
        let offset = raw.span().start;
        let raw = raw.into_inner();
        let at = At::new(offset, format!("attribute.{}", short(&raw.id)));
        let id = self.own_id(&at, &raw.id, "attribute");
        self.label(&at, &raw.label);
        let in_group = self.in_group(&at, &raw.group, Axis::Fit);
        self.attribute_name(&at, &raw.attribute);
        let unknown_points = raw.unknown_points.unwrap_or(Points::ZERO);
        self.points(&at.sub("unknown_points"), unknown_points);
        let scale = match (raw.bands, raw.map, raw.patterns) {
            (Some(bands), None, None) => Some(self.bands(&at.sub("bands"), bands)),
            (None, Some(map), None) => Some(self.map(&at.sub("map"), map)),
            (None, None, Some(patterns)) => Some(self.pattern_list(&at.sub("patterns"), patterns)),
            _ => {
                self.say(
                    &at,
                    "give exactly one of `bands` (for numbers), `map` (for values), `patterns` (for words)",
                );
                None
            }
        };
        Some(Attribute {
            id: id.filter(|_| in_group)?,
            label: raw.label.trim().to_owned(),
            group: raw.group,
            attribute: raw.attribute,
            scale: scale?,
            unknown_points,
        })
    }

    fn attribute_name(&mut self, at: &At, name: &str) {
        let ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !(1..=40).contains(&name.len()) || !name.bytes().all(ok) {
            let message = format!(
                "`{}` is no attribute; write its name as in data-mq-field, such as job_title",
                short(name)
            );
            self.say(&at.sub("attribute"), message);
        }
    }

    fn bands(&mut self, at: &At, raw: Vec<RawBand>) -> Scale {
        if raw.is_empty() {
            self.say(at, "give at least one band, such as { gte = 500, points = 15 }");
        }
        let mut bands: Vec<Band> =
            raw.into_iter().map(|b| Band { gte: b.gte, lt: b.lt, points: b.points }).collect();
        bands.sort_by_key(|band| (band.gte, band.lt));
        for band in &bands {
            self.points(at, band.points);
            self.range(at, band.gte, band.lt);
        }
        for pair in bands.windows(2) {
            // Sorted by lower bound, no lower bound first: they overlap unless the first ends in time.
            let apart = pair[0].lt.zip(pair[1].gte).is_some_and(|(end, start)| end <= start);
            if !apart {
                let message = format!(
                    "the bands {} and {} overlap; let each end (lt) where the next begins (gte)",
                    span(pair[0].gte, pair[0].lt),
                    span(pair[1].gte, pair[1].lt)
                );
                self.say(at, message);
            }
        }
        Scale::Bands(bands)
    }

    fn range(&mut self, at: &At, gte: Option<Number>, lt: Option<Number>) {
        match (gte, lt) {
            (None, None) => self.say(at, "give `gte`, `lt`, or both"),
            (Some(gte), Some(lt)) if gte >= lt => {
                self.say(at, format!("nothing is at least {gte} and below {lt}; swap the two"));
            }
            _ => {}
        }
    }

    fn map(&mut self, at: &At, raw: BTreeMap<String, Points>) -> Scale {
        if raw.is_empty() {
            self.say(at, "give at least one value, such as { software = 10 }");
        }
        let mut map = BTreeMap::new();
        for (value, points) in raw {
            self.points(&at.sub(&short(&value)), points);
            if map.insert(value.trim().to_lowercase(), points).is_some() {
                self.say(&at.sub(&short(&value)), "this value is here twice, but for capitals; keep one");
            }
        }
        Scale::Map(map)
    }

    fn pattern_list(&mut self, at: &At, raw: Vec<RawPattern>) -> Scale {
        if raw.is_empty() {
            self.say(at, "give at least one entry, such as { any = [\"head of*\", \"cto\"], points = 20 }");
        }
        let mut list = Vec::new();
        for (index, entry) in raw.into_iter().enumerate() {
            let at = At::new(at.offset, format!("{}[{index}]", at.key));
            self.points(&at, entry.points);
            list.push((self.phrases(&at.sub("any"), entry.any), entry.points));
        }
        Scale::Patterns(list)
    }

    fn phrases(&mut self, at: &At, raw: Texts) -> Vec<Phrase> {
        if raw.0.is_empty() {
            self.say(at, "give at least one pattern");
        }
        let mut phrases = BTreeSet::new();
        for text in raw.0 {
            match Phrase::parse(&text) {
                Ok(phrase) => _ = phrases.insert(phrase),
                Err(invalid) => self.say(at, invalid.0),
            }
        }
        phrases.into_iter().collect()
    }

    fn values(&mut self, at: &At, raw: &Texts) -> BTreeSet<String> {
        let values: BTreeSet<String> = raw.0.iter().map(|value| value.trim().to_lowercase()).collect();
        if values.is_empty() || values.contains("") {
            self.say(at, "give at least one value, none of them empty");
        }
        values
    }

    fn attribute_condition(&mut self, at: &At, raw: RawCondition) -> Option<Condition> {
        match raw {
            RawCondition { one_of: Some(values), patterns: None, gte: None, lt: None } => {
                Some(Condition::In(self.values(&at.sub("in"), &values)))
            }
            RawCondition { one_of: None, patterns: Some(patterns), gte: None, lt: None } => {
                Some(Condition::Patterns(self.phrases(&at.sub("patterns"), patterns)))
            }
            RawCondition { one_of: None, patterns: None, gte, lt } if gte.is_some() || lt.is_some() => {
                self.range(at, gte, lt);
                Some(Condition::Range { gte, lt })
            }
            _ => {
                self.say(at, "give exactly one of `in`, `patterns`, or `gte` and `lt`");
                None
            }
        }
    }

    pub(super) fn disqualifier(&mut self, raw: Spanned<RawDisqualifier>) -> Option<Disqualifier> {
        let offset = raw.span().start;
        let raw = raw.into_inner();
        let at = At::new(offset, format!("disqualifier.{}", short(&raw.id)));
        let id = self.own_id(&at, &raw.id, "disqualifier");
        self.label(&at, &raw.label);
        let event_keys = raw.path.is_some()
            || !raw.conditions.is_empty()
            || raw.times.is_some()
            || raw.window_days.is_some()
            || raw.min_trust.is_some()
            || raw.min_rung.is_some();
        let condition = RawCondition { one_of: raw.one_of, patterns: raw.patterns, gte: raw.gte, lt: raw.lt };
        let condition_keys = condition.one_of.is_some()
            || condition.patterns.is_some()
            || condition.gte.is_some()
            || condition.lt.is_some();
        let when = match (raw.domains, raw.attribute, raw.event) {
            (Some(domains), None, None) if !event_keys && !condition_keys => {
                Some(When::Domains(self.domains(&at.sub("domains"), domains)))
            }
            (None, Some(attribute), None) if !event_keys => {
                self.attribute_name(&at, &attribute);
                let is = self.attribute_condition(&at, condition);
                is.map(|is| When::Attribute { attribute, is })
            }
            (None, None, Some(event)) if !condition_keys => {
                let matcher =
                    self.matcher(&at, &event, raw.path, raw.conditions, raw.min_trust, raw.min_rung);
                self.days(&at.sub("window_days"), raw.window_days);
                let times = raw.times.unwrap_or(1);
                if !(1..=crate::scoring::MAX_COUNTED).contains(&(times as usize)) {
                    self.say(
                        &at.sub("times"),
                        format!("write a number from 1 to {}", crate::scoring::MAX_COUNTED),
                    );
                }
                Some(When::Event { matcher, times, window_days: raw.window_days })
            }
            _ => {
                let message = "give exactly one of `domains`; `attribute` with in, patterns, gte or lt; \
                    `event` with path, where, times, window_days, min_trust or min_rung";
                self.say(&at, message);
                None
            }
        };
        Some(Disqualifier { id: id?, label: raw.label.trim().to_owned(), when: when? })
    }

    fn domains(&mut self, at: &At, raw: Texts) -> BTreeSet<String> {
        if raw.0.is_empty() {
            self.say(at, "give at least one domain, such as competitor.com");
        }
        let mut domains = BTreeSet::new();
        for text in raw.0 {
            match SiteId::parse(&text) {
                Ok(domain) => _ = domains.insert(domain.as_str().to_owned()),
                Err(_) => {
                    self.say(at, format!("`{}` is not a domain; write it like competitor.com", short(&text)))
                }
            }
        }
        domains
    }

    pub(super) fn icp(&mut self, raw: Spanned<RawIcp>) -> Option<Icp> {
        let offset = raw.span().start;
        let raw = raw.into_inner();
        let at = At::new(offset, format!("icp.{}", short(&raw.id)));
        let id = self.own_id(&at, &raw.id, "icp requirement");
        self.label(&at, &raw.label);
        self.attribute_name(&at, &raw.attribute);
        let condition = RawCondition { one_of: raw.one_of, patterns: raw.patterns, gte: raw.gte, lt: raw.lt };
        let is = self.attribute_condition(&at, condition);
        Some(Icp { id: id?, label: raw.label.trim().to_owned(), attribute: raw.attribute, is: is? })
    }
}

fn span(gte: Option<Number>, lt: Option<Number>) -> String {
    match (gte, lt) {
        (Some(gte), Some(lt)) => format!("{gte} to {lt}"),
        (Some(gte), None) => format!("from {gte}"),
        (None, Some(lt)) => format!("below {lt}"),
        (None, None) => "without bounds".into(),
    }
}
