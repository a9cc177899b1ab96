//! Leads as they were. Promise: what was seen of a lead at a moment is answered of that moment ever after,
//! whatever it or people did since.

use mqlite_tests::{SITE, TestApp, event, pageview, sixty_points, wait_until};
use serde_json::{Value, json};

/// What an explanation says of a moment, without what has been added to it since.
fn seen(explanation: &Value) -> Value {
    let names =
        ["known", "stage", "score", "grade", "qualifies", "lines", "missing", "exit", "cooling_until"];
    names
        .iter()
        .map(|name| ((*name).to_owned(), explanation[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Looks at a lead now.
fn look(app: &TestApp, key: &str) -> (String, Value) {
    let explanation = app.explanation(key, "");
    assert_eq!((&explanation["exact"], &explanation["inexact_because"]), (&true.into(), &Value::Null));
    // A millisecond may hold more than one event: look between them.
    std::thread::sleep(std::time::Duration::from_millis(5));
    (explanation["as_of"].as_str().expect("a moment").to_owned(), seen(&explanation))
}

fn put(app: &TestApp, key: &str, from: &str, to: &str) {
    let path = format!("/api/v1/leads/{key}/stage?site={SITE}");
    app.post_json(&path, &json!({ "from": from, "to": to }))
        .header("cookie", app.cookie())
        .send()
        .assert_status(200);
}

#[test]
fn what_was_seen_then_is_answered_of_then() {
    let app = TestApp::start();
    app.send(&pageview("/")).assert_stored();
    std::thread::sleep(std::time::Duration::from_millis(5));
    app.send_all(&sixty_points("", "jo@acme.com", "Acme")).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let key = lead["key"].as_str().expect("a key");
    let mut looks = vec![look(&app, key)];
    // What counts once is counted at its latest, and what it says of itself is what it says now.
    let form = |title: &str, size: &str| {
        let fields = json!({ "company": "Acme", "job_title": title, "company_size": size });
        event("form_submit", "/contact").from_within().identify("jo@acme.com", fields, true)
    };
    let steps: [&dyn Fn(); 5] = [
        &|| {
            app.send_all(&[event("case_study_download", "/library").from_within(), form("Intern", "5")])
                .assert_stored()
        },
        &|| put(&app, key, "mql", "sal"),
        &|| {
            app.send_all(&[form("CTO", "1,000+"), event("demo_request", "/demo").from_within()])
                .assert_stored()
        },
        &|| put(&app, key, "sal", "recycled"),
        &|| app.send(&event("newsletter_signup", "/").from_within()).assert_stored(),
    ];
    for step in steps {
        let stored = app.export().len();
        let before = app.explanation(key, "");
        step();
        if app.export().len() > stored {
            wait_until("the step to be scored", || {
                let now = app.explanation(key, "");
                let scored = now["lines"] != before["lines"];
                if scored { Ok(()) } else { Err(format!("{now}")) }
            });
        }
        looks.push(look(&app, key));
    }
    let stages: Vec<&str> = looks.iter().filter_map(|(_, seen)| seen["stage"].as_str()).collect();
    assert_eq!(stages, ["mql", "mql", "sal", "sal", "recycled", "recycled"], "{looks:?}");
    for (at, then) in &looks {
        let past = app.explanation(key, &format!("&as_of={at}"));
        assert_eq!(&seen(&past), then, "at {at}: {past}");
        assert_eq!((&past["exact"], &past["as_of"]), (&true.into(), &at.as_str().into()), "{past}");
    }
    let events = app.export();
    let first = events[0]["at"].as_str().expect("a moment");
    let before = app.explanation(key, &format!("&as_of={first}"));
    assert_eq!((&before["known"], &before["stage"]), (&false.into(), &Value::Null), "{before}");
    assert_eq!((&before["score"]["total"], &before["lines"]), (&0.into(), &json!([])), "{before}");
    assert_eq!(before["exact"], true, "{before}");
    let said = before["missing"][0].as_str().expect("a sentence");
    assert!(said.starts_with("It was not known yet: it became known at 20"), "{said}");
}

/// What sales date back says where the lead stood, and nothing of the score of that moment.
#[test]
fn what_is_dated_back_changes_no_score_of_then() {
    let app = TestApp::start();
    app.send_all(&sixty_points("", "jo@acme.com", "Acme")).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let key = lead["key"].as_str().expect("a key");
    std::thread::sleep(std::time::Duration::from_millis(5));
    let (at, then) = look(&app, key);
    app.send(&event("demo_request", "/demo").from_within()).assert_stored();
    app.wait_for_lead("Acme", |lead| lead["score"]["total"] != 60);
    let path = format!("/api/v1/leads/{key}/stage?site={SITE}");
    let asked = json!({ "from": "mql", "to": "sal", "at": at });
    app.post_json(&path, &asked).header("cookie", app.cookie()).send().assert_status(200);
    let past = app.explanation(key, &format!("&as_of={at}"));
    let name = |name: &str| (past[name].clone(), then[name].clone());
    for same in ["score", "lines", "qualifies", "missing", "grade"] {
        let (past, then) = name(same);
        assert_eq!(past, then, "{same}");
    }
    assert_eq!((&past["stage"], &past["machine_score"]), (&"sal".into(), &then["score"]), "{past}");
}

#[test]
fn where_events_are_gone_it_says_why() {
    let app = TestApp::start();
    app.send_all(&sixty_points("", "jo@acme.com", "Acme")).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let key = lead["key"].as_str().expect("a key");
    let (at, then) = look(&app, key);
    app.send(&event("demo_request", "/demo").from_within()).assert_stored();
    app.wait_for_lead("Acme", |lead| lead["score"]["total"] != 60);
    let past = app.explanation(key, &format!("&as_of={at}"));
    assert_eq!(seen(&past), then, "{past}");
    // Behind the collector's back, as an older copy of the log would be.
    let log = rusqlite::Connection::open(app.data().join("events.db")).expect("opens");
    log.execute("DELETE FROM events WHERE seq = (SELECT min(seq) + 1 FROM events)", []).expect("deletes");
    let past = app.explanation(key, &format!("&as_of={at}"));
    assert_eq!((&past["exact"], &past["known"]), (&false.into(), &true.into()), "{past}");
    let because = past["inexact_because"].as_str().expect("a sentence");
    assert!(because.contains("the log does not hold all events"), "{because}");
    assert_eq!(past["stage"], "mql", "what was stored of its stage stays: {past}");
    assert_eq!(app.explanation(key, "")["exact"], true, "of now everything is kept");
}
