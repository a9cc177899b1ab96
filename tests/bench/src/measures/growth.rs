//! Whether a database costs more as it grows.

use crate::Failure;
use crate::bench::Bench;
use crate::figures::{Goal, number, ratios};
use crate::fill;
use crate::load::closed;
use crate::servers::{Collector, peak_mebibytes};
use crate::traffic::Feed;

pub(super) fn run(bench: &mut Bench) -> Result<(), Failure> {
    let (large, small) = (bench.large()?, bench.small()?);
    let plan = bench.plan;
    let collector = Collector::start(&large)?;
    // What a collector does at its start is not to be measured.
    collector.settle()?;
    let (mut on_large, mut on_small) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        for index in 0..2 {
            let send = |collector: &Collector| -> Result<f64, Failure> {
                let feed = Feed::single(bench.seed);
                let outcome = closed(collector.child.address, 64, feed, plan.warm, plan.round)?;
                let rate = outcome.all_accepted()?.rate();
                collector.settle()?;
                Ok(rate)
            };
            if (index + round) % 2 == 0 {
                on_large.push(send(&collector)?);
            } else {
                // A copy each time, for a round makes it many times as large.
                let folder = bench.fresh()?;
                let data = folder.path().join("data");
                fill::copy(&small, &data)?;
                let beside = Collector::start(&data)?;
                on_small.push(send(&beside)?);
            }
        }
    }
    let peak = peak_mebibytes(collector.child.pid())?;
    collector.child.stop()?;
    let [large, small] = [plan.large, plan.small].map(|events| number(events as f64));
    bench.note(format!("durable 202 on {small} stored events, 64 connections"), "events/s", &on_small);
    bench.note(format!("durable 202 on {large} stored events, 64 connections"), "events/s", &on_large);
    let what = format!("throughput at {large} stored events ÷ at {small}");
    bench.hold(what, "", &ratios(&on_large, &on_small), Goal::AtLeast(0.9));
    let what = format!("memory at full load on {large} stored events, the most that was resident");
    bench.hold(what, "MiB", &[peak], Goal::AtMost(150.0));
    Ok(())
}
