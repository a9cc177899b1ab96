//! Predictions by API and by command. Promise: too little data is said and nothing is predicted; what is shown of a
//! lead sums; every look at leads is recorded; asking changes nothing.

use mqlite_tests::{Event, Finished, SITE, TestApp, event, mqlite, person, wait_until};
use serde_json::{Value, json};

fn predict(app: &TestApp, more: &[&str]) -> Finished {
    let data = app.data().display().to_string();
    mqlite(["predict", "--site", SITE, "--data", &data].into_iter().chain(more.iter().copied()))
}

fn prediction(app: &TestApp, key: &str) -> Value {
    app.read(&format!("/api/v1/leads/{key}/prediction?site={SITE}"))
}

fn address(number: usize) -> String {
    format!("p{number}@firm{number}.com")
}

/// Somebody who sends a form; some ask for a demo besides.
fn somebody(number: usize, demo: bool) -> Vec<Event> {
    let known = |name: &str| event(name, "/contact").identify(&address(number), person("Acme"), true);
    let mut events = vec![known("form_submit")];
    events.extend(demo.then(|| known("demo_request")));
    events
}

fn send(app: &TestApp, count: usize, demo: impl Fn(usize) -> bool) {
    let events: Vec<Event> = (0..count).flat_map(|number| somebody(number, demo(number))).collect();
    events.chunks(100).for_each(|events| drop(app.send_all(events).assert_status(202)));
    wait_until("every lead is known", || {
        let total = &app.leads("&limit=1")["total"];
        if *total == json!(count) { Ok(()) } else { Err(total.to_string()) }
    });
}

#[test]
fn too_little_data_is_said() {
    let app = TestApp::start();
    send(&app, 2, |_| true);
    let report = app.read(&format!("/api/v1/predictions?site={SITE}"));
    let sentence = "Too little data: 0 closed leads, of which 0 won; it takes at least 1000 closed leads, of which at \
                    least 120 won. Nothing is predicted until then.";
    assert_eq!((&report["state"], &report["sentence"]), (&json!("too_little_data"), &json!(sentence)));
    assert_eq!(
        report["leads"],
        json!({ "closed": 0, "won": 0, "closed_needed": 1000, "won_needed": 120, "open_ranked": 0 })
    );
    assert_eq!(
        (&report["trained_at"], &report["holdout"], &report["factors"]),
        (&json!(null), &json!(null), &json!([]))
    );
    let looks = |app: &TestApp| (app.entries("leads.listed").len(), app.entries("lead.viewed").len());
    let key = app.leads("")["leads"][0]["key"].as_str().expect("a key").to_owned();
    let before = looks(&app);
    let one = prediction(&app, &key);
    assert_eq!((&one["state"], &one["prediction"]), (&json!("too_little_data"), &json!(null)), "{one}");
    assert_eq!(looks(&app), (before.0, before.1 + 1), "a look is a look");
    let list = app.read(&format!("/api/v1/predictions/leads?site={SITE}"));
    assert_eq!((&list["state"], &list["leads"]), (&json!("too_little_data"), &json!([])));
    assert!(predict(&app, &[]).assert_ok().contains(sentence));
    let asked = |path: &str| app.look(path).send();
    asked("/api/v1/predictions?site=other.example").assert_problem(404);
    asked("/api/v1/predictions").assert_problem(400);
    asked(&format!("/api/v1/leads/0/prediction?site={SITE}")).assert_problem(400);
    asked(&format!("/api/v1/leads/{}/prediction?site={SITE}", "0".repeat(32))).assert_problem(404);
}

/// A thousand leads, of whom those who asked for a demo are won more often; sales says so by a file.
#[test]
fn enough_data_is_measured_and_predicted() {
    const CLOSED: usize = 1_010;
    const OPEN: usize = 6;
    let app = TestApp::start();
    send(&app, CLOSED + OPEN, |number| number % 2 == 0);
    let stage = |number: usize| {
        if number % 12 == 6 || number % 20 == 2 || number % 20 == 9 { "customer" } else { "disqualified" }
    };
    let lines = (0..CLOSED).map(|number| format!("{},{}\n", address(number), stage(number)));
    let file = app.data().join("outcomes.csv");
    std::fs::write(&file, format!("email,stage\n{}", lines.collect::<String>())).expect("writes");
    let (data, file) = (app.data().display().to_string(), file.display().to_string());
    mqlite(["import", "outcomes", &file, "--site", SITE, "--data", &data]).assert_ok();

    let before = app.leads("");
    let report = app.read(&format!("/api/v1/predictions?site={SITE}"));
    assert_eq!(report["state"], "trained", "{report}");
    assert_eq!((&report["leads"]["closed"], &report["leads"]["open_ranked"]), (&json!(CLOSED), &json!(OPEN)));
    let held = &report["holdout"];
    let count = |of: &Value| of.as_u64().expect("a count");
    assert_eq!(count(&report["learnt_from"]["leads"]) + count(&held["leads"]), CLOSED as u64);
    assert!(report["learnt_from"]["to"].as_str() < held["from"].as_str(), "by time");
    assert!(held["measured"]["auc"].as_f64().expect("a number") > 0.6, "{held}");
    assert_eq!(held["baseline"]["auc"], 0.5);
    // The rules give points for a demo and know nothing else either: that is said.
    assert_eq!(held["verdict"], "no_better_than_rules", "{held}");
    let bins = report["calibration"].as_array().expect("bins");
    assert_eq!(bins.iter().map(|bin| count(&bin["leads"])).sum::<u64>(), count(&held["leads"]));
    let first = &report["factors"][0];
    assert_eq!(
        (&first["factor"], &first["label"]),
        (&json!("rule:demo_request"), &json!("Asked for a demo: once"))
    );
    assert!(first["weight_milli"].as_i64().expect("a number") > 500);

    let list = app.read(&format!("/api/v1/predictions/leads?site={SITE}&limit=4"));
    let leads = list["leads"].as_array().expect("leads");
    assert_eq!((leads.len(), &list["total"]), (4, &json!(OPEN)));
    let ranks: Vec<u64> = leads.iter().map(|lead| count(&lead["rank"])).collect();
    assert_eq!(ranks, [1, 1, 1, 4], "three asked for a demo, three did not");
    for lead in leads {
        let one = prediction(&app, lead["key"].as_str().expect("a key"));
        assert_eq!(one["state"], "open");
        let one = &one["prediction"];
        for key in ["probability", "log_odds_milli", "contributions", "rank"] {
            assert_eq!(one[key], lead[key], "{key}");
        }
        let milli = |value: &Value| value.as_i64().expect("a whole number");
        let parts = one["contributions"].as_array().expect("contributions");
        let sum: i64 = parts.iter().map(|part| milli(&part["milli"])).sum();
        assert_eq!(milli(&one["base_milli"]) + sum, milli(&one["log_odds_milli"]));
    }
    let text = predict(&app, &["--leads", "2"]).assert_ok();
    for said in
        ["Calibration", "no better than the rules", "Asked for a demo", "    1. ", "It decides nothing"]
    {
        assert!(text.contains(said), "{said} in {text}");
    }
    let whole: Value = serde_json::from_str(&predict(&app, &["--format", "json"]).assert_ok()).expect("JSON");
    assert_eq!(whole["holdout"], report["holdout"], "the command says what the API says");
    assert!(whole.get("open_leads").is_none(), "leads are named when they are asked for");
    assert_eq!(app.leads(""), before, "and nothing is another than it was");
}
