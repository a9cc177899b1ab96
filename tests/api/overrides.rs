//! What people say against scores, by API and by command. Promise: it counts at once and is a line of its own beside
//! the machine's score; nothing of it is ever deleted while the lead is there; it outlives a restart by another model;
//! and who waits for longer than the model allows is listed.

use mqlite_tests::{Answer, SITE, Setup, TestApp, event, mqlite, person, request, wait_until};
use serde_json::{Value, json};

const MAIL: &str = "jo@acme.com";

/// Jo, who did a little: no MQL. Answers the key.
fn jo(app: &TestApp) -> String {
    let little = event("form_submit", "/contact").identify(MAIL, person("Acme"), true);
    app.send_all(&[little]).assert_status(202);
    let lead = app.wait_for_lead("Acme", |lead| lead["score"]["total"] == 10);
    lead["key"].as_str().expect("a key").to_owned()
}

/// RFC 3339, so many days from now.
fn in_days(days: i64) -> String {
    let then = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    then.to_string()
}

fn path(key: &str) -> String {
    format!("/api/v1/leads/{key}/overrides?site={SITE}")
}

fn give(app: &TestApp, key: &str, body: &Value) -> Answer {
    app.post_json(&path(key), body).header("cookie", app.cookie()).send()
}

fn end(app: &TestApp, key: &str, id: &str) -> Answer {
    let url = app.url(&format!("/api/v1/leads/{key}/overrides/{id}?site={SITE}"));
    request("DELETE", url).header("cookie", app.cookie()).send()
}

fn listed(app: &TestApp, key: &str) -> Vec<Value> {
    app.read(&path(key))["overrides"].as_array().expect("a list").clone()
}

fn sum(explanation: &Value) -> f64 {
    explanation["lines"].as_array().expect("lines").iter().filter_map(|line| line["points"].as_f64()).sum()
}

#[test]
fn points_count_at_once_beside_the_machines_score() {
    let app = TestApp::start();
    let key = jo(&app);
    let body = json!({ "effect": "engagement", "points": 60, "until": in_days(30), "reason": "met, call jo@acme.com" });
    let given = give(&app, &key, &body).assert_status(201).json();
    assert_eq!((&given["override"]["id"], &given["stage"]), (&json!(1), &json!("mql")), "{given}");
    assert_eq!(given["score"]["total"], 70);
    let explanation = app.explanation(&key, "");
    assert_eq!(
        (&explanation["score"]["total"], &explanation["machine_score"]["total"]),
        (&json!(70), &json!(10))
    );
    assert!((sum(&explanation) - 70.0).abs() < 0.001, "{explanation}");
    let lines = explanation["lines"].as_array().expect("lines");
    let line = lines.iter().find(|line| line["kind"] == "override").expect("a line of its own");
    assert_eq!((&line["label"], &line["axis"]), (&json!("Override by the owner"), &json!("engagement")));
    let reason = line["detail"].as_str().expect("a reason");
    assert!(reason.contains(": met, call ") && !reason.contains("jo@"), "{reason}");
    let falls = explanation["exit"]["falls_at"].as_str().expect("falls out when it expires");
    assert!(falls < in_days(31).as_str() && falls > in_days(29).as_str(), "{falls}");
    let before = app.explanation(&key, "&as_of=2026-01-01T00:00:00Z");
    assert!(before["lines"].as_array().is_some_and(Vec::is_empty), "{before}");
    let hold = json!({ "effect": "hold", "until": in_days(1), "reason": "their budget is frozen" });
    assert_eq!(give(&app, &key, &hold).assert_status(201).json()["stage"], "lead");
    let held = app.explanation(&key, "");
    let missing = held["missing"][0].as_str().expect("says what is missing");
    assert!(missing.starts_with("Held back by the owner") && missing.contains("frozen"), "{missing}");
    let ended = end(&app, &key, "2").assert_status(200).json();
    assert_eq!(
        (&ended["override"]["ended_by"], &ended["override"]["counts"]),
        (&json!("owner"), &json!(false))
    );
    end(&app, &key, "2").assert_problem(409);
    end(&app, &key, "3").assert_problem(404);
    end(&app, &key, "first").assert_problem(400);
    let kept = listed(&app, &key);
    assert_eq!(kept.len(), 2, "what was ended stays to be read");
    assert_eq!((&kept[0]["points"], &kept[0]["counts"]), (&json!(60), &json!(true)));
    for (action, total) in [("lead.override_given", 2), ("lead.override_ended", 1)] {
        let log = app.read(&format!("/api/v1/audit/log?action={action}&site={SITE}"));
        assert_eq!(log["total"], total, "{log}");
        assert!(!log.to_string().contains("frozen"), "no reason in the log");
    }
}

#[test]
fn what_cannot_be_said_is_refused_with_its_place() {
    let app = TestApp::start();
    let key = jo(&app);
    let good = json!({ "effect": "fit", "points": 5, "until": in_days(9), "reason": "so" });
    app.post_json(&path(&key), &good).send().assert_problem(401);
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, pointer) in [
        (with("effect", json!("total")), "/effect"),
        (with("effect", json!("hold")), "/effect"),
        (with("points", json!(101)), "/points"),
        (with("points", json!(0)), "/points"),
        (with("points", json!(null)), "/points"),
        (with("until", json!("tomorrow")), "/until"),
        (with("until", json!("2020-01-01T00:00:00Z")), "/until"),
        (with("until", json!(in_days(366))), "/until"),
        (with("reason", json!("  ")), "/reason"),
    ] {
        let problem = give(&app, &key, &body).assert_problem(400);
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{body}: {}", problem.detail);
    }
    give(&app, &key, &with("points", json!(1.5))).assert_problem(400);
    give(&app, &key, &with("by", json!("me"))).assert_problem(400);
    give(&app, &"0".repeat(32), &good).assert_problem(404);
    assert!(listed(&app, &key).is_empty(), "nothing of it was kept");
}

#[test]
fn the_command_does_the_same_and_a_restart_by_another_model_keeps_it() {
    let mut app = TestApp::start();
    let key = jo(&app);
    let data = app.data().display().to_string();
    let command = |rest: &[&str]| {
        let head = ["lead"].into_iter().chain(rest.iter().copied());
        mqlite(head.chain(["--site", SITE, "--data", &data]))
    };
    let until = &in_days(20)[..10];
    let given = command(&["override", "--key", &key, "--fit", "-4", "--until", until, "--reason", "a hobby"]);
    let said = given.assert_ok();
    assert!(
        said.contains("Override 1 is given: -4 points of fit.") && said.contains("The lead is lead with"),
        "{said}"
    );
    let qualified =
        command(&["override", "--key", &key, "--qualify", "--until", until, "--reason", "they called"]);
    assert!(qualified.assert_ok().contains("The lead is mql"));
    let wrong = command(&["override", "--key", &key, "--hold", "--until", "2020-01-01", "--reason", "x"])
        .assert_fails();
    assert!(wrong.contains("--until: a moment that is to come"), "{wrong}");
    let list = command(&["overrides", "--key", &key]).assert_ok();
    assert!(list.contains("1  -4 points of fit") && list.contains("by the operator: they called"), "{list}");
    app.stop();
    std::fs::write(app.data().join("mqlite.toml"), "model = \"saas-trial\"\n").expect("writes");
    app.restart();
    // The other model gives 8 points of fit, 4 once the sweep has come to the override: the score tells which made it.
    let by_other = |lead: &Value| lead["score"]["fit"] == 8 || lead["score"]["fit"] == 4;
    let lead = app.wait_for_lead("Acme", by_other);
    assert_eq!(lead["key"], key.as_str());
    assert_eq!(listed(&app, &key).len(), 2);
    let explanation = app.explanation(&key, "");
    assert_eq!((&explanation["score"]["fit"], &explanation["qualifies"]), (&json!(4), &json!(true)));
    // What the sweep has not come to by then, the next word of somebody does, at its own moment.
    let ended = command(&["override", "--key", &key, "--end", "1"]).assert_ok();
    assert!(
        ended.contains("Override 1 is ended: -4 points of fit.") && ended.contains("The lead is mql"),
        "{ended}"
    );
}

#[test]
fn a_person_is_handed_what_was_said_of_them_and_erasure_takes_it_along() {
    let app = TestApp::start();
    let key = jo(&app);
    let body = json!({ "effect": "fit", "points": 3, "until": in_days(9), "reason": "a remark of theirs" });
    give(&app, &key, &body).assert_status(201);
    let data = app.data().display().to_string();
    let of_jo = |command: &[&str]| {
        let rest = ["--site", SITE, "--key", &key, "--data", &data];
        mqlite(command.iter().copied().chain(rest)).assert_ok()
    };
    let document: Value = serde_json::from_str(&of_jo(&["export", "person"])).expect("is JSON");
    assert_eq!(document["scoring"]["overrides"][0]["reason"], "a remark of theirs");
    assert_eq!(document["scoring"]["machine_score"]["total"], 10);
    let csv = of_jo(&["export", "person", "--format", "csv"]);
    assert!(csv.contains("\"override\"") && csv.contains("a remark of theirs"), "{csv}");
    let found = of_jo(&["find"]);
    assert!(found.contains("overrides                     1"), "{found}");
    let erased = of_jo(&["erase", "--yes"]);
    assert!(erased.contains("overrides                     1"), "{erased}");
    app.get(&path(&key)).header("cookie", app.cookie()).send().assert_problem(404);
}

/// Ninety days of the demo hold many whom nobody took up.
#[test]
fn who_waits_for_too_long_is_listed_longest_first() {
    let app = Setup::default().demo().start();
    let site = "demo.example";
    let of = |more: &str| {
        app.get(&format!("/api/v1/leads/overdue?site={site}{more}")).send().assert_status(200).json()
    };
    let all = wait_until("leads that wait", || {
        let page = of("&limit=200");
        if page["total"] == 0 { Err(page.to_string()) } else { Ok(page) }
    });
    assert_eq!((&all["clock"], &all["limits"][0]["limit_hours"]), (&json!("wall"), &json!(24)));
    let leads = all["leads"].as_array().expect("leads");
    let hours: Vec<i64> = leads.iter().map(|lead| lead["overdue_hours"].as_i64().expect("hours")).collect();
    assert!(hours.iter().all(|hours| *hours >= 0) && hours.is_sorted_by(|a, b| a >= b), "{hours:?}");
    for lead in leads {
        assert!(["mql", "sal", "sql"].contains(&lead["stage"].as_str().expect("a stage")), "{lead}");
        assert!(
            lead["channel"].is_string() && lead["grade"].is_string() && lead["score"]["total"].is_number()
        );
        assert!(lead["due_at"].as_str() > lead["stage_since"].as_str(), "{lead}");
    }
    let (first, key) = (of("&limit=1"), leads[0]["key"].as_str().expect("a key"));
    assert_eq!((&first["leads"][0]["key"], &first["total"]), (&json!(key), &all["total"]));
    let next = first["next"].as_str().expect("more");
    assert_eq!(of(&format!("&limit=1&cursor={next}"))["leads"][0]["key"], leads[1]["key"]);
    app.get(&format!("/api/v1/leads/overdue?site={site}&cursor=x")).send().assert_problem(400);
    let explained = app.get(&format!("/api/v1/leads/{key}/explanation?site={site}")).send().json();
    assert_eq!(
        (&explained["sla"]["overdue"], &explained["sla"]["limit_hours"]),
        (&json!(true), &leads[0]["limit_hours"])
    );
    let log = app.get("/api/v1/audit/log?action=leads.listed").send().json();
    assert_ne!(log["total"], 0, "{log}");
    // Accepted by sales, it waits no longer; restricted, it is not listed.
    let body = json!({ "from": "mql", "to": "sal" });
    app.post_json(&format!("/api/v1/leads/{key}/stage?site={site}"), &body).send().assert_status(200);
    assert_ne!(of("&limit=1")["leads"][0]["key"], key);
    let second = leads[1]["key"].as_str().expect("a key");
    let restrict = json!({ "site": site, "key": second, "restricted": true, "dry_run": false });
    app.post_json("/api/v1/privacy/restrict", &restrict).send().assert_status(200);
    let rest = of("&limit=200");
    assert!(!rest.to_string().contains(second), "who asked for it is left alone");
    let told =
        mqlite(["lead", "overdue", "--site", site, "--data", &app.data().display().to_string()]).assert_ok();
    assert!(told.contains("mql 24 hours, sal 7 days, sql 60 days; nights and Sundays count"), "{told}");
    assert!(told.contains(rest["leads"][0]["key"].as_str().expect("a key")), "{told}");
    assert!(!told.contains(second));
}
