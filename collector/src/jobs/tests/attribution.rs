//! Which touch is thanked. Invariant: the first is the one that made the lead known, the last the newest
//! that was not direct; each lead and each MQL counts once under either.

use super::*;

fn arrival(touch: Option<Touch>, at: i64) -> Event {
    Event { touch, ..event("pageview", "/", minute(at)) }
}

fn channels(lead: &Lead) -> (Channel, Channel) {
    (lead.first.touch.channel, lead.last.touch.channel)
}

fn counts(world: &World, attribution: Attribution) -> Vec<(String, i64, i64, i64)> {
    let rows = world.report(1, Dimension::Channel, attribution).rows;
    rows.into_iter().map(|row| (row.key, row.counts.visits, row.counts.leads, row.counts.mqls)).collect()
}

fn google() -> Option<Touch> {
    Some(touch(Channel::PaidSearch, "google"))
}

/// Comes by a mail, becomes known, comes back by an ad, directly, and becomes an MQL.
fn story() -> Vec<Event> {
    vec![
        arrival(email(), 0),
        known(1, event("demo_request", "/", minute(1))),
        arrival(google(), 100),
        event("engagement", "/", minute(101)),
        arrival(Some(Touch::DIRECT), 200),
        event("engagement", "/", minute(201)),
        event("engagement", "/", minute(202)),
    ]
}

#[test]
fn direct_never_overrides() {
    let world = World::after(story());
    let lead = world.lead(1);
    assert_eq!(channels(&lead), (Channel::Email, Channel::PaidSearch));
    assert!(lead.qualified.is_some());
    let row = |key: &str, visits, leads, mqls| (key.to_owned(), visits, leads, mqls);
    assert_eq!(
        counts(&world, Attribution::First),
        [row("direct", 1, 0, 0), row("email", 1, 1, 1), row("paid_search", 1, 0, 0)]
    );
    // The lead became known by the mail: that is its last touch at that moment too.
    assert_eq!(
        counts(&world, Attribution::Last),
        [row("direct", 1, 0, 0), row("email", 1, 1, 0), row("paid_search", 1, 0, 1)]
    );
}

#[test]
fn whoever_comes_directly_is_direct_until_something_else_brings_them() {
    let mut events = vec![known(1, arrival(Some(Touch::DIRECT), 0))];
    assert_eq!(channels(&World::after(events.clone()).lead(1)), (Channel::Direct, Channel::Direct));
    events.push(arrival(email(), 5));
    assert_eq!(channels(&World::after(events.clone()).lead(1)), (Channel::Direct, Channel::Email));
    events.push(arrival(google(), 6));
    events.push(arrival(None, 500));
    assert_eq!(channels(&World::after(events).lead(1)), (Channel::Direct, Channel::PaidSearch));
}

#[test]
fn a_lead_that_says_its_name_again_is_touched_by_that_visit() {
    let tomorrow = |event: Event| Event { visitor: Some(visitor(2)), at: event.at.plus_days(1), ..event };
    let first = known(1, arrival(google(), 0));
    let back = [tomorrow(arrival(email(), 0)), tomorrow(known(1, event("form_submit", "/", minute(1))))];
    let world = World::after([vec![first], back.to_vec()].concat());
    assert_eq!(channels(&world.lead(1)), (Channel::PaidSearch, Channel::Email));
    let leads: i64 = counts(&world, Attribution::First).iter().map(|(_, _, leads, _)| leads).sum();
    assert_eq!(leads, 1, "known once");
}

#[test]
fn rules_of_an_mql_are_counted_once_each() {
    let world = World::after(story());
    for attribution in [Attribution::First, Attribution::Last] {
        let rules = world.report(1, Dimension::Rule, attribution).rows;
        let rules: Vec<_> = rules.iter().map(|row| (row.key.as_str(), row.counts.mqls)).collect();
        assert_eq!(rules, [("demo", 1), ("page", 1), ("read", 1)]);
    }
}

#[test]
fn landing_page_and_country_are_those_of_the_visit() {
    let country =
        |code: &str, event: Event| Event { place: Place { country: Text::non_empty(code) }, ..event };
    let events = vec![
        country("DE", Event { path: Text::clean("/landing"), ..arrival(email(), 0) }),
        country("FR", known(1, event("demo_request", "/form", minute(5)))),
    ];
    let world = World::after(events);
    let keys = |by| {
        let rows = world.report(1, by, Attribution::First).rows;
        rows.into_iter().map(|row| (row.key, row.counts.leads)).collect::<Vec<_>>()
    };
    assert_eq!(keys(Dimension::Page), [("/landing".to_owned(), 1)]);
    assert_eq!(keys(Dimension::Country), [("DE".to_owned(), 1)]);
    assert_eq!(keys(Dimension::Source), [("newsletter".to_owned(), 1)]);
    assert_eq!(keys(Dimension::Campaign), [(String::new(), 1)]);
    assert_eq!(world.lead(1).country, Text::non_empty("FR"), "of the lead itself the newest is known");
}

#[test]
fn days_are_the_sites_own() {
    // 23:30 UTC on a winter's day is half past midnight in Berlin.
    let late = Timestamp::parse("2026-11-20T23:30:00Z").expect("valid");
    let world = World::after(vec![Event { at: late, ..arrival(email(), 0) }]);
    let days: Vec<String> = world
        .report(1, Dimension::Channel, Attribution::First)
        .days
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(days, ["2026-11-21"]);
}

#[test]
fn a_form_that_stood_open_for_an_hour_is_its_visits() {
    let asked = Event { touch: Some(Touch::DIRECT), ..known(1, event("demo_request", "/demo", minute(60))) };
    let world = World::after(vec![arrival(google(), 0), asked]);
    assert_eq!(channels(&world.lead(1)), (Channel::PaidSearch, Channel::PaidSearch));
    assert_eq!(world.visits(), [("paid_search".to_owned(), 1)]);
}

#[test]
fn what_is_clicked_on_the_landing_page_is_no_other_visit() {
    // The page view had a referrer and no consent yet; the click has consent and no referrer.
    let with = |referrer: &str, content: &str| {
        google().map(|touch| Touch {
            referrer: Text::non_empty(referrer),
            content: Text::non_empty(content),
            ..touch
        })
    };
    let viewed = |touch, at| Event { touch, ..event("pageview", "/", minute(at)) };
    let clicked = Event { touch: google(), ..event("cta_click", "/", minute(2)) };
    let events = vec![viewed(with("www.google.com", ""), 0), clicked, viewed(with("", "banner"), 3)];
    assert_eq!(World::after(events).visits(), [("paid_search".to_owned(), 1)]);
}

#[test]
fn a_page_left_the_next_morning_is_no_visit() {
    let left = event("engagement", "/", minute(0));
    let world = World::after(vec![left.clone()]);
    assert_eq!(world.visits(), []);
    assert_eq!(World::after(vec![left, arrival(google(), 1)]).visits(), [("paid_search".to_owned(), 1)]);
}

#[test]
fn what_comes_after_the_mql_did_not_bring_it() {
    let mut events = story();
    events.push(arrival(email(), 300));
    events.push(event("engagement", "/", minute(301)));
    let world = World::after(events);
    assert_eq!(world.lead(1).last.touch.channel, Channel::PaidSearch, "as the report counted it");
}
