//! What people say against scores, over time. Invariant: it counts from the moment it was given, ends by itself, is
//! the same after everything was scored anew, and of two at a time both hold.

use super::lifecycle::{changes, owner, scored, stages, sweep, two_requests};
use super::*;
use crate::clock::Clock;
use crate::domain::{Action, Effect, Override, Points, Role, Stage};
use crate::jobs::overrides::{Asked, Done, Refused};
use crate::jobs::stages::{Gone, Stages};
use crate::scoring::DEFAULT_MODEL;
use crate::storage::{AuditLog, AuditQuery};

fn asked(effect: Effect, until: Timestamp) -> Asked {
    Asked { effect, until, reason: Text::clean("they called") }
}

fn give(world: &World, now: Timestamp, asked: &Asked) -> Result<Done, Refused> {
    let site = world.ledger.sites().expect("reads").remove(0);
    let people = stages(world, DEFAULT_MODEL, &Clock::fixed(now));
    people.give(&owner(), &site, lead_key(1), asked).expect("answers")
}

fn end(world: &World, now: Timestamp, no: u32) -> Result<Done, Refused> {
    let site = world.ledger.sites().expect("reads").remove(0);
    stages(world, DEFAULT_MODEL, &Clock::fixed(now)).end(&owner(), &site, lead_key(1), no).expect("answers")
}

/// One visitor who looked at a page: no points to speak of.
fn quiet() -> World {
    scored(vec![known(1, event("pageview", "/", minute(0)))], DEFAULT_MODEL)
}

fn to(world: &World) -> Vec<(Stage, Timestamp, Role)> {
    let all = world.transitions(&world.lead(1)).into_iter();
    all.map(|transition| (transition.to, transition.at, transition.actor.role)).collect()
}

/// The same after everything was scored by another model and by this one again.
#[track_caller]
fn stays_when_all_is_scored_anew(world: &World, now: Timestamp) {
    sweep(world, DEFAULT_MODEL, now);
    let before = world.snapshot();
    world.score(OTHER);
    sweep(world, OTHER, now);
    world.score(DEFAULT_MODEL);
    sweep(world, DEFAULT_MODEL, now);
    assert_eq!(world.snapshot(), before);
}

#[test]
fn points_make_an_mql_at_once_and_go_by_themselves() {
    let world = quiet();
    let until = minute(60).plus_days(10);
    let done =
        give(&world, minute(60), &asked(Effect::Engagement(Points::whole(70)), until)).expect("is given");
    assert_eq!((done.given.no, done.stage), (1, Stage::Mql));
    assert_eq!(world.lead(1).score.engagement, done.score.engagement);
    assert_eq!(to(&world), [(Stage::Mql, minute(60), Role::Collector)]);
    assert!(world.transitions(&world.lead(1))[0].lines.contains("\"id\":\"override_1\""));
    let day = |days| minute(60).plus_days(days);
    sweep(&world, DEFAULT_MODEL, day(10));
    assert_eq!(world.lead(1).stage, Stage::Mql, "it counts to its end");
    sweep(&world, DEFAULT_MODEL, day(11));
    let fell = changes(&world).pop().expect("fell out");
    assert_eq!((fell.1, fell.2.as_str()), (Stage::Lead, "2026-12-01T00:00:00.000Z"), "on the midnight after");
    assert_eq!(world.lead(1).overrides.len(), 1, "the row stays");
    stays_when_all_is_scored_anew(&world, day(12));
}

#[test]
fn who_is_held_back_is_no_mql_until_that_ends() {
    let world = scored(two_requests(), DEFAULT_MODEL);
    assert_eq!(world.lead(1).stage, Stage::Mql);
    let done = give(&world, minute(60), &asked(Effect::Hold, minute(60).plus_days(40))).expect("is given");
    assert_eq!(done.stage, Stage::Lead);
    let held = "Held back by the owner: until 2026-12-30: they called";
    assert_eq!(changes(&world)[1].3, held);
    assert_eq!(done.score.total, Points::whole(70), "its points stay");
    let again = Event { id: EventId::from_bytes([9; 16]), ..two_requests().remove(0) };
    world.append(&[Event { at: minute(90), ..again }]);
    world.score(DEFAULT_MODEL);
    assert_eq!(world.lead(1).stage, Stage::Lead, "whatever it does");
    let day = |days| minute(60).plus_days(days);
    let ended = end(&world, day(31), 1).expect("is ended");
    assert_eq!((ended.stage, ended.given.over_at()), (Stage::Lead, day(31)));
    assert_eq!(end(&world, day(31), 1).map(|done| done.stage), Err(Refused::Over(day(31))));
    assert_eq!(end(&world, day(31), 2).map(|done| done.stage), Err(Refused::NoSuch));
    stays_when_all_is_scored_anew(&world, day(32));
}

#[test]
fn who_is_held_back_before_qualifying_does_so_when_that_expires() {
    let world = quiet();
    give(&world, minute(1), &asked(Effect::Hold, minute(0).plus_days(3))).expect("is given");
    world.append(&numbered(two_requests()).split_off(1).into_iter().map(later).collect::<Vec<_>>());
    world.append(&[later(Event { id: EventId::from_bytes([9; 16]), ..two_requests().remove(0) })]);
    world.score(DEFAULT_MODEL);
    assert_eq!((world.lead(1).stage, world.lead(1).score.total), (Stage::Lead, Points::whole(70)));
    sweep(&world, DEFAULT_MODEL, minute(0).plus_days(3));
    assert_eq!(world.lead(1).stage, Stage::Lead);
    sweep(&world, DEFAULT_MODEL, minute(0).plus_days(4));
    let midnight = Timestamp::parse("2026-11-24T00:00:00Z").expect("valid");
    assert_eq!(to(&world), [(Stage::Mql, midnight, Role::Collector)]);
    stays_when_all_is_scored_anew(&world, minute(0).plus_days(5));
}

fn later(event: Event) -> Event {
    Event { at: event.at.plus_millis(3_600_000), ..event }
}

#[test]
fn who_is_said_to_qualify_does_and_stays_while_that_counts() {
    let world = quiet();
    let done = give(&world, minute(5), &asked(Effect::Qualify, minute(0).plus_days(200))).expect("is given");
    assert_eq!(done.stage, Stage::Mql);
    assert_eq!(changes(&world)[0].3, "Qualified by the owner: until 2027-06-08: they called");
    sweep(&world, DEFAULT_MODEL, minute(0).plus_days(199));
    assert_eq!(world.lead(1).stage, Stage::Mql, "however little is left");
    sweep(&world, DEFAULT_MODEL, minute(0).plus_days(202));
    assert_eq!(world.lead(1).stage, Stage::Lead);
    stays_when_all_is_scored_anew(&world, minute(0).plus_days(203));
}

#[test]
fn what_cannot_be_is_refused_and_leaves_nothing() {
    let world = quiet();
    let now = minute(5);
    for until in [now, now.plus_days(-1), now.plus_days(365).plus_millis(1)] {
        assert_eq!(
            give(&world, now, &asked(Effect::Hold, until)).map(|done| done.stage),
            Err(Refused::Until)
        );
    }
    for reason in ["", "  ", "\u{200b}"] {
        let silent = Asked { reason: Text::clean(reason), ..asked(Effect::Hold, now.plus_days(1)) };
        assert_eq!(give(&world, now, &silent).map(|done| done.stage), Err(Refused::Reason), "{reason:?}");
    }
    assert!(world.lead(1).overrides.is_empty());
    let told =
        Asked { reason: Text::clean("call jo@example.com"), ..asked(Effect::Hold, now.plus_days(365)) };
    let reason = give(&world, now, &told).expect("is given").given.reason;
    assert!(reason.as_str().starts_with("call ") && !reason.as_str().contains("jo@"), "{reason}");
    for _ in 1..Override::MOST {
        give(&world, now, &told).expect("is given");
    }
    assert_eq!(give(&world, now, &told).map(|done| done.stage), Err(Refused::Full));
    let query = AuditQuery { action: Some(Action::LeadOverrideGiven), limit: 200, ..AuditQuery::default() };
    let said = world.ledger.entries(&query).expect("reads").entries;
    assert_eq!(said.len(), Override::MOST);
    assert!(said.iter().all(|entry| !entry.details.contains("call") && entry.subject.is_some()));
    assert!(said[0].details.contains("\"effect\":\"hold\""), "{}", said[0].details);
    let site = world.ledger.sites().expect("reads").remove(0);
    let people: Stages = stages(&world, DEFAULT_MODEL, &Clock::fixed(now));
    let nobody = people.give(&owner(), &site, lead_key(7), &told).expect("answers");
    assert_eq!(nobody.map(|done| done.stage), Err(Refused::Gone(Gone::Unknown)));
}

/// Two people at one lead: neither undoes the other's.
#[test]
fn of_two_at_a_time_both_hold() {
    let world = quiet();
    let site = world.ledger.sites().expect("reads").remove(0);
    let people = stages(&world, DEFAULT_MODEL, &Clock::fixed(minute(5)));
    std::thread::scope(|scope| {
        for points in 1..=8 {
            let (people, site) = (people.clone(), site.clone());
            scope.spawn(move || {
                let asked = asked(Effect::Engagement(Points::whole(points)), minute(0).plus_days(9));
                people.give(&owner(), &site, lead_key(1), &asked).expect("answers").expect("is given");
            });
        }
    });
    let lead = world.lead(1);
    let numbers: Vec<u32> = lead.overrides.iter().map(|given| given.no).collect();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    let base = quiet().lead(1).score.engagement;
    assert_eq!(lead.score.engagement, base + Points::whole(36));
}
