//! Disks that are full, read-only, slow or failing, below the real binary while it works. Promise: what cannot be
//! kept is answered with 503 and Retry-After, once in the log in words; reports go on; and when the disk works
//! again, so does the collector, with everything that it ever acknowledged.

use crate::kill::undisturbed;
use crate::load::{self, Disturb};
use crate::mains::{Mains, trouble};
use crate::plan::Plan;
use crate::platter::Cut;
use crate::scored::{Scored, kept, setup};
use crate::shim::{Shim, Wrong};
use crate::tmpfs::Mount;
use crate::{Finding, How, queue};
use fastrand::Rng;
use mqlite_tests::{Answer, PASSWORD, SITE, TestApp, event, pageview, person, wait_until};
use std::path::Path;
use std::time::Duration;

/// The sentence of an outage, and of its end.
const CANNOT: &str = "events cannot be stored and are answered with 503: ";
const AGAIN: &str = "events are being stored again";

const LEDGER: &str = "ledger.db";

/// The log itself, and not its write-ahead log: only a checkpoint writes it.
const CHECKPOINT: &str = "events.db$";

/// One way for a disk to fail.
struct Kind {
    wrong: Wrong,
    /// Only with files that have this in their path.
    which: &'static str,
    what: &'static str,
    /// Words that the log has for it, where events cannot be stored.
    said: Option<&'static str>,
}

const KINDS: &[Kind] = &[
    Kind {
        wrong: Wrong::Full,
        which: "",
        what: "the disk is full (ENOSPC, after half a write)",
        said: Some("full"),
    },
    Kind {
        wrong: Wrong::ReadOnly,
        which: "",
        what: "the disk is read-only (EROFS)",
        said: Some("disk I/O error"),
    },
    Kind { wrong: Wrong::WriteFails, which: "", what: "writes fail (EIO)", said: Some("disk I/O error") },
    Kind { wrong: Wrong::SyncFails, which: "", what: "syncs fail (EIO)", said: Some("disk I/O error") },
    Kind { wrong: Wrong::WriteFails, which: LEDGER, what: "writes of the ledger fail (EIO)", said: None },
    Kind {
        wrong: Wrong::WriteFails,
        which: CHECKPOINT,
        what: "checkpoints of the log fail (EIO)",
        said: None,
    },
    Kind { wrong: Wrong::Slow, which: "", what: "every write and sync is slow", said: None },
];

/// Hurts the disk in each way.
pub(crate) fn run(how: &How) -> Result<Vec<Finding>, String> {
    let (events, times) = if how.long { (3_000, 5) } else { (600, 1) };
    let plan = Plan::new(how.seed, events, 16);
    let expected = undisturbed(&plan);
    let mut findings = Vec::new();
    for (at, kind) in KINDS.iter().enumerate() {
        let dir = how.dir.join(format!("kind-{at}"));
        findings.push(failing(how, kind, &dir, &plan, times, &expected)?);
    }
    findings.push(at_the_first_event(&how.dir.join("first"))?);
    findings.push(syncs_that_fail_and_power_cuts(how)?);
    findings.push(queue::run(how)?);
    findings.push(really_full(&how.dir)?);
    Ok(findings)
}

/// A moment in each of so many equal parts.
fn spread(rng: &mut Rng, events: usize, times: usize) -> Vec<Disturb> {
    let part = events / (times + 1);
    let moment = |n: usize| Disturb { acknowledged: n * part + rng.usize(0..part), then: Duration::ZERO };
    (0..times).map(moment).collect()
}

fn failing(
    how: &How,
    kind: &Kind,
    dir: &Path,
    plan: &Plan,
    times: usize,
    expected: &Scored,
) -> Result<Finding, String> {
    std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let shim = Shim::new(dir)?;
    let slow = Duration::from_millis(if how.long { 200 } else { 10 });
    let mut app = shim.behind(setup()).start();
    // The owner is logged in before anything goes wrong.
    app.cookie();
    let moments = spread(&mut Rng::with_seed(how.seed), plan.events, times);
    let mut hits = 0;
    let told = load::send(&mut app, plan, &moments, &mut |app| {
        let before = app.log().len();
        shim.set(kind.wrong, kind.which, slow);
        if kind.which == CHECKPOINT {
            // There is one at the end, however little was written before.
            app.stop();
            hits += shim.hits();
            shim.set(Wrong::Nothing, "", Duration::ZERO);
            return app.restart();
        }
        if kind.said.is_some() {
            wait_until("a refusal", || refused(&probe(app)));
        }
        wait_until("something to go wrong", || {
            // Whether or not there is something left to store or to score.
            probe(app);
            if kind.which == LEDGER {
                app.log_in(PASSWORD);
            }
            if shim.hits() > 0 { Ok(()) } else { Err("no write".to_owned()) }
        });
        assert_reads(app);
        hits += shim.hits();
        shim.set(Wrong::Nothing, "", Duration::ZERO);
        wait_until("events to be taken again", || taken(&probe(app)));
        let log = app.log().split_off(before);
        if let Some(words) = kind.said {
            let lines: Vec<&str> = log.lines().filter(|line| line.contains(CANNOT)).collect();
            assert!(lines.len() == 1 && lines[0].contains(words), "an outage is one line in the log: {log}");
            assert!(log.contains(AGAIN), "and so is its end: {log}");
        }
    });
    let found = Scored::of(&app);
    let kept = kept(&app, &told);
    app.stop();
    let mut wrong = trouble(&shim.data, &dir.join("copy"));
    wrong.extend(found.difference(expected));
    if told.acknowledged.len() != plan.events || kept.stored != plan.events + 1 {
        wrong.push(format!("{} were acknowledged and {} stored", told.acknowledged.len(), kept.stored));
    }
    Ok(Finding {
        what: match kind.which {
            CHECKPOINT => format!("{}, under load and at the end; it starts again", kind.what),
            _ => format!("{}, under load; it recovers without a restart", kind.what),
        },
        tried: times as u64,
        lost: kept.lost,
        doubled: kept.doubled,
        held: wrong.is_empty() && (kept.lost, kept.doubled) == (0, 0) && hits > 0,
        said: wrong.into_iter().next().unwrap_or_else(|| {
            format!(
                "{hits} calls went wrong, {} requests were answered with 503 and Retry-After; reports answered \
                 meanwhile; everything is as in the undisturbed run",
                told.refused
            )
        }),
    })
}

/// A bot's page view: counted by the writer, and in no report.
fn probe(app: &TestApp) -> Answer {
    let bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    app.post(pageview("/").body()).header("user-agent", bot).send()
}

fn refused(answer: &Answer) -> Result<(), String> {
    if answer.status != 503 {
        return Err(answer.status.to_string());
    }
    answer.assert_problem(503);
    assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok()));
    Ok(())
}

fn taken(answer: &Answer) -> Result<(), String> {
    if answer.status == 202 { Ok(()) } else { Err(format!("{}: {}", answer.status, answer.text())) }
}

/// What only reads goes on.
fn assert_reads(app: &TestApp) {
    for path in ["/healthz", "/readyz", "/", "/mq.js"] {
        app.get(path).send().assert_status(200);
    }
    app.report("&by=channel&attribution=first&compare=none");
    app.read(&format!("/api/v1/reports/outcomes?site={SITE}"));
}

/// Without a place for the day's salt nobody can be told apart, and nothing is taken.
fn at_the_first_event(dir: &Path) -> Result<Finding, String> {
    std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let shim = Shim::new(dir)?;
    let app = shim.behind(setup()).start();
    app.cookie();
    let first = pageview("/");
    for wrong in [Wrong::Full, Wrong::ReadOnly, Wrong::WriteFails, Wrong::SyncFails] {
        shim.set(wrong, "salts", Duration::ZERO);
        refused(&app.send(&first)).map_err(|status| format!("{wrong:?} was answered with {status}"))?;
        assert!(shim.hits() > 0);
        assert_reads(&app);
    }
    shim.set(Wrong::Nothing, "", Duration::ZERO);
    app.send(&first).assert_stored();
    app.send(&event("newsletter_signup", "/x").from_within().identify("jo@a.com", person("A"), true))
        .assert_stored();
    app.wait_for_lead("A", |_| true);
    let visits = app.report("&by=channel&attribution=first&compare=none")["rows"][0]["visits"].clone();
    let stored = app.export().len();
    Ok(Finding {
        what: "no place for the day's salt: full, read-only, failing writes, failing syncs".to_owned(),
        tried: 4,
        lost: 2_u64.saturating_sub(stored as u64),
        doubled: (stored as u64).saturating_sub(2),
        said: format!("nothing was taken without it; afterwards {stored} events of {visits} visit"),
        held: stored == 2 && visits == 1 && app.log().contains("salt"),
    })
}

/// After a sync that failed, Linux takes the pages for clean: what was to be synced never arrives, and the next
/// sync says that all is well. Whoever relies on that next sync loses it with the power.
fn syncs_that_fail_and_power_cuts(how: &How) -> Result<Finding, String> {
    let (events, times) = if how.long { (12_000, 25) } else { (1_200, 3) };
    let plan = Plan::new(how.seed, events, 16);
    let expected = undisturbed(&plan);
    let mut rng = Rng::with_seed(how.seed);
    let mut mains = Mains::new(&how.dir.join("gate"))?;
    let mut app = mains.start();
    app.cookie();
    let mut hits = 0;
    let mut wrong = Vec::new();
    let moments = spread(&mut rng, events, times);
    let told = load::send(&mut app, &plan, &moments, &mut |app| {
        mains.shim.set(Wrong::SyncFails, rng.choice(&["", "events.db"]).unwrap_or(&""), Duration::ZERO);
        wait_until("a refusal", || refused(&probe(app)));
        hits += mains.shim.hits();
        mains.shim.set(Wrong::Nothing, "", Duration::ZERO);
        wait_until("events to be taken again", || taken(&probe(app)));
        // What was taken since is to survive this.
        mains.cut(app, Cut::Everything, &mut rng);
        wrong.extend(trouble(&mains.shim.data, &how.dir.join("copy")));
        app.restart();
    });
    let kept = kept(&app, &told);
    if kept.stored == plan.events {
        wrong.extend(Scored::of(&app).difference(&expected));
    } else {
        wrong.push(format!("{} of {} events are stored", kept.stored, plan.events));
    }
    Ok(Finding {
        what: "a sync fails and its pages never arrive; it recovers, goes on, and the power is cut".to_owned(),
        tried: times as u64,
        lost: kept.lost,
        doubled: kept.doubled,
        held: wrong.is_empty() && (kept.lost, kept.doubled) == (0, 0) && hits > 0,
        said: wrong.into_iter().next().unwrap_or_else(|| {
            format!(
                "{hits} syncs failed, {} requests were answered with 503; everything is as in the undisturbed run",
                told.refused
            )
        }),
    })
}

/// A small file system of its own, filled to the last byte, where we may mount one.
fn really_full(dir: &Path) -> Result<Finding, String> {
    let mut finding = Finding {
        what: "a real file system of 12 MiB (tmpfs) is filled to the last byte, and emptied again".to_owned(),
        tried: 0,
        lost: 0,
        doubled: 0,
        said: String::new(),
        held: true,
    };
    let mount = match Mount::new(&dir.join("small"), "12m") {
        Ok(mount) => mount,
        Err(why) => {
            finding.said = format!("not tried, nothing can be mounted here: {why}");
            return Ok(finding);
        }
    };
    let app = setup().data(mount.path.join("data")).start();
    app.cookie();
    let mut told = load::Told::default();
    for n in 0..3 {
        let filling = mount.fill();
        let mut refusals = 0;
        // What is left in the write-ahead log is used first.
        for m in 0..4_000 {
            let event = pageview(&format!("/{n}/{m}"));
            let answer = app.send(&event);
            if refused(&answer).is_ok() {
                refusals += 1;
            } else {
                answer.assert_stored();
                told.acknowledged.insert(event.id().to_owned());
            }
            if refusals == 3 {
                break;
            }
        }
        assert_eq!(refusals, 3, "it is full, and says so");
        assert_reads(&app);
        std::fs::remove_file(filling).map_err(|error| error.to_string())?;
        let event = pageview(&format!("/{n}/again"));
        wait_until("events to be taken again", || taken(&app.send(&event)));
        told.acknowledged.insert(event.id().to_owned());
        finding.tried += 1;
    }
    let kept = kept(&app, &told);
    drop(app);
    let wrong = trouble(&mount.path.join("data"), &dir.join("copy"));
    finding.held = wrong.is_empty() && (kept.lost, kept.doubled) == (0, 0);
    (finding.lost, finding.doubled) = (kept.lost, kept.doubled);
    finding.said = wrong.into_iter().next().unwrap_or_else(|| {
        format!(
            "{} events were acknowledged around it, and reports answered meanwhile",
            told.acknowledged.len()
        )
    });
    Ok(finding)
}
