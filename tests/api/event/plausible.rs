//! The Plausible events format, as its plug-ins send it. Promise: the long names mean what the short ones
//! mean, properties may be a JSON string, and what is not known is passed over.

use mqlite_tests::{TestApp, request};
use serde_json::{Value, json};

const AGENT: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                     Version/18.1 Safari/605.1.15";

fn send(app: &TestApp, event: &Value) -> Value {
    let request = request("POST", app.url("/api/event")).header("content-type", "application/json");
    let request = request.header("user-agent", AGENT).header("x-forwarded-for", "203.0.113.5");
    request.body(event.to_string()).send().assert_stored();
    app.export().pop().expect("it is stored")
}

#[test]
fn long_names_are_taken() {
    let app = TestApp::start();
    let stored = send(
        &app,
        &json!({
            "name": "Purchase",
            "url": "https://example.com/shop/done?utm_source=newsletter&utm_medium=email",
            "domain": "example.com",
            "referrer": "https://t.co/abc",
            "props": { "plan": "team", "seats": 3 },
            "revenue": { "currency": "usd", "amount": "1322.22" },
            "interactive": false,
            "screen_width": 1440,
        }),
    );
    assert_eq!(stored["name"], "Purchase");
    assert_eq!(stored["path"], "/shop/done");
    assert_eq!(stored["channel"], "email");
    assert_eq!(stored["props"], json!({ "plan": "team", "seats": "3" }));
    assert_eq!(stored["revenue"], json!({ "minor": 132_222, "currency": "USD" }));
    assert_eq!(stored["browser"], "Safari");
    assert_eq!(stored["trust"], "unverified", "a server names no origin");
}

#[test]
fn properties_may_be_a_json_string() {
    let app = TestApp::start();
    for key in ["p", "props", "m", "meta"] {
        let mut event = json!({ "n": "Signup", "u": "https://example.com/", "d": "example.com" });
        event[key] = json!("{\"plan\":\"team\",\"yearly\":true}");
        assert_eq!(send(&app, &event)["props"], json!({ "plan": "team", "yearly": "true" }), "{key}");
    }
    let none = json!({ "n": "Signup", "u": "https://example.com/", "d": "example.com", "m": "" });
    assert_eq!(send(&app, &none)["props"], json!({}));
}

#[test]
fn its_script_is_understood() {
    // As plausible.js sends page views and engagement.
    let app = TestApp::start();
    let view =
        json!({ "n": "pageview", "v": 35, "u": "https://example.com/", "d": "example.com", "r": null });
    assert_eq!(send(&app, &view)["channel"], "direct");
    let engagement = json!({
        "n": "engagement", "sd": 255, "d": "example.com", "u": "https://example.com/", "e": 12_345, "v": 35,
        "p": { "author": "jo" }, "h": 0,
    });
    let stored = send(&app, &engagement);
    assert_eq!((&stored["engagement_ms"], &stored["scroll_depth"]), (&json!(12_345), &Value::Null));
    let hash =
        json!({ "n": "pageview", "u": "https://example.com/app#/settings", "d": "example.com", "h": 1 });
    assert_eq!(send(&app, &hash)["path"], "/app#/settings");
}

#[test]
fn money_has_its_currencys_minor_units() {
    let app = TestApp::start();
    let amounts = [("EUR", json!(12.5), 1250), ("JPY", json!(500), 500), ("KWD", json!("1.234"), 1234)];
    for (currency, amount, minor) in amounts {
        let revenue = json!({ "currency": currency, "amount": amount });
        let event = json!({ "n": "Purchase", "u": "https://example.com/", "d": "example.com", "$": revenue });
        assert_eq!(send(&app, &event)["revenue"], json!({ "minor": minor, "currency": currency }));
    }
}

#[test]
fn names_and_shapes_that_its_scripts_send_are_taken() {
    let app = TestApp::start();
    let event = |more: Value| {
        let mut event = json!({ "n": "404", "u": "https://example.com/nowhere", "d": "example.com" });
        event.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        event
    };
    let stored = send(&app, &event(json!({ "p": [] })));
    assert_eq!((&stored["name"], &stored["props"]), (&"404".into(), &json!({})), "an empty array of PHP's");
    let stored = send(&app, &event(json!({ "m": "{\"a\":1,\"b\":1}", "p": { "b": 2 } })));
    assert_eq!(stored["props"], json!({ "a": "1", "b": "2" }));
    let stored = send(&app, &event(json!({ "n": "Outbound Link: Click (footer) & more?" })));
    assert_eq!(stored["name"], "Outbound Link: Click (footer) & more?");
}
