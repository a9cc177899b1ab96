//! Asked to stop. Promise: whenever SIGTERM comes, the exit status is 0, what was acknowledged is kept, the
//! databases' own files are whole, and requests that have begun are answered.

use crate::load::{self, Disturb};
use crate::plan::Plan;
use crate::pump::{missing, raw_with};
use crate::scored::{kept, setup};
use crate::wire::connect;
use crate::{Finding, How};
use mqlite_tests::{Event, SITE, Setup, TestApp, mqlite, pageview, wait_until};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Stops it at its first word, under load, with requests that have begun, and twice.
pub(crate) fn run(how: &How) -> Result<Vec<Finding>, String> {
    Ok(vec![at_once(how)?, under_load(how), begun(), twice()])
}

fn at_once(how: &How) -> Result<Finding, String> {
    let tries = if how.long { 100 } else { 8 };
    let data = how.dir.join("data");
    let shown = data.display().to_string();
    mqlite(["site", "add", SITE, "--data", &shown]).assert_ok();
    let mut wrong = Vec::new();
    for _ in 0..tries {
        let mut command = Command::new(&how.binary);
        command.env_clear().args(["serve", "--listen", "127.0.0.1:0", "--data", &shown]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|error| error.to_string())?;
        let mut first = String::new();
        let mut lines = BufReader::new(child.stdout.take().ok_or("no pipe")?);
        lines.read_line(&mut first).map_err(|error| error.to_string())?;
        mqlite_tests::terminate(child.id());
        let status = child.wait().map_err(|error| error.to_string())?;
        let log = std::fs::metadata(data.join("ledger.db-wal")).map_or(0, |log| log.len());
        if !first.contains(" listens on ") || !status.success() || log > 0 {
            wrong.push(format!("after {first:?} it ends with {status} and {log} bytes of log"));
        }
    }
    Ok(Finding {
        what: "SIGTERM as soon as it says its port".to_owned(),
        tried: tries,
        lost: 0,
        doubled: 0,
        held: wrong.is_empty(),
        said: if wrong.is_empty() {
            "each stop is a clean one: exit status 0, nothing left in the write-ahead logs".to_owned()
        } else {
            wrong.join("; ")
        },
    })
}

fn under_load(how: &How) -> Finding {
    let (events, stops): (usize, u64) = if how.long { (40_000, 60) } else { (2_000, 4) };
    let plan = Plan::new(how.seed ^ 0x57, events, 16);
    let mut rng = fastrand::Rng::with_seed(how.seed);
    let mut after: Vec<usize> = (0..stops).map(|_| rng.usize(1..events * 19 / 20)).collect();
    after.sort_unstable();
    let moment = |acknowledged| Disturb { acknowledged, then: Duration::from_micros(rng.u64(0..20_000)) };
    let moments: Vec<Disturb> = after.into_iter().map(moment).collect();
    let mut app = setup().start();
    let mut unclean = 0;
    let told = load::send(&mut app, &plan, &moments, &mut |app| {
        let clean = app.stop().success();
        let left = ["events.db-wal", "ledger.db-wal"].map(|log| app.data().join(log));
        let settled = left.iter().all(|log| std::fs::metadata(log).map_or(0, |log| log.len()) == 0);
        unclean += u64::from(!clean || !settled);
        app.restart();
    });
    let kept = kept(&app, &told);
    Finding {
        what: "SIGTERM at a random moment under load, the same data folder through all".to_owned(),
        tried: stops,
        lost: kept.lost,
        doubled: kept.doubled,
        held: unclean == 0 && (kept.lost, kept.doubled) == (0, 0) && kept.stored == plan.events,
        said: format!(
            "{unclean} unclean stops; {} events in {} requests, {} of them without an answer because nobody listened any \
             more, and sent again",
            plan.events, told.requests, told.unanswered
        ),
    }
}

fn term(app: &TestApp, times: usize) {
    let known = app.log().matches("asked to stop").count();
    mqlite_tests::terminate(app.pid());
    wait_until("the signal to be heard", || {
        let log = app.log();
        if log.matches("asked to stop").count() > known { Ok(()) } else { Err(log) }
    });
    if times > 1 {
        term(app, times - 1);
    }
}

/// A connection on which a request lacks its last bytes, and the collector has said that it reads it; and these bytes.
fn half(app: &TestApp, event: &Event) -> (TcpStream, Vec<u8>) {
    let mut stream = connect(app.base()).expect("connects");
    // Only who has begun with a request asks for its body (RFC 9110, 10.1.1). A connection on which nothing is read yet
    // is closed by a stop, and nobody could tell one from the other.
    let mut bytes = raw_with("expect: 100-continue\r\n", event);
    let rest = bytes.split_off(bytes.len() - 20);
    stream.write_all(&bytes).expect("writes");
    let mut answer = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut answer).expect("answers");
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    (stream, rest)
}

fn begun() -> Finding {
    let mut app = Setup::default().start();
    let event = pageview("/begun");
    let (mut stream, rest) = half(&app, &event);
    term(&app, 1);
    stream.write_all(&rest).expect("writes");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    let answered = answer.contains("HTTP/1.1 202");
    let clean = app.wait().success();
    app.restart();
    let ids = std::iter::once(event.id().to_owned()).filter(|_| answered).collect();
    let (lost, doubled) = missing(&ids, &app.export());
    Finding {
        what: "SIGTERM while a body is still arriving".to_owned(),
        tried: 1,
        lost,
        doubled,
        held: answered && clean && (lost, doubled) == (0, 0),
        said: if answered {
            "the rest of it is taken, it is answered with 202 and stored, and the exit status is 0".to_owned()
        } else {
            format!("it is not answered: {answer:?}")
        },
    }
}

fn twice() -> Finding {
    let mut app = Setup::default().start();
    let event = pageview("/kept");
    app.send(&event).assert_stored();
    let _hanging = half(&app, &pageview("/never"));
    term(&app, 2);
    let clean = app.wait().success();
    let cut = app.log().contains("asked to stop twice");
    app.restart();
    let (lost, doubled) = missing(&[event.id().to_owned()].into(), &app.export());
    Finding {
        what: "SIGTERM twice, with a request that never ends".to_owned(),
        tried: 1,
        lost,
        doubled,
        held: clean && cut && (lost, doubled) == (0, 0),
        said: "the second one does not wait for the request, and the stop is as clean".to_owned(),
    }
}
