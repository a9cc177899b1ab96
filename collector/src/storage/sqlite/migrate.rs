//! Migrations. Invariant: they only go forward, each runs in a transaction of its own, and one that was
//! applied never changes: its checksum is kept and compared.

use super::connect::Connection;
use crate::storage::StoreError;
use rusqlite::OptionalExtension;
use sha2::{Digest, Sha256};
use std::path::Path;

/// One step of the schema.
pub(super) struct Migration {
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

/// Steps of `events.db`, in order.
pub(super) const EVENTS: &[Migration] =
    &[Migration { name: "0001_events", sql: include_str!("migrations/events/0001_events.sql") }];

/// Steps of `ledger.db`, in order.
pub(super) const LEDGER: &[Migration] = &[
    Migration { name: "0001_ledger", sql: include_str!("migrations/ledger/0001_ledger.sql") },
    Migration { name: "0002_audit", sql: include_str!("migrations/ledger/0002_audit.sql") },
    Migration { name: "0005_rights", sql: include_str!("migrations/ledger/0005_rights.sql") },
];

const CREATE: &str = "CREATE TABLE IF NOT EXISTS migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum BLOB NOT NULL
) STRICT";

/// Brings the schema of `connection` up to the last of `migrations`.
pub(super) fn run(
    connection: &mut Connection,
    path: &Path,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let file = path.display();
    let failed = |error: rusqlite::Error| {
        StoreError::Unusable(format!("{file} cannot be used as a database ({error}); restore a backup of it"))
    };
    connection.execute_batch(CREATE).map_err(failed)?;
    let applied: i64 = connection
        .query_row("SELECT coalesce(max(version), 0) FROM migrations", [], |row| row.get(0))
        .map_err(failed)?;
    if usize::try_from(applied).is_ok_and(|applied| applied > migrations.len()) {
        return Err(StoreError::Unusable(format!(
            "{file} was written by a newer mqlite (schema {applied}, this binary knows {}); run that version again",
            migrations.len()
        )));
    }
    for (version, migration) in (1_i64..).zip(migrations) {
        let checksum = Sha256::digest(migration.sql.as_bytes());
        // IMMEDIATE: of two processes that start at once, the second waits and then finds it done.
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        let known: Option<Vec<u8>> = transaction
            .query_row("SELECT checksum FROM migrations WHERE version = ?1", [version], |row| row.get(0))
            .optional()
            .map_err(failed)?;
        match known {
            Some(known) if known == checksum.as_slice() => {}
            Some(_) => {
                return Err(StoreError::Unusable(format!(
                    "{file}: migration {} is not the one that was applied; run the version of mqlite that wrote it",
                    migration.name
                )));
            }
            None => {
                transaction.execute_batch(migration.sql).map_err(failed)?;
                transaction
                    .execute(
                        "INSERT INTO migrations (version, name, checksum) VALUES (?1, ?2, ?3)",
                        rusqlite::params![version, migration.name, checksum.as_slice()],
                    )
                    .map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::sqlite::connect;

    const ONE: Migration = Migration { name: "one", sql: "CREATE TABLE a (x INTEGER) STRICT" };
    const OTHER: Migration = Migration { name: "one", sql: "CREATE TABLE a (y INTEGER) STRICT" };
    const TWO: Migration = Migration { name: "two", sql: "CREATE TABLE b (x INTEGER) STRICT" };

    fn message(result: Result<Connection, StoreError>) -> String {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn only_forward_and_never_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        connect::writer(&path, &[ONE]).expect("creates");
        connect::writer(&path, &[ONE, TWO]).expect("goes forward");
        assert!(message(connect::writer(&path, &[ONE])).contains("newer mqlite"));
        assert!(message(connect::writer(&path, &[OTHER, TWO])).contains("not the one that was applied"));
        connect::writer(&path, &[ONE, TWO]).expect("is as it was");
    }

    #[test]
    fn a_file_that_is_no_database_is_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let bytes =
            b"not a database, but somebody's precious notes, long enough to be read as a header".to_vec();
        std::fs::write(&path, &bytes).expect("writes");
        assert!(message(connect::writer(&path, &[ONE])).contains("cannot be used as a database"));
        assert_eq!(std::fs::read(&path).expect("reads"), bytes);
    }

    /// Every query file is valid SQL on the newest schema.
    #[test]
    fn every_query_prepares() {
        let folder = tempfile::tempdir().expect("a folder");
        let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage/sqlite/queries");
        let mut seen = 0;
        for (name, migrations) in [("events", EVENTS), ("ledger", LEDGER)] {
            let connection = connect::writer(&folder.path().join(name), migrations).expect("creates");
            for entry in std::fs::read_dir(queries.join(name)).expect("queries") {
                let file = entry.expect("entry").path();
                let sql = std::fs::read_to_string(&file).expect("reads");
                connection.prepare(&sql).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                seen += 1;
            }
        }
        assert!(seen > 20, "only {seen} query files found");
    }
}
