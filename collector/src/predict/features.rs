//! What is told of a lead. Invariant: a feature is an integer in thousandths, so that leads can be put into one
//! order and the same leads are the same numbers; no feature is a name, an address or a mail domain.

use crate::domain::RuleId;
use crate::scoring::Answer;

/// What a feature is about; the parts of a prediction are these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Factor {
    /// How often a behaviour rule of the model counts.
    Rule(RuleId),
    /// The answer to an attribute of the model.
    Attribute(RuleId),
    /// The channel of the first touch.
    Channel,
    /// The country of the first touch.
    Country,
    /// Whether the mail address is a company's or a free-mail provider's.
    Mail,
    /// How long the lead has been known.
    Known,
    /// How long ago it did the last thing that counts.
    Quiet,
}

impl Factor {
    /// The name in the API, such as `rule:demo_request`.
    pub fn id(&self) -> String {
        match self {
            Self::Rule(id) => format!("rule:{id}"),
            Self::Attribute(id) => format!("attribute:{id}"),
            Self::Channel => "channel".to_owned(),
            Self::Country => "country".to_owned(),
            Self::Mail => "mail".to_owned(),
            Self::Known => "known_for".to_owned(),
            Self::Quiet => "quiet_for".to_owned(),
        }
    }
}

/// Which of a factor's values a feature is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// How much, on a scale that doubles: the feature's amount says it.
    Amount,
    /// An answer to an attribute.
    Answer(Answer),
    /// A value by its name, such as `paid_search`, `DE` or `free`.
    Named(String),
    /// Not known, which is its own answer.
    Unknown,
}

/// One thing that can be told of a lead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Feature {
    /// What it is about.
    pub factor: Factor,
    /// Which value.
    pub level: Level,
}

impl Feature {
    /// An amount.
    pub const fn amount(factor: Factor) -> Self {
        Self { factor, level: Level::Amount }
    }
}

/// What a yes is, in thousandths.
pub(super) const YES: i32 = 1000;
/// The most that a rule says: seven times and more often are one.
const COUNT_MOST: u32 = 7;
/// The most that a time says, in days: some three years.
const DAYS_MOST: u32 = 1_023;

/// How often, on a scale on which once is 1, three times is 2 and seven times, the most, is 3; in thousandths.
pub(super) fn count_amount(count: u32) -> i32 {
    doublings(count.min(COUNT_MOST))
}

/// How many days, on the same scale: a day is 1, three are 2, a week 3, a month 5, a year 8.5; in thousandths.
pub(super) fn days_amount(days: i64) -> i32 {
    doublings(u32::try_from(days.max(0)).unwrap_or(u32::MAX).min(DAYS_MOST))
}

/// log2(1 + n) in thousandths, rounded down, without floating point: the same on every machine.
fn doublings(n: u32) -> i32 {
    let n = u64::from(n) + 1;
    let whole = n.ilog2();
    // The digits after the point, one bit at a time: squaring a number doubles its logarithm.
    let mut mantissa = (n << 32) >> whole;
    let mut fraction = 0_u64;
    for _ in 0..16 {
        mantissa = u64::try_from((u128::from(mantissa) * u128::from(mantissa)) >> 32).unwrap_or(u64::MAX);
        let bit = u64::from(mantissa >= 1 << 33);
        fraction = fraction << 1 | bit;
        mantissa >>= bit;
    }
    let milli = u64::from(whole) * 1000 + ((fraction * 1000 + (1 << 15)) >> 16);
    i32::try_from(milli).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_double_and_end() {
        let counts: Vec<i32> = [0, 1, 2, 3, 7, 8, 1_000_000].map(count_amount).to_vec();
        assert_eq!(counts, [0, 1000, 1585, 2000, 3000, 3000, 3000]);
        let days: Vec<i32> = [-5, 0, 1, 7, 30, 365, 1_023, i64::MAX].map(days_amount).to_vec();
        assert_eq!(days, [0, 0, 1000, 3000, 4954, 8516, 10_000, 10_000]);
        for n in 0..DAYS_MOST {
            assert!(doublings(n) <= doublings(n + 1), "{n}");
            let exact = (f64::from(n) + 1.0).log2() * 1000.0;
            assert!((f64::from(doublings(n)) - exact).abs() < 1.0, "{n}");
        }
    }
}
