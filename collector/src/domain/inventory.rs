//! The inventory of stored fields: what each table and column is, why it is there, and until when. Invariant:
//! a [`Table`] that exists is declared whole; a declaration that leaves anything out, or says a word that is
//! none, is refused by [`merge`] with the name of the field.

use super::{Invalid, Rung};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A table of a database.
    Database,
    /// A file beside the databases.
    File,
    /// The memory of a collector that runs; nothing of it is on disk.
    Memory,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $word:literal $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $(#[doc = $text] $variant,)+ }

        impl $name {
            /// All of them, in the order in which documents show them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word in declarations and in the API.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// What people read.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

words! {
    /// What kind of data a field holds.
    Category {
        Pseudonymous "pseudonymous" "belongs to one visitor or lead who is not named: personal data",
        Profile "profile" "says something of a person who became a lead: personal data",
        Technical "technical" "says what happened or how the program stands; personal data where its row has a pseudonym or a lead key",
        Aggregate "aggregate" "a count over many visits; a small one can still point to one of them",
        Secret "secret" "a key, a password's hash or a token's hash; never shown",
    }
}

words! {
    /// On what the processing rests, as declarations name it.
    LegalBasis {
        Ladder "ladder" "unset: the controller's legitimate interest in measuring the audience, Art. 6(1)(f); measured: consent, Art. 6(1)(a); qualified: consent, or the basis that the site declares for forms",
        Qualified "qualified" "qualified only: consent, Art. 6(1)(a), or the basis that the site declares for forms",
        Denied "denied" "denied and dropped: only a count is kept, to know what is not seen; Art. 6(1)(f) where it is personal data at all",
        Statistics "statistics" "legitimate interest in statistics of the site, Art. 6(1)(f); counts are made from what the rungs keep",
        Security "security" "legitimate interest in a secure service, Art. 6(1)(f) with Art. 32",
        Accountability "accountability" "accountability, Art. 5(2), and security, Art. 32: legitimate interest, Art. 6(1)(f)",
        Request "request" "the duty to honour what a person asked for, Art. 6(1)(c) with Arts. 7(3), 17, 18 and 21",
        Nobody "nobody" "no person's data: settings and workings of the program",
    }
}

words! {
    /// Until when something is kept, as declarations name it.
    Keep {
        Events "events" "the site's days for events after it happened; tied to a lead, as long as the lead",
        Leads "leads" "the site's days for leads after the lead's newest event",
        Aggregates "aggregates" "the site's days for counts after the day they are of",
        Dictionary "dictionary" "as long as a stored event uses it",
        Visit "visit" "48 hours after the visit's newest event",
        Salt "salt" "two hours after its local day ends; then overwritten and removed",
        Site "site" "as long as the site is there",
        Session "session" "until log-out, or 14 days",
        SetupLink "setup_link" "until used, or a day; the row stays until the next link takes its place",
        Account "account" "until another password is chosen or the account is removed",
        Log "log" "never removed: the log is only added to; it names no visitor and no lead",
        Reference "reference" "until the lead is erased",
        Request "request" "until the person, or the controller for them, lifts it",
        Shadow "shadow" "until the model is live, or nobody wants it any more; when somebody is erased, at once",
        Voids "voids" "as long as an event of the site is left that is no newer than its newest one",
        Workings "workings" "as long as the database is there",
        Operator "operator" "until the operator removes it",
        Process "process" "in memory only, until it is used up or the program ends",
    }
}

/// What the numbers of a field count, so that people can read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Milliseconds since 1970, UTC.
    #[serde(rename = "milliseconds")]
    Milliseconds,
    /// Days since 1970-01-01 of the site's calendar.
    #[serde(rename = "days")]
    Days,
}

/// One field: a column, a part of a column that holds JSON (`column.part`), or a part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type, where it is no column: a column's type is the database's own word.
    pub kind: Option<String>,
    /// What its numbers count.
    pub unit: Option<Unit>,
    /// What it is.
    pub meaning: String,
    /// What it is for.
    pub purpose: String,
    /// Which kind of data.
    pub category: Category,
    /// On what it rests.
    pub basis: String,
    /// Until when.
    pub keep: Keep,
    /// Where it comes from.
    pub source: String,
    /// Who can see it.
    pub seen_by: String,
    /// To whom it leaves by itself.
    pub handoff: String,
}

impl Field {
    /// The column that it is, or is in.
    pub fn column(&self) -> &str {
        self.name.split('.').next().unwrap_or(&self.name)
    }
}

/// One table, file, or thing in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The file or place that it is in.
    pub store: String,
    /// Its name.
    pub name: String,
    /// Where it is kept.
    pub kind: Kind,
    /// What it is.
    pub meaning: String,
    /// The field whose smallest value is the age of the oldest row.
    pub oldest: Option<String>,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A declaration's basis: one of the words, or a sentence for each rung where they differ.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum RawBasis {
    Word(LegalBasis),
    ByRung(BTreeMap<Rung, String>),
}

impl RawBasis {
    fn text(&self) -> String {
        match self {
            Self::Word(word) => word.text().to_owned(),
            Self::ByRung(rungs) => {
                let parts = rungs.iter().filter(|(_, text)| !text.trim().is_empty());
                let parts = parts.map(|(rung, text)| format!("{}: {text}", rung.name()));
                parts.collect::<Vec<_>>().join("; ")
            }
        }
    }
}

/// What a table says for those of its fields that do not say it themselves.
#[derive(Debug, Clone, Default)]
struct Shared {
    purpose: Option<String>,
    category: Option<Category>,
    basis: Option<RawBasis>,
    retention: Option<Keep>,
    source: Option<String>,
    seen_by: Option<String>,
    handoff: Option<String>,
}

impl Shared {
    /// What `self` says, and for the rest what `before` says.
    fn or(&self, before: &Self) -> Self {
        Self {
            purpose: self.purpose.clone().or_else(|| before.purpose.clone()),
            category: self.category.or(before.category),
            basis: self.basis.clone().or_else(|| before.basis.clone()),
            retention: self.retention.or(before.retention),
            source: self.source.clone().or_else(|| before.source.clone()),
            seen_by: self.seen_by.clone().or_else(|| before.seen_by.clone()),
            handoff: self.handoff.clone().or_else(|| before.handoff.clone()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    drop: Vec<String>,
    #[serde(default)]
    table: Vec<RawTable>,
}

// What tables and fields share is written twice: `flatten` and `deny_unknown_fields` do not go together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    name: String,
    store: Option<String>,
    kind: Option<Kind>,
    meaning: Option<String>,
    oldest: Option<String>,
    #[serde(default)]
    drop: Vec<String>,
    #[serde(default)]
    field: Vec<RawField>,
    purpose: Option<String>,
    category: Option<Category>,
    basis: Option<RawBasis>,
    retention: Option<Keep>,
    source: Option<String>,
    seen_by: Option<String>,
    handoff: Option<String>,
}

impl RawTable {
    fn shared(&self) -> Shared {
        Shared {
            purpose: self.purpose.clone(),
            category: self.category,
            basis: self.basis.clone(),
            retention: self.retention,
            source: self.source.clone(),
            seen_by: self.seen_by.clone(),
            handoff: self.handoff.clone(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    name: String,
    r#type: Option<String>,
    unit: Option<Unit>,
    meaning: String,
    purpose: Option<String>,
    category: Option<Category>,
    basis: Option<RawBasis>,
    retention: Option<Keep>,
    source: Option<String>,
    seen_by: Option<String>,
    handoff: Option<String>,
}

impl RawField {
    fn shared(&self) -> Shared {
        Shared {
            purpose: self.purpose.clone(),
            category: self.category,
            basis: self.basis.clone(),
            retention: self.retention,
            source: self.source.clone(),
            seen_by: self.seen_by.clone(),
            handoff: self.handoff.clone(),
        }
    }
}

/// Reads the declarations of `store` in the order of its migrations, each with its file's name. A later one
/// adds tables, adds fields to a table that is there, or drops either.
///
/// # Errors
/// Names the file, the table or field, and what is missing or no word.
pub fn merge(store: &str, declarations: &[(&str, &str)]) -> Result<Vec<Table>, Invalid> {
    let mut tables: Vec<(Table, Shared)> = Vec::new();
    for (name, text) in declarations {
        let refuse = |what: String| Invalid::new(format!("{name}.fields.toml: {what}"));
        let file: RawFile = toml::from_str(text).map_err(|error| refuse(error.to_string()))?;
        for gone in &file.drop {
            let before = tables.len();
            tables.retain(|(table, _)| table.name != *gone);
            if tables.len() == before {
                return Err(refuse(format!("drops the table {gone}, which was not declared")));
            }
        }
        for raw in file.table {
            put(&mut tables, store, raw).map_err(refuse)?;
        }
    }
    tables.into_iter().map(|(table, _)| Ok(table)).collect()
}

fn put(tables: &mut Vec<(Table, Shared)>, store: &str, raw: RawTable) -> Result<(), String> {
    let at = match tables.iter().position(|(table, _)| table.name == raw.name) {
        Some(at) => at,
        None => {
            let meaning = said(&raw.name, "meaning", raw.meaning.clone())?;
            let table = Table {
                store: raw.store.clone().unwrap_or_else(|| store.to_owned()),
                name: raw.name.clone(),
                kind: raw.kind.unwrap_or(Kind::Database),
                meaning,
                oldest: None,
                fields: Vec::new(),
            };
            tables.push((table, Shared::default()));
            tables.len() - 1
        }
    };
    let Some((table, shared)) = tables.get_mut(at) else { return Ok(()) };
    *shared = raw.shared().or(shared);
    if let Some(meaning) = raw.meaning {
        table.meaning = meaning;
    }
    for gone in &raw.drop {
        let before = table.fields.len();
        table.fields.retain(|field| field.name != *gone && field.column() != gone);
        if table.fields.len() == before {
            return Err(format!("drops {}.{gone}, which was not declared", table.name));
        }
    }
    for raw in raw.field {
        let field = field(&table.name, raw, shared)?;
        if table.fields.iter().any(|known| known.name == field.name) {
            return Err(format!("{}.{} is declared already", table.name, field.name));
        }
        table.fields.push(field);
    }
    table.oldest = raw.oldest.or_else(|| table.oldest.take());
    let measured =
        |oldest: &String| table.fields.iter().any(|field| field.name == *oldest && field.unit.is_some());
    match table.oldest.as_ref().filter(|oldest| !measured(oldest)) {
        Some(oldest) => {
            Err(format!("{}: `oldest` names {oldest}, which is no field with a unit", table.name))
        }
        None => Ok(()),
    }
}

fn field(table: &str, raw: RawField, of_table: &Shared) -> Result<Field, String> {
    let shared = raw.shared().or(of_table);
    let name = format!("{table}.{}", raw.name);
    let missing = |what: &str| format!("{name} has no {what}");
    Ok(Field {
        kind: raw.r#type,
        unit: raw.unit,
        meaning: said(&name, "meaning", Some(raw.meaning))?,
        purpose: said(&name, "purpose", shared.purpose)?,
        category: shared.category.ok_or_else(|| missing("category"))?,
        basis: said(&name, "basis", shared.basis.map(|basis| basis.text()))?,
        keep: shared.retention.ok_or_else(|| missing("retention"))?,
        source: said(&name, "source", shared.source)?,
        seen_by: said(&name, "seen_by", shared.seen_by)?,
        handoff: said(&name, "handoff", shared.handoff)?,
        name: raw.name,
    })
}

fn said(of: &str, what: &str, text: Option<String>) -> Result<String, String> {
    text.filter(|text| !text.trim().is_empty()).ok_or_else(|| format!("{of} has no {what}"))
}

#[cfg(test)]
#[path = "inventory_tests.rs"]
mod tests;
