//! How long the dashboard's first report takes.

use crate::Failure;
use crate::bench::Bench;
use crate::figures::{Goal, Spread, number, ratios};
use crate::fill;
use crate::servers::Collector;
use crate::traffic::SITE;

pub(super) fn run(bench: &mut Bench) -> Result<(), Failure> {
    let (large, small) = (bench.large()?, bench.small()?);
    let folder = bench.fresh()?;
    let copy = folder.path().join("data");
    fill::copy(&small, &copy)?;
    let collectors = [Collector::start(&large)?, Collector::start(&copy)?];
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let from = today.checked_sub(jiff::Span::new().days(89))?;
    let overview =
        format!("/api/v1/reports/mql?site={SITE}&from={from}&to={today}&by=channel&compare=previous");
    let by_page = overview.replace("by=channel", "by=page");
    let leads = format!("/api/v1/leads?site={SITE}&from={from}&to={today}&limit=50");
    let mut times: [[Vec<f64>; 3]; 2] = Default::default();
    for _ in 0..bench.plan.rounds {
        for (place, path) in [&overview, &by_page, &leads].into_iter().enumerate() {
            for (which, collector) in collectors.iter().enumerate() {
                let mut round = Vec::new();
                for _ in 0..bench.plan.calls {
                    round.push(collector.look(path)?.1.as_secs_f64() * 1_000.0);
                }
                times[which][place].push(Spread::of(&round).median);
            }
        }
    }
    let (shown, _) = collectors[0].look(&overview)?;
    for collector in collectors {
        collector.child.stop()?;
    }
    let [large, small] = [bench.plan.large, bench.plan.small].map(|events| number(events as f64));
    let total = |name: &str| number(shown["totals"][name].as_f64().unwrap_or(0.0));
    let told = format!("{} visits, {} leads, {} MQLs", total("visits"), total("leads"), total("mqls"));
    let what = format!("overview of 90 days at {large} events ({told})");
    bench.hold(what, "ms", &times[0][0], Goal::AtMost(50.0));
    bench.note(format!("overview of 90 days at {small} events"), "ms", &times[1][0]);
    let what = format!("overview at {large} events ÷ at {small}");
    bench.hold(what, "×", &ratios(&times[0][0], &times[1][0]), Goal::AtMost(2.0));
    bench.note(format!("report by page at {large} events"), "ms", &times[0][1]);
    bench.note(format!("report by page at {small} events"), "ms", &times[1][1]);
    bench.note(format!("the newest 50 leads at {large} events"), "ms", &times[0][2]);
    bench.note(format!("the newest 50 leads at {small} events"), "ms", &times[1][2]);
    Ok(())
}
