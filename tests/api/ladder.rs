//! The consent ladder from outside. Promise: the table is one, wherever it is shown; what a page may not raise
//! is capped and counted; counts by day say how far consent went, and what was not seen.

use mqlite_tests::{SITE, Setup, TestApp, event, mqlite, pageview, person, zone_where_it_is};
use serde_json::{Value, json};

const GUARDED: [&str; 2] = ["/api/v1/audit/ladder", "/api/v1/audit/consent?site=example.com"];

fn consent(app: &TestApp, parameters: &str) -> Value {
    app.read(&format!("/api/v1/audit/consent?site={SITE}{parameters}"))
}

#[test]
fn nothing_of_it_is_seen_without_a_session() {
    let app = TestApp::start();
    for path in GUARDED {
        app.get(path).send().assert_problem(401);
        let answer = app.look(path).send().assert_status(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
}

#[test]
fn the_ladder_is_the_same_by_api_by_command_and_on_the_page() {
    let app = TestApp::start();
    let shown = app.read("/api/v1/audit/ladder");
    let printed = mqlite(["audit", "ladder"]).assert_ok();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/PRIVACY.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    assert!(page.contains(printed.trim()), "docs/PRIVACY.md has what is printed: {printed}");
    let in_table = |text: &Value| printed.contains(&text.as_str().expect("text").replace('|', "\\|"));
    let list = |key: &str| shown[key].as_array().expect("a list").clone();
    assert_eq!(list("steps").len(), 4);
    assert_eq!(list("signals").len(), 9);
    for step in list("steps") {
        for key in ["rung", "when", "kept", "purpose", "scored_on", "basis"] {
            assert!(in_table(&step[key]), "{key} of {step}");
        }
    }
    for signal in list("signals") {
        assert!(in_table(&signal["title"]) && in_table(&signal["how"]), "{signal}");
        assert!(signal["raises"].is_boolean() && signal["denies"].is_boolean(), "{signal}");
    }
    assert!(in_table(&shown["rule"]));
}

#[test]
fn that_gpc_is_honoured_is_said_where_it_is_looked_for() {
    let app = TestApp::start();
    let answer = app.get("/.well-known/gpc.json").send().assert_status(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("cache-control").is_some_and(|cache| cache.contains("max-age=")));
    let said = answer.json();
    assert_eq!(said["gpc"], true);
    let date = said["lastUpdate"].as_str().expect("a date");
    assert!(date.len() == 10 && date.bytes().filter(|byte| *byte == b'-').count() == 2, "{date}");
    // And it is so.
    app.post(pageview("/").body()).header("sec-gpc", "1").send().assert_left_out("suppressed:gpc");
}

#[test]
fn a_page_that_asks_for_more_than_the_policy_allows_is_capped_and_counted() {
    let app = Setup::default().site(&[SITE, "--accept-signal", "form", "--accept-signal", "api"]).start();
    let identified = |claim: Value, ticked| {
        event("demo_request", "/demo").identify("jo@acme.com", person("Acme"), ticked).with("c", claim)
    };
    let yes_by = |signal: &str| json!({ "m": 1, "q": 1, "s": signal });
    app.send(&identified(yes_by("tag"), false)).assert_stored();
    app.send(&identified(json!({ "m": 1, "q": 1 }), false)).assert_stored();
    app.send(&identified(yes_by("api"), false)).assert_stored();
    app.send(&identified(json!({}), true)).assert_stored();
    let export = app.export();
    let decided: Vec<[&Value; 2]> = export.iter().map(|event| [&event["rung"], &event["signal"]]).collect();
    let capped = [&json!("unset"), &json!("none")];
    let (api, form) = ([&json!("qualified"), &json!("api")], [&json!("qualified"), &json!("form")]);
    assert_eq!(decided, [capped, capped, api, form]);
    for event in &export[..2] {
        assert_eq!((&event["lead"], &event["attributes"]), (&Value::Null, &json!({})), "{event}");
    }
    app.send(&identified(json!({ "m": 0, "s": "tag" }), true)).assert_left_out("suppressed:tag");
    let counted = consent(&app, "");
    assert_eq!((&counted["consent_capped"], &counted["identity_dropped"]), (&json!(2), &json!(2)));
    assert_eq!(counted["policy"]["signals"], json!(["api", "form"]));
}

#[test]
fn no_event_is_above_the_sites_ceiling() {
    for (ceiling, expected) in [("unset", "unset"), ("measured", "measured"), ("qualified", "qualified")] {
        let app = Setup::default().site(&[SITE, "--ceiling", ceiling]).start();
        let claim = json!({ "m": 1, "q": 1, "s": "tag" });
        app.send(
            &pageview("/?utm_source=x&utm_term=y")
                .identify("jo@acme.com", person("Acme"), true)
                .with("c", claim),
        )
        .assert_stored();
        let stored = app.export().remove(0);
        assert_eq!(stored["rung"], expected);
        assert_eq!(stored["lead"].is_string(), expected == "qualified");
        assert_eq!(stored["term"].is_string(), expected != "unset");
        assert_eq!(consent(&app, "")["consent_capped"], u8::from(expected != "qualified"));
    }
}

#[test]
fn an_event_says_under_which_policy_it_was_decided() {
    let app = TestApp::start();
    let data = app.data().display().to_string();
    let listed = || mqlite(["site", "list", "--data", &data]).assert_ok();
    assert!(listed().contains("\tpolicy 1\t"), "{}", listed());
    app.send(&pageview("/before")).assert_stored();
    app.add_site(&[SITE, "--ceiling", "measured"]).assert_ok();
    app.add_site(&[SITE, "--ceiling", "measured"]).assert_ok();
    assert!(listed().contains("\tpolicy 2\t"), "once, for it changed once: {}", listed());
    // A collector that runs knows it within two seconds.
    mqlite_tests::wait_until("the policy to be seen", || {
        app.send(&pageview("/after")).assert_stored();
        let last = app.export().pop().expect("it is stored");
        if last["policy"] == 2 { Ok(()) } else { Err(last.to_string()) }
    });
    assert_eq!(app.export()[0]["policy"], 1);
    let policy = &consent(&app, "")["policy"];
    assert_eq!((&policy["version"], &policy["ceiling"]), (&json!(2), &json!("measured")));
}

#[test]
fn counts_by_day_say_how_far_consent_went() {
    // At noon, so that what is sent and what is asked is of one day.
    let zone = zone_where_it_is(12);
    let app = Setup::default().without_sites().site(&[SITE, "--time-zone", &zone]).start();
    let claimed = |claim: Value| pageview("/").with("c", claim);
    for event in [
        pageview("/"),
        claimed(json!({ "m": 1, "s": "tag" })),
        claimed(json!({ "m": 1, "s": "tcf" })),
        event("demo_request", "/demo").identify("jo@acme.com", person("Acme"), true),
        event("demo_request", "/demo").identify("jo@acme.com", person("Acme"), false),
    ] {
        app.send(&event).assert_stored();
    }
    let retry = pageview("/retry");
    app.send(&retry).assert_stored();
    app.send(&retry);
    app.send(&claimed(json!({ "m": 0, "s": "consent_mode" }))).assert_left_out("suppressed:consent_mode");
    app.send(&pageview("/").with("b", 1)).assert_left_out("dropped:automation");

    let counted = consent(&app, "");
    let days = counted["days"].as_array().expect("days");
    assert_eq!(days.len(), 30, "thirty days up to today, those without an event too");
    let mut today = days[29].clone();
    let day = today.as_object_mut().and_then(|today| today.remove("day")).expect("its date");
    assert_eq!((&day, &counted["to"]), (&counted["to"], &day));
    assert_eq!(today, json!({ "unset": 3, "measured": 2, "qualified": 1, "suppressed": 1 }));
    let stored = json!([
        { "rung": "unset", "signal": "none", "count": 3 },
        { "rung": "measured", "signal": "tag", "count": 1 },
        { "rung": "measured", "signal": "tcf", "count": 1 },
        { "rung": "qualified", "signal": "form", "count": 1 },
    ]);
    assert_eq!(counted["stored"], stored);
    assert_eq!(counted["suppressed"], json!([{ "signal": "consent_mode", "count": 1 }]));
    assert_eq!(counted["dropped"], json!([{ "reason": "automation", "count": 1 }]));
    assert_eq!((&counted["identity_dropped"], &counted["consent_capped"]), (&json!(1), &json!(0)));
    assert_eq!(counted["policy"]["version"], 1);

    // The marketing report counts what it did before: nothing twice, and no rung among what was left out.
    let report = app.report("");
    let left_out = json!({ "duplicate": 1, "dropped:automation": 1, "identity_dropped": 1, "suppressed:consent_mode": 1 });
    assert_eq!(report["left_out"], left_out);

    let one = consent(&app, &format!("&from={0}&to={0}", day.as_str().expect("a date")));
    assert_eq!((&one["days"].as_array().map(Vec::len), &one["stored"]), (&Some(1), &stored));
    let before = consent(&app, "&from=2020-01-01&to=2020-01-02");
    assert_eq!((before["days"].as_array().map(Vec::len), &before["stored"]), (Some(2), &json!([])));
    for wrong in ["&from=soon", "&from=2026-02-01&to=2026-01-01", "&from=1900-01-01"] {
        app.look(&format!("/api/v1/audit/consent?site={SITE}{wrong}")).send().assert_problem(400);
    }
    app.look("/api/v1/audit/consent?site=example.org").send().assert_problem(404);
}

#[test]
fn signals_and_ceilings_are_set_by_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    let add = |arguments: &[&str]| {
        let all = ["site", "add", SITE].into_iter().chain(arguments.iter().copied()).chain(["--data", &data]);
        mqlite(all)
    };
    let listed = || mqlite(["site", "list", "--data", &data]).assert_ok();
    add(&[]).assert_ok();
    assert!(
        listed().contains(r#""signals":["tag","api","consent_mode","tcf","form"],"ceiling":"qualified""#),
        "{}",
        listed()
    );
    add(&["--accept-signal", "form", "--accept-signal", "tag", "--accept-signal", "form"]).assert_ok();
    assert!(listed().contains(r#""signals":["tag","form"]"#), "{}", listed());
    add(&["--accept-signal", "tag", "--accept-signal", "form"]).assert_ok();
    assert!(listed().contains("\tpolicy 2\t"), "another order is no change: {}", listed());
    add(&["--accept-signal", "none", "--ceiling", "unset"]).assert_ok();
    assert!(listed().contains(r#""signals":[],"ceiling":"unset""#), "{}", listed());
    for (argument, value, word) in [
        ("--accept-signal", "gpc", "consent_mode"),
        ("--accept-signal", "policy", "consent_mode"),
        ("--accept-signal", "server", "consent_mode"),
        ("--ceiling", "denied", "unset, measured or qualified"),
        ("--ceiling", "all", "unset, measured or qualified"),
    ] {
        let complaint = add(&[argument, value]).assert_fails();
        assert!(complaint.contains(word), "{complaint}");
    }
}
