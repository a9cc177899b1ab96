//! Logs beside the databases. Promise: a log that lost what was acknowledged is refused, and whoever goes on without it
//! can start again; one that a crash cut short is no reason not to start.

use super::{Folders, contents, cut, setup, write};
use crate::{Finding, How};
use fastrand::Rng;
use mqlite_tests::{mqlite, pageview, sixty_points};
use std::fs;
use std::path::Path;

/// Leaves both databases as a crash does in the middle of a change, with the rollback journal that takes it back.
pub(super) fn half_done(data: &Path) {
    for name in ["events.db", "ledger.db"] {
        let path = data.join(name);
        let journal = data.join(format!("{name}-journal"));
        let database = rusqlite::Connection::open(&path).expect("opens");
        // Little memory, so that the change is on its way to the file.
        database
            .execute_batch(
                "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN; CREATE TABLE half (x);
                 WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500)
                 INSERT INTO half SELECT randomblob(900) FROM n;",
            )
            .expect("works");
        let left = [&path, &journal].map(|path| fs::read(path).expect("reads"));
        drop(database);
        write(&path, &left[0]);
        write(&journal, &left[1]);
    }
}

/// A bit of the ledger's log is flipped after a kill; and who has no backup goes on with what is left.
pub(super) fn ledger_flipped(how: &How, folders: &Folders) -> Result<Finding, String> {
    let mut rng = Rng::with_seed(how.seed ^ 0x1ed);
    let data = how.dir.join("case");
    let shown = data.display().to_string();
    let tries: u64 = if how.long { 60 } else { 4 };
    let (mut lost, mut accepted, mut unusable, mut wrong) = (0, 0, 0, Vec::new());
    for n in 0..tries {
        folders.copy(true, &data)?;
        let path = data.join("ledger.db-wal");
        let mut bytes = fs::read(&path).expect("reads");
        // In every other try what is left has the site, without which nothing can go on.
        let from = if n % 2 == 0 { bytes.len() / 2 } else { 0 };
        let at = rng.usize(from..bytes.len());
        bytes[at] ^= 1 << rng.u32(0..8);
        write(&path, &bytes);
        let before = contents(&data);
        let why = setup(&data).try_start().err().unwrap_or_default();
        if !why.is_empty() {
            if !why.contains("ledger.db") || why.contains("panicked") {
                wrong.push(format!("byte {at}: {why}"));
            }
            let said = mqlite(["check", "--accept-loss", "--data", &shown]);
            if said.code != Some(0) {
                unusable += 1;
                if !said.stderr.contains("newest backup") || contents(&data) != before {
                    wrong.push(format!("byte {at}: refused, and not left as it was: {}", said.stderr));
                }
                continue;
            }
            accepted += 1;
        }
        match setup(&data).try_start() {
            Err(why) => wrong.push(format!("byte {at}: it is refused once more: {why}")),
            Ok(app) => {
                lost += folders.events.saturating_sub(app.export().len()) as u64;
                app.wait_for_lead("A company", |lead| lead["stage"] == "mql");
                let recorded = app.entries("loss.accepted").len();
                if recorded != usize::from(!why.is_empty()) {
                    wrong.push(format!("byte {at}: recorded {recorded} times"));
                }
            }
        }
        let again = mqlite(["check", "--data", &shown]);
        // That entries of the audit log are gone stays true, and is said for good.
        if again.stdout.lines().any(|line| line.starts_with("wrong") && !line.contains("the audit log")) {
            wrong.push(format!("byte {at}: `mqlite check` says {}{}", again.stdout, again.stderr));
        }
    }
    Ok(Finding {
        what: "a bit of the ledger's write-ahead log is flipped after a kill, and `mqlite check --accept-loss` is asked for"
            .to_owned(),
        tried: tries,
        lost,
        doubled: 0,
        held: wrong.is_empty() && lost == 0 && accepted > 0,
        said: if wrong.is_empty() {
            format!(
                "{accepted} refused first, and started with what is left and with every event once the loss was accepted; \
                 {unusable} left as they were, for the sites were in what was lost; the others in what nobody reads any more"
            )
        } else {
            wrong.join("; ")
        },
    })
}

/// A bit of a killed collector's log: SQLite would drop what comes after it, without a word.
pub(super) fn flipped(how: &How, folders: &Folders) -> Result<Finding, String> {
    let mut rng = Rng::with_seed(how.seed ^ 0x10c);
    let data = how.dir.join("case");
    let tries = if how.long { 100 } else { 4 };
    let (mut refused, mut lost, mut wrong) = (0, 0, Vec::new());
    for _ in 0..tries {
        folders.copy(true, &data)?;
        let path = data.join("events.db-wal");
        let mut bytes = fs::read(&path).expect("reads");
        let at = rng.usize(0..bytes.len());
        bytes[at] ^= 1 << rng.u32(0..8);
        write(&path, &bytes);
        let before = contents(&data);
        match setup(&data).try_start() {
            Ok(app) => {
                let gone = folders.events.saturating_sub(app.export().len());
                if gone > 0 {
                    wrong.push(format!("byte {at}: it starts without {gone} acknowledged events"));
                }
                lost += gone as u64;
            }
            Err(why) if why.contains("panicked") || !why.contains("mqlite check --accept-loss") => {
                wrong.push(why)
            }
            Err(_) if contents(&data) != before => wrong.push(format!("byte {at}: files were changed")),
            Err(_) => {
                refused += 1;
                // Nor does a command that writes to the log, or copies it, cut it off.
                let (shown, copy) = (data.display().to_string(), how.dir.join("copy").display().to_string());
                for command in [vec!["prune"], vec!["backup", copy.as_str()]] {
                    let said = mqlite(command.iter().copied().chain(["--data", shown.as_str()]));
                    if said.code == Some(0) || !said.stderr.contains("mqlite check") {
                        wrong.push(format!("byte {at}: {command:?}: {}{}", said.stdout, said.stderr));
                    }
                }
                if fs::read(&path).expect("reads") != bytes {
                    wrong.push(format!("byte {at}: a command changed the log"));
                }
            }
        }
    }
    Ok(Finding {
        what: "a bit of the event log's write-ahead log is flipped after a kill".to_owned(),
        tried: tries,
        lost,
        doubled: 0,
        held: wrong.is_empty(),
        said: if wrong.is_empty() {
            format!(
                "{refused} refused at start with the log left as it was, the others in what nobody reads any more; SQLite \
                 alone would have dropped what came after"
            )
        } else {
            wrong.join("; ")
        },
    })
}

/// Who has no backup goes on with what is left, by a command that says what is lost and records it.
pub(super) fn accepted(how: &How, folders: &Folders) -> Result<Finding, String> {
    let data = how.dir.join("case");
    let shown = data.display().to_string();
    folders.copy(true, &data)?;
    cut(&data.join("events.db-wal"), fs::metadata(data.join("events.db-wal")).map_or(0, |log| log.len() / 2));
    let refused = setup(&data).try_start().is_err();
    let lost = mqlite(["check", "--accept-loss", "--data", &shown]).assert_ok();
    let app = setup(&data).try_start()?;
    let left = app.export().len();
    app.send(&pageview("/after")).assert_stored();
    let journey = sixty_points("", "li@another.com", "Another company");
    app.send_all_from("10.9.9.9", &journey).assert_status(202);
    app.wait_for_lead("Another company", |lead| lead["stage"] == "mql");
    app.wait_for_lead("A company", |lead| lead["stage"] == "mql");
    let recorded = app.entries("loss.accepted").len();
    let again = mqlite(["check", "--data", &shown]);
    Ok(Finding {
        what:
            "half of the event log's write-ahead log is gone, and `mqlite check --accept-loss` is asked for"
                .to_owned(),
        tried: 1,
        lost: 0,
        doubled: 0,
        held: refused
            && recorded == 1
            && lost.contains("lost")
            && again.code == Some(0)
            && left < folders.events,
        said: format!(
            "refused first; then it goes on with {left} of {} events and all that was scored of them, takes and scores new \
             ones, and the audit log says that the loss was accepted",
            folders.events
        ),
    })
}
