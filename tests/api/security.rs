//! What every answer tells a browser, and what nobody can wear down. Promise: no answer is sniffed, framed or run
//! as something else than it is; a flood of log-ins costs bounded memory; a process keeps no core.

use mqlite_tests::{PASSWORD, SITE, Setup, TestApp, event, person, say_raw, sixty_points};
use serde_json::json;

/// A URL of each kind of answer: pages, data, problems, what other origins may load.
const ANSWERS: &[(&str, u16)] = &[
    ("/", 200),
    ("/audit", 200),
    ("/api/v1/session", 200),
    ("/api/v1/sites", 200),
    ("/api/v1/leads?site=example.com", 200),
    ("/api/v1/audit/fields?format=csv", 200),
    ("/api/v1/audit/fields?format=md", 200),
    ("/api/v1/audit/log?format=ndjson", 200),
    ("/api/v1/nothing", 404),
    ("/api/v1/leads?site=nobody.example", 404),
    ("/healthz", 200),
    ("/mq.js", 200),
    ("/.well-known/gpc.json", 200),
    ("/api/event", 404),
];

#[test]
fn every_answer_tells_a_browser_to_make_nothing_else_of_it() {
    let app = TestApp::start();
    for (path, status) in ANSWERS {
        let answer = app.look(path).send().assert_status(*status);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        for part in ["base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        let shared = matches!(*path, "/mq.js" | "/.well-known/gpc.json");
        let expected = if shared { "cross-origin" } else { "same-origin" };
        assert_eq!(answer.header("cross-origin-resource-policy"), Some(expected), "{path}");
        assert!(answer.header("server").is_none() && answer.header("x-powered-by").is_none(), "{path}");
    }
    // What was asked by a page of another origin may be read by it, also when it is a refusal.
    for body in ["{}", &mqlite_tests::pageview("/").body()] {
        let answer = app.post(body).send();
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"), "{}", answer.head());
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", answer.head());
    }
}

/// Under HTTPS the cookie cannot be replaced from another host of the domain.
#[test]
fn under_https_the_cookie_is_the_hosts_alone() {
    let app = Setup::default().setting("MQLITE_PUBLIC_URL", "https://stats.example.com").start();
    let cookie = app.cookie().to_owned();
    let (name, token) = cookie.split_once('=').expect("a cookie");
    assert_eq!(name, "__Host-mqlite_session");
    let see = |cookie: &str| app.get("/api/v1/sites").header("cookie", cookie).send().status;
    assert_eq!(see(&cookie), 200);
    assert_eq!(see(&format!("mqlite_session={token}")), 401, "a name that others may set is not looked at");
    assert_eq!(see(&format!("mqlite_session={token}; {name}=0")), 401);
}

#[test]
fn what_is_not_a_method_of_ours_is_not_answered() {
    let app = TestApp::start();
    let host = app.base().trim_start_matches("http://");
    for method in ["TRACE", "CONNECT", "TRACK", "DEBUG", "PROPFIND"] {
        let said =
            format!("{method} / HTTP/1.1\r\nhost: {host}\r\nx-secret: echo\r\nconnection: close\r\n\r\n");
        let answer = say_raw(app.base(), said.as_bytes()).expect("an answer");
        assert!((400..500).contains(&answer.status), "{method}: {}", answer.text);
        assert!(!answer.text.contains("echo"), "{method}: {}", answer.text);
    }
}

/// A core would hold the day's salts, the sites' secrets and whoever is being answered.
#[test]
#[cfg(target_os = "linux")]
fn the_process_keeps_no_core_and_all_the_files_it_may() {
    let app = TestApp::start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", app.pid())).expect("it runs");
    let of = |name: &str| -> Vec<String> {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).expect("a limit");
        line.split_whitespace().take(2).map(str::to_owned).collect()
    };
    assert_eq!(of("Max core file size"), ["0", "0"]);
    let files = of("Max open files");
    let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
    assert_eq!(number(&files[0]), number(&files[1]).min(65_536), "{files:?}");
}

/// What opens doors is in no log, however much is logged, and in no database as it was given.
#[test]
fn no_secret_is_logged_or_kept_as_it_is() {
    let app = Setup::default().setting("RUST_LOG", "trace").start();
    let link = app.setup_token().expect("a link was printed").to_owned();
    app.set_up(&link, PASSWORD).assert_status(200);
    app.log_in("a wrong password, spelt out").assert_problem(401);
    let answer = app.log_in(PASSWORD).assert_status(204);
    let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie");
    let session = cookie.split_once('=').map(|(_, token)| token.to_owned()).expect("a token");
    let form = event("demo_request", "/demo").identify("jo@acme.com", person("Acme"), true);
    app.send_all(&[form]).assert_stored();
    let found = app
        .post_json("/api/v1/privacy/find", &json!({ "site": SITE, "email": "jo@acme.com" }))
        .header("cookie", cookie)
        .send()
        .assert_status(200);
    assert_eq!(found.json()["found"], true);
    let secret: Vec<u8> = {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let ledger = rusqlite::Connection::open_with_flags(app.data().join("ledger.db"), flags);
        let ledger = ledger.expect("a database");
        ledger.query_row("SELECT secret FROM sites", [], |row| row.get(0)).expect("a secret")
    };
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let log = app.log();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "as much as can be is logged: {log}");
    let hash = mqlite_tests::address_hash("jo@acme.com");
    for said in [PASSWORD, "a wrong password, spelt out", &link, &session, &hex, &hash, "jo@acme.com"] {
        assert!(!log.contains(said), "{said} in the log");
        for file in ["ledger.db", "ledger.db-wal", "events.db", "events.db-wal", "audit.anchor"] {
            let bytes = std::fs::read(app.data().join(file)).unwrap_or_default();
            let kept = bytes.windows(said.len()).any(|window| window == said.as_bytes());
            assert!(!kept, "{said} in {file}");
        }
    }
}

/// What docs/SECURITY.md names as a test is one.
#[test]
fn the_review_names_tests_that_are_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let review = std::fs::read_to_string(root.join("docs/SECURITY.md")).expect("reads");
    let mut named = 0;
    for code in review.split('`').skip(1).step_by(2) {
        let (path, test) = code.split_once("::").map_or((code, None), |(path, test)| (path, Some(test)));
        let ours =
            ["tests/", "collector/", "dashboard/", "docs/"].iter().any(|folder| path.starts_with(folder));
        if !ours || path.contains(' ') {
            continue;
        }
        let text = std::fs::read_to_string(root.join(path)).unwrap_or_else(|_| panic!("there is no {path}"));
        let there = test.is_none_or(|test| text.contains(&format!("fn {test}(")));
        assert!(there, "{path} has no test {}", test.unwrap_or_default());
        named += 1;
    }
    assert!(named > 60, "{named} are named");
}

/// The key of a lead opens nothing under another site's name.
#[test]
fn a_lead_is_reached_through_its_site_alone() {
    let app = Setup::default().site(&["example.org", "--time-zone", "UTC"]).start();
    app.send_all(&sixty_points("?utm_source=google", "jo@acme.com", "Acme")).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let key = lead["key"].as_str().expect("a key");
    let there = |path: String| app.look(&path).send().status;
    for path in ["", "/explanation"] {
        assert_eq!(there(format!("/api/v1/leads/{key}{path}?site={SITE}")), 200, "{path}");
        assert_eq!(there(format!("/api/v1/leads/{key}{path}?site=example.org")), 404, "{path}");
    }
    let send = |path: &str, body: &serde_json::Value| {
        app.post_json(path, body).header("cookie", app.cookie()).send()
    };
    let moved = json!({ "from": "mql", "to": "sal" });
    send(&format!("/api/v1/leads/{key}/stage?site=example.org"), &moved).assert_problem(404);
    let person = json!({ "site": "example.org", "key": key });
    assert_eq!(send("/api/v1/privacy/find", &person).assert_status(200).json()["found"], false);
    send("/api/v1/privacy/export", &person).assert_problem(404);
    let erase = json!({ "site": "example.org", "key": key, "dry_run": false });
    send("/api/v1/privacy/erase", &erase).assert_problem(404);
    assert_eq!(there(format!("/api/v1/leads/{key}?site={SITE}")), 200, "it is still there");
}
