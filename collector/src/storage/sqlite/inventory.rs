//! The declarations beside the migrations, held against the schema that is really there. Invariant: a database
//! with a column that nobody declared, or without one that was declared, is not opened for writing.

use super::connect::Connection;
use super::migrate::Migration;
use super::sql;
use crate::domain::inventory::{self, Table};
use crate::storage::StoreError;
use std::collections::BTreeMap;
use std::path::Path;

/// The table in which each database notes its own migrations.
const OWN: (&str, &str) = ("migrations", include_str!("migrations/migrations.fields.toml"));

/// What the migrations declare of `store`.
pub(super) fn declared(store: &str, migrations: &[Migration]) -> Result<Vec<Table>, StoreError> {
    let declarations: Vec<(&str, &str)> =
        [OWN].into_iter().chain(migrations.iter().map(|step| (step.name, step.fields))).collect();
    inventory::merge(store, &declarations).map_err(|error| StoreError::Unusable(error.0))
}

/// The columns of each table that is there, each with its type, in the table's own order.
pub(super) fn live(connection: &Connection) -> Result<Live, StoreError> {
    let mut statement = connection.prepare_cached(sql!("schema/columns"))?;
    let mut rows = statement.query([])?;
    let mut tables = Live::new();
    while let Some(row) = rows.next()? {
        tables.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
    }
    Ok(tables)
}

/// Every table that is there, with its columns and their types.
pub(super) type Live = BTreeMap<String, Vec<(String, String)>>;

/// Refuses a column of `store` (a database's name or path) that nobody declared.
pub(super) fn find_undeclared(store: &str, live: &Live, declared: &[Table]) -> Result<(), StoreError> {
    let undeclared = |what: String| {
        let database = Path::new(store).file_stem().unwrap_or_default().to_string_lossy();
        StoreError::Unusable(format!(
            "{store}: {what} is not declared in the inventory of stored fields. If you did not change the database \
             yourself, run the version of mqlite that wrote it; if you are adding a column, declare it in \
             migrations/{database}/NNNN_name.fields.toml beside the migration (docs/ARCHITECTURE.md)"
        ))
    };
    for (name, columns) in live {
        let Some(table) = declared.iter().find(|table| table.name == *name) else {
            return Err(undeclared(format!("the table {name}")));
        };
        let known = |column: &str| table.fields.iter().any(|field| field.name == column);
        if let Some((column, _)) = columns.iter().find(|(column, _)| !known(column)) {
            return Err(undeclared(format!("the column {name}.{column}")));
        }
    }
    Ok(())
}

/// Compares what is declared with what is there, both ways.
pub(super) fn check(
    connection: &Connection,
    path: &Path,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let store = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let declared = declared(&store, migrations)?;
    let live = live(connection)?;
    find_undeclared(&path.display().to_string(), &live, &declared)?;
    let gone = |what: String| {
        StoreError::Unusable(format!(
            "{}: {what} is declared in the inventory of stored fields and is not there. Run the version of mqlite \
             that wrote the database, or restore a backup of it",
            path.display()
        ))
    };
    for table in &declared {
        let Some(columns) = live.get(&table.name) else {
            return Err(gone(format!("the table {}", table.name)));
        };
        let there = |name: &str| columns.iter().any(|(column, _)| column == name);
        if let Some(field) = table.fields.iter().find(|field| !there(field.column())) {
            return Err(gone(format!("the column {}.{}", table.name, field.column())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::migrate::{EVENTS, LEDGER};
    use super::*;
    use crate::domain::SitePolicy;
    use crate::storage::sqlite::{codec, connect};
    use serde_json::Value;

    const PEOPLE: Migration = Migration {
        name: "0001_people",
        sql: "CREATE TABLE people (name TEXT) STRICT",
        fields: "[[table]]\nname = \"people\"\nmeaning = \"m\"\npurpose = \"p\"\ncategory = \"profile\"\n\
                 basis = \"qualified\"\nretention = \"leads\"\nsource = \"s\"\nseen_by = \"o\"\nhandoff = \"none\"\n\
                 [[table.field]]\nname = \"name\"\nmeaning = \"n\"\n",
    };
    const SHOES: Migration = Migration {
        name: "0002_shoes",
        sql: "ALTER TABLE people ADD COLUMN shoe_size INTEGER",
        fields: "[[table]]\nname = \"people\"\n[[table.field]]\nname = \"shoe_size\"\nmeaning = \"s\"\n",
    };

    fn open(steps: &[Migration]) -> Result<(), String> {
        let folder = tempfile::tempdir().expect("a folder");
        let opened = connect::writer(&folder.path().join("events.db"), steps);
        opened.map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_migration_without_its_declaration_stops_the_start_and_is_named() {
        assert_eq!(open(&[PEOPLE, SHOES]), Ok(()));
        let message = open(&[PEOPLE, Migration { fields: "", ..SHOES }]).expect_err("is refused");
        assert!(
            message.contains("events.db: the column people.shoe_size is not declared in the inventory"),
            "{message}"
        );
        assert!(message.contains("migrations/events/NNNN_name.fields.toml"), "{message}");
        assert!(message.contains("run the version of mqlite that wrote it"), "{message}");
        let message = open(&[PEOPLE, Migration { sql: "CREATE TABLE t (x INTEGER)", ..SHOES }]);
        assert!(message.is_err_and(|message| message.contains("the table t is not declared")));
        let message = open(&[PEOPLE, Migration { sql: "SELECT 1", ..SHOES }]).expect_err("is refused");
        assert!(message.contains("the column people.shoe_size is declared") && message.contains("not there"));
        let message = open(&[PEOPLE, Migration { sql: "DROP TABLE people", fields: "", ..SHOES }]);
        assert!(message.is_err_and(|message| message.contains("the table people is declared")));
        let dropped = Migration { sql: "DROP TABLE people", fields: "drop = [\"people\"]", ..SHOES };
        assert_eq!(open(&[PEOPLE, dropped]), Ok(()));
    }

    #[test]
    fn a_generated_column_is_a_column() {
        let sql = "ALTER TABLE people ADD COLUMN loud TEXT AS (upper(name)) VIRTUAL";
        let message = open(&[PEOPLE, Migration { sql, fields: "", ..SHOES }]).expect_err("is refused");
        assert!(message.contains("people.loud"), "{message}");
    }

    /// What is stored as JSON has no schema that could be compared at the start: its parts are compared here.
    #[test]
    fn every_part_of_stored_json_is_declared() {
        let tables: Vec<Table> = [("events.db", EVENTS), ("ledger.db", LEDGER)]
            .into_iter()
            .flat_map(|(store, steps)| declared(store, steps).expect("is whole"))
            .collect();
        let assert_declared = |table: &str, column: &str, json: Value| {
            let fields = &tables.iter().find(|known| known.name == table).expect("declared").fields;
            let object = json.as_array().map_or(&json, |list| &list[0]).as_object().expect("an object");
            assert!(!object.is_empty());
            for part in object.keys() {
                let name = format!("{column}.{part}");
                let known = |known: &str| known == name || known == format!("{name}.*");
                assert!(fields.iter().any(|field| known(&field.name)), "{table}.{name} is not declared");
            }
        };
        assert_declared("sites", "policy", serde_json::to_value(SitePolicy::default()).expect("JSON"));
        assert_declared("events", "details", super::super::event_rows::full_details());
        assert_declared("visits", "hits", codec::full_hits());
        assert_declared("visits", "origin", codec::full_origin());
        assert_declared("leads", "touches", codec::full_touches());
    }

    #[test]
    fn every_migration_has_its_declaration_and_no_declaration_is_left_over() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage/sqlite/migrations");
        for (name, steps) in [("events", EVENTS), ("ledger", LEDGER)] {
            let mut files: Vec<String> = std::fs::read_dir(folder.join(name))
                .expect("migrations")
                .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
                .collect();
            files.sort();
            let listed = steps
                .iter()
                .flat_map(|step| [format!("{}.fields.toml", step.name), format!("{}.sql", step.name)]);
            assert_eq!(files, listed.collect::<Vec<_>>());
        }
    }
}
