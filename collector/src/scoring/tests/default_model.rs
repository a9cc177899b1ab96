//! The default model against the trade's examples. Invariant: the sums that the documentation names are
//! the sums that come out.

use super::*;
use crate::scoring::{DEFAULT_MODEL, GateOutcome};

fn engagement(number: u8, path: &str, ms: u32, at: Timestamp) -> Event {
    Event { engagement_ms: Some(ms), ..event(number, "engagement", path, at) }
}

/// A form, mail opens, two blog posts, a minute on the pricing page, a case study: within three days.
fn reader(mail_opens: u8) -> Vec<Event> {
    let start = noon().plus_days(-3);
    let hour = |hours: i64| start.plus_millis(hours * 3_600_000);
    let mut events = vec![
        event(1, "pageview", "/", hour(0)),
        event(2, "pageview", "/blog/first", hour(1)),
        event(3, "pageview", "/blog/second/", hour(2)),
        event(4, "pageview", "/blog/second", hour(3)),
        event(5, "pageview", "/blog/", hour(3)),
        event(6, "pageview", "/pricing", hour(24)),
        engagement(7, "/pricing", 61_000, hour(25)),
        engagement(8, "/pricing", 59_999, hour(26)),
        engagement(9, "/blog/first", 300_000, hour(26)),
        event(10, "case_study_download", "/resources", hour(30)),
        event(11, "form_submit", "/newsletter", hour(31)),
    ];
    events.extend((0..mail_opens).map(|n| event(20 + n, "mail_open", "/", hour(40 + i64::from(n)))));
    events
}

#[test]
fn sixty_is_an_mql() {
    let model = model(DEFAULT_MODEL);
    let evaluation = model.evaluate(&hits(&model, &reader(3)), &Profile::default(), noon());
    assert_eq!(evaluation.total, Points::whole(60), "{:#?}", evaluation.lines);
    assert!(evaluation.qualifies);
    assert_eq!(evaluation.missing, Vec::<String>::new());
    for (id, points, detail) in [
        ("form_submit", 10, "1 × 10"),
        ("mail_open", 9, "3 × 3"),
        ("blog_post", 6, "2 × 3"),
        ("pricing_minute", 20, "1 × 20"),
        ("case_study", 15, "1 × 15"),
    ] {
        let line = line(&evaluation, LineKind::Rule, id);
        assert_eq!((line.points, line.detail.as_str()), (Points::whole(points), detail));
    }
}

#[test]
fn fifty_seven_is_not() {
    let model = model(DEFAULT_MODEL);
    let evaluation = model.evaluate(&hits(&model, &reader(2)), &Profile::default(), noon());
    assert_eq!(evaluation.total, Points::whole(57));
    assert!(!evaluation.qualifies);
    assert_eq!(evaluation.missing, ["3 more points: the total is 57, an MQL needs 60."]);
}

#[test]
fn the_demo_journey_is_an_mql() {
    let model = model(DEFAULT_MODEL);
    let events = [
        event(1, "pageview", "/", noon()),
        event(2, "pageview", "/product", noon()),
        event(3, "pageview", "/case-studies/acme", noon()),
        event(4, "case_study_download", "/case-studies/acme", noon()),
        event(5, "demo_request", "/demo", noon()),
    ];
    let who = profile(&[("job_title", "Head of Marketing"), ("company_size", "500")]);
    let evaluation = model.evaluate(&hits(&model, &events), &who, noon());
    assert_eq!(evaluation.engagement, Points::whole(2 + 2 + 15 + 35));
    assert_eq!(evaluation.fit, Points::whole(20 + 15));
    assert!(evaluation.qualifies);
}

/// "25 + 15 + 20 = 60": role, case study, company size.
#[test]
fn role_size_and_a_case_study_are_an_mql() {
    let model = model(DEFAULT_MODEL);
    let events = [event(1, "case_study_download", "/case-studies/acme", noon())];
    let who = profile(&[("job_title", "CTO & Founder"), ("company_size", "1,000+")]);
    let evaluation = model.evaluate(&hits(&model, &events), &who, noon());
    assert_eq!((evaluation.total, evaluation.qualifies), (Points::whole(60), true));
}

#[test]
fn active_six_months_ago_is_no_mql_today() {
    let model = model(DEFAULT_MODEL);
    let hits = hits(&model, &reader(3));
    let at = |days| model.evaluate(&hits, &Profile::default(), noon().plus_days(days));
    assert!(at(20).qualifies);
    assert_eq!(at(60).total, Points::whole(30));
    let late = at(180);
    assert_eq!((late.total, late.qualifies), (Points::ZERO, false));
    let line = line(&late, LineKind::Rule, "pricing_minute");
    assert_eq!((line.count, line.detail.as_str()), (0, "too long ago to count: last on 2026-11-19"));
}

#[test]
fn titles_say_what_they_say() {
    let model = model(DEFAULT_MODEL);
    for (title, points) in [
        ("Chief Executive Officer", 25),
        ("CTO", 25),
        ("Geschäftsführerin", 25),
        ("Head of Marketing", 20),
        ("VP Sales", 20),
        ("Art director", 20),
        ("Vertriebsleiterin", 20),
        ("Project Manager", 15),
        ("Senior Developer", 10),
        ("Assistant to the CEO", 0),
        ("Gardener", 0),
    ] {
        let evaluation = model.evaluate(&[], &profile(&[("job_title", title)]), noon());
        assert_eq!(evaluation.fit, Points::whole(points), "{title}");
    }
}

#[test]
fn students_and_job_seekers_are_ruled_out() {
    let model = model(DEFAULT_MODEL);
    let hits_of_reader = hits(&model, &reader(3));
    let student = model.evaluate(&hits_of_reader, &profile(&[("job_title", "Student")]), noon());
    assert_eq!((student.total, student.qualifies), (Points::whole(60), false));
    assert_eq!(student.missing, ["Ruled out as \"Student\": job_title is \"Student\"."]);

    let mut events = reader(3);
    events.push(event(99, "job_application", "/jobs/apply", noon()));
    let seeker = model.evaluate(&hits(&model, &events), &Profile::default(), noon());
    assert!(!seeker.qualifies);
    assert_eq!(seeker.missing, ["Ruled out as \"Job seeker\": it happened on 2026-11-21."]);
}

#[test]
fn the_ideal_customer_is_shown_and_does_not_decide() {
    let model = model(DEFAULT_MODEL);
    let outcome = |who: &Profile| model.evaluate(&[], who, noon()).gates.last().map(|gate| gate.outcome);
    assert_eq!(outcome(&Profile::default()), Some(GateOutcome::Incomplete));
    assert_eq!(outcome(&profile(&[("company_size", "20")])), Some(GateOutcome::Fail));
    assert_eq!(outcome(&profile(&[("company_size", "50-200")])), Some(GateOutcome::Pass));
    assert!(model.evaluate(&hits(&model, &reader(3)), &profile(&[("company_size", "20")]), noon()).qualifies);
}

#[test]
fn events_that_no_page_vouches_for_do_not_count() {
    let model = model(DEFAULT_MODEL);
    let forged = Event { trust: Trust::Unverified, ..event(1, "demo_request", "/demo", noon()) };
    assert_eq!(model.hits(&forged), []);
    let vouched = Event { trust: Trust::Vouched, ..forged };
    assert_eq!(model.hits(&vouched).len(), 1);
}

#[test]
fn paths_are_found_below_a_language_too_and_each_by_one_rule() {
    let model = model(DEFAULT_MODEL);
    let rules =
        |event: Event| model.hits(&event).into_iter().map(|hit| hit.rule.to_string()).collect::<Vec<_>>();
    for (path, rule) in [
        ("/blog/a", Some("blog_post")),
        ("/en/blog/a", Some("blog_post")),
        ("/blog", None),
        ("/blog/pricing-explained", Some("blog_post")),
        ("/blog/product-news", Some("blog_post")),
        ("/products/x", Some("product_page")),
        ("/demo/case-studies/acme", Some("product_page")),
        ("/", None),
        ("/pricing", None),
        ("/careers/engineer", Some("careers")),
    ] {
        assert_eq!(rules(event(1, "pageview", path, noon())), Vec::from_iter(rule), "{path}");
    }
    for (path, rule) in [
        ("/pricing", Some("pricing_minute")),
        ("/pricing/", Some("pricing_minute")),
        ("/en/pricing", Some("pricing_minute")),
        ("/blog/pricing-explained", None),
    ] {
        assert_eq!(rules(engagement(1, path, 60_000, noon())), Vec::from_iter(rule), "{path}");
    }
}
