//! The inventory of stored fields and the documents made from it. Promise: everything that is stored is in it,
//! a column that is not stops the collector by name, and no secret and no whole pseudonym is ever shown.

use mqlite_tests::{PASSWORD, SITE, Setup, TestApp, event, mqlite, pageview};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn audit(data: &Path, arguments: &[&str]) -> mqlite_tests::Finished {
    let data = data.display().to_string();
    mqlite(["audit"].into_iter().chain(arguments.iter().copied()).chain(["--data", &data]))
}

fn open(data: &Path, file: &str) -> rusqlite::Connection {
    rusqlite::Connection::open(data.join(file)).expect("opens")
}

/// A collector with a lead, whose password is set.
fn with_a_lead() -> TestApp {
    let app = TestApp::start();
    app.send(&pageview("/pricing")).assert_stored();
    let ask = event("demo_request", "/demo").identify(
        "jo@acme.example",
        json!({ "company": "Acme", "job_title": "Head of Ports" }),
        true,
    );
    app.send(&ask).assert_stored();
    app.wait_for_lead("Acme", |_| true);
    app.wait_for_retention();
    app
}

/// Every sample, by `table.field`.
fn samples(inventory: &Value) -> BTreeMap<String, Value> {
    let mut samples = BTreeMap::new();
    for table in inventory["tables"].as_array().expect("tables") {
        for field in table["fields"].as_array().expect("fields") {
            let name = format!(
                "{}.{}",
                table["table"].as_str().expect("text"),
                field["name"].as_str().expect("text")
            );
            samples.insert(name, field["sample"].clone());
        }
    }
    samples
}

#[test]
fn everything_stored_is_listed_with_what_is_there() {
    let app = with_a_lead();
    let inventory = app.read("/api/v1/audit/fields");
    let tables = inventory["tables"].as_array().expect("tables");
    let events = tables.iter().find(|table| table["table"] == "events").expect("events");
    assert_eq!(
        (&events["rows"], &events["rows_are"], &events["kind"]),
        (&json!(2), &json!("exactly"), &json!("database"))
    );
    assert!(events["oldest"].as_str().is_some_and(|oldest| oldest.ends_with('Z')), "{events}");

    let listed: BTreeSet<(&str, String)> = tables
        .iter()
        .flat_map(|table| {
            let fields = table["fields"].as_array().expect("fields");
            fields.iter().map(|field| {
                let name = format!(
                    "{}.{}",
                    table["table"].as_str().expect("text"),
                    field["name"].as_str().expect("text")
                );
                (table["store"].as_str().expect("text"), name)
            })
        })
        .collect();
    let mut columns = 0;
    for store in ["events.db", "ledger.db"] {
        let connection = open(app.data(), store);
        let sql = "SELECT t.name || '.' || c.name FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c
                   WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'";
        let mut statement = connection.prepare(sql).expect("SQL");
        for name in statement.query_map([], |row| row.get::<_, String>(0)).expect("reads") {
            let name = name.expect("text");
            assert!(listed.contains(&(store, name.clone())), "{store}: {name} is listed");
            columns += 1;
        }
    }
    assert!(columns > 80, "only {columns} columns");
    let kinds: BTreeSet<&str> = tables.iter().filter_map(|table| table["kind"].as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["database", "file", "memory"]));
}

#[test]
fn samples_show_no_secret_and_no_whole_pseudonym() {
    let app = with_a_lead();
    let text = app.look("/api/v1/audit/fields").send().assert_status(200).text();
    let samples = samples(&serde_json::from_str(&text).expect("JSON"));
    assert_eq!(samples["sites.secret"], "32 bytes, not shown");
    assert_eq!(samples["sessions.token"], "32 bytes, not shown");
    let password = samples.iter().find(|(name, _)| name.ends_with(".password")).expect("declared");
    assert!(
        password.1.as_str().is_some_and(|shown| shown.ends_with("characters, not shown")),
        "{password:?}"
    );
    assert_eq!(samples["leads.domain"], "acme.example");
    assert_eq!(samples["leads.attributes.*"], "Acme");
    assert_eq!(samples["leads.attributes"], "{\"company\":\"…");
    let exported = app.export();
    let markdown = audit(app.data(), &["fields"]).assert_ok();
    for identifier in
        exported.iter().flat_map(|event| [&event["visitor"], &event["lead"]]).filter_map(Value::as_str)
    {
        assert!(!text.contains(identifier) && !markdown.contains(identifier), "{identifier} is shown");
        let start = format!("{}…", &identifier[..4]);
        assert!([&samples["events.visitor"], &samples["events.lead"]].contains(&&json!(start)), "{start}");
    }
}

#[test]
fn it_comes_as_json_markdown_and_csv_by_both_ways() {
    let app = with_a_lead();
    app.get("/api/v1/audit/fields").send().assert_problem(401);
    app.get("/api/v1/audit/documents").send().assert_problem(401);
    app.get("/api/v1/audit/documents/stored-fields").send().assert_problem(401);
    for (format, kind, start) in
        [("md", "text/markdown", "# Inventory"), ("csv", "text/csv", "store,table,kind")]
    {
        let answer = app.look(&format!("/api/v1/audit/fields?format={format}")).send().assert_status(200);
        assert!(answer.header("content-type").is_some_and(|value| value.starts_with(kind)));
        assert!(answer.header("content-disposition").is_some_and(|value| value.starts_with("attachment")));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.text().starts_with(start));
        assert!(audit(app.data(), &["fields", "--format", format]).assert_ok().starts_with(start));
    }
    let printed: Value =
        serde_json::from_str(&audit(app.data(), &["fields", "--format", "json"]).assert_ok()).expect("JSON");
    assert_eq!(samples(&printed), samples(&app.read("/api/v1/audit/fields")));
    let wrong = app.look("/api/v1/audit/fields?format=xml").send().assert_problem(400);
    assert_eq!(wrong.pointer.as_deref(), Some("?format"));
}

#[test]
fn documents_are_listed_and_made_with_the_sites_settings() {
    let app = with_a_lead();
    app.add_site(&["example.org", "--form-basis", "legitimate_interest", "--link-same-day", "no"])
        .assert_ok();
    let listed = app.read("/api/v1/audit/documents");
    let names: Vec<&str> = listed["documents"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|document| document["name"].as_str())
        .collect();
    assert_eq!(names, ["record-of-processing", "cnil-self-assessment", "stored-fields", "consent-ladder"]);
    for name in names {
        let answer =
            app.look(&format!("/api/v1/audit/documents/{name}?site={SITE}")).send().assert_status(200);
        assert_eq!(answer.header("content-type"), Some("text/markdown; charset=utf-8"));
        let file = format!("attachment; filename=\"{name}-{SITE}.md\"");
        assert_eq!(answer.header("content-disposition"), Some(file.as_str()));
        assert!(audit(app.data(), &["document", name]).assert_ok().starts_with("# "), "{name}");
    }
    let of =
        |site: &str| audit(app.data(), &["document", "cnil-self-assessment", "--site", site]).assert_ok();
    assert!(
        of("example.org").contains("**Form basis legitimate interest**")
            && !of("example.org").contains("## example.com")
    );
    assert!(of(SITE).contains("**Linking a day's history**") && !of(SITE).contains("Form basis"));
    let problem = app.look("/api/v1/audit/documents/nonsense").send().assert_problem(404);
    assert!(problem.detail.contains("record-of-processing"), "{problem:?}");
    app.look("/api/v1/audit/documents/stored-fields?site=nobody.example").send().assert_problem(404);
    assert!(audit(app.data(), &["document", "nonsense"]).assert_fails().contains("record-of-processing"));
    let nobody = audit(app.data(), &["document", "stored-fields", "--site", "nobody.example"]).assert_fails();
    assert!(nobody.contains("mqlite site list"), "{nobody}");
}

#[test]
fn a_column_that_nobody_declared_stops_the_collector_by_name() {
    for (file, table) in [("events.db", "events"), ("ledger.db", "leads")] {
        let mut app = TestApp::start();
        app.get("/healthz").send().assert_status(200);
        assert!(app.stop().success());
        let add = format!("ALTER TABLE {table} ADD COLUMN shoe_size INTEGER");
        open(app.data(), file).execute_batch(&add).expect("alters");
        let data = app.data().display().to_string();
        let complaint = mqlite(["serve", "--listen", "127.0.0.1:0", "--data", &data]).assert_fails();
        let named =
            format!("{file}: the column {table}.shoe_size is not declared in the inventory of stored fields");
        assert!(complaint.contains(&named), "{complaint}");
        assert!(complaint.contains("run the version of mqlite that wrote it"), "{complaint}");
        assert!(complaint.contains("NNNN_name.fields.toml"), "{complaint}");
        let listed = audit(app.data(), &["fields"]).assert_fails();
        assert!(listed.contains(&named), "no list that leaves it out: {listed}");
        open(app.data(), file)
            .execute_batch(&format!("ALTER TABLE {table} DROP COLUMN shoe_size"))
            .expect("alters");
        app.restart();
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("is there").permissions().mode() & 0o777
}

/// Claims of the record that can be looked at from outside.
#[test]
fn what_the_record_says_of_security_is_so() {
    let app = with_a_lead();
    app.cookie();
    let record = app.look("/api/v1/audit/documents/record-of-processing").send().assert_status(200).text();
    let cookie = app.log_in(PASSWORD).header("set-cookie").expect("a cookie").to_owned();
    assert!(record.contains("HttpOnly and SameSite=Strict. It is not Secure"), "{record}");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("Secure"));
    assert!(record.contains("sessions end after 14 days") && cookie.contains("Max-Age=1209600"), "{cookie}");

    assert!(record.contains("salts have mode 0600 in a folder of mode 0700"), "{record}");
    assert_eq!(mode(&app.data().join("salts")), 0o700);
    let salts: Vec<_> = std::fs::read_dir(app.data().join("salts")).expect("salts").flatten().collect();
    assert!(!salts.is_empty() && salts.iter().all(|salt| mode(&salt.path()) == 0o600), "{salts:?}");
    for file in ["events.db", "ledger.db"] {
        assert_eq!(mode(&app.data().join(file)) & 0o077, 0, "{file}");
    }

    assert!(record.contains("argon2id hashes") && record.contains("tokens kept as hashes"));
    let ledger = open(app.data(), "ledger.db");
    let table: String = ledger
        .query_row(
            "SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE c.name = 'password'",
            [],
            |row| row.get(0),
        )
        .expect("a table of passwords");
    let password: String =
        ledger.query_row(&format!("SELECT password FROM {table}"), [], |row| row.get(0)).expect("set");
    assert!(password.starts_with("$argon2id$"), "{password}");
    let token = cookie.split(['=', ';']).nth(1).expect("a token").to_owned();
    let found: i64 = ledger
        .query_row("SELECT count(*) FROM sessions WHERE hex(token) = upper(?1)", [token], |row| row.get(0))
        .expect("reads");
    assert_eq!(found, 0, "no token is stored as it is");
    assert!(record.contains("the database refuses to change or delete entries"));
    ledger
        .execute(
            "INSERT INTO audit VALUES (999999, 0, 'owner', 'owner', 'site.added', NULL, NULL, '{}', x'00', x'00')",
            [],
        )
        .expect("adds");
    for change in ["UPDATE audit SET at = 1 WHERE seq = 999999", "DELETE FROM audit WHERE seq = 999999"] {
        assert!(ledger.execute(change, []).is_err(), "{change}");
    }
}

#[test]
fn settings_are_in_the_documents() {
    let app = Setup::default()
        .setting("MQLITE_PUBLIC_URL", "https://stats.example.com")
        .setting("MQLITE_IPV4_PREFIX", "32")
        .start();
    let record = app.look("/api/v1/audit/documents/record-of-processing").send().assert_status(200).text();
    assert!(record.contains("SameSite=Strict, and Secure;"), "{record}");
    assert!(record.contains("all 32 bits of an IPv4 address"), "{record}");
    let assessment =
        app.look("/api/v1/audit/documents/cnil-self-assessment").send().assert_status(200).text();
    assert!(assessment.contains("**Whole IPv4 addresses**"), "{assessment}");
}

/// JSON that holds what says something of a person is shown no further than its parts are.
#[test]
fn a_sample_of_json_shows_no_more_than_its_parts() {
    let app = with_a_lead();
    let fields = app.read("/api/v1/audit/fields");
    // The audit log's details name nobody, and are shown as they are.
    let samples: Vec<String> = fields["tables"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|table| table["table"] != "audit")
        .flat_map(|table| table["fields"].as_array().into_iter().flatten())
        .filter(|field| field["name"].as_str().is_some_and(|name| name.starts_with("details")))
        .filter_map(|field| field["sample"].as_str().map(str::to_owned))
        .collect();
    assert!(samples.iter().any(|sample| sample.starts_with('{')), "{samples:?}");
    for sample in samples {
        assert!(sample.chars().count() <= 13, "{sample}");
    }
}
