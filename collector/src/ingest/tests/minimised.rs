//! Data minimisation at the door. Invariant: personal data in free text is replaced wherever text is kept,
//! before it is cut; what the site's list does not name is left out; both are counted once an event, and
//! only for events that are stored.

use super::*;
use crate::domain::Event;
use crate::enrich::channel::CLICK_IDS;
use crate::ingest::{IDENTITY_DROPPED, PROPERTY_DROPPED, REDACTED};

fn take(body: Value, policy: &SitePolicy) -> (Option<Event>, Vec<&'static str>) {
    let taken = Door::new().take(&bytes(&page_view(body)), &client(&[]), policy).expect("takes");
    let counted = taken.tallies.iter().map(|(_, _, reason)| *reason).collect();
    (taken.events.into_iter().next().map(|(event, _)| event), counted)
}

/// The event that is stored, and what is counted for it.
fn stored(body: Value) -> (Event, Vec<&'static str>) {
    let (event, counted) = take(body, &SitePolicy::default());
    (event.expect("stored"), counted)
}

fn url(rest: &str) -> Value {
    json!({ "u": format!("https://example.com{rest}") })
}

fn listed(names: &[&str]) -> SitePolicy {
    SitePolicy { props: Some(names.iter().map(|name| (*name).to_owned()).collect()), ..SitePolicy::default() }
}

#[test]
fn paths_keep_no_personal_data() {
    for (sent, kept) in [
        ("/u/jo@example.com/edit", "/u/[email]/edit"),
        ("/u/jo%40example.com/edit", "/u/[email]/edit"),
        ("/u/jo%2540example.com/", "/u/[email]/"),
        ("/call/+49%20(0)30%2023125000", "/call/[phone]"),
        ("/pay/4111%201111%201111%201111", "/pay/[card]"),
        ("/ssn/078-05-1120", "/ssn/[id]"),
        ("/reset/123e4567-e89b-12d3-a456-426614174000", "/reset/[token]"),
        ("/06%0A39%0A98%0A12%0A34", "/[phone]"),
    ] {
        let (event, counted) = stored(url(sent));
        assert_eq!((event.path.as_str(), counted), (kept, vec![REDACTED]), "{sent}");
    }
    let (event, counted) = stored(url("/article/12345678"));
    assert_eq!((event.path.as_str(), counted), ("/article/12345678", vec![]));
}

#[test]
fn a_fragment_that_is_a_page_is_searched_too() {
    let sent = |hash: bool, rest: &str| {
        let mut body = url(rest);
        body["h"] = hash.into();
        let (event, counted) = stored(body);
        (event.path.to_string(), counted)
    };
    assert_eq!(sent(true, "/app#/u/jo@example.com?x=1"), ("/app#/u/[email]".to_owned(), vec![REDACTED]));
    assert_eq!(sent(true, "/app#/u/jo%40example.com"), ("/app#/u/[email]".to_owned(), vec![REDACTED]));
    assert_eq!(sent(false, "/app#/u/jo@example.com"), ("/app".to_owned(), vec![]), "nothing is kept of it");
}

/// An address across the place where a path is cut leaves no half of it.
#[test]
fn what_is_cut_was_searched_before() {
    for length in 470..500 {
        let (event, _) = stored(url(&format!("/{}/jo.doe@example.com", "a/".repeat(length / 2))));
        assert!(!event.path.as_str().contains("jo."), "{length}: {}", event.path);
        let value = format!("{} jo.doe@example.com", "a ".repeat(length / 2 - 100));
        let (event, _) = stored(json!({ "p": { "note": value } }));
        let kept = event.props.values().next().expect("kept");
        assert!(!kept.as_str().contains("jo."), "{length}: {kept}");
    }
}

/// What was copied out of a mail or a page holds characters that nobody sees; they hide nothing and are not kept.
#[test]
fn what_nobody_sees_hides_no_address() {
    let hidden = "jo\u{200b}@exam\u{ad}ple.com";
    let (event, counted) = stored(
        json!({ "u": format!("https://example.com/u/{hidden}"), "n": "mail jo@example.com \n", "p": { "note": hidden } }),
    );
    let note = event.props.values().next().map(ToString::to_string);
    assert_eq!((event.path.as_str(), note.as_deref()), ("/u/[email]", Some("[email]")));
    assert_eq!((event.name.as_str(), counted), ("mail [email]", vec![REDACTED]));
    let secrets = json!({ "password": "hunter2", "client_ip": "203.0.113.7", "plan": "pro" });
    let (event, _) = stored(json!({ "p": secrets }));
    let kept: Vec<String> = event.props.values().map(ToString::to_string).collect();
    assert_eq!(kept, ["[id]", "[token]", "pro"]);
}

#[test]
fn properties_and_names_keep_no_personal_data() {
    let props =
        json!({ "plan": "pro", "contact": "jo@example.com", "phone": "4155550132", "jo@example.com": "yes" });
    let (event, counted) =
        stored(json!({ "n": "mail jo@example.com", "p": props, "m": { "iban": "DE89370400440532013000" } }));
    assert_eq!(event.name.as_str(), "mail [email]");
    let kept: Vec<(&str, &str)> =
        event.props.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(kept, [("contact", "[email]"), ("iban", "[id]"), ("phone", "[phone]"), ("plan", "pro")]);
    assert_eq!(counted, [REDACTED], "once an event");
    let (event, counted) = stored(json!({ "p": { "jo@example.com": "yes" } }));
    assert_eq!((event.props.len(), counted), (0, vec![REDACTED]));
}

#[test]
fn campaigns_keep_no_personal_data_and_count_what_is_kept() {
    let campaign =
        "/?utm_source=jo@example.com&utm_medium=%2B49%2030%2023125000&utm_campaign=4111111111111111";
    let (event, counted) = stored(url(campaign));
    let touch = event.touch.expect("a touch");
    let kept = [
        touch.source.map(|text| text.to_string()),
        touch.medium.map(|text| text.to_string()),
        touch.campaign.map(|text| text.to_string()),
    ];
    assert_eq!(kept, ["[email]", "[phone]", "[card]"].map(|text| Some(text.to_owned())));
    assert_eq!(counted, [REDACTED]);

    let mut details = url("/?utm_source=news&utm_content=jo@example.com&utm_term=AB123456C");
    let (event, counted) = stored(details.clone());
    let touch = event.touch.expect("a touch");
    assert_eq!((touch.content, touch.term, counted), (None, None, vec![]), "not kept on this rung");
    details["c"] = json!({ "m": true, "s": "api" });
    let (event, counted) = stored(details);
    let touch = event.touch.expect("a touch");
    assert_eq!(touch.content.expect("kept").as_str(), "[email]");
    assert_eq!((touch.term.expect("kept").as_str(), counted), ("[id]", vec![REDACTED]));

    let (event, _) = stored(url("/?ref=jo@example.com"));
    assert_eq!(event.touch.and_then(|touch| touch.source).expect("kept").as_str(), "[email]");
}

#[test]
fn fields_of_a_lead_keep_no_address_and_no_number() {
    let lead = |granted: bool, fields: Value| {
        stored(
            json!({ "c": { "q": granted, "s": "api" }, "l": { "h": HASH, "d": "company.example", "f": fields } }),
        )
    };
    let fields = json!({ "job_title": "CTO", "phone": "030 23125000", "mail": "jo@example.com", "note": "card 4111 1111 1111 1111" });
    let (event, counted) = lead(true, fields.clone());
    let kept: Vec<(&str, &str)> =
        event.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(kept, [("job_title", "CTO"), ("note", "card [card]"), ("phone", "[phone]")]);
    assert_eq!(counted, [REDACTED]);
    let (event, counted) = lead(false, fields);
    assert!(event.attributes.is_empty());
    assert_eq!(counted, [IDENTITY_DROPPED], "what was never kept was not redacted");
}

#[test]
fn a_list_of_properties_is_held() {
    let props = json!({ "p": { "plan": "pro", "secret": "jo@example.com" } });
    let kept = |policy: &SitePolicy| {
        let (event, counted) = take(props.clone(), policy);
        let names: Vec<String> = event.expect("stored").props.keys().map(ToString::to_string).collect();
        (names.join(" "), counted)
    };
    assert_eq!(kept(&SitePolicy::default()), ("plan secret".to_owned(), vec![REDACTED]));
    assert_eq!(
        kept(&listed(&["plan"])),
        ("plan".to_owned(), vec![PROPERTY_DROPPED]),
        "what was left out was not redacted"
    );
    assert_eq!(kept(&listed(&["plan", "secret"])), ("plan secret".to_owned(), vec![REDACTED]));
    assert_eq!(kept(&listed(&[])), (String::new(), vec![PROPERTY_DROPPED]));
    assert_eq!(take(json!({}), &listed(&[])).1, Vec::<&str>::new());
    // Listed names have room, however many others come first in the alphabet.
    let many: serde_json::Map<String, Value> = (0..29).map(|at| (format!("a{at}"), json!("x"))).collect();
    let more: serde_json::Map<String, Value> = (0..29).map(|at| (format!("b{at}"), json!("x"))).collect();
    let mut body = json!({ "p": many, "m": more });
    body["p"]["zone"] = "north".into();
    let (event, _) = take(body.clone(), &listed(&["zone"]));
    assert_eq!(event.expect("stored").props.len(), 1);
    assert_eq!(take(body, &SitePolicy::default()).0.expect("stored").props.len(), 30);
}

#[test]
fn what_is_not_stored_is_not_counted_as_redacted() {
    let sent = |more: Value| {
        let mut body = url("/u/jo@example.com");
        body["p"] = json!({ "x": "jo@example.com" });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        take(body, &listed(&[]))
    };
    let (event, counted) = sent(json!({ "c": { "m": false, "s": "tag" } }));
    assert_eq!((event, counted), (None, vec!["suppressed:tag"]));
    let (event, counted) = sent(json!({ "b": 1 }));
    assert_eq!((event, counted), (None, vec!["dropped:automation"]));
    let (event, counted) = sent(json!({}));
    assert!(event.is_some());
    assert_eq!(counted, [REDACTED, PROPERTY_DROPPED]);
}

#[test]
fn of_a_referrer_only_a_name_stays() {
    let referrer = |raw: &str| {
        let (event, _) = stored(json!({ "r": raw }));
        event.touch.expect("a touch").referrer.map(|host| host.to_string())
    };
    let full = "https://jo:secret@News.Example.org:8443/u/jo@example.com?q=jo#jo";
    assert_eq!(referrer(full).as_deref(), Some("news.example.org"));
    assert_eq!(referrer("https://例子.example/").as_deref(), Some("xn--fsqu00a.example"));
    let addresses = [
        "http://203.0.113.7/x",
        "http://203.0.113.7.:80/",
        "https://[2001:db8::1]/",
        "http://3405803783/",
        "http://0xcb.0.113.7/",
        "android-app://203.0.113.7/",
        "mailto:jo@example.com",
    ];
    for address in addresses {
        assert_eq!(referrer(address), None, "{address}");
    }
}

#[test]
fn of_a_query_only_what_is_declared_stays() {
    for name in CLICK_IDS {
        let (event, counted) =
            stored(url(&format!("/?{name}=SECRETVALUE4111111111111111&email=jo@example.com")));
        let text = format!("{event:?}");
        assert!(!text.contains("SECRET") && !text.contains("jo@") && !text.contains("4111"), "{text}");
        assert_eq!(counted, Vec::<&str>::new(), "what was never kept was not redacted");
    }
    for name in ["utm_id", "UTM_SOURCE", "email", "q", "mq", "utm_source_platform", "utm_marketing_tactic"] {
        let (event, _) = stored(url(&format!("/?{name}=SECRETVALUE")));
        assert!(!format!("{event:?}").contains("SECRET"), "{name}");
    }
}
