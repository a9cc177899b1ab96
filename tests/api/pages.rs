//! Pages and what operators probe. Promise: what a page loads is there, under a policy that lets nothing
//! else in; what is not listed does not exist.

use mqlite_tests::{Setup, TestApp};
use std::collections::BTreeSet;

/// The local links of an HTML page: what stands in `src="…"` and `href="…"`.
fn links(html: &str) -> BTreeSet<String> {
    let values = ["src=\"", "href=\""].into_iter().flat_map(|attribute| html.split(attribute).skip(1));
    let values = values.filter_map(|rest| rest.split('"').next()).filter(|link| link.starts_with('/'));
    values.map(|link| link.split(['#', '?']).next().unwrap_or(link).replace("&amp;", "&")).collect()
}

#[test]
fn the_dashboard_loads_only_from_here() {
    let app = TestApp::start();
    for page in ["/", "/setup", "/audit"] {
        let answer = app.get(page).send().assert_status(200);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        for forbidden in ["unsafe", "http:", "https:", "*"] {
            assert!(!policy.contains(forbidden), "{forbidden} in {policy}");
        }
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let html = answer.text();
        assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains("onclick="));
        let assets: Vec<String> =
            links(&html).into_iter().filter(|link| link.starts_with("/assets/")).collect();
        assert!(!assets.is_empty(), "{html}");
        for asset in assets {
            let loaded = app.get(&asset).header("accept-encoding", "gzip").send().assert_status(200);
            let etag = loaded.header("etag").expect("an etag").to_owned();
            app.get(&asset).header("if-none-match", etag).send().assert_status(304);
        }
    }
}

#[test]
fn what_is_not_there_is_a_problem() {
    let app = TestApp::start();
    let nothing = [
        "/nothing",
        "/assets/",
        "/assets/nothing.js",
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/Cargo.toml",
        "/assets/..%2f..%2fetc/passwd",
        "/api/v1/nothing",
        "/mq..js",
        "/demo/",
        "/demo",
        "/demo/thanks",
        "/.env",
        "/events.db",
    ];
    for path in nothing {
        app.get(path).send().assert_problem(404);
    }
    mqlite_tests::request("POST", app.url("/demo/thanks"))
        .body("email=jo@acme.com")
        .send()
        .assert_problem(404);
}

#[test]
fn probes_answer_without_a_word_about_what_is_stored() {
    let app = TestApp::start();
    assert_eq!(app.get("/healthz").send().assert_status(200).text(), "ok");
    assert_eq!(app.get("/readyz").send().assert_status(200).text(), "ready");
}

#[test]
fn the_demo_site_is_whole_and_carries_the_real_tag() {
    let app = Setup::default().demo().start();
    assert_eq!(app.get("/api/v1/session").send().json()["demo"], true);
    let log = app.log();
    assert!(!log.contains("lead.stage_changed"), "the generated past hides where the dashboard is: {log}");
    let mut seen = BTreeSet::new();
    let mut open = vec!["/demo/".to_owned()];
    while let Some(path) = open.pop() {
        let answer = app.get(&path).send().assert_status(200);
        let html = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        if !html || !path.starts_with("/demo/") {
            continue;
        }
        let page = answer.text();
        assert!(page.contains(r#"src="/mq.js" data-site="demo.example""#), "{path} has no tag");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        for link in links(&page) {
            if seen.insert(link.clone()) {
                open.push(link);
            }
        }
    }
    assert!(seen.contains("/mq.js") && seen.len() >= 12, "{seen:?}");
    let redirect = app.get("/demo").send().assert_status(308);
    assert_eq!(redirect.header("location"), Some("/demo/"));
    let thanks = mqlite_tests::request("POST", app.url("/demo/thanks")).body("email=jo%40acme.com");
    thanks.header("content-type", "application/x-www-form-urlencoded").send().assert_status(200);
}
