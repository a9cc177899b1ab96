//! Score points. Invariant: points are integers of a thousandth, so that sums are exact on any machine.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, iter::Sum, ops};

/// Points in thousandths: `Points::from_milli(1500)` is one and a half. Arithmetic saturates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Points(i64);

impl Points {
    /// No points.
    pub const ZERO: Self = Self(0);
    /// More than any score.
    pub const MAX: Self = Self(i64::MAX);

    /// From thousandths.
    pub const fn from_milli(milli: i64) -> Self {
        Self(milli)
    }

    /// From whole points.
    pub const fn whole(points: i32) -> Self {
        Self(points as i64 * 1000)
    }

    /// In thousandths.
    pub const fn milli(self) -> i64 {
        self.0
    }
}

impl ops::Add for Points {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl ops::AddAssign for Points {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl ops::Sub for Points {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl ops::Neg for Points {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, ops::Add::add)
    }
}

impl fmt::Display for Points {
    /// `62`, `59.7`, `-0.125`: no more digits than needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{rest:03}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl Serialize for Points {
    /// A JSON number with at most three decimals; whole points are written as integers.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1000 == 0 {
            serializer.serialize_i64(self.0 / 1000)
        } else {
            #[expect(clippy::cast_precision_loss, reason = "scores are far below 2^53 thousandths")]
            serializer.serialize_f64(self.0 as f64 / 1000.0)
        }
    }
}

impl<'de> Deserialize<'de> for Points {
    /// A number of points; anything finer than a thousandth, or not finite, is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let points = f64::deserialize(deserializer)?;
        let milli = points * 1000.0;
        if !milli.is_finite() || milli.abs() > 1e12 || (milli - milli.round()).abs() > 1e-3 {
            return Err(serde::de::Error::custom(
                "points are numbers with at most three decimals, such as 12.5",
            ));
        }
        #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
        Ok(Self(milli.round() as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_people_write() {
        for (milli, text) in [(62_000, "62"), (59_700, "59.7"), (-125, "-0.125"), (0, "0"), (1_001, "1.001")]
        {
            assert_eq!(Points::from_milli(milli).to_string(), text);
            let json = serde_json::to_string(&Points::from_milli(milli)).expect("serialises");
            assert_eq!(serde_json::from_str::<Points>(&json).expect("reads back").milli(), milli);
        }
        assert!(serde_json::from_str::<Points>("0.0001").is_err());
    }
}
