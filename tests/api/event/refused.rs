//! What is refused. Promise: a wrong field is named by its JSON Pointer, with a sentence that says what
//! would be right, and nothing of the request is kept.

use mqlite_tests::{Event, Setup, TestApp, address_hash, pageview, request, say_raw};
use serde_json::{Value, json};

/// A wrong value by key, the pointer that blames it, and a word of the sentence.
fn wrong_fields() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let many: serde_json::Map<String, Value> = (0..31).map(|n| (format!("p{n}"), json!(n))).collect();
    let hash = address_hash("jo@acme.com");
    let long_url = format!("https://example.com/{}", "x".repeat(8_000));
    vec![
        ("n", json!(""), "/n", "printable"),
        ("n", json!(" \t "), "/n", "printable"),
        ("n", json!("x".repeat(65)), "/n", "64"),
        ("n", json!("a\u{7}b"), "/n", "printable"),
        ("n", json!(7), "/n", "string"),
        ("n", Value::Null, "/n", "string"),
        ("u", json!("pricing"), "/u", "https://"),
        ("u", json!("javascript:alert(1)"), "/u", "https://"),
        ("u", json!("file:///etc/passwd"), "/u", "https://"),
        ("u", json!(long_url), "/u", "8,000"),
        ("u", json!(["https://example.com/"]), "/u", "string"),
        ("d", json!(""), "/d", "example.com"),
        ("d", json!("not a site"), "/d", "example.com"),
        ("d", json!(false), "/d", "string"),
        ("r", json!(7), "/r", "string"),
        ("p", json!([1, 2]), "/p", "object"),
        ("p", json!({ "nested": { "a": 1 } }), "/p/nested", "string"),
        ("p", json!({ "list": [1] }), "/p/list", "string"),
        ("p", Value::Object(many.clone()), "/p", "30"),
        ("p", json!("{not json"), "/p", "object"),
        ("$", json!(12), "/$", "object"),
        ("$", json!({ "currency": "EUR" }), "/$", "amount"),
        ("$", json!({ "currency": "euro", "amount": 1 }), "/$/currency", "ISO 4217"),
        ("$", json!({ "currency": "EUR", "amount": "much" }), "/$/amount", "number"),
        ("$", json!({ "currency": "EUR", "amount": 1e300 }), "/$/amount", "number"),
        ("$", json!({ "currency": "EUR", "amount": "NaN" }), "/$/amount", "number"),
        ("e", json!(-1), "/e", "milliseconds"),
        ("e", json!(1e300), "/e", "milliseconds"),
        ("e", json!("1000"), "/e", "a number"),
        ("sd", json!(101), "/sd", "0 to 100"),
        ("sd", json!(-1), "/sd", "0 to 100"),
        ("sd", json!([]), "/sd", "a number"),
        ("h", json!(2), "/h", "0 or 1"),
        ("b", json!("yes"), "/b", "0 or 1"),
        ("k", json!("short"), "/k", "32"),
        ("k", json!("z".repeat(32)), "/k", "32"),
        ("k", json!(7), "/k", "string"),
        ("c", json!({ "s": "nonsense" }), "/c/s", "tag"),
        ("c", json!({ "s": "policy" }), "/c/s", "tag"),
        ("c", json!({ "s": "form" }), "/c/s", "tag"),
        ("c", json!({ "m": 2 }), "/c/m", "0 or 1"),
        ("c", json!(1), "/c", "object"),
        ("c", json!([1, 1, "tag"]), "/c", "object"),
        ("l", json!({}), "/l", "h"),
        ("l", json!({ "h": "jo@acme.com" }), "/l/h", "SHA-256"),
        ("l", json!({ "h": "0".repeat(63) }), "/l/h", "64"),
        ("l", json!({ "h": hash, "d": "jo@acme.com" }), "/l/d", "never the address"),
        ("l", json!({ "h": hash, "f": many }), "/l/f", "30"),
        ("l", json!({ "h": hash, "f": { "a": {} } }), "/l/f/a", "string"),
        ("a", json!(-1e16), "/a", "milliseconds"),
        ("a", json!("soon"), "/a", "a number"),
    ]
}

#[test]
fn a_wrong_field_is_named() {
    let app = TestApp::start();
    for (key, value, pointer, word) in wrong_fields() {
        let event = pageview("/").with(key, value);
        let problem = app.send(&event).assert_problem(400);
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{} for {}", problem.detail, event.json());
        assert!(problem.detail.contains(word), "`{word}` in `{}` for {}", problem.detail, event.json());
        let in_array = app.send_all(&[pageview("/"), event]).assert_problem(400);
        assert_eq!(in_array.pointer, Some(format!("/1{pointer}")), "{}", in_array.detail);
    }
    assert_eq!(app.export().len(), 0);
}

#[test]
fn a_missing_field_is_named() {
    let app = TestApp::start();
    for key in ["n", "u", "d"] {
        let problem = app.send(&pageview("/").without(key)).assert_problem(400);
        assert!(problem.detail.contains(&format!("`{key}`")), "{problem:?}");
    }
}

#[test]
fn an_unknown_site_is_refused_with_the_command_that_adds_it() {
    let app = TestApp::start();
    let event = pageview("/").of_site("stranger.org", "/");
    let problem = app.post(event.body()).header("origin", "https://stranger.org").send().assert_problem(400);
    assert_eq!(problem.pointer.as_deref(), Some("/d"));
    assert!(problem.detail.contains("mqlite site add stranger.org"), "{problem:?}");
}

#[test]
fn a_site_added_beside_the_collector_is_seen_without_a_restart() {
    let app = Setup::default().without_sites().start();
    app.send(&pageview("/")).assert_problem(400);
    app.add_site(&["example.com"]).assert_ok();
    mqlite_tests::wait_until("the new site", || {
        let answer = app.send(&pageview("/"));
        if answer.status == 202 { Ok(()) } else { Err(answer.text()) }
    });
}

#[test]
fn only_pages_of_the_site_may_send_for_it() {
    let app = Setup::default().site(&["example.com", "--host", "shop.example.net"]).start();
    let event = pageview("/");
    let from = |origin: &str| app.post(event.body()).header("origin", origin).send();
    for foreign in
        ["https://evil.org", "https://example.com.evil.org", "https://badexample.com", "null", "file://", "x"]
    {
        let problem = from(foreign).assert_problem(403);
        assert!(problem.detail.contains("example.com"), "{problem:?}");
    }
    let on = |url: &str| app.send(&pageview("/").with("u", url));
    for foreign in ["https://evil.org/", "https://example.com@evil.org/", "http://127.0.0.1/"] {
        let problem = on(foreign).assert_problem(403);
        assert_eq!(problem.pointer.as_deref(), Some("/u"));
        assert!(problem.detail.contains("--host"), "says how to allow it: {problem:?}");
    }
    assert_eq!(app.export().len(), 0);

    for own in ["https://example.com", "http://www.example.com:8080", "https://shop.example.net"] {
        from(own).assert_stored();
    }
    on("https://blog.example.com/a").assert_stored();
    on("https://shop.example.net/a").assert_stored();
    app.post(pageview("/none").body()).without("origin").send().assert_stored();
    let trust: Vec<Value> = app.export().iter().map(|event| event["trust"].clone()).collect();
    assert_eq!(trust, ["human", "human", "human", "unverified"], "nobody vouches for what has no origin");
}

#[test]
fn other_types_and_codings_are_refused() {
    let app = TestApp::start();
    for kind in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html", "?"] {
        let problem = app.post(pageview("/").body()).header("content-type", kind).send().assert_problem(415);
        assert!(problem.detail.contains("text/plain"), "{problem:?}");
    }
    for coding in ["gzip", "br", "deflate", "zstd"] {
        let sent = app.post(pageview("/").body()).header("content-encoding", coding).send();
        let problem = sent.assert_problem(415);
        assert!(problem.detail.contains("content-encoding"), "{problem:?}");
    }
    for fine in ["text/plain;charset=UTF-8", "TEXT/PLAIN", "application/json"] {
        app.post(pageview("/").body()).header("content-type", fine).send().assert_stored();
    }
    app.post(pageview("/").body()).without("content-type").send().assert_stored();
    app.post(pageview("/").body()).header("content-encoding", "identity").send().assert_stored();
    assert_eq!(app.export().len(), 5);
}

#[test]
fn a_body_has_a_size() {
    let app = TestApp::start();
    let fat = |bytes: usize| {
        let event = pageview("/").with("unknown", "");
        let padding = bytes - event.body().len();
        event.with("unknown", "x".repeat(padding))
    };
    let most = 256 * 1024;
    app.send(&fat(most)).assert_stored();
    let problem = app.send(&fat(most + 1)).assert_problem(413);
    assert!(problem.detail.contains(&most.to_string()), "{problem:?}");

    // Without a length in front, the same.
    let body = fat(most + 1).body();
    let chunked = format!(
        "POST /api/event HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n\
         {:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let answer = say_raw(app.base(), chunked.as_bytes()).expect("an answer");
    assert_eq!(answer.status, 413, "{}", answer.text);
    assert_eq!(app.export().len(), 1);
}

#[test]
fn a_refusal_repeats_no_more_than_a_name() {
    let app = TestApp::start();
    let secret = "SECRET-".repeat(100);
    let bodies = [
        pageview("/").with("n", format!("a\u{7}{secret}")),
        pageview("/").with("d", format!("x {secret}")),
        pageview("/").with("u", format!("x {secret}")),
        pageview("/").with("e", secret.as_str()),
        pageview("/").with("l", json!({ "h": secret })),
    ];
    for event in &bodies {
        let answer = app.send(event);
        answer.assert_problem(400);
        assert!(answer.body.len() < 600, "{}", answer.text());
    }
    let answer = app.post(Event::array(&bodies)).header("origin", format!("https://{secret}")).send();
    assert!(answer.status >= 400 && answer.body.len() < 600, "{}", answer.text());
    request("POST", app.url("/api/event")).body("").send().assert_problem(400);
}
