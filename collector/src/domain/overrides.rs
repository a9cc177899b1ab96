//! What people say of a lead against its score. Invariant: an override holds from the moment it was given until it
//! expires or is ended, and is never changed otherwise; at a moment it either counts or does not.

use super::{Actor, Invalid, Points, Text, Timestamp};
use serde::{Serialize, Serializer};

/// What an override does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Adds to what the lead did, or takes from it.
    Engagement(Points),
    /// Adds to what the lead is, or takes from it.
    Fit(Points),
    /// Keeps the lead from being an MQL, whatever its points.
    Hold,
    /// Makes the lead an MQL, whatever its points, unless it is ruled out or held.
    Qualify,
}

impl Effect {
    /// The most whole points that an override adds or takes.
    pub const MOST_POINTS: i64 = 100;

    /// From its name, and the points of those that have them: whole, from -100 to 100, not 0.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn parse(name: &str, points: Option<i64>) -> Result<Self, Invalid> {
        let points = match (name, points) {
            ("hold", None) => return Ok(Self::Hold),
            ("qualify", None) => return Ok(Self::Qualify),
            ("hold" | "qualify", Some(_)) => {
                return Err(Invalid::new("points go with engagement or fit, not with hold or qualify"));
            }
            (_, points) => points.filter(|points| *points != 0 && points.abs() <= Self::MOST_POINTS),
        };
        let whole = points.and_then(|points| i32::try_from(points).ok()).map(Points::whole);
        match (name, whole) {
            ("engagement", Some(points)) => Ok(Self::Engagement(points)),
            ("fit", Some(points)) => Ok(Self::Fit(points)),
            ("engagement" | "fit", None) => {
                Err(Invalid::new("points are a whole number from -100 to 100, and not 0"))
            }
            _ => Err(Invalid::new("an override is one of engagement, fit, hold, qualify")),
        }
    }

    /// The name in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Engagement(_) => "engagement",
            Self::Fit(_) => "fit",
            Self::Hold => "hold",
            Self::Qualify => "qualify",
        }
    }

    /// What it adds; nothing for those that do not.
    pub const fn points(self) -> Option<Points> {
        match self {
            Self::Engagement(points) | Self::Fit(points) => Some(points),
            Self::Hold | Self::Qualify => None,
        }
    }
}

impl Serialize for Effect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// That somebody ended an override before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
}

/// What somebody says of a lead against its score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// 1, 2, 3, … for a lead; never given twice.
    pub no: u32,
    /// What it does.
    pub effect: Effect,
    /// When it was given, and counts from.
    pub from: Timestamp,
    /// When it expires: the first moment at which it does not count.
    pub until: Timestamp,
    /// Why, in their words; searched for personal data before it is kept.
    pub reason: Text<300>,
    /// Who gave it.
    pub actor: Actor,
    /// That somebody ended it early.
    pub ended: Option<Ended>,
}

impl Override {
    /// The most days until it expires.
    pub const MOST_DAYS: i64 = 365;
    /// The most overrides that a lead has, those included that are over: every score of it reads them.
    pub const MOST: usize = 100;

    /// The first moment at which it does not count any more.
    pub fn over_at(&self) -> Timestamp {
        self.ended.as_ref().map_or(self.until, |ended| ended.at.min(self.until))
    }

    /// Whether it counts at a moment.
    pub fn counts(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.over_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    #[test]
    fn what_is_no_override_is_told_what_is() {
        for (name, points) in [("engagement", -100), ("fit", 100), ("fit", 1)] {
            let effect = Effect::parse(name, Some(points)).expect("is one");
            assert_eq!((effect.name(), effect.points().map(Points::milli)), (name, Some(points * 1000)));
        }
        for name in ["hold", "qualify"] {
            assert_eq!(Effect::parse(name, None).map(Effect::name), Ok(name));
        }
        for (name, points, said) in [
            ("fit", None, "-100 to 100"),
            ("fit", Some(0), "not 0"),
            ("engagement", Some(101), "-100 to 100"),
            ("engagement", Some(i64::MIN + 1), "-100 to 100"),
            ("hold", Some(1), "points go with engagement or fit"),
            ("total", Some(1), "one of engagement, fit, hold, qualify"),
        ] {
            let refused = Effect::parse(name, points).expect_err("is none");
            assert!(refused.0.contains(said), "{name} {points:?}: {}", refused.0);
        }
    }

    #[test]
    fn it_counts_from_its_beginning_to_before_its_end() {
        let at = Timestamp::from_millis;
        let actor = Actor::account(Role::Owner);
        let mut given = Override {
            no: 1,
            effect: Effect::Hold,
            from: at(10),
            until: at(20),
            reason: Text::clean("on holiday"),
            actor: actor.clone(),
            ended: None,
        };
        let counts = |given: &Override| [9, 10, 14, 15, 19, 20].map(|ms| given.counts(at(ms)));
        assert_eq!(counts(&given), [false, true, true, true, true, false]);
        given.ended = Some(Ended { at: at(15), by: actor });
        assert_eq!(counts(&given), [false, true, true, false, false, false]);
    }
}
