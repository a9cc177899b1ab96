//! What is acknowledged. Promise: every acknowledged event is in the export exactly once, also after a
//! kill -9, and holds what was declared and nothing else.

use mqlite_tests::{Event, Setup, TestApp, event, pageview};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn ids(export: &[Value]) -> Vec<&str> {
    export.iter().map(|event| event["id"].as_str().expect("an id")).collect()
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let mut app = TestApp::start();
    let single = pageview("/single");
    let json = pageview("/json");
    let hundred: Vec<Event> = (0..100).map(|n| pageview(&format!("/page/{n}"))).collect();
    app.send(&single).assert_stored();
    let charset = "application/json; charset=utf-8";
    app.post(json.body()).header("content-type", charset).send().assert_stored();
    app.send_all(&hundred).assert_stored();
    app.kill9();

    let export = app.export();
    let sent: Vec<&str> = [&single, &json].into_iter().chain(&hundred).map(Event::id).collect();
    assert_eq!(ids(&export), sent, "each once, in the order of arrival");
    app.restart();
    assert_eq!(app.export(), export, "and after the start, nothing less and nothing more");
}

#[test]
fn a_retry_is_acknowledged_and_stored_once() {
    let mut app = TestApp::start();
    let event = pageview("/once");
    app.send(&event).assert_stored();
    app.send(&event).assert_stored();
    app.send_all(&[event.clone(), pageview("/other"), event.clone()]).assert_stored();
    app.kill9();
    app.restart();
    app.send(&event).assert_stored();

    let export = app.export();
    assert_eq!(ids(&export).iter().filter(|id| **id == event.id()).count(), 1);
    assert_eq!(export.len(), 2);
    assert_eq!(app.outcomes()["stored"], 2);
    assert_eq!(app.outcomes()["duplicate"], 4);
}

#[test]
fn events_without_an_id_get_one_each() {
    let app = TestApp::start();
    let event = pageview("/").without("k");
    app.send(&event).assert_stored();
    app.send(&event).assert_stored();
    let export = app.export();
    assert_eq!(ids(&export).into_iter().collect::<BTreeSet<_>>().len(), 2);
}

#[test]
fn a_request_is_taken_whole_or_refused_whole() {
    let app = TestApp::start();
    let events = [pageview("/good"), pageview("/bad").with("n", ""), pageview("/good")];
    let problem = app.send_all(&events).assert_problem(400);
    assert_eq!(problem.pointer.as_deref(), Some("/1/n"));
    assert_eq!(app.export(), Vec::<Value>::new());
    assert_eq!(app.outcomes().len(), 0, "nor is anything of it counted");
}

#[test]
fn an_array_holds_one_to_a_hundred() {
    let app = TestApp::start();
    for n in [0, 101] {
        let events: Vec<Event> = (0..n).map(|_| pageview("/")).collect();
        let problem = app.send_all(&events).assert_problem(400);
        assert!(
            problem.detail.contains("1 to 100") && problem.detail.contains(&n.to_string()),
            "{problem:?}"
        );
    }
    assert_eq!(app.export().len(), 0);
}

#[test]
fn a_dry_run_says_what_would_be_and_keeps_nothing() {
    let app = TestApp::start();
    let event = pageview("/pricing?utm_source=google&utm_medium=cpc");
    let ask = |body: String| {
        let mut request = app.post(body);
        request = request.header("x-forwarded-for", "192.0.2.1");
        request
    };
    let url = app.url("/api/event?dry-run=1");
    let dry = |user_agent: &str| {
        mqlite_tests::request("POST", url.clone())
            .header("origin", "https://example.com")
            .header("user-agent", user_agent)
            .body(event.body())
            .send()
            .assert_status(200)
            .json()
    };
    let verdict = dry(mqlite_tests::FIREFOX);
    assert_eq!(verdict["outcomes"], json!(["stored"]));
    assert_eq!(verdict["stored"][0]["path"], "/pricing");
    assert_eq!(verdict["stored"][0]["rung"], "unset");
    assert_eq!(verdict["stored"][0]["channel"], "paid_search");
    assert_eq!(dry("Googlebot/2.1 (+http://www.google.com/bot.html)")["outcomes"], json!(["dropped:bot"]));
    assert_eq!(app.export().len(), 0);
    assert_eq!(app.outcomes().len(), 0);
    ask(event.body()).send().assert_stored();
    assert_eq!(app.export().len(), 1, "a dry run does not use up the id");
}

#[test]
fn what_is_stored_is_what_was_declared() {
    let app = TestApp::start();
    let url = "https://www.example.com:8443/pric%C3%A9?email=jo@acme.com&utm_source=Google&utm_medium=cpc\
               &utm_campaign=spring&gclid=Cj0SECRET&mq=TOKEN#section-SECRET";
    let event = event("plan_chosen", "/")
        .with("u", url)
        .with("r", "https://www.google.com/search?q=SECRET")
        .with("p", json!({ "plan": "team", "seats": 12, "yearly": true, "nothing": null }))
        .with("e", 1500.7)
        .with("sd", 42);
    app.send(&event).assert_stored();
    let export = app.export();
    let stored = &export[0];
    let expected = [
        ("id", json!(event.id())),
        ("site", json!("example.com")),
        ("name", json!("plan_chosen")),
        ("path", json!("/pricé")),
        ("rung", json!("unset")),
        ("trust", json!("human")),
        ("channel", json!("paid_search")),
        ("source", json!("google")),
        ("medium", json!("cpc")),
        ("campaign", json!("spring")),
        ("click_id", json!("gclid")),
        ("referrer", json!("google.com")),
        ("browser", json!("Firefox")),
        ("os", json!("Linux")),
        ("device", json!("desktop")),
        ("engagement_ms", json!(1500)),
        ("scroll_depth", json!(42)),
        ("props", json!({ "plan": "team", "seats": "12", "yearly": "true" })),
        ("lead", Value::Null),
    ];
    for (key, value) in expected {
        assert_eq!(stored[key], value, "{key} in {stored}");
    }
    assert_eq!(stored["visitor"].as_str().map(str::len), Some(32), "{stored}");
    let all = stored.to_string();
    assert!(!all.contains("SECRET") && !all.contains("TOKEN") && !all.contains("acme"), "{all}");
    assert!(!all.contains("145"), "no version of the browser: {all}");
}

#[test]
fn a_late_event_happened_when_it_happened() {
    let app = TestApp::start();
    let before = jiff::Timestamp::now();
    app.send(&pageview("/hour").with("a", 3_600_000)).assert_stored();
    app.send(&pageview("/month").with("a", 30_i64 * 86_400_000)).assert_stored();
    // The browser's clock was set back in between.
    app.send(&pageview("/back").with("a", -3_600_000)).assert_stored();
    let after = jiff::Timestamp::now();
    let export = app.export();
    for (event, hours) in export.iter().zip([1, 12, 0]) {
        let at: jiff::Timestamp = event["at"].as_str().expect("a time").parse().expect("RFC 3339");
        let age = jiff::SignedDuration::from_hours(hours);
        let slack = jiff::SignedDuration::from_millis(1);
        let (earliest, latest) = (before - age - slack, after - age + slack);
        assert!((earliest..=latest).contains(&at), "{hours} hours: {event}");
    }
}

#[test]
fn any_page_may_read_the_answer_and_none_with_credentials() {
    let app = TestApp::start();
    let preflight = mqlite_tests::request("OPTIONS", app.url("/api/event"))
        .header("origin", "https://example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .send()
        .assert_status(204);
    assert_eq!(preflight.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("content-type"));
    let max_age = preflight.header("access-control-max-age").and_then(|age| age.parse::<u32>().ok());
    assert!(max_age.is_some_and(|seconds| seconds > 0));
    let answers = [
        preflight,
        app.send(&pageview("/")).assert_status(202),
        app.post("nonsense").send().assert_status(400),
        app.post("x").header("content-type", "image/png").send().assert_status(415),
    ];
    for answer in answers {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
        assert!(exposed.contains("x-mqlite-dropped") && exposed.contains("retry-after"), "{exposed}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("set-cookie"), None);
    }
}

#[test]
fn other_methods_are_not_there() {
    let app = TestApp::start();
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        mqlite_tests::request(method, app.url("/api/event")).send().assert_problem(404);
    }
}

#[test]
fn a_stop_by_signal_keeps_everything_and_ends_well() {
    let mut app = TestApp::start();
    let events: Vec<Event> = (0..50).map(|n| pageview(&format!("/{n}"))).collect();
    app.send_all(&events).assert_stored();
    let status = app.stop();
    assert!(status.success(), "{status}");
    assert_eq!(app.export().len(), 50);
}

/// Without the public-domain file that `tests/run` installs this says so and passes.
#[test]
fn a_country_is_known_where_the_operator_names_a_file() {
    let Ok(file) = std::env::var("MQLITE_TEST_MMDB") else {
        eprintln!("SKIPPED: MQLITE_TEST_MMDB names no country database; tests/run installs one");
        return;
    };
    let app = Setup::default().setting("MQLITE_GEO_FILE", file).start();
    app.post(pageview("/").body()).header("x-forwarded-for", "8.8.8.8").send().assert_stored();
    app.post(pageview("/").body()).header("x-forwarded-for", "2001:4860:4860::8888").send().assert_stored();
    app.post(pageview("/").body()).header("x-forwarded-for", "192.0.2.1").send().assert_stored();
    let countries: Vec<_> = app.export().iter().map(|event| event["country"].clone()).collect();
    assert_eq!(countries, ["US".into(), "US".into(), Value::Null]);
}
