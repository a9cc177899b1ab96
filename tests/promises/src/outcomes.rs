//! Any text as a CSV file of sales. Invariant: every line is taken or named by its number; nothing that names a
//! person is repeated, and what is taken is within bounds.

use crate::world::{now, world};
use mqlite::domain::LeadKey;
use mqlite::jobs::outcomes::{Outcome, Wrong, read};
use mqlite::rights::Naming;

/// Reads it as it is, and as the cell of a line that is right but for it.
///
/// # Panics
/// When a promise does not hold.
pub fn outcomes(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines = u64::try_from(text.split(['\n', '\r']).count()).unwrap_or(u64::MAX);
    let (right, wrong) = import(&text);
    let mut seen: Vec<u64> = right.iter().map(|outcome| outcome.line).collect();
    seen.extend(wrong.iter().map(|wrong| wrong.line));
    for line in &seen {
        assert!((1..=lines).contains(line), "line {line} of {lines}");
    }
    seen.sort_unstable();
    let whole = seen.len();
    seen.dedup();
    assert_eq!(seen.len(), whole, "a line is taken or wrong, once");
    right.iter().for_each(check);
    wrong.iter().for_each(said);

    // Whoever is meant, and whatever is wrong with how they are named: it is not repeated.
    let cell = text.replace('"', "\"\"");
    for column in ["key", "email_hash", "email"] {
        let (right, wrong) = import(&format!("{column},stage\n\"{cell}\",sql\n"));
        assert!(right.len() + wrong.len() <= 1, "a quoted cell is a cell");
        // What a sentence says of anybody is no repetition.
        let (_, of_anybody) = import(&format!("{column},stage\nx,sql\n"));
        let named = text.trim();
        for (Wrong { sentence, .. }, anybody) in wrong.iter().zip(&of_anybody) {
            let repeats = sentence.contains(named) && !anybody.sentence.contains(named);
            assert!(named.len() < 12 || !repeats, "{sentence:?} repeats {named:?}");
        }
    }
}

fn import(csv: &str) -> (Vec<Outcome>, Vec<Wrong>) {
    let site = &world().strict;
    let resolve = |column: &str, value: &str| -> Result<LeadKey, String> {
        let value = Some(value.to_owned());
        let naming = match column {
            "key" => Naming { key: value, ..Naming::default() },
            "email_hash" => Naming { email_hash: value, ..Naming::default() },
            _ => Naming { email: value, ..Naming::default() },
        };
        naming.resolve(site).map_err(|wrong| wrong.sentence)
    };
    read(csv, site, now(), &resolve)
}

fn check(outcome: &Outcome) {
    let asked = &outcome.asked;
    assert!(asked.reason.as_str().len() <= 300);
    assert!(asked.seen.is_none(), "a file has seen nothing");
    if let Some(amount) = &asked.amount {
        assert!(amount.currency.as_str().len() == 3 && amount.minor.unsigned_abs() <= 1_000_000_000_000_000);
        let decimals = amount.to_string().split_once('.').map_or(0, |(_, rest)| rest.find(' ').unwrap_or(0));
        assert_eq!(decimals, amount.decimals());
    }
}

fn said(wrong: &Wrong) {
    assert!(!wrong.sentence.trim().is_empty());
    assert!(wrong.sentence.len() <= 2_000, "a sentence: {}", wrong.sentence.len());
}
