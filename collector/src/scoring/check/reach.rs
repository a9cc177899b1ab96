//! Whether the thresholds can be reached. Invariant: what is called unreachable is; the bound may be
//! higher than any real score, never lower.

use super::{At, Checker};
use crate::domain::Points;
use crate::scoring::{
    MAX_COUNTED,
    grade::Grades,
    model::{Attribute, Axis, Repeat, Rule, Scale, Spec},
};
use std::collections::BTreeMap;

/// The most points that an axis can give, with its caps and its clamp.
pub(in crate::scoring) fn most(spec: &Spec, axis: Axis) -> Points {
    let clamp = if axis == Axis::Fit { spec.clamp.fit } else { spec.clamp.engagement };
    clamp.apply(self::axis(spec, axis))
}

/// Reports thresholds above what the model can give at most.
pub(super) fn check(checker: &mut Checker<'_>, mql: &At, grades: &At, spec: &Spec) {
    let (engagement, fit) = (most(spec, Axis::Engagement), most(spec, Axis::Fit));
    let total = spec.clamp.total.apply(engagement + fit);
    let mut reachable = |at: &At, key: &str, wanted: Option<Points>, most: Points, what: &str| {
        if let Some(wanted) = wanted
            && wanted > most
        {
            let remedy = if most > Points::ZERO {
                format!("lower it to {most}, raise points or caps, or add to them")
            } else {
                "give points for something".to_owned()
            };
            let message = format!(
                "{wanted} can never be reached: {what} give at most {most} with their caps and clamps; {remedy}"
            );
            checker.say(&at.sub(key), message);
        }
    };
    reachable(mql, "total_gte", Some(spec.mql.total_gte), total, "all rules and attributes together");
    reachable(mql, "fit_gte", spec.mql.fit_gte, fit, "all attributes together");
    reachable(mql, "engagement_gte", spec.mql.engagement_gte, engagement, "all rules together");
    if let Some(Grades { fit: letters, engagement: numbers }) = spec.grades {
        reachable(grades, "fit.A", Some(letters.a), fit, "all attributes together");
        reachable(grades, "engagement.1", Some(numbers.one), engagement, "all rules together");
    }
}

/// The most points of an axis before its clamp.
fn axis(spec: &Spec, axis: Axis) -> Points {
    let mut by_group: BTreeMap<&str, Points> = BTreeMap::new();
    if axis == Axis::Engagement {
        for rule in &spec.rules {
            *by_group.entry(&rule.group).or_default() += most_of_rule(rule);
        }
    } else {
        for attribute in &spec.attributes {
            *by_group.entry(&attribute.group).or_default() += most_of_attribute(attribute);
        }
    }
    let capped = by_group.into_iter().map(|(group, points)| {
        let cap = spec.groups.get(group).and_then(|group| group.cap);
        cap.map_or(points, |cap| points.min(cap))
    });
    capped.sum()
}

fn most_of_rule(rule: &Rule) -> Points {
    let times = if rule.repeat == Repeat::Once { 1 } else { i64::try_from(MAX_COUNTED).unwrap_or(i64::MAX) };
    let points = Points::from_milli(rule.points.milli().max(0).saturating_mul(times));
    rule.cap.map_or(points, |cap| points.min(cap))
}

fn most_of_attribute(attribute: &Attribute) -> Points {
    // A known value that nothing matches gives 0.
    let known = match &attribute.scale {
        Scale::Bands(bands) => bands.iter().map(|band| band.points).max(),
        Scale::Map(map) => map.values().copied().max(),
        Scale::Patterns(list) => list.iter().map(|(_, points)| *points).max(),
    };
    known.unwrap_or_default().max(attribute.unknown_points).max(Points::ZERO)
}
