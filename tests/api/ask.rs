//! What to ask a lead for. Promise: who may see leads is told one or two things that are not known of it, the one that
//! tells most first, and none that is known; a form is told names that its site lets it ask for, of a lead that
//! consented and is recognised, and everybody else gets one answer.

use mqlite_tests::{Answer, FIREFOX, SITE, Setup, TestApp, event, pageview, sixty_points};
use serde_json::{Value, json};

fn ask(app: &TestApp, key: &str) -> Value {
    app.read(&format!("/api/v1/leads/{key}/ask?site={SITE}"))
}

fn names(asked: &Value) -> Vec<&str> {
    let list = asked["ask"].as_array().expect("a list");
    list.iter().filter_map(|ask| ask["attribute"].as_str()).collect()
}

#[test]
fn what_is_not_known_is_asked_for_until_it_is() {
    let app = TestApp::start();
    app.send_all(&sixty_points("", "jo@acme.com", "Acme")).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let key = lead["key"].as_str().expect("a key");
    let first = ask(&app, key);
    assert_eq!(first["model"]["name"], "Default B2B", "{first}");
    let two: Vec<String> = names(&first).into_iter().map(str::to_owned).collect();
    assert_eq!(two.len(), 2, "{first}");
    let worth = |place: usize| first["ask"][place]["expected_points"].as_i64().expect("whole points");
    assert!(worth(0) >= worth(1) && worth(1) > 0, "{first}");
    let looked = app.entries("lead.viewed").len();
    assert!(looked > 0, "that somebody looked is recorded");
    let answers = json!({
        "company": "Acme", "company_size": "1,000+", "job_title": "CTO", "industry": "Software", "country": "DE",
        "revenue": "5M", "seniority": "C-level", "done": "yes"
    });
    let one = json!({ "company": "Acme", two[0].clone(): answers[&two[0]].clone() });
    app.send(&event("form_submit", "/more").from_within().identify("jo@acme.com", one, true)).assert_stored();
    app.wait_for_lead("Acme", |lead| lead["attributes"][&two[0]].is_string());
    let second = ask(&app, key);
    assert!(!names(&second).contains(&two[0].as_str()) && !names(&second).is_empty(), "{second}");
    app.send(&event("form_submit", "/more").from_within().identify("jo@acme.com", answers, true))
        .assert_stored();
    app.wait_for_lead("Acme", |lead| lead["attributes"]["done"].is_string());
    assert_eq!(ask(&app, key)["ask"], json!([]), "all is known");
    app.look(&format!("/api/v1/leads/{}/ask?site={SITE}", "0".repeat(32))).send().assert_problem(404);
}

/// A site that lets forms ask for two of the model's fields, and for one that the model does not read.
fn asking() -> Setup {
    Setup::default().site(&[SITE, "--ask", "company_size", "--ask", "job_title", "--ask", "shoe_size"])
}

const CONSENT: &str = r#"{"m":1,"q":1,"s":"tag"}"#;

/// Asks as the script does, from a browser at `address`.
fn form(app: &TestApp, address: &str, token: Option<&str>, consent: &str) -> Answer {
    let token = token.map(|token| format!(r#","t":"{token}""#)).unwrap_or_default();
    let body = format!(r#"{{"d":"{SITE}","c":{consent}{token}}}"#);
    question(app, address, body).send()
}

fn question(app: &TestApp, address: &str, body: String) -> mqlite_tests::Request {
    mqlite_tests::request("POST", app.url("/api/ask"))
        .header("content-type", "text/plain")
        .header("user-agent", FIREFOX)
        .header("origin", format!("https://{SITE}"))
        .header("x-forwarded-for", address)
        .body(body)
}

fn asked_for(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let list = body["ask"].as_array().expect("a list");
    list.iter().map(|name| name.as_str().expect("names alone").to_owned()).collect()
}

const JO: &str = "203.0.113.9";

/// Jo, known by pseudonym at [`JO`] and by the token that is answered.
fn jo(app: &TestApp) -> String {
    app.send_all_from(JO, &sixty_points("", "jo@acme.com", "Acme")).assert_stored();
    app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let found = app.post_json("/api/v1/privacy/find", &json!({ "site": SITE, "email": "jo@acme.com" }));
    let found = found.header("cookie", app.cookie()).send().assert_status(200).json();
    found["token"].as_str().expect("a token").to_owned()
}

#[test]
fn a_form_is_told_the_names_that_its_site_lets_it_ask_for() {
    let app = asking().start();
    let token = jo(&app);
    let stored = app.export().len();
    let outcomes = app.outcomes();
    let by_pseudonym = form(&app, JO, None, CONSENT).assert_status(200);
    let mut names = asked_for(&by_pseudonym);
    names.sort();
    assert_eq!(names, ["company_size", "job_title"]);
    let by_token = form(&app, "198.51.100.7", Some(&token), CONSENT).assert_status(200);
    assert_eq!(by_token.body, by_pseudonym.body, "by the token from anywhere");
    assert!(!by_token.text().contains("Acme") && !by_token.text().contains("points"), "{}", by_token.text());
    assert_eq!(by_token.header("access-control-allow-origin"), Some("*"));
    assert_eq!((by_token.header("cache-control"), by_token.header("set-cookie")), (Some("no-store"), None));
    // As it becomes known it is not asked for any more.
    let known = json!({ "company": "Acme", "company_size": "500", "job_title": "CTO" });
    let form_sent = event("form_submit", "/more").from_within().identify("jo@acme.com", known, true);
    app.send_all_from(JO, &[form_sent]).assert_stored();
    app.wait_for_lead("Acme", |lead| lead["attributes"]["job_title"] == "CTO");
    assert_eq!(asked_for(&form(&app, JO, None, CONSENT)), [] as [&str; 0]);
    assert_eq!(app.export().len(), stored + 1, "asking stores nothing");
    let more: i64 = app.outcomes().values().sum::<i64>() - outcomes.values().sum::<i64>();
    assert!(more <= 2, "and counts nothing: {more}");
}

#[test]
fn everybody_else_gets_one_answer() {
    let app = asking().start();
    let token = jo(&app);
    let nobody = form(&app, "198.51.100.7", None, CONSENT).assert_status(200);
    assert_eq!(nobody.text(), r#"{"ask":[]}"#);
    let same = |answer: Answer, who: &str| {
        let head = |answer: &Answer| {
            // In any order, as they are sent.
            let lines: std::collections::BTreeSet<String> =
                answer.head().lines().filter(|line| !line.starts_with("date")).map(str::to_owned).collect();
            lines
        };
        assert_eq!((answer.text(), head(&answer)), (nobody.text(), head(&nobody)), "{who}");
    };
    for (consent, who) in [
        ("{}", "nobody said"),
        (r#"{"m":1,"s":"tag"}"#, "measured only"),
        (r#"{"m":1,"q":0,"s":"tag"}"#, "qualification was refused"),
        (r#"{"m":0,"q":1,"s":"tag"}"#, "measurement was refused"),
        (r#"{"m":1,"q":1,"s":"gpc"}"#, "Global Privacy Control"),
        (r#"{"m":1,"q":1}"#, "by no signal"),
    ] {
        same(form(&app, JO, Some(&token), consent), who);
    }
    let gpc =
        question(&app, JO, format!(r#"{{"d":"{SITE}","c":{CONSENT},"t":"{token}"}}"#)).header("sec-gpc", "1");
    same(gpc.send(), "the browser's Global Privacy Control");
    let bot = question(&app, JO, format!(r#"{{"d":"{SITE}","c":{CONSENT},"t":"{token}"}}"#));
    same(bot.header("user-agent", "Googlebot/2.1 (+http://www.google.com/bot.html)").send(), "a bot");
    let driven = question(&app, JO, format!(r#"{{"d":"{SITE}","c":{CONSENT},"t":"{token}","b":1}}"#));
    same(driven.send(), "an automated browser");
    let changed: String = token.chars().rev().collect();
    same(form(&app, "198.51.100.7", Some(&changed), CONSENT), "a token that nobody signed");
    app.send_all_from("192.0.2.9", &[pageview("/")]).assert_stored();
    same(form(&app, "192.0.2.9", None, CONSENT), "a visitor who is no lead");
    for (act, body) in [
        ("restrict", json!({ "site": SITE, "email": "jo@acme.com", "restricted": true })),
        ("erase", json!({ "site": SITE, "email": "jo@acme.com" })),
    ] {
        let path = format!("/api/v1/privacy/{act}");
        app.post_json(&path, &body).header("cookie", app.cookie()).send().assert_status(200);
        same(form(&app, JO, Some(&token), CONSENT), act);
    }
    let wrong = question(&app, JO, format!(r#"{{"d":"stranger.org","c":{CONSENT}}}"#)).send();
    assert_eq!(wrong.assert_problem(400).pointer.as_deref(), Some("/d"));
    let elsewhere =
        question(&app, JO, format!(r#"{{"d":"{SITE}"}}"#)).header("origin", "https://stranger.org");
    elsewhere.send().assert_problem(403);
    for body in ["", "[]", "7", r#"{"d":7}"#] {
        question(&app, JO, body.to_owned()).send().assert_problem(400);
    }
}

#[test]
fn a_site_that_does_not_let_forms_ask_tells_nobody_anything() {
    let app = TestApp::start();
    let token = jo(&app);
    assert_eq!(form(&app, JO, Some(&token), CONSENT).text(), r#"{"ask":[]}"#);
    app.add_site(&[SITE, "--ask", "company_size"]).assert_ok();
    mqlite_tests::wait_until("the site to be read again", || {
        let names = asked_for(&form(&app, JO, Some(&token), CONSENT));
        if names == ["company_size"] { Ok(()) } else { Err(format!("{names:?}")) }
    });
    app.add_site(&[SITE, "--ask", "none"]).assert_ok();
    mqlite_tests::wait_until("the site to be read again", || {
        let names = asked_for(&form(&app, JO, Some(&token), CONSENT));
        if names.is_empty() { Ok(()) } else { Err(format!("{names:?}")) }
    });
}

#[test]
fn who_asks_too_often_waits() {
    let app = asking().setting("MQLITE_CLIENT_RATE", "1").setting("MQLITE_CLIENT_BURST", "3").start();
    let begun = std::time::Instant::now();
    let statuses: Vec<u16> = (0..60).map(|_| form(&app, JO, None, CONSENT).status).collect();
    // Three at once, and one more for each second that the sixty took.
    let most = 4 + usize::try_from(begun.elapsed().as_secs()).expect("seconds");
    let answered = statuses.iter().filter(|status| **status == 200).count();
    assert!((3..=most).contains(&answered), "{answered} of at most {most}: {statuses:?}");
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
}

#[test]
fn the_script_is_served_as_the_snippet_is() {
    let app = TestApp::start();
    let script = app.get("/mq-ask.js").header("accept-encoding", "gzip").send().assert_status(200);
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(script.header("content-encoding"), Some("gzip"));
    assert_eq!(script.header("access-control-allow-origin"), Some("*"));
    let etag = script.header("etag").expect("an etag").to_owned();
    app.get("/mq-ask.js").header("if-none-match", etag).send().assert_status(304);
}
