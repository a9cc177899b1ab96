//! Fills a database: visits of ninety days, through everything but HTTP, scored by the collector's own scorer.
//! Promise: what is filled is kept for later runs, as it was filled; one of another day is filled anew, for reports look
//! back from now.

use crate::pipeline::Pipeline;
use crate::traffic::{SITE, address, renew, visits};
use crate::{Failure, say};
use fastrand::Rng;
use mqlite::app::App;
use mqlite::clock::Clock;
use mqlite::config::{Config, Settings};
use mqlite::domain::{SiteId, SitePolicy, Timestamp, Zone};
use mqlite::storage::{Append, Batch, EventStore, NewSite, Tally};
use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const DAYS: i64 = 90;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Events of one batch.
const BATCH: usize = 1_000;
/// Batches that wait for their commit.
const IN_FLIGHT: usize = 8;

/// The data folder of a collector with so many events, below `folder`.
///
/// # Errors
/// When it cannot be filled.
pub(crate) fn filled(folder: &Path, events: u64, seed: u64) -> Result<PathBuf, Failure> {
    let data = folder.join(format!("filled-{events}"));
    if is_of_today(&data, events) {
        return Ok(data);
    }
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    say(&format!("  filling a database with {events} events of {DAYS} days, once"));
    let making = folder.join("filling");
    if making.exists() {
        fs::remove_dir_all(&making)?;
    }
    fill(&making, events, seed)?;
    fs::rename(making, &data)?;
    Ok(data)
}

/// Whether a data folder holds so many events, and no more than the last visit's, up to a day ago or less.
fn is_of_today(data: &Path, events: u64) -> bool {
    let newest = || -> Option<(i64, i64)> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let database = rusqlite::Connection::open_with_flags(data.join("events.db"), flags).ok()?;
        let newest = "SELECT seq, at FROM events ORDER BY seq DESC LIMIT 1";
        database.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?))).ok()
    };
    let since = Clock::system().now().millis() - DAY_MS;
    newest().is_some_and(|(seq, at)| {
        let more = u64::try_from(seq).ok().and_then(|seq| seq.checked_sub(events));
        more.is_some_and(|more| more < BATCH as u64) && at > since
    })
}

fn fill(data: &Path, events: u64, seed: u64) -> Result<(), Failure> {
    let settings = Settings { data: Some(data.to_owned()), ..Settings::default() };
    let config = Config::resolve(settings).map_err(|error| error.0)?;
    let mut app = App::open(&config, Clock::system(), None)?;
    let site = NewSite {
        id: SiteId::parse(SITE).map_err(|error| error.0)?,
        zone: Zone::utc(),
        policy: SitePolicy::default(),
    };
    let site = app.ledger().put_site(site)?;
    let began = Instant::now();
    write(app.events().as_ref(), &Pipeline::new(site)?, events, seed)?;
    let written = began.elapsed();
    let scored = app.catch_up()?;
    let all = began.elapsed();
    app.events().settle()?;
    app.ledger().settle()?;
    let rate = |count: u64, seconds: f64| crate::figures::number(per_second(count, seconds));
    say(&format!(
        "  written at {} events a second, scored at {}",
        rate(events, written.as_secs_f64()),
        rate(u64::try_from(scored)?, (all - written).as_secs_f64()),
    ));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds.max(1e-9)
}

fn write(store: &dyn EventStore, pipeline: &Pipeline, events: u64, seed: u64) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let visits = visits(seed, 40_000);
    let mut rng = Rng::with_seed(seed);
    let span = DAYS * DAY_MS;
    let first = Clock::system().now().plus_millis(-span);
    let mut flying: VecDeque<Append> = VecDeque::new();
    let mut batch = Batch::default();
    let mut written = 0;
    for visit in visits.iter().cycle() {
        if written >= events {
            break;
        }
        let client = pipeline.client(visit.agent, visit.gpc, &mut rng);
        for (step, body) in visit.bodies.iter().enumerate() {
            let now = moment(first, span, written, events, step)?;
            let mut text = body.text.clone().into_bytes();
            renew(&mut text, &body.fresh, &address(&mut rng), &mut rng);
            let taken = pipeline.take(&text, &client, now)?;
            written += u64::try_from(taken.events.len())?;
            batch.events.extend(taken.events);
            let tallies = taken.tallies.into_iter().map(|(site, day, reason)| Tally { site, day, reason });
            batch.tallies.extend(tallies);
        }
        if batch.events.len() >= BATCH || written >= events {
            flying.push_back(store.append(std::mem::take(&mut batch)));
            if flying.len() > IN_FLIGHT
                && let Some(oldest) = flying.pop_front()
            {
                runtime.block_on(oldest)?;
            }
        }
    }
    for append in flying {
        runtime.block_on(append)?;
    }
    Ok(())
}

/// The moment of an event, evenly over the days; those of a visit are some seconds apart.
fn moment(first: Timestamp, span: i64, written: u64, events: u64, step: usize) -> Result<Timestamp, Failure> {
    let share = i128::from(span) * i128::from(written) / i128::from(events.max(1));
    let at = i64::try_from(share)? - 60 * 60 * 1_000 + i64::try_from(step)? * 20_000;
    Ok(first.plus_millis(at))
}

/// Copies a data folder for a collector that will change it. It is on disk afterwards: what is measured next does not
/// wait for it.
///
/// # Errors
/// When it cannot be copied.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            fs::File::open(target)?.sync_all()?;
        }
    }
    Ok(())
}
