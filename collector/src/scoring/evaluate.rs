//! Hits and profile to a score that explains itself. Invariant: the lines sum to the total, and fit,
//! engagement and the total's clamp do; every cap and clamp is a line; nothing but the arguments counts.

use super::{
    Model, Profile,
    counting::{ByRule, by_rule},
    decay::age_in_days,
    grade::Grade,
    model::{Axis, Clamp, Rule, Spec},
    overrides,
    predicate::{GateKind, GateOutcome, GateResult, day},
};
use crate::domain::{Hit, Points, RuleId, Score, Timestamp};
use serde::Serialize;

/// What a line of an explanation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// What a behaviour rule gave, after decay.
    Rule,
    /// What an attribute of the profile gave.
    Attribute,
    /// What somebody adds to an axis, or takes from it.
    Override,
    /// What the rule's own cap takes back.
    RuleCap,
    /// What the group's cap takes back.
    GroupCap,
    /// What the axis's least and most change.
    AxisClamp,
    /// What the total's least and most change.
    TotalClamp,
}

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// Which axis it counts for.
    pub axis: Axis,
    /// The group's id; empty for overrides and clamps.
    pub group: String,
    /// The rule's, attribute's or group's id; for clamps the axis, for overrides `override_` and their number.
    pub id: String,
    /// For people.
    pub label: String,
    /// What it adds; negative when it takes.
    pub points: Points,
    /// How many hits count; 0 when all have faded, and for caps and clamps; 1 for attributes.
    pub count: u32,
    /// The first hit that counts.
    pub first_at: Option<Timestamp>,
    /// The last hit that counts; when all have faded, the last there was.
    pub last_at: Option<Timestamp>,
    /// The arithmetic in words, such as `2 × 3`.
    pub detail: String,
}

/// Which attributes of the model could be read from the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Ids of attributes with a value that can be scored, ascending.
    pub known: Vec<String>,
    /// Ids of those without, ascending.
    pub unknown: Vec<String>,
}

/// A score at a moment, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evaluation {
    /// The moment; hits after it were not looked at.
    pub as_of: Timestamp,
    /// The score.
    pub total: Points,
    /// What the lead is.
    pub fit: Points,
    /// What the lead did.
    pub engagement: Points,
    /// Sum to `total` exactly. Engagement first, then fit, then the total's clamp; groups by id, in each
    /// the largest first, a rule's cap right after it, the group's cap last; after the groups of an axis the
    /// overrides by number, then the axis's clamp.
    pub lines: Vec<Line>,
    /// Disqualifiers, then ICP requirements, then overrides that count: one that holds fails, one that qualifies
    /// passes.
    pub gates: Vec<GateResult>,
    /// How good it is at a glance, where the model has grades.
    pub grade: Option<Grade>,
    /// Whether this is an MQL.
    pub qualifies: bool,
    /// The rule that qualifies it by itself, if one does and no gate is in the way.
    pub fast_track: Option<RuleId>,
    /// What is missing to qualify, in sentences; empty exactly when it qualifies.
    pub missing: Vec<String>,
    /// Whether nothing is missing but points in total, if anything is.
    #[serde(skip)]
    pub but_for_total: bool,
    /// Which attributes were known.
    pub coverage: Coverage,
}

impl Evaluation {
    /// The total and its axes.
    pub const fn score(&self) -> Score {
        Score { total: self.total, fit: self.fit, engagement: self.engagement }
    }

    /// The override that holds the lead back, if one does.
    pub fn held(&self) -> Option<&GateResult> {
        self.said(GateOutcome::Fail)
    }

    /// The override that qualifies the lead, if one does.
    pub fn qualified(&self) -> Option<&GateResult> {
        self.said(GateOutcome::Pass)
    }

    fn said(&self, outcome: GateOutcome) -> Option<&GateResult> {
        self.gates.iter().find(|gate| gate.kind == GateKind::Override && gate.outcome == outcome)
    }

    /// The highest `total_gte` with which this would be an MQL, all else of the model as it is; any at all
    /// ([`Points::MAX`]) by a fast track or where somebody said so, and none where more is missing than points in total.
    pub fn qualifies_up_to(&self) -> Option<Points> {
        let whatever = self.fast_track.is_some() || self.qualifies && self.qualified().is_some();
        match (whatever, self.but_for_total) {
            (true, _) => Some(Points::MAX),
            (false, true) => Some(self.total),
            (false, false) => None,
        }
    }
}

impl Model {
    /// The score of a lead at `as_of`. Hits of rules that the model does not have do not count.
    ///
    /// In this order: repetition and window, decay (by age in whole days, each hit rounded toward zero to
    /// a thousandth), rule cap, group cap, overrides, axis clamp, total clamp, disqualifiers, ICP, overrides that
    /// hold or qualify, MQL predicate.
    pub fn evaluate(&self, hits: &[Hit], profile: &Profile, as_of: Timestamp) -> Evaluation {
        let spec = &self.spec;
        let by_rule = by_rule(hits, as_of);
        let mut lines = Vec::new();
        let mut coverage = Coverage::default();

        let said = |axis| overrides::lines(&profile.overrides, axis, as_of);
        let engagement = spec.axis(Axis::Engagement, said(Axis::Engagement), &mut lines, |group| {
            let of_group = spec.rules.iter().filter(|rule| rule.group == group);
            of_group.filter_map(|rule| Some(rule.lines(by_rule.get(&rule.id)?, as_of))).collect()
        });
        let fit =
            spec.axis(Axis::Fit, said(Axis::Fit), &mut lines, |group| spec.attribute_lines(group, profile));
        let total = clamped(Axis::Total, spec.clamp.total, engagement + fit, &mut lines);
        for attribute in &spec.attributes {
            let known = attribute.score(profile).is_some();
            let list = if known { &mut coverage.known } else { &mut coverage.unknown };
            list.push(attribute.id.to_string());
        }

        let mut gates = spec.gates(&by_rule, profile, as_of);
        gates.extend(overrides::gates(&profile.overrides, as_of));
        let fast = spec.fast_track(&by_rule, as_of);
        let engagements = spec.engagements(&by_rule);
        let score = Score { total, fit, engagement };
        let missing = spec.missing(score, &gates, fast.is_some(), &engagements, as_of);
        let qualifies = missing.is_empty();
        let said = |gate: &GateResult| gate.kind == GateKind::Override && gate.outcome == GateOutcome::Pass;
        let short = fast.is_none() && !gates.iter().any(said) && total < spec.mql.total_gte;
        let but_for_total = missing.len() == usize::from(short);
        let fast_track = fast.filter(|_| qualifies).cloned();
        let grade = self.grade(score);
        Evaluation {
            as_of,
            total,
            fit,
            engagement,
            lines,
            gates,
            grade,
            qualifies,
            fast_track,
            missing,
            but_for_total,
            coverage,
        }
    }
}

impl Spec {
    /// Appends the lines of an axis, group by group, and what people `said` of it; answers its sum. `members`
    /// gives, for a group, a line for each rule or attribute, with its cap's line where one bites.
    fn axis(
        &self,
        axis: Axis,
        said: Vec<Line>,
        lines: &mut Vec<Line>,
        members: impl Fn(&str) -> Vec<(Line, Option<Line>)>,
    ) -> Points {
        let mut sum = Points::ZERO;
        for (id, group) in self.groups.iter().filter(|(_, group)| group.axis == axis) {
            let mut members = members(id);
            members.sort_by(|(a, _), (b, _)| (b.points, &a.id).cmp(&(a.points, &b.id)));
            let before = lines.len();
            lines.extend(members.into_iter().flat_map(|(line, cap)| [Some(line), cap]).flatten());
            let points: Points = lines[before..].iter().map(|line| line.points).sum();
            let over = over_cap(points, group.cap);
            if let Some(over) = over {
                let label = format!("Limit of {}", group.label);
                lines.push(limit(LineKind::GroupCap, axis, id, id, label, over, cap_words(group.cap)));
            }
            sum += points + over.unwrap_or_default();
        }
        sum += said.iter().map(|line| line.points).sum();
        lines.extend(said);
        let clamp = if axis == Axis::Fit { self.clamp.fit } else { self.clamp.engagement };
        clamped(axis, clamp, sum, lines)
    }

    fn attribute_lines(&self, group: &str, profile: &Profile) -> Vec<(Line, Option<Line>)> {
        let of_group = self.attributes.iter().filter(|attribute| attribute.group == group);
        let line = of_group.filter_map(|attribute| {
            let (points, count, detail) = match attribute.score(profile) {
                Some((value, points)) => (points, 1, format!("{} is \"{value}\"", attribute.attribute)),
                None if attribute.unknown_points == Points::ZERO => return None,
                None => (attribute.unknown_points, 0, format!("{} is not known", attribute.attribute)),
            };
            let line = Line {
                kind: LineKind::Attribute,
                axis: Axis::Fit,
                group: group.to_owned(),
                id: attribute.id.to_string(),
                label: attribute.label.clone(),
                points,
                count,
                first_at: None,
                last_at: None,
                detail,
            };
            Some((line, None))
        });
        line.collect()
    }

    /// The rule that qualifies at once, if one of them counts.
    fn fast_track(&self, by_rule: &ByRule<'_>, as_of: Timestamp) -> Option<&RuleId> {
        let counts =
            |rule: &&Rule| by_rule.get(&rule.id).is_some_and(|hits| !rule.counted(hits, as_of).is_empty());
        let fast = self.rules.iter().filter(|rule| self.mql.fast_track.contains(&rule.id));
        fast.filter(counts).map(|rule| &rule.id).next()
    }
}

impl Rule {
    /// The rule's line, and its cap's where it bites. There is at least one hit.
    fn lines(&self, newest_first: &[&Hit], as_of: Timestamp) -> (Line, Option<Line>) {
        let counted = self.counted(newest_first, as_of);
        let each: Vec<Points> =
            counted.iter().map(|hit| self.decay.weight(age_in_days(hit.at, as_of)).of(self.points)).collect();
        let points: Points = each.iter().copied().sum();
        let latest = newest_first.first().map(|hit| hit.at);
        let line = Line {
            kind: LineKind::Rule,
            axis: Axis::Engagement,
            group: self.group.clone(),
            id: self.id.to_string(),
            label: self.label.clone(),
            points,
            count: u32::try_from(counted.len()).unwrap_or(u32::MAX),
            first_at: counted.last().map(|hit| hit.at).or(latest),
            last_at: counted.first().map(|hit| hit.at).or(latest),
            detail: match latest {
                Some(latest) if counted.is_empty() => {
                    format!("too long ago to count: last on {}", day(latest))
                }
                _ => self.arithmetic(&each),
            },
        };
        let cap = over_cap(points, self.cap).map(|over| {
            let label = format!("Limit of {}", self.label);
            let (group, id) = (&self.group, self.id.as_str());
            limit(LineKind::RuleCap, Axis::Engagement, group, id, label, over, cap_words(self.cap))
        });
        (line, cap)
    }

    /// `2 × 3`, `1 × 35 + 2 × 17.5 (35 before decay)`, or a range where there are many.
    fn arithmetic(&self, each: &[Points]) -> String {
        let runs: Vec<(usize, Points)> =
            each.chunk_by(PartialEq::eq).map(|run| (run.len(), run[0])).collect();
        let faded = if runs.iter().any(|(_, points)| *points != self.points) {
            format!(" ({} before decay)", self.points)
        } else {
            String::new()
        };
        if runs.len() <= 4 {
            let terms: Vec<_> = runs.iter().map(|(count, points)| format!("{count} × {points}")).collect();
            return format!("{}{faded}", terms.join(" + "));
        }
        let ends = |found: Option<&(usize, Points)>| found.map(|(_, points)| *points).unwrap_or_default();
        format!("{} hits of {} to {}{faded}", each.len(), ends(runs.first()), ends(runs.last()))
    }
}

/// What a cap changes: it holds points between minus and plus itself.
fn over_cap(points: Points, cap: Option<Points>) -> Option<Points> {
    let cap = cap?;
    let over = points.clamp(-cap, cap) - points;
    (over != Points::ZERO).then_some(over)
}

fn cap_words(cap: Option<Points>) -> String {
    format!("at most {} either way", cap.unwrap_or_default())
}

/// Applies an axis's or the total's clamp; a line says what it changes.
fn clamped(axis: Axis, clamp: Clamp, points: Points, lines: &mut Vec<Line>) -> Points {
    let after = clamp.apply(points);
    if after != points {
        let kind = if axis == Axis::Total { LineKind::TotalClamp } else { LineKind::AxisClamp };
        let detail =
            if after > points { format!("never below {after}") } else { format!("never above {after}") };
        let label = match axis {
            Axis::Engagement => "Limit of engagement",
            Axis::Fit => "Limit of fit",
            Axis::Total => "Limit of the total",
        };
        lines.push(limit(kind, axis, "", axis.name(), label.to_owned(), after - points, detail));
    }
    after
}

fn limit(
    kind: LineKind,
    axis: Axis,
    group: &str,
    id: &str,
    label: String,
    points: Points,
    detail: String,
) -> Line {
    let (group, id) = (group.to_owned(), id.to_owned());
    Line { kind, axis, group, id, label, points, count: 0, first_at: None, last_at: None, detail }
}
