//! More than it can take. Promise: what is accepted is kept and is answered within its time, the rest is told at once
//! to come again, memory stays bounded, and a moment later all is well.

use crate::wire::{Line, MEBIBYTES_MAX, Said, peak_mebibytes};
use crate::{Finding, How};
use mqlite_tests::{FIREFOX, SITE, Setup, TestApp, pageview, wait_until};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Events of a request, as a queue that was kept while nobody was online sends them.
const BATCH: usize = 50;
/// More requests than the queue has room for.
const CLIENTS: usize = 600;
/// Clients that measure what it can take.
const FEW: usize = 64;
/// Far beyond anything that was ever measured: a busy machine fails nobody's test.
const ACCEPTED_MAX: Duration = Duration::from_secs(15);
const REFUSED_MAX: Duration = Duration::from_secs(5);

/// What came of some load.
#[derive(Debug, Default)]
struct Came {
    accepted: Vec<Duration>,
    refused: Vec<Duration>,
    kept: Vec<u128>,
    /// Answers that nobody may get, and requests without one.
    wrong: Vec<String>,
}

/// Measures what it can take, and offers five times as much.
pub(crate) fn run(how: &How) -> Result<Vec<Finding>, String> {
    let (measured, offered) = if how.long { (10, 60) } else { (2, 10) };
    let app = Setup::default().start();
    app.send(&pageview("/first")).assert_stored();
    let (measured, offered) = (Duration::from_secs(measured), Duration::from_secs(offered));
    let calm = load(&app, how.seed, FEW, None, measured);
    let capacity = calm.accepted.len() as f64 / measured.as_secs_f64();
    let every = Duration::from_secs_f64(1.0 / (capacity.max(1.0) * 5.0));
    let storm = load(&app, how.seed ^ 1, CLIENTS, Some(every), offered);
    let over = Instant::now();
    let mut tries = 0;
    wait_until("an event to be taken again", || {
        tries += 1;
        let answer = app.send(&pageview("/after"));
        if answer.status == 202 { Ok(()) } else { Err(answer.text()) }
    });
    let well = over.elapsed();
    let peak = peak_mebibytes(app.pid());
    let kept: Vec<u128> = calm.kept.iter().chain(&storm.kept).copied().collect();
    let (lost, doubled) = compare(&app, &kept)?;
    let (accepted, refused) = (worst(&storm.accepted), worst(&storm.refused));
    let wrong: Vec<&String> = calm.wrong.iter().chain(&storm.wrong).collect();
    let per_second = |requests: usize, time: Duration| (requests * BATCH) as f64 / time.as_secs_f64();
    let said = format!(
        "{:.0} events a second are what it takes, with p99 {} ms; of {:.0} a second it took {:.0} with p50 {} and p99 {} ms, \
         and answered {} requests with 503 and Retry-After, p50 {} and p99 {} ms; {peak} MiB at most; well again {} ms after",
        per_second(calm.accepted.len(), measured),
        worst(&calm.accepted).as_millis(),
        per_second(storm.accepted.len() + storm.refused.len(), offered),
        per_second(storm.accepted.len(), offered),
        middle(&storm.accepted).as_millis(),
        accepted.as_millis(),
        storm.refused.len(),
        middle(&storm.refused).as_millis(),
        refused.as_millis(),
        well.as_millis(),
    );
    Ok(vec![Finding {
        what: format!(
            "five times what it takes is offered for {} s, {BATCH} events a request",
            offered.as_secs()
        ),
        tried: (storm.accepted.len() + storm.refused.len() + storm.wrong.len()) as u64,
        lost,
        doubled,
        held: wrong.is_empty()
            && (lost, doubled) == (0, 0)
            && accepted < ACCEPTED_MAX
            && refused < REFUSED_MAX
            && peak <= MEBIBYTES_MAX,
        said: wrong.first().map_or(said, |first| format!("{} answers are wrong, as {first}", wrong.len())),
    }])
}

/// Requests by so many clients for a time: each as soon as the one before is answered, or one `every` so often,
/// whatever is answered.
fn load(app: &TestApp, seed: u64, clients: usize, every: Option<Duration>, time: Duration) -> Came {
    let (base, begun, next) = (app.base(), Instant::now(), AtomicU64::new(0));
    let came = Mutex::new(Came::default());
    std::thread::scope(|scope| {
        for client in 0..clients {
            let (next, came) = (&next, &came);
            scope.spawn(move || {
                let mut rng = fastrand::Rng::with_seed(seed ^ (client as u64) << 32);
                let mine = requests(base, &mut rng, begun, next, every, time);
                let mut came = came.lock().unwrap_or_else(PoisonError::into_inner);
                came.accepted.extend(mine.accepted);
                came.refused.extend(mine.refused);
                came.kept.extend(mine.kept);
                came.wrong.extend(mine.wrong);
            });
        }
    });
    came.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// One client's part.
fn requests(
    base: &str,
    rng: &mut fastrand::Rng,
    begun: Instant,
    next: &AtomicU64,
    every: Option<Duration>,
    time: Duration,
) -> Came {
    let mut came = Came::default();
    let mut line = None;
    loop {
        if let Some(every) = every {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            let due = every.mul_f64(turn as f64);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
        }
        if begun.elapsed() >= time {
            return came;
        }
        let (ids, bytes) = request(rng);
        let sent = Instant::now();
        let answer = match &mut line {
            Some(line) => Line::ask(line, &bytes),
            None => Line::to(base).and_then(|new| line.insert(new).ask(&bytes)),
        };
        match answer {
            Ok(Said { status: 202, .. }) => {
                came.accepted.push(sent.elapsed());
                came.kept.extend(ids);
            }
            Ok(Said { status: 503 | 429, retry_after: true }) => came.refused.push(sent.elapsed()),
            Ok(said) => came.wrong.push(format!("{said:?}")),
            Err(error) => {
                line = None;
                came.wrong.push(error.to_string());
            }
        }
    }
}

/// Page views of one visitor.
fn request(rng: &mut fastrand::Rng) -> (Vec<u128>, Vec<u8>) {
    let ids: Vec<u128> = (0..BATCH).map(|_| rng.u128(..)).collect();
    let mut body = String::with_capacity(BATCH * 120);
    for (n, id) in ids.iter().enumerate() {
        let page = rng.u32(0..50);
        let mark = if n == 0 { '[' } else { ',' };
        let _ = write!(
            body,
            r#"{mark}{{"n":"pageview","u":"https://{SITE}/page/{page}","d":"{SITE}","k":"{id:032x}"}}"#
        );
    }
    body.push(']');
    let address = rng.u32(..);
    let head = format!(
        "POST /api/event HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\norigin: https://{SITE}\r\n\
         user-agent: {FIREFOX}\r\nx-forwarded-for: 10.{}.{}.{}\r\ncontent-length: {}\r\n\r\n",
        address >> 16 & 255,
        address >> 8 & 255,
        address & 255,
        body.len()
    );
    (ids, (head + &body).into_bytes())
}

/// How many acknowledged ids are not stored, and how many are stored twice.
fn compare(app: &TestApp, kept: &[u128]) -> Result<(u64, u64), String> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let read = || -> Result<Vec<u128>, rusqlite::Error> {
        let database = rusqlite::Connection::open_with_flags(app.data().join("events.db"), flags)?;
        let mut statement = database.prepare("SELECT id FROM events")?;
        let ids = statement.query_map([], |row| row.get::<_, [u8; 16]>(0).map(u128::from_be_bytes))?;
        ids.collect()
    };
    let mut stored = read().map_err(|error| error.to_string())?;
    let all = stored.len();
    stored.sort_unstable();
    stored.dedup();
    let lost = kept.iter().filter(|id| stored.binary_search(id).is_err()).count();
    Ok((lost as u64, (all - stored.len()) as u64))
}

fn nth(times: &[Duration], percent: usize) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn worst(times: &[Duration]) -> Duration {
    nth(times, 99)
}

fn middle(times: &[Duration]) -> Duration {
    nth(times, 50)
}
