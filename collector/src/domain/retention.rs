//! How long each kind of data is kept. Invariant: every kind has an end, and none is kept longer than its
//! `longest_days`.

use super::{Date, Invalid};
use serde::{Deserialize, Deserializer, Serialize};

/// What goes together when its time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Events that are no lead's.
    Events,
    /// Leads, with everything that is theirs.
    Leads,
    /// Counts.
    Aggregates,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Events, Self::Leads, Self::Aggregates];

    /// The name in the API, in settings and in the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Leads => "leads",
            Self::Aggregates => "aggregates",
        }
    }

    /// What people read.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Events => "Pseudonymous events",
            Self::Leads => "Leads",
            Self::Aggregates => "Counts",
        }
    }

    /// What goes, and from when the days count.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Events => "Events that are tied to no lead, that many days after they happened",
            Self::Leads => {
                "Leads with their events, hits, changes of stage and references, that many days after their newest event"
            }
            Self::Aggregates => {
                "Counts for reports and counts of outcomes, that many days after the day they are of"
            }
        }
    }

    /// Days, unless the site says otherwise. The CNIL's guidelines on audience measurement (2020-091) name 13
    /// months for what recognises a visitor and 25 months for the measurements; its guidance on prospects names
    /// three years after the last contact.
    pub const fn default_days(self) -> u32 {
        match self {
            Self::Events => 395,
            Self::Leads => 1_095,
            Self::Aggregates => 760,
        }
    }

    /// The longest that can be set.
    pub const fn longest_days(self) -> u32 {
        match self {
            Self::Events => 760,
            Self::Leads | Self::Aggregates => 3_650,
        }
    }

    /// Checks a number of days.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn check(self, days: u32) -> Result<u32, Invalid> {
        let longest = self.longest_days();
        if (1..=longest).contains(&days) {
            Ok(days)
        } else {
            Err(Invalid::new(format!("{} are kept for 1 to {longest} days, not {days}", self.title())))
        }
    }
}

/// A site's days for each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Retention {
    events: u32,
    leads: u32,
    aggregates: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            events: Kind::Events.default_days(),
            leads: Kind::Leads.default_days(),
            aggregates: Kind::Aggregates.default_days(),
        }
    }
}

impl Retention {
    /// How many days a kind is kept.
    pub fn days(self, kind: Kind) -> u32 {
        match kind {
            Kind::Events => self.events,
            Kind::Leads => self.leads,
            Kind::Aggregates => self.aggregates,
        }
    }

    /// The same, but for one kind.
    ///
    /// # Errors
    /// When it is not between 1 and the longest.
    pub fn with(mut self, kind: Kind, days: u32) -> Result<Self, Invalid> {
        let days = kind.check(days)?;
        match kind {
            Kind::Events => self.events = days,
            Kind::Leads => self.leads = days,
            Kind::Aggregates => self.aggregates = days,
        }
        Ok(self)
    }

    /// The first local day that is still kept when it is `today`.
    pub fn first_kept(self, kind: Kind, today: Date) -> Date {
        today.plus(-i32::try_from(self.days(kind)).unwrap_or(i32::MAX))
    }
}

impl<'de> Deserialize<'de> for Retention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            events: Option<u32>,
            leads: Option<u32>,
            aggregates: Option<u32>,
        }
        let raw = Raw::deserialize(deserializer)?;
        let days = [(Kind::Events, raw.events), (Kind::Leads, raw.leads), (Kind::Aggregates, raw.aggregates)];
        let set = |kept: Self, (kind, days): (Kind, Option<u32>)| {
            kept.with(kind, days.unwrap_or(kind.default_days()))
        };
        days.into_iter().try_fold(Self::default(), set).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_an_end() {
        let kept = Retention::default().with(Kind::Events, 30).expect("in range");
        assert_eq!((kept.days(Kind::Events), kept.days(Kind::Leads)), (30, 1_095));
        assert_eq!(kept.first_kept(Kind::Events, Date::from_days(100)), Date::from_days(70));
        for kind in Kind::ALL {
            assert!(kind.default_days() <= kind.longest_days());
            for days in [0, kind.longest_days() + 1, u32::MAX] {
                assert!(Retention::default().with(kind, days).is_err(), "{kind:?} {days}");
            }
        }
    }

    #[test]
    fn what_is_not_said_is_the_default_and_nonsense_is_refused() {
        let read = serde_json::from_str::<Retention>;
        assert_eq!(read("{}").expect("reads"), Retention::default());
        assert_eq!(read(r#"{"leads":10}"#).expect("reads").days(Kind::Leads), 10);
        assert!(read(r#"{"events":9999}"#).is_err() && read(r#"{"evnts":1}"#).is_err());
    }
}
