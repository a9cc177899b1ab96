//! What is taken out of the counting as the work of an attack. Invariant: it selects only by what is stored of an
//! event; there is no address to go by.

use super::{Channel, Invalid, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// Which events of a site are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Those that happened from this moment on.
    pub from: Timestamp,
    /// And before this one.
    pub to: Timestamp,
    /// Of these, all that this says.
    pub only: Only,
}

/// What all selected events have; nothing said is no condition. Texts are compared whole, whatever their capitals.
/// The way (channel to referrer) is that of the visit which an event belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Only {
    /// By which channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// `utm_source`, or the referrer's name or host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Text<100>>,
    /// `utm_medium`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<Text<100>>,
    /// `utm_campaign`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Text<200>>,
    /// The referrer's host, without `www.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<Text<253>>,
    /// A pattern of paths: `*` stands for anything within a segment, `**` for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Text<500>>,
    /// The event's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Text<64>>,
    /// ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<Text<2>>,
    /// The browser's family, such as `Firefox`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<Text<40>>,
    /// Only what named no page of the site as its origin.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unverified: bool,
}

impl Selection {
    /// Whether it can be meant: its time is over, so that what it selects is all there.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn check(&self, now: Timestamp) -> Result<(), Invalid> {
        if self.from >= self.to {
            return Err(Invalid::new("`from` is a moment before `to`"));
        }
        if self.to > now {
            return Err(Invalid::new(format!("`to` is a moment that has passed: at most {now}")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_time_that_is_over_is_selected() {
        let at = Timestamp::from_millis;
        let selection = |from, to| Selection { from: at(from), to: at(to), only: Only::default() };
        assert!(selection(1, 5).check(at(5)).is_ok());
        assert!(selection(1, 6).check(at(5)).is_err());
        assert!(selection(5, 5).check(at(9)).is_err());
    }

    #[test]
    fn what_is_said_is_read_as_it_was_written() {
        let said = r#"{"channel":"paid_search","path":"/demo/**","unverified":true}"#;
        let only: Only = serde_json::from_str(said).expect("reads");
        assert_eq!(serde_json::to_string(&only).expect("writes"), said);
        assert!(serde_json::from_str::<Only>(r#"{"address":"192.0.2.1"}"#).is_err(), "none is stored");
    }
}
