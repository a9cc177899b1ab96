//! The touches of a lead, and the credit that they share. Invariant: whatever the journeys, the credits of each
//! attribution sum to the MQLs, and who is taken back takes exactly theirs along.

use super::*;
use crate::domain::{Act, Action, Actor};
use crate::leads::{TOUCHES_MAX, Touched};
use crate::storage::{Remade, Rights, TakeBack};

fn google() -> Option<Touch> {
    Some(touch(Channel::PaidSearch, "google"))
}

fn arrival(touch: Option<Touch>, at: i64) -> Event {
    Event { touch, ..event("pageview", "/", minute(at)) }
}

/// Minutes and channels of a lead's touches.
fn touches(lead: &Lead) -> Vec<(i64, Channel)> {
    let minutes = |touch: &Touched| (touch.at.millis() - morning().millis()) / 60_000;
    lead.touches.iter().map(|touch| (minutes(touch), touch.origin.touch.channel)).collect()
}

fn mqls(world: &World, by: Dimension, attribution: Attribution) -> Vec<(String, i64)> {
    let rows = world.report(1, by, attribution).rows.into_iter();
    rows.filter(|row| row.counts.mqls > 0).map(|row| (row.key, row.counts.mqls)).collect()
}

fn shares(of: &[(&str, i64)]) -> Vec<(String, i64)> {
    of.iter().map(|(key, thousandths)| ((*key).to_owned(), *thousandths)).collect()
}

/// Comes by a mail and becomes known, a week later by an ad, the next day directly, and becomes an MQL.
fn journey() -> Vec<Event> {
    let later = |days: i64, number: u8, event: Event| Event {
        visitor: Some(visitor(number)),
        at: event.at.plus_days(days),
        ..event
    };
    vec![
        arrival(email(), 0),
        known(1, event("demo_request", "/", minute(1))),
        later(7, 2, arrival(google(), 0)),
        later(7, 2, known(1, event("pageview", "/form", minute(1)))),
        later(8, 3, arrival(Some(Touch::DIRECT), 0)),
        later(8, 3, known(1, event("demo_request", "/", minute(1)))),
        later(8, 3, event("engagement", "/", minute(2))),
        later(8, 3, event("engagement", "/", minute(3))),
        later(8, 3, event("engagement", "/", minute(4))),
        later(9, 4, arrival(email(), 0)),
        later(9, 4, known(1, event("pageview", "/", minute(1)))),
    ]
}

#[test]
fn credit_is_shared_among_the_visits_that_brought_an_mql() {
    let world = World::after(journey());
    let lead = world.lead(1);
    assert_eq!(lead.qualified.as_ref().map(|mql| mql.at), Some(minute(4).plus_days(8)), "{:?}", lead.score);
    let day = 1_440;
    let expected = [(0, Channel::Email), (7 * day, Channel::PaidSearch), (8 * day, Channel::Direct)];
    assert_eq!(touches(&lead), expected, "the visit after it did not bring it");
    let channel = |attribution| mqls(&world, Dimension::Channel, attribution);
    assert_eq!(channel(Attribution::First), shares(&[("email", 1)]));
    assert_eq!(channel(Attribution::Last), shares(&[("paid_search", 1)]));
    assert_eq!(channel(Attribution::Linear), shares(&[("email", 500), ("paid_search", 500)]));
    // Seven days apart: one gets half of what the other gets.
    assert_eq!(channel(Attribution::TimeDecay), shares(&[("email", 333), ("paid_search", 667)]));
    let sources = mqls(&world, Dimension::Source, Attribution::Linear);
    assert_eq!(sources, shares(&[("google", 500), ("newsletter", 500)]));
    let rules = mqls(&world, Dimension::Rule, Attribution::Linear);
    assert!(rules.iter().all(|(_, mqls)| *mqls == 1_000), "each rule has its part in all of it: {rules:?}");
    let row = world.report(1, Dimension::Channel, Attribution::Linear).rows;
    let leads = row.iter().filter(|row| row.counts.leads > 0);
    let leads: Vec<_> = leads.map(|row| (row.key.as_str(), row.counts.leads)).collect();
    assert_eq!(leads, [("email", 1)], "leads stay under their first touch");
}

#[test]
fn a_visit_is_one_touch_however_often_it_says_its_name() {
    let mut events = vec![arrival(email(), 0)];
    events.extend((1..4).map(|n| known(1, event("form_submit", "/", minute(n)))));
    events.push(event("engagement", "/", minute(5)));
    events.push(known(1, event("pageview", "/", minute(60))));
    let world = World::after(events);
    assert_eq!(
        touches(&world.lead(1)),
        [(0, Channel::Email), (60, Channel::Email)],
        "one after a pause is another"
    );
}

#[test]
fn where_visits_are_not_linked_only_what_says_its_name_is_a_touch() {
    let there = |event: Event| Event { site: SiteNo::new(2), ..event };
    let world = World::after(vec![
        there(arrival(email(), 0)),
        there(known(1, event("form_submit", "/", minute(10)))),
        there(arrival(google(), 50)),
        there(known(1, event("form_submit", "/", minute(55)))),
    ]);
    assert_eq!(
        touches(&world.lead(1)),
        [(10, Channel::Email), (55, Channel::PaidSearch)],
        "and no moment before"
    );
}

#[test]
fn what_is_no_visit_is_no_touch() {
    let server = |event: Event| Event { visitor: None, ..event };
    let world = World::after(vec![
        known(1, arrival(email(), 0)),
        server(known(1, event("form_submit", "/", minute(90)))),
        Event { visitor: Some(visitor(9)), ..known(1, event("engagement", "/", minute(200))) },
        server(known(1, arrival(google(), 300))),
    ]);
    assert_eq!(touches(&world.lead(1)), [(0, Channel::Email), (300, Channel::PaidSearch)]);
}

#[test]
fn the_first_and_the_newest_are_kept() {
    let mut events = vec![known(1, arrival(email(), 0))];
    events.extend((1..=60).map(|n| arrival(google(), 40 * n)));
    let lead = World::after(events).lead(1);
    assert_eq!(lead.qualified, None);
    assert_eq!(lead.touches.len(), TOUCHES_MAX);
    let kept = touches(&lead);
    assert_eq!(kept[0], (0, Channel::Email));
    assert_eq!(kept[1..], (12..=60).map(|n| (40 * n, Channel::PaidSearch)).collect::<Vec<_>>());
}

#[test]
fn what_people_put_forward_in_the_past_was_brought_by_what_came_before() {
    let mut lead = World::after(vec![known(1, arrival(email(), 0)), arrival(google(), 100)]).lead(1);
    lead.touched_until(minute(50));
    assert_eq!(touches(&lead), [(0, Channel::Email)]);
    lead.touched_until(minute(-50));
    assert_eq!(touches(&lead), [(0, Channel::Email)], "but for the first");
}

proptest! {
    #![proptest_config(cases(96))]

    /// Taking everybody back leaves no lead and no credit in any report; each on the way takes only their own.
    #[test]
    fn taking_leads_back_leaves_nothing(log in log(720)) {
        let world = World::new();
        world.append(&log);
        world.score(MODEL);
        let all = world.snapshot().leads;
        let sites = world.ledger.sites().expect("reads");
        for (gone, lead) in (1..).zip(&all) {
            let site = sites.iter().find(|site| site.no == lead.site).expect("there is");
            let order = TakeBack {
                site,
                lead: lead.key,
                visitors: Vec::new(),
                withdrawn: None,
                verified: false,
                dry_run: false,
            };
            let act = Act {
                at: morning(),
                actor: Actor::collector(),
                action: Action::PersonErased,
                site: None,
                subject: None,
                details: String::new(),
            };
            world.ledger.take_back(&order, &|_| Ok(Remade::default()), &|_| act.clone()).expect("takes back");
            for by in Dimension::ALL {
                for attribution in Attribution::OF_LEADS {
                    let (mut leads, mut mqls) = (0, 0);
                    for row in sites.iter().flat_map(|site| world.report(site.no.get(), by, attribution).rows) {
                        prop_assert!(row.counts.leads >= 0 && row.counts.mqls >= 0, "{:?}", row);
                        leads += row.counts.leads;
                        mqls += row.counts.mqls;
                    }
                    let left = all.iter().skip(gone);
                    let there = left.clone().filter(|lead| lead.qualified.is_some()).count();
                    if by != Dimension::Rule {
                        prop_assert_eq!(leads, i64::try_from(left.count()).expect("few"));
                        let there = i64::try_from(there).expect("few");
                        prop_assert_eq!(mqls, there * attribution.per_mql(), "{:?} {:?}", by, attribution);
                    } else if there == 0 {
                        prop_assert_eq!(mqls, 0, "{:?}", attribution);
                    }
                }
            }
        }
    }
}
