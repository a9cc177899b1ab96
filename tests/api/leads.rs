//! `/api/v1/leads`. Promise: 60 points make an MQL and 57 do not; every explanation sums to its score; the
//! list is whole, page by page.

use mqlite_tests::{Setup, TestApp, event, person, sixty_points};
use serde_json::Value;
use std::collections::BTreeSet;

const PAID: &str = "?utm_source=google&utm_medium=cpc&utm_campaign=brand";

/// Points as whole thousandths.
#[track_caller]
fn milli(points: &Value) -> i64 {
    let number = points.as_f64().unwrap_or_else(|| panic!("{points} is no number")) * 1000.0;
    assert!((number - number.round()).abs() < 1e-6, "{points} has more than three decimals");
    format!("{number:.0}").parse().expect("a whole number")
}

fn total(lead: &Value) -> i64 {
    milli(&lead["score"]["total"])
}

/// Asserts that an explanation is one: its lines sum to its score, axis by axis.
#[track_caller]
fn assert_sums(explanation: &Value) {
    let lines = explanation["lines"].as_array().expect("lines");
    let sum = |axis: Option<&str>| -> i64 {
        let of_axis = lines.iter().filter(|line| axis.is_none_or(|axis| line["axis"] == axis));
        of_axis.map(|line| milli(&line["points"])).sum()
    };
    let score = &explanation["score"];
    assert_eq!(sum(None), milli(&score["total"]), "{explanation}");
    assert_eq!(milli(&score["fit"]) + milli(&score["engagement"]), milli(&score["total"]), "{explanation}");
    for line in lines {
        for key in ["kind", "id", "label", "detail"] {
            assert!(line[key].as_str().is_some_and(|text| !text.is_empty()), "{key} in {line}");
        }
    }
}

#[test]
fn sixty_points_are_an_mql_under_the_channel_of_the_visit() {
    let app = TestApp::start();
    app.send_all(&sixty_points(PAID, "jo@acme.com", "Acme")).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    assert_eq!(total(&lead), 60_000, "{lead}");
    assert_eq!(milli(&lead["score_at_mql"]["total"]), 60_000);
    assert!(lead["became_mql_at"].is_string());
    assert_eq!((&lead["channel"], &lead["channel_label"]), (&"paid_search".into(), &"Paid Search".into()));
    assert_eq!((&lead["source"], &lead["campaign"]), (&"google".into(), &"brand".into()));
    assert_eq!(lead["domain"], "acme.com");

    let report = app.report("&by=channel");
    assert_eq!(report["totals"]["mqls"], 1, "{report}");
    assert_eq!(report["totals"]["visits"], 1, "one visit, though of ten events");
    let row = &report["rows"][0];
    assert_eq!(
        (&row["key"], &row["label"], &row["mqls"]),
        (&"paid_search".into(), &"Paid Search".into(), &1.into())
    );

    let key = lead["key"].as_str().expect("a key");
    let explanation = app.explanation(key, "");
    assert_sums(&explanation);
    assert_eq!(milli(&explanation["score"]["total"]), 60_000);
    assert_eq!(explanation["threshold"], 60);
    assert_eq!(explanation["qualifies"], true);
    let points: BTreeSet<(String, i64)> = explanation["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| (line["id"].as_str().unwrap_or_default().to_owned(), milli(&line["points"])))
        .filter(|(_, points)| *points != 0)
        .collect();
    let parts =
        [("form_submit", 10), ("mail_open", 9), ("blog_post", 6), ("pricing_minute", 20), ("case_study", 15)];
    let parts = parts.map(|(id, points)| (id.to_owned(), points * 1000));
    assert_eq!(points, BTreeSet::from(parts), "what the acceptance case names, and nothing else");
    let transitions = explanation["transitions"].as_array().expect("transitions");
    assert_eq!(transitions.len(), 1);
    assert_eq!((&transitions[0]["from"], &transitions[0]["to"]), (&"lead".into(), &"mql".into()));
    assert_eq!(transitions[0]["at"], lead["became_mql_at"]);
}

#[test]
fn one_mail_open_fewer_is_none_until_it_comes() {
    let app = TestApp::start();
    let mut journey = sixty_points(PAID, "jo@acme.com", "Acme");
    let last = journey.pop().expect("a mail open");
    app.send_all(&journey).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| total(lead) == 57_000);
    assert_eq!((&lead["stage"], &lead["became_mql_at"]), (&"lead".into(), &Value::Null));
    assert_eq!(app.report("")["totals"]["mqls"], 0);
    let key = lead["key"].as_str().expect("a key");
    let explanation = app.explanation(key, "");
    assert_sums(&explanation);
    assert_eq!(explanation["qualifies"], false);
    assert!(explanation["missing"].as_array().is_some_and(|missing| !missing.is_empty()), "{explanation}");

    app.send(&last).assert_stored();
    app.send(&last).assert_stored();
    app.wait_for_lead("Acme", |lead| total(lead) == 60_000 && lead["stage"] == "mql");
    assert_eq!(app.report("")["totals"]["mqls"], 1);
}

#[test]
fn the_demo_counts_a_new_mql_by_itself() {
    let app = Setup::default().demo().start();
    let mqls = || {
        let report = app.read("/api/v1/reports/mql?site=demo.example&by=channel");
        let rows = report["rows"].as_array().expect("rows").clone();
        let row = rows.iter().find(|row| row["key"] == "paid_search").cloned();
        row.and_then(|row| row["mqls"].as_i64()).unwrap_or_default()
    };
    let before = mqls();
    let journey = sixty_points(PAID, "jo@acme.com", "Acme");
    let journey: Vec<_> = journey.into_iter().map(|event| event.with("d", "demo.example")).collect();
    app.send_all(&journey).assert_stored();
    mqlite_tests::wait_until("one MQL more", || match mqls() {
        now if now == before + 1 => Ok(()),
        now => Err(format!("{now} after {before}")),
    });
}

#[test]
fn an_mql_becomes_one_once() {
    let mut app = TestApp::start();
    app.send_all(&sixty_points(PAID, "jo@acme.com", "Acme")).assert_stored();
    app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    app.send(&event("demo_request", "/demo").from_within()).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| total(lead) == 95_000);
    app.kill9();
    app.restart();
    app.send(&event("trial_start", "/trial").from_within()).assert_stored();
    app.wait_for_lead("Acme", |lead| total(lead) == 130_000);
    let explanation = app.explanation(lead["key"].as_str().expect("a key"), "");
    assert_eq!(explanation["transitions"].as_array().map(Vec::len), Some(1), "{explanation}");
    assert_eq!(app.report("")["totals"]["mqls"], 1);
    assert_eq!(app.leads("&stage=mql")["total"], 1);
}

#[test]
fn the_order_of_arrival_does_not_change_the_score() {
    let app = TestApp::start();
    let journey = sixty_points("", "jo@acme.com", "Acme");
    let mut reversed = sixty_points("", "al@acme.com", "Other");
    reversed.reverse();
    app.send_all_from("192.0.2.1", &journey).assert_stored();
    app.send_all_from("198.51.100.1", &reversed).assert_stored();
    let one = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let other = app.wait_for_lead("Other", |lead| lead["stage"] == "mql");
    assert_eq!(one["score"], other["score"]);
}

#[test]
fn what_nobody_vouches_for_brings_no_points() {
    let app = TestApp::start();
    let journey = sixty_points("", "jo@acme.com", "Acme");
    let body = mqlite_tests::Event::array(&journey);
    app.post(body).without("origin").send().assert_stored();
    let lead = app.wait_for_lead("Acme", |_| true);
    assert_eq!((total(&lead), &lead["stage"]), (0, &"lead".into()));
}

#[test]
fn points_fade_and_the_lines_still_sum() {
    let app = TestApp::start();
    let fields =
        serde_json::json!({ "company": "Acme", "job_title": "Head of IT", "company_size": "1,000+" });
    let mut journey = sixty_points("", "jo@acme.com", "Acme");
    journey.push(event("newsletter_signup", "/").from_within().identify("jo@acme.com", fields, true));
    app.send_all(&journey).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| total(lead) > 100_000);
    assert_eq!(total(&lead), 105_000, "60, a newsletter, a head and a thousand colleagues: {lead}");
    let key = lead["key"].as_str().expect("a key");
    let now = jiff::Timestamp::now();
    for (days, expected) in [(0, 105_000), (45, 72_500), (100, 40_000)] {
        let as_of = now + jiff::SignedDuration::from_hours(24 * days);
        let explanation = app.explanation(key, &format!("&as_of={as_of:.3}"));
        assert_sums(&explanation);
        assert_eq!(milli(&explanation["score"]["total"]), expected, "after {days} days: {explanation}");
        assert_eq!(explanation["stage"], "mql", "looking changes nothing");
    }
}

#[test]
fn a_cap_is_a_line_of_its_own() {
    let app = TestApp::start();
    let mut events: Vec<_> = (0..9).map(|_| event("mail_open", "/mail").from_within()).collect();
    events.extend((0..9).map(|n| mqlite_tests::pageview(&format!("/blog/{n}")).from_within()));
    events.push(event("newsletter_signup", "/").identify("jo@acme.com", person("Acme"), true));
    app.send_all(&events).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| total(lead) == 35_000);
    let explanation = app.explanation(lead["key"].as_str().expect("a key"), "");
    assert_sums(&explanation);
    let kinds: BTreeSet<&str> = explanation["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .filter_map(|line| line["kind"].as_str())
        .collect();
    assert!(kinds.contains("rule_cap") && kinds.contains("group_cap"), "{explanation}");
}

#[test]
fn earlier_that_day_counts_where_the_site_says_so() {
    let setup = Setup::default().site(&["example.com", "--link-same-day", "no"]);
    let app = setup.start();
    app.send_all(&sixty_points("", "jo@acme.com", "Acme")).assert_stored();
    let lead = app.wait_for_lead("Acme", |_| true);
    assert_eq!(total(&lead), 10_000, "the form only: {lead}");
}

#[test]
fn the_list_is_whole_page_by_page() {
    let app = TestApp::start();
    for n in 0..7 {
        let journey = sixty_points(if n < 3 { PAID } else { "" }, &format!("jo@c{n}.com"), &format!("C{n}"));
        let length = if n < 5 { journey.len() } else { 7 };
        app.send_all_from(&format!("192.0.{n}.1"), &journey[..length]).assert_stored();
    }
    app.wait_for_lead("C6", |_| true);
    let all = |parameters: &str, limit: usize| {
        let (mut companies, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.leads(&format!("{parameters}&limit={limit}{cursor}"));
            let leads = page["leads"].as_array().expect("leads");
            assert!(leads.len() <= limit, "{page}");
            companies.extend(leads.iter().map(|lead| lead["attributes"]["company"].to_string()));
            let Some(next) = page["next"].as_str() else {
                assert_eq!(page["total"], companies.len(), "{parameters}");
                return companies;
            };
            cursor = format!("&cursor={next}");
        }
    };
    for parameters in ["", "&stage=mql", "&stage=lead", "&channel=paid_search", "&channel=direct&stage=mql"] {
        let whole = all(parameters, 200);
        assert_eq!(all(parameters, 2), whole, "{parameters}: nobody twice, nobody left out, in one order");
        assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), whole.len());
    }
    let count = |parameters: &str| app.leads(parameters)["total"].as_u64();
    assert_eq!(count(""), Some(7));
    assert_eq!(count("&stage=mql"), Some(5));
    assert_eq!(count("&stage=lead"), Some(2));
    assert_eq!(count("&channel=paid_search"), Some(3));
    assert_eq!(count("&from=2000-01-01&to=2000-12-31"), Some(0));
    assert_eq!(app.report("")["totals"]["mqls"], 5, "the list counts what the report counts");
}

#[test]
fn wrong_parameters_are_named() {
    let app = TestApp::start();
    let wrong = [
        ("stage=boss", "?stage"),
        ("channel=carrier_pigeon", "?channel"),
        ("from=yesterday", "?from"),
        ("to=2026-02-30", "?to"),
        ("cursor=x", "?cursor"),
        ("attribution=middle", "?attribution"),
    ];
    for (parameter, pointer) in wrong {
        let path = format!("/api/v1/leads?site=example.com&{parameter}");
        let problem = app.look(&path).send().assert_problem(400);
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{problem:?}");
    }
    for path in ["/api/v1/leads", "/api/v1/leads?site=example.com&limit=many"] {
        app.look(path).send().assert_problem(400);
    }
    app.look("/api/v1/leads?site=stranger.org").send().assert_problem(404);
    let nobody = format!("/api/v1/leads/{}", "0".repeat(32));
    app.look(&format!("{nobody}?site=example.com")).send().assert_problem(404);
    app.look(&format!("{nobody}/explanation?site=example.com")).send().assert_problem(404);
    app.look("/api/v1/leads/short?site=example.com").send().assert_problem(400);
    let as_of = app.look(&format!("{nobody}/explanation?site=example.com&as_of=soon")).send();
    assert_eq!(as_of.assert_problem(400).pointer.as_deref(), Some("?as_of"));
}

#[test]
fn one_lead_is_shown_as_in_the_list() {
    let app = TestApp::start();
    app.send_all(&sixty_points(PAID, "jo@acme.com", "Acme")).assert_stored();
    let listed = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let path = format!("/api/v1/leads/{}?site=example.com", listed["key"].as_str().expect("a key"));
    let answer = app.look(&path).send().assert_status(200);
    let mut shown = answer.json();
    // A lead by itself brings its past, and where people may put it.
    let earlier = shown.as_object_mut().and_then(|lead| lead.remove("earlier_models"));
    assert_eq!(earlier, Some(serde_json::json!([])), "no model was published");
    let more = ["next", "transitions"].map(|name| shown.as_object_mut().and_then(|lead| lead.remove(name)));
    assert!(
        more.iter().flatten().all(|list| list.as_array().is_some_and(|list| !list.is_empty())),
        "{more:?}"
    );
    assert_eq!(shown, listed);
    assert_eq!(answer.header("cache-control"), Some("no-store"), "not for caches");
    assert_eq!(listed["reasons"][0]["points"], 20, "largest first: {listed}");
    assert!(listed["reasons"].as_array().is_some_and(|reasons| reasons.len() <= 4));
}

#[test]
fn the_moment_of_qualifying_is_explained_as_it_was() {
    let app = TestApp::start();
    app.send_all(&sixty_points(PAID, "jo@acme.com", "Acme")).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    // What counts once is counted at its latest, so that the earlier one is not kept among the hits.
    let again = event("case_study_download", "/library").from_within();
    let form = event("form_submit", "/contact").from_within();
    let title =
        form.identify("jo@acme.com", serde_json::json!({ "company": "Acme", "job_title": "CTO" }), true);
    app.send_all(&[again, title, event("demo_request", "/demo").from_within()]).assert_stored();
    app.wait_for_lead("Acme", |lead| total(lead) == 120_000);
    let (key, at) = (lead["key"].as_str().expect("a key"), lead["became_mql_at"].as_str().expect("a moment"));
    let then = app.explanation(key, &format!("&as_of={at}"));
    assert_sums(&then);
    assert_eq!(then["score"], lead["score_at_mql"]);
    assert_eq!((&then["exact"], &then["qualifies"]), (&true.into(), &true.into()));
    let now = app.explanation(key, "");
    assert_sums(&now);
    assert_eq!((milli(&now["score"]["total"]), &now["exact"]), (120_000, &true.into()));
}
