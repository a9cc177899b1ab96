//! A model taken apart into sentences. Invariant: whatever of a model can change a score or a stage is in some
//! facet; alone the order in which patterns are tried is not.

use crate::domain::{Points, Rung, Trust};
use crate::scoring::{
    decay::Decay,
    grade::Grades,
    model::{
        Attribute, Axis, Clamp, Condition, Disqualifier, EventMatch, Field, Icp, Mql, Repeat, Rule, Scale,
        Source, Spec, Test, When, Where,
    },
    number::Number,
    pattern::{Glob, Phrase},
    sla::{Limit, Sla},
};
use std::borrow::Cow;

/// What belongs under one heading.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) pieces: Vec<Piece>,
}

/// A rule, an attribute, a limit: what it is called, and what it says.
pub(super) struct Piece {
    pub(super) id: String,
    pub(super) label: String,
    /// Name and words; what does not apply is left out.
    pub(super) facets: Vec<(Cow<'static, str>, String)>,
}

impl Piece {
    fn new(id: &str, label: &str, facets: Vec<(&'static str, Option<String>)>) -> Self {
        let said = facets.into_iter().filter_map(|(name, words)| Some((Cow::Borrowed(name), words?)));
        Self { id: id.to_owned(), label: label.to_owned(), facets: said.collect() }
    }

    pub(super) fn facet(&self, name: &str) -> Option<&str> {
        self.facets.iter().find(|(facet, _)| facet == name).map(|(_, words)| words.as_str())
    }
}

/// Every section, in the order in which a person wants to know.
pub(super) fn sections(spec: &Spec) -> Vec<Section> {
    let groups = spec.groups.iter().map(|(id, group)| {
        let facets = vec![("axis", Some(group.axis.to_string())), ("at most", group.cap.map(either_way))];
        Piece::new(id, &group.label, facets)
    });
    vec![
        Section { title: "To be an MQL", pieces: vec![mql(&spec.mql, spec)] },
        Section { title: "Limits", pieces: limits(spec) },
        Section { title: "Grades", pieces: spec.grades.iter().map(grades).collect() },
        Section { title: "Time limits", pieces: spec.sla.iter().map(sla).collect() },
        Section { title: "Groups", pieces: groups.collect() },
        Section { title: "Rules", pieces: spec.rules.iter().map(|rule| self::rule(rule, spec)).collect() },
        Section { title: "Attributes", pieces: spec.attributes.iter().map(|a| attribute(a, spec)).collect() },
        Section { title: "Disqualifiers", pieces: spec.disqualifiers.iter().map(disqualifier).collect() },
        Section { title: "Ideal customer profile", pieces: spec.icp.iter().map(icp).collect() },
    ]
}

fn mql(mql: &Mql, spec: &Spec) -> Piece {
    let label_of = |id: &crate::domain::RuleId| {
        let rule = spec.rules.iter().find(|rule| rule.id == *id);
        rule.map_or_else(|| id.to_string(), |rule| rule.label.clone())
    };
    let facets = vec![
        ("engagement and fit together", Some(format!("{} points or more", mql.total_gte))),
        ("fit", mql.fit_gte.map(|points| format!("{points} points or more"))),
        ("engagement", mql.engagement_gte.map(|points| format!("{points} points or more"))),
        (
            "events with points",
            mql.min_engagements.map(|min| format!("{} or more within {}", min.count, days(min.within_days))),
        ),
        ("the latest event with points", mql.active_within_days.map(|n| format!("within {}", days(n)))),
        (
            "ideal customer profile",
            mql.icp_required.then(|| "every requirement is met; unknown is not met".to_owned()),
        ),
        (
            "at once, whatever the points",
            (!mql.fast_track.is_empty()).then(|| list(mql.fast_track.iter().map(label_of), "or")),
        ),
        ("is one no longer", mql.exit_below.map(|points| format!("when the total falls below {points}"))),
        ("and not again", mql.cooldown_days.map(|n| format!("for {} after that", days(n)))),
    ];
    Piece::new("mql", "An MQL", facets)
}

fn limits(spec: &Spec) -> Vec<Piece> {
    let limit = |axis: Axis, clamp: Clamp| {
        let facets = vec![
            ("never below", clamp.min.map(|points| points.to_string())),
            ("never above", clamp.max.map(|points| points.to_string())),
        ];
        let label = if axis == Axis::Total { "The total" } else { axis.name() };
        Piece::new(axis.name(), label, facets)
    };
    [
        limit(Axis::Engagement, spec.clamp.engagement),
        limit(Axis::Fit, spec.clamp.fit),
        limit(Axis::Total, spec.clamp.total),
    ]
    .into_iter()
    .filter(|piece| !piece.facets.is_empty())
    .collect()
}

fn grades(grades: &Grades) -> Piece {
    let Grades { fit, engagement } = grades;
    let facets = vec![
        ("fit", Some(format!("A from {} points, B from {}, C from {}, else D", fit.a, fit.b, fit.c))),
        ("engagement", Some(format!("1 from {} points, 2 from {}, else 3", engagement.one, engagement.two))),
    ];
    Piece::new("grades", "Grades", facets)
}

fn sla(sla: &Sla) -> Piece {
    let limit = |limit: Option<Limit>| limit.map(|limit| format!("overdue after {limit}"));
    let facets = vec![
        ("an MQL that waits for sales", limit(sla.mql)),
        ("a lead that sales accepted (SAL)", limit(sla.sal)),
        ("a lead that sales qualified (SQL)", limit(sla.sql)),
    ];
    Piece::new("sla", "Time limits", facets)
}

fn group_label(spec: &Spec, id: &str) -> String {
    spec.groups.get(id).map_or_else(|| id.to_owned(), |group| group.label.clone())
}

fn rule(rule: &Rule, spec: &Spec) -> Piece {
    let repeat = match rule.repeat {
        Repeat::Once => "once, the latest time".to_owned(),
        Repeat::Every => "every time".to_owned(),
        Repeat::PerDay => "once a day".to_owned(),
        Repeat::PerValue => format!("once for each {}", rule.per.as_ref().map_or("value", source)),
    };
    let facets = vec![
        ("points", Some(signed(rule.points))),
        ("for", Some(matcher(&rule.matcher))),
        ("counts", Some(repeat)),
        ("at most", rule.cap.map(either_way)),
        ("only within", rule.window_days.map(days)),
        ("fades", Some(decay(&rule.decay))),
        ("asks for", asked(&rule.matcher)),
        ("group", Some(group_label(spec, &rule.group))),
    ];
    Piece::new(rule.id.as_str(), &rule.label, facets)
}

/// What an attribute gives points for, in the order in which it is tried; patterns with the same points together.
pub(super) fn entries(attribute: &Attribute) -> Vec<(Vec<String>, Points)> {
    match &attribute.scale {
        Scale::Bands(bands) => bands.iter().map(|b| (vec![range(b.gte, b.lt)], b.points)).collect(),
        Scale::Map(map) => map.iter().map(|(value, points)| (vec![value.clone()], *points)).collect(),
        Scale::Patterns(patterns) => {
            let sources = |phrases: &[Phrase]| phrases.iter().map(Phrase::source).collect();
            patterns.iter().map(|(phrases, points)| (sources(phrases), *points)).collect()
        }
    }
}

fn attribute(attribute: &Attribute, spec: &Spec) -> Piece {
    let facets = vec![
        ("reads", Some(attribute.attribute.clone())),
        ("group", Some(group_label(spec, &attribute.group))),
        ("not known", Some(signed(attribute.unknown_points))),
    ];
    let mut piece = Piece::new(attribute.id.as_str(), &attribute.label, facets);
    // One by one, so that a comparison names the value that changed and not the whole list.
    for (values, points) in entries(attribute) {
        piece.facets.extend(values.into_iter().map(|value| (Cow::Owned(value), signed(points))));
    }
    piece
}

fn disqualifier(gate: &Disqualifier) -> Piece {
    let facets = match &gate.when {
        When::Domains(domains) => {
            vec![(
                "for",
                Some(format!("the mail domain {}, or one under it", list(domains.iter().cloned(), "or"))),
            )]
        }
        When::Attribute { attribute, is } => {
            vec![("for", Some(format!("{attribute} is {}", is_words(is))))]
        }
        When::Event { matcher: of, times, window_days } => vec![
            ("for", Some(matcher(of))),
            ("times", (*times > 1).then(|| format!("{times} or more"))),
            ("only within", window_days.map(days)),
            ("asks for", asked(of)),
        ],
    };
    Piece::new(gate.id.as_str(), &gate.label, facets)
}

fn icp(icp: &Icp) -> Piece {
    let facets = vec![("must be", Some(format!("{} is {}", icp.attribute, is_words(&icp.is))))];
    Piece::new(icp.id.as_str(), &icp.label, facets)
}

/// `+5`, `-10`, `0`.
pub(super) fn signed(points: Points) -> String {
    if points > Points::ZERO { format!("+{points}") } else { points.to_string() }
}

pub(super) fn days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

fn either_way(cap: Points) -> String {
    format!("{cap} points either way")
}

/// `a`, `a or b`, `a, b or c`.
fn list(items: impl IntoIterator<Item = String>, last: &str) -> String {
    let mut items: Vec<String> = items.into_iter().collect();
    match items.pop() {
        Some(end) if items.is_empty() => end,
        Some(end) => format!("{} {last} {end}", items.join(", ")),
        None => String::new(),
    }
}

fn range(gte: Option<Number>, lt: Option<Number>) -> String {
    match (gte, lt) {
        (Some(gte), Some(lt)) => format!("{gte} to below {lt}"),
        (Some(gte), None) => format!("{gte} and more"),
        (None, Some(lt)) => format!("below {lt}"),
        (None, None) => "any".to_owned(),
    }
}

/// In full: what is left out here would be missed by a comparison.
fn is_words(condition: &Condition) -> String {
    match condition {
        Condition::In(values) => list(values.iter().cloned(), "or"),
        Condition::Patterns(phrases) => {
            format!("like {}", list(phrases.iter().map(Phrase::source), "or"))
        }
        Condition::Range { gte, lt } => range(*gte, *lt),
    }
}

fn decay(decay: &Decay) -> String {
    match decay {
        Decay::None => "never".to_owned(),
        Decay::Linear { days: n } => format!("a little each day, nothing is left after {}", days(*n)),
        Decay::HalfLife { days: n } => format!("by half every {}", days(*n)),
        Decay::Step { steps } => {
            let step = |step: &crate::scoring::decay::Step| match step.percent {
                0 => format!("nothing is left after {}", days(step.after_days)),
                percent => format!("{percent} % is left after {}", days(step.after_days)),
            };
            steps.iter().map(step).collect::<Vec<_>>().join(", ")
        }
    }
}

fn matcher(of: &EventMatch) -> String {
    let mut words = match of.events.len() {
        0 => "any event".to_owned(),
        _ => list(of.events.iter().cloned(), "or"),
    };
    if !of.paths.is_empty() {
        words.push_str(" on ");
        words.push_str(&list(of.paths.iter().map(Glob::source), "or"));
    }
    if !of.conditions.is_empty() {
        words.push_str(" where ");
        words.push_str(&list(of.conditions.iter().map(condition), "and"));
    }
    words
}

/// What is asked for besides: said where it is more than usual.
fn asked(of: &EventMatch) -> Option<String> {
    let trust = match of.min_trust {
        Trust::Unverified => Some("nothing of its sender"),
        Trust::Human => None,
        Trust::Vouched => Some("a proof by your server of who it is"),
    };
    let rung = match of.min_rung {
        Rung::Qualified => Some("consent to be qualified"),
        Rung::Measured => Some("consent to be measured"),
        Rung::Denied | Rung::Unset => None,
    };
    let asked: Vec<String> = trust.into_iter().chain(rung).map(str::to_owned).collect();
    (!asked.is_empty()).then(|| list(asked, "and"))
}

fn source(source: &Source) -> &str {
    match source {
        Source::Property(name) => name,
        Source::Field(field) => match field {
            Field::Path => "page",
            Field::EngagementMs => "engagement_ms",
            Field::ScrollDepth => "scroll_depth",
            Field::Channel => "channel",
            Field::Source => "source",
            Field::Medium => "medium",
            Field::Campaign => "campaign",
            Field::Referrer => "referrer",
            Field::Country => "country",
            Field::Device => "device",
            Field::RevenueMinor => "revenue_minor",
        },
    }
}

fn condition(condition: &Where) -> String {
    let of = source(&condition.of);
    match &condition.test {
        Test::In(values) => format!("{of} is {}", list(values.iter().cloned(), "or")),
        Test::Gte(least) => format!("{of} is {least} or more"),
        Test::Lte(most) => format!("{of} is {most} or less"),
        Test::Glob(glob) => format!("{of} is like {}", glob.source()),
    }
}
