//! The contract of voids. Invariant: nothing is passed over before a void is in force, then exactly its places, until
//! it is taken back; what was noted and its entry are one; and events are found by site and time, leads' at any time.

use super::generate::{lead_key, model, plain_lead};
use super::ledger::{begun, commit};
use super::lifecycle::{act, at, change};
use super::{Backend, append, contract};
use crate::domain::{
    Act, Action, Actor, Channel, Cursor, Event, EventId, Only, Role, Selection, SiteNo, Text,
};
use crate::storage::{
    Changes, Ended, Ledger, NewPublication, NewVoid, Places, Publication, PublicationState, Say, Sought,
    StoreError, Void, VoidState, VoidStep,
};
use std::collections::BTreeSet;

contract!(
    a_void_counts_from_its_publication_on,
    what_waits_can_be_seen_as_it_will_be,
    what_was_said_of_nobody_is_found_and_forgotten,
    events_are_sought_by_site_and_time,
);

const SITE: SiteNo = SiteNo::new(1);

fn cursor(place: i64) -> Cursor {
    Cursor::from_raw(place)
}

fn places(runs: &[(i64, i64)]) -> Vec<Places> {
    runs.iter().map(|(first, last)| (cursor(*first), cursor(*last))).collect()
}

fn new() -> NewVoid {
    let only = Only { channel: Some(Channel::Email), path: Some(Text::clean("/a*")), ..Only::default() };
    NewVoid {
        site: SITE,
        selection: Selection { from: at(1), to: at(9), only },
        reason: Text::clean("an attack"),
        asked_at: at(10),
        by: Actor::account(Role::Owner),
        events: 4,
    }
}

fn ask(ledger: &dyn Ledger, runs: &[(i64, i64)]) -> (Void, Publication) {
    let say = |no: &i64| Act { action: Action::VoidAsked, details: no.to_string(), ..act() };
    let (void, publication, entry) = ledger.ask_void(&new(), &places(runs), model(1), &say).expect("asks");
    assert_eq!((entry.action.as_str(), entry.details), ("void.asked", void.no.to_string()));
    (void, publication)
}

fn voided(ledger: &dyn Ledger, step: Option<VoidStep>) -> Vec<i64> {
    let all: Vec<Cursor> = (0..30).map(cursor).collect();
    ledger.voided(&all, step).expect("reads").into_iter().map(Cursor::raw).collect()
}

fn a_void_counts_from_its_publication_on(backend: &dyn Backend) {
    let ledger = begun(backend);
    let ledger = ledger.as_ref();
    let (void, publication) = ask(ledger, &[(2, 2), (5, 7)]);
    let expected =
        Void { no: void.no, asked: new(), state: VoidState::Asked, last: cursor(7), undone_at: None };
    assert_eq!(void, expected);
    assert_eq!(ledger.voids(SITE).expect("reads"), [expected]);
    assert!(ledger.voids(SiteNo::new(2)).expect("reads").is_empty());
    assert_eq!(publication.asked.void, Some(VoidStep { no: void.no, undo: false }));
    assert_eq!(ledger.next_publication().expect("reads"), Some(publication.clone()));
    assert!(voided(ledger, None).is_empty(), "it waits");
    ledger.drop_void(void.no).expect("is no failure");
    assert_eq!(ledger.voids(SITE).expect("reads").len(), 1, "what waits is not dropped");
    let cancelled = Ended { state: PublicationState::Cancelled, at: at(11), problem: None };
    ledger.end_publication(publication.id, &cancelled, &act()).expect("ends");
    assert_eq!(ledger.voids(SITE).expect("reads")[0].state, VoidState::Dropped);
    assert!(voided(ledger, Some(VoidStep { no: void.no, undo: true })).is_empty());
    let (second, _) = ask(ledger, &[(3, 3)]);
    assert!(second.no > void.no);
    let numbers: Vec<i64> = ledger.voids(SITE).expect("reads").iter().map(|void| void.no).collect();
    assert_eq!(numbers, [second.no, void.no], "newest first");
    ledger.drop_void(void.no).expect("drops");
    assert_eq!(ledger.voids(SITE).expect("reads").len(), 1);
}

fn what_waits_can_be_seen_as_it_will_be(backend: &dyn Backend) {
    let ledger = begun(backend);
    let ledger = ledger.as_ref();
    let (void, _) = ask(ledger, &[(2, 2), (5, 7), (20, 20)]);
    let step = |undo| Some(VoidStep { no: void.no, undo });
    assert_eq!(voided(ledger, step(false)), [2, 5, 6, 7, 20]);
    assert!(voided(ledger, step(true)).is_empty());
    let some = ledger.voided(&[cursor(6), cursor(8)], step(false)).expect("reads");
    assert_eq!(some, BTreeSet::from([cursor(6)]));
    assert!(ledger.voided(&[], step(false)).expect("reads").is_empty());
    // Two voids may wait at once, by the same model.
    ask(ledger, &[(9, 9)]);
    let waits = ledger.publications(SITE).expect("reads").remove(0).asked;
    // Also after another model went live: of two that put the same void in force, the second would wait for ever.
    for model in [waits.model, model(77)] {
        let again = ledger.ask_publication(&NewPublication { model, ..waits.clone() }, &act());
        assert!(matches!(again, Err(StoreError::Conflict)), "and each once");
    }
}

fn what_was_said_of_nobody_is_found_and_forgotten(backend: &dyn Backend) {
    let ledger = begun(backend);
    let ledger = ledger.as_ref();
    let transitions =
        vec![change(1, 30, Role::Owner), change(2, 10, Role::Owner), change(3, 20, Role::Collector)];
    commit(ledger, &Changes { leads: vec![plain_lead(1, at(1))], transitions, ..Changes::default() });
    assert_eq!(ledger.void_leads(SITE, 9).expect("reads"), [lead_key(2)], "who is there is not");
    assert!(ledger.void_leads(SITE, 0).expect("reads").is_empty());
    let say: Say<'_, u64> = &|_| act();
    ledger.restrict(SITE, lead_key(2), Some(at(40)), false, say).expect("restricts");
    assert!(ledger.void_leads(SITE, 9).expect("reads").is_empty(), "who asked for it is in no list");
    ledger.restrict(SITE, lead_key(2), None, false, say).expect("lifts");
    for lead in [1, 2] {
        ledger.forget_void_lead(SITE, lead_key(lead)).expect("forgets");
    }
    assert!(ledger.void_leads(SITE, 9).expect("reads").is_empty());
    assert!(ledger.transitions(SITE, lead_key(2)).expect("reads").is_empty());
    assert_eq!(ledger.transitions(SITE, lead_key(1)).expect("reads").len(), 1, "who is there stays");
}

fn events_are_sought_by_site_and_time(backend: &dyn Backend) {
    let events = backend.events();
    let event = |number: u8, site: u32, moment: i64, lead: Option<u8>| Event {
        id: EventId::from_bytes([number; 16]),
        site: SiteNo::new(site),
        lead: lead.map(lead_key),
        ..Event::for_test(at(moment))
    };
    let log = [
        event(1, 1, 5, None),
        event(2, 2, 5, None),
        event(3, 1, 9, Some(1)),
        event(4, 1, 9, None),
        event(5, 1, 6, None),
    ];
    append(events.as_ref(), &log).expect("appends");
    let sought = Sought { site: SITE, from: at(5), to: at(9) };
    let ids = |after, limit| -> Vec<u8> {
        let found = events.seek(&sought, cursor(after), limit).expect("reads");
        found.iter().map(|logged| logged.event.id.bytes()[0]).collect()
    };
    assert_eq!(ids(0, 9), [1, 3, 5]);
    assert_eq!((ids(1, 9), ids(0, 2)), (vec![3, 5], vec![1, 3]));
    let has = |site, place| events.has_up_to(SiteNo::new(site), cursor(place)).expect("reads");
    assert_eq!((has(1, 1), has(2, 1), has(2, 2), has(3, 9)), (true, false, true, false));
}
