//! Leads as they were. Invariant: what is answered of a moment is what the scorer makes of the events up to that
//! moment, had there never been later ones; and where events are gone, it is not called exact.

use super::lifecycle::{asked, fading, owner, stages, sweep};
use super::*;
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Actor, Points, Retention as Days, RetentionKind, Site, Stage};
use crate::jobs::past::{Past, Then, seen_at};
use crate::jobs::retention::Retention;
use crate::rights::Service;
use std::collections::{BTreeMap, BTreeSet};

/// Later than all that happens.
fn end() -> Timestamp {
    morning().plus_days(60)
}

fn site(world: &World, number: u32) -> Site {
    let sites = world.ledger.sites().expect("reads");
    sites.into_iter().find(|site| site.no == SiteNo::new(number)).expect("is there")
}

fn then(world: &World, text: &str, lead: &Lead, as_of: Timestamp) -> Then {
    let past = Past::new(world.events.clone(), world.ledger.clone());
    let (site, transitions) = (site(world, lead.site.get()), world.transitions(lead));
    past.at(&model(text), &site, lead, &transitions, as_of, end()).expect("reads").expect("nobody else asks")
}

/// Midnights, moments of events and between them, before the first and after the last.
fn moments() -> impl Strategy<Value = Vec<Timestamp>> {
    let moment = prop_oneof![
        4 => (-60..3 * 1_440_i64 + 300).prop_map(minute),
        2 => (1..9_i64).prop_map(|day| morning().plus_days(day).plus_millis(-8 * 3_600_000)),
        1 => (1..9_i64).prop_map(|day| morning().plus_days(day).plus_millis(-8 * 3_600_000 - 1)),
        1 => (3..50_i64).prop_map(|day| morning().plus_days(day)),
    ];
    prop::collection::vec(moment, 1..6)
}

/// What somebody does to a lead after the event at a place in the log.
type Deed = (usize, u8, Stage);

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec((0..60_usize, 0..3_u8, prop::sample::select(Stage::ALL.to_vec())), 0..6)
}

/// Events as they arrive, people between them, and a sweep each midnight; all of it up to `until` only.
fn lived(log: &[Event], deeds: &[Deed], text: &str, until: Timestamp) -> World {
    let world = World::new();
    let site = site(&world, 1);
    let clock = Clock::fixed(morning());
    let people = stages(&world, text, &clock);
    world.score(text);
    for (place, event) in log.iter().enumerate().filter(|(_, event)| event.at <= until) {
        world.append(std::slice::from_ref(event));
        world.score(text);
        let at = event.at.plus_millis(1);
        clock.set(at);
        for (_, person, to) in deeds.iter().filter(|(after, ..)| *after == place && at <= until) {
            // Two at one moment would have no order.
            let key = lead_key(16 + person);
            let earlier = world.ledger.lead(site.no, key).expect("reads");
            if earlier.is_some_and(|lead| lead.stage_at < at) {
                let _ = people.change(&owner(), &site, key, &asked(*to)).expect("answers");
            }
        }
    }
    world
}

/// From what a lead as it was is made: its events before the newest, the ledger from there on.
#[derive(Clone, Copy, PartialEq)]
enum From {
    Events,
    EventsAndLedger,
}

/// Compares every lead of a world, as it says it was, with a world that ends at that moment.
fn compare(world: &World, short: &World, text: &str, as_of: Timestamp, from: From) {
    sweep(short, text, as_of);
    let leads = world.snapshot().leads;
    let there: BTreeSet<LeadKey> = short.snapshot().leads.iter().map(|lead| lead.key).collect();
    for lead in leads {
        if from == From::Events && as_of >= lead.last_seen.max(lead.scored_at) {
            continue;
        }
        let Then { lead: then, inexact_because } = then(world, text, &lead, as_of);
        assert_eq!(inexact_because, None, "nothing is gone");
        assert_eq!(then.is_some(), there.contains(&lead.key), "whether it was known at {as_of}");
        let Some(then) = then else { continue };
        let expected = short.ledger.lead(lead.site, lead.key).expect("reads").expect("is there");
        let explained = |lead: &Lead| model(text).evaluate(&lead.hits, &profile(lead), as_of);
        assert_eq!(explained(&then), explained(&expected), "at {as_of}");
        let standing = |lead: &Lead| (lead.stage, lead.stage_at, lead.stage_by, lead.qualified.clone());
        assert_eq!(standing(&then), standing(&expected), "at {as_of}");
        assert_eq!((then.known_at, then.first_seen), (expected.known_at, expected.first_seen));
        let falls = |lead: &Lead| model(text).falls_out(&lead.hits, &profile(lead), as_of);
        assert_eq!(falls(&then), falls(&expected));
    }
}

/// Without what arrived after something later of the same pseudonym.
fn each_in_order(log: &[Event]) -> Vec<Event> {
    let mut newest = BTreeMap::new();
    let in_order = |event: &&Event| {
        let newest = newest.entry(event.visitor).or_insert(event.at);
        *newest = event.at.max(*newest);
        *newest == event.at
    };
    log.iter().filter(in_order).cloned().collect()
}

/// Compares what is said of a world with worlds of what had happened until then.
fn compare_with_shorter(log: &[Event], moments: &[Timestamp], from: From) {
    let text = fading();
    let world = World::new();
    world.append(log);
    world.score(&text);
    for as_of in moments {
        let short = World::new();
        let past: Vec<Event> = log.iter().filter(|event| event.at <= *as_of).cloned().collect();
        short.append(&past);
        short.score(&text);
        compare(&world, &short, &text, *as_of, from);
    }
}

proptest! {
    #![proptest_config(cases(64))]

    /// Over the scorer's own ledger, with what people did, whenever a sweep came by.
    #[test]
    fn what_it_was_is_a_fresh_replay_up_to_then(
        log in log(0),
        deeds in deeds(),
        moments in moments(),
        days in 3..9_i64,
    ) {
        let text = fading();
        let world = lived(&log, &deeds, &text, end());
        sweep(&world, &text, morning().plus_days(days));
        for as_of in moments.into_iter().chain(log.first().map(|event| event.at)) {
            compare(&world, &lived(&log, &deeds, &text, as_of), &text, as_of, From::EventsAndLedger);
        }
    }

    /// Also where events arrive up to half a day late. From its newest event on a lead is what the ledger holds, where
    /// what came out of order within one pseudonym stays where it was put.
    #[test]
    fn what_arrived_late_counts_from_when_it_happened(log in log(720), moments in moments()) {
        compare_with_shorter(&log, &moments, From::Events);
        compare_with_shorter(&each_in_order(&log), &moments, From::EventsAndLedger);
    }
}

/// Two pages of the day are the lead's once it says who it is; each counts again later.
fn journey() -> Vec<Event> {
    let again = |event: Event| Event { visitor: Some(visitor(2)), at: event.at.plus_days(5), ..event };
    vec![
        event("pageview", "/a", minute(0)),
        event("pageview", "/b", minute(1)),
        known(1, event("demo_request", "/", minute(5))),
        event("engagement", "/", minute(6)),
        again(known(1, event("demo_request", "/", minute(5)))),
    ]
}

#[test]
fn before_it_said_who_it_is_it_was_not_known() {
    let world = World::after(journey());
    let lead = world.lead(1);
    assert_eq!(then(&world, MODEL, &lead, minute(4)), Then { lead: None, inexact_because: None });
    let was = then(&world, MODEL, &lead, minute(5)).lead.expect("known from here");
    assert_eq!((was.stage, was.hits.len()), (Stage::Lead, 3), "with what its pseudonym did that day");
    assert_eq!(model(MODEL).evaluate(&was.hits, &profile(&was), minute(5)).total, Points::whole(24));
    assert_eq!(
        lead.hits.iter().filter(|hit| hit.rule.as_str() == "demo").count(),
        1,
        "the first is not kept"
    );
}

/// The machine's own change says what was seen then; what people did may be dated back, and what another model saw is
/// another model's.
#[test]
fn what_was_seen_at_a_change_is_the_machines() {
    let world = World::after(journey());
    world.append(&[Event {
        id: EventId::from_bytes([9; 16]),
        ..known(1, event("demo_request", "/", minute(5).plus_days(5).plus_millis(1)))
    }]);
    let lower = MODEL.replace("total_gte = 30", "total_gte = 20");
    world.score(&lower);
    let clock = Clock::fixed(end());
    let asked = crate::jobs::stages::Asked { at: Some(minute(90)), ..asked(Stage::Sal) };
    let done = stages(&world, &lower, &clock).change(&owner(), &site(&world, 1), lead_key(1), &asked);
    done.expect("answers").expect("is legal");
    let transitions = world.transitions(&world.lead(1));
    let of = |text: &str, at: Timestamp| seen_at(&transitions, *model(text).hash(), at).map(|made| made.to);
    assert_eq!(of(&lower, minute(5)), Some(Stage::Mql));
    assert_eq!(of(MODEL, minute(5)), None, "another model saw that");
    assert_eq!(of(&lower, minute(90)), None, "sales said so later");
    assert_eq!(of(&lower, minute(6)), None);
}

fn service(world: &World, clock: &Clock) -> Service {
    let audit = Arc::new(Recorder::new(world.ledger.clone(), clock.clone(), None));
    Service::new(world.events.clone(), world.ledger.clone(), model(MODEL), audit, clock.clone())
}

/// What rests on a contract stays when consent is taken back.
#[test]
fn where_consent_was_taken_back_what_remains_is_not_called_exact() {
    let world = World::new();
    let mut events = journey();
    events[4].signal = Signal::Policy;
    world.append(&numbered(events));
    world.score(MODEL);
    let (site, clock) = (site(&world, 1), Clock::fixed(morning().plus_days(7)));
    let done = service(&world, &clock).withdraw(&Actor::collector(), &site, lead_key(1), false);
    assert!(done.expect("withdraws").is_some());
    let lead = world.lead(1);
    let before = then(&world, MODEL, &lead, morning().plus_days(5).plus_millis(600_000));
    let because = before.inexact_because.expect("events are gone");
    assert!(because.contains("taken back on 2026-11-27"), "{because}");
    assert_eq!(before.lead.expect("is what remains").hits.len(), 1);
    let since = then(&world, MODEL, &lead, morning().plus_days(8));
    assert_eq!(since.inexact_because, None, "from then on it is all there is");
}

#[test]
fn where_the_days_before_are_past_their_time_it_says_so() {
    let world = World::after(journey());
    let retention = Days::default().with(RetentionKind::Events, 3).expect("in range");
    let site = site(&world, 1);
    let policy = SitePolicy { retention, ..site.policy.clone() };
    world.ledger.put_site(NewSite { id: site.id, zone: site.zone, policy }).expect("puts");
    let clock = Clock::fixed(morning().plus_days(10));
    let audit = Arc::new(Recorder::new(world.ledger.clone(), clock.clone(), None));
    let retention = Retention::new(world.events.clone(), world.ledger.clone(), audit, clock);
    retention.run(&Actor::collector(), None, false).expect("runs");
    let lead = world.lead(1);
    let was = then(&world, MODEL, &lead, minute(10));
    let because = was.inexact_because.expect("events are gone");
    assert!(because.contains("retention"), "{because}");
    let kept = was.lead.expect("it was known").hits;
    assert!(kept.iter().any(|hit| hit.rule.as_str() == "page"), "what the ledger still has counts: {kept:?}");
    assert_eq!(then(&world, MODEL, &lead, lead.last_seen).inexact_because, None, "of now all is kept");
}

#[test]
fn an_event_that_was_erased_behind_its_back_is_missed() {
    let world = World::after(journey());
    world.events.erase(&crate::storage::Selector::LeadBefore(lead_key(1), minute(10))).expect("erases");
    let lead = world.lead(1);
    let was = then(&world, MODEL, &lead, minute(10));
    assert!(was.inexact_because.is_some_and(|because| because.contains("the log does not hold all events")));
    assert!(was.lead.is_some(), "it was a lead all the same");
}

#[test]
fn so_many_ask_at_a_time() {
    let world = World::after(journey());
    let (lead, site) = (world.lead(1), site(&world, 1));
    let past = Past::new(world.events.clone(), world.ledger);
    let ask = |as_of| past.at(&model(MODEL), &site, &lead, &[], as_of, end()).expect("reads").is_ok();
    let taken = past.take_all_slots();
    assert!(!ask(minute(10)) && ask(lead.last_seen), "what the ledger answers waits for nobody");
    drop(taken);
    assert!(ask(minute(10)));
}
