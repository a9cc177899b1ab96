//! What people say against a score. Invariant: an override that does not count at the moment leaves no trace in
//! the evaluation; one that does is a line or a gate of its own, with its reason, and no point of it is hidden.

use super::{
    evaluate::{Line, LineKind},
    model::Axis,
    predicate::{GateKind, GateOutcome, GateResult, day},
};
use crate::domain::{Effect, Override, Timestamp};

/// `override_3`: what stands in explanations.
fn id(of: &Override) -> String {
    format!("override_{}", of.no)
}

/// `until 2026-12-31: their chief executive called`: as it was said when it was given, so that what was decided by it
/// reads the same after it was ended early.
fn why(of: &Override) -> String {
    format!("until {}: {}", day(of.until), of.reason)
}

/// What overrides add to an axis at `as_of`, by number.
pub(super) fn lines(overrides: &[Override], axis: Axis, as_of: Timestamp) -> Vec<Line> {
    let of_axis = overrides.iter().filter(|given| given.counts(as_of)).filter_map(|given| {
        let points = match (given.effect, axis) {
            (Effect::Engagement(points), Axis::Engagement) | (Effect::Fit(points), Axis::Fit) => points,
            _ => return None,
        };
        let line = Line {
            kind: LineKind::Override,
            axis,
            group: String::new(),
            id: id(given),
            label: format!("Override by the {}", given.actor.role.name()),
            points,
            count: 1,
            first_at: Some(given.from),
            last_at: Some(given.from),
            detail: why(given),
        };
        Some((given.no, line))
    });
    let mut lines: Vec<_> = of_axis.collect();
    lines.sort_by_key(|(no, _)| *no);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Those that hold the lead back or qualify it at `as_of`, by number.
pub(super) fn gates(overrides: &[Override], as_of: Timestamp) -> Vec<GateResult> {
    let mut counting: Vec<_> = overrides.iter().filter(|given| given.counts(as_of)).collect();
    counting.sort_by_key(|given| given.no);
    let gate = |given: &Override| {
        let (outcome, label) = match given.effect {
            Effect::Hold => (GateOutcome::Fail, "Held back"),
            Effect::Qualify => (GateOutcome::Pass, "Qualified"),
            Effect::Engagement(_) | Effect::Fit(_) => return None,
        };
        Some(GateResult {
            kind: GateKind::Override,
            id: id(given),
            label: format!("{label} by the {}", given.actor.role.name()),
            outcome,
            detail: why(given),
        })
    };
    counting.into_iter().filter_map(gate).collect()
}
