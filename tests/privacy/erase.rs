//! Erasure, byte by byte. Promise: after somebody is erased, by the page or by the command beside a running
//! collector, nothing that tells of them is in any file of the data folder; everybody else is untouched, reports
//! still add up, and the receipt is proven by the audit log.

use crate::haystack::Haystack;
use mqlite_tests::{Event, SITE, TestApp, address_hash, event, mqlite, mqlite_fed, pageview};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Somebody who becomes an MQL, with a word of their own in everything they send.
struct Person {
    word: &'static str,
    mail: String,
    network: &'static str,
}

impl Person {
    fn new(word: &'static str, network: &'static str) -> Self {
        Self { word, mail: format!("{word}@{word}-company.com"), network }
    }

    fn company(&self) -> String {
        format!("{} Company", self.word)
    }

    /// A visit that lands on a page of its own, by a campaign of its own, and ends with a form.
    fn visit(&self, app: &TestApp) {
        let word = self.word;
        let properties = |event: Event| event.with("p", json!({ "note": format!("{word}-property") }));
        let fields = json!({ "company": self.company(), "job_title": format!("{word} officer") });
        let events = vec![
            pageview(&format!(
                "/{word}-landing?utm_source={word}-source&utm_medium=email&utm_campaign={word}-campaign"
            )),
            properties(pageview(&format!("/{word}-page")).from_within()),
            event("engagement", "/pricing").from_within().with("e", 60_000).with("sd", 80).with("i", false),
            event("case_study_download", "/library").from_within(),
            properties(event(&format!("{word} event"), "/shared").from_within()),
            event("demo_request", "/demo").from_within().identify(&self.mail, fields, true),
            pageview(&format!("/{word}-after")).from_within(),
        ];
        app.send_all_from(self.network, &events).assert_status(202);
        let lead = app.wait_for_lead(&self.company(), |lead| lead["stage"] == "mql");
        let path = format!("/api/v1/leads/{}/overrides?site={SITE}", lead["key"].as_str().expect("a key"));
        let until = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24)).to_string();
        let said =
            json!({ "effect": "fit", "points": 1, "until": until, "reason": format!("{word}-remark") });
        app.post_json(&path, &said).header("cookie", app.cookie()).send().assert_status(201);
    }

    /// Everything by which they could be told, and what it is.
    fn needles(&self, app: &TestApp) -> Vec<(String, Vec<u8>)> {
        let lead = app.wait_for_lead(&self.company(), |_| true);
        let key = lead["key"].as_str().expect("a key").to_owned();
        let of_them = |event: &Value| event["lead"] == key.as_str();
        let visitors: BTreeSet<String> = app
            .export()
            .iter()
            .filter(|event| of_them(event))
            .filter_map(|event| event["visitor"].as_str().map(str::to_owned))
            .collect();
        assert!(!visitors.is_empty(), "they had a pseudonym");
        let mut needles = Vec::new();
        for id in visitors.iter().chain([&key]) {
            needles.push((format!("{id} in text"), id.as_bytes().to_vec()));
            needles.push((format!("{id} in bytes"), unhex(id)));
        }
        needles.push((format!("the word {}", self.word), self.word.as_bytes().to_vec()));
        for suffix in [
            "-landing",
            "-source",
            "-campaign",
            "-page",
            "-property",
            "-remark",
            " event",
            " officer",
            " Company",
        ] {
            let text = format!("{}{suffix}", self.word);
            needles.push((text.clone(), text.into_bytes()));
        }
        needles
    }

    fn hashes(&self) -> Vec<(String, Vec<u8>)> {
        let hash = address_hash(&self.mail);
        vec![
            ("the address's hash".to_owned(), unhex(&hash)),
            ("the same in text".to_owned(), hash.into_bytes()),
        ]
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    let digit =
        |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("digits");
    hex.as_bytes().chunks_exact(2).map(digit).collect()
}

fn files(app: &TestApp) -> Haystack {
    let mut haystack = Haystack::default();
    haystack.folder(app.data());
    haystack.add("the log", app.log());
    haystack
}

/// Asserts that the search finds each of the needles somewhere.
#[track_caller]
fn assert_all_found(haystack: &Haystack, needles: &[(String, Vec<u8>)]) {
    for needle in needles.iter().filter(|(name, _)| !name.ends_with("in text")) {
        assert!(
            !haystack.find(std::slice::from_ref(needle)).is_empty(),
            "{} is there to be erased",
            needle.0
        );
    }
}

/// What a lead's page shows of somebody, in all.
fn page(app: &TestApp, person: &Person) -> Value {
    let lead = app.wait_for_lead(&person.company(), |_| true);
    let key = lead["key"].as_str().expect("a key");
    // At one moment, so that nothing has faded in between.
    let as_of = lead["last_seen"].as_str().expect("a moment");
    json!([lead, app.explanation(key, &format!("&as_of={as_of}"))])
}

/// Reports and lists name the same number of leads and MQLs, by each grouping and touch.
#[track_caller]
fn assert_reports_add_up(app: &TestApp) {
    let leads = app.leads("")["total"].clone();
    let mqls = app.leads("&stage=mql")["total"].clone();
    for by in ["channel", "source", "campaign", "country", "page"] {
        for attribution in ["first", "last"] {
            let report = app.report(&format!("&by={by}&attribution={attribution}&compare=none"));
            let rows = report["rows"].as_array().expect("rows");
            let sum = |key: &str| rows.iter().map(|row| row[key].as_i64().expect("a count")).sum::<i64>();
            assert_eq!(json!(sum("leads")), leads, "leads by {by}, {attribution}: {report}");
            assert_eq!(json!(sum("mqls")), mqls, "MQLs by {by}, {attribution}: {report}");
            assert_eq!(json!(sum("visits")), report["totals"]["visits"], "visits by {by}: {report}");
            assert!(rows.iter().all(|row| row["visits"].as_i64() >= Some(0)), "{report}");
        }
    }
}

/// The entry that a receipt names says what the receipt says, and its hash is that of what it says.
#[track_caller]
fn assert_proven(app: &TestApp, receipt: &Value, action: &str) {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let ledger = rusqlite::Connection::open_with_flags(app.data().join("ledger.db"), flags).expect("opens");
    let text = |column: &str| {
        let query = format!("SELECT {column} FROM audit WHERE seq = ?1");
        let seq = receipt["entry"]["seq"].as_i64().expect("a place");
        ledger.query_row(&query, [seq], |row| row.get::<_, String>(0)).expect("the entry is there")
    };
    let details: Value = serde_json::from_str(&text("details")).expect("is JSON");
    assert_eq!(details, json!({ "receipt": receipt["receipt"], "counts": receipt["counts"] }));
    assert_eq!((text("action").as_str(), &receipt["action"]), (action, &json!(action)));
    assert_eq!(text("lower(hex(hash))"), receipt["entry"]["hash"].as_str().expect("a hash"));
    let canonical = format!(
        r#"{{"seq":{},"at":"{}","role":"{}","who":"{}","action":"{action}","site":"{SITE}","subject":"{}","details":{},"previous":"{}"}}"#,
        receipt["entry"]["seq"],
        receipt["at"].as_str().expect("a moment"),
        text("role"),
        text("who"),
        text("subject"),
        text("details"),
        text("lower(hex(previous))"),
    );
    let hash: String = Sha256::digest(canonical).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, receipt["entry"]["hash"].as_str().expect("a hash"));
}

fn ask(app: &TestApp, act: &str, body: &Value) -> mqlite_tests::Answer {
    app.post_json(&format!("/api/v1/privacy/{act}"), body).header("cookie", app.cookie()).send()
}

#[test]
fn the_erased_are_in_no_file_and_everybody_else_is_untouched() {
    let mut app = TestApp::start();
    let by_page = Person::new("aardvark", "203.0.113.5");
    let by_command = Person::new("bumblebee", "198.51.100.9");
    let stays = Person::new("capercaillie", "192.0.2.77");
    for person in [&by_page, &by_command, &stays] {
        person.visit(&app);
    }
    // Somebody behind the network of the first, and somebody elsewhere, neither of whom said who they are.
    app.send_all_from("203.0.113.200", &[pageview("/aardvark-sibling")]).assert_status(202);
    app.send_all_from("192.0.2.200", &[pageview("/bystander").with("p", json!({ "note": "bystander" }))])
        .assert_status(202);
    let mut gone = by_page.needles(&app);
    let mut later = by_command.needles(&app);
    assert_all_found(&files(&app), &gone);
    assert_all_found(&files(&app), &later);
    let untouched = page(&app, &stays);
    assert_reports_add_up(&app);
    gone.extend(by_page.hashes());
    later.extend(by_command.hashes());

    // By the page.
    let found = ask(&app, "find", &json!({ "site": SITE, "email": by_page.mail })).assert_status(200).json();
    assert_eq!((&found["found"], &found["counts"]["events"]), (&json!(true), &json!(1)), "{found}");
    let dry = json!({ "site": SITE, "token": found["token"], "dry_run": true });
    let dry = ask(&app, "erase", &dry).assert_status(200).json();
    assert_eq!((&dry["dry_run"], &dry["receipt"]), (&json!(true), &Value::Null));
    assert_eq!(page(&app, &stays), untouched);
    assert_all_found(&files(&app), &by_page.needles(&app));
    let done = ask(&app, "erase", &json!({ "site": SITE, "email": by_page.mail })).assert_status(200).json();
    assert_eq!(done["counts"], dry["counts"], "what was counted is what went");
    assert_eq!(done["counts"]["leads"], 1);
    assert_eq!(done["counts"]["same_pseudonym_events"], 7, "{done}");
    files(&app).assert_without(&gone);
    assert_eq!(page(&app, &stays), untouched);
    assert_reports_add_up(&app);
    assert_proven(&app, &done["receipt"], "person.erased");
    ask(&app, "erase", &json!({ "site": SITE, "email": by_page.mail })).assert_problem(404);

    // By the command, beside the collector that runs.
    let data = app.data().display().to_string();
    let erase = ["erase", "--site", SITE, "--email", "-", "--data", &data];
    let asked = mqlite_fed(&by_command.mail, erase);
    assert!(asked.stderr.contains("--yes") && asked.stdout.contains("nothing was changed"), "{asked:?}");
    let printed =
        mqlite_fed(&format!("{}\n", by_command.mail), erase.into_iter().chain(["--yes"])).assert_ok();
    assert!(!printed.contains(&by_command.mail), "{printed}");
    let receipt =
        printed.lines().find(|line| line.starts_with("{\"receipt\"")).expect("a receipt is printed");
    let both = [gone, later].concat();
    files(&app).assert_without(&both);
    assert_eq!(page(&app, &stays), untouched);
    assert_reports_add_up(&app);
    assert_proven(&app, &serde_json::from_str(receipt).expect("is JSON"), "person.erased");

    // What the collector remembered of the names and origins that went is not taken for what is there.
    let again = vec![
        pageview("/bumblebee-page?utm_source=bumblebee-source&utm_medium=email"),
        event("bumblebee event", "/aardvark-page").from_within(),
        event("engagement", "/pricing").from_within().with("e", 60_000),
    ];
    app.send_all_from("192.0.2.77", &again).assert_status(202);
    let exported = app.export();
    let paths: BTreeMap<&str, &Value> =
        exported.iter().map(|event| (event["path"].as_str().expect("a path"), event)).collect();
    assert_eq!(paths["/bumblebee-page"]["source"], "bumblebee-source");
    assert_eq!(paths["/aardvark-page"]["name"], "bumblebee event");
    assert!(paths.contains_key("/bystander") && !paths.contains_key("/aardvark-sibling"));

    // And after a restart, from whatever the files say.
    assert!(app.stop().success());
    app.restart();
    let ids: Vec<(String, Vec<u8>)> =
        both.into_iter().filter(|(name, _)| name.ends_with("bytes") || name.ends_with("in text")).collect();
    files(&app).assert_without(&ids);
    assert_eq!(app.export().len(), exported.len());
    assert_reports_add_up(&app);
    let nobody = mqlite(["find", "--site", SITE, "--email", &by_page.mail, "--data", &data]).assert_fails();
    assert!(nobody.contains("nothing is held"), "{nobody}");
}
