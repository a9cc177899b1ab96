//! What to ask a lead for, for who may see leads. Promise: one or two things that are not known of it, the one that
//! tells most first, and none that is known.

use mqlite_tests::{SITE, TestApp, event, sixty_points};
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
