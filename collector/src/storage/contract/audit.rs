//! The contract for the audit log. Invariant: entries form one chain in the order in which they were added,
//! whoever adds them, filters and pages leave none out, and a lead has one reference.

use super::generate::lead_key;
use super::{Backend, Sqlite, contract};
use crate::domain::{Act, Action, Actor, Entry, Reference, Role, SiteId, SiteNo, Timestamp};
use crate::storage::sqlite::SqliteLedger;
use crate::storage::{AuditLog, AuditQuery, Ledger};

contract!(
    entries_form_a_chain,
    filters_find_what_matches_and_nothing_else,
    pages_go_on_where_the_last_ended,
    a_lead_has_one_reference,
);

/// Whether an entry is among those that a query is to find, by its place.
type Matches = fn(i64) -> bool;

fn act(n: i64) -> Act {
    Act {
        at: Timestamp::from_millis(n * 1_000),
        actor: Actor::account(if n % 2 == 0 { Role::Owner } else { Role::Auditor }),
        action: if n % 3 == 0 { Action::LeadViewed } else { Action::SessionOpened },
        site: (n % 5 == 0).then(|| SiteId::parse("example.com").expect("valid")),
        subject: (n % 7 == 0).then(|| Reference::from_bytes([7; 16])),
        details: format!(r#"{{"n":{n},"text":"ü \" \\ \u0007"}}"#),
    }
}

fn fill(ledger: &dyn Ledger, count: i64) -> Vec<Entry> {
    (1..=count).map(|n| ledger.append_entry(&act(n)).expect("appends")).collect()
}

fn assert_chained(entries: &[Entry]) {
    let mut before: Option<&Entry> = None;
    for (expected, entry) in (1..).zip(entries) {
        assert_eq!(entry.seq, expected);
        assert_eq!(entry.previous, before.map_or([0; 32], |before| before.hash));
        assert_eq!(entry.hash, entry.computed_hash());
        before = Some(entry);
    }
}

fn entries_form_a_chain(backend: &dyn Backend) {
    let ledger = backend.ledger();
    assert_eq!(ledger.audit_head().expect("reads"), None);
    assert!(ledger.entries_after(0, 10).expect("reads").is_empty());
    let added = fill(ledger.as_ref(), 20);
    assert_chained(&added);
    assert_eq!(ledger.entries_after(i64::MIN, 100).expect("reads"), added, "as they were added");
    assert_eq!(ledger.entries_after(15, 3).expect("reads"), added[15..18]);
    assert_eq!(ledger.audit_head().expect("reads"), added.last().map(Entry::head));
}

fn filters_find_what_matches_and_nothing_else(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let added = fill(ledger.as_ref(), 40);
    let all = AuditQuery { limit: 100, ..AuditQuery::default() };
    let site = SiteId::parse("example.com").expect("valid");
    let moment = |n: i64| Some(Timestamp::from_millis(n * 1_000));
    let cases: [(AuditQuery, Matches); 10] = [
        (all.clone(), |_| true),
        (AuditQuery { action: Some(Action::LeadViewed), ..all.clone() }, |n| n % 3 == 0),
        (AuditQuery { action: Some(Action::PersonErased), ..all.clone() }, |_| false),
        (AuditQuery { role: Some(Role::Auditor), ..all.clone() }, |n| n % 2 == 1),
        (AuditQuery { site: Some(site.clone()), ..all.clone() }, |n| n % 5 == 0),
        (AuditQuery { subject: Some(Reference::from_bytes([7; 16])), ..all.clone() }, |n| n % 7 == 0),
        (AuditQuery { subject: Some(Reference::from_bytes([8; 16])), ..all.clone() }, |_| false),
        (AuditQuery { from: moment(10), ..all.clone() }, |n| n >= 10),
        (AuditQuery { until: moment(10), ..all.clone() }, |n| n < 10),
        (AuditQuery { role: Some(Role::Owner), site: Some(site), from: moment(11), ..all }, |n| {
            n % 10 == 0 && n >= 11
        }),
    ];
    for (query, matches) in cases {
        let mut expected: Vec<&Entry> = added.iter().filter(|entry| matches(entry.seq)).collect();
        expected.reverse();
        let page = ledger.entries(&query).expect("reads");
        assert_eq!(page.entries.iter().collect::<Vec<_>>(), expected, "{query:?}");
        assert_eq!(page.total, u64::try_from(expected.len()).expect("few"), "{query:?}");
    }
}

fn pages_go_on_where_the_last_ended(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let added = fill(ledger.as_ref(), 25);
    let mut query = AuditQuery { limit: 10, ..AuditQuery::default() };
    let mut seen = Vec::new();
    loop {
        let page = ledger.entries(&query).expect("reads");
        assert_eq!(page.total, 25, "whatever page it is");
        let Some(last) = page.entries.last() else { break };
        query.before = Some(last.seq);
        seen.extend(page.entries);
    }
    seen.reverse();
    assert_eq!(seen, added);
}

fn a_lead_has_one_reference(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let (one, other) = (SiteNo::new(1), SiteNo::new(2));
    assert_eq!(ledger.known_reference(one, lead_key(1)).expect("reads"), None);
    let reference = ledger.reference(one, lead_key(1)).expect("makes");
    assert_eq!(ledger.reference(one, lead_key(1)).expect("reads"), reference);
    assert_eq!(ledger.known_reference(one, lead_key(1)).expect("reads"), Some(reference));
    assert_eq!(ledger.known_reference(other, lead_key(1)).expect("reads"), None, "of no other site");
    let second = ledger.reference(one, lead_key(2)).expect("makes");
    assert_ne!(second, reference);
    assert_ne!(reference.bytes(), lead_key(1).bytes(), "it does not tell whom it stands for");
    let again = backend.ledger();
    assert_ne!(again.reference(one, lead_key(1)).expect("makes"), reference, "it is random");
}

/// Two processes, as a collector and a command beside it.
#[test]
fn two_at_once_make_one_chain() {
    let backend = Sqlite::new();
    let path = backend.fresh();
    let handles = [SqliteLedger::open(&path).expect("opens"), SqliteLedger::open(&path).expect("opens")];
    std::thread::scope(|scope| {
        for ledger in &handles {
            scope.spawn(move || fill(ledger, 150));
        }
    });
    for ledger in &handles {
        let entries = ledger.entries_after(0, 1_000).expect("reads");
        assert_eq!(entries.len(), 300);
        assert_chained(&entries);
        assert_eq!(ledger.audit_head().expect("reads"), entries.last().map(Entry::head));
    }
}
