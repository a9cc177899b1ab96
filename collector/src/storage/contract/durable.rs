//! What only SQLite promises. Invariant: what was acknowledged is there when the file is opened again, and
//! a store that was opened for reading cannot write.

use super::generate::{event, lead, lead_key, model, plain_event, transition, visit, visitor};
use super::ledger::{cases, cursor};
use super::{Sqlite, append, wait};
use crate::domain::{Cursor, Date, Event, Role, SiteId, SiteNo, SitePolicy, Text, Timestamp, Touch, Zone};
use crate::storage::sqlite::{SqliteEvents, SqliteLedger};
use crate::storage::{
    Accounts, Appended, Batch, Changes, EraseEvents, EventStore, NewSite, OutcomeCount, OutcomeQuery, Scores,
    Selector, SessionRow, Sites, StoreError, Tally,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::path::Path;

fn open(path: &Path) -> SqliteEvents {
    SqliteEvents::open(path).expect("opens")
}

fn counts(store: &dyn EventStore) -> Vec<OutcomeCount> {
    let (from, to) = (Date::from_days(i32::MIN), Date::from_days(i32::MAX));
    store.report(&OutcomeQuery { site: SiteNo::new(1), from, to }).expect("reports")
}

#[test]
fn what_was_acknowledged_is_there_again() {
    let backend = Sqlite::new();
    proptest!(cases(12), |(sessions in vec(vec(vec(event(), 0..6), 0..3), 1..4))| {
        let path = backend.fresh();
        let mut acknowledged: Vec<Event> = Vec::new();
        for session in &sessions {
            let store = open(&path);
            for batch in session {
                append(&store, batch).expect("appends");
                acknowledged.extend(batch.iter().cloned());
            }
            let before = store.scan(Cursor::default(), usize::MAX).expect("scans");
            let (head, outcomes) = (store.head().expect("reads"), counts(&store));
            drop(store);
            let store = open(&path);
            prop_assert_eq!(&store.scan(Cursor::default(), usize::MAX).expect("scans"), &before);
            prop_assert_eq!(store.head().expect("reads"), head);
            prop_assert_eq!(counts(&store), outcomes);
            let events: Vec<Event> = before.into_iter().map(|logged| logged.event).collect();
            prop_assert_eq!(&events, &acknowledged);
        }
    });
}

#[test]
fn what_was_queued_is_written_before_it_closes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.db");
    let store = open(&path);
    let answers: Vec<_> = (0..50_u128)
        .map(|n| {
            let events = vec![(plain_event(n), Date::from_days(0))];
            store.append(Batch { events, tallies: Vec::new() })
        })
        .collect();
    drop(store);
    for answer in answers {
        assert_eq!(wait(answer).expect("was written"), Appended { stored: 1, duplicates: 0 });
    }
    assert_eq!(open(&path).scan(Cursor::default(), 100).expect("scans").len(), 50);
}

#[test]
fn a_retry_is_recognised_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.db");
    let events: Vec<Event> = (0..5).map(plain_event).collect();
    append(&open(&path), &events).expect("appends");
    let store = open(&path);
    let again: Vec<Event> = (3..7).map(plain_event).collect();
    assert_eq!(append(&store, &again).expect("appends"), Appended { stored: 2, duplicates: 2 });
    assert_eq!(store.scan(Cursor::default(), 100).expect("scans").len(), 7);
}

#[test]
fn an_erased_place_is_not_used_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.db");
    let store = open(&path);
    let of = |n: u8| Event { lead: Some(lead_key(n)), visitor: Some(visitor(n)), ..plain_event(n.into()) };
    append(&store, &[of(1), of(2), of(3)]).expect("appends");
    let newest = store.head().expect("reads");
    assert_eq!(store.erase(&Selector::Lead(lead_key(3))).expect("erases"), 1);
    assert_eq!(store.erase(&Selector::Visitor(visitor(2))).expect("erases"), 1);
    drop(store);
    let store = open(&path);
    assert!(store.head().expect("reads") < newest);
    assert!(store.scan(newest, 10).expect("scans").is_empty());
    append(&store, &[of(4)]).expect("appends");
    let after = store.scan(newest, 10).expect("scans");
    assert_eq!(after.into_iter().map(|logged| logged.event).collect::<Vec<_>>(), [of(4)]);
    // All of them erased: the next place is still a new one.
    for n in [1, 4] {
        assert_eq!(store.erase(&Selector::Lead(lead_key(n))).expect("erases"), 1);
    }
    let highest = Cursor::from_raw(newest.raw() + 1);
    drop(store);
    let store = open(&path);
    assert_eq!(store.head().expect("reads"), Cursor::default());
    append(&store, &[of(5)]).expect("appends");
    assert_eq!(store.scan(highest, 10).expect("scans").len(), 1);
}

#[test]
fn a_reader_sees_what_the_writer_commits_and_cannot_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.db");
    let missing = SqliteEvents::open_read_only(&path);
    assert!(matches!(missing, Err(StoreError::Unusable(_))), "there is nothing to read");
    assert!(!path.exists(), "and reading makes nothing");
    let writer = open(&path);
    append(&writer, &[plain_event(1)]).expect("appends");
    let reader = SqliteEvents::open_read_only(&path).expect("opens");
    append(&writer, &[plain_event(2)]).expect("appends");
    let seen = reader.scan(Cursor::default(), 10).expect("scans");
    assert_eq!(seen, writer.scan(Cursor::default(), 10).expect("scans"));
    assert_eq!(seen.len(), 2);
    assert_eq!(reader.head().expect("reads"), writer.head().expect("reads"));
    assert_eq!(counts(&reader), counts(&writer));
    assert!(append(&reader, &[plain_event(3)]).is_err());
    assert!(reader.erase(&Selector::Lead(lead_key(1))).is_err());
    assert_eq!(writer.scan(Cursor::default(), 10).expect("scans").len(), 2);
}

#[test]
fn a_full_queue_is_said_at_once_and_keeps_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder.path().join("events.db"));
    let tally = Tally { site: SiteNo::new(1), day: Date::from_days(0), reason: "dropped:bot" };
    let events = vec![(plain_event(1), Date::from_days(0))];
    let busy = wait(store.append(Batch { events, tallies: vec![tally; 20_000] }));
    assert!(matches!(busy, Err(StoreError::Busy)), "{busy:?}");
    assert!(store.scan(Cursor::default(), 10).expect("scans").is_empty() && counts(&store).is_empty());
    // What was refused takes no room.
    let half = || store.append(Batch { events: Vec::new(), tallies: vec![tally; 9_000] });
    for _ in 0..5 {
        wait(half()).expect("appends");
    }
    append(&store, &[plain_event(1)]).expect("is no duplicate of what was refused");
    assert_eq!(store.scan(Cursor::default(), 10).expect("scans").len(), 1);
}

#[test]
fn the_ledger_is_there_again() {
    let backend = Sqlite::new();
    proptest!(cases(12), |(visits in vec(visit(), 0..3), leads in vec(lead(), 0..3), transitions in vec(transition(), 0..3))| {
        let path = backend.fresh();
        let ledger = SqliteLedger::open(&path).expect("opens");
        let id = SiteId::parse("example.com").expect("valid");
        let site = ledger.put_site(NewSite { id, zone: Zone::utc(), policy: SitePolicy::default() }).expect("puts");
        let ends = SessionRow { token: [1; 32], role: Role::Auditor, expires_at: Timestamp::from_millis(100) };
        ledger.put_session(ends, Timestamp::from_millis(0)).expect("puts");
        ledger.restart(model(1)).expect("restarts");
        let changes = Changes { visits, leads, transitions, ..Changes::default() };
        ledger.commit(Cursor::default(), cursor(9), &changes).expect("commits");
        let visitors: Vec<_> = (0..5).map(visitor).collect();
        let keys: Vec<_> = (0..5).map(lead_key).collect();
        let before = ledger.load(&visitors, &keys).expect("loads");
        let history = |ledger: &SqliteLedger| {
            keys.iter().map(|key| ledger.transitions(SiteNo::new(1), *key).expect("reads")).collect::<Vec<_>>()
        };
        let transitions = history(&ledger);
        drop(ledger);
        let ledger = SqliteLedger::open(&path).expect("opens");
        let after = ledger.load(&visitors, &keys).expect("loads");
        prop_assert_eq!((after.visits, after.leads), (before.visits, before.leads));
        prop_assert_eq!(history(&ledger), transitions);
        prop_assert_eq!(ledger.progress().expect("reads"), Some((cursor(9), model(1))));
        prop_assert_eq!(ledger.session(&[1; 32], Timestamp::from_millis(99)).expect("reads"), Some(Role::Auditor));
        let sites = ledger.sites().expect("reads");
        prop_assert_eq!((sites.len(), sites[0].no, sites[0].secret), (1, site.no, site.secret));
        prop_assert_eq!(&sites[0].zone, &Zone::utc());
    });
}

/// As when `mqlite erase` runs beside a collector.
#[test]
fn one_process_erases_beside_another_that_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.db");
    let collector = open(&path);
    let page = |n: u8, name: &str| Event {
        lead: Some(lead_key(n)),
        visitor: Some(visitor(n)),
        path: Text::clean(name),
        touch: Some(Touch { source: Text::non_empty(name), ..Touch::DIRECT }),
        ..plain_event(n.into())
    };
    append(&collector, &[page(1, "/stays"), page(2, "/goes")]).expect("appends");
    let command = open(&path);
    // Appended after the command opened the file: its place is not given again, either.
    append(&collector, &[page(3, "/goes")]).expect("appends");
    let newest = collector.head().expect("reads");
    for n in [2, 3] {
        let order = EraseEvents { lead: lead_key(n), consented_only: false, unproven: false, dry_run: false };
        assert_eq!(command.erase_person(&order).expect("erases").events, 1);
    }
    assert!(command.compact().expect("compacts"), "nobody reads just now");
    let bytes: Vec<u8> = std::fs::read_dir(folder.path())
        .expect("the folder")
        .flat_map(|file| std::fs::read(file.expect("a file").path()).expect("reads"))
        .collect();
    assert!(!bytes.windows(5).any(|bytes| bytes == b"/goes"), "no byte of them is left in any file");
    drop(command);
    // The numbers that the collector remembers for what went are no more.
    let again = [page(4, "/goes"), page(5, "/new")];
    append(&collector, &again).expect("appends");
    let after = collector.scan(newest, 10).expect("scans");
    assert_eq!(after.into_iter().map(|logged| logged.event).collect::<Vec<_>>(), again);
    drop(collector);
    let restarted = open(&path);
    let order = EraseEvents { lead: lead_key(5), consented_only: false, unproven: false, dry_run: false };
    restarted.erase_person(&order).expect("erases");
    let highest = Cursor::from_raw(newest.raw() + 2);
    drop(restarted);
    let restarted = open(&path);
    append(&restarted, &[page(6, "/x")]).expect("appends");
    assert_eq!(restarted.scan(highest, 10).expect("scans").len(), 1, "and no place is given twice");
}
