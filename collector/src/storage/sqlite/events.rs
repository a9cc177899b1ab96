//! `events.db`: the event log on SQLite. Invariant: writes go through the one writer, reads through
//! connections that cannot write.

use super::connect::{self, Readers};
use super::writer::{Writer, stopped};
use super::{event_rows, migrate, sql};
use crate::domain::{Cursor, LeadKey};
use crate::storage::{
    Append, Batch, Doorbell, EraseEvents, ErasedEvents, EventStore, Logged, OutcomeCount, OutcomeQuery,
    Selector, StoreError,
};
use rusqlite::params;
use std::path::Path;
use std::sync::Arc;

/// The event log on SQLite.
pub struct SqliteEvents {
    writer: Option<Writer>,
    readers: Readers,
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
}

impl EventStore for SqliteEvents {
    fn append(&self, batch: Batch) -> Append {
        let queued = self.writer.as_ref().ok_or_else(stopped).and_then(|writer| writer.append(batch));
        Box::pin(async move { queued?.await.map_err(|_| stopped())? })
    }

    fn scan(&self, after: Cursor, limit: usize) -> Result<Vec<Logged>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("events/scan"))?;
            let mut rows = statement.query(params![after.raw(), i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                events.push(event_rows::read(row)?);
            }
            Ok(events)
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

    fn erase(&self, selector: &Selector) -> Result<u64, StoreError> {
        let answer = self.writer.as_ref().ok_or_else(stopped)?.erase(*selector)?;
        answer.blocking_recv().map_err(|_| stopped())?
    }

    fn events_of(&self, lead: LeadKey) -> Result<Vec<Logged>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("events/events_of"))?;
            let mut rows = statement.query([lead.bytes()])?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                events.push(event_rows::read(row)?);
            }
            Ok(events)
        })
    }

    fn erase_person(&self, order: &EraseEvents) -> Result<ErasedEvents, StoreError> {
        let answer = self.writer.as_ref().ok_or_else(stopped)?.erase_person(*order)?;
        answer.blocking_recv().map_err(|_| stopped())?
    }

    fn compact(&self) -> Result<bool, StoreError> {
        let answer = self.writer.as_ref().ok_or_else(stopped)?.compact()?;
        answer.blocking_recv().map_err(|_| stopped())?
    }

    fn settle(&self) -> Result<(), StoreError> {
        self.writer.as_ref().map_or(Ok(()), Writer::settle)
    }

    fn doorbell(&self) -> Arc<Doorbell> {
        Arc::clone(&self.doorbell)
    }
}
