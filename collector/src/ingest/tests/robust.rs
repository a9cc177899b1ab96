//! Any bytes at all. Invariant: they never panic; they are taken, or refused with a sentence, a kind and a
//! pointer that is one.

use super::*;
use crate::ingest::{BATCH_MAX, RefusalKind, wire};

/// What holds of every answer.
fn check(body: &[u8]) -> Result<(), TestCaseError> {
    let door = Door::new();
    let parsed = wire::parse(body);
    if let Ok((events, single)) = &parsed {
        prop_assert!((1..=BATCH_MAX).contains(&events.len()) && (!single || events.len() == 1));
    }
    match door.take(body, &client(&[]), &SitePolicy::default()) {
        Ok(taken) => prop_assert_eq!(Some(taken.outcomes.len()), parsed.ok().map(|(events, _)| events.len())),
        Err(refusal) => {
            prop_assert!(!refusal.detail.trim().is_empty());
            prop_assert!(refusal.detail.len() < 1_000, "a sentence: {}", refusal.detail);
            prop_assert!(
                refusal.pointer.is_empty() || refusal.pointer.starts_with('/'),
                "{}",
                refusal.pointer
            );
            prop_assert!(refusal.kind != RefusalKind::Unavailable);
        }
    }
    Ok(())
}

/// JSON of the right keys and of any values.
fn event_like() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "https://example.com/a?utm_source=x",
            "example.com",
            "pageview",
            HASH,
            "EUR",
            "1e400",
            "{\"a\":[1]}",
            "{\"a\":1}"
        ])
        .prop_map(Value::from),
    ];
    let keys = vec![
        "n", "u", "d", "r", "p", "m", "$", "e", "sd", "h", "k", "c", "l", "b", "a", "q", "s", "f",
        "currency", "amount", "name", "props", "x/y~",
    ];
    let tree = leaf.prop_recursive(3, 24, 6, move |inner| {
        let object = prop::collection::btree_map(prop::sample::select(keys.clone()), inner.clone(), 0..8);
        prop_oneof![
            3 => object.prop_map(|map| Value::Object(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::Array),
        ]
    });
    // Over a page view, so that what is behind the first checks is reached as well.
    (tree, any::<bool>()).prop_map(|(tree, whole)| if whole { tree } else { page_view(tree) })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&body)?;
    }

    #[test]
    fn any_text(body in "[\\[{ ]{0,2}\\PC{0,80}[\\]}]{0,2}") {
        check(body.as_bytes())?;
    }

    #[test]
    fn any_json(value in event_like()) {
        check(&bytes(&value))?;
    }

    #[test]
    fn any_array(values in prop::collection::vec(event_like(), 0..5)) {
        check(&bytes(&json!(values)))?;
    }

    /// A good body, cut off, or with a piece of something else in it.
    #[test]
    fn damaged(at in 0..400_usize, cut in 0..40_usize, insert in prop::collection::vec(any::<u8>(), 0..6)) {
        let good = bytes(&json!([
            page_view(json!({ "e": 5, "sd": 90, "k": "00112233445566778899aabbccddeeff", "p": { "a": 1 } })),
            page_view(json!({ "c": { "m": true, "q": 1, "s": "tag" }, "l": { "h": HASH, "d": "acme.com", "f": { "x": "y" } } })),
            page_view(json!({ "$": { "currency": "EUR", "amount": "12.50" }, "r": "https://www.google.com/" })),
        ]));
        let start = at.min(good.len());
        let end = (start + cut).min(good.len());
        check(&[&good[..start], &insert, &good[end..]].concat())?;
    }
}

#[test]
fn a_batch_has_bounds() {
    let door = Door::new();
    let take = |count: usize| {
        let body = bytes(&json!(vec![page_view(json!({})); count]));
        door.take(&body, &client(&[]), &SitePolicy::default()).map(|taken| taken.outcomes.len())
    };
    assert_eq!(take(1), Ok(1));
    assert_eq!(take(BATCH_MAX), Ok(BATCH_MAX));
    for count in [0, BATCH_MAX + 1, 5_000] {
        let refusal = take(count).expect_err("refuses");
        assert!(refusal.detail.contains(&count.to_string()), "{}", refusal.detail);
    }
}

#[test]
fn deep_bodies_are_harmless() {
    for depth in [100, 10_000, 100_000] {
        let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        check(deep.as_bytes()).expect("holds");
        check(format!("{{\"x\":{deep}}}").as_bytes()).expect("holds");
        check(format!("{{\"p\":{deep}}}").as_bytes()).expect("holds");
        check(format!("[{{\"n\":{deep}}}]").as_bytes()).expect("holds");
    }
}

/// Each field that is not what it should be is named.
#[test]
fn refusals_name_the_field() {
    let door = Door::new();
    let cases = [
        (json!({ "n": "" }), "/n"),
        (json!({ "n": 7 }), "/n"),
        (json!({ "u": "pricing" }), "/u"),
        (json!({ "u": format!("https://example.com/{}", "a".repeat(8_000)) }), "/u"),
        // Found by fuzzing: the whole of a host that is none was repeated, twice, in the refusal.
        (json!({ "u": format!("https://{}/", "a".repeat(4_000)) }), "/u"),
        (json!({ "d": "a b" }), "/d"),
        (json!({ "k": "7" }), "/k"),
        (json!({ "e": -1 }), "/e"),
        (json!({ "e": 1e16 }), "/e"),
        (json!({ "sd": 101 }), "/sd"),
        (json!({ "a": 1e16 }), "/a"),
        (json!({ "b": 2 }), "/b"),
        (json!({ "c": { "m": "yes" } }), "/c/m"),
        (json!({ "c": [true, true, "tag"] }), "/c"),
        (json!({ "l": { "h": "x" } }), "/l/h"),
        (json!({ "l": { "h": HASH, "d": "jo@acme.com" } }), "/l/d"),
        (json!({ "$": { "currency": "euro", "amount": 1 } }), "/$/currency"),
        (json!({ "$": { "currency": "EUR", "amount": "a lot" } }), "/$/amount"),
        (json!({ "$": { "currency": "EUR", "amount": "inf" } }), "/$/amount"),
        (json!({ "p": { "a": [] } }), "/p/a"),
        (json!({ "p": 7 }), "/p"),
    ];
    for (more, pointer) in cases {
        let body = page_view(more);
        let refused = |body: &Value| {
            door.take(&bytes(body), &client(&[]), &SitePolicy::default()).expect_err("refuses")
        };
        let refusal = refused(&body);
        assert_eq!(refusal.pointer, pointer, "{body}");
        assert!(refusal.detail.len() < 300, "a sentence: {}", refusal.detail);
        assert_eq!(refused(&json!([page_view(json!({})), body])).pointer, format!("/1{pointer}"), "{body}");
    }
}
