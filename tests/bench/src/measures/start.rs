//! How long an operator waits after a start, and after a kill.

use crate::Failure;
use crate::bench::Bench;
use crate::figures::{Goal, number};
use crate::fill;
use crate::load::closed;
use crate::servers::Collector;
use crate::traffic::Feed;
use std::time::Duration;

/// A collector that has just begun to answer may not listen to signals yet.
const SETTLED: Duration = Duration::from_millis(500);

pub(super) fn run(bench: &mut Bench) -> Result<(), Failure> {
    let (large, small) = (bench.large()?, bench.small()?);
    let folder = bench.fresh()?;
    let copy = folder.path().join("data");
    fill::copy(&small, &copy)?;
    let (mut on_large, mut on_small, mut after_kill) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.plan.rounds {
        for (data, times) in [(&large, &mut on_large), (&copy, &mut on_small)] {
            let (child, time) = Collector::time_start(data)?;
            times.push(time.as_secs_f64());
            std::thread::sleep(SETTLED);
            child.stop()?;
        }
        // Killed under load, with a write-ahead log to go through.
        let collector = Collector::start(&large)?;
        let feed = Feed::single(bench.seed);
        closed(collector.child.address, 64, feed, bench.plan.warm, bench.plan.warm)?.all_accepted()?;
        drop(collector);
        let (child, time) = Collector::time_start(&large)?;
        after_kill.push(time.as_secs_f64());
        std::thread::sleep(SETTLED);
        child.stop()?;
    }
    let [large, small] = [bench.plan.large, bench.plan.small].map(|events| number(events as f64));
    let what = format!("start to ready at {large} events");
    bench.hold(what, "s", &on_large, Goal::AtMost(1.0));
    bench.note(format!("start to ready at {small} events"), "s", &on_small);
    bench.note(format!("start to ready at {large} events after kill -9 under load"), "s", &after_kill);
    Ok(())
}
