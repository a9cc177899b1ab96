//! Moments and days. Invariant: a moment is UTC milliseconds and nothing else; a day is always a local
//! date of a named time zone. Reading the clock is `crate::clock`'s business, never this module's.

use super::Invalid;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A moment: milliseconds since 1970-01-01T00:00:00Z, between the years 0000 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    const MIN: i64 = -62_167_219_200_000;
    const MAX: i64 = 253_402_207_200_000 - 1;
    /// Milliseconds of a day of 24 hours.
    pub const DAY_MS: i64 = 86_400_000;

    /// The moment `ms` milliseconds after the epoch; values outside the years 0000 to 9999 are clamped.
    pub fn from_millis(ms: i64) -> Self {
        Self(ms.clamp(Self::MIN, Self::MAX))
    }

    /// Milliseconds since the epoch.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The moment `ms` milliseconds later (earlier when negative).
    #[must_use]
    pub fn plus_millis(self, ms: i64) -> Self {
        Self::from_millis(self.0.saturating_add(ms))
    }

    /// The moment `days` times 24 hours later.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        self.plus_millis(days.saturating_mul(Self::DAY_MS))
    }

    /// Parses RFC 3339, such as `2026-11-21T14:03:11.123Z`.
    ///
    /// # Errors
    /// Says what was wrong when `text` is not RFC 3339.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        text.parse::<jiff::Timestamp>().map(|t| Self::from_millis(t.as_millisecond())).map_err(|_| {
            Invalid::new(format!(
                "`{}` is not a time; write it like 2026-11-21T14:03:11Z (RFC 3339)",
                text.chars().take(40).collect::<String>()
            ))
        })
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 UTC with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.jiff())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A visit ends when nothing happened for so long, in milliseconds: the trade's thirty minutes.
pub const VISIT_MS: i64 = 30 * 60 * 1000;

/// A local calendar date, held as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// The date `days` days after 1970-01-01.
    pub fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        self.0
    }

    /// The date `days` later.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Parses `YYYY-MM-DD`.
    ///
    /// # Errors
    /// Says what was wrong when `text` is no such date.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let date: jiff::civil::Date = text.parse().map_err(|_| {
            Invalid::new(format!(
                "`{}` is not a date; write it like 2026-11-21",
                text.chars().take(40).collect::<String>()
            ))
        })?;
        Ok(Self::from_civil(date))
    }

    fn from_civil(date: jiff::civil::Date) -> Self {
        let epoch = jiff::civil::Date::constant(1970, 1, 1);
        Self(epoch.until(date).map(|span| span.get_days()).unwrap_or(0))
    }

    /// In the calendar; what lies beyond it (the years -9999 to 9999) is its first or last day.
    fn civil(self) -> jiff::civil::Date {
        let beyond = if self.0 < 0 { jiff::civil::Date::MIN } else { jiff::civil::Date::MAX };
        let span = jiff::Span::new().try_days(self.0);
        span.and_then(|span| jiff::civil::Date::constant(1970, 1, 1).checked_add(span)).unwrap_or(beyond)
    }

    /// The Monday of this date's ISO week.
    #[must_use]
    pub fn week_start(self) -> Self {
        Self(self.0 - (self.0 + 3).rem_euclid(7))
    }

    /// The first day of this date's month.
    #[must_use]
    pub fn month_start(self) -> Self {
        Self::from_civil(self.civil().first_of_month())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.civil())
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An IANA time zone, such as `Europe/Berlin`. The rules are compiled in, so that a machine without
/// time zone files still shows the site's days.
#[derive(Clone, PartialEq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// Coordinated Universal Time.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: TimeZone::UTC }
    }

    /// Looks up an IANA name.
    ///
    /// # Errors
    /// When the time zone database has no such name.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        let rules = TimeZone::get(name).map_err(|_| {
            Invalid::new(format!(
                "`{}` is not a known time zone; use an IANA name such as Europe/Berlin or UTC",
                name.chars().take(60).collect::<String>()
            ))
        })?;
        Ok(Self { name: rules.iana_name().unwrap_or(name).to_owned(), rules })
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The local date at `moment`.
    pub fn date(&self, moment: Timestamp) -> Date {
        Date::from_civil(self.rules.to_datetime(moment.jiff()).date())
    }

    /// The local time at `moment`, as people here write it, such as `2026-11-22 15:03:11 +01:00`.
    pub fn local(&self, moment: Timestamp) -> String {
        moment.jiff().to_zoned(self.rules.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
    }

    /// The first moment of `date` here.
    pub fn start_of(&self, date: Date) -> Timestamp {
        let zoned = date.civil().to_zoned(self.rules.clone());
        // Near the ends of the calendar there are days that begin beyond it.
        let beyond = if date.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_millis(zoned.map(|z| z.timestamp().as_millisecond()).unwrap_or(beyond))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_beyond_the_calendar_are_its_ends() {
        let last = Date::parse("9999-12-31").expect("valid");
        assert!(Zone::utc().start_of(last.plus(1)) > Zone::utc().start_of(last.plus(-1)));
        assert_eq!(last.plus(40).month_start().to_string(), "9999-12-01");
        let first = Date::parse("-009999-01-01").expect("valid");
        assert_eq!(first.plus(-40).to_string(), "-009999-01-01");
        for name in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            let zone = Zone::parse(name).expect("known");
            assert!(zone.start_of(last.plus(1)) > zone.start_of(last.plus(-40)), "{name}");
            assert!(zone.start_of(first) < zone.start_of(last), "{name}");
        }
    }

    #[test]
    fn prints_milliseconds_always() {
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            Timestamp::parse("2026-11-21T14:03:11.5Z").expect("valid").to_string(),
            "2026-11-21T14:03:11.500Z"
        );
        assert!(Timestamp::parse("yesterday").is_err());
    }

    #[test]
    fn dates_are_local() {
        let berlin = Zone::parse("Europe/Berlin").expect("known");
        let late = Timestamp::parse("2026-07-01T22:30:00Z").expect("valid");
        assert_eq!(berlin.date(late).to_string(), "2026-07-02");
        assert_eq!(berlin.local(late), "2026-07-02 00:30:00 +02:00");
        assert_eq!(berlin.start_of(berlin.date(late)).to_string(), "2026-07-01T22:00:00.000Z");
        assert!(Zone::parse("Mars/Olympus").is_err());
    }

    #[test]
    fn weeks_start_on_monday() {
        let saturday = Date::parse("2026-11-21").expect("valid");
        assert_eq!(saturday.week_start().to_string(), "2026-11-16");
        assert_eq!(saturday.month_start().to_string(), "2026-11-01");
        assert_eq!(Date::parse("1969-12-31").expect("valid").week_start().to_string(), "1969-12-29");
    }
}
