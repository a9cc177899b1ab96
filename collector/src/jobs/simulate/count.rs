//! Counts and their ratios. Invariant: what is compared is counted in whole leads; ratios are made of the counts
//! at the very end, and none is made of nothing.

use crate::domain::{Date, Timestamp, Zone};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

/// The days that a report is about, in the site's time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day, included.
    pub to: Date,
    /// The site's zone.
    pub zone: Zone,
    /// What happened after this moment is not looked at: the simulation has not seen all of it.
    pub until: Timestamp,
}

impl Period {
    /// Whether a moment lies in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.zone.start_of(self.from) <= at && self.ended_after(at)
    }

    /// Whether a moment lies before its end.
    pub fn ended_after(&self, at: Timestamp) -> bool {
        at < self.zone.start_of(self.to.plus(1)) && at <= self.until
    }

    /// How many days it has; at least one.
    pub fn days(&self) -> u32 {
        u32::try_from(self.to.days() - self.from.days() + 1).unwrap_or(1).max(1)
    }

    /// The Monday of the week of a moment.
    pub fn week(&self, at: Timestamp) -> Date {
        self.zone.date(at).week_start()
    }
}

/// Part of a whole, to four decimals; none of nothing.
pub(super) fn ratio(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| rounded(float(part) / float(of)))
}

#[expect(clippy::cast_precision_loss, reason = "counts of leads are far below 2^53")]
pub(super) const fn float(count: u64) -> f64 {
    count as f64
}

pub(super) fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// MQLs against outcomes, of leads that sales closed in the period. MQL means: it was one before it was closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confusion {
    /// MQL and won.
    pub mql_won: u64,
    /// MQL and lost.
    pub mql_lost: u64,
    /// No MQL, and won all the same.
    pub other_won: u64,
    /// No MQL, and lost.
    pub other_lost: u64,
}

impl Confusion {
    /// Adds a lead.
    pub const fn add(&mut self, mql: bool, won: bool) {
        match (mql, won) {
            (true, true) => self.mql_won += 1,
            (true, false) => self.mql_lost += 1,
            (false, true) => self.other_won += 1,
            (false, false) => self.other_lost += 1,
        }
    }

    /// Leads that were closed.
    pub const fn closed(&self) -> u64 {
        self.mql_won + self.mql_lost + self.other_won + self.other_lost
    }

    /// Leads that were won.
    pub const fn won(&self) -> u64 {
        self.mql_won + self.other_won
    }

    /// Of the MQLs, the share that was won.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.mql_won, self.mql_won + self.mql_lost)
    }

    /// Of the won, the share that were MQLs before.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.mql_won, self.won())
    }

    /// Of all closed, the share that was won: what somebody who picks at random wins.
    pub fn base(&self) -> Option<f64> {
        ratio(self.won(), self.closed())
    }

    /// How many times as often MQLs were won as closed leads altogether.
    pub fn lift(&self) -> Option<f64> {
        lift(self.mql_won, self.mql_won + self.mql_lost, self.won(), self.closed())
    }
}

/// `(won / of) / (all_won / all)`.
pub(super) fn lift(won: u64, of: u64, all_won: u64, all: u64) -> Option<f64> {
    (of > 0 && all_won > 0).then(|| rounded(float(won) * float(all) / (float(of) * float(all_won))))
}

impl Serialize for Confusion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shown = serializer.serialize_struct("Confusion", 7)?;
        shown.serialize_field("mql_won", &self.mql_won)?;
        shown.serialize_field("mql_lost", &self.mql_lost)?;
        shown.serialize_field("other_won", &self.other_won)?;
        shown.serialize_field("other_lost", &self.other_lost)?;
        shown.serialize_field("precision", &self.precision())?;
        shown.serialize_field("recall", &self.recall())?;
        shown.serialize_field("lift", &self.lift())?;
        shown.end()
    }
}

/// Between which bounds a share lies, 19 times of 20.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// The score interval of E. B. Wilson (1927) for a share, at 95 %: it holds for few leads, too, where the plain
/// one does not.
pub fn wilson(part: u64, of: u64) -> Option<Interval> {
    const Z: f64 = 1.959_963_984_540_054;
    if of == 0 {
        return None;
    }
    let (n, share) = (float(of), float(part) / float(of));
    let middle = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    let bound = |value: f64| rounded((value / whole).clamp(0.0, 1.0));
    Some(Interval { low: bound(middle - spread), high: bound(middle + spread) })
}
