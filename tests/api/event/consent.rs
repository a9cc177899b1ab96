//! The consent ladder. Promise: the strictest signal wins; denied leaves a counter and no row; an identity
//! is kept only where qualification was granted.

use mqlite_tests::{Event, Setup, TestApp, address_hash, event, pageview, person};
use serde_json::{Value, json};

const CAMPAIGN: &str = "/?utm_source=google&utm_medium=cpc&utm_content=banner&utm_term=port+planning";

fn only(app: &TestApp) -> Value {
    let mut export = app.export();
    assert_eq!(export.len(), 1, "{export:?}");
    export.remove(0)
}

#[test]
fn a_visit_with_gpc_leaves_no_row_and_counts_once() {
    let app = TestApp::start();
    let visit = [
        pageview("/?utm_source=google&utm_medium=cpc"),
        pageview("/pricing").from_within(),
        event("engagement", "/pricing").from_within().with("e", 61_000),
        event("demo_request", "/demo").from_within().identify("jo@acme.com", person("Acme"), true),
        pageview("/thanks").from_within(),
    ];
    for event in &visit {
        app.post(event.body()).header("sec-gpc", "1").send().assert_left_out("suppressed:gpc");
    }
    assert_eq!(app.export().len(), 0, "no event row");
    let report = app.report("");
    assert_eq!(report["suppressed"]["total"], 1, "{report}");
    assert_eq!(report["suppressed"]["by_signal"], json!({ "gpc": 1 }));
    assert_eq!(report["totals"], json!({ "visits": 0, "leads": 0, "mqls": 0 }));
}

#[test]
fn any_denial_wins_over_any_grant() {
    let app = TestApp::start();
    let granted = json!({ "m": 1, "q": 1, "s": "tag" });
    let identified = pageview("/").identify("jo@acme.com", person("Acme"), true).with("c", granted);
    app.post(identified.body()).header("sec-gpc", "1").send().assert_left_out("suppressed:gpc");
    for signal in ["tag", "api", "gpc", "dnt", "consent_mode", "tcf"] {
        let event = identified.clone().with("c", json!({ "m": 0, "q": 1, "s": signal }));
        app.send(&event).assert_left_out(&format!("suppressed:{signal}"));
    }
    assert_eq!(app.export().len(), 0);
    let suppressed = &app.report("")["suppressed"];
    assert_eq!(suppressed["total"], 7);
    assert_eq!(suppressed["by_signal"]["gpc"], 2);
    assert_eq!(suppressed["by_signal"]["tcf"], 1);
}

#[test]
fn only_the_value_1_is_gpc() {
    let app = TestApp::start();
    for value in ["0", "true", ""] {
        app.post(pageview("/").body()).header("sec-gpc", value).send().assert_stored();
    }
    assert_eq!(app.export().len(), 3);
}

#[test]
fn dnt_denies_where_the_site_honours_it() {
    let app = TestApp::start();
    let send = |app: &TestApp| app.post(pageview("/").body()).header("dnt", "1").send();
    send(&app).assert_stored();
    let app = Setup::default().site(&["example.com", "--honour-dnt", "yes"]).start();
    send(&app).assert_left_out("suppressed:dnt");
    assert_eq!(app.export().len(), 0);
    assert_eq!(app.outcomes()["suppressed:dnt"], 1);
}

#[test]
fn nothing_said_keeps_no_content_and_no_term() {
    let app = TestApp::start();
    app.send(&pageview(CAMPAIGN)).assert_stored();
    let stored = only(&app);
    assert_eq!(stored["rung"], "unset");
    assert_eq!(stored["signal"], "none");
    assert_eq!(stored["source"], "google");
    assert_eq!((&stored["content"], &stored["term"]), (&Value::Null, &Value::Null));
}

#[test]
fn measurement_granted_keeps_them() {
    let app = TestApp::start();
    app.send(&pageview(CAMPAIGN).with("c", json!({ "m": 1, "s": "tag" }))).assert_stored();
    let stored = only(&app);
    assert_eq!(stored["rung"], "measured");
    assert_eq!(stored["signal"], "tag");
    assert_eq!((&stored["content"], &stored["term"]), (&json!("banner"), &json!("port planning")));
    assert_eq!(stored["lead"], Value::Null);
}

fn form(ticked: bool) -> Event {
    event("demo_request", "/demo").identify(
        "Jo@Acme.com",
        json!({ "company": "Acme", "mail": "jo@acme.com" }),
        ticked,
    )
}

#[test]
fn qualification_granted_ties_the_event_to_a_lead() {
    let by_box = (form(true), "form");
    let by_page = (form(false).with("c", json!({ "m": 1, "q": 1, "s": "api" })), "api");
    for (event, signal) in [by_box, by_page] {
        let app = TestApp::start();
        app.send(&event).assert_stored();
        let stored = only(&app);
        assert_eq!(stored["rung"], "qualified");
        assert_eq!(stored["signal"], signal);
        assert_eq!(stored["domain"], "acme.com");
        assert_eq!(stored["attributes"], json!({ "company": "Acme" }), "a field with an address is left out");
        let key = stored["lead"].as_str().expect("a lead key");
        assert_eq!(key.len(), 32);
        assert!(!address_hash("jo@acme.com").contains(key), "not the browser's hash");
        assert_eq!(app.outcomes().get("identity_dropped"), None);
        app.wait_for_lead("Acme", |lead| lead["key"] == key);
    }
}

#[test]
fn one_address_is_one_lead_and_two_sites_are_two() {
    let app = Setup::default().site(&["example.org"]).start();
    app.send(&form(true)).assert_stored();
    app.send(&event("newsletter_signup", "/").identify(" jo@acme.COM ", person("Acme"), true))
        .assert_stored();
    app.send(&event("newsletter_signup", "/").identify("al@acme.com", person("Acme"), true)).assert_stored();
    let other = form(true).of_site("example.org", "/");
    app.post(other.body()).header("origin", "https://example.org").send().assert_stored();
    let keys: Vec<Value> = app.export().iter().map(|event| event["lead"].clone()).collect();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
    assert_ne!(keys[0], keys[3], "lead keys are made under the site's own secret");
}

#[test]
fn an_identity_without_consent_is_dropped_at_the_door_and_counted() {
    let app = TestApp::start();
    let claims = [None, Some(json!({ "m": 1, "s": "tag" })), Some(json!({ "m": 1, "q": 0, "s": "api" }))];
    for claim in claims {
        let event = match claim {
            Some(claim) => form(false).with("c", claim),
            None => form(false),
        };
        app.send(&event).assert_stored();
    }
    let export = app.export();
    let rungs: Vec<&Value> = export.iter().map(|event| &event["rung"]).collect();
    assert_eq!(rungs, ["unset", "measured", "measured"], "an event like another, on its own rung");
    for stored in &export {
        assert_eq!((&stored["lead"], &stored["domain"]), (&Value::Null, &Value::Null), "{stored}");
        assert_eq!(stored["attributes"], json!({}));
    }
    assert_eq!(app.outcomes()["identity_dropped"], 3);
    assert_eq!(app.report("")["suppressed"]["identities_dropped"], 3);
    assert_eq!(app.leads("")["total"], 0);
}

#[test]
fn the_operators_basis_stands_in_for_the_box_but_not_for_a_no() {
    let app = Setup::default().site(&["example.com", "--form-basis", "contract"]).start();
    app.send(&form(false)).assert_stored();
    let refused = form(false).with("c", json!({ "m": 1, "q": 0, "s": "api" }));
    app.send(&refused).assert_stored();
    let export = app.export();
    assert_eq!((&export[0]["rung"], &export[0]["signal"]), (&json!("qualified"), &json!("policy")));
    assert_eq!((&export[1]["rung"], &export[1]["lead"]), (&json!("measured"), &Value::Null));
}

#[test]
fn a_free_mail_provider_is_not_kept() {
    let app = TestApp::start();
    app.send(&event("demo_request", "/").identify("jo@gmail.com", person("Jo"), true)).assert_stored();
    assert_eq!(only(&app)["domain"], "free");
}
