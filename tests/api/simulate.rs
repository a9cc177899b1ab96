//! Simulations by API and by command. Promise: who enters and who leaves is named, with the reason; nothing that is
//! live changes, and nothing is recorded but that somebody looked; a draft that is wrong is told so at once.

use mqlite_tests::{Answer, Finished, SITE, TestApp, mqlite, sixty_points, wait_until};
use serde_json::{Value, json};

const MAIL: &str = "jo@acme.com";

/// The model that the collector scores by, with another threshold.
fn draft(threshold: u32) -> String {
    let shown = mqlite(["model", "show", "default-b2b"]).assert_ok();
    shown.replacen("total_gte = 60", &format!("total_gte = {threshold}"), 1)
}

/// Jo, an MQL of sixty points; answers the key.
fn jo(app: &TestApp) -> String {
    app.send_all(&sixty_points("?utm_source=google&utm_medium=cpc", MAIL, "Acme")).assert_status(202);
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    lead["key"].as_str().expect("a key").to_owned()
}

fn post(app: &TestApp, body: &Value) -> Answer {
    let path = format!("/api/v1/models/simulate?site={SITE}");
    app.post_json(&path, body).header("cookie", app.cookie()).send()
}

fn delete(app: &TestApp, path: &str) -> Answer {
    mqlite_tests::request("DELETE", app.url(path)).header("cookie", app.cookie()).send()
}

/// What came of one.
fn result(app: &TestApp, path: &str) -> Value {
    wait_until("it to end", || {
        let shown = app.read(path);
        match shown["state"].as_str() {
            Some("running") => Err(shown.to_string()),
            Some("done") => Ok(shown["result"].clone()),
            _ => panic!("{shown}"),
        }
    })
}

fn start(app: &TestApp, body: &Value) -> String {
    let answer = post(app, body).assert_status(202);
    let location = answer.header("location").expect("a location").to_owned();
    assert_eq!(answer.json()["state"], "running");
    location
}

fn simulate(app: &TestApp, model: &str, more: &[&str]) -> Finished {
    let file = app.data().join("draft.toml");
    std::fs::write(&file, model).expect("writes");
    let (data, file) = (app.data().display().to_string(), file.display().to_string());
    let command = ["simulate", &file, "--site", SITE, "--data", &data];
    mqlite(command.into_iter().chain(more.iter().copied()))
}

#[test]
fn who_would_leave_is_named_and_nothing_changes() {
    let app = TestApp::start();
    let key = jo(&app);
    app.wait_for_retention();
    let seen = |app: &TestApp| {
        let log = app.read("/api/v1/audit/log");
        let entries = log["total"].as_u64().expect("a number");
        (
            app.explanation(&key, "")["transitions"].clone(),
            app.report("&by=channel")["totals"].clone(),
            entries,
        )
    };
    let before = seen(&app);
    let path = start(&app, &json!({ "model": draft(61) }));
    let told = result(&app, &path);
    let mqls = &told["mqls"];
    assert_eq!(
        (&mqls["live"], &mqls["draft"], &mqls["leaving"]),
        (&json!(1), &json!(0), &json!(1)),
        "{told}"
    );
    assert_eq!(
        (&told["leaving"][0]["key"], &told["leaving"][0]["channel"]),
        (&json!(key), &json!("paid_search"))
    );
    let why = told["leaving"][0]["why"].as_str().unwrap_or_default();
    assert!(why.ends_with("1 more point: the total is 60, an MQL needs 61."), "{why}");
    assert_eq!(
        (&told["attribution"], &told["live_model"]["threshold"]),
        (&json!("first"), &json!(60)),
        "{told}"
    );
    let points = told["curve"]["points"].as_array().expect("points");
    let mqls_at: Vec<(&Value, &Value)> =
        points.iter().map(|point| (&point["threshold"], &point["mqls"])).collect();
    assert!(
        mqls_at.contains(&(&json!(60), &json!(1))) && mqls_at.contains(&(&json!(61), &json!(0))),
        "{mqls_at:?}"
    );
    let (transitions, totals, entries) = seen(&app);
    assert_eq!((&transitions, &totals), (&before.0, &before.1));
    // Leads were listed a moment ago: within an hour, that is one look.
    let looks = (app.entries("lead.viewed").len(), app.entries("leads.listed").len());
    assert_eq!((entries - before.2, looks), (1, (1, 1)), "nothing but the looks");
    assert_eq!(app.leads("")["leads"][0]["stage"], "mql");

    // Whoever was erased since is not named any more; what was counted stays.
    let data = app.data().display().to_string();
    mqlite(["erase", "--site", SITE, "--email", MAIL, "--yes", "--data", &data]).assert_ok();
    let later = result(&app, &path);
    assert_eq!((&later["leaving"], &later["mqls"]["leaving"]), (&json!([]), &json!(1)));
    delete(&app, &path).assert_status(204);
    app.look(&path).send().assert_problem(404);
    delete(&app, &path).assert_problem(404);
}

#[test]
fn what_is_wrong_is_said_before_anything_is_read() {
    let app = TestApp::start();
    let model = draft(60);
    for (body, pointer) in [
        (json!({}), "/model"),
        (json!({ "model": model, "hash": "0".repeat(64) }), "/model"),
        (json!({ "model": model.replacen("points = 35", "pionts = 35", 1) }), "/model"),
        (json!({ "hash": "abc" }), "/hash"),
        (json!({ "model": model, "from": "yesterday" }), "/from"),
        (json!({ "model": model, "from": "2026-02-02", "to": "2026-02-01" }), "/from"),
    ] {
        let problem = post(&app, &body).assert_problem(400);
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{}", problem.detail);
    }
    let problem =
        post(&app, &json!({ "model": model.replacen("points = 35", "pionts = 35", 1) })).assert_problem(400);
    assert!(
        problem.detail.contains("line ") && problem.detail.contains("unknown key `pionts`"),
        "{}",
        problem.detail
    );
    post(&app, &json!({ "hash": "0".repeat(64) })).assert_problem(404);
    app.look(&format!("/api/v1/models/simulations/7?site={SITE}")).send().assert_problem(404);
    app.look(&format!("/api/v1/models/simulations/x?site={SITE}")).send().assert_problem(404);
    let broken = simulate(&app, &model.replacen("points = 35", "pionts = 35", 1), &[]).assert_fails();
    assert!(broken.contains("unknown key `pionts`"), "{broken}");
    let nowhere =
        mqlite(["simulate", "default-b2b", "--site", SITE, "--data", "/nonexistent"]).assert_fails();
    assert!(nowhere.contains("--data DIR"), "{nowhere}");
}

#[test]
fn the_command_answers_beside_a_collector_in_words_json_and_csv() {
    let app = TestApp::start();
    let key = jo(&app);
    let text = simulate(&app, &draft(61), &[]).assert_ok();
    for words in [
        "against \"Default B2B\" (from 60), which is live on",
        "MQLs: 0 instead of 1. 0 enter, 1 leave;",
        "Paid Search",
        "Sales closed no lead in these days",
        "> ",
        &key,
        "1 more point: the total is 60, an MQL needs 61.",
        "Nothing was changed.",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert_eq!(app.entries("leads.listed").len(), 2, "the owner's, and that of whoever typed the command");
    let json: Value =
        serde_json::from_str(&simulate(&app, &draft(61), &["--format", "json"]).assert_ok()).expect("JSON");
    let path = start(&app, &json!({ "model": draft(61) }));
    assert_eq!(json, result(&app, &path), "as the API answers");
    let unnamed = simulate(&app, &draft(61), &["--leads", "0"]).assert_ok();
    assert!(!unnamed.contains(&key), "{unnamed}");
    let csv = simulate(&app, &draft(61), &["--format", "csv"]).assert_ok();
    assert!(csv.starts_with("threshold,own,mqls,mqls_per_week,share_of_leads,"), "{csv}");
    assert!(csv.contains("\n60,false,1,") && csv.contains("\n61,true,0,"), "{csv}");
    for (table, row) in [
        ("channels", "\npaid_search,1,0,0,1"),
        ("weeks", ",1,0,0,1"),
        ("rules", "\ndemo_request,"),
        ("leads", &format!("\nleaves,{key},paid_search,")),
    ] {
        let csv = simulate(&app, &draft(61), &["--format", "csv", "--table", table]).assert_ok();
        assert!(csv.contains(row), "{row} in {csv}");
    }
    let other = simulate(&app, &draft(61), &["--model", "saas-trial"]).assert_fails();
    assert!(other.contains("scores by another model"), "{other}");
    let early = simulate(&app, &draft(61), &["--from", "2020-01-01", "--to", "2020-01-31"]).assert_ok();
    assert!(early.contains("MQLs: 0 instead of 0"), "{early}");
    assert!(!app.data().join("shadow").join("simulation.db").exists());
}
