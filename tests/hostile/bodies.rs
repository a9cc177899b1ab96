//! Hostile bodies. Invariant: each is named, no two are alike, and none is an event that a page could mean.

use mqlite_tests::{Event, pageview};
use serde_json::{Value, json};

/// A name, and the bytes.
pub(crate) type Body = (String, Vec<u8>);

/// An event of which one key's JSON is replaced by this text, valid or not.
fn with_raw(key: &str, raw: &str) -> Vec<u8> {
    let marker = "\"MARKER\"";
    pageview("/").with(key, "MARKER").body().replace(marker, raw).into_bytes()
}

fn named(name: &str, bytes: impl Into<Vec<u8>>) -> Body {
    (name.to_owned(), bytes.into())
}

/// All of them.
pub(crate) fn all() -> Vec<Body> {
    let mut bodies = no_json();
    bodies.extend(not_an_event());
    bodies.extend(truncated());
    bodies.extend(wrong_values());
    bodies.extend(too_much());
    bodies
}

fn no_json() -> Vec<Body> {
    let good = pageview("/").body();
    let mut bad_utf8 = good.clone().into_bytes();
    bad_utf8.insert(6, 0xff);
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        named("nothing", ""),
        named("white space", " \r\n\t "),
        named("a null byte", "\0"),
        named("null bytes", vec![0; 1_000]),
        named("0xff", vec![0xff; 1_000]),
        named("a byte order mark", format!("\u{feff}{good}")),
        named("a byte order mark alone", "\u{feff}"),
        named("bad UTF-8", bad_utf8),
        named("an overlong slash", b"{\"n\":\"\xc0\xaf\"}".to_vec()),
        named("a surrogate in UTF-8", b"{\"n\":\"\xed\xa0\x80\"}".to_vec()),
        named("UTF-16", utf16),
        named("Latin-1", b"{\"n\":\"caf\xe9\"}".to_vec()),
        named("a word", "pageview"),
        named("a form", "n=pageview&u=https%3A%2F%2Fexample.com%2F&d=example.com"),
        named(
            "XML",
            "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><x>&a;</x>",
        ),
        named("HTML", "<script>alert(1)</script>"),
        named("a gzip", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        named("single quotes", "{'n':'pageview'}"),
        named("no quotes", "{n:1}"),
        named("a comment", format!("/* x */{good}")),
        named("a comma too many", good.replace('}', ",}")),
        named("a comma too few", good.replace(',', " ")),
        named("two objects", format!("{good}{good}")),
        named("two lines", format!("{good}\n{good}")),
        named("something behind it", format!("{good} x")),
        named("a callback", format!("callback({good})")),
        named("a prefix against inclusion", format!(")]}}',\n{good}")),
        named("a raw line break in a string", with_raw("n", "\"page\nview\"")),
        named("a raw null in a string", with_raw("n", "\"page\0view\"")),
        named("an unknown escape", with_raw("n", "\"\\x41\"")),
        named("half an escape", with_raw("n", "\"\\u00\"")),
        named("a lone high surrogate", with_raw("n", "\"\\ud800\"")),
        named("a lone low surrogate", with_raw("n", "\"\\udc00\"")),
        named("surrogates the wrong way round", with_raw("u", "\"\\udc00\\ud800\"")),
        named("NaN", with_raw("e", "NaN")),
        named("Infinity", with_raw("e", "Infinity")),
        named("minus Infinity", with_raw("sd", "-Infinity")),
        named("undefined", with_raw("e", "undefined")),
        named("a hexadecimal number", with_raw("e", "0x10")),
        named("a leading zero", with_raw("e", "0123")),
        named("a leading plus", with_raw("e", "+1")),
        named("a point and no digits", with_raw("e", "1.")),
        named("an exponent and no digits", with_raw("e", "1e")),
        named("1e999", with_raw("e", "1e999")),
        named("-1e999", with_raw("a", "-1e999")),
        named("True", with_raw("i", "True")),
    ]
}

fn not_an_event() -> Vec<Body> {
    let good = pageview("/");
    let doubled = |key: &str| {
        let value = &good.json()[key];
        good.body().replacen('{', &format!("{{\"{key}\":{value},"), 1)
    };
    vec![
        named("null", "null"),
        named("true", "true"),
        named("a number", "42"),
        named("a string", "\"pageview\""),
        named("a string of JSON", Value::String(good.body()).to_string()),
        named("an empty object", "{}"),
        named("an empty array", "[]"),
        named("an array of null", "[null]"),
        named("an array of numbers", "[1,2,3]"),
        named("an array of an array", format!("[[{}]]", good.body())),
        named(
            "an event as a list of its values",
            "[[\"pageview\",\"https://example.com/\",\"example.com\"]]",
        ),
        named("an array of empty objects", "[{},{}]"),
        named("an object of arrays", "{\"n\":[],\"u\":[],\"d\":[]}"),
        named("an object in an object", json!({ "event": good.json() }).to_string()),
        named("all null", "{\"n\":null,\"u\":null,\"d\":null}"),
        named("`n` twice", doubled("n")),
        named("`u` twice", doubled("u")),
        named("`d` twice", doubled("d")),
        named("`k` twice", doubled("k")),
        named("`n` and `name`", good.clone().with("name", "pageview").body()),
        named("`u` and `url`", good.clone().with("url", "https://example.com/").body()),
        named("a prototype", "{\"__proto__\":{\"n\":\"pageview\"},\"constructor\":1}"),
        named("one bad event among ninety-nine", {
            let mut events: Vec<Event> = (0..99).map(|_| pageview("/")).collect();
            events.push(good.clone().with("e", -1));
            Event::array(&events)
        }),
        named("a good event and null", format!("[{},null]", good.body())),
    ]
}

/// A good event, cut wherever JSON has a border.
fn truncated() -> Vec<Body> {
    let whole = pageview("/").with("p", json!({ "a": [1] })).with("l", json!({ "h": "0" })).body();
    let cuts = [1, 2, 4, 5, 6, 12, 40, 60, whole.len() / 2, whole.len() - 2, whole.len() - 1];
    let object = cuts.map(|end| named(&format!("cut at {end}"), whole.as_bytes()[..end].to_vec()));
    let array = cuts.map(|end| named(&format!("an array cut at {end}"), format!("[{}", &whole[..end])));
    object.into_iter().chain(array).collect()
}

fn wrong_values() -> Vec<Body> {
    let long = "x".repeat(10_000);
    let wrong: Vec<(&str, Value)> = vec![
        ("n", json!("")),
        ("n", json!("   ")),
        ("n", json!("\u{0}")),
        ("n", json!("page\u{202e}view")),
        ("n", json!("é".repeat(65))),
        ("n", json!(long)),
        ("n", json!("<script>")),
        ("n", json!({ "$ne": 1 })),
        ("u", json!("")),
        ("u", json!("//example.com/")),
        ("u", json!("https://")),
        ("u", json!("https://[::1/")),
        ("u", json!("https://exa mple.com/")),
        ("u", json!("data:text/html,x")),
        ("u", json!("https://example.com:99999/")),
        ("u", json!(format!("https://example.com/{long}"))),
        ("d", json!("..")),
        ("d", json!("example..com")),
        ("d", json!("../../etc/passwd")),
        ("d", json!("-example.com")),
        ("d", json!("example.com\u{0}")),
        ("d", json!(long)),
        ("d", json!("xn--\u{fffd}")),
        ("p", json!("[]")),
        ("p", json!("{\"a\":{}}")),
        ("p", json!(1)),
        ("p", json!({ "a": { "b": { "c": 1 } } })),
        ("e", json!(-0.5)),
        ("e", json!(1e300)),
        ("e", json!("1e3")),
        ("e", json!([1])),
        ("sd", json!(100.5)),
        ("sd", json!(254)),
        ("sd", json!(-1e-3)),
        ("a", json!(-1e16)),
        ("a", json!("2026-02-30T25:61:61Z")),
        ("a", json!(1e16)),
        ("h", json!(-1)),
        ("b", json!(0.5)),
        ("k", json!("")),
        ("k", json!("0123456789abcdef0123456789abcdeg")),
        ("k", json!("é".repeat(16))),
        ("k", json!("-".repeat(32))),
        ("c", json!([])),
        ("c", json!([1, 1, "tag"])),
        ("c", json!({ "m": "yes" })),
        ("c", json!({ "s": long })),
        ("l", json!(["0".repeat(64)])),
        ("l", json!({ "h": null })),
        ("l", json!({ "h": "é".repeat(32) })),
        ("l", json!({ "h": "g".repeat(64) })),
        ("l", json!({ "h": "0".repeat(64), "d": "jo@acme.com" })),
        ("l", json!({ "h": "0".repeat(64), "q": 7 })),
        ("$", json!(["EUR", 1])),
        ("$", json!({ "currency": "€", "amount": 1 })),
        ("$", json!({ "currency": "EUR", "amount": "1e999" })),
        ("$", json!({ "currency": "EUR", "amount": null })),
    ];
    let shown = |key: &str, value: &Value| {
        format!("{key}: {}", value.to_string().chars().take(50).collect::<String>())
    };
    wrong
        .into_iter()
        .map(|(key, value)| (shown(key, &value), pageview("/").with(key, value).body().into()))
        .collect()
}

/// Odd, but events: what is not known is passed over, however much or deep it is.
pub(crate) fn odd() -> Vec<Body> {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let keys: Vec<String> = (0..15_000).map(|n| format!("\"k{n}\":{n}")).collect();
    let good = || pageview("/odd").body();
    vec![
        named("deep arrays under an unknown key", with_raw("unknown", &deep)),
        named("fifteen thousand unknown keys", good().replacen('{', &format!("{{{},", keys.join(",")), 1)),
        named("white space all over", good().replace(',', " \r\n\t , ").into_bytes()),
        named(
            "every letter escaped",
            with_raw("n", "\"\\u0070\\u0061\\u0067\\u0065\\u0076\\u0069\\u0065\\u0077\""),
        ),
        named(
            "null where nothing is known",
            pageview("/odd").with("r", Value::Null).with("p", Value::Null).body(),
        ),
    ]
}

fn too_much() -> Vec<Body> {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let deep_objects = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    let keys = |n: usize| {
        let keys: Vec<String> = (0..n).map(|n| format!("\"k{n}\":{n}")).collect();
        format!("{{{}}}", keys.join(","))
    };
    let many: Vec<Event> = (0..101).map(|_| pageview("/")).collect();
    vec![
        named("deep arrays", deep(1_000)),
        named("very deep arrays", deep(100_000)),
        named("very deep arrays without an end", "[".repeat(200_000)),
        named("deep objects", deep_objects.clone()),
        named("deep objects in a property", with_raw("p", &format!("{{\"a\":{deep_objects}}}"))),
        named("deep JSON in a string", pageview("/").with("p", format!("{{\"a\":{}}}", deep(1_000))).body()),
        named("ten thousand properties", with_raw("p", &keys(10_000))),
        named(
            "ten thousand fields",
            with_raw("l", &format!("{{\"h\":\"{}\",\"f\":{}}}", "0".repeat(64), keys(10_000))),
        ),
        named("a million keys", keys(1_000_000)),
        named("a million properties", with_raw("p", &keys(1_000_000))),
        named("a hundred and one events", Event::array(&many)),
        named("a hundred thousand numbers", format!("[{}1]", "1,".repeat(100_000))),
        named("a hundred thousand empty objects", format!("[{}{{}}]", "{},".repeat(80_000))),
        named("a number of a hundred thousand digits", with_raw("e", &"9".repeat(100_000))),
        named(
            "a fraction of a hundred thousand digits",
            with_raw("sd", &format!("101.{}", "9".repeat(100_000))),
        ),
        named("a long name", with_raw("n", &format!("\"{}\"", "n".repeat(250_000)))),
        named("a long id", with_raw("k", &format!("\"{}\"", "0".repeat(250_000)))),
        named("300 kB of white space", " ".repeat(300_000)),
        named("10 MB", pageview("/").with("x", "x".repeat(10 << 20)).body()),
        named("10 MB of nothing", vec![0; 10 << 20]),
    ]
}
