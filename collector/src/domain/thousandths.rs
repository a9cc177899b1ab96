//! Numbers that are shared out. Invariant: integers of a thousandth, so that what is taken apart sums to the whole
//! again, on any machine.

use super::Points;
use serde::{Serialize, Serializer};
use std::{fmt, iter::Sum, ops};

/// A number in thousandths: a part of an MQL that a touch gets credit for, a rate, a number of days. Arithmetic
/// saturates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Thousandths(i64);

impl Thousandths {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// A whole one.
    pub const ONE: Self = Self(1000);

    /// From thousandths.
    pub const fn new(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// From whole ones.
    pub const fn whole(number: i64) -> Self {
        Self(number.saturating_mul(1000))
    }

    /// How many thousandths.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// `part / whole`, rounded half up; nothing of nothing. Both are not negative.
    pub fn ratio(part: i64, whole: i64) -> Option<Self> {
        (whole > 0).then(|| {
            let thousandths = (i128::from(part) * 2000 + i128::from(whole)) / (i128::from(whole) * 2);
            Self(i64::try_from(thousandths).unwrap_or(i64::MAX))
        })
    }
}

impl ops::Add for Thousandths {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl ops::AddAssign for Thousandths {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Thousandths {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, ops::Add::add)
    }
}

impl fmt::Display for Thousandths {
    /// `62`, `0.333`: no more digits than needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&Points::from_milli(self.0).to_string())
    }
}

impl Serialize for Thousandths {
    /// A JSON number with at most three decimals; whole ones are written as integers.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Points::from_milli(self.0).serialize(serializer)
    }
}

/// Shares `total` out by weight, by largest remainder, so that the parts sum to `total` exactly; of equal remainders
/// the earlier comes first. Without any weight all weigh the same.
pub fn apportion(total: i64, weights: &[u64]) -> Vec<i64> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if sum == 0 && !weights.is_empty() {
        return apportion(total, &vec![1; weights.len()]);
    }
    // Quotas are reckoned on the amount: what is owed is shared out as what is due.
    let amount = u128::from(total.unsigned_abs());
    let quota = |weight: &u64| amount.saturating_mul(u128::from(*weight));
    let mut parts: Vec<u128> = weights.iter().map(|weight| quota(weight) / sum).collect();
    let mut rest: Vec<(std::cmp::Reverse<u128>, usize)> =
        weights.iter().enumerate().map(|(at, weight)| (std::cmp::Reverse(quota(weight) % sum), at)).collect();
    rest.sort_unstable();
    let given: u128 = parts.iter().sum();
    let left = usize::try_from(amount.saturating_sub(given)).unwrap_or(0);
    for (_, at) in rest.into_iter().take(left) {
        if let Some(part) = parts.get_mut(at) {
            *part += 1;
        }
    }
    let signed = |part: u128| total.signum() * i64::try_from(part).unwrap_or(i64::MAX);
    parts.into_iter().map(signed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_as_reckoned_by_hand() {
        assert_eq!(apportion(1000, &[1, 1, 1]), [334, 333, 333], "equal remainders: the earlier comes first");
        assert_eq!(apportion(1000, &[1, 2, 4]), [143, 286, 571], "142.86, 285.71, 571.43");
        assert_eq!(apportion(-1000, &[1, 2, 4]), [-143, -286, -571]);
        assert_eq!(apportion(7, &[0, 0]), [4, 3], "without any weight all weigh the same");
        assert_eq!(apportion(7, &[]), [0_i64; 0]);
    }

    #[test]
    fn rates_are_rounded_half_up() {
        let rate = |part, whole| Thousandths::ratio(part, whole).map(Thousandths::get);
        assert_eq!(rate(1, 3), Some(333));
        assert_eq!(rate(2, 3), Some(667));
        assert_eq!(rate(1, 2000), Some(1), "half a thousandth");
        assert_eq!(rate(0, 0), None);
        assert_eq!(format!("{:>7}", Thousandths::new(333)), "  0.333");
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole_and_none_is_off_by_one(
            total in any::<i64>(),
            weights in prop::collection::vec(0..=1_u64 << 32, 1..51),
        ) {
            prop_assume!(total != i64::MIN);
            let parts = apportion(total, &weights);
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
            let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
            for (part, weight) in parts.iter().zip(&weights).filter(|_| sum > 0) {
                let exact = u128::from(total.unsigned_abs()) * u128::from(*weight) / sum;
                let got = u128::from(part.unsigned_abs());
                prop_assert!(got == exact || got == exact + 1);
            }
        }
    }
}
