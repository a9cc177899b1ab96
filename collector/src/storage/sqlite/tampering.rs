//! Somebody bends the audit log with all the rights on the file that there are. Promise: whatever they do to ten
//! thousand entries is found with its place; and what no chain can show is shown by the anchor alone.

use super::connect::{self, Connection};
use super::{SqliteLedger, migrate};
use crate::audit::{Anchor, Kind, Recorder, Verdict, verify, verify_receipt};
use crate::clock::Clock;
use crate::domain::{
    Act, Action, Actor, Entry, Head, LeadKey, Receipt, ReceiptEntry, Role, SiteId, SiteNo, Text, Timestamp,
    to_hex,
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
    let mut entries = copy_of(&original().folder.path().join("ledger.db"));
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

#[test]
fn what_was_not_bent_is_found_to_be_so() {
    let bent = Bent::by(|_| {});
    let verdict = bent.verdict(&[]);
    assert!(verdict.ok(), "{:?}", verdict.findings);
    assert!(verdict.findings.is_empty());
    assert_eq!(verdict.entries, ENTRIES.unsigned_abs());
    assert_eq!(verdict.head.map(|head| head.seq), Some(ENTRIES));
    let anchor = verdict.anchor.expect("was there");
    assert_eq!((anchor.lines, anchor.seq), (ENTRIES.unsigned_abs(), Some(ENTRIES)));
    assert!(bent.verdict(&[verdict.head.expect("is there")]).ok(), "as noted");
}

#[test]
fn one_byte_changed_in_any_column() {
    let columns = [
        "at = at + 1",
        "at = 'never'",
        "role = 'ownes'",
        "who = 'jorg'",
        "action = 'lead.viewee'",
        "site = 'example.con'",
        "site = NULL",
        "subject = NULL",
        "subject = 'f' || substr(subject, 2)",
        "subject = 'e' || substr(subject, 2)",
        "details = replace(details, '12', '13')",
        "details = details || ' '",
        "details = CAST(x'ff' || CAST(details AS BLOB) AS TEXT)",
        "previous = x'00' || substr(previous, 2)",
        "previous = x'01' || substr(previous, 2)",
        "previous = x'01'",
        "hash = x'00' || substr(hash, 2)",
        "hash = x'01' || substr(hash, 2)",
        "hash = x''",
    ];
    let changed = |set: &str, seq: i64| {
        let strict = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '')
                      WHERE name = 'audit'; PRAGMA writable_schema = RESET;";
        Bent::by_sql(&format!("{strict} UPDATE audit SET {set} WHERE seq = {seq}"))
    };
    let whole = copy_of(&original().folder.path().join("ledger.db"));
    // Each column of an entry amid the others, and some of the first's and the last's.
    for (seq, each) in [(1, 4), (4_713, 1), (ENTRIES, 5)] {
        for set in columns.into_iter().step_by(each) {
            let bent = changed(set, seq);
            let now = copy_of(&bent.database);
            if now == whole {
                continue; // A letter was set to what it was, or nothing to nothing.
            }
            assert_eq!(bent.chain(), [(Kind::Changed, Some(seq))], "{set} at {seq}");
            let both = bent.all();
            let hash = set.starts_with("hash");
            assert_eq!(
                both.len(),
                if hash { 2 } else { 1 },
                "the anchor knows the hash: {set} at {seq}: {both:?}"
            );
        }
    }
    let sentence = &changed("who = 'jorg'", PLACE).verdict(&[]).findings[0].sentence;
    assert_eq!(
        sentence,
        "entry 4,711 is not the one that was written: its hash does not fit what it says (person erased, 2026-11-22 10:19)"
    );
}

#[test]
fn an_entry_removed() {
    for seq in [1, PLACE, ENTRIES - 1] {
        let bent = Bent::by_sql(&format!("DELETE FROM audit WHERE seq = {seq}"));
        assert_eq!(bent.chain(), [(Kind::Missing, Some(seq))]);
        assert_eq!(
            bent.all(),
            [(Kind::Missing, Some(seq)), (Kind::Missing, Some(seq))],
            "the anchor says so, too"
        );
    }
    let bent = Bent::by_sql("DELETE FROM audit WHERE seq BETWEEN 5 AND 1234");
    let sentence = bent.verdict(&[]).findings[0].sentence.clone();
    assert_eq!(sentence, "entries 5 to 1,234 are missing before entry 1,235");
    // The others moved up, so that no number is missing.
    let bent = Bent::by_sql(
        "DELETE FROM audit WHERE seq = 9990; UPDATE audit SET seq = seq - 1 WHERE seq > 9990;
         UPDATE audit_head SET seq = 9999",
    );
    let chain = bent.chain();
    assert_eq!(chain[0], (Kind::Reordered, Some(9_990)), "{chain:?}");
    let sentence = &bent.verdict(&[]).findings[0].sentence;
    assert!(
        sentence.contains("entry 9,990 stands at the wrong place: it was written as entry 9,991"),
        "{sentence}"
    );
}

#[test]
fn an_entry_put_in() {
    let bent = Bent::by_sql(
        "INSERT INTO audit SELECT -3, at, role, who, action, site, subject, details, previous, hash FROM audit WHERE seq = 9",
    );
    assert_eq!(bent.chain(), [(Kind::Changed, Some(-3))]);
    // At the end, with everything right but the head, which is kept apart.
    let bent = Bent::by(|connection| {
        let last = copy_of(&original().folder.path().join("ledger.db")).pop().expect("the last");
        let act = Act {
            at: last.at,
            actor: Actor::account(Role::Owner),
            action: Action::PersonErased,
            site: None,
            subject: None,
            details: "{}".to_owned(),
        };
        put(connection, &[Entry::after(Some(last.head()), &act)]);
    });
    assert_eq!(bent.chain(), [(Kind::Changed, Some(ENTRIES))]);
    assert!(bent.verdict(&[]).findings[0].sentence.contains("entry 10,001 is there"));
}

#[test]
fn two_swapped() {
    for (one, other) in [(PLACE, PLACE + 1), (17, 9_000), (1, ENTRIES)] {
        let both = [(Kind::Reordered, Some(one)), (Kind::Reordered, Some(other))];
        // Their numbers, and with them the rows as a whole.
        let seqs = Bent::by_sql(&format!(
            "UPDATE audit SET seq = -1 WHERE seq = {one}; UPDATE audit SET seq = {one} WHERE seq = {other};
             UPDATE audit SET seq = {other} WHERE seq = -1"
        ));
        assert_eq!(seqs.chain(), both, "numbers of {one} and {other}");
        // What they say, with the hashes left where they were.
        let said = Bent::by(|connection| {
            let whole = copy_of(&original().folder.path().join("ledger.db"));
            let at = |seq: i64| whole[usize::try_from(seq - 1).expect("a place")].clone();
            let as_if = |here: Entry, from: Entry| Entry {
                seq: here.seq,
                previous: here.previous,
                hash: here.hash,
                ..from
            };
            put(connection, &[as_if(at(one), at(other)), as_if(at(other), at(one))]);
        });
        assert_eq!(said.chain(), both, "what {one} and {other} say");
        let sentence = &said.verdict(&[]).findings[0].sentence;
        assert!(sentence.contains("stands at the wrong place: it was written as entry"), "{sentence}");
        // With hashes made to fit the new places, as far as one can without touching all that follow.
        let fitted = Bent::by(|connection| {
            let whole = copy_of(&original().folder.path().join("ledger.db"));
            let at = |seq: i64| whole[usize::try_from(seq - 1).expect("a place")].clone();
            let fit = |here: Entry, from: Entry| {
                let mut entry = Entry { seq: here.seq, previous: here.previous, ..from };
                entry.hash = entry.computed_hash();
                entry
            };
            put(connection, &[fit(at(one), at(other)), fit(at(other), at(one))]);
        });
        let chain = fitted.chain();
        assert_eq!(chain.first(), Some(&(Kind::Rewritten, Some(one + 1))), "{chain:?}");
        assert!(fitted.all().contains(&(Kind::Rewritten, Some(one))), "the anchor knows which of the two");
    }
}

#[test]
fn the_tail_cut() {
    let left = Bent::by_sql("DELETE FROM audit WHERE seq > 9900");
    assert_eq!(left.chain(), [(Kind::Cut, Some(9_901))], "the head is kept apart");
    assert_eq!(left.all(), [(Kind::Cut, Some(9_901)), (Kind::Cut, Some(9_901))]);
    let sentence = &left.verdict(&[]).findings[0].sentence;
    assert!(sentence.contains("entries 9,901 to 10,000 are missing"), "{sentence}");

    // The head adjusted, too: now only what stands outside of the database knows.
    let adjusted = || {
        Bent::by_sql(
            "DELETE FROM audit WHERE seq > 9900;
             UPDATE audit_head SET seq = 9900, hash = (SELECT hash FROM audit WHERE seq = 9900)",
        )
    };
    let bent = adjusted();
    assert_eq!(bent.chain(), [], "without an anchor this cannot be found");
    assert_eq!(bent.all(), [(Kind::Cut, Some(9_901))]);
    let newest = copy_of(&original().folder.path().join("ledger.db"))[9_949].head();
    std::fs::remove_file(bent.anchor.path()).expect("removes");
    let noted = bent.verdict(&[newest]);
    assert_eq!(
        found(&noted),
        [(Kind::Cut, Some(9_950)), (Kind::NoAnchor, None)],
        "a noted head finds it as well"
    );
    assert!(!noted.ok());
    let none = bent.verdict(&[]);
    assert_eq!(found(&none), [(Kind::NoAnchor, None)]);
    assert!(none.ok(), "it is a warning: the log may well be whole");

    let bare = Bent::by_sql("DELETE FROM audit_head");
    assert_eq!(bare.chain(), [(Kind::Cut, Some(ENTRIES))]);
    let all = Bent::by_sql("DELETE FROM audit");
    assert_eq!(all.chain(), [(Kind::Cut, Some(1))]);
}

#[test]
fn a_cut_stays_to_be_seen_when_the_log_goes_on() {
    let act = Act {
        at: Timestamp::from_millis(0),
        actor: Actor::collector(),
        action: Action::CollectorStarted,
        site: None,
        subject: None,
        details: "{}".to_owned(),
    };
    let bent = Bent::by_sql("DELETE FROM audit WHERE seq > 9900");
    for _ in 0..3 {
        bent.open().append_entry(&act).expect("goes on");
    }
    assert_eq!(bent.chain(), [(Kind::Missing, Some(9_901))]);
    // The same for a last entry that was written anew with a hash that fits.
    let bent = Bent::by(|connection| put(connection, &rewritten(ENTRIES)));
    assert_eq!(bent.chain(), [(Kind::Rewritten, Some(ENTRIES))]);
    for _ in 0..3 {
        bent.open().append_entry(&act).expect("goes on");
    }
    assert_eq!(bent.chain(), [(Kind::Rewritten, Some(ENTRIES + 1))]);
}

#[test]
fn everything_rewritten_from_an_entry_on() {
    for from in [1, PLACE, ENTRIES] {
        let bent = Bent::by(|connection| {
            let new = rewritten(from);
            put(connection, &new);
            set_head(connection, &new.last().expect("some").head());
        });
        assert_eq!(bent.chain(), [], "without an anchor this cannot be found");
        assert_eq!(bent.all(), [(Kind::Rewritten, Some(from))]);
        let whole = copy_of(&original().folder.path().join("ledger.db"));
        std::fs::remove_file(bent.anchor.path()).expect("removes");
        let noted = bent.verdict(&[whole[9_999].head()]);
        assert_eq!(found(&noted), [(Kind::Rewritten, Some(ENTRIES)), (Kind::NoAnchor, None)]);
        // Less than all: the place where the new entries meet the old.
        if from == PLACE {
            let half = Bent::by(|connection| put(connection, &rewritten(from)[..100]));
            assert_eq!(half.chain(), [(Kind::Rewritten, Some(PLACE + 100))]);
        }
    }
}

#[test]
fn what_two_processes_and_a_crash_do_to_an_anchor_is_fine() {
    let bent = Bent::by(|_| {});
    let text = bent.anchor_text();
    let mut lines: Vec<&str> = text.lines().collect();
    for at in (0..lines.len() - 1).step_by(2) {
        lines.swap(at, at + 1);
    }
    lines.extend(text.lines().take(50));
    bent.set_anchor(&(lines.join("\n") + "\n"));
    assert_eq!(bent.all(), [], "out of order, and some twice");
    for torn in [0, 1, 3, 5, 6, 20, 69, 70, 71, 90] {
        let last = text.lines().last().expect("a line");
        bent.set_anchor(&(text.clone() + &last[..torn]));
        assert_eq!(bent.all(), [], "torn after {torn}");
    }
    // Written in part only, as when the disk was full for a while.
    let some: String = text.lines().step_by(7).map(|line| format!("{line}\n")).collect();
    bent.set_anchor(&some);
    assert_eq!(bent.all(), []);
}

#[test]
fn a_bent_anchor() {
    let bent = Bent::by(|_| {});
    let text = bent.anchor_text();
    let line = text.lines().nth(99).expect("a line");
    let other = line.replacen(line.split(' ').nth(1).expect("a hash"), &"0".repeat(64), 1);
    bent.set_anchor(&text.replace(line, &other));
    assert_eq!(bent.all(), [(Kind::Rewritten, Some(100))]);
    bent.set_anchor(&text.replace(line, "nonsense"));
    assert_eq!(bent.all(), [(Kind::UnreadableAnchor, None)]);
    assert!(bent.verdict(&[]).findings[0].sentence.contains("line 100"));
    bent.set_anchor(&format!("{text}10001 {} 2026-11-22T10:00:00.000Z\n", "0".repeat(64)));
    assert_eq!(bent.all(), [(Kind::Cut, Some(10_001))]);
    let late: String = text.lines().skip(5_000).map(|line| format!("{line}\n")).collect();
    bent.set_anchor(&late);
    assert_eq!(bent.all(), [(Kind::AnchorBegunLate, Some(5_001))]);
    assert!(bent.verdict(&[]).ok(), "one that was moved, and it vouches for all before by the chain");
    bent.set_anchor("");
    assert_eq!(bent.all(), [(Kind::NoAnchor, None)]);
    std::fs::remove_file(bent.anchor.path()).expect("removes");
    std::fs::create_dir(bent.anchor.path()).expect("creates");
    assert_eq!(bent.all(), [(Kind::UnreadableAnchor, None)]);
}

#[test]
fn a_log_bent_everywhere_is_said_in_a_few_sentences() {
    let bent = Bent::by_sql("UPDATE audit SET who = 'nobody'");
    let chain = bent.chain();
    assert_eq!(chain.len(), 101);
    assert_eq!(chain.last(), Some(&(Kind::More, None)));
    let hostile = Bent::by_sql("UPDATE audit SET action = char(27) || '[2J' || char(10) WHERE seq = 5");
    let sentence = &hostile.verdict(&[]).findings[0].sentence;
    assert!(!sentence.contains(['\u{1b}', '\n']), "{sentence:?}");
}

#[test]
fn a_receipt_is_as_true_as_its_entry_and_the_chain() {
    let receipt = original().receipt.clone();
    let valid = |bent: &Bent, receipt: &Receipt| verify_receipt(&bent.open(), receipt).expect("reads");
    let whole = Bent::by(|_| {});
    let said = valid(&whole, &receipt);
    assert!(said.valid && said.sentence.contains("entry 4,711"), "{said:?}");
    assert!(valid(&whole, &Receipt { action: "erase".to_owned(), ..receipt.clone() }).valid);

    let with = |change: fn(&mut Receipt)| {
        let mut receipt = original().receipt.clone();
        change(&mut receipt);
        receipt
    };
    let forged: [(Receipt, &str); 9] = [
        (with(|receipt| receipt.receipt.replace_range(..1, "f")), "number"),
        (with(|receipt| receipt.action = "person.found".to_owned()), "what was done"),
        (with(|receipt| receipt.site = "example.org".to_owned()), "the site"),
        (with(|receipt| receipt.at = receipt.at.plus_days(-1)), "the time"),
        (with(|receipt| *receipt.counts.entry("events".to_owned()).or_default() = 13), "the counts"),
        (with(|receipt| receipt.counts.clear()), "the counts"),
        (with(|receipt| receipt.entry.hash = "0".repeat(64)), "another hash"),
        (with(|receipt| receipt.entry.seq += 1), "another hash"),
        (with(|receipt| receipt.entry.seq = i64::MIN), "has no entry"),
    ];
    for (receipt, word) in forged {
        let said = valid(&whole, &receipt);
        assert!(!said.valid && said.sentence.contains(word), "{word}: {said:?}");
    }
    let cases = [
        ("UPDATE audit SET details = replace(details, '12', '13') WHERE seq = 4711", "was changed"),
        ("DELETE FROM audit WHERE seq = 4711", "has no entry"),
        ("UPDATE audit SET who = 'nobody' WHERE seq = 4712", "the log around it"),
        ("DELETE FROM audit WHERE seq = 12", "the log around it"),
        ("DELETE FROM audit WHERE seq > 9000", "the log around it"),
    ];
    for (sql, word) in cases {
        let said = valid(&Bent::by_sql(sql), &receipt);
        assert!(!said.valid && said.sentence.contains(word), "{sql}: {said:?}");
    }
    let json = serde_json::to_string(&receipt).expect("writes");
    assert_eq!(serde_json::from_str::<Receipt>(&json).expect("reads"), receipt);
    let more = json.replacen('{', r#"{"name":"Jane","#, 1);
    assert!(serde_json::from_str::<Receipt>(&more).is_err(), "a receipt says no more than it has to");
}

#[test]
fn nobody_changes_an_entry_by_accident() {
    let ledger = Bent::by(|_| {});
    let fresh = tempfile::tempdir().expect("a folder");
    let path = fresh.path().join("ledger.db");
    std::fs::copy(original().folder.path().join("ledger.db"), &path).expect("copies");
    let connection = connect::writer(&path, migrate::LEDGER).expect("opens");
    for sql in [
        "UPDATE audit SET who = 'nobody' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM audit",
    ] {
        let refused = connection.execute(sql, []).expect_err(sql).to_string();
        assert!(refused.contains("only ever added to"), "{refused}");
    }
    assert!(ledger.verdict(&[]).ok());
}
