//! Migrations. Invariant: they only go forward, each runs in a transaction of its own, and one that was
//! applied never changes: its checksum is kept and compared.

use super::connect::{self, Connection};
use super::sql;
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
    step!("ledger", "0013_compact"),
    step!("ledger", "0014_voids"),
    step!("ledger", "0015_lead_lists"),
    step!("ledger", "0016_proof"),
    step!("ledger", "0017_withdrawn_verified"),
    step!("ledger", "0018_numbers"),
];

/// The step that writes most of the ledger anew. Until the log is settled, old and new lie in the file and in the log:
/// 1.8 times the file more, measured on a ledger of visits, leads, hits and transitions.
const REWRITES: &str = "0013_compact";

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

/// How many migrations made a database, without writing to it; 0 for one that was begun and no more.
pub(super) fn look(
    connection: &Connection,
    path: &Path,
    migrations: &[Migration],
) -> Result<usize, StoreError> {
    let failed = |error: rusqlite::Error| connect::unusable(path, &error);
    let has = |table: &str| {
        connection.query_row(sql!("schema/has_table"), [table], |row| row.get::<_, bool>(0)).map_err(failed)
    };
    if !has("migrations")? {
        let tables: i64 =
            connection.query_row(sql!("schema/count_tables"), [], |row| row.get(0)).map_err(failed)?;
        return if tables == 0 {
            Ok(0)
        } else {
            Err(StoreError::Unusable(format!(
                "{} is a database of something else; name another folder with --data",
                path.display()
            )))
        };
    }
    let applied = connection.query_row(sql!("schema/version"), [], |row| row.get(0)).map_err(failed)?;
    understand(path, applied, migrations)?;
    Ok(usize::try_from(applied).unwrap_or(0))
}

/// Refuses a schema that is newer than this binary.
fn understand(path: &Path, applied: i64, migrations: &[Migration]) -> Result<(), StoreError> {
    if usize::try_from(applied).is_ok_and(|applied| applied > migrations.len()) {
        return Err(StoreError::Unusable(format!(
            "{} was written by a newer mqlite (schema {applied}, this binary knows {}); run that version again",
            path.display(),
            migrations.len()
        )));
    }
    Ok(())
}

/// Says that there may be too little room to write a file anew; `None` when there is enough, or nobody knows.
fn room(path: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        let size = std::fs::metadata(path).ok()?.len();
        let disk = rustix::fs::statvfs(path).ok()?;
        tight(path, size, disk.f_bavail.saturating_mul(disk.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// As [`room`], of a file of `size` bytes on a disk with `free` ones. It may do all the same, so it is tried.
#[cfg(unix)]
fn tight(path: &Path, size: u64, free: u64) -> Option<String> {
    const MIB: u64 = 1 << 20;
    let needed = size.saturating_mul(2);
    (free < needed).then(|| {
        format!(
            "{} is brought to this version's schema, for which up to {} MiB more may be needed for a while, and {} MiB \
             are free. Should that be too little, it stays as it was",
            path.display(),
            needed.div_ceil(MIB),
            free / MIB
        )
    })
}

/// Brings the schema of `connection` up to the last of `migrations`.
pub(super) fn run(
    connection: &mut Connection,
    path: &Path,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let file = path.display();
    let failed = |error: rusqlite::Error| {
        // One that fails half-way is rolled back as a whole: the file is as the version before left it.
        StoreError::Unusable(format!(
            "{file} cannot be brought to this version's schema ({error}), and is as it was. If the disk is full, make \
             room and start again; if not, `mqlite check` says whether the file is damaged"
        ))
    };
    connection.execute_batch(CREATE).map_err(failed)?;
    let applied: i64 = connection.query_row(sql!("schema/version"), [], |row| row.get(0)).map_err(failed)?;
    understand(path, applied, migrations)?;
    let pending = migrations.iter().skip(usize::try_from(applied).unwrap_or(0));
    if applied > 0 && pending.into_iter().any(|migration| migration.name == REWRITES) {
        room(path).iter().for_each(|sentence| tracing::warn!("{sentence}"));
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

    #[cfg(unix)]
    #[test]
    fn a_disk_that_may_be_too_small_is_said() {
        let path = Path::new("/data/ledger.db");
        let said = tight(path, 30 << 20, (60 << 20) - 1).expect("is said");
        assert!(
            said.contains("/data/ledger.db")
                && said.contains("up to 60 MiB")
                && said.contains("59 MiB are free")
        );
        assert_eq!(tight(path, 30 << 20, 60 << 20), None);
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(room(&folder.path().join("none")), None);
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

    /// What was JSON is read as it was: a visit, a lead with all that belongs to it, and its changes of stage.
    #[test]
    fn what_was_stored_as_json_is_read() {
        use crate::domain::{LeadKey, SiteNo, Text, VisitorId};
        use crate::storage::Publications;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.db");
        let end = LEDGER.iter().position(|migration| migration.name == "0013_compact").expect("is there");
        let old = connect::writer(&path, &LEDGER[..end]).expect("creates");
        let origin = |source: &str| {
            format!(
                r#"{{"touch":{{"channel":"email","source":"{source}","medium":null,"campaign":null,"content":null,"term":null,
                "click_id":null,"referrer":null}},"landing":"/a","country":"DE"}}"#
            )
        };
        let (first, last) = (origin("first"), origin("last"));
        let change = "(1, zeroblob(16), 1, 9, 1, 2, 'well', 5000, 2000, 3000, zeroblob(32), '[{\"a\":1.5}]'";
        old.execute_batch(&format!(
            r#"INSERT INTO visits VALUES (zeroblob(16), 1, 3, 4, '{first}', NULL, '[]'),
                   (x'01010101010101010101010101010101', 1, 5, 6, '{last}', zeroblob(16),
                    '[{{"rule":"r","event":"02020202020202020202020202020202","at":5}}]');
               INSERT INTO leads (key, site, stage, first_seen, last_seen, attributes, first_origin, first_channel,
                   last_origin, last_channel, total, fit, engagement, reasons, known_at, stage_at, scored_at, touches)
               VALUES (zeroblob(16), 1, 2, 3, 4, '{{"job_title":"CTO"}}', '{first}', 12, '{last}', 12, 5000, 2000, 3000,
                   '[{{"id":"r","label":"R","points":2.5}}]', 3, 4, 4, '[{{"at":3,"origin":{first}}},{{"at":4,"origin":{last}}}]');
               INSERT INTO hits VALUES (zeroblob(16), 'r', x'01010101010101010101010101010101', 4, NULL),
                   (zeroblob(16), 'a', x'02020202020202020202020202020202', 3, '/a');
               INSERT INTO transitions (id, lead, site, at, from_stage, to_stage, reason, total, fit, engagement, model, lines)
               VALUES {change});
               INSERT INTO earlier_transitions (publication, lead, site, at, from_stage, to_stage, reason, total, fit,
                   engagement, model, lines) VALUES {change});"#
        ))
        .expect("writes");
        drop(old);
        let ledger = SqliteLedger::open(&path).expect("goes forward");
        let (site, key) = (SiteNo::new(1), LeadKey::from_bytes([0; 16]));
        let read = |ledger: &SqliteLedger| {
            let visitors = [VisitorId::from_bytes([0; 16]), VisitorId::from_bytes([1; 16])];
            let loaded = crate::storage::Scores::load(ledger, &visitors, &[key]).expect("loads");
            let changes = crate::storage::Scores::transitions(ledger, site, key).expect("reads");
            let earlier = Publications::earlier(ledger, site, key).expect("reads");
            (loaded.visits.into_values().collect::<Vec<_>>(), loaded.leads, changes, earlier)
        };
        let (visits, leads, changes, earlier) = read(&ledger);
        let source = |origin: &crate::leads::Origin| origin.touch.source.as_ref().map(ToString::to_string);
        let sources: Vec<_> = visits.iter().map(|visit| (source(&visit.origin), visit.hits.len())).collect();
        assert_eq!(sources, [(Some("first".to_owned()), 0), (Some("last".to_owned()), 1)]);
        let lead = &leads[&key];
        assert_eq!(lead.attributes[&Text::clean("job_title")].as_str(), "CTO");
        assert_eq!(
            [&lead.first, &lead.last].map(source),
            ["first", "last"].map(|name| Some(name.to_owned()))
        );
        assert_eq!(lead.touches.iter().map(|touch| touch.at.millis()).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(lead.touches[1].origin, lead.last);
        assert_eq!((lead.reasons[0].label.as_str(), lead.reasons[0].points.milli()), ("R", 2500));
        let hits: Vec<_> =
            lead.hits.iter().map(|hit| (hit.rule.as_str(), hit.at.millis(), hit.value.is_some())).collect();
        assert_eq!(hits, [("a", 3, true), ("r", 4, false)]);
        assert_eq!(
            (changes[0].lines.as_str(), earlier[0].transition.lines.as_str()),
            (r#"[{"a":1.5}]"#, r#"[{"a":1.5}]"#)
        );
        // And written anew it is the same.
        let all =
            crate::storage::Changes { visits, leads: leads.into_values().collect(), ..Default::default() };
        crate::storage::Scores::restart(&ledger, crate::domain::ModelHash::from_bytes([1; 32]))
            .expect("restarts");
        crate::storage::Scores::commit(&ledger, Cursor::default(), Cursor::from_raw(1), &all)
            .expect("commits");
        let (visits, leads, ..) = read(&ledger);
        assert_eq!((visits, leads.into_values().collect::<Vec<_>>()), (all.visits, all.leads));
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
