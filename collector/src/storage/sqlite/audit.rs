//! The audit log on SQLite. Invariant: as the trait says; the entry before is read in the transaction that
//! adds the next, also when another process adds one at the same moment.

use super::connect::Connection;
use super::{SqliteLedger, sql};
use crate::domain::{Act, Entry, EntryHash, Head, LeadKey, Reference, SiteNo, Timestamp, to_hex};
use crate::storage::{AuditLog, AuditPage, AuditQuery, StoreError, random};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, params};

/// A hash that is not one, as only tampering makes it, reads as a hash that nothing has.
fn hash(value: ValueRef<'_>) -> EntryHash {
    value.as_blob().ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or([0xff; 32])
}

/// Text that is none, as only tampering makes it, reads as what it is made of behind a sign that no text of ours
/// holds. So its hash fits no more, also where the bytes are the same: a filter would pass such an entry over.
fn text(value: ValueRef<'_>) -> String {
    let bytes = match value {
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => return text.to_owned(),
            Err(_) => to_hex(bytes),
        },
        ValueRef::Blob(bytes) => std::str::from_utf8(bytes).map_or_else(|_| to_hex(bytes), str::to_owned),
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
    };
    format!("\0{bytes}")
}

fn entry(row: &Row<'_>) -> Result<Entry, rusqlite::Error> {
    let optional = |name: &str| match row.get_ref(name)? {
        ValueRef::Null => Ok::<_, rusqlite::Error>(None),
        value => Ok(Some(text(value))),
    };
    Ok(Entry {
        seq: row.get("seq")?,
        at: Timestamp::from_millis(row.get_ref("at")?.as_i64().unwrap_or(i64::MIN)),
        role: text(row.get_ref("role")?),
        who: text(row.get_ref("who")?),
        action: text(row.get_ref("action")?),
        site: optional("site")?,
        subject: optional("subject")?,
        details: text(row.get_ref("details")?),
        previous: hash(row.get_ref("previous")?),
        hash: hash(row.get_ref("hash")?),
    })
}

fn head(connection: &Connection, query: &str) -> Result<Option<Head>, rusqlite::Error> {
    let row = |row: &Row<'_>| Ok(Head { seq: row.get(0)?, hash: hash(row.get_ref(1)?) });
    connection.prepare_cached(query)?.query_row([], row).optional()
}

/// The newest entry that ever was, as far as the log itself tells.
pub(super) fn newest(connection: &Connection) -> Result<Option<Head>, rusqlite::Error> {
    let heads = [sql!("ledger/audit_newest"), sql!("ledger/audit_head")];
    let heads = heads.map(|query| head(connection, query));
    Ok(heads.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().max_by_key(|head| head.seq))
}

fn reference(connection: &Connection, site: SiteNo, lead: LeadKey) -> Result<Option<Reference>, StoreError> {
    let row = |row: &Row<'_>| row.get(0).map(Reference::from_bytes);
    let mut statement = connection.prepare_cached(sql!("ledger/audit_reference"))?;
    Ok(statement.query_row(params![lead.bytes(), site.get()], row).optional()?)
}

/// Adds an entry, in a transaction that began by taking its turn.
pub(super) fn append(transaction: &Connection, act: &Act) -> Result<Entry, StoreError> {
    // The head that is kept goes before the newest entry that is left. Where a tail was cut, or the last
    // entry written anew, the chain then shows the place for good, and the log still goes on.
    let newest = head(transaction, sql!("ledger/audit_newest"))?;
    let kept = head(transaction, sql!("ledger/audit_head"))?;
    let after = match (newest, kept) {
        (Some(newest), Some(kept)) if kept.seq < newest.seq => Some(newest),
        (newest, kept) => kept.or(newest),
    };
    let entry = Entry::after(after, act);
    let added = transaction.prepare_cached(sql!("ledger/audit_add"))?.execute(params![
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
    // A trigger that somebody put there can swallow an entry without a word.
    if added != 1 {
        return Err(StoreError::Failed("the audit log does not take entries".to_owned()));
    }
    transaction.prepare_cached(sql!("ledger/audit_set_head"))?.execute(params![entry.seq, entry.hash])?;
    Ok(entry)
}

impl AuditLog for SqliteLedger {
    fn append_entry(&self, act: &Act) -> Result<Entry, StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
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
        self.readers.read(|connection| Ok(head(connection, sql!("ledger/audit_head"))?))
    }

    fn reference(&self, site: SiteNo, lead: LeadKey) -> Result<Reference, StoreError> {
        if let Some(known) = self.known_reference(site, lead)? {
            return Ok(known);
        }
        let fresh = random::<16>()?;
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
