//! What became of leads. Promise: from the first touch to the customer, by page, by API and by command, in the same
//! numbers; groups sum to the totals, and an answer says what its numbers depend on.

use mqlite_tests::{SITE, Setup, TestApp, event, mqlite, pageview, person, sixty_points};
use serde_json::{Value, json};

fn outcomes(app: &TestApp, site: &str, parameters: &str) -> Value {
    app.read(&format!("/api/v1/reports/outcomes?site={site}{parameters}"))
}

fn printed(app: &TestApp, site: &str, more: &[&str]) -> String {
    let data = app.data().display().to_string();
    let command = ["report", "outcomes", "--site", site, "--data", &data];
    mqlite(command.into_iter().chain(more.iter().copied())).assert_ok()
}

fn rows(report: &Value) -> &[Value] {
    report["rows"].as_array().expect("rows")
}

/// The sum of a number with at most three decimals, in thousandths.
fn sum(rows: &[Value], key: &str) -> i64 {
    let thousandths = |row: &Value| -> i64 {
        let text = row[key].to_string();
        let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
        format!("{whole}{rest:0<3}").parse().unwrap_or_else(|_| panic!("{key} in {row}"))
    };
    rows.iter().map(thousandths).sum()
}

#[test]
fn from_the_first_touch_to_the_customer() {
    let app = TestApp::start();
    let mut journey = sixty_points("?utm_source=google&utm_medium=cpc", "jo@acme.com", "Acme");
    let last = journey.pop().expect("a mail open");
    app.send_all(&journey).assert_stored();
    let mail = pageview("/?utm_source=newsletter&utm_medium=email");
    app.send_all(&[mail, pageview("/"), last]).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let other = event("newsletter_signup", "/").identify("jim@other.com", person("Other"), true);
    app.send_all_from("198.51.100.7", &[pageview("/"), other]).assert_stored();
    app.wait_for_lead("Other", |_| true);

    let path = format!("/api/v1/leads/{}/stage?site={SITE}", lead["key"].as_str().expect("a key"));
    let put =
        |body: &Value| app.post_json(&path, body).header("cookie", app.cookie()).send().assert_status(200);
    put(&json!({ "from": "mql", "to": "sal" }));
    let amount = json!({ "minor": 90_001, "currency": "EUR" });
    put(&json!({ "from": "sal", "to": "customer", "amount": amount }));

    let report = outcomes(&app, SITE, "&attribution=linear");
    assert_eq!((&report["attribution"], &report["leads_attribution"]), (&json!("linear"), &json!("first")));
    assert_eq!((&report["model"]["name"], &report["cohort"]), (&json!("Default B2B"), &json!("month")));
    let totals = &report["totals"];
    for (key, value) in [
        ("leads", json!(2)),
        ("leads_qualified", json!(1)),
        ("mql_rate", json!(0.5)),
        ("mqls", json!(1)),
        ("accepted", json!(1)),
        ("acceptance_rate", json!(1)),
        ("sqls", json!(1)),
        ("customers", json!(1)),
        ("conversion_rate", json!(1)),
        ("days_to_customer", json!({ "median": 0, "p90": 0 })),
        (
            "deals",
            json!([{ "currency": "EUR", "customers": 1, "total_minor": 90_001, "average_minor": 90_001 }]),
        ),
        ("lost", json!(0)),
        ("recycled", json!(0)),
    ] {
        assert_eq!(totals[key], value, "{key} in {totals}");
    }
    let of = |channel: &str| rows(&report).iter().find(|row| row["key"] == channel).cloned().expect("a row");
    assert_eq!((&of("paid_search")["mqls"], &of("email")["customers"]), (&json!(0.5), &json!(0.5)));
    assert_eq!(of("paid_search")["deals"][0]["total_minor"], 45_001, "to the cent");
    assert_eq!(of("email")["deals"][0]["total_minor"], 45_000);
    assert_eq!((&of("direct")["leads"], &of("paid_search")["label"]), (&json!(1), &json!("Paid Search")));
    let cohort = &report["cohorts"][0];
    assert_eq!((&cohort["mature"], &cohort["mqls"]), (&json!(false), &json!(1)), "too young to be judged");
    let rails = report["guard_rails"].as_array().expect("rails");
    assert!(rails.iter().all(|rail| rail["verdict"] == "too_little_data"), "{rails:?}");

    // A deal that was taken back is lost.
    put(&json!({ "from": "customer", "to": "lost" }));
    let totals = &outcomes(&app, SITE, "&by=cohort")["totals"];
    assert_eq!((&totals["customers"], &totals["lost"], &totals["deals"]), (&json!(0), &json!(1), &json!([])));
}

#[test]
fn the_demo_shows_what_its_sales_made_of_mqls() {
    let app = Setup::default().demo().start();
    let mut won = Vec::new();
    for attribution in ["first", "last", "linear", "time_decay"] {
        for by in ["channel", "source", "campaign", "country", "page", "cohort"] {
            let report = outcomes(&app, "demo.example", &format!("&by={by}&attribution={attribution}"));
            assert_eq!((&report["by"], &report["attribution"]), (&json!(by), &json!(attribution)));
            let groups = if by == "cohort" { "cohorts" } else { "rows" };
            let groups = report[groups].as_array().expect("groups");
            for key in
                ["leads", "leads_qualified", "mqls", "accepted", "sqls", "customers", "lost", "recycled"]
            {
                let total = sum(std::slice::from_ref(&report["totals"]), key);
                assert!(total > 0, "the demo has {key}");
                assert_eq!(sum(groups, key), total, "{key} by {by}, {attribution}");
            }
            won.push(report["totals"]["deals"].clone());
        }
    }
    assert!(won.iter().all(|deals| *deals == won[0]), "attribution moves deals between groups only: {won:?}");
    let currencies: Vec<&Value> =
        won[0].as_array().expect("deals").iter().map(|deals| &deals["currency"]).collect();
    assert_eq!(currencies, ["EUR", "USD"], "each by itself");

    let report = outcomes(&app, "demo.example", "&attribution=time_decay");
    let more = ["--attribution", "time_decay", "--format"];
    let as_json = printed(&app, "demo.example", &[&more[..], &["json"]].concat());
    assert_eq!(serde_json::from_str::<Value>(&as_json).expect("JSON"), report, "the command says the same");
    let csv = printed(&app, "demo.example", &[&more[..], &["csv"]].concat());
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), rows(&report).len() + 2, "a head, the rows, the total");
    assert!(
        lines[0].ends_with("deals_EUR,total_EUR,average_EUR,deals_USD,total_USD,average_USD"),
        "{}",
        lines[0]
    );
    assert!(lines[1..].iter().all(|line| line.contains(",time_decay,first,Default B2B,")), "{csv}");
    let text = printed(&app, "demo.example", &["--by", "cohort"]);
    for words in
        ["by cohort; MQLs and what became of them by first touch", "* too young to be judged", "EUR in all"]
    {
        assert!(text.contains(words), "{words} in {text}");
    }
}

#[test]
fn wrong_parameters_are_named() {
    let app = TestApp::start();
    for (parameter, pointer) in [
        ("by=rule", "?by"),
        ("cohort=day", "?cohort"),
        ("attribution=middle", "?attribution"),
        ("from=2026-13-01", "?from"),
        ("to=tomorrow", "?to"),
        ("from=2026-02-02&to=2026-02-01", "?from"),
    ] {
        let path = format!("/api/v1/reports/outcomes?site={SITE}&{parameter}");
        let problem = app.look(&path).send().assert_problem(400);
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{problem:?}");
    }
    app.look("/api/v1/reports/outcomes?site=stranger.org").send().assert_problem(404);
    let data = app.data().display().to_string();
    for (more, words) in [
        (["--site", "stranger.org"], "mqlite site list"),
        (["--by", "colour"], "--by: one of channel, source"),
        (["--attribution", "middle"], "--attribution: one of first, last, linear, time_decay"),
    ] {
        let site = if more[0] == "--site" { vec![] } else { vec!["--site", SITE] };
        let command = [vec!["report", "outcomes", "--data", &data], site, more.to_vec()].concat();
        let said = mqlite(command).assert_fails();
        assert!(said.contains(words), "{said}");
    }
}
