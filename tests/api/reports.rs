//! `/api/v1/reports/mql`. Promise: the rows of a report sum to its totals, the period before is the report
//! of that period, and the same question is answered with 304 until the answer changes.

use mqlite_tests::{Setup, TestApp, event, hold, pageview, person, sixty_points, zone_where_it_is};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, Weak};

const COUNTS: [&str; 3] = ["visits", "leads", "mqls"];

/// A collector with ninety days of generated visits, shared by the tests that run at the same time.
fn demo() -> Arc<TestApp> {
    static DEMO: Mutex<Weak<TestApp>> = Mutex::new(Weak::new());
    hold(&DEMO, || Setup::default().demo().start())
}

fn demo_report(app: &TestApp, parameters: &str) -> Value {
    app.read(&format!("/api/v1/reports/mql?site=demo.example{parameters}"))
}

fn items<'a>(report: &'a Value, key: &str) -> &'a [Value] {
    report[key].as_array().unwrap_or_else(|| panic!("{key} in {report}"))
}

fn count(of: &Value, key: &str) -> i64 {
    of[key].as_i64().unwrap_or_else(|| panic!("{key} in {of}"))
}

/// A number with at most three decimals, in thousandths.
fn thousandths(of: &Value, key: &str) -> i64 {
    let text = of[key].to_string();
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    assert!(rest.len() <= 3, "{key} in {of}");
    format!("{whole}{rest:0<3}").parse().unwrap_or_else(|_| panic!("{key} in {of}"))
}

fn sum<'a>(of: impl IntoIterator<Item = &'a Value>, key: &str) -> i64 {
    of.into_iter().map(|item| count(item, key)).sum()
}

#[test]
fn rows_and_series_sum_to_the_totals() {
    let app = demo();
    for by in ["channel", "source", "campaign", "country", "page"] {
        for attribution in ["first", "last"] {
            let report = demo_report(&app, &format!("&by={by}&attribution={attribution}"));
            assert_eq!((&report["by"], &report["attribution"]), (&json!(by), &json!(attribution)));
            for key in COUNTS {
                let total = count(&report["totals"], key);
                assert!(total > 0, "the demo has {key}");
                assert_eq!(sum(items(&report, "rows"), key), total, "{key} by {by}");
                assert_eq!(sum(items(&report, "series"), key), total, "{key} by {by}, day by day");
                let before = count(&report["previous_totals"], key);
                let rows = items(&report, "rows").iter().map(|row| &row["previous"]);
                assert_eq!(sum(rows, key), before, "{key} by {by}, before");
                let series = items(&report, "series").iter().map(|point| &point["previous"]);
                assert_eq!(sum(series, key), before, "{key} by {by}, day by day, before");
            }
            for row in items(&report, "rows") {
                let name = row["key"].as_str().expect("a key");
                let points = items(&report, "series").iter().filter_map(|point| point["rows"].get(name));
                assert_eq!(sum(points, "mqls"), count(row, "mqls"), "{name}, day by day");
            }
        }
    }
}

#[test]
fn parts_of_mqls_sum_to_the_totals() {
    let app = demo();
    let whole = count(&demo_report(&app, "")["totals"], "mqls");
    for by in ["channel", "source", "campaign", "country", "page"] {
        for attribution in ["linear", "time_decay"] {
            let report = demo_report(&app, &format!("&by={by}&attribution={attribution}"));
            assert_eq!(
                (&report["attribution"], &report["leads_attribution"]),
                (&json!(attribution), &json!("first"))
            );
            assert_eq!(count(&report["totals"], "mqls"), whole, "no MQL is lost or doubled");
            let rows = items(&report, "rows");
            let parts = |of: &[Value]| of.iter().map(|item| thousandths(item, "mqls")).sum::<i64>();
            assert_eq!(parts(rows), whole * 1_000, "by {by}");
            assert_eq!(parts(items(&report, "series")), whole * 1_000, "by {by}, day by day");
            let previous: Vec<Value> = rows.iter().map(|row| row["previous"].clone()).collect();
            assert_eq!(parts(&previous), thousandths(&report["previous_totals"], "mqls"), "by {by}, before");
            assert_eq!(sum(rows, "leads"), count(&report["totals"], "leads"), "leads by {by}");
            for row in rows {
                let name = row["key"].as_str().expect("a key");
                let points = items(&report, "series").iter().filter_map(|point| point["rows"].get(name));
                let points = points.map(|point| thousandths(point, "mqls")).sum::<i64>();
                assert_eq!(points, thousandths(row, "mqls"), "{name}, day by day");
            }
            let shared = rows.iter().any(|row| thousandths(row, "mqls") % 1_000 != 0);
            assert!(shared || !["channel", "source"].contains(&by), "some MQL has several touches: {by}");
        }
    }
}

#[test]
fn rows_are_sorted_and_rules_overlap() {
    let app = demo();
    for by in ["channel", "rule"] {
        let report = demo_report(&app, &format!("&by={by}"));
        let order: Vec<[i64; 3]> = items(&report, "rows")
            .iter()
            .map(|row| ["mqls", "leads", "visits"].map(|key| count(row, key)))
            .collect();
        assert!(order.windows(2).all(|pair| pair[0] >= pair[1]), "{by}: {order:?}");
        assert!(
            items(&report, "rows")
                .iter()
                .all(|row| row["label"].as_str().is_some_and(|label| !label.is_empty()))
        );
    }
    let report = demo_report(&app, "&by=rule");
    assert!(
        sum(items(&report, "rows"), "mqls") > count(&report["totals"], "mqls"),
        "an MQL has several reasons"
    );
    let channels = demo_report(&app, "&by=channel");
    assert_eq!(report["totals"], channels["totals"], "and is one MQL all the same");
}

#[test]
fn the_period_before_is_the_report_of_that_period() {
    let app = demo();
    let report = demo_report(&app, "");
    let date =
        |value: &Value| value.as_str().expect("a date").parse::<jiff::civil::Date>().expect("ISO 8601");
    let (from, to) = (date(&report["from"]), date(&report["to"]));
    let previous = &report["previous"];
    assert_eq!(date(&previous["to"]), from.yesterday().expect("a day before"));
    let days = |from, to| jiff::civil::Date::since(to, from).map(|span| span.get_days());
    let (length, before) = (days(from, to), days(date(&previous["from"]), date(&previous["to"])));
    assert_eq!(length.expect("days"), before.expect("days"), "as long as the period");
    let (before, until) = (date(&previous["from"]), date(&previous["to"]));
    let alone = demo_report(&app, &format!("&from={before}&to={until}&compare=none"));
    assert_eq!(alone["totals"], report["previous_totals"]);
    assert_eq!((&alone["previous"], &alone["previous_totals"]), (&Value::Null, &Value::Null));
    assert!(items(&alone, "rows").iter().all(|row| row["previous"].is_null()));
    for row in items(&report, "rows") {
        let then = items(&alone, "rows").iter().find(|then| then["key"] == row["key"]);
        for key in COUNTS {
            assert_eq!(count(&row["previous"], key), then.map_or(0, |then| count(then, key)), "{row}");
        }
    }
    for (point, then) in items(&report, "series").iter().zip(items(&alone, "series")) {
        for key in ["from", "visits", "leads", "mqls"] {
            assert_eq!(point["previous"][key], then[key], "{point}");
        }
    }
}

#[test]
fn weeks_and_months_are_the_sums_of_their_days() {
    let app = demo();
    let today: jiff::civil::Date =
        demo_report(&app, "")["to"].as_str().expect("a date").parse().expect("ISO 8601");
    let from = today - jiff::Span::new().days(79);
    let ask = |interval: &str| demo_report(&app, &format!("&from={from}&to={today}&interval={interval}"));
    let days = ask("day");
    assert_eq!(items(&days, "series").len(), 80, "every day is there, also an empty one");
    for interval in ["week", "month"] {
        let report = ask(interval);
        assert_eq!(report["totals"], days["totals"]);
        let series = items(&report, "series");
        let start = |point: &Value| {
            point["from"].as_str().expect("a date").parse::<jiff::civil::Date>().expect("ISO")
        };
        assert_eq!(start(&series[0]), from, "the first begins with the period");
        for (n, point) in series.iter().enumerate().skip(1) {
            let first = start(point);
            let right = if interval == "week" {
                first.weekday() == jiff::civil::Weekday::Monday
            } else {
                first.day() == 1
            };
            assert!(right, "{first} begins no {interval}");
            assert!(start(&series[n - 1]) < first);
        }
        for (n, point) in series.iter().enumerate() {
            let end = series.get(n + 1).map(start);
            let inside = items(&days, "series")
                .iter()
                .filter(|day| start(day) >= start(point) && end.is_none_or(|end| start(day) < end));
            for key in COUNTS {
                assert_eq!(count(point, key), sum(inside.clone(), key), "{interval} of {}", start(point));
            }
        }
    }
}

#[test]
fn every_dimension_names_what_happened() {
    let app = TestApp::start();
    let paid = "?utm_source=google&utm_medium=cpc&utm_campaign=brand";
    app.send_all_from("192.0.2.1", &sixty_points(paid, "jo@acme.com", "Acme")).assert_stored();
    app.send_all_from("198.51.100.1", &[pageview("/pricing"), pageview("/x").from_within()]).assert_stored();
    app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    mqlite_tests::wait_until("two visits", || {
        let report = app.report("");
        if report["totals"]["visits"] == 2 { Ok(()) } else { Err(report.to_string()) }
    });
    let expected = [
        ("channel", "paid_search", "Paid Search"),
        ("source", "google", "google"),
        ("campaign", "brand", "brand"),
        ("page", "/", "/"),
        ("country", "", "(none)"),
        ("rule", "pricing_minute", "A minute on the pricing page"),
    ];
    for (by, key, label) in expected {
        let report = app.report(&format!("&by={by}"));
        let row = items(&report, "rows").iter().find(|row| row["key"] == key);
        let row = row.unwrap_or_else(|| panic!("{key} by {by} in {report}"));
        assert_eq!((&row["mqls"], &row["label"]), (&json!(1), &json!(label)), "{row}");
        assert_eq!(report["totals"], json!({ "visits": 2, "leads": 1, "mqls": 1 }), "{by}");
    }
    let model = &app.report("")["model"];
    assert_eq!((&model["name"], &model["threshold"]), (&json!("Default B2B"), &json!(60)));
    assert_eq!(model["hash"].as_str().map(str::len), Some(64));
}

#[test]
fn the_last_touch_that_was_not_direct_gets_the_credit_where_asked() {
    let app = TestApp::start();
    let mut journey = sixty_points("?utm_source=google&utm_medium=cpc", "jo@acme.com", "Acme");
    let last = journey.pop().expect("a mail open");
    app.send_all(&journey).assert_stored();
    let mail = pageview("/?utm_source=newsletter&utm_medium=email");
    app.send_all(&[mail, pageview("/"), last]).assert_stored();
    app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let mqls = |attribution: &str, channel: &str| {
        let report = app.report(&format!("&attribution={attribution}"));
        let row = items(&report, "rows").iter().find(|row| row["key"] == channel).cloned();
        row.map_or(0, |row| count(&row, "mqls"))
    };
    assert_eq!((mqls("first", "paid_search"), mqls("first", "email")), (1, 0));
    assert_eq!((mqls("last", "paid_search"), mqls("last", "email")), (0, 1));
    for attribution in ["linear", "time_decay"] {
        let report = app.report(&format!("&attribution={attribution}"));
        let of = |channel: &str| {
            let row = items(&report, "rows").iter().find(|row| row["key"] == channel).cloned();
            thousandths(&row.unwrap_or_else(|| panic!("{channel} in {report}")), "mqls")
        };
        // Minutes apart: neither counts for more.
        assert_eq!((of("paid_search"), of("email")), (500, 500), "{attribution}");
    }
    let lead = &app.leads("&attribution=last")["leads"][0];
    assert_eq!(lead["channel"], "email");
    assert_eq!(app.leads("&attribution=last&channel=email")["total"], 1);
    assert_eq!(app.leads("&attribution=first&channel=email")["total"], 0);
}

#[test]
fn a_day_is_a_day_of_the_sites_time_zone() {
    // Early in the day, so that nine hours ago was yesterday there.
    let zone = zone_where_it_is(6);
    let app = Setup::default().without_sites().site(&["example.com", "--time-zone", &zone]).start();
    let hours_ago = |hours: i64, address: &str| {
        let event = pageview("/").with("a", hours * 3_600_000);
        app.post(event.body()).header("x-forwarded-for", address).send().assert_stored();
    };
    hours_ago(9, "192.0.2.1");
    hours_ago(9, "198.51.100.1");
    hours_ago(0, "203.0.113.1");
    let last = event("newsletter_signup", "/").identify("jo@acme.com", person("Acme"), true);
    app.send(&last).assert_stored();
    app.wait_for_lead("Acme", |_| true);
    let today = app.read("/api/v1/sites")["sites"][0]["today"].as_str().expect("a date").to_owned();
    let report = app.report(&format!("&from={today}&to={today}"));
    assert_eq!(report["time_zone"], json!(zone));
    assert_eq!(report["totals"], json!({ "visits": 2, "leads": 1, "mqls": 0 }), "{zone}: {report}");
    assert_eq!(report["previous_totals"], json!({ "visits": 2, "leads": 0, "mqls": 0 }), "{zone}: {report}");
}

#[test]
fn the_same_answer_is_not_sent_twice() {
    let app = TestApp::start();
    let path = "/api/v1/reports/mql?site=example.com";
    let first = app.look(path).send().assert_status(200);
    let etag = first.header("etag").expect("an etag").to_owned();
    assert!(first.header("cache-control").is_some_and(|cache| cache.contains("private")), "{}", first.head());
    let again = app.look(path).header("if-none-match", &etag).send().assert_status(304);
    assert!(again.body.is_empty());
    app.send(&pageview("/")).assert_stored();
    let changed = mqlite_tests::wait_until("another answer", || {
        let answer = app.look(path).header("if-none-match", &etag).send();
        if answer.status == 200 { Ok(answer) } else { Err(answer.head()) }
    });
    assert_ne!(changed.header("etag"), Some(etag.as_str()));
    assert_eq!(changed.json()["totals"]["visits"], 1);
    app.get(path).header("if-none-match", &etag).send().assert_problem(401);
}

#[test]
fn wrong_parameters_are_named() {
    let app = TestApp::start();
    let wrong = [
        ("by=colour", "?by"),
        ("interval=hour", "?interval"),
        ("compare=next", "?compare"),
        ("attribution=middle", "?attribution"),
        ("from=2026-13-01", "?from"),
        ("to=tomorrow", "?to"),
        ("from=2026-02-02&to=2026-02-01", "?from"),
        ("from=1990-01-01&to=2026-01-01", "?from"),
    ];
    for (parameter, pointer) in wrong {
        let path = format!("/api/v1/reports/mql?site=example.com&{parameter}");
        let problem = app.look(&path).send().assert_problem(400);
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{problem:?}");
        assert!(problem.detail.starts_with(&pointer[1..]), "{problem:?}");
    }
    app.look("/api/v1/reports/mql").send().assert_problem(400);
    app.look("/api/v1/reports/mql?site=").send().assert_problem(400);
    app.look("/api/v1/reports/mql?site=stranger.org").send().assert_problem(404);
}
