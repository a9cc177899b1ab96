//! Who an event belongs to. Invariant: what a pseudonym did becomes a lead's only where the site's policy
//! says so, once, and the first lead's where several share the pseudonym.

use super::*;
use crate::domain::Points;

fn on_site(site: u32, event: Event) -> Event {
    Event { site: SiteNo::new(site), ..event }
}

fn rules(lead: &Lead) -> Vec<&str> {
    lead.hits.iter().map(|hit| hit.rule.as_str()).collect()
}

fn story(site: u32) -> Vec<Event> {
    [
        event("pageview", "/a", minute(0)),
        event("pageview", "/b", minute(1)),
        known(1, event("demo_request", "/demo", minute(5))),
        event("engagement", "/thanks", minute(6)),
    ]
    .map(|event| on_site(site, event))
    .to_vec()
}

#[test]
fn where_the_policy_says_so_the_day_is_the_leads() {
    let world = World::after(story(1));
    let lead = world.lead(1);
    assert_eq!(rules(&lead), ["demo", "page", "page", "read"]);
    assert_eq!(lead.score.total, Points::whole(20 + 2 + 2 + 3));
    assert_eq!((lead.first_seen, lead.last_seen), (minute(0), minute(6)));
    let visit = world.visit(1).expect("the visit goes on");
    assert_eq!((visit.lead, visit.hits.len()), (Some(lead.key), 0), "what was moved is not kept twice");
}

#[test]
fn elsewhere_only_what_it_did_by_name_is() {
    let world = World::after(story(2));
    let lead = world.lead(1);
    assert_eq!(rules(&lead), ["demo"]);
    assert_eq!((lead.first_seen, lead.last_seen), (minute(5), minute(5)));
    let visit = world.visit(1).expect("the visit goes on");
    assert_eq!(visit.lead, None);
    assert_eq!(visit.hits.len(), 3, "they stay the pseudonym's and go with it");
}

#[test]
fn of_two_leads_on_one_pseudonym_the_first_has_what_was_before() {
    let events = vec![
        event("pageview", "/before", minute(0)),
        known(1, event("demo_request", "/", minute(1))),
        event("pageview", "/between", minute(2)),
        known(2, event("demo_request", "/", minute(3))),
        event("pageview", "/after", minute(4)),
    ];
    let world = World::after(events);
    let paths = |number| {
        let lead = world.lead(number);
        let values = lead.hits.iter().filter_map(|hit| hit.value.as_ref().map(ToString::to_string));
        (values.collect::<Vec<_>>(), lead.score.total)
    };
    assert_eq!(paths(1), (vec!["/before".to_owned(), "/between".to_owned()], Points::whole(24)));
    assert_eq!(paths(2), (vec!["/after".to_owned()], Points::whole(22)));
    assert_eq!(world.visit(1).expect("goes on").lead, Some(lead_key(2)));
}

#[test]
fn one_lead_of_two_pseudonyms_has_both_days() {
    let tomorrow = |event: Event| Event { visitor: Some(visitor(2)), at: event.at.plus_days(1), ..event };
    let mut events = story(1);
    events.extend(story(1).into_iter().map(tomorrow));
    let lead = World::after(events).lead(1);
    assert_eq!(lead.hits.iter().filter(|hit| hit.rule.as_str() == "read").count(), 2);
    assert_eq!((lead.first_seen, lead.last_seen), (minute(0), minute(6).plus_days(1)));
}

#[test]
fn an_event_without_a_pseudonym_is_still_the_leads() {
    let world =
        World::after(vec![Event { visitor: None, ..known(1, event("demo_request", "/", minute(0))) }]);
    assert_eq!(rules(&world.lead(1)), ["demo"]);
    assert_eq!(world.visits(), [], "and no visit");
}

#[test]
fn a_pseudonym_that_is_no_lead_keeps_a_days_hits() {
    let mut events: Vec<Event> = (0..250).map(|n| event("engagement", "/", minute(n / 10))).collect();
    assert_eq!(World::after(events.clone()).visit(1).expect("goes on").hits.len(), 200);
    events.push(known(1, event("demo_request", "/", minute(30))));
    let lead = World::after(events).lead(1);
    assert_eq!(lead.hits.len(), 201);
}

#[test]
fn of_declared_fields_the_newest_value_counts_and_twenty_are_kept() {
    let with = |fields: &[(String, &str)], at| {
        let mut event = known(1, event("form_submit", "/", minute(at)));
        event.attributes =
            fields.iter().map(|(name, value)| (Text::clean(name), Text::clean(value))).collect();
        event
    };
    let size = |value: &'static str| [("size".to_owned(), value)];
    let lead = World::after(vec![with(&size("5"), 0), with(&size("500"), 1)]).lead(1);
    assert_eq!(lead.attributes[&Text::clean("size")].as_str(), "500");
    assert_eq!(lead.score.fit, Points::whole(9));
    // Anybody can send forms: a lead does not grow without bound.
    let more = |from: usize| (from..from + 15).map(|n| (format!("field_{n:03}"), "x")).collect::<Vec<_>>();
    let forms = vec![with(&size("5"), 0), with(&more(0), 1), with(&more(100), 2), with(&size("500"), 3)];
    let lead = World::after(forms).lead(1);
    assert_eq!(lead.attributes.len(), 20);
    assert_eq!(
        lead.attributes[&Text::clean("size")].as_str(),
        "500",
        "what is known is still brought up to date"
    );
}
