//! What the chain shows by itself. Invariant: an entry that was changed, removed, put in or put elsewhere is named with
//! its place.

use super::{Bent, ENTRIES, PLACE, as_it_was, connect, copy_of, migrate, original, put};
use crate::audit::Kind;
use crate::domain::{Act, Action, Actor, Entry, Role};

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
    let whole = as_it_was();
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

/// The bytes stay and only their type changes, or text becomes a number: a filter would pass the entry over.
#[test]
fn a_type_changed_in_any_column() {
    let loose = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT', ''), ' TEXT', '')
                 WHERE name = 'audit'; PRAGMA writable_schema = RESET;";
    for column in ["role", "who", "action", "site", "subject", "details", "previous", "hash"] {
        let other = if matches!(column, "previous" | "hash") { "TEXT" } else { "BLOB" };
        let set = format!("UPDATE audit SET {column} = CAST({column} AS {other}) WHERE seq = {PLACE}");
        let bent = Bent::by_sql(&format!("{loose} UPDATE audit SET subject = x'' WHERE 0; {set}"));
        let changed = connect::writer(&bent.database, migrate::LEDGER).expect("opens");
        let sql = format!("SELECT typeof({column}) FROM audit WHERE seq = {PLACE}");
        let kind: String = changed.query_row(&sql, [], |row| row.get(0)).expect("reads");
        if kind == "null" {
            continue; // This entry has none.
        }
        assert_eq!(kind, other.to_ascii_lowercase(), "{column}");
        assert_eq!(bent.chain(), [(Kind::Changed, Some(PLACE))], "{column}");
    }
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
    // At the ends of what a place can be.
    for seq in [i64::MIN, i64::MAX] {
        let bent = Bent::by_sql(&format!(
            "INSERT INTO audit SELECT {seq}, at, role, who, action, site, subject, details, previous, hash FROM audit
             WHERE seq = 9"
        ));
        let found = bent.chain();
        assert!(found.contains(&(Kind::Changed, Some(seq))), "{seq}: {found:?}");
    }
    // At the end, with everything right but the head, which is kept apart.
    let bent = Bent::by(|connection| {
        let last = as_it_was().pop().expect("the last");
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
            let whole = as_it_was();
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
            let whole = as_it_was();
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
fn nobody_changes_an_entry_by_accident() {
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
}
