//! Limits and addresses. Promise: one client cannot use up another's share, and a forwarded address counts
//! only from a proxy that the operator declared.

use mqlite_tests::{Event, Setup, TestApp, event, pageview, person};
use serde_json::Value;
use std::collections::BTreeSet;

fn slow() -> Setup {
    Setup::default().setting("MQLITE_CLIENT_BURST", "5").setting("MQLITE_CLIENT_RATE", "1")
}

fn send_as(app: &TestApp, forwarded: &str) -> mqlite_tests::Answer {
    app.post(pageview("/").body()).header("x-forwarded-for", forwarded).send()
}

/// Sends as `forwarded` until it is told to wait.
fn use_up(app: &TestApp, forwarded: &str) -> mqlite_tests::Answer {
    for n in 0..60 {
        let answer = send_as(app, forwarded);
        if answer.status == 429 {
            assert!(n >= 5, "refused after {n}, before the burst was used up");
            return answer;
        }
        answer.assert_stored();
    }
    panic!("sixty at once, and never told to wait");
}

#[test]
fn a_client_that_asks_too_much_waits_and_others_do_not() {
    let app = slow().start();
    let limited = use_up(&app, "192.0.2.1");
    limited.assert_problem(429);
    let seconds = limited.header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
    assert!(seconds.is_some_and(|seconds| (1..=10).contains(&seconds)), "{}", limited.head());
    assert_eq!(limited.header("access-control-allow-origin"), Some("*"), "the snippet may read it");
    send_as(&app, "192.0.2.2").assert_stored();
    send_as(&app, "2001:db8:1:1::1").assert_stored();
}

#[test]
fn one_ipv6_network_is_one_client() {
    let app = slow().start();
    use_up(&app, "2001:db8:1:1::1");
    // A new client would have five at once; this one has at most what a second brings back.
    let refused = (0..5).any(|_| send_as(&app, "2001:db8:1:1:ffff::2").status == 429);
    assert!(refused, "a neighbour in the same /64 is no new client");
    send_as(&app, "2001:db8:1:2::1").assert_stored();
}

#[test]
fn an_array_counts_as_many() {
    let app = slow().start();
    let five: Vec<Event> = (0..5).map(|_| pageview("/")).collect();
    app.send_all(&five).assert_stored();
    let answer = app.send_all(&five);
    assert_eq!(answer.status, 429);
    assert_eq!(app.export().len(), 5, "what was refused was refused whole");
}

#[test]
fn without_a_declared_proxy_what_is_forwarded_is_a_strangers_word() {
    let app = slow().setting("MQLITE_TRUSTED_PROXIES", "").start();
    use_up(&app, "192.0.2.1");
    // A new client each would be let in; the same one has at most what a second brings back.
    let others = (0..10).map(|n| send_as(&app, &format!("198.51.100.{n}")));
    let headers = ["forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip"];
    let named =
        headers.iter().map(|header| app.post(pageview("/").body()).header(header, "192.0.2.9").send());
    let refused = others.chain(named).filter(|answer| answer.status == 429).count();
    assert!(refused > 10, "only {refused} of 15: a new address in a header makes a new client");
}

fn visitors(app: &TestApp) -> Vec<Value> {
    app.export().into_iter().map(|event| event["visitor"].clone()).collect()
}

#[test]
fn the_nearest_hop_that_is_not_ours_is_the_visitor() {
    let app = Setup::default().setting("MQLITE_TRUSTED_PROXIES", "127.0.0.1/32, 10.0.0.0/8").start();
    let same = [
        "192.0.2.7",
        "192.0.2.7:4711",
        "6.6.6.6, 192.0.2.7",
        "nonsense, 192.0.2.7, 10.1.2.3",
        "::ffff:192.0.2.7",
        // A /24 is one visitor by default.
        "192.0.2.200",
    ];
    for forwarded in same {
        send_as(&app, forwarded).assert_stored();
    }
    let first: BTreeSet<String> = visitors(&app).iter().map(Value::to_string).collect();
    assert_eq!(first.len(), 1, "{same:?} are one visitor");

    for forwarded in ["192.0.3.7", "192.0.2.7, 198.51.100.1", "2001:db8::7", "nonsense"] {
        send_as(&app, forwarded).assert_stored();
    }
    let all: BTreeSet<String> = visitors(&app).iter().map(Value::to_string).collect();
    assert_eq!(all.len(), 5, "and the others are others");
}

#[test]
fn a_pseudonym_outlives_a_restart_and_differs_by_site() {
    let mut app = Setup::default().site(&["example.org"]).start();
    send_as(&app, "192.0.2.7").assert_stored();
    app.kill9();
    app.restart();
    send_as(&app, "192.0.2.7").assert_stored();
    let other = pageview("/").of_site("example.org", "/");
    let sent = app.post(other.body()).header("origin", "https://example.org");
    sent.header("x-forwarded-for", "192.0.2.7").send().assert_stored();
    let visitors = visitors(&app);
    assert_eq!(visitors[0], visitors[1], "the day's salt is on disk before it is used");
    assert_ne!(visitors[0], visitors[2], "nobody can be followed from one site to another");
}

#[test]
fn all_of_an_ipv4_address_counts_where_the_operator_says_so() {
    let app = Setup::default().setting("MQLITE_IPV4_PREFIX", "32").start();
    send_as(&app, "192.0.2.7").assert_stored();
    send_as(&app, "192.0.2.8").assert_stored();
    let visitors = visitors(&app);
    assert_ne!(visitors[0], visitors[1]);
}

/// Whoever makes up leads makes up a few from each address; the same person may come as often as they like.
#[test]
fn a_client_makes_up_no_more_leads_a_day_than_it_may() {
    let app = Setup::default().setting("MQLITE_CLIENT_LEADS", "3").start();
    let asks = |who: &str, from: &str| {
        let form = event("demo_request", "/demo").identify(who, person("Acme"), true);
        app.send_all_from(from, &[form]).assert_stored();
    };
    for n in 0..10 {
        asks(&format!("made.up.{n}@acme.com"), "192.0.2.1");
    }
    // Somebody who is known already, and somebody elsewhere.
    asks("made.up.0@acme.com", "192.0.2.1");
    asks("real@acme.com", "198.51.100.1");
    let stored = app.export();
    assert_eq!(stored.len(), 12, "what happened is stored all the same");
    let leads: BTreeSet<&str> = stored.iter().filter_map(|event| event["lead"].as_str()).collect();
    assert_eq!(leads.len(), 4);
    let without: Vec<&Value> = stored.iter().filter(|event| event["lead"].is_null()).collect();
    assert_eq!(without.len(), 7);
    for event in without {
        assert_eq!((&event["domain"], &event["attributes"]), (&Value::Null, &serde_json::json!({})));
        assert_ne!(event["rung"], "qualified");
    }
    assert_eq!(app.outcomes().get("identity_limited"), Some(&7));
    let shown = app.read("/api/v1/audit/consent?site=example.com");
    assert_eq!(shown["identity_limited"], 7);
}

#[test]
fn a_flood_of_one_site_takes_nothing_from_another() {
    let setup = slow().setting("MQLITE_CLIENT_BURST", "1000000").setting("MQLITE_CLIENT_RATE", "1000000");
    let setup = setup.setting("MQLITE_SITE_RATE", "1").setting("MQLITE_SITE_BURST", "20");
    let app = setup.site(&["example.org", "--time-zone", "UTC"]).start();
    let from = |n: usize| format!("10.9.{n}.1");
    let begun = std::time::Instant::now();
    let refused = (0..60).filter(|n| {
        let answer = app.send_all_from(&from(*n), &[pageview("/flood")]);
        if answer.status == 429 {
            assert!(answer.header("retry-after").is_some(), "{}", answer.head());
            answer.assert_problem(429);
        }
        answer.status == 429
    });
    let refused = refused.count();
    // Twenty at once, and one more for each second that the sixty took.
    let more = 1 + usize::try_from(begun.elapsed().as_secs()).expect("seconds");
    assert!((40_usize.saturating_sub(more)..=40).contains(&refused), "{refused} of 60, {more} more");
    let other = pageview("/").of_site("example.org", "/");
    let answer = app.post(other.body()).header("origin", "https://example.org").send();
    answer.assert_stored();
    assert_eq!(app.export().len(), 60 - refused + 1, "what was refused is not stored");
    let said = app.log().matches("gets more events than its rate").count();
    assert_eq!(said, 1, "said once a minute: {}", app.log());
}
