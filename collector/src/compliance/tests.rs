//! Tests of the documents. Invariant: they are complete, their figures are the policy's, and they claim nothing
//! that the settings do not make true.

use super::*;
use crate::domain::inventory::{Category, Keep};
use crate::domain::{Basis, Rung, Site};
use crate::storage::sqlite::{SqliteEvents, SqliteLedger};
use crate::storage::{CountedTable, census};

fn settings() -> Settings {
    Settings {
        version: "1.2.3",
        ipv4_bits: 24,
        countries: true,
        https: true,
        proxies: false,
        anchor_elsewhere: false,
        model: "default-b2b".to_owned(),
    }
}

fn facts() -> SiteFacts {
    SiteFacts::of(&Site::for_test("example.com", "Europe/Paris"))
}

fn inventory() -> Vec<CountedTable> {
    let folder = tempfile::tempdir().expect("a folder");
    let events = SqliteEvents::open(&folder.path().join("events.db")).expect("opens");
    let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).expect("opens");
    census(&events, &ledger).expect("reads")
}

fn made(name: &str, settings: &Settings, site: &SiteFacts) -> String {
    let now = Timestamp::parse("2026-11-22T10:00:00Z").expect("valid");
    let sites = std::slice::from_ref(site);
    document(name, &Inputs { now, settings, sites, inventory: &inventory() }).expect("is made")
}

/// The text below a heading, up to the next of its kind.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let marked = format!("\n## {heading}\n");
    let start = text.find(&marked).unwrap_or_else(|| panic!("no heading `{heading}`")) + marked.len();
    let rest = &text[start..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

#[test]
fn the_record_has_every_point_of_article_30() {
    let text = made("record-of-processing", &settings(), &facts());
    for (heading, words) in [
        (
            "(a) Controller",
            &["[to fill in: name and address]", "Data protection officer", "Joint controllers"][..],
        ),
        ("(b) Purposes of the processing", &["Audience measurement", "profiling (Art. 4(4))", "default-b2b"]),
        ("(c) Categories of data subjects", &["Visitors", "Leads", "Staff"]),
        ("(c) Categories of personal data", &["`events`", "`leads`", "`*.salt`"]),
        ("(d) Recipients", &["owner", "auditor", "operator", "none configured", "Processors"]),
        ("(e) Transfers to third countries", &["By the software: none", "[to fill in: place of the machine"]),
        (
            "(f) Time limits for erasure",
            &["| example.com | 395 | 1095 | 760 |", "395 days after it happened"],
        ),
        (
            "(g) Security measures (Article 32)",
            &["argon2id", "secure_delete", "HttpOnly", "TLS", "Audit log"],
        ),
        ("Legal bases", &["unset", "measured", "qualified", "denied", "Europe/Paris"]),
        ("Rights of the people concerned", &["mqlite erase", "mqlite export person", "Art. 7(3)", "Art. 21"]),
        ("What the controller still has to judge", &["Art. 35", "Arts. 13 and 14"]),
    ] {
        let body = section(&text, heading);
        for word in words {
            assert!(body.contains(word), "`{word}` under `{heading}`:\n{body}");
        }
    }
    for category in Category::ALL {
        let row = format!("| {} | ", category.name());
        let body = section(&text, "(c) Categories of personal data");
        assert!(body.contains(&row), "{row}");
        assert!(!body.contains(&format!("{row}{} | nothing", category.text())), "{row}");
    }
    let limits = section(&text, "(f) Time limits for erasure");
    for counted in inventory() {
        assert!(limits.contains(&format!("`{}`", counted.table.name)), "{} has a limit", counted.table.name);
    }
    for sampled in inventory().iter().flat_map(|counted| &counted.fields) {
        assert!(text.contains(&sampled.field.name), "{}", sampled.field.name);
    }
}

#[test]
fn figures_are_the_policys() {
    let days = Days { events: 30, leads: 365, aggregates: 400 };
    let site = SiteFacts { days, ..facts() };
    let record = made("record-of-processing", &settings(), &site);
    let limits = section(&record, "(f) Time limits for erasure");
    assert!(limits.contains("| example.com | 30 | 365 | 400 |"), "{limits}");
    assert!(
        limits.contains("365 days after the lead's newest event") && !limits.contains("1095"),
        "{limits}"
    );
    let fields = made("stored-fields", &settings(), &site);
    assert!(fields.contains("| 30 days after it happened;") && !fields.contains("395"), "{fields}");
    let other = SiteFacts { site: "example.org".to_owned(), ..facts() };
    assert_eq!(
        facts::retention(Keep::Events, &[site, other]),
        "30 days for example.com, 395 days for example.org, after it happened; tied to a lead, as long as the lead"
    );
    let shown = made("cnil-self-assessment", &settings(), &SiteFacts { days, ..facts() });
    assert!(shown.contains("Events 30 days, counts 400 days, leads with their events 365 days"), "{shown}");
}

#[test]
fn a_policy_that_changes_changes_the_record() {
    let record = |site: &SiteFacts| made("record-of-processing", &settings(), site);
    let text = record(&facts());
    assert!(text.contains("(`--link-same-day yes`)") && text.contains("do not become leads"), "{text}");
    assert!(text.contains("Do Not Track is not taken as a denial"));
    let text = record(&SiteFacts { form_basis: Basis::LegitimateInterest, ..facts() });
    assert!(
        text.contains("ticked no box: legitimate interest, Art. 6(1)(f)") && text.contains("why it holds")
    );
    let text = record(&SiteFacts { form_basis: Basis::Contract, link_same_day: false, ..facts() });
    assert!(text.contains("Art. 6(1)(b)") && text.contains("(`--link-same-day no`)"));
    let text = record(&SiteFacts { honour_dnt: true, ceiling: Rung::Measured, ..facts() });
    assert!(text.contains("Do Not Track counts as a denial") && text.contains("Nobody becomes a lead"));
    assert!(!text.contains("(Art. 35)") && !text.contains("**Leads**: visitors"), "{text}");
    let text =
        made("record-of-processing", &Settings { ipv4_bits: 32, https: false, ..settings() }, &facts());
    assert!(text.contains("all 32 bits of an IPv4 address") && text.contains("It is not Secure"));
}

/// The verdict on the condition that begins with `what`.
/// What a site accepts, and what it lists, is said; and what its settings keep from happening is not claimed.
#[test]
fn the_record_says_what_the_policy_lets_happen() {
    let made = |facts: &SiteFacts| made("record-of-processing", &settings(), facts);
    let text = made(&facts());
    for words in [
        "A yes counts by these signals: tag, api, consent_mode, tcf, form",
        "All properties that pages send",
        "### Staff and requests",
        "accountability, Art. 5(2)",
        "Art. 5(1)(e)",
        "searched for mail addresses",
        "written anew",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let none = SiteFacts { signals: Vec::new(), props: Some(vec!["plan".to_owned()]), ..facts() };
    let text = made(&none);
    for words in [
        "No consent raises an event",
        "these are kept: `plan`",
        "Nobody becomes a lead",
        "Leads from before it",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert_eq!(text.matches("not reached on this site").count(), 2, "{text}");
    assert!(!text.contains("profiling (Art. 4(4))"), "{text}");
    let declared = SiteFacts { form_basis: Basis::Contract, ..none };
    let text = made(&declared);
    assert_eq!(text.matches("not reached on this site").count(), 1, "{text}");
    assert!(text.contains("for people who ask by form: steps before a contract"), "{text}");
    let below = SiteFacts { ceiling: Rung::Measured, ..declared };
    assert!(made(&below).contains("without effect on this site"));
}

fn verdict<'a>(text: &'a str, what: &str) -> &'a str {
    let row = text.lines().find(|line| line.contains(&format!("| {what}")));
    let row = row.unwrap_or_else(|| panic!("no condition `{what}` in {text}"));
    row.split(" | ").nth(2).expect("a verdict")
}

#[test]
fn the_self_assessment_judges_the_site_as_it_is_set() {
    let assess = |settings: &Settings, site: &SiteFacts| made("cnil-self-assessment", settings, site);
    let text = assess(&settings(), &facts());
    for (what, expected) in [
        ("Strictly audience measurement", "**not met**"),
        ("For the publisher alone", "met"),
        ("Produces nothing but statistics", "**not met**"),
        ("No combination", "**not met**"),
        ("No following across sites", "met"),
        ("Trackers live 13 months", "**not met**"),
        ("Data is kept 25 months", "**not met**"),
        ("Addresses are cut", "met"),
        ("Place no finer than a city", "met"),
        ("No lasting identifier", "**not met**"),
        ("People are informed", "for you to do"),
        ("People can object", "for you to do"),
    ] {
        assert_eq!(verdict(&text, what), expected, "{what}");
    }
    for word in
        ["**Scoring a person**", "**Linking a day's history**", "**Leads for 1095 days**", "**Campaigns"]
    {
        assert!(text.contains(word), "{word} in {text}");
    }
    for word in ["Form basis", "Whole IPv4", "Further hosts"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    assert!(text.contains("4 met, 6 not met, 6 for you to do."), "{text}");

    // Nothing but counting visits.
    let modest = SiteFacts { ceiling: Rung::Unset, ..facts() };
    let text = assess(&settings(), &modest);
    for what in
        ["No combination", "Trackers live 13 months", "Data is kept 25 months", "No lasting identifier"]
    {
        assert_eq!(verdict(&text, what), "met", "{what}");
    }
    assert_eq!(
        verdict(&text, "Strictly audience measurement"),
        "**not met**",
        "campaigns are still told apart"
    );
    assert!(!text.contains("Scoring a person") && !text.contains("Linking a day's history"));

    // Each setting that goes outside is named.
    let wide = SiteFacts {
        hosts: vec!["shop.example.net".to_owned()],
        form_basis: Basis::Contract,
        link_same_day: false,
        days: Days { events: 761, leads: 760, aggregates: 900 },
        ..facts()
    };
    let text = assess(&Settings { ipv4_bits: 32, countries: false, ..settings() }, &wide);
    assert_eq!(verdict(&text, "Addresses are cut"), "**not met**");
    assert_eq!(verdict(&text, "No following across sites"), "for you to do");
    assert_eq!(verdict(&text, "Data is kept 25 months"), "**not met**");
    for word in [
        "**Form basis contract**",
        "MQLITE_IPV4_PREFIX=32",
        "**Events for 761 days**",
        "**Counts for 900 days**",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
    assert!(!text.contains("Linking a day's history") && !text.contains("**Leads for"), "{text}");
    let any = SiteFacts { hosts: vec!["*".to_owned()], ..facts() };
    assert_eq!(verdict(&assess(&settings(), &any), "No following across sites"), "**not met**");
}

#[test]
fn no_document_claims_what_is_not_so() {
    for listed in DOCUMENTS {
        let text = made(listed.name, &settings(), &facts());
        assert!(text.starts_with("# "), "{}", listed.name);
        let lower = text.to_lowercase();
        for never in
            ["anonymous", "anonymis", "gdpr-compliant", "gdpr compliant", "fully compliant", "certified"]
        {
            assert!(!lower.contains(never), "`{never}` in {}", listed.name);
        }
        if listed.name != "consent-ladder" {
            assert!(text.contains("not legal advice"), "{}", listed.name);
        }
    }
    assert_eq!(
        document(
            "nonsense",
            &Inputs { now: Timestamp::default(), settings: &settings(), sites: &[], inventory: &[] }
        ),
        None
    );
}

/// The same fields in each form.
#[test]
fn the_inventory_says_the_same_in_each_form() {
    let (settings, sites, inventory) = (settings(), [facts()], inventory());
    let inputs =
        Inputs { now: Timestamp::default(), settings: &settings, sites: &sites, inventory: &inventory };
    let json = serde_json::to_value(fields::inventory(&inputs)).expect("JSON");
    let (markdown, csv) = (fields::markdown(&inputs), fields::csv(&inputs));
    let mut seen = 0;
    for table in json["tables"].as_array().expect("tables") {
        for field in table["fields"].as_array().expect("fields") {
            for key in [
                "name",
                "meaning",
                "purpose",
                "category",
                "basis",
                "retention",
                "source",
                "seen_by",
                "handoff",
            ] {
                let value = field[key].as_str().expect(key);
                assert!(!value.is_empty(), "{}.{}: {key}", table["table"], field["name"]);
                assert!(csv.contains(&value.replace('"', "\"\"")), "{value}");
                assert!(markdown.contains(&value.replace('|', "\\|")), "{value}");
            }
            assert_ne!(field["type"], "", "{}.{}", table["table"], field["name"]);
            seen += 1;
        }
    }
    assert!(seen > 120, "only {seen} fields");
    assert_eq!(csv.lines().count(), seen + 1);
}
