//! What the collector made of everything, for comparing two runs of the same events. Invariant: nothing is in it
//! that differs between two undisturbed runs, and whatever a person or a report is told is.

use crate::load::Told;
use crate::plan::{Counts, Plan};
use mqlite_tests::{SITE, Setup, TestApp, event, person, zone_where_it_is};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the scorer made of everything.
#[derive(Debug, PartialEq)]
pub(crate) struct Scored {
    /// Reports by dimension and attribution.
    reports: BTreeMap<String, Value>,
    /// Stage, score and channel of each lead, by company.
    leads: BTreeMap<String, Value>,
    /// Changes of stage in their order, with the score at the time, by company.
    changes: BTreeMap<String, Vec<[i64; 5]>>,
}

/// What became of the events that were sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Acknowledged, and not stored.
    pub(crate) lost: u64,
    /// Stored more than once.
    pub(crate) doubled: u64,
    /// Different ids that are stored.
    pub(crate) stored: usize,
}

/// A collector's settings for a plan: at noon, so that no midnight comes in between.
pub(crate) fn setup() -> Setup {
    let zone = zone_where_it_is(12);
    Setup::default().without_sites().site(&[SITE, "--time-zone", &zone])
}

/// Looks for everything that was acknowledged.
pub(crate) fn kept(app: &TestApp, told: &Told) -> Kept {
    let mut stored: BTreeMap<String, usize> = BTreeMap::new();
    for event in app.export() {
        *stored.entry(event["id"].as_str().expect("an id").to_owned()).or_default() += 1;
    }
    let lost = told.acknowledged.iter().filter(|id| !stored.contains_key(*id)).count();
    let doubled = stored.values().filter(|&&times| times > 1).count();
    Kept { lost: lost as u64, doubled: doubled as u64, stored: stored.len() }
}

impl Scored {
    /// Reads it as soon as everything is scored: when the lead that is sent last is known.
    pub(crate) fn of(app: &TestApp) -> Self {
        let last = event("newsletter_signup", "/last").identify("jo@last.com", person("The last"), true);
        app.send(&last).assert_stored();
        app.wait_for_lead("The last", |_| true);
        let mut reports = BTreeMap::new();
        for by in ["channel", "source", "campaign", "page", "rule"] {
            for attribution in ["first", "last"] {
                let parameters = format!("&by={by}&attribution={attribution}&compare=none");
                let mut report = app.report(&parameters);
                // What was committed but not acknowledged was sent twice, and is counted as a duplicate.
                report.as_object_mut().expect("a report").remove("left_out");
                reports.insert(parameters, report);
            }
        }
        let (mut leads, mut changes) = (BTreeMap::new(), BTreeMap::new());
        let of_leads = changes_of_stage(app);
        let mut cursor = String::new();
        loop {
            let page = app.leads(&format!("&limit=200{cursor}"));
            for lead in page["leads"].as_array().expect("leads") {
                let company = lead["attributes"]["company"].as_str().expect("a company").to_owned();
                let key = lead["key"].as_str().expect("a key").to_ascii_lowercase();
                changes.insert(company.clone(), of_leads.get(&key).cloned().unwrap_or_default());
                let kept = ["stage", "score", "score_at_mql", "channel", "domain", "reasons"];
                let kept = kept.iter().map(|&key| (key.to_owned(), lead[key].clone())).collect();
                assert_eq!(leads.insert(company, Value::Object(kept)), None, "a lead twice: {lead}");
            }
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let listed: usize = changes.values().map(Vec::len).sum();
        let made: usize = of_leads.values().map(Vec::len).sum();
        assert_eq!(listed, made, "every change of stage is some lead's");
        Self { reports, leads, changes }
    }

    /// Asserts that it is what the plan comes to.
    pub(crate) fn assert_as_planned(&self, plan: &Plan) {
        let report = &self.reports["&by=channel&attribution=first&compare=none"];
        let rows = report["rows"].as_array().expect("rows");
        let count = |row: &Value, key: &str| row[key].as_i64().expect("a count");
        let mut found: BTreeMap<&str, Counts> = rows
            .iter()
            .map(|row| {
                let [visits, leads, mqls] = ["visits", "leads", "mqls"].map(|key| count(row, key));
                (row["key"].as_str().expect("a key"), Counts { visits, leads, mqls })
            })
            .collect();
        let direct = found.get_mut("direct").expect("somebody comes directly");
        // The one that was sent last.
        direct.visits -= 1;
        direct.leads -= 1;
        assert_eq!(found, plan.channels);
        for (company, points) in &plan.scores {
            let lead = &self.leads[company];
            assert_eq!(lead["score"]["total"], *points, "{company}");
            assert_eq!(lead["stage"], if *points == 60 { "mql" } else { "lead" }, "{company}");
            let became = self.changes[company].len();
            assert_eq!(became, usize::from(*points == 60), "{company}");
        }
        assert_eq!(self.leads.len(), plan.scores.len() + 1);
    }

    /// How it differs from another, in a few words; `None` when it does not.
    pub(crate) fn difference(&self, from: &Self) -> Option<String> {
        let mut differing = Vec::new();
        differing.extend(different("report", &self.reports, &from.reports));
        differing.extend(different("lead", &self.leads, &from.leads));
        differing.extend(different("changes of", &self.changes, &from.changes));
        let first = differing.first()?;
        Some(format!("{} differ from the undisturbed run, first {first}", differing.len()))
    }
}

/// From stage, to stage, total, fit and engagement of each change, by the lead's key in hexadecimal digits. The
/// API shows them lead by lead and records each look, so this looks into the database.
fn changes_of_stage(app: &TestApp) -> BTreeMap<String, Vec<[i64; 5]>> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = rusqlite::Connection::open_with_flags(app.data().join("ledger.db"), flags);
    let database = database.expect("a database");
    let sql =
        "SELECT lower(hex(lead)), from_stage, to_stage, total, fit, engagement FROM transitions ORDER BY id";
    let mut statement = database.prepare(sql).expect("a table of changes");
    let mut rows = statement.query([]).expect("rows");
    let mut changes: BTreeMap<String, Vec<[i64; 5]>> = BTreeMap::new();
    while let Some(row) = rows.next().expect("a row") {
        let number = |at| row.get::<_, i64>(at).expect("a number");
        let key = row.get::<_, String>(0).expect("a key");
        changes.entry(key).or_default().push([1, 2, 3, 4, 5].map(number));
    }
    changes
}

fn different<'a, T: PartialEq + std::fmt::Debug>(
    what: &'a str,
    ours: &'a BTreeMap<String, T>,
    theirs: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = String> + use<'a, T> {
    let keys: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    keys.into_iter()
        .filter(|key| ours.get(*key) != theirs.get(*key))
        .map(move |key| format!("{what} {key}: {:?} in the place of {:?}", ours.get(key), theirs.get(key)))
}
