//! Reads what sales reports as CSV. Invariant: every line is read strictly and every wrong one is named by its
//! number; nothing that names a person is repeated. What was said before is not said twice.

use super::stages::{Asked, Refused, Stages};
use crate::domain::{Actor, Date, Invalid, LeadKey, Money, Site, Stage, Text, Timestamp};
use crate::leads::Lead;
use crate::storage::StoreError;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The columns by which a line names its lead; each line fills exactly one.
const NAMING: [&str; 3] = ["key", "email_hash", "email"];
const COLUMNS: &str = "key, email_hash or email; stage; at; amount, currency, reason";

/// One outcome.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The line in the file; its head is line 1.
    pub line: u64,
    /// Whose.
    pub lead: LeadKey,
    /// What.
    pub asked: Asked,
}

/// A line that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The line.
    pub line: u64,
    /// Why, and what would be right.
    pub sentence: String,
}

/// What a file would do.
#[derive(Debug, Default)]
pub struct Plan {
    /// Changes to make, oldest first.
    pub changes: Vec<Outcome>,
    /// Lines that say what is known already.
    pub known: usize,
    /// Lines that cannot be taken.
    pub wrong: Vec<Wrong>,
}

/// Finds the lead that a column of that name means, or says what would be right.
pub type Resolve<'a> = &'a dyn Fn(&str, &str) -> Result<LeadKey, String>;

/// Reads a file: the lines that are right, and those that are not.
pub fn read(csv: &str, site: &Site, now: Timestamp, resolve: Resolve<'_>) -> (Vec<Outcome>, Vec<Wrong>) {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(csv.as_bytes());
    let head = reader.headers().cloned().unwrap_or_default();
    if let Err(sentence) = check(&head) {
        return (Vec::new(), vec![Wrong { line: 1, sentence }]);
    }
    let (mut outcomes, mut wrong) = (Vec::new(), Vec::new());
    let mut lines = Lines { text: csv.as_bytes(), at: 0, line: 1 };
    for record in reader.records() {
        let (line, read) = match record {
            Ok(record) => {
                let line = lines.of(record.position());
                let cell = |name: &str| {
                    let at = head.iter().position(|column| column == name)?;
                    record.get(at).filter(|value| !value.is_empty())
                };
                (line, outcome(line, &cell, site, now, resolve))
            }
            Err(error) => {
                let line = lines.of(error.position());
                (line, Err(format!("the line has not as many columns as the head ({} expected)", head.len())))
            }
        };
        match read {
            Ok(outcome) => outcomes.push(outcome),
            Err(sentence) => wrong.push(Wrong { line, sentence }),
        }
    }
    (outcomes, wrong)
}

/// Counts lines as an editor does. The reader's own count lags behind where lines end as on Windows, or are empty.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that begins here, behind the line breaks that the reader passed over. Records come in
    /// their order.
    fn of(&mut self, place: Option<&csv::Position>) -> u64 {
        let begin = place.and_then(|place| usize::try_from(place.byte()).ok()).unwrap_or(self.at);
        while let [byte, rest @ ..] = self.text.get(self.at..).unwrap_or_default() {
            if self.at >= begin && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.at += 1;
            self.line += u64::from(*byte == b'\n' || (*byte == b'\r' && rest.first() != Some(&b'\n')));
        }
        self.line
    }
}

fn check(head: &csv::StringRecord) -> Result<(), String> {
    let known = |column: &str| {
        NAMING.contains(&column) || ["stage", "at", "amount", "currency", "reason"].contains(&column)
    };
    let mut seen = Vec::new();
    for column in head {
        if !known(column) {
            let shown: String = column.chars().take(40).collect();
            return Err(format!("`{shown}` is no column; there are: {COLUMNS}"));
        }
        if seen.contains(&column) {
            return Err(format!("the column {column} is there twice"));
        }
        seen.push(column);
    }
    if !seen.contains(&"stage") || !NAMING.iter().any(|name| seen.contains(name)) {
        return Err(format!("the first line names the columns: {COLUMNS}"));
    }
    Ok(())
}

fn outcome<'a>(
    line: u64,
    cell: &impl Fn(&str) -> Option<&'a str>,
    site: &Site,
    now: Timestamp,
    resolve: Resolve<'_>,
) -> Result<Outcome, String> {
    let mut named = NAMING.into_iter().filter_map(|name| Some((name, cell(name)?)));
    let (Some((name, value)), None) = (named.next(), named.next()) else {
        return Err("name the lead by exactly one of key, email_hash, email".to_owned());
    };
    let lead = resolve(name, value).map_err(|sentence| format!("{name}: {sentence}"))?;
    let to =
        Stage::from_outcome(cell("stage").unwrap_or_default()).map_err(|error| format!("stage: {error}"))?;
    let at = cell("at").map(|at| moment(at, site, now)).transpose()?;
    let amount = match (cell("amount"), cell("currency")) {
        (None, None) => None,
        (Some(amount), Some(currency)) => {
            let currency = Money::currency(currency).map_err(|error| format!("currency: {error}"))?;
            Some(money(amount, currency).map_err(|error| format!("amount: {error}"))?)
        }
        _ => return Err("amount and currency go together".to_owned()),
    };
    let reason = Text::clean(cell("reason").unwrap_or_default());
    Ok(Outcome { line, lead, asked: Asked { to, seen: None, reason, at, amount } })
}

/// An amount. In `1.250` the dot may as well part thousands, as much of Europe writes them: who means 1250 must not be
/// told 1.25 in every report.
fn money(amount: &str, currency: Text<3>) -> Result<Money, Invalid> {
    let money = Money::parse(amount, currency)?;
    let thousands = amount.split_once('.').is_some_and(|(whole, rest)| {
        let whole = whole.trim_start_matches(['-', '+']);
        (1..=3).contains(&whole.len()) && !whole.starts_with('0') && rest.len() == 3
    });
    if thousands && money.decimals() < 3 {
        return Err(Invalid::new("the dot may part thousands here; write a number such as 1250 or 1250.50"));
    }
    Ok(money)
}

/// A moment, or a date: by the end of that day on the site.
fn moment(text: &str, site: &Site, now: Timestamp) -> Result<Timestamp, String> {
    let Ok(date) = Date::parse(text) else {
        return Timestamp::parse(text).map_err(|error| format!("at: {error}, or a date such as 2026-11-22"));
    };
    if site.zone.start_of(date) > now {
        return Err("at: it lies in the future".to_owned());
    }
    Ok(site.zone.start_of(date.plus(1)).plus_millis(-1).min(now))
}

impl Stages {
    /// What outcomes would do to the leads as they stand, each after those that were before it.
    ///
    /// # Errors
    /// When storage fails.
    pub fn plan(&self, actor: &Actor, site: &Site, mut outcomes: Vec<Outcome>) -> Result<Plan, StoreError> {
        let (now, model) = (self.now(), self.model(site)?);
        // Those of one moment in the order of the file.
        outcomes.sort_by_key(|outcome| outcome.asked.at.unwrap_or(now));
        let mut leads: BTreeMap<LeadKey, Result<Lead, Refused>> = BTreeMap::new();
        let mut plan = Plan::default();
        for outcome in outcomes {
            if self.is_known(site, &outcome)? {
                plan.known += 1;
                continue;
            }
            let lead = match leads.entry(outcome.lead) {
                Entry::Occupied(lead) => lead.into_mut(),
                Entry::Vacant(place) => place.insert(self.lead(site, outcome.lead)?),
            };
            let judged = match lead {
                Ok(lead) if lead.stage == outcome.asked.to => {
                    plan.known += 1;
                    continue;
                }
                Ok(lead) => self.judged(&model, actor, site, lead, &outcome.asked, now).map(|made| {
                    lead.stage = made.to;
                    lead.stage_at = made.at;
                }),
                Err(refused) => Err(refused.clone()),
            };
            match judged {
                Ok(()) => plan.changes.push(outcome),
                Err(refused) => plan.wrong.push(Wrong { line: outcome.line, sentence: refused.to_string() }),
            }
        }
        plan.wrong.sort_by_key(|wrong| wrong.line);
        Ok(plan)
    }

    /// Whether somebody said so before: the same stage on the same day.
    fn is_known(&self, site: &Site, outcome: &Outcome) -> Result<bool, StoreError> {
        let Some(at) = outcome.asked.at else { return Ok(false) };
        let same = |made: &crate::leads::Transition| {
            made.by_people() && made.to == outcome.asked.to && site.zone.date(made.at) == site.zone.date(at)
        };
        Ok(self.made(site, outcome.lead)?.iter().any(same))
    }
}
