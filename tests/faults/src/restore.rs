//! Copies and migrations. Promise: a backup made under load starts elsewhere, is whole, and holds every event that was
//! acknowledged before it began; a migration that is killed or fails half-way is finished by the next start.

use crate::arguments::root;
use crate::pump::{Pump, missing};
use crate::{Finding, How};
use mqlite_tests::{SITE, Setup, mqlite, pageview, sixty_points};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Restores copies, and disturbs migrations.
pub(crate) fn run(how: &How) -> Result<Vec<Finding>, String> {
    Ok(vec![backups(how)?, older(how)?, failing(how)?, killed(how)?])
}

fn backups(how: &How) -> Result<Finding, String> {
    let tries: u64 = if how.long { 25 } else { 2 };
    let app = Setup::default().start();
    let data = app.data().display().to_string();
    let journey = sixty_points("", "jo@company.com", "A company");
    app.send_all(&journey).assert_status(202);
    app.wait_for_lead("A company", |lead| lead["stage"] == "mql");
    let pump = Pump::default();
    let (mut lost, mut doubled, mut wrong, mut held_events) = (0, 0, Vec::new(), 0);
    for n in 0..tries {
        let copy = how.dir.join(format!("copy{n}"));
        let shown = copy.display().to_string();
        // Only while it is copied: what comes after takes longer with each event, and has no part in this.
        let before = pump.beside(app.base(), 8, || {
            pump.wait_for_more(200);
            let before = pump.acknowledged();
            mqlite(["backup", &shown, "--data", &data]).assert_ok();
            before
        });
        for check in [&["check"][..], &["audit", "verify"]] {
            let said = mqlite(check.iter().copied().chain(["--data", &shown]));
            if said.code != Some(0) {
                wrong.push(format!("{check:?}: {}{}", said.stdout, said.stderr));
            }
        }
        let restored = Setup::default().without_sites().data(&copy).start();
        restored.wait_for_lead("A company", |lead| lead["stage"] == "mql");
        let again = sixty_points("", "li@another.com", "Another company");
        restored.send_all_from("10.9.9.9", &again).assert_status(202);
        restored.wait_for_lead("Another company", |lead| lead["stage"] == "mql");
        let (gone, twice) = missing(&before, &restored.export());
        (lost, doubled, held_events) = (lost + gone, doubled + twice, held_events + before.len());
    }
    let refused = pump.refused();
    Ok(Finding {
        what: "`mqlite backup` under load, restored elsewhere".to_owned(),
        tried: tries,
        lost,
        doubled,
        held: wrong.is_empty() && refused.is_empty() && (lost, doubled) == (0, 0),
        said: if wrong.is_empty() && refused.is_empty() {
            format!(
                "{held_events} events were acknowledged before the copies began and are in them; `mqlite check` and \
                 `mqlite audit verify` find nothing; each restored collector knows its leads and scores new ones; nobody \
                 was refused meanwhile"
            )
        } else {
            format!("{} {:?}", wrong.join("; "), refused.first())
        },
    })
}

/// The landed migrations of a database, in order: name and SQL.
fn steps(database: &str) -> Result<Vec<(String, String)>, String> {
    let folder = root().join("collector/src/storage/sqlite/migrations").join(database);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sql"))
        .collect();
    files.sort();
    let name = |path: &Path| path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let read = |path: &PathBuf| Some((name(path)?, fs::read_to_string(path).ok()?));
    Ok(files.iter().filter_map(read).collect())
}

/// A data folder as the first version left it: a site, and so many events of it.
fn first_version(data: &Path, events: usize) -> Result<(), String> {
    let _ = fs::remove_dir_all(data);
    fs::create_dir_all(data).map_err(|error| error.to_string())?;
    for database in ["events", "ledger"] {
        let steps = steps(database)?;
        let (name, sql) = steps.first().ok_or("there is no first migration")?;
        let fill = if database == "events" {
            format!(
                "INSERT INTO strings (id, value) VALUES (1, 'pageview'), (2, '/');
                 INSERT INTO agents (id, browser, os, device, country) VALUES (1, '', '', '', '');
                 WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {events})
                 INSERT INTO events (seq, at, id, site, name, rung, signal, trust, path, agent)
                 SELECT n, unixepoch('now', '-60 days') * 1000 + n, randomblob(16), 1, 1, 1, 0, 1, 2, 1 FROM n;"
            )
        } else {
            format!(
                "INSERT INTO sites (domain, zone, policy, secret) VALUES ('{SITE}', 'UTC', '{{}}', zeroblob(32));"
            )
        };
        let connection = open(&data.join(format!("{database}.db")))?;
        let run = || -> Result<(), rusqlite::Error> {
            connection.execute_batch(
                "PRAGMA journal_mode = WAL;
                 CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL) STRICT;",
            )?;
            connection.execute_batch(sql)?;
            connection.execute(
                "INSERT INTO migrations VALUES (1, ?1, ?2)",
                rusqlite::params![name, Sha256::digest(sql.as_bytes()).as_slice()],
            )?;
            connection.execute_batch(&fill)
        };
        run().map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn open(path: &Path) -> Result<Connection, String> {
    Connection::open(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn version(path: &Path) -> Result<usize, String> {
    let version =
        open(path)?.query_row("SELECT max(version) FROM migrations", [], |row| row.get::<_, i64>(0));
    version.map_err(|error| error.to_string()).map(|version| usize::try_from(version).unwrap_or(0))
}

/// Starts on what is left, and says what is not as it should be.
fn finishes(data: &Path, events: usize) -> Result<Option<String>, String> {
    let app = match Setup::default().without_sites().data(data).try_start() {
        Ok(app) => app,
        Err(why) => return Ok(Some(why)),
    };
    app.send(&pageview("/after")).assert_stored();
    let stored = app.export().len();
    for database in ["events", "ledger"] {
        let (is, last) = (version(&data.join(format!("{database}.db")))?, steps(database)?.len());
        if is != last {
            return Ok(Some(format!("{database}.db is at version {is} of {last}")));
        }
    }
    Ok((stored != events + 1).then(|| format!("{stored} of {events} events and one")))
}

/// Commands that only read, on a folder that this version has not taken over yet.
fn older(how: &How) -> Result<Finding, String> {
    let (data, copy) = (how.dir.join("older"), how.dir.join("copy-of-older"));
    let (shown, target) = (data.display().to_string(), copy.display().to_string());
    first_version(&data, 50)?;
    let files = || ["events.db", "ledger.db"].map(|name| fs::read(data.join(name)).unwrap_or_default());
    let before = files();
    let checked = mqlite(["check", "--data", &shown]);
    let copied = mqlite(["backup", &target, "--data", &shown]);
    let mut wrong = Vec::new();
    if checked.code != Some(0) || checked.stdout.matches("is of an older version").count() != 2 {
        wrong.push(format!("check: {}{}", checked.stdout, checked.stderr));
    }
    if copied.code == Some(0) || !copied.stderr.contains("copy the whole folder") || copy.exists() {
        wrong.push(format!("backup: {}{}", copied.stdout, copied.stderr));
    }
    if files() != before {
        wrong.push("the databases were changed".to_owned());
    }
    wrong.extend(finishes(&data, 50)?);
    Ok(Finding {
        what: "`mqlite check` and `mqlite backup` on the folder of an older version".to_owned(),
        tried: 1,
        lost: 0,
        doubled: 0,
        held: wrong.is_empty(),
        said: if wrong.is_empty() {
            "the check reads every page and says that the next start migrates it, the backup says how it is made, and no \
             byte of it changes; that start then does so"
                .to_owned()
        } else {
            wrong.join("; ")
        },
    })
}

/// Each step fails at its very end, as on a full disk.
fn failing(how: &How) -> Result<Finding, String> {
    let data = how.dir.join("failing");
    let (mut tried, mut wrong) = (0, Vec::new());
    for database in ["events", "ledger"] {
        let path = data.join(format!("{database}.db"));
        for step in 2..=steps(database)?.len() {
            tried += 1;
            first_version(&data, 50)?;
            let stop = format!(
                "CREATE TRIGGER stop BEFORE INSERT ON migrations WHEN NEW.version = {step}
                 BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
            );
            open(&path)?.execute_batch(&stop).map_err(|error| error.to_string())?;
            let why = Setup::default().without_sites().data(&data).try_start().err().unwrap_or_default();
            let said =
                why.contains("exit status: 1") && why.contains("is as it was") && why.contains("start again");
            let left = version(&path)?;
            if !said || left != step - 1 {
                wrong.push(format!("step {step} of {database}.db: left at {left}: {why}"));
            }
            open(&path)?.execute_batch("DROP TRIGGER stop").map_err(|error| error.to_string())?;
            wrong
                .extend(finishes(&data, 50)?.map(|why| format!("after step {step} of {database}.db: {why}")));
        }
    }
    Ok(Finding {
        what: "a migration fails at its end, each step of both databases".to_owned(),
        tried,
        lost: 0,
        doubled: 0,
        held: wrong.is_empty(),
        said: if wrong.is_empty() {
            "each is taken back as a whole and said; the next start finishes it, with the site and every event".to_owned()
        } else {
            wrong.join("; ")
        },
    })
}

/// Killed -9 anywhere between the first version and the last.
fn killed(how: &How) -> Result<Finding, String> {
    let (tries, events): (u64, usize) = if how.long { (100, 20_000) } else { (4, 2_000) };
    let data = how.dir.join("killed");
    let shown = data.display().to_string();
    let mut rng = fastrand::Rng::with_seed(how.seed);
    let (mut wrong, mut between, mut all) = (Vec::new(), 0, Duration::ZERO);
    for n in 0..=tries {
        first_version(&data, events)?;
        let mut command = Command::new(&how.binary);
        command.env_clear().args(["serve", "--listen", "127.0.0.1:0", "--data", &shown]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|error| error.to_string())?;
        let begun = Instant::now();
        if n == 0 {
            // How long all of it takes when nobody kills it.
            let mut first = String::new();
            let mut lines = BufReader::new(child.stdout.take().ok_or("no pipe")?);
            lines.read_line(&mut first).map_err(|error| error.to_string())?;
            all = begun.elapsed();
        } else {
            std::thread::sleep(all.mul_f64(rng.f64()));
        }
        child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
        if n == 0 {
            continue;
        }
        let left = version(&data.join("ledger.db"))?;
        between += u64::from((2..steps("ledger")?.len()).contains(&left));
        wrong.extend(finishes(&data, events)?.map(|why| format!("killed at version {left}: {why}")));
    }
    Ok(Finding {
        what: "kill -9 at a random moment of the migrations from the first version to this one".to_owned(),
        tried: tries,
        lost: 0,
        doubled: 0,
        held: wrong.is_empty(),
        said: if wrong.is_empty() {
            format!(
                "{between} were between two versions; the next start finished each, with the site and every event"
            )
        } else {
            wrong.join("; ")
        },
    })
}
