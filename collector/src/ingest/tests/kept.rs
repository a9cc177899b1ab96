//! What is kept of what was sent. Invariant: nothing that was not declared: no value of an undeclared
//! parameter, of a click id or of a token, no path of a referrer, no address, no user agent.

use super::*;
use crate::domain::{DropReason, EmailDomain, Event, Outcome, Trust};
use crate::enrich::channel::CLICK_IDS;
use std::collections::BTreeSet;

/// Found nowhere else.
const SENTINEL: &str = "zq7sentinel";

/// Everything of an event that is text, ids included.
fn spelled_out(event: &Event) -> String {
    let ids = (event.visitor.map(|id| id.to_hex()), event.lead.map(|key| key.to_hex()));
    format!("{event:?} {ids:?}").to_lowercase()
}

/// Names that a link may carry and nobody declared.
fn undeclared() -> impl Strategy<Value = String> {
    let known = ["email", "mq", "token", "fbclid", "utm_id", "q", "name", "phone", "session", "UTM_SOURCE"];
    prop_oneof![
        prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        prop::sample::select(CLICK_IDS.to_vec()).prop_map(str::to_owned),
        "[a-z]{1,3}_[a-z]{1,8}",
    ]
}

fn body() -> impl Strategy<Value = Value> {
    let campaign = prop::option::of("[a-z ]{1,8}");
    let query = (prop::collection::vec(undeclared(), 0..5), campaign, "(/[a-z%20ü]{0,8}){1,3}");
    let name = prop::sample::select(vec!["pageview", "engagement", "demo_request", "Öffnen x", "a.b:c-d_e"]);
    let consent = prop::option::of((any::<Option<bool>>(), any::<Option<bool>>()));
    let identity = prop::option::of((any::<bool>(), prop::option::of("[a-z]{1,8}\\.com")));
    let numbers = (
        prop::option::of(0..200_000_000_u64),
        prop::option::of(0..=100_u8),
        prop::option::of(0..100_000_000_u64),
    );
    let props = prop::collection::btree_map("[a-z]{1,5}", "\\PC{0,8}", 0..4);
    (query, name, consent, identity, numbers, props, any::<[bool; 3]>()).prop_map(
        |(
            (keys, campaign, path),
            name,
            consent,
            identity,
            (engagement, depth, age),
            props,
            [hash, referred, login],
        )| {
            let mut query: Vec<String> = keys.iter().map(|key| format!("{key}={SENTINEL}")).collect();
            query.extend(campaign.map(|value| format!("utm_campaign={value}")));
            let login = if login { format!("{SENTINEL}:{SENTINEL}@") } else { String::new() };
            let url = format!("https://{login}www.example.com{path}?{}#/x?{SENTINEL}", query.join("&"));
            let mut event = json!({ "n": name, "u": url, "d": "example.com", "h": hash, "p": props });
            if referred {
                event["r"] =
                    format!("https://{SENTINEL}@search.example/{SENTINEL}?{SENTINEL}#{SENTINEL}").into();
            }
            if let Some((m, q)) = consent {
                event["c"] = json!({ "m": m, "q": q, "s": "api" });
            }
            if let Some((ticked, domain)) = identity {
                let fields = json!({ "job_title": "CTO", "mail": format!("{SENTINEL}@example.net") });
                event["l"] = json!({ "h": HASH, "d": domain, "f": fields, "q": ticked });
            }
            for (key, value) in [("e", engagement), ("sd", depth.map(u64::from)), ("a", age)] {
                if let Some(value) = value {
                    event[key] = value.into();
                }
            }
            event
        },
    )
}

/// A browser on a network, both with names that must not be found again.
fn stranger() -> Client {
    let agent = format!("{FIREFOX} {SENTINEL}");
    let request = TestRequest::default()
        .insert_header(("user-agent", agent))
        .insert_header(("x-forwarded-for", "198.51.100.77"));
    let request = request.peer_addr("203.0.113.99:4711".parse().expect("an address"));
    Client::of(&request.to_http_request(), &TrustedProxies::default())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn valid_events_have_one_outcome_each_and_keep_what_is_declared(bodies in prop::collection::vec(body(), 1..6)) {
        let door = Door::new();
        let single = bodies.len() == 1;
        let sent = if single { bytes(&bodies[0]) } else { bytes(&json!(bodies)) };
        let taken = door.take_from(&sent, &stranger(), &SitePolicy::default(), Some("https://example.com")).expect("takes");
        prop_assert_eq!(taken.outcomes.len(), bodies.len());
        let stored = bodies.iter().zip(&taken.outcomes).filter(|(_, outcome)| **outcome == Outcome::Stored);
        let stored: Vec<&Value> = stored.map(|(body, _)| body).collect();
        prop_assert_eq!(taken.events.len(), stored.len());
        let ids: BTreeSet<_> = taken.events.iter().map(|(event, _)| event.id).collect();
        prop_assert_eq!(ids.len(), stored.len(), "each has an id of its own");
        for ((event, day), body) in taken.events.iter().zip(stored) {
            let text = spelled_out(event);
            for never in [SENTINEL, "203.0.113", "198.51.100", "gecko", "140.0", HASH, &HASH[..32]] {
                prop_assert!(!text.contains(never), "{} in {}", never, text);
            }
            prop_assert_eq!(event.name.as_str(), body["n"].as_str().expect("a name"));
            prop_assert_eq!(event.trust, Trust::Human);
            prop_assert_eq!(day.to_string(), "2026-11-21");
            let age = i64::try_from(body["a"].as_u64().unwrap_or(0).min(12 * 3_600_000)).expect("bounded");
            prop_assert_eq!(event.at, now().plus_millis(-age));
            prop_assert!(event.path.as_str().starts_with('/'));
            prop_assert_eq!(event.path.as_str().ends_with("#/x"), body["h"] == true);
            prop_assert_eq!(event.lead.is_some(), event.rung == crate::domain::Rung::Qualified);
            prop_assert!(!event.attributes.contains_key("mail"), "a field that holds an address");
            prop_assert!(event.engagement_ms.is_none_or(|ms| ms <= 86_400_000));
            let referrer = event.touch.as_ref().and_then(|touch| touch.referrer.as_ref());
            prop_assert_eq!(referrer.map(|host| host.as_str()), body.get("r").map(|_| "search.example"));
        }
    }

    /// One event that is not what it should be refuses all, and is named.
    #[test]
    fn a_request_is_taken_whole_or_not_at_all(bodies in prop::collection::vec(body(), 2..6), at in 0..6_usize) {
        let door = Door::new();
        let at = at % bodies.len();
        let mut bodies = bodies;
        bodies[at]["u"] = "mailto:jo@example.com".into();
        let refusal = door.take(&bytes(&json!(bodies)), &stranger(), &SitePolicy::default()).expect_err("refuses");
        prop_assert_eq!(refusal.pointer, format!("/{at}/u"));
    }
}

#[test]
fn a_visitor_is_one_whatever_the_page_and_a_lead_one_whatever_the_browser() {
    let door = Door::new();
    let take = |client: &Client, body: Value| {
        door.take(&bytes(&body), client, &SitePolicy::default()).expect("takes").events.remove(0).0
    };
    let identity = |hash: &str| page_view(json!({ "c": { "q": true, "s": "api" }, "l": { "h": hash } }));
    let (one, other) = (Client::for_test("192.0.2.1", FIREFOX), Client::for_test("198.51.100.1", FIREFOX));
    let first = take(&one, page_view(json!({ "u": "https://example.com/a" })));
    assert_eq!(first.visitor, take(&one, page_view(json!({ "n": "x" }))).visitor);
    assert_ne!(first.visitor, take(&other, page_view(json!({}))).visitor);
    let lead = take(&one, identity(HASH));
    assert_eq!(lead.lead, take(&other, identity(&HASH.to_uppercase())).lead);
    assert_ne!(lead.lead, take(&one, identity(&"a".repeat(64))).lead);
    assert_eq!(lead.domain, Some(EmailDomain::Free));
}

#[test]
fn what_is_left_out_on_purpose_is_counted_by_reason() {
    let door = Door::new();
    let outcome = |agent: &str, more: Value, policy: &SitePolicy| {
        let taken =
            door.take(&bytes(&page_view(more)), &client(&[("user-agent", agent)]), policy).expect("takes");
        let [outcome] = taken.outcomes[..] else { panic!("one outcome") };
        let counted: Vec<&str> = taken.tallies.iter().map(|(_, _, reason)| *reason).collect();
        if outcome == Outcome::Stored {
            assert_eq!((taken.events.len(), counted.len()), (1, 0), "the store counts it");
        } else {
            assert_eq!((taken.events.len(), counted), (0, vec![outcome.reason()]));
        }
        outcome
    };
    let strict = SitePolicy::default();
    let lenient = SitePolicy { allow_automation: true, ..SitePolicy::default() };
    let bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    assert_eq!(outcome(bot, json!({}), &lenient), Outcome::Dropped(DropReason::Bot));
    assert_eq!(outcome(FIREFOX, json!({ "b": 1 }), &strict), Outcome::Dropped(DropReason::Automation));
    assert_eq!(outcome(FIREFOX, json!({ "b": true }), &lenient), Outcome::Stored);
    let spam = json!({ "r": "https://semalt.com/crawl" });
    assert_eq!(outcome(FIREFOX, spam, &lenient), Outcome::Dropped(DropReason::ReferrerSpam));
    // Who asked not to be measured is not even looked at.
    let denied = json!({ "c": { "m": false, "s": "tag" } });
    assert_eq!(outcome(bot, denied, &strict).reason(), "suppressed:tag");
}

#[test]
fn only_pages_of_the_site_send_for_it() {
    let door = Door::new();
    let hosts = SitePolicy { hosts: vec!["localhost".to_owned()], ..SitePolicy::default() };
    let body = bytes(&page_view(json!({})));
    let trust =
        |origin| door.take_from(&body, &client(&[]), &hosts, origin).map(|taken| taken.events[0].0.trust);
    assert_eq!(trust(None), Ok(Trust::Unverified));
    for ours in ["https://example.com", "https://www.example.com", "http://localhost:8080"] {
        assert_eq!(trust(Some(ours)), Ok(Trust::Human), "{ours}");
    }
    for other in ["https://evil.net", "https://badexample.com", "https://example.com.evil.net", "null", ""] {
        let refusal = trust(Some(other)).expect_err(other);
        assert_eq!(refusal.kind, crate::ingest::RefusalKind::Forbidden, "{other}");
    }
    let elsewhere = bytes(&page_view(json!({ "u": "https://evil.net/" })));
    let refusal = door.take(&elsewhere, &client(&[]), &hosts).expect_err("refuses");
    assert_eq!((refusal.kind, refusal.pointer.as_str()), (crate::ingest::RefusalKind::Forbidden, "/u"));
    let unknown = bytes(&page_view(json!({ "d": "example.org" })));
    let refusal = door.take(&unknown, &client(&[]), &hosts).expect_err("refuses");
    assert_eq!(refusal.pointer, "/d");
    assert!(refusal.detail.contains("mqlite site add example.org"), "{}", refusal.detail);
}
