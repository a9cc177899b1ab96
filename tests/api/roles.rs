//! Every URL and every role. Promise: who may do what stands in one table here, and a URL of the collector that
//! is not in it fails the test; and nobody acts for somebody by a page of another origin.

use mqlite_tests::{Answer, SITE, Setup, TestApp, mqlite, request};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Who may.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Who {
    /// Anybody, logged in or not.
    Anybody,
    /// The owner and the auditor.
    Both,
    /// The owner alone.
    Owner,
}
use Who::{Anybody, Both, Owner};

const NOBODY: &str = "00000000000000000000000000000000";

/// Method, route as the collector has it, what is asked for, who may.
const ROUTES: &[(&str, &str, &str, Who)] = &[
    ("GET", "/mq.js", "/mq.js", Anybody),
    ("GET", "/mq.{hash}.js", "/mq.0.js", Anybody),
    ("POST", "/api/event", "/api/event", Anybody),
    ("OPTIONS", "/api/event", "/api/event", Anybody),
    ("GET", "/mq-ask.js", "/mq-ask.js", Anybody),
    ("POST", "/api/ask", "/api/ask", Anybody),
    ("OPTIONS", "/api/ask", "/api/ask", Anybody),
    ("GET", "/.well-known/gpc.json", "/.well-known/gpc.json", Anybody),
    ("GET", "/api/v1/session", "/api/v1/session", Anybody),
    ("POST", "/api/v1/session", "/api/v1/session", Anybody),
    ("DELETE", "/api/v1/session", "/api/v1/session", Anybody),
    ("POST", "/api/v1/setup", "/api/v1/setup", Anybody),
    ("GET", "/api/v1/sites", "/api/v1/sites", Both),
    ("GET", "/api/v1/reports/mql", "/api/v1/reports/mql?site=SITE", Owner),
    ("GET", "/api/v1/reports/coverage", "/api/v1/reports/coverage?site=SITE", Owner),
    ("GET", "/api/v1/reports/outcomes", "/api/v1/reports/outcomes?site=SITE", Owner),
    ("GET", "/api/v1/leads", "/api/v1/leads?site=SITE", Owner),
    ("GET", "/api/v1/leads/{key}", "/api/v1/leads/KEY?site=SITE", Owner),
    ("GET", "/api/v1/leads/{key}/explanation", "/api/v1/leads/KEY/explanation?site=SITE", Owner),
    ("GET", "/api/v1/leads/{key}/ask", "/api/v1/leads/KEY/ask?site=SITE", Owner),
    ("GET", "/api/v1/leads/{key}/prediction", "/api/v1/leads/KEY/prediction?site=SITE", Owner),
    ("GET", "/api/v1/predictions", "/api/v1/predictions?site=SITE", Owner),
    ("GET", "/api/v1/predictions/leads", "/api/v1/predictions/leads?site=SITE", Owner),
    ("POST", "/api/v1/leads/{key}/stage", "/api/v1/leads/KEY/stage?site=SITE", Owner),
    ("GET", "/api/v1/models", "/api/v1/models?site=SITE", Owner),
    ("POST", "/api/v1/models", "/api/v1/models?site=SITE", Owner),
    ("GET", "/api/v1/models/publications", "/api/v1/models/publications?site=SITE", Owner),
    ("DELETE", "/api/v1/models/publications/{id}", "/api/v1/models/publications/0?site=SITE", Owner),
    ("GET", "/api/v1/models/{hash}", "/api/v1/models/HASH?site=SITE", Owner),
    ("DELETE", "/api/v1/models/{hash}", "/api/v1/models/HASH?site=SITE", Owner),
    ("POST", "/api/v1/models/{hash}/publish", "/api/v1/models/HASH/publish?site=SITE", Owner),
    ("GET", "/api/v1/leads/overdue", "/api/v1/leads/overdue?site=SITE", Owner),
    ("GET", "/api/v1/leads/{key}/overrides", "/api/v1/leads/KEY/overrides?site=SITE", Owner),
    ("POST", "/api/v1/leads/{key}/overrides", "/api/v1/leads/KEY/overrides?site=SITE", Owner),
    ("DELETE", "/api/v1/leads/{key}/overrides/{id}", "/api/v1/leads/KEY/overrides/1?site=SITE", Owner),
    ("POST", "/api/v1/models/simulate", "/api/v1/models/simulate?site=SITE", Owner),
    ("GET", "/api/v1/models/simulations/{id}", "/api/v1/models/simulations/1?site=SITE", Owner),
    ("DELETE", "/api/v1/models/simulations/{id}", "/api/v1/models/simulations/1?site=SITE", Owner),
    ("GET", "/api/v1/anomalies", "/api/v1/anomalies?site=SITE", Owner),
    ("GET", "/api/v1/voids", "/api/v1/voids?site=SITE", Owner),
    ("POST", "/api/v1/voids", "/api/v1/voids?site=SITE", Owner),
    ("GET", "/api/v1/voids/leads", "/api/v1/voids/leads?site=SITE", Owner),
    ("DELETE", "/api/v1/voids/{no}", "/api/v1/voids/0?site=SITE", Owner),
    ("GET", "/api/v1/audit/salts", "/api/v1/audit/salts", Both),
    ("GET", "/api/v1/audit/retention", "/api/v1/audit/retention", Both),
    ("POST", "/api/v1/audit/retention/run", "/api/v1/audit/retention/run", Both),
    ("GET", "/api/v1/audit/ladder", "/api/v1/audit/ladder", Both),
    ("GET", "/api/v1/audit/consent", "/api/v1/audit/consent?site=SITE", Both),
    ("GET", "/api/v1/audit/log", "/api/v1/audit/log", Both),
    ("GET", "/api/v1/audit/verify", "/api/v1/audit/verify", Both),
    ("POST", "/api/v1/privacy/receipt", "/api/v1/privacy/receipt", Both),
    ("GET", "/api/v1/audit/fields", "/api/v1/audit/fields", Both),
    ("GET", "/api/v1/audit/documents", "/api/v1/audit/documents", Both),
    ("GET", "/api/v1/audit/documents/{name}", "/api/v1/audit/documents/consent-ladder", Both),
    ("POST", "/api/v1/privacy/find", "/api/v1/privacy/find", Both),
    ("POST", "/api/v1/privacy/export", "/api/v1/privacy/export", Both),
    ("POST", "/api/v1/privacy/restrict", "/api/v1/privacy/restrict", Both),
    ("POST", "/api/v1/privacy/withdraw", "/api/v1/privacy/withdraw", Both),
    ("POST", "/api/v1/privacy/erase", "/api/v1/privacy/erase", Both),
    ("GET", "/healthz", "/healthz", Anybody),
    ("GET", "/readyz", "/readyz", Anybody),
    ("GET", "/", "/", Anybody),
    ("GET", "/setup", "/setup", Anybody),
    ("GET", "/audit", "/audit", Anybody),
    ("GET", "/assets/{path:.*}", "/assets/nothing", Anybody),
    ("GET", "/demo", "/demo", Anybody),
    ("POST", "/demo/thanks", "/demo/thanks", Anybody),
    ("GET", "/demo/{path:.*}", "/demo/", Anybody),
];

/// What is sent to it that changes nothing.
fn body(path: &str) -> Value {
    let person = json!({ "site": SITE, "key": NOBODY });
    let act = |rest: Value| {
        let mut body = person.clone();
        let parts = rest.as_object().cloned().unwrap_or_default();
        body.as_object_mut().expect("an object").extend(parts);
        body
    };
    match path.rsplit('/').next().unwrap_or_default() {
        tail if tail.starts_with("models?") => json!({ "text": "" }),
        tail if tail.starts_with("stage?") => json!({ "from": "lead", "to": "mql" }),
        tail if tail.starts_with("overrides?") => {
            json!({ "effect": "hold", "until": "2999-01-01T00:00:00Z", "reason": "so" })
        }
        tail if tail.starts_with("voids?") => {
            json!({ "from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z", "dry_run": true })
        }
        "run" => json!({ "dry_run": true }),
        "receipt" => {
            json!({ "receipt": NOBODY, "action": "erase", "site": SITE, "at": "2026-11-22T10:00:00Z",
            "counts": {}, "entry": { "seq": 1, "hash": "0".repeat(64) } })
        }
        "find" | "export" => person,
        "restrict" => act(json!({ "restricted": true, "dry_run": true })),
        "withdraw" | "erase" => act(json!({ "dry_run": true })),
        _ => json!({}),
    }
}

fn ask(app: &TestApp, method: &str, path: &str, cookie: Option<&str>) -> Answer {
    let path = path.replace("SITE", SITE).replace("KEY", NOBODY).replace("HASH", &"0".repeat(64));
    let mut request = request(method, app.url(&path)).header("content-type", "application/json");
    if method == "POST" {
        request = request.body(body(&path).to_string());
    }
    cookie.iter().fold(request, |request, cookie| request.header("cookie", *cookie)).send()
}

#[test]
fn every_route_lets_in_who_may() {
    let app = TestApp::start();
    let demo = Setup::default().demo().start();
    app.cookie();
    let auditor = app.auditor();
    for (method, _, path, who) in ROUTES {
        // What would end the sessions is not done with them.
        if (*method, *path) == ("DELETE", "/api/v1/session") {
            continue;
        }
        let status = |app: &TestApp, cookie: Option<&str>| ask(app, method, path, cookie).status;
        let asked = format!("{method} {path}");
        let (stranger, auditor, owner) =
            (status(&app, None), status(&app, Some(&auditor)), status(&app, Some(app.cookie())));
        let kept_out = |status: u16| matches!(status, 401 | 403);
        match who {
            // What a log-in or a link that is none is told is not for a route's guard.
            Anybody if path.ends_with("session") || path.ends_with("setup") => {}
            Anybody => assert!(![stranger, auditor, owner].into_iter().any(kept_out), "{asked}"),
            Both => {
                assert_eq!(stranger, 401, "{asked} for a stranger");
                assert!(!kept_out(auditor), "{asked} for the auditor: {auditor}");
                assert!(!kept_out(owner), "{asked} for the owner: {owner}");
                assert_eq!(auditor, owner, "{asked}: one answer for both");
            }
            Owner => {
                assert_eq!((stranger, auditor), (401, 403), "{asked}");
                assert!(!kept_out(owner), "{asked} for the owner: {owner}");
            }
        }
        if *who != Anybody {
            assert!(!kept_out(status(&demo, None)), "{asked} in the demo");
            for cookie in ["mqlite_session=", "mqlite_session=0", "other=1"] {
                assert_eq!(status(&app, Some(cookie)), 401, "{asked} with {cookie}");
            }
        }
    }
    // Nothing of it is answered by another method, where a guard might have been forgotten.
    for (_, _, path, _) in ROUTES.iter().filter(|route| route.2.starts_with("/api/v1/") && route.3 != Anybody)
    {
        for method in ["PUT", "PATCH", "DELETE", "OPTIONS"] {
            assert_eq!(ask(&app, method, path, Some(app.cookie())).status, 404, "{method} {path}");
        }
    }
}

/// A route that is added is added to the table.
#[test]
fn the_table_is_whole() {
    let code = concat!(env!("CARGO_MANIFEST_DIR"), "/../collector/src/http/routes.rs");
    let code = std::fs::read_to_string(code).expect("reads");
    let routes: BTreeSet<(String, String)> = code
        .split(".route(\"")
        .skip(1)
        .map(|rest| {
            let (path, rest) = rest.split_once('"').expect("a route has a path");
            let method = ["post()", "delete()", "OPTIONS", "read()"]
                .into_iter()
                .min_by_key(|word| rest.find(word).unwrap_or(usize::MAX));
            let method = match method {
                Some("post()") => "POST",
                Some("delete()") => "DELETE",
                Some("OPTIONS") => "OPTIONS",
                _ => "GET",
            };
            (method.to_owned(), path.to_owned())
        })
        .collect();
    let table = ROUTES.iter().map(|(method, route, _, _)| ((*method).to_owned(), (*route).to_owned()));
    assert_eq!(routes, table.collect());
}

/// A page on a sibling of the collector's host has its cookies sent along; what acts takes only what such a page
/// cannot send without a preflight, and that is answered by nobody.
#[test]
fn a_page_of_another_origin_cannot_act() {
    let app = TestApp::start();
    app.cookie();
    for (method, _, path, who) in ROUTES.iter().filter(|route| route.0 == "POST") {
        if *who == Anybody && !path.starts_with("/api/v1/") {
            continue;
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
        {
            let answer = request(method, app.url(path))
                .header("content-type", kind)
                .header("cookie", app.cookie())
                .header("origin", "https://www.example.com")
                .body(body(path).to_string())
                .send();
            answer.assert_problem(415);
        }
        let preflight = request("OPTIONS", app.url(path))
            .header("origin", "https://www.example.com")
            .header("access-control-request-method", "POST")
            .send();
        assert_eq!(preflight.status, 404, "{path}");
        assert_eq!(preflight.header("access-control-allow-origin"), None, "{path}");
    }
}

/// What is taken away holds samples of what is stored.
#[test]
fn what_is_taken_away_is_recorded() {
    let app = TestApp::start();
    app.cookie();
    let auditor = app.auditor();
    let take = |path: &str| app.get(path).header("cookie", &auditor).send().assert_status(200);
    take("/api/v1/audit/fields");
    take("/api/v1/audit/documents");
    assert!(app.entries("document.exported").is_empty(), "a look at the page is none");
    take("/api/v1/audit/fields?format=csv");
    take(&format!("/api/v1/audit/documents/record-of-processing?site={SITE}"));
    let data = app.data().display().to_string();
    mqlite(["audit", "fields", "--format", "json", "--data", &data]).assert_ok();
    mqlite(["audit", "document", "consent-ladder", "--data", &data]).assert_ok();
    let entries = app.entries("document.exported");
    // The environment's name can be set by anybody, the number cannot.
    let who = entries[2]["who"].as_str().expect("somebody");
    assert!(who.contains(&format!("uid {}", rustix::process::getuid().as_raw())), "{who}");
    let said: Vec<(&Value, &Value, &Value)> =
        entries.iter().map(|entry| (&entry["role"], &entry["details"]["document"], &entry["site"])).collect();
    assert_eq!(
        said,
        [
            (&json!("auditor"), &json!("stored-fields"), &Value::Null),
            (&json!("auditor"), &json!("record-of-processing"), &json!(SITE)),
            (&json!("operator"), &json!("stored-fields"), &Value::Null),
            (&json!("operator"), &json!("consent-ladder"), &Value::Null),
        ]
    );
}
