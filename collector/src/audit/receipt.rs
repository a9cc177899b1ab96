//! Whether a receipt is true. Invariant: it is so only when the entry that it names says all of what it says,
//! and the chain that holds the entry holds.

use super::finding::entry_no;
use super::verify::chain_holds;
use crate::domain::{Receipt, to_hex};
use crate::storage::{AuditLog, Ledger, StoreError};
use std::collections::BTreeMap;

/// A receipt's moment and its entry's are those of one deed, read from the clock one after the other.
const MINUTE_MS: u64 = 60_000;

/// What is to be said of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptVerdict {
    /// Whether it is true.
    pub valid: bool,
    /// Why, for a person to read.
    pub sentence: String,
}

/// What an entry's details say of a receipt.
#[derive(serde::Deserialize)]
struct Said {
    receipt: String,
    counts: BTreeMap<String, u64>,
}

/// Holds a receipt against the audit log.
///
/// # Errors
/// When the log cannot be read.
pub fn verify_receipt(ledger: &dyn Ledger, receipt: &Receipt) -> Result<ReceiptVerdict, StoreError> {
    let wrong = holds(ledger, receipt)?;
    let valid = wrong.is_none();
    let sentence = wrong.unwrap_or_else(|| {
        format!(
            "the receipt is true: {} of the audit log, written {}, says what it says",
            entry_no(receipt.entry.seq),
            receipt.at
        )
    });
    Ok(ReceiptVerdict { valid, sentence })
}

/// What is wrong with it.
fn holds(log: &(impl AuditLog + ?Sized), receipt: &Receipt) -> Result<Option<String>, StoreError> {
    let place = entry_no(receipt.entry.seq);
    let before = receipt.entry.seq.saturating_sub(1);
    let found = log.entries_after(before, 1)?.into_iter().find(|entry| entry.seq == receipt.entry.seq);
    let Some(entry) = found else {
        return Ok(Some(format!("the audit log has no {place}: it is another log, or its end was cut off")));
    };
    if to_hex(&entry.hash) != receipt.entry.hash.to_ascii_lowercase() {
        return Ok(Some(format!("{place} is not the one that the receipt names: another hash stands there")));
    }
    if entry.computed_hash() != entry.hash {
        return Ok(Some(format!("{place} was changed: its hash does not fit what it says")));
    }
    let said: Option<Said> = serde_json::from_str(&entry.details).ok();
    let differs = [
        ("what was done", named(&receipt.action) == Some(entry.action.as_str())),
        ("the time", receipt.at.millis().abs_diff(entry.at.millis()) <= MINUTE_MS),
        ("the site", entry.site.as_deref() == Some(receipt.site.as_str())),
        ("the receipt's number", said.as_ref().is_some_and(|said| said.receipt == receipt.receipt)),
        ("the counts", said.as_ref().is_some_and(|said| said.counts == receipt.counts)),
    ];
    if let Some((what, _)) = differs.into_iter().find(|(_, same)| !same) {
        return Ok(Some(format!("{place} says otherwise than the receipt: {what} differs")));
    }
    if !chain_holds(log)? {
        return Ok(Some(format!(
            "{place} says what the receipt says, but the log around it was tampered with; `mqlite audit verify` \
             says where"
        )));
    }
    Ok(None)
}

/// The audit log's name for what a receipt says was done: by that name, or by the command's.
fn named(action: &str) -> Option<&str> {
    Some(match action {
        "find" => "person.found",
        "export" => "person.exported",
        "restrict" => "person.restricted",
        "unrestrict" => "person.unrestricted",
        "withdraw" => "person.withdrew",
        "erase" => "person.erased",
        other => other,
    })
}
