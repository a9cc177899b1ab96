//! What a data folder's databases say before anything is written to them. Invariant: nothing is written but what
//! SQLite takes back of a change that was cut short, so that what is damaged stays as it is for whoever mends it; and SQLite's own ways of beginning anew without a word (an
//! empty file is a new database, a damaged log is a shorter one) are seen before it takes them.

use super::connect::{self, Connection};
use super::migrate::{self, Migration};
use super::{sql, wal};
use crate::domain::{Cursor, Head};
use crate::storage::StoreError;
use rusqlite::{OpenFlags, OptionalExtension};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What is wrong with a database, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It cannot be used as it is. The text says what to do.
    #[error("{0}")]
    Unusable(String),
    /// It can be used, without some of what it held.
    #[error("{0}")]
    Loss(String),
}

/// What an event log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventsSeen {
    /// Whether an older version wrote it, so that the next start migrates it.
    pub older: bool,
    /// The last place that was ever given to an event.
    pub highest: Cursor,
}

/// What a ledger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerSeen {
    /// As [`EventsSeen::older`].
    pub older: bool,
    /// How many sites there are.
    pub sites: u64,
    /// How far in the event log it has been scored, if anything was.
    pub scored: Option<Cursor>,
    /// The newest entry of the audit log.
    pub audit: Option<Head>,
}

/// Looks at the event log; `None` when there is none, or an empty one, as a first start leaves it that was cut short.
///
/// `alone` asks whether nobody else writes to it; asked only when its write-ahead log looks damaged, which one that
/// is being written does, too.
///
/// # Errors
/// Says what is wrong.
pub fn look_at_events(path: &Path, alone: &dyn Fn() -> bool) -> Result<Option<EventsSeen>, Damage> {
    let Some((connection, older)) = look(path, migrate::EVENTS, alone)? else { return Ok(None) };
    let highest = connection
        .query_row(sql!("events/highest"), [], |row| row.get(0))
        .map_err(|error| unusable(&connect::unusable(path, &error)))?;
    Ok(Some(EventsSeen { older, highest: Cursor::from_raw(highest) }))
}

/// Looks at the ledger, as [`look_at_events`] does at the events.
///
/// # Errors
/// Says what is wrong.
pub fn look_at_ledger(path: &Path, alone: &dyn Fn() -> bool) -> Result<Option<LedgerSeen>, Damage> {
    let Some((connection, older)) = look(path, migrate::LEDGER, alone)? else { return Ok(None) };
    let read = || -> Result<LedgerSeen, rusqlite::Error> {
        let sites: i64 = connection.query_row(sql!("ledger/count_sites"), [], |row| row.get(0))?;
        let scored = connection.query_row(sql!("ledger/progress"), [], |row| row.get(0)).optional()?;
        // An older version's ledger has no audit log yet.
        let audited = connection.query_row(sql!("schema/has_table"), ["audit"], |row| row.get(0))?;
        let audit = if audited { super::audit::newest(&connection)? } else { None };
        Ok(LedgerSeen { older, sites: sites.unsigned_abs(), scored: scored.map(Cursor::from_raw), audit })
    };
    read().map(Some).map_err(|error| unusable(&connect::unusable(path, &error)))
}

/// Reads all of a database; answers what is wrong with it, in SQLite's words.
///
/// # Errors
/// When it cannot be read at all.
pub fn read_all(path: &Path) -> Result<Vec<String>, StoreError> {
    let connection = connect::reader(path)?;
    let failed = |error: rusqlite::Error| connect::unusable(path, &error);
    let mut statement = connection.prepare(sql!("schema/integrity")).map_err(failed)?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(failed)?;
    let mut said: Vec<String> = rows.collect::<Result<_, _>>().map_err(failed)?;
    said.retain(|line| line != "ok");
    Ok(said)
}

fn unusable(error: &StoreError) -> Damage {
    Damage::Unusable(error.to_string())
}

/// Takes back what a crash left half-done in a database that has no write-ahead log yet, as in the very first start, or
/// the first one on a copy: SQLite does that only for whoever may write. The caller holds the folder's lock, or is
/// about to write to the database anyway.
///
/// # Errors
/// Says what is wrong.
pub fn take_back(path: &Path) -> Result<(), Damage> {
    if !is_half_done(path) {
        return Ok(());
    }
    let log = beside(path, "wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(Damage::Unusable(format!(
            "{0} has both {0}-journal and {1} beside it, which are not of one moment. {2}",
            path.display(),
            log.display(),
            connect::MEND
        )));
    }
    let taken_back = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.query_row(sql!("schema/count_tables"), [], |row| row.get::<_, i64>(0))
    };
    taken_back().map(drop).map_err(|error| unusable(&connect::unusable(path, &error)))
}

/// Whether a database has a rollback journal with something in it. That of an empty one SQLite throws away.
fn is_half_done(path: &Path) -> bool {
    let mut first = [0];
    let read = fs::File::open(beside(path, "journal")).and_then(|mut file| file.read_exact(&mut first));
    read.is_ok() && first != [0] && fs::metadata(path).is_ok_and(|there| there.len() > 0)
}

/// The file that SQLite keeps beside a database.
fn beside(path: &Path, what: &str) -> PathBuf {
    PathBuf::from(format!("{}-{what}", path.display()))
}

/// A connection that reads, to a database of ours that is whole as far as it can be told cheaply; and whether it is of
/// an older version.
fn look(
    path: &Path,
    known: &[Migration],
    alone: &dyn Fn() -> bool,
) -> Result<Option<(Connection, bool)>, Damage> {
    let file = path.display();
    let broken = |why: String| Damage::Unusable(format!("{file} {why}. {}", connect::MEND));
    let log = beside(path, "wal");
    let newest = fs::metadata(&log).map_or(0, |log| log.len());
    let size = match fs::metadata(path) {
        Ok(there) if there.is_dir() => return Err(broken("is a folder, and no database".to_owned())),
        Ok(there) => there.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(broken(format!("cannot be looked at ({error})"))),
    };
    if size == 0 {
        // SQLite would remove the log: to it, it is some other file's.
        let lost = newest > 0 && wal_counts(&log);
        return if lost {
            Err(broken(format!("is missing or empty, and its newest commits are in {}", log.display())))
        } else {
            Ok(None)
        };
    }
    if is_half_done(path) {
        return Err(Damage::Unusable(format!(
            "{file} cannot be read: a crash left a change of it half-done, which {file}-journal takes back at the next \
             start: mqlite serve"
        )));
    }
    let header = header(path).map_err(|error| broken(format!("cannot be read ({error})")))?;
    if header[..16] != *b"SQLite format 3\0" {
        return Err(broken("is no database, or its beginning is damaged".to_owned()));
    }
    // 2: with a write-ahead log. 1: without, as copies are made. SQLite takes others as read-only, at best.
    if !matches!(header[18..20], [1, 1] | [2, 2]) {
        return Err(broken("has a damaged beginning".to_owned()));
    }
    // A healthy copy has no log: it was put over a folder that had one, and SQLite would replay that upon it.
    if header[18..20] == [1, 1] && newest > 0 && wal_counts(&log) {
        return Err(broken(format!("is a copy, and {} is another's log", log.display())));
    }
    let damage =
        || wal::damage(&log).map_err(|error| broken(format!("has a log that cannot be read ({error})")));
    if damage()?.is_some()
        && alone()
        && let Some(at) = damage()?
    {
        return Err(Damage::Loss(format!(
            "{} is damaged at byte {at}: what was committed after that cannot be read",
            log.display()
        )));
    }
    let connection = connect::reader(path).map_err(|error| unusable(&error))?;
    let applied = migrate::look(&connection, path, known).map_err(|error| unusable(&error))?;
    Ok((applied > 0).then_some((connection, applied < known.len())))
}

/// Whether a log holds anything but the beginning of a first start.
fn wal_counts(log: &Path) -> bool {
    fs::read(log).is_ok_and(|bytes| bytes.iter().any(|byte| *byte != 0))
}

/// The first hundred bytes; what is shorter is padded with zeros.
fn header(path: &Path) -> io::Result<[u8; 100]> {
    let mut header = Vec::with_capacity(100);
    fs::File::open(path)?.take(100).read_to_end(&mut header)?;
    header.resize(100, 0);
    header.try_into().map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests;
