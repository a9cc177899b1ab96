//! Time limits of stages: how long a lead may wait for sales. Invariant: they change no score and no stage; a lead is
//! overdue from the moment that its limit is over, in hours of the clock on the wall: nights and Sundays count, as
//! nobody's business hours are known here.

use super::Model;
use crate::domain::{Stage, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// The longest limit: ten years, as of everything that is given in days.
const MOST_HOURS: u32 = 3_650 * 24;

/// A time limit in whole hours, at least one: `"24 hours"`, `"7 days"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Limit(u32);

impl Limit {
    /// In hours.
    pub const fn hours(self) -> u32 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once(' ')?;
        if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let count: u32 = count.parse().ok()?;
        let hours = match (count, unit) {
            (1, "hour") | (_, "hours") => count,
            (1, "day") | (_, "days") => count.checked_mul(24)?,
            _ => return None,
        };
        (1..=MOST_HOURS).contains(&hours).then_some(Self(hours))
    }
}

impl fmt::Display for Limit {
    /// In days from two whole days on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 hour"),
            hours if hours % 24 == 0 && hours > 24 => write!(f, "{} days", hours / 24),
            hours => write!(f, "{hours} hours"),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Limit;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time limit in quotes, such as \"24 hours\" or \"7 days\", at most 3650 days")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Limit, E> {
                Limit::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// How long a lead may stand in each stage that waits for sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct Sla {
    pub(super) mql: Option<Limit>,
    pub(super) sal: Option<Limit>,
    pub(super) sql: Option<Limit>,
}

impl Model {
    /// `[sla]`: how long a lead may stand in a stage before it is overdue.
    pub fn limit(&self, stage: Stage) -> Option<Limit> {
        let sla = self.spec.sla?;
        match stage {
            Stage::Mql => sla.mql,
            Stage::Sal => sla.sal,
            Stage::Sql => sla.sql,
            Stage::Lead | Stage::Customer | Stage::Recycled | Stage::Disqualified | Stage::Lost => None,
        }
    }

    /// The stages that have a limit, with it.
    pub fn limits(&self) -> Vec<(Stage, Limit)> {
        Stage::ALL.into_iter().filter_map(|stage| Some((stage, self.limit(stage)?))).collect()
    }

    /// From when on a lead that stands in a stage `since` then is overdue.
    pub fn due_at(&self, stage: Stage, since: Timestamp) -> Option<Timestamp> {
        self.limit(stage).map(|limit| since.plus_millis(i64::from(limit.hours()) * 3_600_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_has_one_form() {
        for (text, hours, told) in [
            ("1 hour", 1, "1 hour"),
            ("24 hours", 24, "24 hours"),
            ("1 day", 24, "24 hours"),
            ("36 hours", 36, "36 hours"),
            ("48 hours", 48, "2 days"),
            ("3650 days", MOST_HOURS, "3650 days"),
        ] {
            let limit = Limit::parse(text).unwrap_or_else(|| panic!("{text} is none"));
            assert_eq!((limit.hours(), limit.to_string().as_str()), (hours, told));
        }
        for text in [
            "",
            "24",
            "hours",
            "24h",
            "24  hours",
            "24 Hours",
            "1 days?",
            "2 hour",
            "0 hours",
            "-1 days",
            "+1 days",
            "1.5 days",
            "3651 days",
            "87601 hours",
            "99999999999 days",
            "1 week",
            " 1 day",
            "1 day ",
        ] {
            assert_eq!(Limit::parse(text), None, "{text}");
        }
    }
}
