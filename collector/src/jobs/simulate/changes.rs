//! Who becomes an MQL by one model and not by the other. Invariant: by the draft there are as many MQLs in the
//! period as by the live model, and those who enter, without those who leave: in all, and in each channel.

use super::count::Period;
use super::facts::Facts;
use crate::domain::{Channel, Date};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// How many became an MQL in the period, each for the first time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// By the model that is live.
    pub live: u64,
    /// By the draft.
    pub draft: u64,
    /// By the draft only.
    pub entering: u64,
    /// By the live model only.
    pub leaving: u64,
}

/// One channel of the first touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ByChannel {
    /// The channel.
    #[serde(serialize_with = "key")]
    pub channel: Channel,
    /// For people.
    pub label: &'static str,
    /// How many.
    #[serde(flatten)]
    pub counts: Counts,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn key<S: Serializer>(channel: &Channel, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(channel.key())
}

/// One week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ByWeek {
    /// Its Monday.
    pub week: Date,
    /// How many: who enters is in the week in which the draft makes it an MQL, who leaves in that of the live
    /// model. Who is an MQL by both, but in another week, is in two.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The two models against each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// In all.
    #[serde(flatten)]
    pub counts: Counts,
    /// By both.
    pub staying: u64,
    /// Of those who stay: by the draft at an earlier moment.
    pub earlier: u64,
    /// Of those who stay: by the draft at a later moment.
    pub later: u64,
    /// By channel of the first touch, those with any.
    pub by_channel: Vec<ByChannel>,
    /// Each week of the period, the first and the last may be cut.
    pub by_week: Vec<ByWeek>,
}

impl Changes {
    /// Counts.
    pub fn of(leads: &[Facts], period: &Period) -> Self {
        let mut all = Counts::default();
        let (mut staying, mut earlier, mut later) = (0, 0, 0);
        let mut by_channel: BTreeMap<Channel, Counts> = BTreeMap::new();
        let mut by_week: BTreeMap<Date, Counts> = BTreeMap::new();
        let mut week = period.from.week_start();
        while week <= period.to {
            by_week.insert(week, Counts::default());
            week = week.plus(7);
        }
        for lead in leads {
            let (live, draft) = (lead.live_in(period), lead.draft_in(period));
            if let (Some(live), Some(draft)) = (live, draft) {
                staying += 1;
                earlier += u64::from(draft.at < live.at);
                later += u64::from(draft.at > live.at);
            }
            let one = Counts {
                live: live.is_some().into(),
                draft: draft.is_some().into(),
                entering: (draft.is_some() && live.is_none()).into(),
                leaving: (live.is_some() && draft.is_none()).into(),
            };
            if one == Counts::default() {
                continue;
            }
            all.add(one);
            by_channel.entry(lead.channel).or_default().add(one);
            if let Some(live) = live {
                let part = Counts { live: 1, leaving: one.leaving, ..Counts::default() };
                by_week.entry(period.week(live.at)).or_default().add(part);
            }
            if let Some(draft) = draft {
                let part = Counts { draft: 1, entering: one.entering, ..Counts::default() };
                by_week.entry(period.week(draft.at)).or_default().add(part);
            }
        }
        let channel =
            |(channel, counts): (Channel, Counts)| ByChannel { channel, label: channel.label(), counts };
        let mut by_channel: Vec<ByChannel> = by_channel.into_iter().map(channel).collect();
        by_channel.sort_by_key(|row| (std::cmp::Reverse(row.counts.live.max(row.counts.draft)), row.channel));
        let by_week = by_week.into_iter().map(|(week, counts)| ByWeek { week, counts }).collect();
        Self { counts: all, staying, earlier, later, by_channel, by_week }
    }
}

impl Counts {
    const fn add(&mut self, other: Self) {
        self.live += other.live;
        self.draft += other.draft;
        self.entering += other.entering;
        self.leaving += other.leaving;
    }
}

impl Facts {
    /// As an MQL of the live model, if it became one in the period.
    pub fn live_in(&self, period: &Period) -> Option<super::Mql> {
        self.live.filter(|mql| period.holds(mql.at))
    }

    /// As an MQL of the draft, if it became one in the period.
    pub fn draft_in(&self, period: &Period) -> Option<super::Mql> {
        self.draft.filter(|mql| period.holds(mql.at))
    }
}
