//! A person's rights by page and by command. Promise: what somebody asks for is done, counted, recorded and
//! honoured by every event that comes afterwards; what cannot be done is said.

use mqlite_tests::{
    Answer, SITE, Setup, TestApp, address_hash, event, mqlite, mqlite_fed, pageview, person, sixty_points,
    wait_until,
};
use serde_json::{Value, json};

const MAIL: &str = "jo@acme.com";

fn ask(app: &TestApp, act: &str, body: &Value) -> Answer {
    app.post_json(&format!("/api/v1/privacy/{act}"), body).header("cookie", app.cookie()).send()
}

fn jo() -> Value {
    json!({ "site": SITE, "email": MAIL })
}

fn with(mut body: Value, key: &str, value: impl Into<Value>) -> Value {
    body[key] = value.into();
    body
}

fn acme(app: &TestApp) {
    app.send_all(&sixty_points("?utm_source=google&utm_medium=cpc", MAIL, "Acme")).assert_status(202);
    app.wait_for_lead("Acme", |lead| lead["stage"] == "mql" && lead["score"]["total"] == 60);
}

/// `mqlite ARGUMENTS --data DIR` beside the collector.
fn command(app: &TestApp, arguments: &[&str]) -> mqlite_tests::Finished {
    let data = app.data().display().to_string();
    mqlite(arguments.iter().copied().chain(["--data", &data]))
}

/// Sends a form and answers the event as it was stored.
fn form(app: &TestApp, ticked: bool, consent: &Value) -> Value {
    let form =
        event("form_submit", "/again").with("c", consent.clone()).identify(MAIL, person("Acme"), ticked);
    app.send(&form).assert_stored();
    app.export().into_iter().find(|event| event["id"] == form.id()).unwrap_or_default()
}

fn entries(app: &TestApp, action: &str) -> Vec<(String, Option<String>, String)> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let ledger = rusqlite::Connection::open_with_flags(app.data().join("ledger.db"), flags).expect("opens");
    let sql = "SELECT role, subject, details FROM audit WHERE action = ?1 ORDER BY seq";
    let mut statement = ledger.prepare(sql).expect("a table");
    let rows =
        statement.query_map([action], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("rows");
    rows.map(|row| row.expect("a row")).collect()
}

#[test]
fn everybody_else_is_shown_the_door() {
    let app = TestApp::start();
    for act in ["find", "export", "restrict", "withdraw", "erase"] {
        app.post_json(&format!("/api/v1/privacy/{act}"), &jo()).send().assert_problem(401);
    }
}

#[test]
fn one_address_is_read_from_standard_input() {
    let app = TestApp::start();
    let data = app.data().display().to_string();
    let find = ["find", "--site", SITE, "--email", "-", "--data", &data];
    for (fed, said) in [
        (format!("{MAIL}\r\n"), "nothing is held"),
        (format!("{MAIL}\nanother@acme.com\n"), "more than one"),
        (format!("{MAIL}{}", " ".repeat(2_000)), "more than one"),
    ] {
        let finished = mqlite_fed(&fed, find);
        assert!(finished.stderr.contains(said) && !finished.stderr.contains(MAIL), "{finished:?}");
    }
}

#[test]
fn a_wrong_request_names_the_field_and_never_the_address() {
    let app = TestApp::start();
    let cases = [
        ("find", json!({ "site": SITE }), ""),
        ("find", with(jo(), "key", "00"), ""),
        ("find", json!({ "email": MAIL }), ""),
        ("find", with(jo(), "site", "not a site"), "/site"),
        ("find", with(jo(), "adress", MAIL), "/adress"),
        ("find", with(jo(), MAIL, 1), ""),
        ("find", with(jo(), "site", MAIL), "/site"),
        ("export", with(jo(), "format", MAIL), "/format"),
        ("find", json!({ "site": SITE, "email": [MAIL] }), "/email"),
        ("find", json!({ "site": SITE, "email": "jo" }), "/email"),
        ("find", json!({ "site": SITE, "email_hash": MAIL }), "/email_hash"),
        ("find", json!({ "site": SITE, "key": MAIL }), "/key"),
        ("find", json!({ "site": SITE, "token": MAIL }), "/token"),
        ("find", with(jo(), "dry_run", true), "/dry_run"),
        ("export", with(jo(), "format", "xml"), "/format"),
        ("restrict", jo(), ""),
        ("restrict", with(jo(), "restricted", "yes"), "/restricted"),
        ("erase", with(jo(), "dry_run", MAIL), "/dry_run"),
    ];
    for (act, body, pointer) in cases {
        let answer = ask(&app, act, &body);
        // Nor in the form that a pointer would give it, with other separators.
        let start = MAIL.split('.').next().expect("a name");
        assert!(!answer.text().contains(start), "{body}: {}", answer.text());
        let problem = answer.assert_problem(400);
        assert_eq!(problem.pointer.as_deref().unwrap_or_default(), pointer, "{body}");
    }
    ask(&app, "find", &with(jo(), "site", "example.org")).assert_problem(404);
    let found = ask(&app, "find", &jo()).assert_status(200).json();
    assert_eq!(
        (&found["found"], &found["key"], &found["token"]),
        (&json!(false), &Value::Null, &Value::Null)
    );
    for act in ["export", "withdraw", "erase"] {
        ask(&app, act, &jo()).assert_problem(404);
    }
    ask(&app, "restrict", &with(jo(), "restricted", true)).assert_problem(404);
    assert!(!app.log().contains(MAIL));
}

#[test]
fn somebody_is_found_by_any_of_four_names_and_that_is_recorded() {
    let app = TestApp::start();
    acme(&app);
    let found = ask(&app, "find", &jo()).assert_status(200).json();
    assert_eq!(
        (&found["found"], &found["stage"], &found["restricted"], &found["withdrawn"]),
        (&json!(true), &json!("mql"), &json!(false), &json!(false))
    );
    assert_eq!(found["counts"]["events"], 1);
    assert_eq!(found["counts"]["same_pseudonym_events"], 9);
    assert_eq!((&found["counts"]["transitions"], &found["counts"]["visits"]), (&json!(1), &json!(1)));
    let names = [
        json!({ "site": SITE, "email": " JO@Acme.com " }),
        json!({ "site": SITE, "email_hash": address_hash(MAIL) }),
        json!({ "site": SITE, "key": found["key"] }),
        json!({ "site": SITE, "token": found["token"] }),
    ];
    for name in &names {
        let again = ask(&app, "find", name).assert_status(200).json();
        assert_eq!((&again["key"], &again["reference"]), (&found["key"], &found["reference"]));
    }
    let again = ask(&app, "find", &jo()).assert_status(200).json();
    assert_eq!(again["counts"]["audit_entries"], 6);
    let recorded = entries(&app, "person.found");
    let reference = found["reference"].as_str().map(str::to_owned);
    assert!(
        recorded.iter().all(|(role, subject, _)| role == "owner" && *subject == reference),
        "{recorded:?}"
    );
    let printed =
        command(&app, &["find", "--site", SITE, "--key", found["key"].as_str().expect("a key")]).assert_ok();
    assert!(printed.contains("mql") && printed.contains("same pseudonym events"), "{printed}");
    assert_eq!(
        entries(&app, "person.found").last().map(|entry| entry.0.clone()),
        Some("operator".to_owned())
    );
}

#[test]
fn an_export_is_for_a_person_to_read() {
    let app = TestApp::start();
    acme(&app);
    let json = ask(&app, "export", &with(jo(), "format", "json")).assert_status(200);
    assert!(json.header("content-disposition").is_some_and(|value| value.contains(".json")));
    let document = json.json();
    assert_eq!(document["events"].as_array().map(Vec::len), Some(10));
    assert_eq!(document["profile"]["fields"]["company"], "Acme");
    assert_eq!(document["scoring"]["decisions"][0]["to"], "mql");
    let what_if = document["scoring"]["what_if"].to_string();
    assert!(
        what_if.contains("the score would be 40 instead of 60; that would not have been enough"),
        "{what_if}"
    );
    let csv = ask(&app, "export", &with(jo(), "format", "csv")).assert_status(200);
    assert!(csv.header("content-type").is_some_and(|value| value.starts_with("text/csv")));
    assert!(csv.text().contains("looked at the page /blog/a"), "{}", csv.text());
    let printed =
        command(&app, &["export", "person", "--site", SITE, "--email", MAIL, "--format", "csv"]).assert_ok();
    assert!(printed.contains("looked at the page /blog/a"));
    assert_eq!(entries(&app, "person.exported").len(), 3);
    // Whoever has got it is named when they are to be forgotten.
    let dry = ask(&app, "erase", &with(jo(), "dry_run", true)).assert_status(200).json();
    let exports =
        dry["cannot_reach"].as_array().expect("a list").iter().filter(|item| item["what"] == "export");
    assert_eq!(exports.count(), 3, "{dry}");
}

#[test]
fn who_is_restricted_is_kept_and_nothing_is_done_with_it() {
    let app = TestApp::start();
    acme(&app);
    let key = app.wait_for_lead("Acme", |_| true)["key"].as_str().expect("a key").to_owned();
    let before = app.report("&compare=none")["totals"].clone();
    let done = ask(&app, "restrict", &with(jo(), "restricted", true)).assert_status(200).json();
    assert_eq!(done["action"], "person.restricted");
    assert!(done["receipt"]["entry"]["hash"].is_string(), "{done}");
    let gone = app.look(&format!("/api/v1/leads/{key}?site={SITE}")).send().assert_problem(404);
    assert!(gone.detail.contains("restricted"), "{}", gone.detail);
    app.look(&format!("/api/v1/leads/{key}/explanation?site={SITE}")).send().assert_problem(404);
    assert_eq!(app.leads("")["total"], 0);
    assert_eq!(app.report("&compare=none")["totals"], before, "counts stay");
    assert!(app.export().iter().all(|event| event["lead"].is_null()), "its events are in no export");

    // A stranger who knows their address and asks what would be is told what is told of anybody.
    let ask_what_would_be = |mail: &str| {
        let form = event("demo_request", "/demo").identify(mail, json!({}), true);
        let url = app.url("/api/event?dry-run=1");
        let dry = mqlite_tests::request("POST", url).header("user-agent", mqlite_tests::FIREFOX);
        let said = dry.body(form.body()).send().assert_status(200).json();
        (said["outcomes"].clone(), said["stored"][0]["rung"].clone())
    };
    assert_eq!(ask_what_would_be(MAIL), ask_what_would_be("nobody@nowhere.example"));

    let stored = form(&app, true, &json!({ "m": 1, "q": 1, "s": "tag" }));
    assert_eq!(
        (&stored["lead"], &stored["attributes"], &stored["rung"]),
        (&Value::Null, &json!({}), &json!("measured"))
    );
    assert_eq!(app.outcomes().get("identity_restricted"), Some(&1));
    let found = ask(&app, "find", &jo()).assert_status(200).json();
    assert_eq!((&found["restricted"], &found["counts"]["events"]), (&json!(true), &json!(1)));

    command(&app, &["restrict", "--site", SITE, "--email", MAIL, "--lift"]).assert_ok();
    assert_eq!(app.leads("")["total"], 1);
    wait_until("the collector to see it", || {
        let stored = form(&app, true, &json!({ "m": 1 }));
        stored["lead"].as_str().map(str::to_owned).ok_or_else(|| stored.to_string())
    });
}

#[test]
fn after_a_withdrawal_only_a_box_ticked_anew_qualifies() {
    let app = Setup::default().site(&[SITE, "--form-basis", "contract"]).start();
    acme(&app);
    let dry = command(&app, &["withdraw", "--site", SITE, "--email", MAIL]);
    assert!(dry.stdout.contains("nothing was changed"), "{dry:?}");
    assert!(dry.assert_fails().contains("--yes"));
    assert_eq!(ask(&app, "find", &jo()).json()["withdrawn"], json!(false));
    let done = ask(&app, "withdraw", &jo()).assert_status(200).json();
    assert_eq!((&done["counts"]["leads"], &done["counts"]["events"]), (&json!(1), &json!(1)), "{done}");
    assert_eq!(app.leads("")["total"], 0);
    let found = ask(&app, "find", &jo()).assert_status(200).json();
    assert_eq!((&found["withdrawn"], &found["counts"]["events"]), (&json!(true), &json!(0)));

    for consent in [json!({ "m": 1, "q": 1, "s": "tag" }), json!({})] {
        let stored = form(&app, false, &consent);
        assert_eq!(stored["lead"], Value::Null, "neither the page nor the operator decides it: {stored}");
    }
    assert_eq!(app.outcomes().get("identity_restricted"), Some(&2));
    let stored = form(&app, true, &json!({ "m": 1, "q": 1, "s": "tag" }));
    assert_eq!((&stored["lead"], &stored["signal"]), (&found["key"], &json!("form")));
    app.wait_for_lead("Acme", |lead| lead["stage"] == "lead");
    assert_eq!(ask(&app, "find", &jo()).json()["withdrawn"], json!(false), "the box has ended it");
}

#[test]
fn what_rests_on_the_operators_basis_stays_after_a_withdrawal() {
    let app = Setup::default().site(&[SITE, "--form-basis", "contract"]).start();
    let stored = form(&app, false, &json!({}));
    assert_eq!(stored["signal"], "policy");
    acme(&app);
    ask(&app, "withdraw", &jo()).assert_status(200);
    let lead = app.wait_for_lead("Acme", |_| true);
    assert_eq!((&lead["stage"], &lead["score"]["total"]), (&json!("lead"), &json!(10)));
    let left = app.export();
    assert_eq!((left.len(), &left[0]["signal"], &left[0]["visitor"]), (1, &json!("policy"), &Value::Null));
    let report = app.report("&compare=none");
    assert_eq!((&report["totals"]["leads"], &report["totals"]["mqls"]), (&json!(1), &json!(0)), "{report}");
}

#[test]
fn a_visitor_who_left_and_came_back_is_not_known_again() {
    let app = TestApp::start();
    acme(&app);
    let printed = command(&app, &["erase", "--site", SITE, "--email", MAIL, "--yes"]).assert_ok();
    assert!(printed.contains("The receipt") && printed.contains("Not reached"), "{printed}");
    app.send(&pageview("/pricing").from_within()).assert_stored();
    app.send(&event("form_submit", "/contact").identify("al@other.com", person("Other"), true))
        .assert_stored();
    let other = app.wait_for_lead("Other", |_| true);
    assert_ne!(other["stage"], "mql");
    assert_eq!(app.leads("")["total"], 1);
    assert_eq!(ask(&app, "find", &jo()).json()["found"], false);
}
