//! The audit log on SQLite. Invariant: as the trait says; the entry before is read in the transaction that
//! adds the next, also when another process adds one at the same moment.

use super::connect::Connection;
use super::{SqliteLedger, sql};
use crate::domain::{Act, Entry, EntryHash, Head, LeadKey, Reference, SiteNo, Timestamp};
use crate::storage::{AuditLog, AuditPage, AuditQuery, StoreError};
use rusqlite::{OptionalExtension, Row, TransactionBehavior, params};

/// A hash that is not one, as only tampering makes it, reads as zeros: then nothing matches it.
fn hash(bytes: Vec<u8>) -> EntryHash {
    bytes.try_into().unwrap_or([0; 32])
}

fn entry(row: &Row<'_>) -> Result<Entry, rusqlite::Error> {
    Ok(Entry {
        seq: row.get("seq")?,
        at: Timestamp::from_millis(row.get("at")?),
        role: row.get("role")?,
        who: row.get("who")?,
        action: row.get("action")?,
        site: row.get("site")?,
        subject: row.get("subject")?,
        details: row.get("details")?,
        previous: hash(row.get("previous")?),
        hash: hash(row.get("hash")?),
    })
}

fn head(connection: &Connection, query: &str) -> Result<Option<Head>, StoreError> {
    let row = |row: &Row<'_>| Ok(Head { seq: row.get(0)?, hash: hash(row.get(1)?) });
    Ok(connection.prepare_cached(query)?.query_row([], row).optional()?)
}

fn reference(connection: &Connection, site: SiteNo, lead: LeadKey) -> Result<Option<Reference>, StoreError> {
    let row = |row: &Row<'_>| row.get(0).map(Reference::from_bytes);
    let mut statement = connection.prepare_cached(sql!("ledger/audit_reference"))?;
    Ok(statement.query_row(params![lead.bytes(), site.get()], row).optional()?)
}

/// Adds an entry, in a transaction that began by taking its turn.
pub(super) fn append(transaction: &Connection, act: &Act) -> Result<Entry, StoreError> {
    // After the newest there is, and not after the head that is kept beside it: a cut tail is for
    // `verify` to find, and must not stop the log.
    let entry = Entry::after(head(transaction, sql!("ledger/audit_newest"))?, act);
    transaction.prepare_cached(sql!("ledger/audit_add"))?.execute(params![
        entry.seq,
        entry.at.millis(),
        entry.role,
        entry.who,
        entry.action,
        entry.site,
        entry.subject,
        entry.details,
        entry.previous,
        entry.hash,
    ])?;
    transaction.prepare_cached(sql!("ledger/audit_set_head"))?.execute(params![entry.seq, entry.hash])?;
    Ok(entry)
}

impl AuditLog for SqliteLedger {
    fn append_entry(&self, act: &Act) -> Result<Entry, StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let entry = append(&transaction, act)?;
        transaction.commit()?;
        Ok(entry)
    }

    fn entries(&self, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        let matches = (
            query.action.map(crate::domain::Action::name),
            query.role.map(crate::domain::Role::name),
            query.site.as_ref().map(ToString::to_string),
            query.subject.as_ref().map(ToString::to_string),
            query.from.map(Timestamp::millis),
            query.until.map(Timestamp::millis),
        );
        let (action, role, site, subject, from, until) = &matches;
        self.readers.read(|connection| {
            let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
            let mut statement = connection.prepare_cached(sql!("ledger/audit_entries"))?;
            let rows = statement
                .query_map(params![action, role, site, subject, from, until, query.before, limit], entry)?;
            let entries = rows.collect::<Result<Vec<_>, _>>()?;
            let total: i64 = connection
                .prepare_cached(sql!("ledger/audit_count"))?
                .query_row(params![action, role, site, subject, from, until], |row| row.get(0))?;
            Ok(AuditPage { entries, total: total.unsigned_abs() })
        })
    }

    fn entries_after(&self, seq: i64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/audit_after"))?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![seq, limit], entry)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn audit_head(&self) -> Result<Option<Head>, StoreError> {
        self.readers.read(|connection| head(connection, sql!("ledger/audit_head")))
    }

    fn reference(&self, site: SiteNo, lead: LeadKey) -> Result<Reference, StoreError> {
        if let Some(known) = self.known_reference(site, lead)? {
            return Ok(known);
        }
        let mut fresh = [0; 16];
        getrandom::fill(&mut fresh)
            .map_err(|error| StoreError::Failed(format!("the system gives no random bytes: {error}")))?;
        let writer = self.writer();
        writer.execute(sql!("ledger/audit_put_reference"), params![lead.bytes(), site.get(), fresh])?;
        // Of two that asked at once, both get the first one's.
        reference(&writer, site, lead)?
            .ok_or_else(|| StoreError::Failed("the reference was not kept".to_owned()))
    }

    fn known_reference(&self, site: SiteNo, lead: LeadKey) -> Result<Option<Reference>, StoreError> {
        self.readers.read(|connection| reference(connection, site, lead))
    }
}
