//! What is odd in a site's counts. Invariant: whole numbers from the counts that reports read, by a rule that the
//! answer names with its figures; it marks and changes nothing.

use crate::domain::{Channel, Date, Site};
use crate::leads::Dimension;
use crate::storage::{
    Attribution, Counts, EventStore, KnownQuery, Ledger, OutcomeQuery, ReportQuery, StoreError,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// So many days before a day say what is usual.
pub const BEFORE: i32 = 28;
/// With fewer days since the site's first visit ever nothing is usual yet.
const KNOWN: i32 = 14;
/// More than so many times the median is odd.
const TIMES: i64 = 4;
/// And more than so many times the third highest of those days: what happens every week is not.
const TIMES_HIGH: i64 = 2;
/// Which place of the highest days that is, from 0.
const HIGH: usize = 2;
/// Under which share of visits leads become known that reads like a form filled in by a program: one of so many.
const LEADS_OF_VISITS: i64 = 2;
/// The outcome that says that one network said it was too many people.
const LIMITED: &str = "identity_limited";

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Visits.
    Visits,
    /// Leads that became known.
    Leads,
    /// Leads that became MQLs.
    Mqls,
    /// Leads of a channel beside its visits, but for those that the site's own server proved: that signs up many
    /// as one visitor.
    LeadsOfVisits,
    /// People that one network said it was, beyond what it may.
    Identities,
}

impl What {
    /// What is fewer is never odd.
    const fn floor(self) -> i64 {
        match self {
            Self::Visits => 200,
            Self::Leads | Self::LeadsOfVisits => 20,
            Self::Mqls | Self::Identities => 10,
        }
    }

    /// As people read it.
    const fn words(self) -> &'static str {
        match self {
            Self::Visits => "visits",
            Self::Leads | Self::LeadsOfVisits => "new leads",
            Self::Mqls => "MQLs",
            Self::Identities => "identities refused to one network",
        }
    }
}

/// Something odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Anomaly {
    /// The local date.
    pub day: Date,
    /// The channel; none for what is of the whole site.
    pub channel: Option<Channel>,
    /// What.
    pub what: What,
    /// The figure.
    pub value: i64,
    /// The median of the days before, or the visits that the leads stand beside.
    pub usual: i64,
    /// What it is more than.
    pub limit: i64,
    /// All of it in a sentence.
    pub sentence: String,
    /// What shows the events behind it, and what voiding them would take away.
    pub command: String,
}

/// What is odd on some days.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The site.
    pub site: String,
    /// Its time zone.
    pub time_zone: String,
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
    /// By which rule, in words.
    pub rule: String,
    /// Newest first.
    pub anomalies: Vec<Anomaly>,
}

/// More than which figure is odd after these days, and their median. Days without any are among them.
fn limit(what: What, mut before: Vec<i64>) -> (i64, i64) {
    before.sort_unstable();
    let median = before.get(before.len() / 2).copied().unwrap_or(0);
    let high = before.iter().rev().nth(HIGH).copied().unwrap_or(0);
    ((TIMES * median).max(TIMES_HIGH * high).max(what.floor()), median)
}

fn rule() -> String {
    format!(
        "A day is marked when a channel has more visits, new leads or MQLs on it than {TIMES} times the median of the \
         {BEFORE} days before, than {TIMES_HIGH} times the third highest of them, and than a floor ({}, {}, {}); when \
         more than one of {LEADS_OF_VISITS} visits of a channel became a lead, from {} leads on, those that the site's \
         own server proved left out; and when identities were refused to one network, by the first rule and a floor of \
         {}. In the first {KNOWN} days after a site's first visit ever only the second is; days without visits are \
         days like others.",
        What::Visits.floor(),
        What::Leads.floor(),
        What::Mqls.floor(),
        What::LeadsOfVisits.floor(),
        What::Identities.floor()
    )
}

/// The counts of one channel, or of the whole site, by day.
type Days = BTreeMap<Date, i64>;

/// What is odd of one row of days from `from` to `to`, where the site's first visit was on `first`.
fn marked(what: What, days: &Days, first: Date, (from, to): (Date, Date)) -> Vec<(Date, i64, i64, i64)> {
    let mut found = Vec::new();
    for (day, value) in days.range(from..=to) {
        let known = (day.days() - first.days()).min(BEFORE);
        if known < KNOWN {
            continue;
        }
        let before = (1..=known).map(|ago| days.get(&day.plus(-ago)).copied().unwrap_or(0)).collect();
        let (limit, usual) = limit(what, before);
        if *value > limit {
            found.push((*day, *value, usual, limit));
        }
    }
    found
}

fn anomaly(
    site: &Site,
    channel: Option<Channel>,
    what: What,
    (day, value, usual, limit): (Date, i64, i64, i64),
) -> Anomaly {
    let by = channel.map(|channel| format!("{}: ", channel.label())).unwrap_or_default();
    let against = match what {
        What::LeadsOfVisits => format!("of {usual} visits"),
        _ => format!("usually {usual}"),
    };
    let of = channel.map(|channel| format!(" --channel {}", channel.key())).unwrap_or_default();
    Anomaly {
        day,
        channel,
        what,
        value,
        usual,
        limit,
        sentence: format!("{by}{value} {} on {day}, {against}", what.words()),
        command: format!("mqlite void --site {} --from {day} --to {day}{of} --dry-run", site.id),
    }
}

/// The leads of a day and a channel that nobody proved.
fn claimed(ledger: &dyn Ledger, site: &Site, day: Date, channel: Channel) -> Result<i64, StoreError> {
    let (from, before) = (site.zone.start_of(day), site.zone.start_of(day.plus(1)));
    let claimed = ledger.count_claimed(&KnownQuery { site: site.no, from, before }, channel)?;
    Ok(i64::try_from(claimed).unwrap_or(i64::MAX))
}

/// Looks for what is odd from one local date to another, both included.
///
/// # Errors
/// When storage fails.
pub fn report(
    events: &dyn EventStore,
    ledger: &dyn Ledger,
    site: &Site,
    (from, to): (Date, Date),
) -> Result<Report, StoreError> {
    let begin = from.plus(-BEFORE);
    let query = ReportQuery {
        site: site.no,
        from: begin,
        to,
        by: Dimension::Channel,
        attribution: Attribution::First,
    };
    let rows = ledger.report(&query)?;
    let mut anomalies = Vec::new();
    if let Some(first) = ledger.first_day(site.no)? {
        let mut channels: BTreeMap<Channel, BTreeMap<Date, Counts>> = BTreeMap::new();
        for row in rows.rows {
            if let Some(channel) = Channel::from_key(&row.key) {
                channels.entry(channel).or_default().entry(row.day).or_default().add(row.counts);
            }
        }
        for (channel, counts) in &channels {
            let of = |value: fn(&Counts) -> i64| -> Days {
                counts.iter().map(|(day, counts)| (*day, value(counts))).collect()
            };
            let series = [
                (What::Visits, of(|counts| counts.visits)),
                (What::Leads, of(|counts| counts.leads)),
                (What::Mqls, of(|counts| counts.mqls)),
            ];
            for (what, days) in series {
                let found = marked(what, &days, first, (from, to)).into_iter();
                anomalies.extend(found.map(|found| anomaly(site, Some(*channel), what, found)));
            }
            for (day, Counts { visits, leads, .. }) in counts.range(from..=to) {
                let limit = (visits / LEADS_OF_VISITS).max(What::LeadsOfVisits.floor());
                // Only where it may be odd: who is proven is not in the counts.
                let claimed = if *leads > limit { claimed(ledger, site, *day, *channel)? } else { 0 };
                if claimed > limit {
                    let found = (*day, claimed, *visits, limit);
                    anomalies.push(anomaly(site, Some(*channel), What::LeadsOfVisits, found));
                }
            }
        }
        let outcomes = events.daily(&OutcomeQuery { site: site.no, from: begin, to })?;
        let limited: Days = outcomes
            .into_iter()
            .filter(|count| count.word == LIMITED)
            .map(|count| (count.day, i64::try_from(count.count).unwrap_or(i64::MAX)))
            .collect();
        let found = marked(What::Identities, &limited, first, (from, to)).into_iter();
        anomalies.extend(found.map(|found| anomaly(site, None, What::Identities, found)));
    }
    anomalies.sort_by_key(|found| (std::cmp::Reverse(found.day), found.channel, found.what));
    Ok(Report {
        site: site.id.to_string(),
        time_zone: site.zone.name().to_owned(),
        from,
        to,
        rule: rule(),
        anomalies,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: i32 = 100;

    /// The days up to the one before today, by what each has.
    fn before(each: impl Fn(i32) -> i64, days: i32) -> Days {
        (TODAY - days..TODAY).map(|day| (Date::from_days(day), each(day))).collect()
    }

    fn is_marked(what: What, before: &Days, today: i64) -> bool {
        let mut days = before.clone();
        let first = *days.keys().next().expect("some");
        let day = Date::from_days(TODAY);
        days.insert(day, today);
        !marked(what, &days, first, (day, day)).is_empty()
    }

    #[test]
    fn a_flood_is_marked() {
        let steady = before(|_| 100, 28);
        assert!(is_marked(What::Visits, &steady, 401));
        assert!(!is_marked(What::Visits, &steady, 400));
        assert!(is_marked(What::Leads, &before(|_| 2, 28), 21));
        assert!(is_marked(What::Mqls, &before(|_| 0, 28), 11), "where there never were any");
    }

    #[test]
    fn the_rhythm_of_weeks_and_a_newsletter_are_not() {
        // A working week: little at the weekend, then Monday.
        let week = before(|day| if day % 7 < 2 { 60 } else { 400 }, 28);
        assert!(!is_marked(What::Visits, &week, 420));
        // Two to three times as many as ever, once.
        let steady = before(|_| 500, 28);
        assert!(!is_marked(What::Visits, &steady, 1_500));
        // A letter each week brings twenty times as many as other days.
        let letters = before(|day| if day % 7 == 3 { 2_000 } else { 100 }, 28);
        assert!(!is_marked(What::Visits, &letters, 2_500));
        assert!(is_marked(What::Visits, &letters, 4_001));
    }

    #[test]
    fn one_attack_does_not_hide_the_next() {
        let attacked = before(|day| if day > TODAY - 3 { 5_000 } else { 100 }, 28);
        assert!(is_marked(What::Visits, &attacked, 5_000));
    }

    #[test]
    fn a_new_site_has_no_usual() {
        assert!(!is_marked(What::Visits, &before(|_| 10, 13), 100_000));
        assert!(is_marked(What::Visits, &before(|_| 10, 14), 100_000));
    }

    #[test]
    fn few_are_never_odd() {
        let nothing = before(|_| 0, 28);
        assert!(!is_marked(What::Visits, &nothing, 200));
        assert!(is_marked(What::Visits, &nothing, 201));
    }
}
