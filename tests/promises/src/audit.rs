//! Any bytes as acts, as what somebody does to the log of them, and as the file that stands beside it. Invariant: a
//! log that nobody touched holds; of one that was touched, something is said, whatever was done.

use crate::input::Input;
use crate::world::now;
use mqlite::audit::{Anchor, Verdict, parse_head, verify};
use mqlite::domain::{Act, Action, Actor, Entry, Head, LeadKey, Receipt, Reference, Role, SiteId, SiteNo};
use mqlite::storage::{AuditLog, AuditPage, AuditQuery, StoreError};
use std::sync::LazyLock;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

/// A log in memory that can be bent.
#[derive(Clone, PartialEq)]
struct Log {
    entries: Vec<Entry>,
    head: Option<Head>,
}

impl AuditLog for Log {
    fn append_entry(&self, _: &Act) -> Result<Entry, StoreError> {
        unreachable!("a check only reads")
    }

    fn entries(&self, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        let below = |entry: &&Entry| query.before.is_none_or(|before| entry.seq < before);
        let mut entries: Vec<Entry> = self.sorted().into_iter().filter(|entry| below(&entry)).collect();
        entries.reverse();
        let total = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        entries.truncate(query.limit);
        Ok(AuditPage { entries, total })
    }

    fn entries_after(&self, seq: i64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        Ok(self.sorted().into_iter().filter(|entry| entry.seq > seq).take(limit).collect())
    }

    fn audit_head(&self) -> Result<Option<Head>, StoreError> {
        Ok(self.head)
    }

    fn reference(&self, _: SiteNo, _: LeadKey) -> Result<Reference, StoreError> {
        unreachable!("a check only reads")
    }

    fn known_reference(&self, _: SiteNo, _: LeadKey) -> Result<Option<Reference>, StoreError> {
        Ok(None)
    }
}

impl Log {
    /// As a table is read: by place, each place once.
    fn sorted(&self) -> Vec<Entry> {
        let mut entries = self.entries.clone();
        entries.sort_by_key(|entry| entry.seq);
        entries.dedup_by_key(|entry| entry.seq);
        entries
    }

    fn made(input: &mut Input<'_>) -> Self {
        let mut log = Self { entries: Vec::new(), head: None };
        for _ in 0..=input.below(6) {
            let act = Act {
                at: now().plus_millis(i64::from(input.byte())),
                actor: Actor::account(if input.byte().is_multiple_of(2) {
                    Role::Owner
                } else {
                    Role::Auditor
                }),
                action: Action::ALL[input.below(Action::ALL.len())],
                site: SiteId::parse(&input.text()).ok(),
                subject: (input.byte().is_multiple_of(2)).then(|| Reference::from_bytes(input.bytes())),
                details: serde_json::json!({ "said": input.text() }).to_string(),
            };
            let entry = Entry::after(log.head, &act);
            log.head = Some(entry.head());
            log.entries.push(entry);
        }
        log
    }

    fn verdict(&self, anchor: Option<&Anchor>) -> Verdict {
        verify(self, anchor, &[], now().plus_days(1)).expect("memory does not fail")
    }
}

/// Makes a log, bends it, and reads an anchor and a receipt.
///
/// # Panics
/// When a promise does not hold.
pub fn audit(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let log = Log::made(&mut input);
    let whole = log.verdict(None);
    assert!(whole.ok(), "{:?}", whole.findings);
    assert_eq!(whole.entries, u64::try_from(log.entries.len()).expect("a few"));
    assert_eq!(whole.head, log.head);

    let mut bent = log.clone();
    bend(&mut bent, &mut input);
    if (bent.sorted(), bent.head) != (log.sorted(), log.head) {
        assert!(!bent.verdict(None).ok(), "{:?} was bent to {:?}", log.entries, bent.entries);
    }

    // Whatever the file beside the log says: it is read, and a log that it does not bear out is not called whole.
    let rest: Vec<u8> = std::iter::from_fn(|| (!input.is_empty()).then(|| input.byte())).collect();
    let anchor = Anchor::at(&FOLDER.path().join("anchor"));
    std::fs::write(anchor.path(), &rest).expect("it can be written");
    let seen = log.verdict(Some(&anchor));
    let text = String::from_utf8_lossy(&rest);
    for line in text.lines().filter(|line| line.len() < 200) {
        let mut words = line.splitn(3, ' ');
        let head = [words.next(), words.next()].map(Option::unwrap_or_default).join(":");
        let known = |head: Head| log.entries.iter().any(|entry| entry.head() == head);
        if line.is_ascii() && parse_head(&head).is_ok_and(|head| !known(head)) {
            assert!(!seen.ok(), "{line:?} is no line of this log");
        }
    }
    rewritten(&log);
    if let Ok(receipt) = serde_json::from_slice::<Receipt>(&rest) {
        let again = serde_json::to_vec(&receipt).expect("it is JSON");
        assert_eq!(serde_json::from_slice::<Receipt>(&again).expect("reads"), receipt);
    }
}

/// Does something to the log that the program never does.
fn bend(log: &mut Log, input: &mut Input<'_>) {
    let at = input.below(log.entries.len());
    let kind = input.byte() % 14;
    let other = input.byte();
    let flip = |hash: &mut [u8; 32]| hash[usize::from(other) % 32] ^= other | 1;
    let turned = |text: &mut String| match other % 3 {
        0 => text.push(char::from(other)),
        1 => drop(text.pop()),
        _ => *text = input_text(text, other),
    };
    let entry = &mut log.entries[at];
    match kind {
        0 => entry.seq = entry.seq.wrapping_add(input.i64()),
        1 => entry.at = entry.at.plus_millis(i64::from(other)),
        2 => turned(&mut entry.role),
        3 => turned(&mut entry.who),
        4 => turned(&mut entry.action),
        5 => entry.site = Some(input.text()),
        6 => entry.subject = Some(input.text()),
        7 => turned(&mut entry.details),
        8 => flip(&mut entry.previous),
        9 => flip(&mut entry.hash),
        10 => drop(log.entries.remove(at)),
        11 => log.head = None,
        12 => {
            let to = input.below(log.entries.len());
            let (one, two) = (log.entries[at].seq, log.entries[to].seq);
            log.entries[at].seq = two;
            log.entries[to].seq = one;
        }
        _ => {
            // Its hash made to fit what it says now.
            turned(&mut entry.who);
            entry.hash = entry.computed_hash();
        }
    }
}

/// The same text with one of its characters changed.
fn input_text(text: &str, other: u8) -> String {
    let at = usize::from(other) % text.chars().count().max(1);
    text.chars().enumerate().map(|(n, c)| if n == at { char::from(other ^ 0x55) } else { c }).collect()
}

/// A log that somebody wrote anew from its first entry on holds by itself; the anchor shows it.
fn rewritten(log: &Log) {
    let path = FOLDER.path().join("written");
    let _ = std::fs::remove_file(&path);
    let anchor = Anchor::at(&path);
    for entry in &log.entries {
        anchor.write(entry).expect("it can be written");
    }
    assert!(log.verdict(Some(&anchor)).ok());
    let mut anew = log.clone();
    anew.entries[0].who.push('x');
    let mut previous = [0; 32];
    for entry in &mut anew.entries {
        entry.previous = previous;
        entry.hash = entry.computed_hash();
        previous = entry.hash;
    }
    anew.head = anew.entries.last().map(Entry::head);
    assert!(anew.verdict(None).ok(), "the chain holds by itself");
    assert!(!anew.verdict(Some(&anchor)).ok(), "the anchor knows better");
}
