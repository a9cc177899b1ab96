//! What is right and perhaps not meant. Invariant: every sentence names the numbers it rests on, and what to change.

use crate::domain::Points;
use crate::scoring::{
    Axis,
    check::most,
    decay::Decay,
    model::{Rule, Spec},
};

/// A sentence for each thing that a model says and perhaps does not mean.
pub(super) fn of(spec: &Spec) -> Vec<String> {
    let mut advice = Vec::new();
    let fit = most(spec, Axis::Fit);
    let needs_deeds = spec.mql.engagement_gte.is_some_and(|points| points > Points::ZERO)
        || spec.mql.min_engagements.is_some()
        || spec.mql.active_within_days.is_some();
    if fit >= spec.mql.total_gte && !needs_deeds {
        advice.push(format!(
            "Who did nothing can be an MQL: attributes alone give up to {fit} points, and {} are enough. Ask for \
             engagement_gte in [mql] besides.",
            spec.mql.total_gte
        ));
    }
    match spec.mql.exit_below {
        None => advice.push(
            "An MQL stays one for ever: there is no exit_below in [mql]. Write one below total_gte.".to_owned(),
        ),
        Some(exit) if fit >= exit => advice.push(format!(
            "What a lead is can give {fit} points, not less than exit_below = {exit}: an MQL of the best fit falls out \
             only when nothing that it did counts any more."
        )),
        Some(_) => {}
    }
    let stays =
        |rule: &&Rule| rule.points > Points::ZERO && rule.decay == Decay::None && rule.window_days.is_none();
    let stay: Vec<String> =
        spec.rules.iter().filter(stays).map(|rule| format!("\"{}\"", rule.label)).collect();
    if !stay.is_empty() {
        advice.push(format!(
            "These count for ever, however long ago: {}. Give them a decay or window_days, unless that is meant.",
            stay.join(", ")
        ));
    }
    advice
}
