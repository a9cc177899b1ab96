//! Tests of the acts on whole worlds. Invariant: whoever is erased leaves everybody else as they were, whatever
//! log they all are in, and reports go on naming as many as the lists.

mod proven;

use super::Service;
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{
    Actor, Channel, Cursor, Date, Event, EventId, EventName, LeadKey, Rung, Signal, Site, SiteId, SitePolicy,
    Text, Timestamp, Touch, Trust, VisitorId, Zone,
};
use crate::jobs::score::Scorer;
use crate::leads::{Dimension, Lead, Transition};
use crate::scoring::Model;
use crate::storage::memory::{MemoryEvents, MemoryLedger};
use crate::storage::{
    Attribution, Batch, Counts, EventStore, LeadQuery, NewSite, ReportQuery, Reports, Rights, Scores, Sites,
};
use proptest::prelude::*;
use std::sync::Arc;

const MODEL: &str = r#"
name = "Test"
[mql]
total_gte = 20
[[group]]
id = "does"
label = "Does"
axis = "engagement"
[[group]]
id = "is"
label = "Is"
axis = "fit"
[[rule]]
id = "demo"
label = "Demo"
group = "does"
event = "demo_request"
points = 12
[[rule]]
id = "page"
label = "Page"
group = "does"
event = "pageview"
points = 4
repeat = "per_value"
per = { field = "path" }
cap = 12
[[attribute]]
id = "size"
label = "Size"
group = "is"
attribute = "size"
bands = [{ gte = 100, points = 9 }]
"#;

struct World {
    events: Arc<MemoryEvents>,
    ledger: Arc<MemoryLedger>,
    model: Arc<Model>,
    rights: Service,
    site: Site,
}

fn minute(minutes: i64) -> Timestamp {
    Timestamp::parse("2026-11-20T08:00:00Z").expect("valid").plus_millis(minutes * 60_000)
}

fn key(number: u8) -> LeadKey {
    LeadKey::from_bytes([number; 16])
}

fn actor() -> Actor {
    Actor::collector()
}

impl World {
    fn after(log: &[Event]) -> Self {
        let (events, ledger) = (Arc::new(MemoryEvents::default()), Arc::new(MemoryLedger::default()));
        let id = SiteId::parse("example.com").expect("valid");
        let zone = Zone::parse("Europe/Berlin").expect("known");
        let site = ledger.put_site(NewSite { id, zone, policy: SitePolicy::default() }).expect("puts");
        let model = Arc::new(Model::parse(MODEL).unwrap_or_else(|error| panic!("{error}")));
        let clock = Clock::fixed(minute(5 * 1_440));
        let audit = Arc::new(Recorder::new(ledger.clone(), clock.clone(), None));
        let rights = Service::new(events.clone(), ledger.clone(), Arc::clone(&model), audit, clock);
        let world = Self { events, ledger, model, rights, site };
        world.append(log);
        world.score();
        world
    }

    fn append(&self, log: &[Event]) {
        let events = log.iter().map(|event| (event.clone(), Date::from_days(0))).collect();
        drop(self.events.append(Batch { events, tallies: Vec::new() }));
    }

    fn score(&self) {
        let scored =
            Scorer::new(self.events.clone(), self.ledger.clone(), Arc::clone(&self.model)).catch_up();
        scored.expect("scores");
    }

    fn leads(&self, mqls: bool) -> Vec<Lead> {
        let query = LeadQuery {
            site: self.site.no,
            mqls,
            stage: None,
            from: None,
            before: None,
            channel: None,
            attribution: Attribution::First,
            limit: usize::MAX,
            after: None,
        };
        let listed = self.ledger.leads(&query).expect("lists").leads;
        let whole = |lead: &Lead| self.ledger.lead(self.site.no, lead.key).expect("reads").expect("is there");
        listed.iter().map(whole).collect()
    }

    fn lead(&self, number: u8) -> Option<Lead> {
        self.ledger.lead(self.site.no, key(number)).expect("reads")
    }

    fn but(&self, number: u8) -> Vec<(Lead, Vec<Transition>)> {
        let others = self.leads(false).into_iter().filter(|lead| lead.key != key(number));
        others
            .map(|lead| {
                let transitions = self.ledger.transitions(self.site.no, lead.key).expect("reads");
                (lead, transitions)
            })
            .collect()
    }

    fn totals(&self, by: Dimension, attribution: Attribution) -> Counts {
        let (from, to) = (Date::from_days(i32::MIN), Date::from_days(i32::MAX));
        let query = ReportQuery { site: self.site.no, from, to, by, attribution };
        let mut sum = Counts::default();
        for row in self.ledger.report(&query).expect("reports").rows {
            assert!(row.counts.visits >= 0 && row.counts.leads >= 0 && row.counts.mqls >= 0, "{row:?}");
            sum.add(row.counts);
        }
        sum
    }

    /// Reports name as many leads and MQLs as the lists; answers how many visits.
    fn adds_up(&self) -> i64 {
        let number = |count: usize| i64::try_from(count).expect("few");
        let (leads, mqls) = (number(self.leads(false).len()), number(self.leads(true).len()));
        let mut visits = Vec::new();
        for by in Dimension::ALL.into_iter().filter(|by| *by != Dimension::Rule) {
            for attribution in Attribution::OF_LEADS {
                let sum = self.totals(by, attribution);
                let mqls = mqls * attribution.per_mql();
                assert_eq!((sum.leads, sum.mqls), (leads, mqls), "{by:?} {attribution:?}");
                visits.push(sum.visits);
            }
        }
        assert!(visits.iter().all(|sum| *sum == visits[0]), "{visits:?}");
        visits[0]
    }

    /// What the whole log, scored from nothing, would make of the leads.
    fn anew(&self) -> Vec<Lead> {
        let log: Vec<Event> = self.log();
        World::after(&log).leads(false)
    }

    fn log(&self) -> Vec<Event> {
        let log = self.events.scan(Cursor::default(), usize::MAX).expect("scans");
        log.into_iter().map(|logged| logged.event).collect()
    }
}

fn event(number: u128, who: u8, name: &str, path: &str, minutes: i64) -> Event {
    Event {
        id: EventId::from_bytes(number.to_be_bytes()),
        name: EventName::parse(name).expect("valid"),
        rung: Rung::Measured,
        signal: Signal::Tag,
        visitor: Some(VisitorId::from_bytes([who; 16])),
        path: Text::clean(path),
        ..Event::for_test(minute(minutes))
    }
}

fn known(lead: u8, signal: Signal, size: &str, event: Event) -> Event {
    let attributes = [(Text::clean("size"), Text::clean(size))].into_iter().collect();
    Event { lead: Some(key(lead)), rung: Rung::Qualified, signal, attributes, ..event }
}

/// A log of three days: five pseudonyms a day, four leads among them, on every basis, proven or not.
fn log() -> impl Strategy<Value = Vec<Event>> {
    let source = prop_oneof![3 => Just(None), 1 => Just(Some("google")), 1 => Just(Some("newsletter"))];
    let who = (0..5_u8, prop::option::weighted(0.3, 0..4_u8));
    let signal = prop::sample::select(vec![Signal::Tag, Signal::Form, Signal::Policy]);
    let what = (prop::sample::select(vec!["pageview", "pageview", "demo_request", "engagement"]), 0..4_u8);
    let one = (0..3 * 1_440_i64, source, who, signal, what, 0..300_u32);
    prop::collection::vec(one, 0..50).prop_map(|mut events| {
        events.sort_by_key(|event| event.0);
        type One = (i64, Option<&'static str>, (u8, Option<u8>), Signal, (&'static str, u8), u32);
        let told = |(number, (at, source, (person, lead), signal, (name, page), size)): (u128, One)| {
            let who = person + u8::try_from(at / 1_440).expect("few") * 8;
            let plain = event(number, who, name, &format!("/{page}"), at);
            let touch = source.map(|source| Touch {
                channel: Channel::Email,
                source: Text::non_empty(source),
                ..Touch::DIRECT
            });
            // What is said on one of the pages is proven by the site's server.
            let trust = if page == 0 && lead.is_some() { Trust::Vouched } else { plain.trust };
            let plain = Event { touch, trust, ..plain };
            match lead {
                Some(lead) => known(lead, signal, &size.to_string(), plain),
                None => plain,
            }
        };
        (1..).zip(events).map(told).collect()
    })
}

proptest! {
    #![proptest_config(crate::domain::cases(64))]

    #[test]
    fn erasing_one_leaves_everybody_else(log in log()) {
        let world = World::after(&log);
        let visits = world.adds_up();
        let others = world.but(0);
        let dry = world.rights.erase(&actor(), &world.site, key(0), true).expect("counts");
        prop_assert_eq!(&world.but(0), &others);
        prop_assert_eq!(&world.log(), &log, "a dry run changes nothing");
        let done = world.rights.erase(&actor(), &world.site, key(0), false).expect("erases");
        prop_assert_eq!(done.is_some(), log.iter().any(|event| event.lead == Some(key(0))));
        prop_assert_eq!(done.as_ref().map(|done| &done.counts), dry.as_ref().map(|dry| &dry.counts));
        prop_assert_eq!(world.lead(0), None);
        prop_assert!(world.log().iter().all(|event| event.lead != Some(key(0))));
        prop_assert_eq!(world.but(0), others);
        prop_assert_eq!(world.adds_up(), visits, "what was visited stays counted");
        world.score();
        prop_assert_eq!(world.lead(0), None, "it does not come back");
        prop_assert!(!world.rights.find(&actor(), &world.site, key(0)).expect("looks").found);
    }

    #[test]
    fn withdrawing_leaves_what_rests_on_another_basis(log in log()) {
        let world = World::after(&log);
        let visits = world.adds_up();
        let others = world.but(0);
        let asked = log.iter().any(|event| event.lead == Some(key(0)));
        // Of somebody verified only what was proven.
        let verified = world.lead(0).is_some_and(|lead| lead.verified_at.is_some());
        let stays: Vec<EventId> = log
            .iter()
            .filter(|event| event.lead == Some(key(0)) && event.signal == Signal::Policy)
            .filter(|event| !verified || event.trust == Trust::Vouched)
            .map(|event| event.id)
            .collect();
        let dry = world.rights.withdraw(&actor(), &world.site, key(0), true).expect("counts");
        prop_assert_eq!(&world.log(), &log, "a dry run changes nothing");
        let done = world.rights.withdraw(&actor(), &world.site, key(0), false).expect("withdraws");
        prop_assert_eq!(done.is_some(), asked);
        prop_assert_eq!(done.map(|done| done.counts), dry.map(|dry| dry.counts));
        let left: Vec<EventId> =
            world.log().iter().filter(|event| event.lead == Some(key(0))).map(|event| event.id).collect();
        prop_assert_eq!(&left, &stays);
        prop_assert_eq!(world.lead(0).is_some(), !stays.is_empty());
        prop_assert_eq!(world.but(0), others);
        prop_assert_eq!(world.adds_up(), visits);
        // What remains of them is what scoring everything that remains makes of them.
        let anew = world.anew();
        prop_assert_eq!(world.lead(0), anew.into_iter().find(|lead| lead.key == key(0)));
        let restriction = world.ledger.restriction(world.site.no, key(0)).expect("reads");
        prop_assert_eq!((restriction.withdrawn.is_some(), restriction.verified), (asked, verified));
    }
}

/// A demo on the operator's basis, and what the same person did with consent.
fn both_bases() -> Vec<Event> {
    vec![
        event(1, 1, "pageview", "/a", 0),
        known(1, Signal::Policy, "5", event(2, 1, "demo_request", "/demo", 1)),
        known(1, Signal::Form, "500", event(3, 1, "pageview", "/b", 2)),
        event(4, 1, "pageview", "/c", 3),
    ]
}

#[test]
fn what_is_left_after_a_withdrawal_is_scored_anew() {
    let world = World::after(&both_bases());
    assert_eq!(world.lead(1).expect("is there").score.total.to_string(), "33");
    assert_eq!(world.leads(true).len(), 1);
    let done =
        world.rights.withdraw(&actor(), &world.site, key(1), false).expect("withdraws").expect("is there");
    let lead = world.lead(1).expect("is there still");
    assert_eq!((lead.score.total.to_string(), lead.attributes["size"].as_str()), ("12".to_owned(), "5"));
    assert!(lead.qualified.is_none() && world.leads(true).is_empty(), "it is no MQL any more");
    assert_eq!(
        (done.counts["leads"], done.counts["events"], done.counts["same_pseudonym_events"]),
        (0, 1, 2)
    );
    world.adds_up();
    // Later the same day: nobody is recognised by the pseudonym, and only a box ticked anew counts.
    let soon = 5 * 1_440 + 1;
    world.append(&[
        event(5, 1, "pageview", "/d", soon),
        known(1, Signal::Tag, "500", event(6, 1, "pageview", "/e", soon)),
    ]);
    world.score();
    assert_eq!(world.lead(1), Some(lead.clone()));
    world.append(&[known(1, Signal::Form, "500", event(7, 1, "pageview", "/f", soon + 1))]);
    world.score();
    assert!(world.lead(1).expect("is there").score.total > lead.score.total);
    assert!(world.ledger.restricted().expect("reads").is_empty(), "the box has ended the withdrawal");
}

/// Two visits by a link of their own tell as much of somebody as one.
#[test]
fn visits_that_could_all_be_theirs_lose_their_names() {
    let by = |source: &str, event: Event| Event {
        touch: Some(Touch { channel: Channel::Email, source: Text::non_empty(source), ..Touch::DIRECT }),
        ..event
    };
    let world = World::after(&[
        by("private", known(1, Signal::Form, "1", event(1, 1, "pageview", "/private", 0))),
        by("private", event(2, 1, "pageview", "/private", 60)),
        by("shared", event(3, 1, "pageview", "/shared", 120)),
        by("shared", event(4, 2, "pageview", "/shared", 121)),
        by("shared", event(5, 3, "pageview", "/shared", 122)),
    ]);
    world.rights.erase(&actor(), &world.site, key(1), false).expect("erases").expect("is there");
    let (from, to) = (Date::from_days(i32::MIN), Date::from_days(i32::MAX));
    for (by, shared) in [(Dimension::Source, "shared"), (Dimension::Page, "/shared")] {
        let query = ReportQuery { site: world.site.no, from, to, by, attribution: Attribution::First };
        let rows = world.ledger.report(&query).expect("reports").rows;
        let mut visits: Vec<(&str, i64)> =
            rows.iter().map(|row| (row.key.as_str(), row.counts.visits)).collect();
        visits.sort_unstable();
        assert_eq!(visits, [("", 2), (shared, 3)], "{by:?}");
    }
}

#[test]
fn what_comes_late_from_before_a_withdrawal_brings_nobody_back() {
    let world = World::after(&both_bases());
    world.rights.withdraw(&actor(), &world.site, key(1), false).expect("withdraws").expect("is there");
    let left = world.lead(1);
    world.append(&[
        known(1, Signal::Tag, "500", event(5, 5, "pageview", "/late", 4)),
        known(1, Signal::Form, "500", event(6, 6, "demo_request", "/late", 5)),
    ]);
    world.score();
    assert_eq!(world.lead(1), left);
}

#[test]
fn who_is_restricted_is_kept_and_not_counted_on() {
    let world = World::after(&both_bases());
    let before = world.lead(1);
    world.rights.restrict(&actor(), &world.site, key(1), true, false).expect("restricts").expect("is there");
    assert!(world.leads(false).is_empty());
    let soon = 5 * 1_440 + 1;
    let more = [
        event(5, 1, "pageview", "/d", soon),
        known(1, Signal::Form, "7", event(6, 1, "demo_request", "/", soon)),
    ];
    world.append(&more);
    world.score();
    assert_eq!(world.lead(1), before);
    // Nor when everything is scored anew, with the visits tied as they once were.
    world.ledger.restart(*world.model.hash()).expect("restarts");
    world.score();
    assert_eq!(world.lead(1), before);
    let found = world.rights.find(&actor(), &world.site, key(1)).expect("looks");
    assert!(found.found && found.restricted && !found.withdrawn);
    world.rights.restrict(&actor(), &world.site, key(1), false, false).expect("lifts").expect("is there");
    assert_eq!(world.leads(false).len(), 1);
}

/// As when the process dies between the stores: the second time finishes.
#[test]
fn what_was_begun_is_finished() {
    let world = World::after(&both_bases());
    let order =
        crate::storage::EraseEvents { lead: key(1), consented_only: false, unproven: false, dry_run: false };
    world.events.erase_person(&order).expect("erases");
    assert!(world.rights.find(&actor(), &world.site, key(1)).expect("looks").found);
    let done = world.rights.erase(&actor(), &world.site, key(1), false).expect("erases").expect("is there");
    assert_eq!((done.counts["events"], done.counts["leads"]), (0, 1));
    assert!(!world.rights.find(&actor(), &world.site, key(1)).expect("looks").found);
    let generation = world.ledger.generation().expect("reads");
    assert!(generation > 0);
}

#[test]
fn the_export_holds_all_that_is_theirs_and_nothing_of_others() {
    let mut log = both_bases();
    log.push(known(2, Signal::Form, "77", event(8, 1, "demo_request", "/secret-of-another", 9)));
    log.push(event(9, 1, "pageview", "/secret-of-another/later", 10));
    log.push(known(1, Signal::Form, "500", event(10, 1, "pageview", "/back", 11)));
    log.push(event(11, 1, "pageview", "/mine-again", 12));
    let world = World::after(&log);
    let export =
        || world.rights.export(&actor(), &world.site, key(1), "json").expect("exports").expect("is there");
    let (json, csv) = (export().json().expect("writes"), export().csv());
    for text in [&json, &csv] {
        for word in [
            "/a",
            "/demo",
            "/b",
            "/c",
            "500",
            "score",
            "Without “Demo” the score would be",
            "ticked in the form",
        ] {
            assert!(text.contains(word), "{word} in {text}");
        }
        assert!(!text.contains("secret-of-another") && !text.contains("77\""), "{text}");
    }
    let read: serde_json::Value = serde_json::from_str(&json).expect("is JSON");
    assert_eq!(read["events"].as_array().map(Vec::len), Some(6));
    assert_eq!(read["events"][5]["stored"]["path"], "/mine-again");
    assert_eq!(read["events"][0]["at_local"], "2026-11-20 09:00:00 +01:00");
    assert_eq!(read["scoring"]["decisions"].as_array().map(Vec::len), Some(1));
    assert_eq!(csv.lines().next(), Some(r#""kind","at","at_local","what","details""#));
    let another = world.rights.find(&actor(), &world.site, key(9)).expect("looks");
    assert!(!another.found && another.key.is_none() && another.token.is_none());
    let elsewhere = Site { no: crate::domain::SiteNo::new(2), ..world.site.clone() };
    assert!(
        world.rights.erase(&actor(), &elsewhere, key(1), false).expect("looks").is_none(),
        "not its lead"
    );
    assert!(world.lead(1).is_some());
}
