//! The inventory as people and programs read it. Invariant: all three forms say the same.

use super::facts::retention;
use super::{Inputs, NO_ADVICE, markdown};
use crate::domain::Timestamp;
use crate::domain::csv::cell;
use crate::domain::inventory::{Category, Kind};
use crate::storage::{CountedTable, Rows, Sampled};
use serde::Serialize;

/// The inventory, to be written as JSON.
#[derive(Debug, Serialize)]
pub struct Inventory {
    generated_at: Timestamp,
    tables: Vec<Table>,
}

#[derive(Debug, Serialize)]
struct Table {
    store: String,
    table: String,
    kind: Kind,
    meaning: String,
    rows: Option<u64>,
    /// `exactly`, or for a long table `at_most` or `at_least`.
    rows_are: Option<&'static str>,
    oldest: Option<Timestamp>,
    fields: Vec<Field>,
}

#[derive(Debug, Serialize)]
struct Field {
    name: String,
    r#type: String,
    meaning: String,
    purpose: String,
    category: Category,
    basis: String,
    retention: String,
    source: String,
    seen_by: String,
    handoff: String,
    sample: Option<String>,
}

/// The inventory as the API gives it.
pub fn inventory(inputs: &Inputs<'_>) -> Inventory {
    let field = |sampled: &Sampled| {
        let field = sampled.field.clone();
        Field {
            name: field.name,
            r#type: sampled.kind.clone(),
            meaning: field.meaning,
            purpose: field.purpose,
            category: field.category,
            basis: field.basis,
            retention: retention(field.keep, inputs.sites),
            source: field.source,
            seen_by: field.seen_by,
            handoff: field.handoff,
            sample: sampled.sample.clone(),
        }
    };
    let table = |counted: &CountedTable| Table {
        store: counted.table.store.clone(),
        table: counted.table.name.clone(),
        kind: counted.table.kind,
        meaning: counted.table.meaning.clone(),
        rows: counted.rows.map(Rows::number),
        rows_are: counted.rows.map(Rows::word),
        oldest: counted.oldest,
        fields: counted.fields.iter().map(field).collect(),
    };
    Inventory { generated_at: inputs.now, tables: inputs.inventory.iter().map(table).collect() }
}

/// How many rows, in words.
fn rows(table: &Table) -> String {
    match (table.rows, table.rows_are) {
        (None, _) => "not counted".to_owned(),
        (Some(rows), Some("at_most")) => format!("at most {rows} rows"),
        (Some(rows), Some("at_least")) => format!("more than {rows} rows"),
        (Some(1), _) => "1 row".to_owned(),
        (Some(rows), _) => format!("{rows} rows"),
    }
}

/// As Markdown.
pub fn markdown(inputs: &Inputs<'_>) -> String {
    let inventory = inventory(inputs);
    let mut text = format!(
        "# Inventory of stored fields\n\nMQLite {}, {}. {NO_ADVICE}\n\nThe collector compares this list with its \
         databases when it starts and does not run when a column is missing here.\n\n## Categories\n\n",
        inputs.settings.version, inventory.generated_at
    );
    let categories =
        Category::ALL.iter().map(|category| format!("**{}**: {}", category.name(), category.text()));
    text.push_str(&markdown::list(categories));
    for table in &inventory.tables {
        let place = if table.store == table.table {
            table.store.clone()
        } else {
            format!("{}: {}", table.store, table.table)
        };
        text.push_str(&format!("\n## {place}\n\n{}. {}", table.meaning, capital(&rows(table))));
        if let Some(oldest) = table.oldest {
            text.push_str(&format!("; the oldest is of {oldest}"));
        }
        text.push_str(".\n\n");
        let rows = table.fields.iter().map(|field| {
            [
                markdown::code(&field.name),
                field.r#type.clone(),
                field.meaning.clone(),
                field.purpose.clone(),
                field.category.name().to_owned(),
                field.basis.clone(),
                field.retention.clone(),
                field.source.clone(),
                field.seen_by.clone(),
                field.handoff.clone(),
                field.sample.as_deref().map(markdown::code).unwrap_or_default(),
            ]
        });
        text.push_str(&markdown::table(
            [
                "field",
                "type",
                "meaning",
                "purpose",
                "category",
                "basis",
                "retention",
                "source",
                "seen by",
                "handoff",
                "sample",
            ],
            rows,
        ));
    }
    text
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// As CSV (RFC 4180), one line a field.
pub fn csv(inputs: &Inputs<'_>) -> String {
    let head = "store,table,kind,rows,rows_are,oldest,field,type,meaning,purpose,category,basis,retention,source,\
                seen_by,handoff,sample";
    let mut text = format!("{head}\r\n");
    for table in inventory(inputs).tables {
        for field in table.fields {
            let kind = match table.kind {
                Kind::Database => "database",
                Kind::File => "file",
                Kind::Memory => "memory",
            };
            let cells = [
                table.store.as_str(),
                &table.table,
                kind,
                &table.rows.map(|rows| rows.to_string()).unwrap_or_default(),
                table.rows_are.unwrap_or_default(),
                &table.oldest.map(|oldest| oldest.to_string()).unwrap_or_default(),
                &field.name,
                &field.r#type,
                &field.meaning,
                &field.purpose,
                field.category.name(),
                &field.basis,
                &field.retention,
                &field.source,
                &field.seen_by,
                &field.handoff,
                field.sample.as_deref().unwrap_or_default(),
            ];
            text.push_str(&cells.map(cell).join(","));
            text.push_str("\r\n");
        }
    }
    text
}
