//! Checks what is about events: rules, their matching, repetition and decay. Invariant: a rule that
//! leaves here can match some event, and its decay never rises with age.

use super::{At, Checker, MOST_DAYS};
use crate::domain::{EventName, Points, Rung, Text, Trust};
use crate::scoring::{
    decay::{Decay, Step},
    model::{Axis, EventMatch, Field, Repeat, Rule, Source, Test, Where},
    pattern::{Glob, short},
    schema::{DecayKind, RawDecay, RawRule, RawSource, RawWhere, Texts},
};
use std::collections::BTreeSet;
use toml::Spanned;

impl Checker<'_> {
    pub(super) fn rule(&mut self, raw: Spanned<RawRule>) -> Option<Rule> {
        let offset = raw.span().start;
        let raw = raw.into_inner();
        let at = At::new(offset, format!("rule.{}", short(&raw.id)));
        let id = self.own_id(&at, &raw.id, "rule");
        self.label(&at, &raw.label);
        self.points(&at.sub("points"), raw.points);
        if raw.points == Points::ZERO {
            self.say(&at.sub("points"), "a rule of 0 points changes nothing; give it points or leave it out");
        }
        self.cap(&at, raw.cap);
        self.days(&at.sub("window_days"), raw.window_days);
        let in_group = self.in_group(&at, &raw.group, Axis::Engagement);
        let decay = match &raw.decay {
            Some(decay) => self.decay(&at.sub("decay"), decay),
            None => self.groups.get(&raw.group).map_or(Decay::None, |(_, decay)| decay.clone()),
        };
        let matcher = self.matcher(&at, &raw.event, raw.path, raw.conditions, raw.min_trust, raw.min_rung);
        let repeat = raw.repeat.unwrap_or(Repeat::Once);
        let per = match (repeat, raw.per) {
            (Repeat::PerValue, Some(per)) => self.source(&at.sub("per"), per.field, per.property),
            (Repeat::PerValue, None) => {
                self.say(&at.sub("per"), "say whose values count, such as per = { field = \"path\" } or per = { property = \"file\" }");
                None
            }
            (_, Some(RawSource { .. })) => {
                self.say(
                    &at.sub("per"),
                    "`per` goes with repeat = \"per_value\" only; change one of the two",
                );
                None
            }
            (_, None) => None,
        };
        Some(Rule {
            id: id.filter(|_| in_group)?,
            label: raw.label.trim().to_owned(),
            group: raw.group,
            matcher,
            points: raw.points,
            repeat,
            per,
            cap: raw.cap,
            window_days: raw.window_days,
            decay,
        })
    }

    pub(super) fn decay(&mut self, at: &At, raw: &RawDecay) -> Decay {
        let days = raw.days.unwrap_or(0);
        let needs_days = matches!(raw.kind, DecayKind::Linear | DecayKind::HalfLife);
        if needs_days && raw.days.is_none() {
            self.say(at, "this kind of decay needs `days`, such as days = 30");
        } else if needs_days {
            self.days(&at.sub("days"), raw.days);
        } else if raw.days.is_some() {
            self.say(&at.sub("days"), "`days` goes with kind = \"linear\" and \"half_life\" only");
        }
        if raw.kind != DecayKind::Step && raw.steps.is_some() {
            self.say(&at.sub("steps"), "`steps` goes with kind = \"step\" only");
        }
        match raw.kind {
            DecayKind::None => Decay::None,
            DecayKind::Linear => Decay::Linear { days },
            DecayKind::HalfLife => Decay::HalfLife { days },
            DecayKind::Step => Decay::Step { steps: self.steps(at, raw) },
        }
    }

    fn steps(&mut self, at: &At, raw: &RawDecay) -> Vec<Step> {
        let raw = raw.steps.as_deref().unwrap_or_default();
        if raw.is_empty() {
            self.say(
                at,
                "this kind of decay needs `steps`, such as steps = [{ after_days = 30, percent = 50 }]",
            );
        }
        let mut steps: Vec<Step> =
            raw.iter().map(|s| Step { after_days: s.after_days, percent: s.percent }).collect();
        steps.sort_by_key(|step| step.after_days);
        if steps.iter().any(|step| step.after_days > MOST_DAYS || step.percent > 100) {
            self.say(&at.sub("steps"), format!("after_days is 0 to {MOST_DAYS}, percent is 0 to 100"));
        }
        for pair in steps.windows(2) {
            if pair[0].after_days == pair[1].after_days {
                self.say(
                    &at.sub("steps"),
                    format!("two steps start after {} days; keep one", pair[0].after_days),
                );
            } else if pair[0].percent < pair[1].percent {
                let message = format!(
                    "points never come back with age: {} % after {} days is more than {} % before",
                    pair[1].percent, pair[1].after_days, pair[0].percent
                );
                self.say(&at.sub("steps"), message);
            }
        }
        steps
    }

    pub(super) fn matcher(
        &mut self,
        at: &At,
        events: &Texts,
        paths: Option<Texts>,
        conditions: Vec<RawWhere>,
        min_trust: Option<Trust>,
        min_rung: Option<Rung>,
    ) -> EventMatch {
        let any = events.0.iter().any(|name| name == "*");
        if events.0.is_empty() {
            self.say(&at.sub("event"), "name at least one event, or \"*\" for any");
        }
        let mut names = BTreeSet::new();
        for name in events.0.iter().filter(|_| !any) {
            match EventName::parse(name) {
                Ok(name) => _ = names.insert(name.as_str().to_owned()),
                Err(invalid) => self.say(&at.sub("event"), format!("`{}`: {invalid}", short(name))),
            }
        }
        let mut globs = BTreeSet::new();
        for path in paths.into_iter().flat_map(|paths| paths.0) {
            // As the paths of events are compared: without a slash at the end.
            let trimmed = path.trim().trim_end_matches('/');
            match Glob::path(if trimmed.is_empty() { &path } else { trimmed }) {
                Ok(glob) => _ = globs.insert(glob),
                Err(invalid) => self.say(&at.sub("path"), invalid.0),
            }
        }
        let mut checked: Vec<Where> = Vec::new();
        for (index, raw) in conditions.into_iter().enumerate() {
            checked.extend(self.condition(&at.sub(&format!("where[{index}]")), raw));
        }
        checked.sort();
        checked.dedup();
        EventMatch {
            events: names,
            paths: globs,
            conditions: checked,
            min_trust: min_trust.unwrap_or(Trust::Human),
            min_rung: min_rung.unwrap_or(Rung::Unset),
        }
    }

    fn condition(&mut self, at: &At, raw: RawWhere) -> Option<Where> {
        let of = self.source(at, raw.field, raw.property)?;
        let in_segments = of == Source::Field(Field::Path);
        let glob = match raw.glob.as_deref().map(if in_segments { Glob::path } else { Glob::text }) {
            Some(Err(invalid)) => {
                self.say(&at.sub("glob"), invalid.0);
                return None;
            }
            Some(Ok(glob)) => Some(Test::Glob(glob)),
            None => None,
        };
        let values = raw.eq.map(|value| vec![value]).into_iter().chain(raw.one_of);
        let mut tests: Vec<Test> = values
            .map(|values| Test::In(values.into_iter().map(|value| value.0.trim().to_lowercase()).collect()))
            .chain(raw.gte.map(Test::Gte))
            .chain(raw.lte.map(Test::Lte))
            .chain(glob)
            .collect();
        if tests.len() != 1 || matches!(&tests[0], Test::In(values) if values.is_empty()) {
            self.say(
                at,
                "give exactly one of eq, in, gte, lte, glob, with a value; two conditions are two entries",
            );
            return None;
        }
        tests.pop().map(|test| Where { of, test })
    }

    fn source(&mut self, at: &At, field: Option<Field>, property: Option<String>) -> Option<Source> {
        match (field, property) {
            (Some(field), None) => Some(Source::Field(field)),
            (None, Some(name)) if !name.is_empty() && Text::<40>::clean(&name).as_str() == name => {
                Some(Source::Property(name))
            }
            (None, Some(_)) => {
                self.say(&at.sub("property"), "a property's name has 1 to 40 characters");
                None
            }
            _ => {
                self.say(at, "give either `field`, which every event has, or `property`, which yours have");
                None
            }
        }
    }
}
