//! The event log's contract. Invariant: what was appended is scanned, whole and once, in one order, and
//! counted; what was erased is gone and its place with it.

use super::generate::{event, lead_key, plain_event, visitor};
use super::{Backend, append, contract, wait};
use crate::domain::cases;
use crate::domain::{Channel, Cursor, Date, Event, Outcome, Rung, Signal, SiteNo, Text, Touch, Trust};
use crate::storage::{Appended, Batch, Counted, DayCount, EventStore, Logged, OutcomeQuery, Selector, Tally};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

contract!(
    an_empty_log,
    what_is_appended_is_scanned,
    every_code_survives,
    any_page_size_gives_the_same_log,
    duplicates_are_stored_once_and_counted,
    outcomes_are_counted,
    rungs_are_counted_by_day,
    a_person_is_erased,
    places_are_not_used_again,
    every_commit_rings,
    batches_of_many_threads_stay_whole,
);

pub(super) fn all(store: &dyn EventStore) -> Vec<Logged> {
    store.scan(Cursor::default(), usize::MAX).expect("scans")
}

pub(super) fn events_of(log: Vec<Logged>) -> Vec<Event> {
    log.into_iter().map(|logged| logged.event).collect()
}

fn count(store: &dyn EventStore, outcome: Outcome) -> u64 {
    let (from, to) = (Date::from_days(i32::MIN), Date::from_days(i32::MAX));
    let counts = store.report(&OutcomeQuery { site: SiteNo::new(1), from, to }).expect("reports");
    counts.iter().find(|count| count.reason == outcome.reason()).map_or(0, |count| count.count)
}

fn an_empty_log(backend: &dyn Backend) {
    let store = backend.events();
    assert_eq!(all(store.as_ref()), []);
    assert_eq!(store.head().expect("reads"), Cursor::default());
    assert_eq!(append(store.as_ref(), &[]).expect("appends"), Appended::default());
    assert_eq!(all(store.as_ref()), []);
    append(store.as_ref(), &[plain_event(1)]).expect("appends");
    assert_eq!(store.scan(Cursor::default(), 0).expect("scans"), []);
}

fn what_is_appended_is_scanned(backend: &dyn Backend) {
    proptest!(cases(24), |(batches in vec(vec(event(), 0..12), 1..4))| {
        let store = backend.events();
        for batch in &batches {
            let appended = append(store.as_ref(), batch).expect("appends");
            prop_assert_eq!(appended, Appended { stored: u32::try_from(batch.len()).expect("few"), duplicates: 0 });
        }
        let log = all(store.as_ref());
        prop_assert!(log.iter().all(|logged| logged.cursor > Cursor::default()));
        prop_assert!(log.is_sorted_by(|a, b| a.cursor < b.cursor), "cursors rise");
        prop_assert_eq!(store.head().expect("reads"), log.last().map_or(Cursor::default(), |last| last.cursor));
        prop_assert_eq!(events_of(log), batches.concat());
    });
}

/// Each combination of what is stored as a number.
fn every_code_survives(backend: &dyn Backend) {
    let mut events = Vec::new();
    for rung in Rung::ALL {
        for signal in Signal::ALL {
            for trust in [Trust::Unverified, Trust::Human, Trust::Vouched] {
                for channel in Channel::ALL.into_iter().map(Some).chain([None]) {
                    let touch = channel.map(|channel| Touch { channel, ..Touch::DIRECT });
                    let number = u128::try_from(events.len()).expect("few");
                    events.push(Event { rung, signal, trust, touch, ..plain_event(number) });
                }
            }
        }
    }
    let store = backend.events();
    append(store.as_ref(), &events).expect("appends");
    assert_eq!(events_of(all(store.as_ref())), events);
}

fn any_page_size_gives_the_same_log(backend: &dyn Backend) {
    let store = backend.events();
    let events: Vec<Event> = (0..50).map(plain_event).collect();
    append(store.as_ref(), &events).expect("appends");
    let whole = all(store.as_ref());
    proptest!(cases(20), |(limit in 1..60_usize, start in 0..50_usize)| {
        let mut paged = Vec::new();
        let mut after = whole[start].cursor;
        loop {
            let page = store.scan(after, limit).expect("scans");
            prop_assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = last.cursor;
            paged.extend(page);
        }
        prop_assert_eq!(&paged, &whole[start + 1..]);
    });
}

fn duplicates_are_stored_once_and_counted(backend: &dyn Backend) {
    proptest!(cases(20), |(batches in vec(vec(0..12_u128, 0..10), 1..5))| {
        let store = backend.events();
        let (mut first, mut known, mut retries, mut position) = (Vec::new(), BTreeSet::new(), 0, 0);
        for batch in &batches {
            // A retry may say something else; what came first stays.
            let events: Vec<Event> = batch.iter().map(|number| {
                position += 1;
                Event { path: Text::clean(&format!("/{position}")), ..plain_event(*number) }
            }).collect();
            let new: Vec<Event> = events.iter().filter(|event| known.insert(event.id)).cloned().collect();
            let stored = u32::try_from(new.len()).expect("few");
            let duplicates = u32::try_from(batch.len()).expect("few") - stored;
            prop_assert_eq!(append(store.as_ref(), &events).expect("appends"), Appended { stored, duplicates });
            retries += u64::from(duplicates);
            first.extend(new);
        }
        prop_assert_eq!(&events_of(all(store.as_ref())), &first);
        prop_assert_eq!(count(store.as_ref(), Outcome::Stored), u64::try_from(first.len()).expect("few"));
        prop_assert_eq!(count(store.as_ref(), Outcome::Duplicate), retries);
    });
}

fn outcomes_are_counted(backend: &dyn Backend) {
    let reasons = vec!["dropped:bot", "suppressed:gpc", "suppressed:tag", "identity_dropped"];
    let tally = (1..3_u32, 0..5_i32, prop::sample::select(reasons));
    let stored = (1..3_u32, 0..5_i32);
    proptest!(cases(20), |(batches in vec((vec(stored, 0..5), vec(tally.clone(), 0..12)), 1..4), from in 0..5_i32, days in 0..5_i32)| {
        let store = backend.events();
        let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
        let asked = |site: u32, day: i32| site == 1 && (from..=from + days).contains(&day);
        let mut number = 0;
        for (stored, tallies) in &batches {
            let mut batch = Batch::default();
            for (site, day) in stored {
                number += 1;
                batch.events.push((Event { site: SiteNo::new(*site), ..plain_event(number) }, Date::from_days(*day)));
                if asked(*site, *day) {
                    *expected.entry("stored").or_default() += 1;
                }
            }
            for (site, day, reason) in tallies {
                batch.tallies.push(Tally { site: SiteNo::new(*site), day: Date::from_days(*day), reason });
                if asked(*site, *day) {
                    *expected.entry(reason).or_default() += 1;
                }
            }
            wait(store.append(batch)).expect("appends");
        }
        let (first, last) = (Date::from_days(from), Date::from_days(from + days));
        let counts = store.report(&OutcomeQuery { site: SiteNo::new(1), from: first, to: last }).expect("reports");
        prop_assert!(counts.is_sorted_by(|a, b| (b.count, &a.reason) < (a.count, &b.reason)), "most frequent first");
        let counts: BTreeMap<&str, u64> = counts.iter().map(|count| (count.reason.as_str(), count.count)).collect();
        prop_assert_eq!(counts, expected);
    });
}

/// Each stored event once, under its day, its rung and its signal; a retry not at all; and beside outcomes,
/// never among them.
fn rungs_are_counted_by_day(backend: &dyn Backend) {
    let site = SiteNo::new(1);
    let event = (0..3_usize, 0..Signal::ALL.len(), 0..4_i32, 0..30_u128);
    proptest!(cases(20), |(batches in vec(vec(event, 0..8), 1..4), from in 0..4_i32, days in 0..4_i32)| {
        let store = backend.events();
        let mut known = BTreeSet::new();
        let mut expected: BTreeMap<(Date, String), u64> = BTreeMap::new();
        for batch in batches {
            let mut events = Vec::new();
            for (rung, signal, day, number) in batch {
                let (rung, signal, day) = (Rung::ALL[rung + 1], Signal::ALL[signal], Date::from_days(day));
                events.push((Event { rung, signal, ..plain_event(number) }, day));
                let new = known.insert(number);
                let mut count = |word: String| *expected.entry((day, word)).or_default() += 1;
                if new {
                    count(format!("rung:{}:{}", rung.name(), signal.name()));
                }
                count(if new { "stored" } else { "duplicate" }.to_owned());
            }
            let tallies = vec![Tally { site, day: Date::from_days(1), reason: "suppressed:gpc" }];
            *expected.entry((Date::from_days(1), "suppressed:gpc".to_owned())).or_default() += 1;
            wait(store.append(Batch { events, tallies })).expect("appends");
        }
        let (first, last) = (Date::from_days(from), Date::from_days(from + days));
        let query = OutcomeQuery { site, from: first, to: last };
        let daily = store.daily(&query).expect("reports");
        let asked: Vec<DayCount> = expected
            .into_iter()
            .filter(|((day, _), _)| (first..=last).contains(day))
            .map(|((day, word), count)| DayCount { day, word, count })
            .collect();
        prop_assert_eq!(&daily, &asked, "by day, then by word");
        let outcomes = store.report(&query).expect("reports");
        prop_assert!(outcomes.iter().all(|count| Counted::consent(&count.reason).is_none()));
        let sum = |is: &dyn Fn(&str) -> bool| daily.iter().filter(|day| is(&day.word)).map(|day| day.count).sum::<u64>();
        prop_assert_eq!(sum(&|word| Counted::consent(word).is_some()), sum(&|word| word == "stored"));
        let other = OutcomeQuery { site: SiteNo::new(2), ..query };
        prop_assert_eq!(store.daily(&other).expect("reports"), []);
    });
}

/// Five events of each of two leads and two visitors, in turns.
fn of_four_people() -> Vec<Event> {
    (0..20_u8)
        .map(|n| match n % 4 {
            0 | 1 => Event { lead: Some(lead_key(n % 4)), ..plain_event(n.into()) },
            _ => Event { visitor: Some(visitor(n % 4)), ..plain_event(n.into()) },
        })
        .collect()
}

fn a_person_is_erased(backend: &dyn Backend) {
    let store = backend.events();
    append(store.as_ref(), &of_four_people()).expect("appends");
    let before = all(store.as_ref());
    assert_eq!(store.erase(&Selector::Lead(lead_key(1))).expect("erases"), 5);
    assert_eq!(store.erase(&Selector::Visitor(visitor(2))).expect("erases"), 5);
    assert_eq!(store.erase(&Selector::Lead(lead_key(1))).expect("erases"), 0, "nothing is left");
    assert_eq!(store.erase(&Selector::Lead(lead_key(2))).expect("erases"), 0, "a visitor is no lead");
    let kept: Vec<Logged> = before
        .into_iter()
        .filter(|logged| logged.event.lead != Some(lead_key(1)) && logged.event.visitor != Some(visitor(2)))
        .collect();
    assert_eq!(all(store.as_ref()), kept, "the others stay in their places");
    assert_eq!(count(store.as_ref(), Outcome::Stored), 20, "what happened is still counted");
}

fn places_are_not_used_again(backend: &dyn Backend) {
    let store = backend.events();
    append(store.as_ref(), &of_four_people()).expect("appends");
    let newest = store.head().expect("reads");
    // The newest event is one of visitor 3.
    assert_eq!(store.erase(&Selector::Visitor(visitor(3))).expect("erases"), 5);
    assert!(store.head().expect("reads") < newest, "the head is the newest event that is there");
    append(store.as_ref(), &[plain_event(99)]).expect("appends");
    let after = store.scan(newest, 10).expect("scans");
    assert_eq!(events_of(after), [plain_event(99)], "a follower that had seen all of it sees the new one");
}

fn every_commit_rings(backend: &dyn Backend) {
    let store = backend.events();
    let doorbell = store.doorbell();
    for n in 1..4 {
        let seen = doorbell.rings();
        append(store.as_ref(), &[plain_event(n)]).expect("appends");
        // The answer may be there a moment before the ring; the ring is never lost.
        assert!(doorbell.wait(seen, Duration::from_secs(10)) > seen);
    }
    let seen = doorbell.rings();
    let waiting = std::thread::spawn(move || doorbell.wait(seen, Duration::from_secs(10)));
    append(store.as_ref(), &[plain_event(9)]).expect("appends");
    assert!(waiting.join().expect("waits") > seen, "who waits is woken");
}

fn batches_of_many_threads_stay_whole(backend: &dyn Backend) {
    let store = backend.events();
    let shared = store.as_ref();
    std::thread::scope(|scope| {
        for thread in 0..4_u128 {
            scope.spawn(move || {
                for batch in 0..10 {
                    let first = thread * 1_000 + batch * 10;
                    let events: Vec<Event> = (first..first + 5).map(plain_event).collect();
                    assert_eq!(append(shared, &events).expect("appends").stored, 5);
                }
            });
        }
    });
    let ids: Vec<u128> =
        all(shared).iter().map(|logged| u128::from_be_bytes(*logged.event.id.bytes())).collect();
    assert_eq!(ids.len(), 200);
    for batch in ids.chunks(5) {
        assert!(batch.is_sorted_by(|a, b| a + 1 == *b), "{batch:?}");
    }
    for thread in 0..4 {
        let own: Vec<&u128> = ids.iter().filter(|id| *id / 1_000 == thread).collect();
        assert!(own.is_sorted(), "what was acknowledged first comes first");
    }
}
