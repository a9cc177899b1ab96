//! How long it takes from a 202 to the lead's score and to the dashboard's number, while half of the load comes
//! in: a person on a second site does what makes an MQL, and the API is asked until it shows.

use super::latency::half;
use crate::Failure;
use crate::bench::Bench;
use crate::figures::{Goal, Spread, number};
use crate::load::{Samples, open};
use crate::servers::{Collector, PROBE};
use crate::traffic::Feed;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often the API is asked: what a latency may be too long by.
const LOOK: Duration = Duration::from_millis(10);
/// Between two people.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) fn run(bench: &mut Bench) -> Result<(), Failure> {
    let collector = Collector::start(&bench.large()?)?;
    collector.settle()?;
    let half = half(bench, &collector)?;
    let plan = bench.plan;
    let ends = AtomicBool::new(false);
    let (probed, sent, backlogs) = std::thread::scope(|scope| {
        let prober = scope.spawn(|| probe(&collector, &ends));
        let watcher = scope.spawn(|| watch(&collector, &ends));
        let feed = Feed::single(bench.seed);
        let sent = open(collector.child.address, 256, half, feed, plan.warm, plan.watch);
        ends.store(true, Ordering::Relaxed);
        let failed = |_| Failure::from("a thread of the bench failed");
        Ok::<_, Failure>((
            prober.join().map_err(failed)??,
            sent?.all_accepted()?,
            watcher.join().map_err(failed)??,
        ))
    })?;
    let (left, caught_up) = collector.settle()?;
    collector.child.stop()?;
    let (mut score, mut shown) = probed;
    let load =
        format!("at {} requests a second on {} stored events", number(half), number(plan.large as f64));
    bench.note(format!("people followed to their score, {load}"), "", &[count(score.len())]);
    bench.note("requests a second that were answered meanwhile", "requests/s", &[sent.rate()]);
    bench.note("from 202 to the score, p50", "ms", &[score.quantile(500)]);
    bench.hold("from 202 to the score, p99", "ms", &[score.quantile(990)], Goal::AtMost(2_000.0));
    bench.note("from 202 to the dashboard's number, p50", "ms", &[shown.quantile(500)]);
    let what = "from 202 to the dashboard's number, p99";
    bench.hold(what, "ms", &[shown.quantile(990)], Goal::AtMost(2_000.0));
    bench.note("events that were stored and not scored yet, ten times a second", "events", &backlogs);
    // A scorer that keeps up is as near at the end as it was on the way.
    let last = &backlogs[backlogs.len() - backlogs.len() / 5..];
    let seconds = Spread::of(last).median / half;
    bench.hold(
        "how far behind the scorer is in the last fifth of the time",
        "s",
        &[seconds],
        Goal::AtMost(2.0),
    );
    bench.note(format!("time to score the {left} events left at the end"), "s", &[caught_up.as_secs_f64()]);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "some hundreds")]
fn count(number: usize) -> f64 {
    number as f64
}

/// How far behind the scorer is, ten times a second.
fn watch(collector: &Collector, ends: &AtomicBool) -> Result<Vec<f64>, Failure> {
    let mut backlogs = Vec::new();
    while !ends.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(100));
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        backlogs.push(collector.backlog()? as f64);
    }
    Ok(backlogs)
}

/// Sends one person after the other until the load ends; answers how long each took to be scored, and to be
/// counted in the report.
fn probe(collector: &Collector, ends: &AtomicBool) -> Result<(Samples, Samples), Failure> {
    let (mut score, mut shown) = (Samples::default(), Samples::default());
    let report = format!("/api/v1/reports/mql?site={PROBE}&by=channel&compare=none");
    let leads = format!("/api/v1/leads?site={PROBE}&limit=1");
    let mqls = |(report, _): (Value, Duration)| report["totals"]["mqls"].as_u64().unwrap_or(0);
    let mut counted = mqls(collector.look(&report)?);
    let mut rng = fastrand::Rng::new();
    while !ends.load(Ordering::Relaxed) {
        let person = format!("{:016x}", rng.u64(..));
        let address = crate::traffic::address(&mut rng);
        collector.send(PROBE, std::str::from_utf8(&address)?, &journey(&person, &mut rng))?;
        let acknowledged = Instant::now();
        let (mut scored, mut reported) = (false, false);
        while !(scored && reported) {
            if acknowledged.elapsed() > Duration::from_secs(60) {
                return Err("a person did not become an MQL within a minute".into());
            }
            if !scored {
                let (found, _) = collector.look(&leads)?;
                let newest = &found["leads"][0];
                if newest["attributes"]["company"] == person.as_str() && !newest["became_mql_at"].is_null() {
                    score.push(acknowledged.elapsed());
                    scored = true;
                }
            }
            if !reported {
                let now = mqls(collector.look(&report)?);
                if now > counted {
                    shown.push(acknowledged.elapsed());
                    (counted, reported) = (now, true);
                }
            }
            std::thread::sleep(LOOK);
        }
        std::thread::sleep(PAUSE);
    }
    Ok((score, shown))
}

/// What makes an MQL by the built-in model: sixty points and more.
fn journey(person: &str, rng: &mut fastrand::Rng) -> Value {
    let mut event = |name: &str, path: &str| {
        let id = format!("{:032x}", rng.u128(..));
        json!({ "n": name, "u": format!("https://{PROBE}{path}"), "d": PROBE, "k": id, "r": format!("https://{PROBE}/") })
    };
    let mut form = event("demo_request", "/contact");
    form["l"] = json!({
        "h": format!("{person:0>64}"), "d": "company.example", "q": 1,
        "f": { "company": person, "job_title": "Head of Operations", "company_size": "200-499" },
    });
    let mut read = event("engagement", "/pricing");
    read["e"] = json!(60_000);
    read["sd"] = json!(80);
    json!([
        event("pageview", "/"),
        event("pageview", "/blog/a"),
        event("pageview", "/blog/b"),
        event("pageview", "/pricing"),
        read,
        event("case_study_download", "/library"),
        form,
        event("mail_open", "/mail"),
        event("mail_open", "/mail"),
        event("mail_open", "/mail"),
    ])
}
