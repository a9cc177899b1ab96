//! How points fade. Invariant: what is left of a hit depends on its age in whole days only, never grows
//! with age, and is computed in integers, so that it is the same on any machine.

use crate::domain::{FULL, Points, Timestamp, half_life};
use serde::Serialize;

/// How the points of a hit fade with its age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Decay {
    /// They do not.
    None,
    /// In a straight line to nothing after so many days.
    Linear {
        /// Days until nothing is left.
        days: u32,
    },
    /// Half is left after so many days, a quarter after twice as many, and so on; smooth in between.
    HalfLife {
        /// Days until half is left.
        days: u32,
    },
    /// In steps: the last step whose age is reached counts; before the first, all of it.
    Step {
        /// By age, ascending; percent never rises.
        steps: Vec<Step>,
    },
}

/// From an age on, so much is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Step {
    /// Whole days since the hit.
    pub(super) after_days: u32,
    /// What is left from then on, 0 to 100.
    pub(super) percent: u32,
}

/// What is left of a hit: `num` of `den` parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    num: u64,
    den: u64,
}

impl Weight {
    const FULL: Self = Self { num: 1, den: 1 };

    /// Nothing is left.
    pub(super) fn is_zero(self) -> bool {
        self.num == 0
    }

    /// What is left of `points`: in thousandths of a point, rounded toward zero.
    pub(super) fn of(self, points: Points) -> Points {
        let milli = i128::from(points.milli()) * i128::from(self.num) / i128::from(self.den);
        Points::from_milli(i64::try_from(milli).unwrap_or(0))
    }
}

impl Decay {
    /// What is left after `age` whole days; a negative age counts as 0.
    pub(super) fn weight(&self, age: i64) -> Weight {
        let age = u64::try_from(age).unwrap_or(0);
        match self {
            Self::None => Weight::FULL,
            Self::Linear { days } => {
                let days = u64::from(*days).max(1);
                Weight { num: days.saturating_sub(age), den: days }
            }
            Self::HalfLife { days } => Weight { num: half_life(age, u64::from(*days).max(1)), den: FULL },
            Self::Step { steps } => {
                let step = steps.iter().rev().find(|step| u64::from(step.after_days) <= age);
                step.map_or(Weight::FULL, |step| Weight { num: u64::from(step.percent), den: 100 })
            }
        }
    }
}

/// The age of a hit in whole days of 24 hours, rounded down; 0 when it is not past yet.
///
/// Whole days, so that what a person does within a day adds up undiminished, and a score changes at most
/// once a day by itself.
pub(super) fn age_in_days(at: Timestamp, as_of: Timestamp) -> i64 {
    (as_of.millis().saturating_sub(at.millis()) / Timestamp::DAY_MS).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(decay: &Decay, age: i64) -> i64 {
        decay.weight(age).of(Points::whole(100)).milli()
    }

    #[test]
    fn worked_examples() {
        let step = |after_days, percent| Step { after_days, percent };
        let steps = Decay::Step { steps: vec![step(30, 50), step(90, 0)] };
        for (decay, age, milli) in [
            (&Decay::None, 10_000, 100_000),
            (&Decay::Linear { days: 30 }, 0, 100_000),
            (&Decay::Linear { days: 30 }, 10, 66_666),
            (&Decay::Linear { days: 30 }, 30, 0),
            (&Decay::HalfLife { days: 30 }, 0, 100_000),
            (&Decay::HalfLife { days: 30 }, 30, 50_000),
            (&Decay::HalfLife { days: 30 }, 15, 70_710),
            (&Decay::HalfLife { days: 30 }, 60, 25_000),
            (&Decay::HalfLife { days: 30 }, 30 * 40, 0),
            (&steps, 29, 100_000),
            (&steps, 30, 50_000),
            (&steps, 89, 50_000),
            (&steps, 90, 0),
            (&steps, -5, 100_000),
        ] {
            assert_eq!(left(decay, age), milli, "{decay:?} after {age} days");
        }
        assert_eq!(Decay::Linear { days: 30 }.weight(10).of(Points::whole(-100)).milli(), -66_666);
    }

    #[test]
    fn age_is_whole_days() {
        let at = Timestamp::from_millis(1_000);
        assert_eq!(age_in_days(at, at.plus_days(1).plus_millis(-1)), 0);
        assert_eq!(age_in_days(at, at.plus_days(1)), 1);
        assert_eq!(age_in_days(at, at.plus_days(-9)), 0);
    }
}
