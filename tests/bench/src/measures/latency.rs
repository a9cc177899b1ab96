//! How long a visitor's browser waits for its 202 when the collector is half busy.

use crate::Failure;
use crate::bench::Bench;
use crate::figures::{Goal, Spread};
use crate::load::{Samples, closed, open};
use crate::servers::{Collector, Yardstick};
use crate::traffic::Feed;

/// Connections that a reverse proxy holds open.
const CONNECTIONS: usize = 256;

pub(super) fn run(bench: &mut Bench) -> Result<(), Failure> {
    let folder = bench.fresh()?;
    let collector = Collector::start(&folder.path().join("data"))?;
    let parse = Yardstick::Parse.start(folder.path())?;
    let half = half(bench, &collector)?;
    let mut found: [[Vec<f64>; 3]; 2] = Default::default();
    let mut all = Samples::default();
    for round in 0..bench.plan.rounds {
        let servers = [(0, collector.child.address), (1, parse.address)];
        for index in 0..2 {
            let (which, address) = servers[(index + round) % 2];
            let feed = Feed::single(bench.seed);
            let time = bench.plan.round * 2;
            let outcome = open(address, CONNECTIONS, half, feed, bench.plan.warm, time)?;
            let mut latencies = outcome.all_accepted()?.latencies;
            for (place, per_mille) in [500, 990, 999].into_iter().enumerate() {
                found[which][place].push(latencies.quantile(per_mille));
            }
            if which == 0 {
                all.append(latencies);
            }
            collector.settle()?;
        }
    }
    collector.child.stop()?;
    bench.note("half of what 64 connections bring, open loop over 256", "requests/s", &[half]);
    bench.hold("latency of a durable 202 under that load, p50", "ms", &found[0][0], Goal::AtMost(3.0));
    bench.hold("latency of a durable 202 under that load, p99", "ms", &found[0][1], Goal::AtMost(20.0));
    bench.note("the same, p99.9", "ms", &found[0][2]);
    bench.note("the same, the longest of all rounds", "ms", &[all.quantile(1_000)]);
    bench.note("parsed only under that load, p50", "ms", &found[1][0]);
    bench.note("parsed only under that load, p99", "ms", &found[1][1]);
    Ok(())
}

/// Half of what the collector takes at 64 connections: as the throughput's rounds found, or found out here.
pub(super) fn half(bench: &mut Bench, collector: &Collector) -> Result<f64, Failure> {
    if let Some(half) = bench.half {
        return Ok(half);
    }
    let mut rates = Vec::new();
    for _ in 0..bench.plan.rounds.min(3) {
        let feed = Feed::single(bench.seed);
        let outcome = closed(collector.child.address, 64, feed, bench.plan.warm, bench.plan.round)?;
        rates.push(outcome.all_accepted()?.rate());
        collector.settle()?;
    }
    let half = Spread::of(&rates).median / 2.0;
    bench.half = Some(half);
    Ok(half)
}
