//! The wall clock steps: shim/clock.c, preloaded, moves it while the collector runs. Promise: no event is lost or doubled
//! and the scorer goes on; days are the site's own; no salt of a day that is over comes back, and none goes before its
//! time; nothing is erased because a clock says that years have passed; no session lives for ever.

use crate::pump::missing;
use crate::{Finding, How};
use jiff::Timestamp;
use mqlite_tests::{Event, SITE, Setup, TestApp, mqlite_in, pageview, sixty_points, wait_until};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A clock that can be moved, with the library that moves it.
struct Clock {
    library: PathBuf,
    ahead: PathBuf,
}

impl Clock {
    fn new(dir: &Path) -> Result<Self, String> {
        let (library, ahead) = (dir.join("clock.so"), dir.join("ahead"));
        std::fs::write(&ahead, [0; 8]).map_err(|error| error.to_string())?;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("shim/clock.c");
        let mut command = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        command.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]);
        let output =
            command.arg(&library).arg(source).output().map_err(|error| format!("no C compiler: {error}"))?;
        if !output.status.success() {
            return Err(format!("the clock does not compile: {}", String::from_utf8_lossy(&output.stderr)));
        }
        Ok(Self { library, ahead })
    }

    /// From now on it is this moment, and time goes on from there.
    fn set(&self, moment: &str) {
        let moment: Timestamp = moment.parse().expect("a moment");
        let ahead = moment.as_nanosecond() - Timestamp::now().as_nanosecond();
        let ahead = i64::try_from(ahead).expect("within centuries").to_ne_bytes();
        // In place: the file is mapped.
        let file = std::fs::OpenOptions::new().write(true).open(&self.ahead).expect("opens");
        std::os::unix::fs::FileExt::write_all_at(&file, &ahead, 0).expect("writes");
    }

    fn under(&self, zone: &str) -> Setup {
        Setup::default()
            .without_sites()
            .setting("LD_PRELOAD", self.library.display().to_string())
            .setting("FAULTS_CLOCK", self.ahead.display().to_string())
            .site(&[SITE, "--time-zone", zone])
    }
}

/// Steps the clock in every direction.
pub(crate) fn run(how: &How) -> Result<Vec<Finding>, String> {
    let clock = Clock::new(&how.dir)?;
    Ok(vec![
        steps(&clock),
        days(&clock, "Europe/Berlin", AUTUMN, "the night in which an hour comes twice (Europe/Berlin)"),
        days(&clock, "Europe/Berlin", SPRING, "the night in which an hour is left out (Europe/Berlin)"),
        days(&clock, "Asia/Kathmandu", QUARTER, "midnight in a zone a quarter of an hour beside the others"),
        days(&clock, "UTC", LEAP, "a leap second: the clock says one second twice"),
        salts(&clock),
        retention(&clock),
        sessions(&clock),
    ])
}

/// Where the clock goes, one after the other. Linux sets no clock to before 1970 (clock_settime(2), EINVAL).
const STEPS: &[&str] = &[
    "2026-11-22T15:00:00Z",
    "2026-11-22T10:00:00Z",
    "2026-11-22T10:00:01Z",
    "2026-11-22T09:59:59.5Z",
    "2026-11-23T10:00:00Z",
    "2026-11-21T10:00:00Z",
    "2027-12-27T00:00:00Z",
    "2024-09-13T12:00:00Z",
    "2000-02-29T12:00:00Z",
    "1999-12-31T23:59:59.9Z",
    "1970-01-01T00:00:02Z",
    "2100-01-01T00:00:00Z",
    "2026-11-22T12:00:00Z",
];

/// One number that a query on a database answers with.
fn number(app: &TestApp, database: &str, query: &str) -> i64 {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = rusqlite::Connection::open_with_flags(app.data().join(database), flags).expect("opens");
    database.query_row(query, [], |row| row.get(0)).expect("a number")
}

/// Waits until the scorer has seen every event.
fn scored(app: &TestApp) {
    wait_until("everything to be scored", || {
        let stored = number(app, "events.db", "SELECT coalesce(max(seq), 0) FROM events");
        let seen = number(app, "ledger.db", "SELECT coalesce(max(cursor), 0) FROM progress");
        if seen >= stored { Ok(()) } else { Err(format!("{seen} of {stored}; {}", app.log())) }
    });
}

fn steps(clock: &Clock) -> Finding {
    clock.set("2026-11-22T12:00:00Z");
    let app = clock.under("UTC").start();
    let (mut sent, mut refused) = (BTreeSet::new(), Vec::new());
    for (n, step) in STEPS.iter().enumerate() {
        clock.set(step);
        let journey = sixty_points("", &format!("jo@company{n}.com"), &format!("Company {n}"));
        let answer = app.send_all_from(&format!("10.3.{n}.1"), &journey);
        if answer.status == 202 {
            sent.extend(journey.iter().map(|event| event.id().to_owned()));
        } else {
            refused.push(format!("{step}: {} {}", answer.status, answer.text()));
        }
        scored(&app);
    }
    let (lost, doubled) = missing(&sent, &app.export());
    let leads = number(&app, "ledger.db", "SELECT count(*) FROM leads");
    let mqls = number(&app, "ledger.db", "SELECT count(*) FROM leads WHERE mql_at IS NOT NULL");
    let all = i64::try_from(STEPS.len()).unwrap_or(0);
    let panicked = app.log().contains("panicked");
    Finding {
        what: "the clock steps by half a second, hours, a day, years, to 2100, to 2000, to 1970 and back"
            .to_owned(),
        tried: STEPS.len() as u64,
        lost,
        doubled,
        held: refused.is_empty() && !panicked && (lost, doubled) == (0, 0) && (leads, mqls) == (all, all),
        said: if refused.is_empty() {
            format!(
                "{} events of {leads} leads are stored and scored, {mqls} of the leads became MQLs",
                sent.len()
            )
        } else {
            refused.join("; ")
        },
    }
}

/// Moments, each with the local day on which it falls.
type Days = &'static [(&'static str, &'static str)];

const AUTUMN: Days = &[
    ("2026-10-24T21:59:30Z", "2026-10-24"),
    ("2026-10-24T22:00:01Z", "2026-10-25"),
    ("2026-10-25T00:30:00Z", "2026-10-25"),
    ("2026-10-25T01:30:00Z", "2026-10-25"),
    ("2026-10-25T22:59:30Z", "2026-10-25"),
    ("2026-10-25T23:00:01Z", "2026-10-26"),
];
const SPRING: Days = &[
    ("2026-03-28T22:59:30Z", "2026-03-28"),
    ("2026-03-28T23:00:01Z", "2026-03-29"),
    ("2026-03-29T00:59:30Z", "2026-03-29"),
    ("2026-03-29T01:00:01Z", "2026-03-29"),
    ("2026-03-29T21:59:30Z", "2026-03-29"),
    ("2026-03-29T22:00:01Z", "2026-03-30"),
];
const QUARTER: Days = &[("2026-06-01T18:14:30Z", "2026-06-01"), ("2026-06-01T18:15:01Z", "2026-06-02")];
const LEAP: Days = &[
    ("2016-12-31T23:59:58.5Z", "2016-12-31"),
    ("2016-12-31T23:59:58.5Z", "2016-12-31"),
    ("2017-01-01T00:00:00Z", "2017-01-01"),
];

fn days(clock: &Clock, zone: &str, moments: Days, what: &str) -> Finding {
    clock.set(moments.first().map_or("2026-01-01T00:00:00Z", |(moment, _)| *moment));
    let app = clock.under(zone).start();
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    let mut sent = BTreeSet::new();
    for (n, (moment, day)) in moments.iter().enumerate() {
        let page = pageview(&format!("/{n}"));
        // Set last: the collector's clock says this moment, whatever the machine is busy with.
        clock.set(moment);
        app.send_all_from(&format!("10.4.{n}.1"), std::slice::from_ref(&page)).assert_status(202);
        sent.insert(page.id().to_owned());
        *expected.entry((*day).to_owned()).or_default() += 1;
    }
    scored(&app);
    let counted = |database: &str, query: &str| -> BTreeMap<String, i64> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let database =
            rusqlite::Connection::open_with_flags(app.data().join(database), flags).expect("opens");
        let mut statement = database.prepare(query).expect("prepares");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("reads");
        rows.collect::<Result<_, _>>().expect("rows")
    };
    let stored = counted(
        "events.db",
        "SELECT date(day * 86400, 'unixepoch'), sum(count) FROM outcomes WHERE reason = 'stored' GROUP BY day",
    );
    let visits = counted(
        "ledger.db",
        "SELECT date(day * 86400, 'unixepoch'), sum(visits) FROM rollups WHERE dimension = 1 AND attribution = 0 \
         GROUP BY day",
    );
    let (lost, doubled) = missing(&sent, &app.export());
    Finding {
        what: what.to_owned(),
        tried: moments.len() as u64,
        lost,
        doubled,
        held: stored == expected && visits == expected && (lost, doubled) == (0, 0),
        said: format!("by local day the log counts {stored:?} and the reports' visits are {visits:?}"),
    }
}

/// Who the event log says that this visitor is.
fn visitor(app: &TestApp, event: &Event) -> String {
    app.send_all_from("10.5.5.5", std::slice::from_ref(event)).assert_status(202);
    let stored = app.export();
    let known = stored.iter().find(|stored| stored["id"] == event.id());
    known.and_then(|stored| stored["visitor"].as_str()).unwrap_or_default().to_owned()
}

/// Has the collector look after everything at this moment: it does so at a start, and ends that before it stops.
fn round_at(clock: &Clock, app: &mut TestApp, moment: &str) {
    assert!(app.stop().success());
    clock.set(moment);
    app.restart();
    assert!(app.stop().success());
    app.restart();
}

fn salts(clock: &Clock) -> Finding {
    clock.set("2026-11-22T23:50:00Z");
    let mut app = clock.under("UTC").start();
    let evening = visitor(&app, &pageview("/evening"));
    round_at(clock, &mut app, "2026-11-23T01:55:00Z");
    clock.set("2026-11-22T23:55:00Z");
    let late = visitor(&app, &pageview("/late"));
    round_at(clock, &mut app, "2026-11-23T02:05:00Z");
    clock.set("2026-11-22T23:56:00Z");
    let back = visitor(&app, &pageview("/back"));
    let recorded = app.entries("salt.destroyed").len();
    let held = evening == late && back != evening && recorded == 1 && !evening.is_empty() && !back.is_empty();
    Finding {
        what: "the clock passes a salt's end, and steps back into its day".to_owned(),
        tried: 3,
        lost: 0,
        doubled: 0,
        held,
        said: if held {
            "until two hours after its day the visitor is the same one; after that the salt does not come back: the same \
             person is somebody else, also on the day that has come again"
                .to_owned()
        } else {
            format!("{evening} {late} {back}, {recorded} recorded")
        },
    }
}

fn retention(clock: &Clock) -> Finding {
    clock.set("2026-11-22T12:00:00Z");
    let mut app = clock.under("UTC").start();
    let mut sent = BTreeSet::new();
    for n in 0..30 {
        let page = pageview(&format!("/{n}"));
        app.send(&page).assert_stored();
        sent.insert(page.id().to_owned());
    }
    let journey = sixty_points("", "jo@company.com", "A company");
    app.send_all(&journey).assert_status(202);
    sent.extend(journey.iter().map(|event| event.id().to_owned()));
    scored(&app);
    round_at(clock, &mut app, "2100-01-01T00:00:00Z");
    let said = app.log().contains("retention waits");
    let ahead = missing(&sent, &app.export());
    round_at(clock, &mut app, "2026-11-22T12:30:00Z");
    let leads = number(&app, "ledger.db", "SELECT count(*) FROM leads");
    let (lost, doubled) = missing(&sent, &app.export());
    Finding {
        what: "the clock says 2100 at a start, and is put right".to_owned(),
        tried: 1,
        lost: lost.max(ahead.0),
        doubled,
        held: said && ahead == (0, 0) && (lost, doubled) == (0, 0) && leads == 1,
        said: "retention does not believe it: it waits for six hours of an even clock, says so in the log and names what to \
               do; nothing was erased"
            .to_owned(),
    }
}

fn sessions(clock: &Clock) -> Finding {
    clock.set("2100-01-01T00:00:00Z");
    let app = clock.under("UTC").start();
    let cookie = app.cookie().to_owned();
    let ask = || app.get(&format!("/api/v1/leads?site={SITE}")).header("cookie", &cookie).send().status;
    let ahead = ask();
    clock.set("2026-11-22T12:00:00Z");
    let right = ask();
    clock.set("2100-01-20T00:00:00Z");
    let ended = ask();
    clock.set("2026-11-22T12:00:00Z");
    let shown = app.data().display().to_string();
    let new = app.log_in(mqlite_tests::PASSWORD).status;
    let checked = mqlite_in(app.data(), &[], ["check", "--data", &shown]).code;
    let held = (ahead, right, ended, new, checked) == (200, 401, 401, 204, Some(0));
    Finding {
        what: "a session that was begun while the clock said 2100".to_owned(),
        tried: 1,
        lost: 0,
        doubled: 0,
        held,
        said: if held {
            "it ends when the clock is put right, and does not live until then; one can log in again"
                .to_owned()
        } else {
            format!("{ahead}, {right}, {ended}, {new}, {checked:?}")
        },
    }
}
