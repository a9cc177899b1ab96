//! Figures: a median with what lies around it, and a goal.

use serde::Serialize;
use std::fmt;

/// What rounds gave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) rounds: usize,
}

impl Spread {
    /// Of the values of some rounds; of none, zeros.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        let half = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { at(half) } else { (at(half.saturating_sub(1)) + at(half)) / 2.0 };
        Self { median, min: at(0), max: at(sorted.len().saturating_sub(1)), rounds: sorted.len() }
    }
}

/// The ratio of each round to the other's of the same round.
pub(crate) fn ratios(values: &[f64], to: &[f64]) -> Vec<f64> {
    values.iter().zip(to).map(|(value, to)| value / to.max(1e-12)).collect()
}

/// What was hoped for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    fn met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "≥ {}", number(*bound)),
            Self::AtMost(bound) => write!(f, "≤ {}", number(*bound)),
        }
    }
}

/// A figure of a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    pub(crate) measure: &'static str,
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    #[serde(flatten)]
    pub(crate) spread: Option<Spread>,
    pub(crate) goal: Option<Goal>,
    /// Whether the median meets the goal.
    pub(crate) met: Option<bool>,
    pub(crate) not_measured: Option<String>,
}

impl Figure {
    pub(crate) fn new(
        measure: &'static str,
        what: String,
        unit: &'static str,
        spread: Spread,
        goal: Option<Goal>,
    ) -> Self {
        let met = goal.map(|goal| goal.met(spread.median));
        Self { measure, what, unit, spread: Some(spread), goal, met, not_measured: None }
    }

    pub(crate) fn missing(measure: &'static str, what: String, why: &str) -> Self {
        Self {
            measure,
            what,
            unit: "",
            spread: None,
            goal: None,
            met: None,
            not_measured: Some(why.to_owned()),
        }
    }

    /// What the goal's column says.
    pub(crate) fn verdict(&self) -> String {
        match (self.goal, self.met) {
            (Some(goal), Some(true)) => format!("{goal}: met"),
            (Some(goal), _) => format!("{goal}: **not met**"),
            _ => String::new(),
        }
    }

    /// The median with its unit.
    pub(crate) fn value(&self) -> String {
        match (&self.spread, &self.not_measured) {
            (Some(spread), _) => format!("{} {}", number(spread.median), self.unit).trim().to_owned(),
            (None, why) => format!("not measured: {}", why.as_deref().unwrap_or("nobody knows why")),
        }
    }

    /// What lies around the median; nothing where there was one value.
    pub(crate) fn around(&self) -> String {
        let several = self.spread.filter(|spread| spread.rounds > 1);
        several.map_or_else(String::new, |spread| format!("{} – {}", number(spread.min), number(spread.max)))
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [self.what.clone(), self.value(), self.around(), self.verdict()];
        let shown: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        f.write_str(&shown.join(" · "))
    }
}

/// A number with as many digits as mean something, thousands apart.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1_000.0 {
        let whole = format!("{size:.0}");
        let (mut shown, digits) = (String::new(), whole.len());
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (digits - index).is_multiple_of(3) {
                shown.push(',');
            }
            shown.push(digit);
        }
        return if value < 0.0 { format!("-{shown}") } else { shown };
    }
    let text = match size {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]), Spread { median: 2.0, min: 1.0, max: 3.0, rounds: 3 });
        assert_eq!(Spread::of(&[4.0, 1.0]).median.to_bits(), 2.5_f64.to_bits());
        assert_eq!(Spread::of(&[]).rounds, 0);
    }

    #[test]
    fn numbers_are_readable() {
        for (value, text) in
            [(1_234_567.8, "1,234,568"), (999.6, "1000"), (45.25, "45.2"), (0.5, "0.5"), (2.0, "2")]
        {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_goal_is_met_or_said_not_to_be() {
        let figure =
            |value| Figure::new("x", "y".into(), "ms", Spread::of(&[value]), Some(Goal::AtMost(3.0)));
        assert_eq!(figure(3.0).verdict(), "≤ 3: met");
        assert_eq!(figure(3.1).verdict(), "≤ 3: **not met**");
    }
}
