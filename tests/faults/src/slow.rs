//! Clients that take their time, for ever. Promise: others are served meanwhile, memory stays bounded, and who is slow
//! is cut off after the time that docs/ARCHITECTURE.md names.

use crate::pump::{Pump, missing, raw};
use crate::wire::{MEBIBYTES_MAX, connect, open_sockets, peak_mebibytes};
use crate::{Finding, How};
use mqlite_tests::{Setup, TestApp, pageview, wait_until};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Connections that say a byte now and then.
const DRIBBLERS: usize = 20;
/// What one that never reads its answers may hold, in MiB: the web server makes requests of the 128 KiB that it reads
/// ahead, some three thousand of the smallest, before it waits for the answers to be taken. A proxy in front does not
/// pass requests on ahead of their answers.
const READ_AHEAD: u64 = 16;
/// Between two bytes.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest that any of them may last: ten seconds for a head and ten for a body, thirty for an answer that nobody
/// reads, and as much again for a busy machine.
const LAST: Duration = Duration::from_secs(90);

/// How somebody is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slow {
    Idle,
    Head,
    Body,
    Unread,
    Broken,
}

/// Holds connections open in every way, while others send events.
pub(crate) fn run(how: &How) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    let idle = if how.long { 5_000 } else { 500 };
    let crowds: [(Slow, usize, &str); 5] = [
        (Slow::Idle, idle, "connections that say nothing"),
        (Slow::Head, DRIBBLERS, "heads that come byte by byte"),
        (Slow::Body, DRIBBLERS, "bodies that come byte by byte"),
        (Slow::Broken, if how.long { 2_000 } else { 200 }, "connections that end half-way"),
        (Slow::Unread, DRIBBLERS, "clients that ask and never read the answer"),
    ];
    for (slow, count, what) in crowds {
        // The system gives up on what is not read after thirty seconds.
        if slow == Slow::Unread && !how.long {
            continue;
        }
        let room = files_for(count + 256);
        findings.push(if room { crowd(slow, count, what) } else { skipped(count, what) });
    }
    Ok(findings)
}

/// Raises our own number of open files; whether so many may be open.
fn files_for(count: usize) -> bool {
    let limit = getrlimit(Resource::Nofile);
    let wanted = count as u64;
    if limit.current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
    getrlimit(Resource::Nofile).current.is_none_or(|current| current >= wanted)
}

fn skipped(count: usize, what: &str) -> Finding {
    Finding {
        what: format!("{count} {what}"),
        tried: 0,
        lost: 0,
        doubled: 0,
        said: "not tried: this system does not let a process open so many files".to_owned(),
        held: true,
    }
}

fn crowd(slow: Slow, count: usize, what: &str) -> Finding {
    let app = Setup::default().start();
    app.send(&pageview("/first")).assert_stored();
    let pump = Pump::default();
    let (lasted, most) = pump.beside(app.base(), 4, || {
        pump.wait_for_more(20);
        let before = open_sockets(app.pid());
        let begun = Instant::now();
        let mut streams: Vec<TcpStream> = (0..count).filter_map(|_| begin(&app, slow)).collect();
        if slow == Slow::Broken {
            streams.clear();
        } else {
            let connected = streams.len();
            wait_until("all of them to be accepted", || {
                let now = open_sockets(app.pid());
                let gone = begun.elapsed() > Duration::from_secs(8);
                if gone || now >= before + connected { Ok(()) } else { Err(format!("{now} of {connected}")) }
            });
        }
        let mut most = open_sockets(app.pid());
        // Until the collector has none of them any more.
        let mut sent = 0;
        while begun.elapsed() < LAST && open_sockets(app.pid()) > before {
            most = most.max(open_sockets(app.pid()));
            go_on(slow, &mut streams, sent);
            sent += 1;
            std::thread::sleep(PAUSE);
        }
        pump.wait_for_more(20);
        (begun.elapsed(), most.saturating_sub(before))
    });
    let refused = pump.refused();
    let (lost, doubled) = missing(&pump.acknowledged(), &app.export());
    let peak = peak_mebibytes(app.pid());
    let ended = lasted < LAST;
    let bound = MEBIBYTES_MAX + if slow == Slow::Unread { READ_AHEAD * count as u64 } else { 0 };
    let said = format!(
        "the last was gone after {} s; at most {} connections were held, in {peak} of {bound} MiB; {} events of others were \
         acknowledged meanwhile, and {} refused",
        lasted.as_secs(),
        most,
        pump.acknowledged().len(),
        refused.len(),
    );
    Finding {
        what: format!("{count} {what}"),
        tried: count as u64,
        lost,
        doubled,
        held: ended && refused.is_empty() && peak <= bound && (lost, doubled) == (0, 0),
        said: refused.first().map_or(said, |first| format!("somebody else was refused: {first}")),
    }
}

fn begin(app: &TestApp, slow: Slow) -> Option<TcpStream> {
    let mut stream = connect(app.base()).ok()?;
    let whole = raw(&pageview("/slow"));
    let head = whole.iter().position(|byte| *byte == b'{').unwrap_or(0);
    let first = match slow {
        Slow::Idle => return Some(stream),
        Slow::Head => &whole[..1],
        Slow::Body => &whole[..head],
        Slow::Broken => &whole[..whole.len() - 7],
        Slow::Unread => {
            unread(&mut stream);
            return Some(stream);
        }
    };
    stream.write_all(first).ok()?;
    Some(stream)
}

/// Asks until the collector takes no more questions, because nobody takes its answers.
fn unread(stream: &mut TcpStream) {
    let question = b"GET /mq.js HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(64);
    let _ = stream.set_write_timeout(Some(Duration::from_millis(500)));
    for _ in 0..4_000 {
        if stream.write_all(&question).is_err() {
            return;
        }
    }
}

/// A byte more from each that is still listened to.
fn go_on(slow: Slow, streams: &mut Vec<TcpStream>, sent: usize) {
    if !matches!(slow, Slow::Head | Slow::Body) {
        return;
    }
    let whole = raw(&pageview("/slow"));
    let from = if slow == Slow::Head { 1 } else { whole.iter().position(|byte| *byte == b'{').unwrap_or(0) };
    let byte = whole.get(from + sent).copied().unwrap_or(b' ');
    streams.retain_mut(|stream| {
        let _ = stream.set_nonblocking(true);
        let mut answer = [0; 512];
        // What is answered, or ended, is over.
        let over = !matches!(stream.read(&mut answer), Err(error) if error.kind() == ErrorKind::WouldBlock);
        !over && stream.write_all(&[byte]).is_ok()
    });
}
