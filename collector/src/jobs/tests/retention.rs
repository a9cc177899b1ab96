//! Retention. Invariant: what goes is what is past its time, reports of the days that stay say what they said,
//! and another model changes nothing of what was counted for good.

use super::*;
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Actor, Retention as Days, RetentionKind};
use crate::jobs::retention::{Retention, Undone};
use crate::storage::{AuditLog, AuditQuery, Ledger, OutcomeQuery};

fn retention(world: &World, now: Timestamp) -> Retention {
    let ledger: Arc<dyn Ledger> = world.ledger.clone();
    let clock = Clock::fixed(now);
    let audit = Arc::new(Recorder::new(Arc::clone(&ledger), clock.clone(), None));
    Retention::new(world.events.clone(), ledger, audit, clock)
}

fn set(world: &World, kind: RetentionKind, days: u32) {
    let site = world.ledger.sites().expect("reads").remove(0);
    let retention = Days::default().with(kind, days).expect("in range");
    let policy = SitePolicy { retention, ..site.policy };
    world.ledger.put_site(NewSite { id: site.id, zone: site.zone, policy }).expect("puts");
}

/// A visit of each of ten days, and a lead on the first and on the last.
fn ten_days() -> World {
    let day = |n: i64| morning().plus_days(n);
    let mut events = Vec::new();
    for n in 0..10_u8 {
        let mut seen = event("pageview", "/", day(n.into()));
        seen.visitor = Some(visitor(100 + n));
        seen.touch = email();
        events.push(seen);
    }
    events.push(Event { visitor: Some(visitor(1)), ..known(1, event("demo_request", "/", day(0))) });
    events.push(Event { visitor: Some(visitor(2)), ..known(2, event("demo_request", "/", day(9))) });
    World::after(events)
}

/// Visits by channel, over all days.
fn visits(world: &World) -> Vec<(String, i64)> {
    let mut sums = std::collections::BTreeMap::new();
    for (channel, visits) in world.visits() {
        *sums.entry(channel).or_default() += visits;
    }
    sums.into_iter().collect()
}

fn rows(runs: &[crate::jobs::retention::Run], kind: RetentionKind) -> u64 {
    runs.iter().filter(|run| run.site == "a.example" && run.kind == kind.name()).map(|run| run.rows).sum()
}

#[test]
fn events_go_after_their_days_and_their_counts_stay() {
    let world = ten_days();
    set(&world, RetentionKind::Events, 5);
    let before = world.snapshot();
    let retention = retention(&world, morning().plus_days(9));
    let dry = retention.run(&Actor::collector(), None, true).expect("counts");
    assert_eq!(rows(&dry, RetentionKind::Events), 4, "days 0 to 3");
    assert_eq!(world.snapshot(), before, "a dry run changes nothing");
    assert!(
        world
            .ledger
            .entries(&AuditQuery { limit: 9, ..AuditQuery::default() })
            .expect("reads")
            .entries
            .is_empty()
    );

    let runs = retention.run(&Actor::collector(), None, false).expect("runs");
    assert_eq!(runs, dry, "what a dry run says is what goes");
    assert_eq!(world.snapshot(), before, "leads and reports stay");
    let left = world.events.scan(Cursor::default(), usize::MAX).expect("scans");
    assert_eq!(left.len(), 8, "six visits, and the leads' own events however old");
    assert!(
        rows(&retention.run(&Actor::collector(), None, false).expect("runs"), RetentionKind::Events) == 0
    );

    // Another model scores the log anew: what is left of it. The counts of the days that are gone stay.
    world.score(OTHER);
    assert_eq!(visits(&world), [("direct".to_owned(), 2), ("email".to_owned(), 10)], "none lost, none twice");
    world.score(MODEL);
    assert_eq!(world.snapshot().reports, before.reports);
    assert_eq!(world.snapshot().leads, before.leads);
}

#[test]
fn nothing_goes_that_scoring_has_not_seen() {
    let world = ten_days();
    set(&world, RetentionKind::Events, 5);
    let mut late = event("pageview", "/late", morning());
    late.id = EventId::from_bytes([9; 16]);
    world.append(&[late]);
    let retention = retention(&world, morning().plus_days(9));
    for dry_run in [true, false] {
        let waits = retention.run(&Actor::collector(), None, dry_run).expect_err("waits");
        assert!(waits.to_string().contains("scoring has not yet seen"), "{waits}");
    }
    assert_eq!(world.events.scan(Cursor::default(), usize::MAX).expect("scans").len(), 13);
    // It waits for its turn, and is then counted like the others.
    world.score(MODEL);
    let runs = retention.run(&Actor::collector(), None, false).expect("runs");
    assert_eq!(rows(&runs, RetentionKind::Events), 5);
    assert_eq!(visits(&world), [("direct".to_owned(), 3), ("email".to_owned(), 10)]);
}

/// However much waits, and however large it is (of large events fewer are read at once): what is young stops nothing,
/// and what is past its time is found behind it.
#[test]
fn all_that_waits_to_be_scored_is_looked_at() {
    let place = publish::Place::on_disk();
    let long = |n: usize| (Text::clean(&format!("p{n}")), Text::clean(&"x".repeat(300)));
    let large = Event { props: (0..30).map(long).collect(), ..event("pageview", "/", minute(0)) };
    place.append(&numbered(vec![large; 1_000]));
    let clock = Clock::fixed(minute(1));
    let audit = Arc::new(Recorder::new(place.ledger.clone(), clock.clone(), None));
    let retention = Retention::new(place.events.clone(), place.ledger.clone(), audit, clock);
    retention.run(&Actor::collector(), None, true).expect("all of it is young");
    place.append(&[Event {
        id: EventId::from_bytes([9; 16]),
        ..event("pageview", "/", minute(0).plus_days(-4_000))
    }]);
    let waits = retention.run(&Actor::collector(), None, true).expect_err("waits");
    assert!(matches!(waits, Undone::Unscored), "{waits}");
    place.score(MODEL);
    retention.run(&Actor::collector(), None, true).expect("nothing waits any more");
}

/// A lead of long ago comes back, and the scorer is not there yet.
#[test]
fn who_just_came_back_stays() {
    let world = ten_days();
    set(&world, RetentionKind::Leads, 5);
    let back = Event {
        id: EventId::from_bytes([9; 16]),
        visitor: Some(visitor(9)),
        ..known(1, event("demo_request", "/back", morning().plus_days(9)))
    };
    let scorer_read = world.ledger.generation().expect("reads");
    world.append(&[back]);
    let runs = retention(&world, morning().plus_days(9)).run(&Actor::collector(), None, false).expect("runs");
    assert_eq!(rows(&runs, RetentionKind::Leads), 1);
    let left = world.events.scan(Cursor::default(), usize::MAX).expect("scans");
    assert!(left.iter().any(|logged| logged.event.path.as_str() == "/back"), "the request of today is there");
    assert!(world.ledger.generation().expect("reads") > scorer_read, "and no older scoring comes after");
    world.score(MODEL);
    assert_eq!(
        world.lead(1).first_seen,
        morning().plus_days(9),
        "a new lead, without what was past its time"
    );
}

#[test]
fn counts_of_leads_that_went_outlive_another_model() {
    let world = ten_days();
    set(&world, RetentionKind::Leads, 5);
    retention(&world, morning().plus_days(9)).run(&Actor::collector(), None, false).expect("runs");
    let before = visits(&world);
    world.score(OTHER);
    assert_eq!(visits(&world), before);
}

/// What others claimed for somebody verified, after they were here last, is nobody when they are gone.
#[test]
fn what_was_passed_over_goes_with_who_was_verified() {
    let day = |n: i64| morning().plus_days(n);
    let of = |who: u8, event: Event| Event { visitor: Some(visitor(who)), ..event };
    let claims = |n: u8| {
        [
            of(10 + n, event("pageview", "/way", day(n.into()))),
            of(10 + n, known(1, event("demo_request", "/claim", day(n.into())))),
        ]
    };
    let mut log = vec![of(1, proven(1, event("identify", "/", day(0))))];
    (1..10).for_each(|n| log.extend(claims(n)));
    log.push(of(2, known(2, event("demo_request", "/", day(9)))));
    let world = World::after(log);
    set(&world, RetentionKind::Leads, 5);
    let (reports, visits_of) = (world.snapshot().reports, visits(&world));
    let retention = retention(&world, day(9));
    assert_eq!(
        rows(&retention.run(&Actor::collector(), None, false).expect("runs"), RetentionKind::Leads),
        1
    );
    let left = world.events.scan(Cursor::default(), usize::MAX).expect("scans");
    assert!(left.iter().all(|logged| logged.event.lead != Some(lead_key(1))), "{left:?}");
    assert_eq!(world.snapshot().reports, reports);
    world.score(OTHER);
    world.score(MODEL);
    let leads: Vec<LeadKey> = world.snapshot().leads.iter().map(|lead| lead.key).collect();
    assert_eq!((leads, visits(&world)), (vec![lead_key(2)], visits_of));
    // Who says it from now on is somebody new, of whom nothing is known.
    let again = Event { id: EventId::from_bytes([9; 16]), ..claims(9)[1].clone() };
    world.append(&[again]);
    world.score(MODEL);
    assert_eq!(world.lead(1).verified_at, None);
}

/// Whoever asked not to be processed, and sent something all the same before the collector knew.
#[test]
fn events_of_leads_that_nobody_knows_end_too() {
    let world = World::new();
    set(&world, RetentionKind::Leads, 5);
    world.score(MODEL);
    let site = world.ledger.sites().expect("reads").remove(0);
    let act = crate::domain::Act {
        at: morning(),
        actor: Actor::collector(),
        action: crate::domain::Action::PersonRestricted,
        site: None,
        subject: None,
        details: "{}".to_owned(),
    };
    let restrict = crate::storage::Rights::restrict;
    restrict(world.ledger.as_ref(), site.no, lead_key(1), Some(morning()), false, &|_| act.clone())
        .expect("restricts");
    world.append(&numbered(vec![known(1, event("demo_request", "/", minute(1)))]));
    world.score(MODEL);
    world.ledger.reference(site.no, lead_key(7)).expect("makes one of somebody who was just erased");
    let runs = |days| {
        let retention = retention(&world, morning().plus_days(days));
        let dry = retention.run(&Actor::collector(), None, true).expect("counts");
        let runs = retention.run(&Actor::collector(), None, false).expect("runs");
        assert_eq!(runs, dry);
        rows(&runs, RetentionKind::Leads)
    };
    assert_eq!((runs(5), runs(6), runs(7)), (0, 1, 0));
    assert_eq!(world.events.scan(Cursor::default(), usize::MAX).expect("scans"), []);
    assert_eq!(world.ledger.known_reference(site.no, lead_key(7)).expect("reads"), None);
}

#[test]
fn leads_go_with_all_that_is_theirs() {
    let world = ten_days();
    set(&world, RetentionKind::Leads, 5);
    let first = world.lead(1);
    world.ledger.reference(first.site, first.key).expect("makes one");
    let runs = retention(&world, morning().plus_days(9)).run(&Actor::collector(), None, false).expect("runs");
    assert_eq!((rows(&runs, RetentionKind::Leads), rows(&runs, RetentionKind::Events)), (1, 0));
    assert_eq!(world.ledger.lead(first.site, first.key).expect("reads"), None);
    assert_eq!(world.transitions(&first), []);
    assert_eq!(world.ledger.known_reference(first.site, first.key).expect("reads"), None);
    let left = world.events.scan(Cursor::default(), usize::MAX).expect("scans");
    assert!(left.iter().all(|logged| logged.event.lead != Some(first.key)));
    assert_eq!(world.lead(2).key, lead_key(2), "the other stays");
}

#[test]
fn counts_go_after_their_days() {
    let world = ten_days();
    set(&world, RetentionKind::Aggregates, 5);
    let runs = retention(&world, morning().plus_days(9)).run(&Actor::collector(), None, false).expect("runs");
    assert!(rows(&runs, RetentionKind::Aggregates) > 0);
    assert_eq!(visits(&world), [("direct".to_owned(), 1), ("email".to_owned(), 6)], "days 4 to 9");
    let (from, to) = (Date::from_days(i32::MIN), Date::from_days(i32::MAX));
    let outcomes = world.events.report(&OutcomeQuery { site: SiteNo::new(1), from, to }).expect("reports");
    assert_eq!(outcomes, [], "the outcomes of these events were counted under an early day");
}

#[test]
fn it_runs_once_a_day() {
    let world = ten_days();
    let clock = Clock::fixed(morning());
    let ledger: Arc<dyn Ledger> = world.ledger.clone();
    let audit = Arc::new(Recorder::new(Arc::clone(&ledger), clock.clone(), None));
    let retention = Retention::new(world.events, ledger, audit, clock.clone());
    assert!(retention.run_if_due().expect("runs").is_some(), "at once");
    assert!(retention.run_if_due().expect("asks").is_none());
    clock.set(morning().plus_days(1).plus_millis(-1));
    assert!(retention.run_if_due().expect("asks").is_none());
    clock.set(morning().plus_days(1));
    assert!(retention.run_if_due().expect("runs").is_some());
    assert_eq!(retention.due_at().expect("reads"), morning().plus_days(2));
}

#[test]
fn a_clock_that_leaps_takes_nothing_at_once() {
    let world = ten_days();
    let clock = Clock::fixed(morning().plus_days(9));
    let ledger: Arc<dyn Ledger> = world.ledger.clone();
    let audit = Arc::new(Recorder::new(Arc::clone(&ledger), clock.clone(), None));
    let retention = Retention::new(world.events.clone(), ledger, audit, clock.clone());
    let runs_at = |at: Timestamp| {
        clock.set(at);
        retention.run_if_due().expect("asks").is_some()
    };
    let there = || world.events.scan(Cursor::default(), usize::MAX).expect("scans").len();
    assert!(runs_at(morning().plus_days(9)));
    // For a while it is ten years ahead.
    let wrong = morning().plus_days(3_650);
    for minutes in 0..300 {
        assert!(!runs_at(wrong.plus_millis(minutes * 60_000)));
    }
    assert_eq!(there(), 12);
    assert!(runs_at(morning().plus_days(10)), "right again");
    // One leap after another is not one clock that goes on.
    assert!(!runs_at(morning().plus_days(20)));
    assert!(!runs_at(morning().plus_days(4_000)));
    assert!(!runs_at(morning().plus_days(4_000).plus_millis(60_000)));
    assert_eq!(there(), 12);
    // A collector that stood still for long: after six hours it is the time.
    let later = morning().plus_days(30);
    let ran = (0..=360).find(|minutes| runs_at(later.plus_millis(minutes * 60_000)));
    assert_eq!(ran, Some(360));
    // And a run by a clock that was ahead is none to wait ten years for.
    clock.set(wrong);
    retention.run(&Actor::collector(), None, false).expect("runs on command");
    assert!(runs_at(morning().plus_days(31)));
}
