//! Somebody bends the audit log with all the rights on the file that there are. Invariant: whatever they do to ten
//! thousand entries is found with its place; and what no chain can show is shown by the anchor alone.

mod chain;
mod receipt;
mod witness;

use super::connect::{self, Connection};
use super::{SqliteLedger, migrate};
use crate::audit::{Anchor, Kind, Recorder, Verdict, verify};
use crate::clock::Clock;
use crate::domain::{
    Action, Actor, Entry, Head, LeadKey, Receipt, ReceiptEntry, Role, SiteId, SiteNo, Text, Timestamp, to_hex,
};
use crate::storage::AuditLog;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// Entries of the log that is bent.
const ENTRIES: i64 = 10_000;
/// The place at which most of it happens, and its receipt's.
const PLACE: i64 = 4_711;

struct Log {
    folder: TempDir,
    receipt: Receipt,
}

/// A log of ten thousand entries, made once by the recorder itself.
fn original() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = Arc::new(SqliteLedger::open(&folder.path().join("ledger.db")).expect("opens"));
        // How often it syncs is not what is looked at here.
        ledger.writer().pragma_update(None, "synchronous", "OFF").expect("sets");
        let clock = Clock::fixed(Timestamp::parse("2026-11-22T10:00:00Z").expect("valid"));
        let anchor = Anchor::at(&folder.path().join("audit.anchor"));
        let recorder = Recorder::new(ledger, clock.clone(), Some(anchor));
        let site = SiteId::parse("example.com").expect("valid");
        let mut receipt = None;
        for n in 1..=ENTRIES {
            clock.set(clock.now().plus_millis(250));
            let actor =
                Actor { role: Role::ALL[usize::try_from(n % 5).expect("few")], who: Text::clean("jörg") };
            let action = Action::ALL[usize::try_from(n).expect("few") % Action::ALL.len()];
            let lead = (n % 3 == 0)
                .then(|| (SiteNo::new(1), LeadKey::from_bytes([u8::try_from(n % 9).expect("small"); 16])));
            let action = if n == PLACE { Action::PersonErased } else { action };
            let counts = BTreeMap::from([("events".to_owned(), 12), ("leads".to_owned(), 1)]);
            let id = "0123456789abcdef0123456789abcdef";
            let details =
                serde_json::json!({ "receipt": id, "counts": counts, "n": n, "text": "\u{7}\"ü\\" });
            let entry = recorder.record(&actor, action, Some(&site), lead, &details).expect("records");
            if n == PLACE {
                receipt = Some(Receipt {
                    receipt: id.to_owned(),
                    action: "person.erased".to_owned(),
                    site: "example.com".to_owned(),
                    at: entry.at,
                    counts,
                    entry: ReceiptEntry { seq: entry.seq, hash: to_hex(&entry.hash) },
                });
            }
        }
        Log { folder, receipt: receipt.expect("is there") }
    })
}

/// A copy of the log, for one to bend.
struct Bent {
    _folder: TempDir,
    database: PathBuf,
    anchor: Anchor,
}

impl Bent {
    /// Whoever bends it takes the triggers away first.
    fn by(bend: impl FnOnce(&Connection)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for entry in std::fs::read_dir(original().folder.path()).expect("reads") {
            let entry = entry.expect("an entry");
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copies");
        }
        let database = folder.path().join("ledger.db");
        let connection = connect::writer(&database, migrate::LEDGER).expect("opens");
        connection
            .execute_batch(
                "DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_cut; PRAGMA synchronous = OFF",
            )
            .expect("drops");
        bend(&connection);
        drop(connection);
        Self { anchor: Anchor::at(&folder.path().join("audit.anchor")), database, _folder: folder }
    }

    fn by_sql(sql: &str) -> Self {
        Self::by(|connection| connection.execute_batch(sql).expect(sql))
    }

    fn open(&self) -> SqliteLedger {
        SqliteLedger::open(&self.database).expect("opens")
    }

    fn verdict(&self, noted: &[Head]) -> Verdict {
        verify(&self.open(), Some(&self.anchor), noted, Timestamp::from_millis(0)).expect("reads")
    }

    /// What the chain alone shows.
    fn chain(&self) -> Vec<(Kind, Option<i64>)> {
        found(&verify(&self.open(), None, &[], Timestamp::from_millis(0)).expect("reads"))
    }

    /// What is found with the anchor.
    fn all(&self) -> Vec<(Kind, Option<i64>)> {
        found(&self.verdict(&[]))
    }

    fn anchor_text(&self) -> String {
        std::fs::read_to_string(self.anchor.path()).expect("reads")
    }

    fn set_anchor(&self, text: &str) {
        std::fs::write(self.anchor.path(), text).expect("writes");
    }
}

fn found(verdict: &Verdict) -> Vec<(Kind, Option<i64>)> {
    verdict.findings.iter().map(|finding| (finding.kind, finding.seq)).collect()
}

fn copy_of(path: &Path) -> Vec<Entry> {
    SqliteLedger::open(path).expect("opens").entries_after(0, usize::MAX).expect("reads")
}

/// The entries before anybody bent them.
fn as_it_was() -> Vec<Entry> {
    copy_of(&original().folder.path().join("ledger.db"))
}

/// Puts entries in the place of those that stand at theirs.
fn put(connection: &Connection, entries: &[Entry]) {
    connection.execute_batch("BEGIN").expect("begins");
    for entry in entries {
        let values = rusqlite::params![
            entry.seq,
            entry.at.millis(),
            entry.role,
            entry.who,
            entry.action,
            entry.site,
            entry.subject,
            entry.details,
            entry.previous,
            entry.hash,
        ];
        let sql = "INSERT OR REPLACE INTO audit (seq, at, role, who, action, site, subject, details, previous, hash)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        connection.execute(sql, values).expect("puts");
    }
    connection.execute_batch("COMMIT").expect("commits");
}

/// The log as somebody would have it who changes what entry `from` says and makes every later hash fit.
fn rewritten(from: i64) -> Vec<Entry> {
    let mut entries = as_it_was();
    let from = usize::try_from(from - 1).expect("a place");
    entries[from].who = "nobody".to_owned();
    for at in from..entries.len() {
        if at > from {
            entries[at].previous = entries[at - 1].hash;
        }
        entries[at].hash = entries[at].computed_hash();
    }
    entries.split_off(from)
}

fn set_head(connection: &Connection, head: &Head) {
    let values = rusqlite::params![head.seq, head.hash];
    connection.execute("UPDATE audit_head SET seq = ?1, hash = ?2", values).expect("sets");
}
