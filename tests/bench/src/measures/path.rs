//! The parts of an event's path by themselves, on one thread: where the time goes that the collector takes and
//! the ceiling does not.

use crate::Failure;
use crate::bench::Bench;
use crate::pipeline::Pipeline;
use crate::traffic::{address, renew, visits};
use fastrand::Rng;
use mqlite::clock::Clock;
use mqlite::domain::{Site, SitePolicy, Zone};
use mqlite::enrich::agent::{Agents, agent};
use mqlite::enrich::bots::{is_automation, is_bot};
use mqlite::ingest::wire;
use mqlite::privacy::Client;
use mqlite::storage::sqlite::{SqliteEvents, SqliteLedger};
use mqlite::storage::{Batch, EventStore, NewSite, Sites};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

pub(super) fn run(bench: &mut Bench) -> Result<(), Failure> {
    let folder = bench.fresh()?;
    let pipeline = Pipeline::new(site(folder.path())?)?;
    let store = SqliteEvents::open(&folder.path().join("events.db"))?;
    let visits = visits(bench.seed, if bench.plan.rounds > 2 { 10_000 } else { 500 });
    let mut rng = Rng::with_seed(bench.seed);
    let mut sent: Vec<(&str, Client, Vec<u8>)> = Vec::new();
    for visit in &visits {
        for body in &visit.bodies {
            let mut text = body.text.clone().into_bytes();
            renew(&mut text, &body.fresh, &address(&mut rng), &mut rng);
            sent.push((visit.agent, pipeline.client(visit.agent, visit.gpc, &mut rng), text));
        }
    }
    let now = Clock::system().now();
    let mut times: [Vec<f64>; 6] = Default::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for _ in 0..bench.plan.rounds {
        let agents = Agents::new(10_000);
        times[0].push(each(&sent, |(_, _, body)| {
            let _ = black_box(wire::parse(body));
            Ok(())
        })?);
        times[1].push(each(&sent, |(_, client, body)| {
            black_box(pipeline.take(body, client, now)?);
            Ok(())
        })?);
        times[2].push(each(&sent, |(agent, ..)| {
            black_box(agents.seen(agent));
            Ok(())
        })?);
        times[3].push(each(&sent[..sent.len() / 10], |(text, ..)| {
            black_box((agent(text), is_bot(text), is_automation(text)));
            Ok(())
        })?);
        times[4].push(each(&sent, |(_, client, _)| {
            black_box(pipeline.keep(client, now)?);
            Ok(())
        })?);
        // Writing by itself: groups of 64 events, as 64 connections make them, under fresh ids.
        let mut took = Duration::ZERO;
        let mut stored = 0;
        for chunk in sent.chunks(64) {
            let mut batch = Batch::default();
            for (_, client, body) in chunk {
                let mut taken = pipeline.take(body, client, now)?;
                for (event, _) in &mut taken.events {
                    event.id = mqlite::domain::EventId::from_bytes(rng.u128(..).to_le_bytes());
                }
                batch.events.append(&mut taken.events);
            }
            stored += batch.events.len();
            let began = Instant::now();
            runtime.block_on(store.append(batch))?;
            took += began.elapsed();
        }
        times[5].push(micros(took, stored));
    }
    let names = [
        "the wire parser",
        "all of ingest: parse, check, consent, user agent, country, channel, redaction, pseudonym",
        "of that, a user agent that is remembered",
        "a user agent that was never seen",
        "of that, pseudonym, country and user agent",
        "writing, in groups of 64 with their sync",
    ];
    for (name, times) in names.into_iter().zip(&times) {
        bench.note(name, "µs an event", times);
    }
    Ok(())
}

fn site(folder: &Path) -> Result<Site, Failure> {
    let id = mqlite::domain::SiteId::parse(crate::traffic::SITE).map_err(|error| error.0)?;
    let ledger = SqliteLedger::open(&folder.join("ledger.db"))?;
    Ok(ledger.put_site(NewSite { id, zone: Zone::utc(), policy: SitePolicy::default() })?)
}

/// Microseconds that `work` takes for each.
fn each<T>(items: &[T], mut work: impl FnMut(&T) -> Result<(), Failure>) -> Result<f64, Failure> {
    let began = Instant::now();
    items.iter().try_for_each(&mut work)?;
    Ok(micros(began.elapsed(), items.len()))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn micros(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / count.max(1) as f64
}
