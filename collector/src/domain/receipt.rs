//! Receipts: what a person is handed when their request was carried out. Invariant: a receipt names nobody; it
//! is proven by the entry of the audit log that it names, and by nothing else.

use super::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// That something was done, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Its own number: 32 random hexadecimal digits.
    pub receipt: String,
    /// What was done.
    pub action: String,
    /// On which site.
    pub site: String,
    /// When.
    pub at: Timestamp,
    /// How much of what.
    pub counts: BTreeMap<String, u64>,
    /// The entry of the audit log that proves it.
    pub entry: ReceiptEntry,
}

/// A place in the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptEntry {
    /// The entry's number.
    pub seq: i64,
    /// Its hash: 64 hexadecimal digits.
    pub hash: String,
}
