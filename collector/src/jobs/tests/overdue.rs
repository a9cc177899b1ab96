//! Who waits for too long. Invariant: to the millisecond by the clock, by each stage's own limit; looking is
//! recorded.

use super::lifecycle::{owner, scored, stages, two_requests};
use super::*;
use crate::clock::Clock;
use crate::domain::{Action, Stage};
use crate::jobs::stages::Asked;
use crate::scoring::DEFAULT_MODEL;
use crate::storage::{AuditLog, AuditQuery};

const HOUR: i64 = 3_600_000;

#[test]
fn a_lead_is_overdue_from_the_moment_that_its_limit_is_over() {
    let world = scored(two_requests(), DEFAULT_MODEL);
    let site = world.ledger.sites().expect("reads").remove(0);
    let since = world.lead(1).stage_at;
    let clock = Clock::fixed(since);
    let people = stages(&world, DEFAULT_MODEL, &clock);
    let late = |after_ms: i64| {
        clock.set(since.plus_millis(after_ms));
        let page = people.overdue(&owner(), &site, 9, None).expect("lists");
        page.waiting.first().map(|waiting| (waiting.lead.stage, waiting.limit.hours(), waiting.overdue_hours))
    };
    assert_eq!(late(24 * HOUR - 1), None);
    assert_eq!(late(24 * HOUR), Some((Stage::Mql, 24, 0)));
    assert_eq!(late(31 * HOUR - 1), Some((Stage::Mql, 24, 6)), "whole hours");
    let to = Asked { to: Stage::Sal, seen: None, reason: Text::clean(""), at: None, amount: None };
    people.change(&owner(), &site, lead_key(1), &to).expect("answers").expect("is legal");
    // Accepted after almost 31 hours: a week from then.
    let accepted = 31 * HOUR - 1;
    assert_eq!(late(accepted + 7 * 24 * HOUR - 1), None);
    assert_eq!(late(accepted + 7 * 24 * HOUR), Some((Stage::Sal, 168, 0)));
    let query = AuditQuery { action: Some(Action::LeadsListed), limit: 9, ..AuditQuery::default() };
    assert!(world.ledger.entries(&query).expect("reads").total >= 3, "a look lasts an hour");
    let none = DEFAULT_MODEL.split("\n[sla]").next().expect("a head").to_owned()
        + DEFAULT_MODEL
            .split_once("sql = \"60 days\"")
            .expect("has limits")
            .1
            .split_once('\n')
            .expect("a line")
            .1;
    let without = stages(&world, &none, &clock).overdue(&owner(), &site, 9, None).expect("lists");
    assert!(without.limits.is_empty() && without.waiting.is_empty());
}
