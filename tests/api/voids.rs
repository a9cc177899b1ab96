//! Voiding what came from an attack. Promise: a dry run says what goes and changes nothing; what is voided is in no
//! list and no report, whoever is killed in the middle; it is taken back whole; and all of it stands in the audit log.

use mqlite_tests::{
    SITE, Setup, TestApp, mqlite, pageview, request, sixty_points, wait_until, zone_where_it_is,
};
use serde_json::{Value, json};

const ARRIVAL: &str = "?utm_source=rival&utm_medium=referral";

fn ask(app: &TestApp, body: &Value) -> mqlite_tests::Request {
    app.post_json(&format!("/api/v1/voids?site={SITE}"), body).header("cookie", app.cookie())
}

fn voids(app: &TestApp) -> Value {
    app.read(&format!("/api/v1/voids?site={SITE}"))["voids"].clone()
}

fn undo(app: &TestApp, no: &str) -> mqlite_tests::Request {
    request("DELETE", app.url(&format!("/api/v1/voids/{no}?site={SITE}"))).header("cookie", app.cookie())
}

fn wait_for(app: &TestApp, state: &str) {
    wait_until(&format!("the void to be {state}"), || {
        let newest = voids(app)[0].clone();
        if newest["state"] == state { Ok(()) } else { Err(newest.to_string()) }
    });
}

fn companies(app: &TestApp) -> Vec<String> {
    let leads = app.leads("&limit=200");
    let leads = leads["leads"].as_array().expect("leads");
    let mut names: Vec<_> =
        leads.iter().map(|lead| lead["attributes"]["company"].as_str().expect("a name").to_owned()).collect();
    names.sort();
    names
}

fn mqls(app: &TestApp) -> Value {
    app.report("")["totals"]["mqls"].clone()
}

/// One who was there, and three that a rival made up, who never stop at one page.
fn attacked(app: &TestApp) {
    app.send_all_from("192.0.2.1", &sixty_points("", "jo@acme.com", "Acme")).assert_stored();
    for number in 0..3 {
        let from = format!("198.51.{number}.7");
        let events = sixty_points(ARRIVAL, &format!("a@fake-{number}.com"), &format!("Fake {number}"));
        app.send_all_from(&from, &events).assert_stored();
    }
    for name in ["Acme", "Fake 0", "Fake 1", "Fake 2"] {
        app.wait_for_lead(name, |lead| lead["stage"] == "mql");
    }
}

/// Whatever happened by now, from that source.
fn selection(app: &TestApp) -> Value {
    json!({
        "from": "2026-01-01T00:00:00Z", "to": now(app), "only": { "source": "rival" },
        "reason": "made up, by jo@acme.com",
    })
}

/// The collector's clock, as it says itself to whoever asks for what is yet to come.
fn now(app: &TestApp) -> String {
    let future = json!({ "from": "2026-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z", "dry_run": true });
    let refused = ask(app, &future).send().assert_problem(400);
    refused.detail.rsplit(' ').next().expect("a moment").to_owned()
}

#[test]
fn an_attack_is_taken_out_and_taken_back() {
    let mut app = TestApp::start();
    attacked(&app);
    let all = ["Acme", "Fake 0", "Fake 1", "Fake 2"];
    let wanted = selection(&app);
    let mut dry = wanted.clone();
    dry["dry_run"] = json!(true);
    let picked = ask(&app, &dry).send().assert_status(200).json()["picked"].clone();
    assert_eq!(picked["leads"], json!({ "go": 3, "scored_anew": 0 }), "{picked}");
    assert_eq!(companies(&app), all, "a dry run changes nothing");
    assert_eq!((voids(&app), mqls(&app)), (json!([]), json!(4)));

    let asked = ask(&app, &wanted).send().assert_status(202).json();
    assert_eq!(asked["picked"]["mqls"], json!({ "go": 3, "scored_anew": 0 }), "{asked}");
    assert_eq!(asked["picked"]["visitors"], 3, "{asked}");
    assert_eq!(asked["void"]["publication"]["void"], asked["void"]["void"], "{asked}");
    app.kill9();
    app.restart();
    wait_for(&app, "in_force");
    assert_eq!(companies(&app), ["Acme"]);
    assert_eq!(mqls(&app), 1);
    let void = &voids(&app)[0];
    assert_eq!(
        (&void["publication"]["left"], &void["only"]),
        (&json!(3), &json!({ "source": "rival" })),
        "{void}"
    );
    assert!(
        !void["reason"].as_str().expect("a reason").contains("jo@acme.com"),
        "searched for personal data: {void}"
    );
    let told = app.read(&format!("/api/v1/voids/leads?site={SITE}"));
    let told = told["leads"].as_array().expect("leads");
    assert_eq!(told.len(), 3, "what sales was told stays readable");
    assert!(told.iter().all(|lead| lead["told"][0]["to"] == "mql" && lead["said"] == json!([])), "{told:?}");
    // What comes now counts.
    app.send_all_from("198.51.9.7", &sixty_points(ARRIVAL, "a@real.com", "Real")).assert_stored();
    app.wait_for_lead("Real", |lead| lead["stage"] == "mql");

    let no = void["void"].to_string();
    undo(&app, &no).send().assert_status(202);
    wait_for(&app, "undone");
    assert_eq!(companies(&app).len(), 5);
    assert_eq!(mqls(&app), 5);
    undo(&app, &no).send().assert_problem(409);
    for (action, role) in [
        ("void.asked", "owner"),
        ("void.done", "owner"),
        ("void.undo_asked", "owner"),
        ("void.undone", "owner"),
    ] {
        let entries = app.entries(action);
        assert_eq!((entries.len(), &entries[0]["role"]), (1, &json!(role)), "{action}");
    }
    assert_eq!(app.entries("void.asked")[0]["details"]["events"], asked["picked"]["events"]);
    mqlite(["audit", "verify", "--data", &app.data().display().to_string()]).assert_ok();
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let app = TestApp::start();
    app.send_all(&[pageview("/a")]).assert_stored();
    let with = |key: &str, value: Value| {
        let mut body = json!({ "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z" });
        body[key] = value;
        ask(&app, &body).send()
    };
    assert_eq!(with("to", json!("2999-01-01T00:00:00Z")).assert_problem(400).pointer.as_deref(), Some("/to"));
    let path = with("only", json!({ "path": "demo" })).assert_problem(400);
    assert_eq!(path.pointer.as_deref(), Some("/only/path"));
    let nothing = with("reason", json!("so")).assert_problem(400);
    assert!(nothing.detail.contains("no stored event"), "{}", nothing.detail);
    with("only", json!({ "address": "192.0.2.1" })).assert_problem(400);
    undo(&app, "7").send().assert_problem(404);
    undo(&app, "x").send().assert_problem(404);
}

#[test]
fn by_command_beside_a_collector_and_without_one() {
    let mut app = TestApp::start();
    attacked(&app);
    let data = app.data().display().to_string();
    let of = ["--site", SITE, "--data", &data];
    let time = ["--from", "2026-01-01", "--to", &now(&app), "--source", "RIVAL"].map(str::to_owned);
    let void = |more: &[&str]| {
        let time = time.iter().map(String::as_str);
        mqlite(["void"].into_iter().chain(time).chain(more.iter().copied()).chain(of))
    };
    let key = app.leads("&limit=9")["leads"].as_array().expect("leads").iter().find_map(|lead| {
        (lead["attributes"]["company"] == "Fake 0").then(|| lead["key"].as_str().expect("a key").to_owned())
    });
    let stage = format!("/api/v1/leads/{}/stage?site={SITE}", key.expect("it is there"));
    app.post_json(&stage, &json!({ "to": "sal", "from": "mql" }))
        .header("cookie", app.cookie())
        .send()
        .assert_status(200);
    let dry = void(&["--dry-run"]).assert_ok();
    assert!(dry.contains("Referral") && dry.contains("3 leads go, 3 of them MQLs"), "{dry}");
    let refused = void(&["--reason", "made up"]).assert_fails();
    assert!(refused.contains("--worked-on"), "{refused}");
    let done = void(&["--reason", "made up", "--worked-on", "--wait"]).assert_ok();
    assert!(done.contains("Void 1 is in force: 3 leads that were MQLs are none any more"), "{done}");
    assert_eq!(companies(&app), ["Acme"]);
    let listed = mqlite(["voids"].into_iter().chain(of)).assert_ok();
    assert!(listed.contains("in_force") && listed.contains("made up"), "{listed}");
    let leads = mqlite(["voids", "--leads"].into_iter().chain(of)).assert_ok();
    assert!(leads.contains("said: mql to sal"), "{leads}");
    app.stop();
    let undone = mqlite(["void", "undo", "1"].into_iter().chain(of)).assert_ok();
    assert!(undone.contains("Void 1 is taken back: 3 leads are MQLs again"), "{undone}");
    let again = mqlite(["void", "undo", "1"].into_iter().chain(of)).assert_fails();
    assert!(again.contains("it is undone"), "{again}");
    app.restart();
    assert_eq!(companies(&app).len(), 4);
}

#[test]
fn a_flood_is_marked() {
    // At noon, so that all of it is of one day.
    let zone = zone_where_it_is(12);
    let app = Setup::default().without_sites().site(&[SITE, "--time-zone", &zone]).start();
    let quiet = app.read(&format!("/api/v1/anomalies?site={SITE}"));
    assert_eq!(quiet["anomalies"], json!([]), "{quiet}");
    assert!(
        quiet["rule"].as_str().is_some_and(|rule| rule.contains("4 times the median of the 28 days before"))
    );
    // More leads than a channel has visits to explain: every one of them is one.
    for number in 0..21 {
        let events = [
            pageview(&format!("/{ARRIVAL}")),
            sixty_points("", &format!("a@fake-{number}.com"), "F").remove(6),
        ];
        app.send_all_from(&format!("198.51.{number}.7"), &events).assert_stored();
    }
    let path = format!("/api/v1/anomalies?site={SITE}");
    let marked = wait_until("the flood to be marked", || {
        let now = app.read(&path);
        let found = now["anomalies"].as_array().and_then(|all| all.first()).cloned();
        found.filter(|found| found["value"] == 21).ok_or_else(|| now.to_string())
    });
    assert_eq!(
        (&marked["what"], &marked["channel"]),
        (&json!("leads_of_visits"), &json!("referral")),
        "{marked}"
    );
    let command = marked["command"].as_str().expect("a command");
    let day = marked["day"].as_str().expect("a day");
    assert_eq!(
        command,
        format!("mqlite void --site {SITE} --from {day} --to {day} --channel referral --dry-run")
    );
    let folder = app.data().display().to_string();
    let said = mqlite(["anomalies", "--site", SITE, "--data", &folder]).assert_ok();
    assert!(said.contains("Referral: 21 new leads on") && said.contains(command), "{said}");
    // What it says can be typed, on the day itself.
    let typed = command.split(' ').skip(1).chain(["--data", &folder]);
    let dry = mqlite(typed).assert_ok();
    assert!(dry.contains("Nothing was changed: this was a dry run."), "{dry}");
    app.look(&format!("/api/v1/anomalies?site={SITE}&from=x")).send().assert_problem(400);
}
