//! Opens connections. Invariant: every connection runs with the same settings, and a writer has migrated
//! the file, and found every column of it declared, before anybody reads it.

use super::migrate::{self, Migration};
use super::{inventory, wal};
use crate::storage::StoreError;
use rusqlite::OpenFlags;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

#[expect(clippy::disallowed_types, reason = "the backend's own handle; nothing outside this module sees it")]
pub(super) type Connection = rusqlite::Connection;

/// How long a writer waits for another process: as long as that may take to write a large file anew.
const WRITER_PATIENCE: Duration = Duration::from_secs(60);
/// How long it waits for those who read, to write a file anew or to empty a log.
pub(super) const COMPACT_PATIENCE: Duration = Duration::from_secs(15);

/// Opens `path` for writing, creating and migrating it.
pub(super) fn writer(path: &Path, migrations: &[Migration]) -> Result<Connection, StoreError> {
    let unusable = |error: rusqlite::Error| unusable(path, &error);
    let mut connection = Connection::open(path).map_err(unusable)?;
    settle(&connection).map_err(unusable)?;
    connection.busy_timeout(WRITER_PATIENCE).map_err(unusable)?;
    // A second process may write, too: each transaction takes its turn at the beginning, not when it is too late.
    connection.set_transaction_behavior(rusqlite::TransactionBehavior::Immediate);
    connection.pragma_update(None, "journal_mode", "WAL").map_err(unusable)?;
    // A commit returns after its bytes are on disk: what a 202 promises.
    connection.pragma_update(None, "synchronous", "FULL").map_err(unusable)?;
    connection.pragma_update(None, "secure_delete", "ON").map_err(unusable)?;
    // Its permissions, or a damaged header, let it be read alone: commits would fail, one after the other.
    if connection.is_readonly("main").map_err(unusable)? {
        return Err(StoreError::Unusable(format!(
            "{} cannot be written: give the user that runs mqlite the right to write it",
            path.display()
        )));
    }
    let log = PathBuf::from(format!("{}-wal", path.display()));
    wal::settle(&log)
        .map_err(|error| StoreError::Unusable(format!("{} cannot be synced: {error}", log.display())))?;
    migrate::run(&mut connection, path, migrations)?;
    inventory::check(&connection, path, migrations)?;
    Ok(connection)
}

/// Opens `path` for reading only.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| unusable(path, &error))?;
    settle(&connection)?;
    Ok(connection)
}

fn settle(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Brings what is in the write-ahead log into the database's own file.
pub(super) fn settle_file(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()))?;
    Ok(())
}

/// Empties the write-ahead log for good, once what it holds is in the database's own file.
pub(super) fn empty_log(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    if is_emptied(connection)? {
        return Ok(());
    }
    Err(StoreError::Failed(format!(
        "the log of {} cannot be emptied, for another process reads it: wait for that to end, and say the same once more",
        path.display()
    )))
}

fn is_emptied(connection: &Connection) -> Result<bool, StoreError> {
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}

/// Writes the file anew and empties the write-ahead log, so that no page of either holds what was removed;
/// `false` when others were in the way all the time.
pub(super) fn compact(connection: &Connection) -> Result<bool, StoreError> {
    connection.busy_timeout(COMPACT_PATIENCE)?;
    let done = vacuum(connection);
    connection.busy_timeout(WRITER_PATIENCE)?;
    done
}

fn vacuum(connection: &Connection) -> Result<bool, StoreError> {
    match connection.execute_batch("VACUUM") {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
            return Ok(false);
        }
        other => other?,
    }
    is_emptied(connection)
}

/// What to do about a database that cannot be used.
pub(super) const MEND: &str = "If it is damaged, move the whole data folder aside and put a copy of your newest backup \
                               in its place; if it belongs to something else, name another folder with --data";

pub(super) fn unusable(path: &Path, error: &rusqlite::Error) -> StoreError {
    StoreError::Unusable(format!("{} cannot be used as a database ({error}). {MEND}", path.display()))
}

/// A few read connections, opened when needed and lent out one at a time.
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    const KEEP: usize = 4;

    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::new(Vec::new()) }
    }

    /// Runs `work` on a connection, inside one read transaction so that it sees one moment.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => reader(&self.path)?,
        };
        let transaction = connection.transaction()?;
        let result = work(&transaction);
        transaction.finish()?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < Self::KEEP {
            idle.push(connection);
        }
        result
    }

    /// The one number that a query answers with: how many there are.
    pub(super) fn count(&self, query: &str, values: impl rusqlite::Params) -> Result<u64, StoreError> {
        self.read(|connection| {
            let count: i64 = connection.prepare_cached(query)?.query_row(values, |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
    }

    /// Writes a copy without free pages to `path`, synced.
    pub(super) fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let failed = |error: &dyn std::fmt::Display| {
            StoreError::Failed(format!("{} cannot be written: {error}", path.display()))
        };
        if path.exists() {
            return Err(failed(&"it is there already"));
        }
        let target = path.to_str().ok_or_else(|| failed(&"its name is not Unicode"))?;
        reader(&self.path)?.execute("VACUUM INTO ?1", [target]).map_err(|error| failed(&error))?;
        std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(|error| failed(&error))
    }
}
