//! The audit log of the real binary. Promise: what is done is recorded by whom and in which role, a look that
//! cannot be recorded is refused, and whatever is done to the log's file is found and named with its place.

use mqlite_tests::{Answer, PASSWORD, SITE, Setup, TestApp, event, mqlite, person, wait_until};
use serde_json::{Value, json};
use std::path::Path;

/// Bends the log's database, as somebody does who has all rights on the file.
fn bend(data: &Path, sql: &str) {
    let database = rusqlite::Connection::open(data.join("ledger.db")).expect("opens");
    database.busy_timeout(mqlite_tests::PATIENCE).expect("sets");
    let without = "DROP TRIGGER IF EXISTS audit_is_never_changed; DROP TRIGGER IF EXISTS audit_is_never_cut;";
    database.execute_batch(&format!("{without} {sql}")).expect("bends");
}

/// An app that a person has become a lead of, and the lead's key.
fn with_a_lead(setup: Setup) -> (TestApp, String) {
    let app = setup.start();
    let form = event("demo_request", "/demo").identify("jane@kept.example", person("Kept Ltd"), true);
    app.send(&form).assert_stored();
    let lead = app.wait_for_lead("Kept Ltd", |_| true);
    (app, lead["key"].as_str().expect("a key").to_owned())
}

fn verify(app: &TestApp) -> Value {
    app.read("/api/v1/audit/verify")
}

#[test]
fn a_log_that_was_bent_is_found_stopped_and_running() {
    let (mut app, key) = with_a_lead(Setup::default());
    app.read(&format!("/api/v1/leads/{key}?site={SITE}"));
    app.log_in("a wrong guess at it").assert_problem(401);
    let said = app.audit(&["verify"]).assert_ok();
    assert!(said.contains("ok ") && said.contains("anchor ") && said.contains("head "), "{said}");
    assert_eq!(verify(&app)["ok"], true, "{}", verify(&app));

    // While it runs.
    let place = app.entries("lead.viewed")[0]["seq"].as_i64().expect("a place");
    bend(app.data(), &format!("UPDATE audit SET at = at + 1 WHERE seq = {place}"));
    let told = verify(&app);
    assert_eq!((&told["ok"], &told["findings"][0]["seq"]), (&json!(false), &json!(place)), "{told}");
    assert_eq!(told["findings"][0]["kind"], "changed");
    let finished = app.audit(&["verify"]);
    assert!(
        finished.stdout.contains(&format!("entry {place} is not the one that was written")),
        "{finished:?}"
    );
    assert!(finished.stdout.contains("(lead looked at, 20"), "{finished:?}");
    finished.assert_fails();
    bend(app.data(), &format!("UPDATE audit SET at = at - 1 WHERE seq = {place}"));
    app.audit(&["verify"]).assert_ok();

    // While it does not.
    assert!(app.stop().success());
    bend(app.data(), &format!("DELETE FROM audit WHERE seq = {place}"));
    let finished = app.audit(&["verify"]);
    assert!(finished.stdout.contains(&format!("entry {place} is missing")), "{finished:?}");
    finished.assert_fails();
    app.restart();
    assert_eq!(verify(&app)["findings"][0]["kind"], "missing", "and after it has started again");
}

#[test]
fn a_cut_and_a_new_history_are_found_by_what_is_kept_elsewhere() {
    let mut app = TestApp::start();
    app.cookie();
    assert!(app.stop().success());
    let kept = tempfile::tempdir().expect("a folder");
    let copy = kept.path().join("audit.anchor");
    std::fs::copy(app.data().join("audit.anchor"), &copy).expect("copies");
    let anchor = std::fs::read_to_string(&copy).expect("reads");
    let noted = anchor.lines().last().expect("a line").split(' ').take(2).collect::<Vec<_>>().join(":");
    assert!(app.log().contains(&format!("audit {}", noted.replace(':', " "))), "the log output says it, too");
    // The tail cut, and the head with it.
    bend(
        app.data(),
        "DELETE FROM audit WHERE seq > 3; UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit WHERE seq = 3)",
    );
    let finished = app.audit(&["verify"]);
    assert!(finished.stdout.contains("cut: the end was cut off: the log ends at entry 3"), "{finished:?}");
    finished.assert_fails();
    // The anchor in the folder cut to fit: only what is kept elsewhere knows.
    let three: String = anchor.lines().take(3).map(|line| format!("{line}\n")).collect();
    std::fs::write(app.data().join("audit.anchor"), three).expect("writes");
    app.audit(&["verify"]).assert_ok();
    let copy = copy.display().to_string();
    for elsewhere in [["--anchor", &copy], ["--head", &noted]] {
        let finished = app.audit(&["verify", elsewhere[0], elsewhere[1]]);
        assert!(finished.stdout.contains("cut"), "{finished:?}");
        finished.assert_fails();
    }
    // No anchor at all is said, and is no proof of anything.
    std::fs::remove_file(app.data().join("audit.anchor")).expect("removes");
    let said = app.audit(&["verify"]).assert_ok();
    assert!(said.contains("warning") && said.contains("no_anchor"), "{said}");
    for (arguments, word) in [
        (["verify", "--head", "12"], "SEQ:HASH"),
        (["verify", "--anchor", "/nonexistent"], "/nonexistent"),
        (["verify", "--receipt", "/nonexistent"], "/nonexistent"),
    ] {
        let complaint = app.audit(&arguments).assert_fails();
        assert!(complaint.contains(word), "{word} in {complaint}");
    }
}

#[test]
fn what_people_do_is_recorded_by_whom() {
    let (app, key) = with_a_lead(Setup::default());
    let path = format!("/api/v1/leads/{key}?site={SITE}");
    for _ in 0..3 {
        app.read(&path);
        app.explanation(&key, "");
        app.leads("");
    }
    let viewed = app.entries("lead.viewed");
    assert_eq!(viewed.len(), 1, "three looks within ten minutes are one: {viewed:?}");
    assert_eq!((&viewed[0]["role"], &viewed[0]["site"]), (&json!("owner"), &json!(SITE)));
    let reference = viewed[0]["subject"].as_str().expect("a reference");
    assert!(reference.len() == 32 && reference != key, "{viewed:?}");
    assert_eq!(app.entries("leads.listed").len(), 1);
    app.look(&path.replacen(&key[..4], "0000", 1)).send().assert_problem(404);
    assert_eq!(app.entries("lead.viewed").len(), 1, "nobody was seen");

    app.auditor();
    app.add_site(&[SITE, "--honour-dnt", "yes"]).assert_ok();
    app.add_site(&[SITE, "--honour-dnt", "yes"]).assert_ok();
    let changed = app.entries("site.changed");
    assert_eq!(changed.len(), 1, "what is as it was is no change: {changed:?}");
    assert_eq!(changed[0]["details"]["changed"], json!({ "honour_dnt": { "from": false, "to": true } }));
    assert_eq!(changed[0]["role"], "operator");
    app.export();
    assert_eq!(app.entries("export.events")[0]["details"]["events"], 1);
    let cookie = app.log_in(PASSWORD).assert_status(204);
    let cookie = cookie.header("set-cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie");
    let out = || mqlite_tests::request("DELETE", app.url("/api/v1/session")).header("cookie", cookie).send();
    out().assert_status(204);
    out().assert_status(204);
    let roles = |action: &str| -> Vec<Value> {
        app.entries(action).into_iter().map(|entry| entry["role"].clone()).collect()
    };
    assert_eq!(roles("session.opened"), ["owner", "auditor", "owner"]);
    assert_eq!(roles("session.closed"), ["owner"], "a session is closed once");
    assert_eq!(roles("account.password_set"), ["owner", "auditor"]);
    assert_eq!(roles("setup_link.made"), ["collector", "operator"]);
    assert_eq!(roles("account.added"), ["operator"]);
    assert_eq!(roles("site.added"), ["operator"]);
    assert_eq!(roles("collector.started"), ["collector"]);
    app.audit(&["verify"]).assert_ok();
}

#[test]
fn refused_log_ins_are_counted_and_fill_no_disk() {
    let mut app = TestApp::start();
    app.cookie();
    let guess = |app: &TestApp, n: u32, body: Value, path: &str| -> Answer {
        let from = format!("198.51.100.{}", n % 250 + 1);
        app.post_json(path, &body).header("x-forwarded-for", from).send()
    };
    for n in 0..40 {
        let body = json!({ "password": format!("SECRETGUESS{n}"), "role": "owner" });
        guess(&app, n, body, "/api/v1/session").assert_problem(401);
    }
    let body = json!({ "token": "SECRETTOKEN", "password": "SECRETPASSWORD" });
    guess(&app, 1, body, "/api/v1/setup").assert_problem(403);
    let refused = app.entries("session.refused");
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0]["details"], json!({ "reason": "password", "role": "owner", "others": 0 }));
    assert_eq!(refused[0]["role"], "stranger");
    assert!(app.stop().success());
    let refused = app.entries("session.refused");
    assert_eq!(refused.len(), 2, "those that waited are said at the end");
    assert_eq!(refused[1]["details"], json!({ "reason": "setup_link", "role": null, "others": 39 }));
    let all = app.audit(&["log", "--format", "ndjson"]).assert_ok() + &app.audit(&["log"]).assert_ok();
    for secret in ["SECRET", "198.51.100"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[test]
fn what_is_beyond_a_role_is_recorded_and_fills_no_disk() {
    let mut app = TestApp::start();
    let auditor = app.auditor();
    for _ in 0..20 {
        let leads = format!("/api/v1/leads?site={SITE}");
        app.get(&leads).header("cookie", auditor.as_str()).send().assert_problem(403);
    }
    let refused = app.entries("access.refused");
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!((&refused[0]["role"], &refused[0]["details"]), (&json!("auditor"), &json!({ "others": 0 })));
    assert!(app.stop().success());
    let refused = app.entries("access.refused");
    assert_eq!(refused.len(), 2, "those that waited are said at the end");
    assert_eq!(refused[1]["details"], json!({ "others": 18 }));
}

#[test]
fn starts_say_what_changed() {
    let mut app = TestApp::start();
    // What a start records comes before the first answer, and after the address that it says.
    let answers = |app: &TestApp| app.get("/healthz").send().assert_status(200);
    answers(&app);
    let settings = app.entries("settings.changed");
    assert_eq!(settings[0]["details"]["now"]["trusted_proxies"], 1);
    assert_eq!(settings[0]["details"]["now"]["ipv4_prefix"], 24);
    let data = app.data().display().to_string();
    for _ in 0..2 {
        assert!(app.stop().success());
        app.restart();
        answers(&app);
    }
    for (action, count) in [
        ("settings.changed", 1),
        ("model.changed", 1),
        ("schema.changed", 1),
        ("collector.started", 3),
        ("collector.stopped", 2),
    ] {
        let entries = app.entries(action);
        assert_eq!(entries.len(), count, "{action}: {entries:?}");
    }
    assert!(!app.audit(&["log"]).assert_ok().contains(&data), "no path");
    app.kill9();
    app.restart();
    assert_eq!(app.entries("collector.stopped").len(), 2, "a power cut is no stop");
    app.audit(&["verify"]).assert_ok();
}

#[test]
fn a_look_that_cannot_be_recorded_is_refused() {
    let (app, key) = with_a_lead(Setup::default());
    bend(
        app.data(),
        "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'as when the disk is full'); END",
    );
    app.look(&format!("/api/v1/leads/{key}?site={SITE}")).send().assert_problem(503);
    app.look(&format!("/api/v1/leads/{key}/explanation?site={SITE}")).send().assert_problem(503);
    app.look("/api/v1/audit/log?format=ndjson").send().assert_problem(503);
    app.log_in(PASSWORD).assert_problem(503);
    app.log_in("a wrong guess at it").assert_problem(401);
    let data = app.data().display().to_string();
    mqlite(["export", "events", "--data", &data]).assert_fails();
    assert_eq!(app.audit(&["log", "--action", "session.opened"]).assert_ok().lines().count(), 1);
    // Events are nobody's look.
    app.send(&event("pageview", "/")).assert_stored();
    bend(app.data(), "DROP TRIGGER full");
    app.read(&format!("/api/v1/leads/{key}?site={SITE}"));
    assert_eq!(app.entries("lead.viewed").len(), 1);
}

#[test]
fn the_log_is_read_in_pages_and_by_filters() {
    let app = TestApp::start();
    app.wait_for_retention();
    for n in 0..5 {
        app.add_site(&["example.org", "--host", &format!("h{n}.example")]).assert_ok();
    }
    let whole = app.read("/api/v1/audit/log");
    let total = whole["total"].as_u64().expect("a number");
    let seqs = |log: &Value| -> Vec<u64> {
        log["entries"].as_array().expect("entries").iter().filter_map(|entry| entry["seq"].as_u64()).collect()
    };
    assert_eq!(seqs(&whole), (1..=total).rev().collect::<Vec<_>>(), "newest first");
    assert_eq!((&whole["head"]["seq"], &whole["next"]), (&json!(total), &Value::Null));
    assert_eq!(whole["entries"][0]["title"], "Logged in");
    assert!(whole["actions"].as_array().is_some_and(|actions| actions.len() > 20));
    let mut paged = Vec::new();
    let mut before = String::new();
    loop {
        let page = app.read(&format!("/api/v1/audit/log?limit=3{before}"));
        assert_eq!(page["total"], total);
        paged.extend(seqs(&page));
        if page["next"].is_null() {
            break;
        }
        before = format!("&before={}", page["next"]);
    }
    assert_eq!(paged, seqs(&whole));
    let count = |query: &str| app.read(&format!("/api/v1/audit/log?{query}"))["total"].as_u64();
    assert_eq!(count("action=site.changed&site=example.org"), Some(4));
    assert_eq!(count("role=operator"), Some(6));
    assert_eq!(count("role=operator&site=example.com"), Some(1));
    assert_eq!(count("from=2000-01-01&to=2001-01-01"), Some(0));
    assert_eq!(count("from=2000-01-01&to=2100-01-01T00:00:00Z"), Some(total));
    for wrong in ["action=x", "role=x", "site=%3Cx", "from=x", "format=x", "limit=x"] {
        let answer = app.look(&format!("/api/v1/audit/log?{wrong}")).send();
        assert!(matches!(answer.status, 400 | 404), "{wrong}: {}", answer.text());
    }
}

/// As somebody checks it who does not trust the program: by its export alone.
#[test]
fn the_export_can_be_checked_by_others() {
    use sha2::{Digest, Sha256};
    let app = TestApp::start();
    for n in 0..30 {
        app.add_site(&["example.org", "--host", &format!("h{n}.example")]).assert_ok();
    }
    let answer = app.look("/api/v1/audit/log?format=ndjson").send().assert_status(200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert!(answer.header("content-disposition").is_some_and(|value| value.starts_with("attachment")));
    let printed = app.audit(&["log", "--format", "ndjson"]).assert_ok();
    assert!(printed.starts_with(&answer.text()), "one form");
    let mut previous = "0".repeat(64);
    for line in printed.lines() {
        let (entry, hash) = line.rsplit_once(r#","hash":""#).expect("a hash");
        let entry = entry.strip_prefix(r#"{"entry":"#).expect("an entry");
        let computed: String =
            Sha256::digest(entry.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash.trim_end_matches(r#""}"#), computed);
        let entry: Value = serde_json::from_str(entry).expect("JSON");
        assert_eq!(entry["previous"], previous);
        previous = computed;
    }
    let exports = app.entries("audit.exported");
    assert_eq!((&exports[0]["role"], &exports[1]["role"]), (&json!("owner"), &json!("operator")));
    assert!(printed.lines().count() > 35);
}

#[test]
fn a_made_up_receipt_is_none() {
    let app = TestApp::start();
    let receipt = json!({
        "receipt": "0123456789abcdef0123456789abcdef", "action": "erase", "site": SITE, "counts": { "events": 3 },
        "at": "2026-11-22T10:00:00.000Z", "entry": { "seq": 2, "hash": "0".repeat(64) },
    });
    let ask =
        |body: &Value| app.post_json("/api/v1/privacy/receipt", body).header("cookie", app.cookie()).send();
    let answer = ask(&receipt).assert_status(200).json();
    assert_eq!(answer["valid"], false, "{answer}");
    assert!(answer["sentence"].as_str().is_some_and(|sentence| sentence.contains("entry 2")), "{answer}");
    ask(&json!({ "receipt": "x" })).assert_problem(400);
    app.post_json("/api/v1/privacy/receipt", &receipt).send().assert_problem(401);
    let file = app.data().join("receipt.json");
    std::fs::write(&file, receipt.to_string()).expect("writes");
    let finished = app.audit(&["verify", "--receipt", &file.display().to_string()]);
    assert!(finished.stdout.contains("another hash"), "{finished:?}");
    finished.assert_fails();
}

#[test]
fn destroyed_salts_are_recorded() {
    let mut app = TestApp::start();
    app.send(&event("pageview", "/")).assert_stored();
    assert!(app.stop().success());
    let salts = app.data().join("salts");
    let salt = std::fs::read_dir(&salts).expect("reads").next().expect("a salt").expect("an entry").path();
    std::fs::rename(&salt, salts.join("1_2020-02-02.salt")).expect("renames");
    app.restart();
    let recorded =
        wait_until("the record", || app.entries("salt.destroyed").pop().ok_or_else(|| "nothing".to_owned()));
    assert_eq!((&recorded["site"], &recorded["details"]["day"]), (&json!(SITE), &json!("2020-02-02")));
    assert_eq!(recorded["role"], "collector");
}
