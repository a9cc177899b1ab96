//! From the shape of a file to a model that holds together. Invariant: every problem of meaning is
//! reported at once, each with its place and what would be right; nothing is corrected silently.

mod events;
mod profile;
mod reach;

pub(super) use reach::most;

use super::{
    ModelError,
    decay::Decay,
    error::{Problem, place},
    grade::Grades,
    model::{Axis, Clamp, Clamps, Group, MinEngagements, Mql, Spec},
    schema::{RawClamp, RawClamps, RawGrades, RawGroup, RawModel, RawMql},
    sla::Sla,
};
use crate::domain::{Points, RuleId};
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// A model file is text that people write; ten thousand lines are plenty.
const LONGEST_FILE: usize = 1 << 20;
/// The most points a single rule or band gives or takes.
const MOST_POINTS: Points = Points::whole(10_000);
/// The most days of a window or a decay: ten years.
const MOST_DAYS: u32 = 3_650;

/// Reads and checks a model file.
pub(super) fn check(source: &str) -> Result<Spec, ModelError> {
    if source.len() > LONGEST_FILE {
        let message = "a model file has at most 1 MiB".to_owned();
        return Err(ModelError::new(vec![Problem { line: 1, column: 1, key: String::new(), message }]));
    }
    let raw: RawModel = toml::from_str(source).map_err(|error| ModelError::syntax(source, &error))?;
    let mut checker =
        Checker { source, problems: Vec::new(), taken: BTreeMap::new(), groups: BTreeMap::new() };
    let spec = checker.spec(raw);
    if checker.problems.is_empty() { Ok(spec) } else { Err(ModelError::new(checker.problems)) }
}

/// Where in the file we are: the byte and the key, such as `rule.demo_request`.
struct At {
    offset: usize,
    key: String,
}

impl At {
    fn new(offset: usize, key: impl Into<String>) -> Self {
        Self { offset, key: key.into() }
    }

    /// The same table, one key deeper.
    fn sub(&self, key: &str) -> Self {
        Self::new(self.offset, format!("{}.{key}", self.key))
    }
}

struct Checker<'s> {
    source: &'s str,
    problems: Vec<Problem>,
    /// Ids of rules, attributes, disqualifiers and ICP requirements so far, with what has them.
    taken: BTreeMap<RuleId, &'static str>,
    /// Groups by id, with the decay that their rules inherit.
    groups: BTreeMap<String, (Group, Decay)>,
}

impl Checker<'_> {
    fn say(&mut self, at: &At, message: impl Into<String>) {
        let (line, column) = place(self.source, at.offset);
        self.problems.push(Problem { line, column, key: at.key.clone(), message: message.into() });
    }

    fn spec(&mut self, raw: RawModel) -> Spec {
        let name = raw.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 {
            self.say(&At::new(0, "name"), "give the model a name of at most 100 characters");
        }
        for group in raw.group {
            self.group(group);
        }
        let mut rules: Vec<_> = raw.rule.into_iter().filter_map(|rule| self.rule(rule)).collect();
        let mut attributes: Vec<_> = raw.attribute.into_iter().filter_map(|a| self.attribute(a)).collect();
        let mut disqualifiers: Vec<_> =
            raw.disqualifier.into_iter().filter_map(|d| self.disqualifier(d)).collect();
        let mut icp: Vec<_> = raw.icp.into_iter().filter_map(|icp| self.icp(icp)).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        attributes.sort_by(|a, b| a.id.cmp(&b.id));
        disqualifiers.sort_by(|a, b| a.id.cmp(&b.id));
        icp.sort_by(|a, b| a.id.cmp(&b.id));
        let clamp_at = At::new(raw.clamp.as_ref().map_or(0, |clamp| clamp.span().start), "clamp");
        let clamp = self.clamps(&clamp_at, raw.clamp.map(Spanned::into_inner).unwrap_or_default());
        let mql_at = At::new(raw.mql.span().start, "mql");
        let mql = self.mql(&mql_at, raw.mql.into_inner());
        if mql.icp_required && icp.is_empty() {
            self.say(
                &mql_at.sub("icp_required"),
                "there is no [[icp]] table to require; add one or leave this out",
            );
        }
        let grades_at = At::new(raw.grades.as_ref().map_or(0, |grades| grades.span().start), "grades");
        let grades = raw.grades.map(|grades| self.grades(&grades_at, grades.get_ref()));
        let sla = raw.sla.map(|sla| self.sla(&At::new(sla.span().start, "sla"), *sla.get_ref()));
        let groups =
            std::mem::take(&mut self.groups).into_iter().map(|(id, (group, _))| (id, group)).collect();
        let spec = Spec { name, mql, clamp, grades, sla, groups, rules, attributes, disqualifiers, icp };
        if self.problems.is_empty() {
            reach::check(self, &mql_at, &grades_at, &spec);
        }
        spec
    }

    fn group(&mut self, raw: Spanned<RawGroup>) {
        let offset = raw.span().start;
        let raw = raw.into_inner();
        let at = At::new(offset, format!("group.{}", super::pattern::short(&raw.id)));
        let id = self.id(&at, &raw.id);
        self.label(&at, &raw.label);
        self.cap(&at, raw.cap);
        let decay = raw.decay.as_ref().map_or(Decay::None, |decay| self.decay(&at.sub("decay"), decay));
        if raw.axis == Axis::Fit && raw.decay.is_some() {
            self.say(
                &at.sub("decay"),
                "fit is read from the current profile and does not decay; leave this out",
            );
        }
        let Some(id) = id else { return };
        let group = Group { label: raw.label.trim().to_owned(), axis: raw.axis, cap: raw.cap };
        if self.groups.insert(id.as_str().to_owned(), (group, decay)).is_some() {
            self.say(
                &at.sub("id"),
                format!("there is another group `{id}`; give this one a name of its own"),
            );
        }
    }

    /// A well-formed id; whether somebody else has it is not asked.
    fn id(&mut self, at: &At, raw: &str) -> Option<RuleId> {
        RuleId::parse(raw).map_err(|invalid| self.say(&at.sub("id"), invalid.0)).ok()
    }

    /// A well-formed id that nothing else in the model has.
    fn own_id(&mut self, at: &At, raw: &str, what: &'static str) -> Option<RuleId> {
        let id = self.id(at, raw)?;
        if let Some(other) = self.taken.get(&id) {
            let message = format!("the id `{id}` is {other}'s already; give this {what} an id of its own");
            self.say(&at.sub("id"), message);
            return None;
        }
        let owner = match what {
            "rule" => "a rule",
            "attribute" => "an attribute",
            "disqualifier" => "a disqualifier",
            _ => "an icp requirement",
        };
        self.taken.insert(id.clone(), owner);
        Some(id)
    }

    fn label(&mut self, at: &At, label: &str) {
        if label.trim().is_empty() || label.chars().count() > 100 {
            self.say(
                &at.sub("label"),
                "write what people will read in explanations, in at most 100 characters",
            );
        }
    }

    fn points(&mut self, at: &At, points: Points) {
        if points > MOST_POINTS || points < -MOST_POINTS {
            self.say(at, format!("{points} points are too many; at most {MOST_POINTS} either way"));
        }
    }

    fn cap(&mut self, at: &At, cap: Option<Points>) {
        if let Some(cap) = cap
            && cap < Points::ZERO
        {
            self.say(
                &at.sub("cap"),
                format!("a cap is the most points either way, so {cap} cannot be one; write {}", -cap),
            );
        }
    }

    fn days(&mut self, at: &At, days: Option<u32>) {
        if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
            self.say(at, format!("write a number of days from 1 to {MOST_DAYS}"));
        }
    }

    /// The group of a rule or attribute; it has to be on the `axis`.
    fn in_group(&mut self, at: &At, id: &str, axis: Axis) -> bool {
        let Some((group, _)) = self.groups.get(id) else {
            let known: Vec<_> = self.groups.keys().map(|id| format!("`{id}`")).collect();
            let known = if known.is_empty() {
                "there are none yet".into()
            } else {
                format!("there are {}", known.join(", "))
            };
            self.say(&at.sub("group"), format!("there is no group `{}`; {known}", super::pattern::short(id)));
            return false;
        };
        if group.axis != axis {
            let (is, has) = (
                group.axis,
                if axis == Axis::Fit { "attributes count for fit" } else { "rules count for engagement" },
            );
            self.say(
                &at.sub("group"),
                format!("the group `{id}` is on the axis {is}, but {has}; choose a group on the axis {axis}"),
            );
            return false;
        }
        true
    }

    fn clamps(&mut self, at: &At, raw: RawClamps) -> Clamps {
        let mut clamp = |key: &str, raw: Option<RawClamp>, least: Option<Points>| {
            let (min, max) = raw.map_or((None, None), |raw| (raw.min, raw.max));
            let clamp = Clamp { min: min.or(least), max };
            if let (Some(min), Some(max)) = (clamp.min, clamp.max)
                && min > max
            {
                self.say(
                    &at.sub(key),
                    format!("min = {min} is above max = {max}; swap them or leave one out"),
                );
            }
            clamp
        };
        Clamps {
            engagement: clamp("engagement", raw.engagement, Some(Points::ZERO)),
            fit: clamp("fit", raw.fit, Some(Points::ZERO)),
            total: clamp("total", raw.total, None),
        }
    }

    fn grades(&mut self, at: &At, raw: &RawGrades) -> Grades {
        let RawGrades { fit, engagement } = *raw;
        let (letters, numbers) = (at.sub("fit"), at.sub("engagement"));
        for (at, better, from, worse, to) in [
            (&letters, "A", fit.a, "B", fit.b),
            (&letters, "B", fit.b, "C", fit.c),
            (&numbers, "1", engagement.one, "2", engagement.two),
        ] {
            if from <= to {
                let message = format!(
                    "{better} is the better grade, so it takes more points: {better} = {from} has to be above {worse} = {to}"
                );
                self.say(at, message);
            }
        }
        Grades { fit, engagement }
    }

    fn sla(&mut self, at: &At, sla: Sla) -> Sla {
        if [sla.mql, sla.sal, sla.sql].iter().all(Option::is_none) {
            let message =
                "say how long a lead may wait in a stage, such as mql = \"24 hours\", or leave the table out";
            self.say(at, message);
        }
        sla
    }

    fn mql(&mut self, at: &At, raw: RawMql) -> Mql {
        if raw.total_gte <= Points::ZERO {
            self.say(&at.sub("total_gte"), "write the points an MQL needs, more than 0, such as 60");
        }
        if let Some(exit) = raw.exit_below
            && exit > raw.total_gte
        {
            let message = format!(
                "an MQL would fall out at once: {exit} is above total_gte = {}; write at most that",
                raw.total_gte
            );
            self.say(&at.sub("exit_below"), message);
        }
        self.days(&at.sub("active_within_days"), raw.active_within_days);
        self.days(&at.sub("cooldown_days"), raw.cooldown_days);
        let min_engagements = raw.min_engagements.map(|min| {
            let at = at.sub("min_engagements");
            self.days(&at.sub("within_days"), Some(min.within_days));
            if !(1..=super::MAX_COUNTED).contains(&(min.count as usize)) {
                self.say(&at.sub("count"), format!("write a number from 1 to {}", super::MAX_COUNTED));
            }
            MinEngagements { count: min.count, within_days: min.within_days }
        });
        let mut fast_track = BTreeSet::new();
        for id in raw.fast_track {
            match RuleId::parse(&id).ok().and_then(|id| self.taken.get(&id).map(|owner| (id, *owner))) {
                Some((id, "a rule")) => _ = fast_track.insert(id),
                Some(_) => {
                    self.say(
                        &at.sub("fast_track"),
                        format!("`{id}` is no behaviour rule; name the id of a [[rule]]"),
                    );
                }
                None => {
                    self.say(
                        &at.sub("fast_track"),
                        format!("there is no rule `{}`", super::pattern::short(&id)),
                    );
                }
            }
        }
        Mql {
            total_gte: raw.total_gte,
            fit_gte: raw.fit_gte,
            engagement_gte: raw.engagement_gte,
            min_engagements,
            active_within_days: raw.active_within_days,
            fast_track,
            icp_required: raw.icp_required,
            exit_below: raw.exit_below,
            cooldown_days: raw.cooldown_days,
        }
    }
}
