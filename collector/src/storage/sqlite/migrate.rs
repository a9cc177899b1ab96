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
    /// What it stores, for the inventory of stored fields.
    pub(super) fields: &'static str,
}

/// A step and its declaration, which lie beside each other.
macro_rules! step {
    ($database:literal, $name:literal) => {
        Migration {
            name: $name,
            sql: include_str!(concat!("migrations/", $database, "/", $name, ".sql")),
            fields: include_str!(concat!("migrations/", $database, "/", $name, ".fields.toml")),
        }
    };
}

/// Steps of `events.db`, in order.
pub(super) const EVENTS: &[Migration] = &[step!("events", "0001_events"), step!("events", "0002_policy")];

/// Steps of `ledger.db`, in order.
pub(super) const LEDGER: &[Migration] = &[
    step!("ledger", "0001_ledger"),
    step!("ledger", "0002_audit"),
    step!("ledger", "0003_policy"),
    step!("ledger", "0004_accounts"),
    step!("ledger", "0005_rights"),
    step!("ledger", "0006_retention"),
    step!("ledger", "0007_lifecycle"),
    step!("ledger", "0008_models"),
    step!("ledger", "0009_publications"),
    step!("ledger", "0010_touches"),
    step!("ledger", "0011_overrides"),
    step!("ledger", "0012_asking"),
    step!("ledger", "0014_voids"),
];

const CREATE: &str = "CREATE TABLE IF NOT EXISTS migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum BLOB NOT NULL
) STRICT";

/// The migrations that made the schema of `connection`, in order.
pub(super) fn applied(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare("SELECT name FROM migrations ORDER BY version")?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

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
    use crate::domain::{Cursor, SitePolicy};
    use crate::storage::sqlite::{SqliteEvents, SqliteLedger, connect};
    use crate::storage::{EventStore, NewSite, Sites};

    macro_rules! declared {
        ($table:literal) => {
            concat!(
                "[[table]]\nname = \"", $table, "\"\nmeaning = \"m\"\npurpose = \"p\"\ncategory = \"technical\"\n",
                "basis = \"nobody\"\nretention = \"workings\"\nsource = \"s\"\nseen_by = \"o\"\nhandoff = \"none\"\n",
                "[[table.field]]\nname = \"x\"\nmeaning = \"x\"\n",
            )
        };
    }

    const ONE: Migration =
        Migration { name: "one", sql: "CREATE TABLE a (x INTEGER) STRICT", fields: declared!("a") };
    const OTHER: Migration = Migration { sql: "CREATE TABLE a (y INTEGER) STRICT", ..ONE };
    const TWO: Migration =
        Migration { name: "two", sql: "CREATE TABLE b (x INTEGER) STRICT", fields: declared!("b") };

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

    /// What an older binary stored is read: events under the first version of a policy, and a policy without
    /// its newer settings as one with their defaults, which to put again is no change.
    #[test]
    fn what_an_older_binary_stored_is_under_the_first_policy() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.db");
        let old = connect::writer(&path, &EVENTS[..1]).expect("creates");
        old.execute_batch(
            "INSERT INTO strings (id, value) VALUES (1, 'pageview'), (2, '/');
             INSERT INTO agents (id, browser, os, device, country) VALUES (1, '', '', '', '');
             INSERT INTO events (seq, at, id, site, name, rung, signal, trust, path, agent)
             VALUES (1, 0, x'00112233445566778899aabbccddeeff', 1, 1, 1, 0, 1, 2, 1);",
        )
        .expect("writes");
        drop(old);
        let events = SqliteEvents::open(&path).expect("goes forward");
        let log = events.scan(Cursor::default(), 10).expect("scans");
        assert_eq!(log.iter().map(|logged| logged.event.policy).collect::<Vec<_>>(), [1]);

        let path = folder.path().join("ledger.db");
        let old = connect::writer(&path, &LEDGER[..1]).expect("creates");
        old.execute_batch(
            r#"INSERT INTO sites (domain, zone, policy, secret)
               VALUES ('example.com', 'UTC', '{"honour_dnt":true}', zeroblob(32));"#,
        )
        .expect("writes");
        drop(old);
        let ledger = SqliteLedger::open(&path).expect("goes forward");
        let site = ledger.sites().expect("reads").remove(0);
        let policy = SitePolicy { honour_dnt: true, ..SitePolicy::default() };
        assert_eq!((site.policy_version, &site.policy), (1, &policy));
        let again = NewSite { id: site.id, zone: site.zone, policy };
        assert_eq!(ledger.put_site(again).expect("puts").policy_version, 1);
    }

    /// What was counted before there were touches is its first touch's, in thousandths, until the events are folded
    /// anew; and the next scorer does that.
    #[test]
    fn what_was_counted_before_touches_is_the_first_touchs() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.db");
        let end = LEDGER.iter().position(|migration| migration.name == "0010_touches").expect("is there");
        let old = connect::writer(&path, &LEDGER[..end]).expect("creates");
        old.execute_batch(
            "INSERT INTO sites (domain, zone, policy, secret) VALUES ('example.com', 'UTC', '{}', zeroblob(32));
             INSERT INTO progress (one, cursor, model) VALUES (1, 7, randomblob(32));
             INSERT INTO rollups (site, dimension, attribution, day, key, visits, leads, mqls)
             VALUES (1, 1, 0, 5, 'email', 9, 0, 0), (1, 1, 1, 5, 'email', 0, 4, 2), (1, 1, 2, 5, 'direct', 0, 4, 2),
                    (1, 1, 1, 6, 'email', 0, 3, 0);",
        )
        .expect("writes");
        drop(old);
        let ledger = SqliteLedger::open(&path).expect("goes forward");
        let report = |attribution| {
            let (from, to) = (crate::domain::Date::from_days(5), crate::domain::Date::from_days(6));
            let (site, by) = (crate::domain::SiteNo::new(1), crate::leads::Dimension::Channel);
            let query = crate::storage::ReportQuery { site, from, to, by, attribution };
            let rows = crate::storage::Reports::report(&ledger, &query).expect("reports").rows;
            let counts =
                |row: &crate::storage::CountRow| (row.counts.visits, row.counts.leads, row.counts.mqls);
            rows.iter().map(|row| (row.key.clone(), counts(row))).collect::<Vec<_>>()
        };
        let email = |counts| ("email".to_owned(), counts);
        assert_eq!(report(crate::storage::Attribution::First), [email((9, 4, 2)), email((0, 3, 0))]);
        assert_eq!(report(crate::storage::Attribution::Linear), [email((9, 4, 2_000)), email((0, 3, 0))]);
        assert_eq!(report(crate::storage::Attribution::TimeDecay), [email((9, 4, 2_000)), email((0, 3, 0))]);
        let (_, model) = crate::storage::Scores::progress(&ledger).expect("reads").expect("has begun");
        assert_eq!(model, crate::domain::ModelHash::from_bytes([0; 32]), "no model's: all is folded anew");
    }

    /// What was chosen before there were two roles is the owner's.
    #[test]
    fn the_owner_stays_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let end = LEDGER.iter().position(|migration| migration.name == "0004_accounts").expect("is there");
        let old = connect::writer(&path, &LEDGER[..end]).expect("creates");
        old.execute_batch(
            "INSERT INTO owner VALUES (1, '$argon2id$kept'); INSERT INTO setup VALUES (1, x'07', 5);
             INSERT INTO sessions VALUES (x'01', 100), (x'02', 200);",
        )
        .expect("writes");
        drop(old);
        let new = connect::writer(&path, LEDGER).expect("goes forward");
        let all = "SELECT group_concat(role || ' ' || password || ' ' || (SELECT group_concat(role || hex(token) || expires_at)
                   FROM (SELECT * FROM setup_links UNION ALL SELECT * FROM
                   (SELECT role, token, expires_at FROM sessions ORDER BY token)))) FROM accounts";
        let all: String = new.query_row(all, [], |row| row.get(0)).expect("reads");
        assert_eq!(all, "owner $argon2id$kept owner075,owner01100,owner02200");
    }

    /// Every query file is valid SQL on the newest schema.
    #[test]
    fn every_query_prepares() {
        let folder = tempfile::tempdir().expect("a folder");
        let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage/sqlite/queries");
        let mut seen = 0;
        for (name, migrations) in [("events", EVENTS), ("ledger", LEDGER), ("adopt", LEDGER)] {
            let connection = connect::writer(&folder.path().join(name), migrations).expect("creates");
            if name == "adopt" {
                let shadow = folder.path().join("ledger");
                connection.execute("ATTACH ?1 AS replayed", [shadow.to_str()]).expect("attaches");
            }
            let folders = [queries.join(name), queries.join("schema")];
            for entry in folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("queries")) {
                let file = entry.expect("entry").path();
                let sql = std::fs::read_to_string(&file).expect("reads");
                connection.prepare(&sql).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                seen += 1;
            }
        }
        assert!(seen > 20, "only {seen} query files found");
    }
}
