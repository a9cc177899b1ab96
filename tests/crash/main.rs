//! Kill -9 under load. Promise: every event that was answered with 202 is stored, exactly once, and the
//! scorer's totals are those of a run that nobody disturbed.

mod load;
mod plan;

use mqlite_tests::{SITE, Setup, TestApp, event, person, zone_where_it_is};
use plan::{Counts, Plan};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

const SEED: u64 = 0x4d51_4c69_7465;
const EVENTS: usize = 20_000;
const CONNECTIONS: usize = 32;
const KILLS: usize = 5;

/// What the scorer made of everything.
#[derive(Debug, PartialEq)]
struct Scored {
    /// Reports by dimension and attribution.
    reports: BTreeMap<String, Value>,
    /// Stage, score and channel of each lead, by company.
    leads: BTreeMap<String, Value>,
}

/// Reads it as soon as everything is scored: when the lead that was sent last is known.
fn scored(app: &TestApp) -> Scored {
    let last = event("newsletter_signup", "/last").identify("jo@last.com", person("The last"), true);
    app.send(&last).assert_stored();
    app.wait_for_lead("The last", |_| true);
    let mut reports = BTreeMap::new();
    for by in ["channel", "source", "campaign", "page", "rule"] {
        for attribution in ["first", "last"] {
            let parameters = format!("&by={by}&attribution={attribution}&compare=none");
            let mut report = app.report(&parameters);
            // What was committed but not acknowledged was sent twice, and is counted as a duplicate.
            report.as_object_mut().expect("a report").remove("left_out");
            reports.insert(parameters, report);
        }
    }
    let mut leads = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = app.leads(&format!("&limit=200{cursor}"));
        for lead in page["leads"].as_array().expect("leads") {
            let company = lead["attributes"]["company"].as_str().expect("a company").to_owned();
            let kept = ["stage", "score", "score_at_mql", "channel", "domain", "reasons"];
            let kept = kept.iter().map(|&key| (key.to_owned(), lead[key].clone())).collect();
            assert_eq!(leads.insert(company, Value::Object(kept)), None, "a lead twice: {lead}");
        }
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    Scored { reports, leads }
}

/// How often each of the plan's events is stored.
fn stored(app: &TestApp) -> BTreeMap<String, usize> {
    let mut stored = BTreeMap::new();
    for event in app.export() {
        *stored.entry(event["id"].as_str().expect("an id").to_owned()).or_default() += 1;
    }
    stored
}

fn start() -> TestApp {
    // At noon, no midnight comes in between.
    let zone = zone_where_it_is(12);
    Setup::default().without_sites().site(&[SITE, "--time-zone", &zone]).start()
}

fn assert_as_planned(plan: &Plan, scored: &Scored) {
    let report = &scored.reports["&by=channel&attribution=first&compare=none"];
    let rows = report["rows"].as_array().expect("rows");
    let count = |row: &Value, key: &str| row[key].as_i64().expect("a count");
    let mut found: BTreeMap<&str, Counts> = rows
        .iter()
        .map(|row| {
            let [visits, leads, mqls] = ["visits", "leads", "mqls"].map(|key| count(row, key));
            (row["key"].as_str().expect("a key"), Counts { visits, leads, mqls })
        })
        .collect();
    let direct = found.get_mut("direct").expect("somebody comes directly");
    // The one that was sent last.
    direct.visits -= 1;
    direct.leads -= 1;
    assert_eq!(found, plan.channels);
    for (company, points) in &plan.scores {
        assert_eq!(scored.leads[company]["score"]["total"], *points, "{company}");
        let stage = if *points == 60 { "mql" } else { "lead" };
        assert_eq!(scored.leads[company]["stage"], stage, "{company}");
    }
    assert_eq!(scored.leads.len(), plan.scores.len() + 1);
}

#[test]
fn killed_five_times_nothing_is_lost_and_nothing_doubled() {
    let plan = Plan::new(SEED, EVENTS, CONNECTIONS);
    assert_eq!(plan.events, EVENTS);
    let mut rng = fastrand::Rng::with_seed(SEED);
    let spacing = EVENTS / (KILLS + 1);
    let kills: Vec<usize> = (1..=KILLS).map(|n| n * spacing + rng.usize(0..spacing / 2)).collect();

    let begun = Instant::now();
    let mut undisturbed = start();
    let told = load::send(&mut undisturbed, &plan, &[]);
    assert_eq!((told.acknowledged.len(), told.unanswered), (EVENTS, 0));
    let expected = scored(&undisturbed);
    let undisturbed_took = begun.elapsed();
    assert_as_planned(&plan, &expected);

    let begun = Instant::now();
    let mut killed = start();
    let told = load::send(&mut killed, &plan, &kills);
    let found = scored(&killed);
    let stored = stored(&killed);
    let lost = told.acknowledged.iter().filter(|id| !stored.contains_key(*id)).count();
    let doubled = stored.values().filter(|&&times| times > 1).count();
    let _ = writeln!(
        std::io::stderr(),
        "crash: {EVENTS} events by {CONNECTIONS} connections in {} requests, {} of them unanswered; killed -9 after {kills:?} \
         acknowledgements; acknowledged {}, stored {}, lost {lost}, doubled {doubled}; {} leads, {} MQLs; \
         {:.1} s ({:.1} s undisturbed)",
        told.requests,
        told.unanswered,
        told.acknowledged.len(),
        stored.len() - 1,
        plan.scores.len(),
        plan.channels.values().map(|counts| counts.mqls).sum::<i64>(),
        begun.elapsed().as_secs_f64(),
        undisturbed_took.as_secs_f64(),
    );
    assert_eq!((lost, doubled), (0, 0));
    assert_eq!(told.acknowledged.len(), EVENTS);
    assert_eq!(stored.len(), EVENTS + 1, "and nothing else but the last one");
    assert!(told.unanswered >= KILLS, "it was killed while requests were on their way");
    assert_eq!(found, expected, "the scorer's totals are those of the undisturbed run");
}
