//! The sentinel. Promise: no address, no whole user agent and no hash of a mail address is ever written: not
//! to the data folder, its logs, an answer or an export, whatever the log level and whatever goes wrong.

mod erase;
mod haystack;
mod salts;
mod sentinel;

use haystack::Haystack;
use mqlite_tests::{Event, Request, SITE, Setup, TestApp, address_hash, event, pageview, person, request};
use sentinel::{ADDRESSES, AGENT, MAIL, needles};
use serde_json::json;

/// A request as the sentinel's browser sends it, from each address in turn.
fn from_sentinel(app: &TestApp, address: &str, body: impl Into<Vec<u8>>) -> Request {
    let forwarded =
        if address.contains(':') { format!("[{address}]:4711") } else { format!("{address}:4711") };
    app.post(body).header("user-agent", AGENT).header("x-forwarded-for", forwarded)
}

/// A visit that does everything: it arrives, reads, asks, denies, is refused, is limited, and is wrong.
fn visit(app: &TestApp, address: &str) {
    let send = |event: &Event| from_sentinel(app, address, event.body()).send();
    let form = event("demo_request", "/demo");
    send(&pageview("/?utm_source=google&utm_medium=cpc&gclid=x")).assert_stored();
    send(&event("engagement", "/pricing").from_within().with("e", 61_000)).assert_stored();
    send(&form.clone().identify(MAIL, person("Sentinel Ltd"), true)).assert_stored();
    send(&form.clone().identify(MAIL, json!({ "note": MAIL, "company": "Sentinel Ltd" }), true))
        .assert_stored();
    send(&form.identify(MAIL, person("Sentinel Ltd"), false)).assert_stored();
    send(&pageview("/").with("b", 1)).assert_left_out("dropped:automation");
    send(&pageview("/").with("r", "https://semalt.com/")).assert_left_out("dropped:referrer_spam");
    send(&pageview("/").with("c", json!({ "m": 0, "s": "tag" }))).assert_left_out("suppressed:tag");
    from_sentinel(app, address, pageview("/").body()).header("sec-gpc", "1").send().assert_status(202);

    // What goes wrong is logged by careless servers.
    for body in ["", "{", "[", "null", "{\"n\":7}", "\u{feff}{}"] {
        from_sentinel(app, address, body).send().assert_problem(400);
    }
    from_sentinel(app, address, vec![0xff; 100]).send().assert_problem(400);
    from_sentinel(app, address, "x".repeat(300_000)).send().assert_problem(413);
    from_sentinel(app, address, "x").header("content-type", "image/png").send().assert_problem(415);
    from_sentinel(app, address, pageview("/").body())
        .header("origin", "https://evil.org")
        .send()
        .assert_problem(403);
    let raw = format!(
        "POST /api/event HTTP/1.1\r\nuser-agent: {AGENT}\r\nx-forwarded-for: {address}\r\n\x01: x\r\n\r\n"
    );
    let _ = mqlite_tests::say_raw(app.base(), raw.as_bytes());
    let cut = format!(
        "POST /api/event HTTP/1.1\r\nhost: x\r\nuser-agent: {AGENT}\r\nx-forwarded-for: {address}\r\ncontent-length: 99\r\n\r\n{{"
    );
    let _ = mqlite_tests::say_raw(app.base(), cut.as_bytes());
    for path in ["/nothing", "/mq.js", "/", "/api/v1/leads?site=x", "/healthz", "/demo/"] {
        let sent =
            request("GET", app.url(path)).header("user-agent", AGENT).header("x-forwarded-for", address);
        let _ = sent.send();
    }
    let guess = || {
        let body = json!({ "password": "a wrong guess" });
        app.post_json("/api/v1/session", &body)
            .header("user-agent", AGENT)
            .header("x-forwarded-for", address)
            .send()
    };
    assert!((0..20).any(|_| guess().status == 429), "it guesses until it is told to wait");
}

/// Everything that somebody can read, afterwards.
fn everything(app: &TestApp) -> Haystack {
    let mut haystack = Haystack::default();
    haystack.folder(app.data());
    haystack.add("the log", app.log());
    haystack.add("standard output", app.printed());
    for event in app.export() {
        haystack.add("the export", event.to_string());
    }
    let leads = app.leads("&limit=200");
    let mut paths = vec![
        "/api/v1/session".to_owned(),
        "/api/v1/sites".to_owned(),
        format!("/api/v1/leads?site={SITE}"),
        format!("/api/v1/leads?site={SITE}&stage=mql"),
    ];
    for by in ["channel", "source", "campaign", "country", "page", "rule"] {
        paths.push(format!("/api/v1/reports/mql?site={SITE}&by={by}"));
    }
    for lead in leads["leads"].as_array().expect("leads") {
        let path = format!("/api/v1/leads/{}", lead["key"].as_str().expect("a key"));
        paths.push(format!("{path}?site={SITE}"));
        paths.push(format!("{path}/explanation?site={SITE}"));
    }
    for path in paths {
        let answer = app.look(&path).send().assert_status(200);
        haystack.add(&path, answer.head());
        haystack.add(&path, answer.body);
    }
    haystack
}

#[test]
fn the_sentinel_is_nowhere() {
    for (level, prefix) in [("trace", "24"), ("info", "32")] {
        let mut app =
            Setup::default().setting("RUST_LOG", level).setting("MQLITE_IPV4_PREFIX", prefix).start();
        for address in ADDRESSES {
            visit(&app, address);
        }
        app.wait_for_lead("Sentinel Ltd", |lead| lead["score"]["total"].as_f64() > Some(50.0));
        // As it runs, with its write-ahead logs; after a crash; and after it was stopped well.
        let mut checked = everything(&app).assert_without(&needles());
        app.kill9();
        app.restart();
        visit(&app, ADDRESSES[0]);
        checked += everything(&app).assert_without(&needles());
        app.stop();
        let mut folder = Haystack::default();
        folder.folder(app.data());
        folder.add("the log", app.log());
        checked += folder.assert_without(&needles());
        assert!(checked > 200_000, "only {checked} bytes were looked at");
        assert!(app.export().len() >= 12, "and yet the visits were stored");
        assert!(level != "trace" || app.log().len() > 1_000, "the log says much at `trace`");
    }
}

#[test]
fn what_stands_in_a_url_or_a_field_by_mistake_is_not_kept() {
    let app = TestApp::start();
    let url = format!(
        "https://{SITE}/thanks?email={MAIL}&name=Sentinel&mq=SECRETTOKEN&gclid=SECRETCLICK#SECRETHASH"
    );
    let event =
        event("form_submit", "/").with("u", url).with("r", format!("https://www.google.com/search?q={MAIL}"));
    let fields = json!({ "company": "Kept Ltd", "contact": MAIL });
    app.send(&event.identify("other@kept.com", fields, true)).assert_stored();
    app.wait_for_lead("Kept Ltd", |_| true);
    let secrets = [MAIL, "SECRETTOKEN", "SECRETCLICK", "SECRETHASH", "other@kept.com"];
    let needles = secrets.map(|text| (text.to_owned(), text.as_bytes().to_vec()));
    let checked = everything(&app).assert_without(&needles);
    assert!(checked > 10_000);
}

/// Personal data that a site's own pages put where free text is kept.
#[test]
fn personal_data_in_free_text_is_replaced_by_a_marker() {
    let app = TestApp::start();
    let [phone, card, id] = ["+44 7700 900123", "4111 1111 1111 1111", "AB123456C"];
    let token = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let path = format!("/u/{MAIL}/{card}?utm_source={MAIL}&utm_campaign={id}&utm_content={token}");
    let props = json!({ "note": format!("write to {MAIL} or call {phone}"), MAIL: "a name" });
    let fields = json!({ "company": "Marked Ltd", "contact": phone, "number": card });
    let event = event(&format!("asked {MAIL}"), &path).with("p", props).with("c", json!({ "m": 1, "q": 1 }));
    app.send(&event.identify("other@kept.com", fields, true)).assert_stored();
    let encoded = MAIL.replace('@', "%2540");
    app.send(&pageview(&format!("/thanks/{encoded}/{token}"))).assert_stored();
    app.wait_for_lead("Marked Ltd", |_| true);
    let needles = [MAIL, "sentinel.5e17", "sentinel-company", phone, "900123", card, id, token, &encoded]
        .map(|text| (text.to_owned(), text.as_bytes().to_vec()));
    let checked = everything(&app).assert_without(&needles);
    assert!(checked > 10_000);
    let exported: String = app.export().iter().map(ToString::to_string).collect();
    for marker in ["/u/[email]/[card]", "call [phone]", "\"[id]\"", "/thanks/[email]/[token]"] {
        assert!(exported.contains(marker), "{marker} in {exported}");
    }
}

#[test]
fn the_search_finds_what_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("deep")).expect("a folder");
    for (name, needle) in needles() {
        let file = folder.path().join("deep/file");
        let mut bytes = vec![7; 1_000];
        bytes.splice(500..500, needle);
        std::fs::write(&file, bytes).expect("writes");
        let mut haystack = Haystack::default();
        haystack.folder(folder.path());
        assert_eq!(
            haystack.find(&needles()).first().map(|found| found.contains("deep/file")),
            Some(true),
            "{name}"
        );
    }
    let upper = address_hash(MAIL).to_uppercase();
    let mut haystack = Haystack::default();
    haystack.add("an answer", upper);
    assert_eq!(haystack.find(&needles()).len(), 1, "also in capitals");
}
