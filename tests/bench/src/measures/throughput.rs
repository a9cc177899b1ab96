//! How much the collector takes, beside its ceiling and a simple design, in interleaved rounds.
//!
//! The load generator shares the processors with the server, as a reverse proxy would; the ratios are of servers
//! under the same generator, and the processor time is the server's alone.

use crate::Failure;
use crate::bench::Bench;
use crate::figures::{Goal, ratios};
use crate::load::closed;
use crate::servers::{Child, Collector, Usage, Yardstick, peak_mebibytes, usage};
use crate::traffic::{BATCH, Feed};
use std::collections::BTreeMap;

/// What is sent to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Case {
    Ceiling(usize),
    Durable(usize),
    Unseen,
    CommitEach,
    Batches,
    BatchCeiling,
}

const CASES: [Case; 8] = [
    Case::Ceiling(64),
    Case::Durable(64),
    Case::Ceiling(256),
    Case::Durable(256),
    Case::CommitEach,
    Case::Batches,
    Case::BatchCeiling,
    Case::Unseen,
];

#[derive(Default)]
struct Found {
    /// Events a second, round by round.
    rates: BTreeMap<Case, Vec<f64>>,
    /// Microseconds of the server's processor time an event, by what its threads are for.
    costs: BTreeMap<(Case, &'static str), Vec<f64>>,
    catching_up: Vec<f64>,
    waits: [Vec<f64>; 2],
}

pub(super) fn run(bench: &mut Bench) -> Result<(), Failure> {
    let folder = bench.fresh()?;
    let collector = Collector::start(&folder.path().join("data"))?;
    let parse = Yardstick::Parse.start(folder.path())?;
    let commit = Yardstick::Commit.start(folder.path())?;
    let mut found = Found::default();
    for round in 0..bench.plan.rounds {
        // Each round begins with another, so that nobody always comes first.
        for index in 0..CASES.len() {
            let case = CASES[(index + round) % CASES.len()];
            one(bench, case, &collector, &parse, &commit, &mut found)?;
        }
    }
    let peak = peak_mebibytes(collector.child.pid())?;
    collector.child.stop()?;
    tell(bench, &found, peak);
    Ok(())
}

fn one(
    bench: &Bench,
    case: Case,
    collector: &Collector,
    parse: &Child,
    commit: &Child,
    found: &mut Found,
) -> Result<(), Failure> {
    let (server, connections, feed) = match case {
        Case::Ceiling(connections) => (parse, connections, Feed::single(bench.seed)),
        Case::Durable(connections) => (&collector.child, connections, Feed::single(bench.seed)),
        Case::Unseen => (&collector.child, 64, Feed::unseen_agents(bench.seed)),
        Case::CommitEach => (commit, 64, Feed::single(bench.seed)),
        Case::Batches => (&collector.child, 64, Feed::batches(bench.seed)),
        Case::BatchCeiling => (parse, 64, Feed::batches(bench.seed)),
    };
    let before = usage(server.pid())?;
    let outcome = closed(server.address, connections, feed, bench.plan.warm, bench.plan.round)?;
    let used = between(&before, &usage(server.pid())?);
    let mut outcome = outcome.all_accepted()?;
    let events = if matches!(case, Case::Batches | Case::BatchCeiling) { BATCH } else { 1 };
    #[expect(clippy::cast_precision_loss, reason = "at most fifty")]
    let rate = outcome.rate() * events as f64;
    found.rates.entry(case).or_default().push(rate);
    if case == Case::Durable(64) {
        found.waits[0].push(outcome.latencies.quantile(500));
        found.waits[1].push(outcome.latencies.quantile(990));
    }
    // The usage is of the warm-up, too.
    let events = rate * (bench.plan.round + bench.plan.warm).as_secs_f64();
    for (what, seconds) in used {
        found.costs.entry((case, what)).or_default().push(seconds * 1e6 / events.max(1.0));
    }
    // What is left to score is not to disturb whoever comes next.
    let (backlog, time) = collector.settle()?;
    if time.as_millis() > 200 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        found.catching_up.push(backlog as f64 / time.as_secs_f64());
    }
    Ok(())
}

fn between(before: &Usage, after: &Usage) -> Usage {
    after.iter().map(|(what, used)| (*what, used - before.get(what).copied().unwrap_or(0.0))).collect()
}

fn tell(bench: &mut Bench, found: &Found, peak: f64) {
    let rates = |case| found.rates.get(&case).map_or(&[][..], Vec::as_slice);
    let single = rates(Case::Durable(64));
    bench.half = Some(crate::figures::Spread::of(single).median / 2.0);
    for connections in [64, 256] {
        let (ceiling, durable) = (rates(Case::Ceiling(connections)), rates(Case::Durable(connections)));
        bench.note(format!("parsed only, {connections} connections"), "events/s", ceiling);
        bench.note(format!("durable 202, {connections} connections"), "events/s", durable);
        let what = format!("durable 202 as a share of parsed only, {connections} connections");
        bench.hold(what, "", &ratios(durable, ceiling), Goal::AtLeast(0.5));
    }
    bench.note("durable 202 in the closed loop at 64 connections, p50", "ms", &found.waits[0]);
    bench.note("the same, p99", "ms", &found.waits[1]);
    let commit = rates(Case::CommitEach);
    bench.note("a commit per request, 64 connections", "events/s", commit);
    bench.note(
        "a commit per request as a share of parsed only",
        "",
        &ratios(commit, rates(Case::Ceiling(64))),
    );
    let batches = rates(Case::Batches);
    bench.note("durable 202, 50 events a request, 64 connections", "events/s", batches);
    let what = "batches of 50 as a multiple of single events";
    bench.hold(what, "×", &ratios(batches, single), Goal::AtLeast(3.0));
    let share = ratios(batches, rates(Case::BatchCeiling));
    bench.note("batches of 50 as a share of the same parsed only", "", &share);
    let unseen = ratios(rates(Case::Unseen), single);
    bench.note("throughput when no user agent was ever seen before, as a share", "", &unseen);
    for case in [Case::Ceiling(64), Case::Durable(64), Case::Batches, Case::Unseen] {
        let name = match case {
            Case::Ceiling(_) => "parsed only",
            Case::Batches => "durable, batches of 50",
            Case::Unseen => "durable, unseen user agents",
            _ => "durable",
        };
        let parts = found.costs.iter().filter(|((of, _), _)| *of == case);
        for ((_, what), costs) in parts.filter(|((_, what), _)| *what != "housekeeping") {
            bench.note(format!("processor time an event, {name}: {what}"), "µs", costs);
        }
    }
    bench.note("scoring what a full load left behind", "events/s", &found.catching_up);
    bench.hold("memory at full load, the most that was resident", "MiB", &[peak], Goal::AtMost(150.0));
}
