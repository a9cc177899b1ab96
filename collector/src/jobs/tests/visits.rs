//! Where a visit begins and ends. Invariant: a visit is counted once, when it begins: after a pause of
//! more than thirty minutes or with another campaign; what is late moves nothing forward or back.

use super::*;

fn page(at: i64) -> Event {
    event("pageview", "/", minute(at))
}

fn arrival(touch: Option<Touch>, at: i64) -> Event {
    Event { touch, ..page(at) }
}

fn count(events: Vec<Event>) -> i64 {
    World::after(events).visits().iter().map(|(_, visits)| visits).sum()
}

#[test]
fn a_visit_begins_anew_after_thirty_minutes() {
    assert_eq!(count(vec![page(0), page(30), page(60)]), 1, "each page carries it on");
    assert_eq!(count(vec![page(0), page(31)]), 2);
    let just_over = Event { at: minute(30).plus_millis(1), ..page(30) };
    assert_eq!(count(vec![page(0), just_over]), 2);
    assert_eq!(count(vec![page(0), Event { visitor: Some(visitor(2)), ..page(1) }]), 2, "another pseudonym");
}

#[test]
fn a_visit_begins_anew_with_another_campaign() {
    let google = Some(touch(Channel::PaidSearch, "google"));
    assert_eq!(count(vec![arrival(email(), 0), arrival(google.clone(), 1)]), 2);
    assert_eq!(count(vec![arrival(email(), 0), arrival(email(), 1)]), 1, "the same link again");
    assert_eq!(count(vec![arrival(email(), 0), arrival(Some(Touch::DIRECT), 1)]), 1, "a new tab");
    assert_eq!(count(vec![arrival(Some(Touch::DIRECT), 0), arrival(email(), 1)]), 2);
    let world = World::after(vec![arrival(email(), 0), page(1), arrival(google, 2), page(3)]);
    assert_eq!(world.visits(), [("email".to_owned(), 1), ("paid_search".to_owned(), 1)]);
}

#[test]
fn engagement_ends_a_visit_and_begins_none() {
    let left = |touch, at| Event { touch, ..event("engagement", "/", minute(at)) };
    assert_eq!(count(vec![page(0), left(None, 45)]), 1);
    assert_eq!(count(vec![page(0), left(None, 45), page(60)]), 1, "they were there until then");
    assert_eq!(count(vec![page(0), left(email(), 1)]), 1, "with whatever touch");
}

#[test]
fn coming_back_from_within_is_the_visit_before_gone_on() {
    let world = World::after(vec![arrival(email(), 0), page(100)]);
    assert_eq!(world.visits(), [("email".to_owned(), 2)]);
    let visit = world.visit(1).expect("goes on");
    assert_eq!((visit.started_at, visit.last_at), (minute(100), minute(100)));
    let world = World::after(vec![arrival(email(), 0), arrival(Some(Touch::DIRECT), 100)]);
    assert_eq!(world.visits(), [("direct".to_owned(), 1), ("email".to_owned(), 1)]);
}

#[test]
fn what_is_late_does_not_turn_back_the_time() {
    let world = World::after(vec![page(100), page(0), page(129)]);
    assert_eq!(world.visits(), [("direct".to_owned(), 1)], "a late page is of the visit");
    let visit = world.visit(1).expect("goes on");
    assert_eq!((visit.started_at, visit.last_at), (minute(100), minute(129)));
    let mut events = vec![known(1, page(100)), page(40)];
    let lead = World::after(events.clone()).lead(1);
    assert_eq!((lead.first_seen, lead.last_seen), (minute(40), minute(100)));
    events.push(page(101));
    assert_eq!(World::after(events).lead(1).last_seen, minute(101));
}

/// A page of an earlier campaign visit that arrives late begins a visit, and does not make the one that is
/// going on look old.
#[test]
fn a_late_arrival_does_not_end_what_goes_on() {
    let world = World::after(vec![page(100), arrival(email(), 0), page(101), page(102)]);
    assert_eq!(world.visits(), [("direct".to_owned(), 1), ("email".to_owned(), 1)]);
    assert_eq!(world.visit(1).expect("goes on").last_at, minute(102));
}

#[test]
fn events_of_a_site_that_is_gone_are_passed_over() {
    let gone = |event: Event| Event { site: SiteNo::new(9), ..event };
    let world = World::after(vec![gone(known(1, page(0))), gone(page(1)), page(2)]);
    assert_eq!(world.visits(), [("direct".to_owned(), 1)]);
    assert!(world.snapshot().leads.is_empty());
    assert_eq!(world.snapshot().cursor, Some(Cursor::from_raw(3)), "and they are behind us");
}

#[test]
fn a_visit_is_forgotten_when_its_salt_is() {
    let other = |at: i64| Event { visitor: Some(visitor(2)), ..page(at) };
    let hours = |hours: i64| hours * 60;
    assert!(World::after(vec![page(0), other(hours(47))]).visit(1).is_some(), "the day and its grace");
    assert!(World::after(vec![page(0), other(hours(49))]).visit(1).is_none());
    // Without a newer event nothing is forgotten, and what is forgotten stays counted.
    let world = World::after(vec![page(0), other(hours(40))]);
    assert_eq!(world.visits().iter().map(|(_, visits)| visits).sum::<i64>(), 2);
    assert!(world.visit(2).is_some());
}

#[test]
fn a_scorer_forgets_by_the_hour_and_a_new_one_at_once() {
    let world = World::new();
    let mut scorer = world.scorer(MODEL);
    let other = |at: i64| Event { visitor: Some(visitor(2)), ..page(at) };
    let events = numbered(vec![page(0), other(48 * 60 - 10), other(48 * 60 + 5), other(49 * 60)]);
    for (event, there) in events.iter().zip([true, true, false, false]) {
        world.append(std::slice::from_ref(event));
        scorer.catch_up().expect("scores");
        assert_eq!(world.visit(1).is_some(), there, "{}", event.at);
    }
}
