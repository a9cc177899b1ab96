//! The command line. Promise: what was asked for goes to standard output, a failure is one readable
//! sentence on standard error that says what to type next, and its exit code is not zero.

use mqlite_tests::{SITE, Setup, TestApp, mqlite, mqlite_in, pageview};
use std::path::Path;

fn in_folder(folder: &Path, arguments: &[&str]) -> mqlite_tests::Finished {
    let data = folder.display().to_string();
    mqlite(arguments.iter().copied().chain(["--data", &data]))
}

#[test]
fn sites_are_added_changed_and_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("new/data");
    let run = |arguments: &[&str]| in_folder(&data, arguments);
    let none = run(&["site", "list"]).assert_ok();
    assert!(none.contains("mqlite site add"), "{none}");

    let added = run(&["site", "add", "https://www.Example.com/", "--time-zone", "Europe/Berlin"]).assert_ok();
    assert!(added.contains("Added example.com") && added.contains("Europe/Berlin"), "{added}");
    assert!(added.contains(r#"data-site="example.com""#), "the tag to paste: {added}");
    let changed = run(&["site", "add", "example.com", "--host", "Shop.example.net", "--honour-dnt", "yes"]);
    assert!(changed.assert_ok().contains("Changed example.com"));
    run(&["site", "add", "example.com", "--form-basis", "contract"]).assert_ok();

    let listed = run(&["site", "list"]).assert_ok();
    for word in ["example.com", "Europe/Berlin", "shop.example.net", "\"honour_dnt\":true", "contract"] {
        assert!(listed.contains(word), "{word} in {listed}");
    }
    let list_of = |arguments: &[&str]| {
        run(&[&["site", "add", "example.com"], arguments].concat()).assert_ok();
        let listed = run(&["site", "list"]).assert_ok();
        let policy = listed.trim_end().rsplit('\t').next().expect("a policy");
        let policy: serde_json::Value = serde_json::from_str(policy).expect("JSON");
        policy["props"].to_string()
    };
    assert_eq!(list_of(&["--honour-dnt", "yes"]), "null");
    assert_eq!(list_of(&["--allow-prop", "plan", "--allow-prop", "Größe"]), r#"["plan","Größe"]"#);
    assert_eq!(list_of(&["--allow-prop", "tier", "--allow-prop", "plan"]), r#"["plan","Größe","tier"]"#);
    assert_eq!(list_of(&["--props", "none", "--allow-prop", "plan"]), r#"["plan"]"#);
    assert_eq!(list_of(&["--props", "none"]), "[]");
    assert_eq!(list_of(&["--props", "all"]), "null");
    let zone = run(&["site", "add", "example.com", "--time-zone", "Asia/Tokyo"]).assert_fails();
    assert!(zone.contains("keeps its time zone"), "{zone}");
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases: &[(&[&str], &str)] = &[
        (&["site", "add", "not a site"], "example.com"),
        (&["site", "add", SITE, "--time-zone", "Mars/Olympus"], "Mars/Olympus"),
        (&["site", "add", SITE, "--host", "https://shop.example.net/"], "without scheme"),
        (&["site", "add", SITE, "--allow-automation", "perhaps"], "yes or no"),
        (&["site", "add", SITE, "--form-basis", "hope"], "legitimate_interest"),
        (&["site", "add", SITE, "--props", "all", "--allow-prop", "plan"], "leave it out"),
        (&["site", "add", SITE, "--allow-prop", ""], "--props none"),
        (&["tag", "not a site"], "example.com"),
        (&["export", "events", "--format", "csv"], "ndjson"),
        (&["export", "events"], "--data DIR"),
    ];
    for (arguments, word) in cases {
        let complaint = in_folder(folder.path(), arguments).assert_fails();
        assert!(complaint.contains(word), "`{word}` in `{complaint}` of {arguments:?}");
    }
    let unknown: &[(&[&str], &str)] = &[
        (&["--nonsense"], "--nonsense"),
        (&["serve", "--lisen", "x"], "--listen"),
        (&["sit", "list"], "site"),
        (&["site", "remove", SITE], "remove"),
        (&[], "Usage"),
    ];
    for (arguments, word) in unknown {
        let complaint = mqlite(*arguments).assert_fails();
        assert!(complaint.contains(word), "`{word}` in `{complaint}` of {arguments:?}");
    }
}

#[test]
fn help_and_version_are_printed() {
    let help = mqlite(["--help"]).assert_ok();
    for command in ["serve", "demo", "verify", "site", "tag", "user", "export", "audit"] {
        assert!(help.contains(command), "{command} in {help}");
    }
    assert!(mqlite(["--version"]).assert_ok().starts_with("mqlite "));
    assert!(mqlite(["serve", "--help"]).assert_ok().contains("MQLITE_TRUSTED_PROXIES"));
}

#[test]
fn the_data_folder_is_mqlite_data_unless_said() {
    let folder = tempfile::tempdir().expect("a folder");
    mqlite_in(folder.path(), &[], ["site", "add", SITE]).assert_ok();
    assert!(folder.path().join("mqlite-data/ledger.db").exists());
}

#[test]
fn one_site_is_exported_alone() {
    let app = Setup::default().site(&["example.org"]).start();
    app.send(&pageview("/com")).assert_stored();
    let other = pageview("/").of_site("example.org", "/org");
    app.post(other.body()).header("origin", "https://example.org").send().assert_stored();
    assert_eq!(app.export().len(), 2);
    let only = in_folder(app.data(), &["export", "events", "--site", "example.org"]).assert_ok();
    assert!(only.lines().count() == 1 && only.contains("/org"), "{only}");
    let none = in_folder(app.data(), &["export", "events", "--site", "example.net"]).assert_fails();
    assert!(none.contains("mqlite site list"), "{none}");
}

#[test]
fn tags_load_what_is_served() {
    let app = TestApp::start();
    let tag = mqlite(["tag", SITE, "--public-url", app.base()]).assert_ok();
    let expected = format!(r#"<script defer src="{}/mq.js" data-site="{SITE}"></script>"#, app.base());
    assert_eq!(tag.trim(), expected);
    assert!(app.printed().contains(&expected), "serve prints it, too: {}", app.printed());
    let pinned = mqlite(["tag", SITE, "--pinned", "--public-url", app.base()]).assert_ok();
    assert!(pinned.contains(r#"crossorigin="anonymous""#), "{pinned}");
    assert!(app.printed().contains(pinned.trim()), "{}", app.printed());
}

/// Writes a page and has it verified as published at `url`.
fn verify(html: &str, url: &str) -> mqlite_tests::Finished {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.html");
    std::fs::write(&page, html).expect("writes");
    mqlite(["verify", page.to_str().expect("text"), "--page-url", url])
}

#[test]
fn verify_says_that_a_right_page_works() {
    let app = TestApp::start();
    let html = format!(
        r#"<!doctype html><title>x</title><script defer src="{}/mq.js" data-site="example.com" data-consent="measured"></script>
           <a data-mq-event="case_study_download" href="/x.pdf">x</a>
           <form method="post" action="/x" data-mq-identify><input type="email" name="email">
           <input type="checkbox" data-mq-consent="qualify"></form>"#,
        app.base()
    );
    let said = verify(&html, "https://example.com/pricing?utm_source=google&utm_medium=cpc").assert_ok();
    for word in
        ["the tag is there", "the snippet loads", "consent: measured", "paid_search", "The tag works."]
    {
        assert!(said.contains(word), "{word} in {said}");
    }
    assert_eq!(app.export().len(), 0, "what was tried is not kept");
}

#[test]
fn verify_says_why_an_event_would_not_arrive() {
    let app = TestApp::start();
    let tag =
        |attributes: &str| format!(r#"<script defer src="{}/mq.js" {attributes}></script>"#, app.base());
    let page = "https://example.com/";
    let site = r#"data-site="example.com""#;
    let cases = [
        ("<p>nothing</p>".to_owned(), page, "no tag"),
        (tag(""), page, "no data-site"),
        (tag(r#"data-site="example.org""#), "https://example.org/", "mqlite site add example.org"),
        (tag(site), "https://elsewhere.net/", "--host elsewhere.net"),
        (tag(&format!(r#"{site} data-auto="outbund""#)), page, "outbund"),
        (tag(&format!(r#"{site} data-consent="perhaps""#)), page, "granted, measured, denied"),
        (tag(&format!(r#"{site} data-consent="denied""#)), page, "suppressed:tag"),
        (tag(&format!(r#"{site} integrity="sha384-AAAA""#)), page, "integrity does not fit"),
        (tag(site).replace("/mq.js", "/x/mq.js"), page, "404"),
        (tag(&format!(r#"{site} data-api="http://127.0.0.1:1/api/event""#)), page, "cannot be reached"),
        (format!(r#"{}<a data-mq-event="">x</a>"#, tag(site)), page, r#"data-mq-event="""#),
        (format!("{}<form data-mq-identify></form>", tag(site)), page, "<input type=\"email\">"),
    ];
    for (html, url, word) in cases {
        let finished = verify(&html, url);
        assert!(finished.stdout.contains(word), "`{word}` for {html}: {finished:?}");
        assert!(finished.assert_fails().contains("to put right"));
    }
    let missing = mqlite(["verify", "/nonexistent/page.html"]).assert_fails();
    assert!(missing.contains("/nonexistent/page.html") && missing.contains("https://"), "{missing}");
    let down = mqlite(["verify", "http://127.0.0.1:1/"]).assert_fails();
    assert!(down.contains("cannot be reached"), "{down}");
    assert_eq!(app.export().len(), 0);
}

/// What a page says of itself is printed, and does nothing to the terminal that shows it.
#[test]
fn verify_prints_what_a_page_says_and_nothing_that_a_terminal_obeys() {
    let html = "<script defer src=\"/mq.js\" data-site=\"example.com\" data-auto=\"\u{1b}]0;owned\u{7}\u{9b}2J\r\n&#27;[2Jok   The tag works.\"></script>";
    let finished = verify(html, "http://127.0.0.1:1/");
    assert!(finished.stdout.contains("owned"), "{finished:?}");
    for said in [finished.stdout.clone(), finished.assert_fails()] {
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
        assert!(!said.lines().any(|line| line.starts_with("ok   The tag works")), "{said:?}");
    }
}

#[test]
fn verify_looks_at_a_running_page() {
    let app = Setup::default().demo().start();
    let said = mqlite(["verify", &app.url("/demo/")]).assert_ok();
    assert!(said.contains("demo.example") && said.contains("The tag works."), "{said}");
    let gone = mqlite(["verify", &app.url("/demo/nothing")]).assert_fails();
    assert!(gone.contains("404"), "{gone}");
}

#[test]
fn the_demo_does_not_touch_a_folder_that_holds_something() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("mine"), "keep").expect("writes");
    let complaint = in_folder(folder.path(), &["demo", "--listen", "127.0.0.1:0"]).assert_fails();
    assert!(complaint.contains("not empty"), "{complaint}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("reads").count(), 1);
}
