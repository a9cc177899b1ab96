//! `/api/v1/setup` and `/api/v1/session`. Promise: the password is chosen once by a printed link, nothing is
//! seen without it, and whoever guesses is slowed down.

use mqlite_tests::{AUDITORS_PASSWORD, PASSWORD, SITE, Setup, TestApp, mqlite};
use serde_json::{Value, json};

const GUARDED: &[&str] = &[
    "/api/v1/sites",
    "/api/v1/reports/mql?site=example.com",
    "/api/v1/leads?site=example.com",
    "/api/v1/leads/00000000000000000000000000000000?site=example.com",
    "/api/v1/leads/00000000000000000000000000000000/explanation?site=example.com",
];

#[test]
fn nothing_is_seen_without_a_session() {
    let app = TestApp::start();
    for path in GUARDED {
        app.get(path).send().assert_problem(401);
        app.get(path).header("cookie", "mqlite_session=0").send().assert_problem(401);
        let nonsense = app.get(path).header("cookie", "mqlite_session=; =;;").send();
        nonsense.assert_problem(401);
    }
    assert_ne!(app.look(GUARDED[0]).send().status, 401);
}

#[test]
fn the_password_is_chosen_once() {
    let mut app = TestApp::start();
    let state = |app: &TestApp| app.get("/api/v1/session").send().assert_status(200).json();
    assert_eq!(state(&app)["setup_required"], true);
    assert_eq!(state(&app)["authenticated"], false);
    app.log_in(PASSWORD).assert_problem(401);

    let token = app.setup_token().expect("a link was printed").to_owned();
    let short = app.set_up(&token, "short").assert_problem(400);
    assert_eq!(short.pointer.as_deref(), Some("/password"));
    assert!(short.detail.contains("12"), "{short:?}");
    let common = app.set_up(&token, "Password1234!").assert_problem(400);
    assert_eq!(common.pointer.as_deref(), Some("/password"));
    assert!(common.detail.contains("most common"), "{common:?}");
    app.set_up(&"0".repeat(64), PASSWORD).assert_problem(403);
    let answer = app.set_up(&token, PASSWORD).assert_status(200);
    assert_eq!(answer.json()["role"], "owner");
    let again = app.set_up(&token, "another password, longer").assert_problem(403);
    assert!(again.detail.contains("mqlite user reset-password"), "{again:?}");
    assert_eq!(state(&app)["setup_required"], false);

    app.kill9();
    app.restart();
    assert_eq!(app.setup_token(), None, "no link is printed any more");
    app.log_in(PASSWORD).assert_status(204);
}

#[test]
fn only_the_right_password_opens() {
    let app = TestApp::start();
    app.cookie();
    for wrong in ["", "correct horse battery stapl", "CORRECT HORSE BATTERY STAPLE"] {
        let answer = app.log_in(wrong);
        answer.assert_problem(401);
        assert_eq!(answer.header("set-cookie"), None);
    }
    let extra = json!({ "password": PASSWORD, "admin": true });
    app.post_json("/api/v1/session", &extra).send().assert_problem(400);
    let form = app.post_json("/api/v1/session", &json!({})).header("content-type", "text/plain");
    form.send().assert_problem(415);
}

#[test]
fn the_cookie_is_not_for_scripts_nor_for_other_sites() {
    for (public, secure) in [(None, false), (Some("https://stats.example.com"), true)] {
        let setup =
            public.map_or_else(Setup::default, |url| Setup::default().setting("MQLITE_PUBLIC_URL", url));
        let app = setup.start();
        app.cookie();
        let answer = app.log_in(PASSWORD).assert_status(204);
        let cookie = answer.header("set-cookie").expect("a cookie");
        let flags: Vec<&str> = cookie.split("; ").skip(1).collect();
        for flag in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(flags.contains(&flag), "{flag} in {cookie}");
        }
        assert_eq!(flags.contains(&"Secure"), secure, "{cookie}");
        assert!(flags.iter().any(|flag| flag.starts_with("Max-Age=")), "{cookie}");
        if public.is_some() {
            assert!(app.printed().contains("https://stats.example.com/setup#"), "{}", app.printed());
        }
    }
}

#[test]
fn logging_out_ends_the_session_on_the_server() {
    let app = TestApp::start();
    let cookie = app.cookie().to_owned();
    let other = app.log_in(PASSWORD).assert_status(204);
    let other = other.header("set-cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie");
    assert_ne!(cookie, other);
    let authenticated = |cookie: &str| {
        let answer = app.get("/api/v1/session").header("cookie", cookie).send().assert_status(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        answer.json()["authenticated"].clone()
    };
    assert_eq!(authenticated(&cookie), true);
    let out = mqlite_tests::request("DELETE", app.url("/api/v1/session")).header("cookie", &cookie);
    let out = out.send().assert_status(204);
    assert!(out.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")), "{}", out.head());
    assert_eq!(authenticated(&cookie), false, "a copy of the cookie is worth nothing");
    app.get(GUARDED[0]).header("cookie", &cookie).send().assert_problem(401);
    assert_eq!(authenticated(other), true, "other sessions go on");
}

#[test]
fn a_session_outlives_a_restart() {
    let mut app = TestApp::start();
    let sites = app.read("/api/v1/sites");
    app.kill9();
    app.restart();
    assert_eq!(app.read("/api/v1/sites")["sites"][0]["site"], sites["sites"][0]["site"]);
}

#[test]
fn guessing_is_slowed_down_for_the_guesser_only() {
    let app = TestApp::start();
    app.cookie();
    let guess = |from: &str, password: &str| {
        let body = json!({ "password": password });
        app.post_json("/api/v1/session", &body).header("x-forwarded-for", from).send()
    };
    let limited =
        (0..20).map(|n| guess("198.51.100.1", &format!("guess {n}"))).find(|answer| answer.status == 429);
    let limited = limited.expect("twenty guesses, and never told to wait");
    limited.assert_problem(429);
    let seconds = limited.header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
    assert!(seconds.is_some_and(|seconds| seconds >= 1), "{}", limited.head());
    assert_eq!(guess("198.51.100.1", PASSWORD).status, 429, "not even the right one is tried");
    guess("198.51.100.2", PASSWORD).assert_status(204);
}

#[test]
fn a_new_link_resets_the_password() {
    let app = TestApp::start();
    app.cookie();
    let data = app.data().display().to_string();
    let link = mqlite(["user", "reset-password", "--data", &data]).assert_ok();
    let (_, token) = link.trim().split_once("/setup#").expect("a link");
    app.set_up(token, "another password, longer").assert_status(200);
    app.log_in(PASSWORD).assert_problem(401);
    app.log_in("another password, longer").assert_status(204);
    app.get(GUARDED[0]).header("cookie", app.cookie()).send().assert_problem(401);
}

#[test]
fn sites_are_listed_with_their_day() {
    let app = Setup::default().site(&["example.org", "--time-zone", "Asia/Tokyo"]).start();
    let sites = app.read("/api/v1/sites");
    let names: Vec<&Value> =
        sites["sites"].as_array().expect("sites").iter().map(|site| &site["site"]).collect();
    assert_eq!(names, [SITE, "example.org"]);
    assert_eq!(sites["sites"][1]["time_zone"], "Asia/Tokyo");
    let today = sites["sites"][0]["today"].as_str().expect("a date");
    today.parse::<jiff::civil::Date>().expect("an ISO date");
}

/// What belongs to the owner; of [`GUARDED`] all but the sites.
const OWNERS: &[&str] = &[GUARDED[1], GUARDED[2], GUARDED[3], GUARDED[4]];
/// What both roles see.
const SHARED: &[&str] = &[
    "/api/v1/sites",
    "/api/v1/audit/consent?site=example.com",
    "/api/v1/audit/documents",
    "/api/v1/audit/documents/consent-ladder",
    "/api/v1/audit/fields",
    "/api/v1/audit/ladder",
    "/api/v1/audit/log",
    "/api/v1/audit/retention",
    "/api/v1/audit/salts",
    "/api/v1/audit/verify",
];

#[test]
fn an_auditor_sees_what_can_be_checked_and_nothing_of_marketing() {
    let app = TestApp::start();
    for path in SHARED {
        app.get(path).send().assert_problem(401);
    }
    app.cookie();
    let auditor = app.auditor();
    let see = |path: &str, cookie: &str| app.get(path).header("cookie", cookie).send();
    for path in SHARED {
        see(path, &auditor).assert_status(200);
        app.look(path).send().assert_status(200);
    }
    for path in OWNERS {
        let problem = see(path, &auditor).assert_problem(403);
        assert!(problem.detail.contains("auditor"), "{problem:?}");
    }
    let shown = |cookie: &str| see("/api/v1/session", cookie).json();
    assert_eq!(shown(&auditor)["role"], "auditor");
    assert_eq!(shown(app.cookie())["role"], "owner");
    assert_eq!(shown("")["role"], Value::Null);
    assert_eq!(shown("")["roles"], json!(["owner", "auditor"]));
}

#[test]
fn each_role_has_its_password() {
    let app = TestApp::start();
    app.cookie();
    let log_in = |password: &str, role: Value| {
        let from = format!("198.51.100.{}", fastrand::u8(1..255));
        let body = json!({ "password": password, "role": role });
        app.post_json("/api/v1/session", &body).header("x-forwarded-for", from).send()
    };
    log_in(AUDITORS_PASSWORD, json!("auditor")).assert_problem(401);
    let auditor = app.auditor();
    log_in(PASSWORD, json!("owner")).assert_status(204);
    log_in(PASSWORD, Value::Null).assert_status(204);
    log_in(PASSWORD, json!("auditor")).assert_problem(401);
    let nobody = log_in(PASSWORD, json!("collector")).assert_problem(400);
    assert_eq!(nobody.pointer.as_deref(), Some("/role"));

    // A new password for one ends that one's sessions only.
    let data = app.data().display().to_string();
    let user = |arguments: &[&str]| {
        mqlite(["user"].iter().chain(arguments).copied().chain(["--data", data.as_str()]))
    };
    let role =
        |cookie: &str| app.get("/api/v1/session").header("cookie", cookie).send().json()["role"].clone();
    assert!(user(&["add-auditor"]).assert_fails().contains("reset-password --role auditor"));
    let link = user(&["reset-password", "--role", "auditor"]).assert_ok();
    let (_, token) = link.trim().split_once("/setup#").expect("a link");
    assert_eq!((role(&auditor), role(app.cookie())), (json!("auditor"), json!("owner")));
    app.set_up(token, "a third password, longer").assert_status(200);
    assert_eq!((role(&auditor), role(app.cookie())), (Value::Null, json!("owner")));
    log_in("a third password, longer", json!("auditor")).assert_status(204);

    let removed = log_in("a third password, longer", json!("auditor")).assert_status(204);
    let removed = removed.header("set-cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie");
    user(&["remove-auditor"]).assert_ok();
    assert_eq!(role(removed), Value::Null);
    log_in("a third password, longer", json!("auditor")).assert_problem(401);
    assert!(user(&["remove-auditor"]).assert_fails().contains("no auditor"));
    let none = user(&["reset-password", "--role", "auditor"]).assert_fails();
    assert!(none.contains("mqlite user add-auditor"), "{none}");
    assert_eq!(role(app.cookie()), "owner");
}
