//! What is really there of what is declared. Invariant: a sample shows what kind of thing a field holds and
//! names nobody: of secrets only their length is told, of pseudonyms only the first digits, of the rest less
//! than a line.

use super::{EventStore, Ledger, StoreError};
use crate::domain::Timestamp;
use crate::domain::inventory::{self, Category, Field, Kind, Table};

/// Characters of a sample.
const SAMPLE_MAX: usize = 40;
/// Characters of what says something of a person: enough to see what kind of thing it is.
const PROFILE_MAX: usize = 12;
/// Characters of a pseudonym, and of other bytes.
const PSEUDONYM_MAX: usize = 4;
const BYTES_MAX: usize = 8;

/// How many rows a table has. Counting stops when it would take long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// So many.
    Exactly(u64),
    /// So many numbers were given out; those of erased rows are among them.
    AtMost(u64),
    /// Counting stopped here.
    AtLeast(u64),
}

impl Rows {
    /// The number.
    pub fn number(self) -> u64 {
        match self {
            Self::Exactly(rows) | Self::AtMost(rows) | Self::AtLeast(rows) => rows,
        }
    }

    /// What the number is: `exactly`, `at_most` or `at_least`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exactly(_) => "exactly",
            Self::AtMost(_) => "at_most",
            Self::AtLeast(_) => "at_least",
        }
    }
}

/// A field, its type and a value of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampled {
    /// The declaration.
    pub field: Field,
    /// The column's type, or the declared one.
    pub kind: String,
    /// A value from the newest rows that have one, fit to be shown.
    pub sample: Option<String>,
}

/// A table with what is there of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedTable {
    /// The declaration; its fields are in `fields`, in the database's own order.
    pub table: Table,
    /// How many rows; `None` for what is no table.
    pub rows: Option<Rows>,
    /// The time of the oldest row.
    pub oldest: Option<Timestamp>,
    /// The fields.
    pub fields: Vec<Sampled>,
}

impl CountedTable {
    /// A table of which nothing is there that could be counted.
    pub fn declared(table: Table) -> Self {
        let sampled = |field: &Field| Sampled {
            kind: field.kind.clone().unwrap_or_default(),
            field: field.clone(),
            sample: None,
        };
        Self { rows: None, oldest: None, fields: table.fields.iter().map(sampled).collect(), table }
    }
}

/// Says what it keeps.
pub trait Census: Send + Sync + 'static {
    /// Every table that it keeps, with what is there of it.
    ///
    /// # Errors
    /// When the engine fails.
    fn census(&self) -> Result<Vec<CountedTable>, StoreError>;
}

/// The whole inventory: the event log, the ledger, and what is kept beside them.
///
/// # Errors
/// When a store fails.
pub fn census(events: &dyn EventStore, ledger: &dyn Ledger) -> Result<Vec<CountedTable>, StoreError> {
    let mut all = events.census()?;
    all.extend(ledger.census()?);
    let beside = inventory::merge("", &[("outside", include_str!("outside.fields.toml"))])
        .map_err(|error| StoreError::Unusable(error.0))?;
    all.extend(beside.into_iter().map(|table| {
        let mut counted = CountedTable::declared(table);
        if counted.table.kind == Kind::File {
            for sampled in
                counted.fields.iter_mut().filter(|sampled| sampled.field.category == Category::Secret)
            {
                sampled.sample = Some(format!("{}, not shown", sampled.kind));
            }
        }
        counted
    }));
    Ok(all)
}

/// A value as a sample may show it.
pub(super) fn shown(category: Category, value: &Value) -> String {
    let length = match (category, value) {
        (Category::Secret, Value::Text(text)) => {
            return format!("{} characters, not shown", text.chars().count());
        }
        (Category::Secret, Value::Bytes(bytes)) => return format!("{} bytes, not shown", bytes.len()),
        (Category::Pseudonymous, _) => PSEUDONYM_MAX,
        (_, Value::Bytes(_)) => BYTES_MAX,
        (Category::Profile, _) => PROFILE_MAX,
        _ => SAMPLE_MAX,
    };
    let text = value.text();
    let start: String = text.chars().take(length).collect();
    if start.len() < text.len() || category == Category::Pseudonymous { format!("{start}…") } else { start }
}

/// As what a field's sample is shown: JSON as a whole as the closest of its parts, for they begin it.
pub(super) fn shown_as(field: &Field, all: &[Field]) -> Category {
    const CLOSEST_FIRST: [Category; 3] = [Category::Secret, Category::Pseudonymous, Category::Profile];
    let part = |other: &&Field| other.name.starts_with(&format!("{}.", field.name));
    let has = |category: &Category| {
        field.category == *category || all.iter().filter(part).any(|part| part.category == *category)
    };
    CLOSEST_FIRST.into_iter().find(has).unwrap_or(field.category)
}

/// A stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Text, or a number as text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.replace(char::is_control, " "),
            Self::Bytes(bytes) => crate::domain::to_hex(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_names_nobody() {
        let text = |text: &str| Value::Text(text.to_owned());
        let key = Value::Bytes(vec![0x3f, 0x9a, 0xbb, 0xcc]);
        assert_eq!(shown(Category::Pseudonymous, &key), "3f9a…");
        assert_eq!(shown(Category::Pseudonymous, &text("[{\"rule\"")), "[{\"r…");
        assert_eq!(shown(Category::Secret, &Value::Bytes(vec![7; 32])), "32 bytes, not shown");
        assert_eq!(shown(Category::Secret, &text("$argon2id$")), "10 characters, not shown");
        assert_eq!(shown(Category::Technical, &text("/a\n/b")), "/a /b");
        assert_eq!(shown(Category::Technical, &text(&"ü".repeat(60))), format!("{}…", "ü".repeat(40)));
        assert_eq!(shown(Category::Profile, &text("Sierra Outdoor")), "Sierra Outdo…");
        assert_eq!(shown(Category::Technical, &Value::Bytes(vec![0xab; 32])), "abababab…");
    }
}
