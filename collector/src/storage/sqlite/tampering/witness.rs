//! What only something outside of the database shows. Invariant: a cut tail and a new history are found by the anchor or
//! by a noted head; and what two processes or a crash do to an anchor is no finding.

use super::{Bent, ENTRIES, PLACE, as_it_was, found, put, rewritten, set_head};
use crate::audit::{Kind, Recorder, Start, verify};
use crate::clock::Clock;
use crate::domain::{Act, Action, Actor, Timestamp};
use crate::storage::AuditLog;
use std::sync::Arc;

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
    let newest = as_it_was()[9_949].head();
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
        let whole = as_it_was();
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

/// A trigger that swallows entries: what cannot be recorded must not look as if it were.
#[test]
fn an_entry_that_is_swallowed_is_no_entry() {
    let bent = Bent::by_sql(
        "CREATE TRIGGER quiet BEFORE INSERT ON audit WHEN NEW.action = 'lead.viewed' BEGIN SELECT RAISE(IGNORE); END",
    );
    let act = |action| Act {
        at: Timestamp::from_millis(0),
        actor: Actor::collector(),
        action,
        site: None,
        subject: None,
        details: "{}".to_owned(),
    };
    let log = bent.open();
    assert!(log.append_entry(&act(Action::LeadViewed)).is_err());
    log.append_entry(&act(Action::LeadsListed)).expect("goes on");
    assert_eq!(bent.chain(), []);
}

#[test]
fn an_anchor_that_went_by_windows_vouches_for_the_same() {
    let bent = Bent::by(|_| {});
    let text = bent.anchor_text().replace('\n', "\r\n");
    bent.set_anchor(&text);
    let verdict = bent.verdict(&[]);
    assert!(verdict.findings.is_empty(), "{:?}", verdict.findings);
    assert_eq!(verdict.anchor.and_then(|anchor| anchor.seq), Some(ENTRIES));
}

/// The disk of the anchor was full, or its end was removed.
#[test]
fn an_anchor_that_ends_early_is_a_warning() {
    let bent = Bent::by(|_| {});
    let some: String = bent.anchor_text().lines().take(9_000).map(|line| format!("{line}\n")).collect();
    bent.set_anchor(&some);
    let written = as_it_was()[9_000].at;
    let verdict = |now| verify(&bent.open(), Some(&bent.anchor), &[], now).expect("reads");
    let late = verdict(written.plus_millis(60_001));
    assert_eq!(found(&late), [(Kind::AnchorEndsEarly, Some(9_001))]);
    assert!(late.ok(), "the log may well be whole");
    assert!(late.findings[0].sentence.contains("entry 9,000"), "{:?}", late.findings);
    assert_eq!(
        found(&verdict(written.plus_millis(60_000))),
        [],
        "an entry is anchored a moment after it is kept"
    );
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

/// A collector goes on, and so does a command beside it, while the log is checked.
#[test]
fn a_log_that_grows_is_checked_as_it_grows() {
    let bent = Bent::by(|_| {});
    let recorder = || Recorder::new(Arc::new(bent.open()), Clock::system(), Some(bent.anchor.clone()));
    let (one, other, checker) = (recorder(), recorder(), recorder());
    std::thread::scope(|scope| {
        let grow = |recorder: Recorder| {
            scope.spawn(move || {
                for _ in 0..300 {
                    recorder.started(&start()).expect("records");
                }
            })
        };
        let growing = [grow(one), grow(other)];
        while growing.iter().any(|thread| !thread.is_finished()) {
            let verdict = checker.verify(&[]).expect("reads");
            assert!(verdict.findings.is_empty(), "{:?}", verdict.findings);
        }
    });
    let verdict = checker.verify(&[]).expect("reads");
    assert!(verdict.findings.is_empty() && verdict.entries > 10_600, "{verdict:?}");
}

fn start() -> Start {
    let nothing = serde_json::json!({});
    Start { version: "1", schema: nothing.clone(), settings: nothing.clone(), model: nothing }
}
