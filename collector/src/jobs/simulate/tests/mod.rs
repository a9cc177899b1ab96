//! Tests of what a simulation counts. Invariant: facts are made at random; every sum and share holds for any.

mod counted;
mod desk;

use super::*;
use crate::domain::{Channel, Date, LeadKey, Points, RuleId, Timestamp, Zone};
use proptest::prelude::*;

/// A Monday.
const MONDAY: i32 = 20_409;

fn zone() -> Zone {
    Zone::parse("Europe/Berlin").expect("known")
}

/// So many hours after the Monday began.
fn hour(hours: i64) -> Timestamp {
    zone().start_of(Date::from_days(MONDAY)).plus_millis(hours * 3_600_000)
}

/// From the Wednesday of the first week to the Monday of the fourth.
fn period() -> Period {
    let day = |days| Date::from_days(MONDAY + days);
    Period { from: day(2), to: day(21), zone: zone(), until: hour(10_000) }
}

fn mql(at: Timestamp) -> Mql {
    Mql { at, total: Points::whole(60) }
}

fn lead(number: u8) -> Facts {
    Facts {
        key: LeadKey::from_bytes([number; 16]),
        channel: Channel::Direct,
        known_at: hour(72),
        live: None,
        draft: None,
        stairs: Staircase::default(),
        hits: Vec::new(),
        outcome: None,
    }
}

fn rule(name: &str) -> RuleId {
    RuleId::parse(name).expect("valid")
}
