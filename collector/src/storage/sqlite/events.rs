//! `events.db`: the event log on SQLite. Invariant: writes go through the one writer, reads through
//! connections that cannot write.

use super::connect::{self, Readers};
use super::writer::{Job, Reply, Stretch, Writer, stopped};
use super::{event_rows, migrate, sql};
use crate::domain::{Cursor, Date, LeadKey, SiteNo, Timestamp, VisitorId};
use crate::storage::{
    Append, Batch, DayCount, Doorbell, EraseEvents, ErasedEvents, EventStore, Logged, OutcomeCount,
    OutcomeQuery, Prune, Selector, Sought, StoreError,
};
use rusqlite::params;
use std::path::Path;
use std::sync::Arc;

/// Events looked at in one transaction of pruning: some milliseconds, so that others get their turn.
const PRUNE_ROWS: i64 = 10_000;

/// The event log on SQLite.
pub struct SqliteEvents {
    writer: Option<Writer>,
    pub(super) readers: Readers,
    doorbell: Arc<Doorbell>,
}

impl SqliteEvents {
    /// Opens `path`, creating and migrating it, and starts its writer.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when the file cannot be used; it is left as it is.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let doorbell = Arc::new(Doorbell::default());
        let connection = connect::writer(path, migrate::EVENTS)?;
        let writer = Writer::start(connection, Arc::clone(&doorbell))?;
        Ok(Self { writer: Some(writer), readers: Readers::new(path), doorbell })
    }

    /// Opens `path` for reading only, beside a collector that may be running.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when the file cannot be used.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        connect::reader(path)?;
        Ok(Self { writer: None, readers: Readers::new(path), doorbell: Arc::new(Doorbell::default()) })
    }

    /// The migrations that made this database.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn schema(&self) -> Result<Vec<String>, StoreError> {
        self.readers.read(|connection| migrate::applied(connection))
    }

    /// Gives no place up to this one to an event any more: what was there is lost, and was scored. A damaged log is
    /// emptied.
    ///
    /// # Errors
    /// When it cannot be written, or another process reads it.
    pub fn go_on_after(path: &Path, last: Cursor) -> Result<(), StoreError> {
        let connection = connect::writer(path, migrate::EVENTS)?;
        connection.execute(sql!("events/set_high_water"), [last.raw()])?;
        connection.busy_timeout(connect::COMPACT_PATIENCE)?;
        connect::empty_log(&connection, path)
    }

    fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, StoreError> {
        self.writer.as_ref().ok_or_else(stopped)?.ask(job)
    }
}

impl EventStore for SqliteEvents {
    fn append(&self, batch: Batch) -> Append {
        let queued = self.writer.as_ref().ok_or_else(stopped).and_then(|writer| writer.append(batch));
        Box::pin(async move { queued?.await })
    }

    fn scan(&self, after: Cursor, limit: usize) -> Result<Vec<Logged>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("events/scan"))?;
            event_rows::some(statement.query(params![after.raw(), i64::try_from(limit).unwrap_or(i64::MAX)])?)
        })
    }

    fn seek(&self, sought: &Sought, after: Cursor, limit: usize) -> Result<Vec<Logged>, StoreError> {
        self.readers.read(|connection| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let (from, to) = (sought.from.millis(), sought.to.millis());
            let values = params![after.raw(), limit, sought.site.get(), from, to];
            event_rows::all(connection.prepare_cached(sql!("events/seek"))?.query(values)?)
        })
    }

    fn has_up_to(&self, site: SiteNo, place: Cursor) -> Result<bool, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("events/has_up_to"))?;
            Ok(statement.query_row(params![site.get(), place.raw()], |row| row.get(0))?)
        })
    }

    fn head(&self) -> Result<Cursor, StoreError> {
        self.readers.read(|connection| {
            Ok(Cursor::from_raw(
                connection.prepare_cached(sql!("events/head"))?.query_row([], |row| row.get(0))?,
            ))
        })
    }

    fn report(&self, query: &OutcomeQuery) -> Result<Vec<OutcomeCount>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("events/outcomes"))?;
            let rows = statement.query_map(
                params![query.site.get(), query.from.days(), query.to.days()],
                |row| {
                    let count: i64 = row.get(1)?;
                    Ok(OutcomeCount { reason: row.get(0)?, count: count.unsigned_abs() })
                },
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn daily(&self, query: &OutcomeQuery) -> Result<Vec<DayCount>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("events/daily"))?;
            let rows = statement.query_map(
                params![query.site.get(), query.from.days(), query.to.days()],
                |row| {
                    let count: i64 = row.get(2)?;
                    let day = Date::from_days(row.get(0)?);
                    Ok(DayCount { day, word: row.get(1)?, count: count.unsigned_abs() })
                },
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn erase(&self, selector: &Selector) -> Result<u64, StoreError> {
        self.ask(|reply| Job::Erase(*selector, reply))
    }

    fn prune(&self, prune: &Prune, dry_run: bool) -> Result<u64, StoreError> {
        let up_to = prune.up_to.raw();
        if dry_run {
            let values = params![prune.site.get(), prune.before.millis(), up_to];
            return self.readers.count(sql!("events/count_prunable"), values);
        }
        let (mut after, mut gone) = (0, 0);
        loop {
            // The whole log, for a clock that was wrong for a while leaves young events before old ones.
            let stretch = self.readers.read(|connection| {
                Ok(connection
                    .prepare_cached(sql!("events/stretch"))?
                    .query_row(params![after, up_to, PRUNE_ROWS], |row| {
                        Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
                    })?)
            })?;
            let (Some(last), Some(oldest)) = stretch else { return Ok(gone) };
            if oldest < prune.before.millis() {
                let stretch = Stretch { site: prune.site, before: prune.before, after, last };
                gone += self.ask(|reply| Job::Prune(stretch, reply))?;
            }
            after = last;
        }
    }

    fn prune_outcomes(&self, site: SiteNo, before: Date, dry_run: bool) -> Result<u64, StoreError> {
        if dry_run {
            return self.readers.count(sql!("events/count_old_outcomes"), params![site.get(), before.days()]);
        }
        self.ask(|reply| Job::PruneOutcomes(site, before, reply))
    }

    fn silent_leads(&self, site: SiteNo, before: Timestamp) -> Result<Vec<LeadKey>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("events/silent_leads"))?;
            let rows = statement.query_map(params![site.get(), before.millis()], |row| row.get(0))?;
            Ok(rows.map(|key| key.map(LeadKey::from_bytes)).collect::<Result<_, _>>()?)
        })
    }

    fn drop_unused(&self) -> Result<(), StoreError> {
        self.ask(Job::DropUnused)
    }

    fn visitors_since(&self, since: Timestamp) -> Result<Vec<(VisitorId, Timestamp)>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("events/visitors_since"))?;
            let rows = statement.query_map([since.millis()], |row| {
                Ok((VisitorId::from_bytes(row.get(0)?), Timestamp::from_millis(row.get(1)?)))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn backup(&self, path: &Path) -> Result<(), StoreError> {
        self.readers.copy_to(path)
    }

    fn events_of(&self, lead: LeadKey) -> Result<Vec<Logged>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("events/events_of"))?;
            event_rows::all(statement.query([lead.bytes()])?)
        })
    }

    fn erase_person(&self, order: &EraseEvents) -> Result<ErasedEvents, StoreError> {
        self.ask(|reply| Job::ErasePerson(*order, reply))
    }

    fn compact(&self) -> Result<bool, StoreError> {
        self.ask(Job::Compact)
    }

    fn settle(&self) -> Result<(), StoreError> {
        self.writer.as_ref().map_or(Ok(()), Writer::settle)
    }

    fn doorbell(&self) -> Arc<Doorbell> {
        Arc::clone(&self.doorbell)
    }
}
