//! Stages by page, by API and by command. Promise: of two who change a lead one wins; what is not legal is
//! refused with what is; a file with a wrong line changes nothing.

use mqlite_tests::{Answer, SITE, TestApp, mqlite, sixty_points};
use serde_json::{Value, json};

const MAIL: &str = "jo@acme.com";

/// Jo, an MQL; answers the key.
fn jo(app: &TestApp) -> String {
    app.send_all(&sixty_points("?utm_source=google&utm_medium=cpc", MAIL, "Acme")).assert_status(202);
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql" && lead["score"]["total"] == 60);
    lead["key"].as_str().expect("a key").to_owned()
}

fn put(app: &TestApp, key: &str, body: &Value) -> Answer {
    let path = format!("/api/v1/leads/{key}/stage?site={SITE}");
    app.post_json(&path, body).header("cookie", app.cookie()).send()
}

fn import(app: &TestApp, csv: &str, more: &[&str]) -> mqlite_tests::Finished {
    let file = app.data().join("outcomes.csv");
    std::fs::write(&file, csv).expect("writes");
    let (data, file) = (app.data().display().to_string(), file.display().to_string());
    let command = ["import", "outcomes", &file, "--site", SITE, "--data", &data];
    mqlite(command.into_iter().chain(more.iter().copied()))
}

fn stages(app: &TestApp, key: &str) -> Vec<(String, String)> {
    let explanation = app.explanation(key, "");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let transitions = explanation["transitions"].as_array().expect("transitions");
    transitions.iter().map(|made| (text(&made["to"]), text(&made["actor"]))).collect()
}

#[test]
fn of_two_who_change_a_lead_one_wins() {
    let app = TestApp::start();
    let key = jo(&app);
    app.post_json(&format!("/api/v1/leads/{key}/stage?site={SITE}"), &json!({ "from": "mql", "to": "sal" }))
        .send()
        .assert_problem(401);
    let accepted = put(&app, &key, &json!({ "from": "mql", "to": "sal", "reason": "wants a call" })).json();
    assert_eq!((&accepted["stage"], &accepted["from"]), (&"sal".into(), &"mql".into()), "{accepted}");
    assert_eq!(accepted["reason"], "accepted by sales: wants a call");
    let late = put(&app, &key, &json!({ "from": "mql", "to": "recycled" }));
    late.assert_problem(409);
    let late = late.json();
    assert_eq!(late["stage"], "sal", "{late}");
    let next: Vec<&str> =
        late["next"].as_array().expect("ways").iter().filter_map(|way| way["stage"].as_str()).collect();
    assert_eq!(next, ["sql", "customer", "recycled", "disqualified", "lost"]);
    let illegal = put(&app, &key, &json!({ "from": "sal", "to": "mql" })).assert_problem(409);
    assert!(illegal.detail.contains("it may become sql (qualified by sales)"), "{}", illegal.detail);
    for (body, pointer) in [
        (json!({ "from": "sal", "to": "won" }), "/to"),
        (json!({ "from": "here", "to": "sql" }), "/from"),
        (json!({ "from": "sal", "to": "sql", "at": "2999-01-01T00:00:00Z" }), "/at"),
        (json!({ "from": "sal", "to": "sql", "amount": { "minor": 1, "currency": "EUR" } }), "/amount"),
        (
            json!({ "from": "sal", "to": "customer", "amount": { "minor": 1, "currency": "euro" } }),
            "/amount/currency",
        ),
    ] {
        let problem = put(&app, &key, &body).assert_problem(400);
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{}", problem.detail);
    }
    let won = json!({ "from": "sal", "to": "close_convert_lead", "amount": { "minor": 990_000, "currency": "eur" } });
    assert_eq!(put(&app, &key, &won).json()["stage"], "customer");
    let expected = [("mql", "collector"), ("sal", "owner"), ("customer", "owner")];
    assert_eq!(stages(&app, &key), expected.map(|(to, actor)| (to.to_owned(), actor.to_owned())));
    put(&app, &"0".repeat(32), &won).assert_problem(404);
    let log = app.read(&format!("/api/v1/audit/log?action=lead.stage_changed&site={SITE}"));
    assert_eq!(log["total"], 2, "{log}");
    assert_eq!(log["entries"][0]["title"], "Stage changed");
    assert_eq!(log["entries"][0]["details"]["amount"], 990_000);
}

#[test]
fn a_file_of_outcomes_is_taken_in_whole_or_not_at_all() {
    let app = TestApp::start();
    let key = jo(&app);
    let bad = format!("email,stage\n{MAIL},sal\nnobody@acme.com,sal\n");
    let refused = import(&app, &bad, &[]).assert_fails();
    assert!(refused.contains("line 3: there is no such lead"), "{refused}");
    assert!(!refused.contains("nobody@") && !refused.contains("jo@"), "{refused}");
    assert_eq!(stages(&app, &key).len(), 1, "nothing was taken in");
    let good = format!("email,stage\n{MAIL},working_lead\n");
    let dry = import(&app, &good, &["--dry-run"]).assert_ok();
    assert!(dry.contains("nothing was changed"), "{dry}");
    assert_eq!(stages(&app, &key).len(), 1);
    let skipping = import(&app, &bad, &["--skip-bad"]);
    assert!(skipping.stdout.contains("sal") && skipping.stderr.contains("line 3"), "{}", skipping.stderr);
    let last = stages(&app, &key).pop();
    assert_eq!(last, Some(("sal".to_owned(), "operator".to_owned())));
    let again = import(&app, &good, &[]).assert_ok();
    assert!(again.contains("known already                 1"), "{again}");
}
