//! Voids on the ledger's file. Invariant: as the trait says; a void that does not count any more keeps no places.

use super::connect::Connection;
use super::{SqliteLedger, audit, publications, scores, sql};
use crate::domain::{Actor, Cursor, Entry, LeadKey, ModelHash, Selection, SiteNo, Text, Timestamp};
use crate::storage::{
    Adopt, NewPublication, NewVoid, Places, Publication, Say, StoreError, Void, VoidState, VoidStep, Voids,
};
use rusqlite::{Row, params};
use std::collections::BTreeSet;

fn void(row: &Row<'_>) -> Result<Void, StoreError> {
    let state: String = row.get("state")?;
    let moment = |name: &str| row.get(name).map(Timestamp::from_millis);
    Ok(Void {
        no: row.get("no")?,
        asked: NewVoid {
            site: SiteNo::new(row.get("site")?),
            selection: Selection {
                from: moment("from_at")?,
                to: moment("to_at")?,
                only: serde_json::from_str(&row.get::<_, String>("selection")?)?,
            },
            reason: Text::clean(&row.get::<_, String>("reason")?),
            asked_at: moment("asked_at")?,
            by: Actor {
                role: scores::role(&row.get::<_, String>("asked_by_role")?, "voids.asked_by_role")?,
                who: Text::clean(&row.get::<_, String>("asked_by")?),
            },
            events: row.get::<_, i64>("events")?.unsigned_abs(),
        },
        state: VoidState::from_name(&state).ok_or_else(|| scores::damaged("voids.state"))?,
        last: Cursor::from_raw(row.get("last")?),
        undone_at: row.get::<_, Option<i64>>("undone_at")?.map(Timestamp::from_millis),
    })
}

fn all(connection: &Connection, query: &str, of: i64) -> Result<Vec<Void>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query([of])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(void(row)?);
    }
    Ok(found)
}

/// How many voids of a site came in force, and how many of them were taken back.
pub(super) fn told(connection: &Connection, site: SiteNo) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/voids_told"))?;
    Ok(statement.query_row([site.get()], |row| row.get(0))?)
}

/// Puts a void in force, or takes it back, where the model that scored without it is the one that is live.
pub(super) fn take_effect(
    connection: &Connection,
    step: VoidStep,
    order: &Adopt<'_>,
) -> Result<(), StoreError> {
    let live: Option<[u8; 32]> =
        connection.query_row(sql!("adopt/live_model"), [order.site.no.get()], |row| row.get(0))?;
    let changed = if step.undo {
        connection.execute(sql!("ledger/void_undone"), params![step.no, order.at.millis()])?
    } else {
        connection.execute(sql!("ledger/void_in_force"), [step.no])?
    };
    if changed != 1 || live.as_ref() != Some(order.publication.asked.model.bytes()) {
        return Err(StoreError::Conflict);
    }
    connection.execute(sql!("ledger/drop_void_places"), [])?;
    Ok(())
}

/// As [`crate::storage::Scores::voided`], as this connection sees it.
pub(super) fn voided(
    connection: &Connection,
    places: &[Cursor],
    step: Option<VoidStep>,
) -> Result<BTreeSet<Cursor>, StoreError> {
    let Some(first) = places.first() else { return Ok(BTreeSet::new()) };
    let of = |undo| step.filter(|step| step.undo == undo).map(|step| step.no);
    let mut statement = connection.prepare_cached(sql!("ledger/voids_in_force"))?;
    let rows = statement.query_map(params![first.raw(), of(false), of(true)], |row| row.get(0))?;
    let voids: Vec<i64> = rows.collect::<Result<_, _>>()?;
    let mut is_voided = connection.prepare_cached(sql!("ledger/is_voided"))?;
    let mut found = BTreeSet::new();
    for void in voids {
        for place in places {
            if is_voided.query_row([void, place.raw()], |row| row.get(0))? {
                found.insert(*place);
            }
        }
    }
    Ok(found)
}

impl SqliteLedger {
    /// As [`crate::storage::Scores::voided`].
    pub(super) fn voided_of(
        &self,
        places: &[Cursor],
        step: Option<VoidStep>,
    ) -> Result<BTreeSet<Cursor>, StoreError> {
        self.readers.read(|connection| voided(connection, places, step))
    }
}

impl Voids for SqliteLedger {
    fn ask_void(
        &self,
        new: &NewVoid,
        places: &[Places],
        model: ModelHash,
        say: Say<'_, i64>,
    ) -> Result<(Void, Publication, Entry), StoreError> {
        let NewVoid { site, selection, reason, asked_at, by, events } = new;
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let last = places.last().map_or(0, |(_, last)| last.raw());
        transaction.execute(
            sql!("ledger/ask_void"),
            params![
                site.get(),
                selection.from.millis(),
                selection.to.millis(),
                serde_json::to_string(&selection.only)?,
                reason.as_str(),
                asked_at.millis(),
                by.role.name(),
                by.who.as_str(),
                i64::try_from(*events).unwrap_or(i64::MAX),
                last,
            ],
        )?;
        let no = transaction.last_insert_rowid();
        let mut put = transaction.prepare_cached(sql!("ledger/put_void_places"))?;
        for (first, last) in places {
            put.execute([no, first.raw(), last.raw()])?;
        }
        drop(put);
        let void =
            all(&transaction, sql!("ledger/void"), no)?.pop().ok_or_else(|| scores::damaged("voids"))?;
        let asked = NewPublication {
            site: *site,
            model,
            asked_at: *asked_at,
            by: by.clone(),
            announce: false,
            void: Some(VoidStep { no, undo: false }),
        };
        let publication = publications::ask(&transaction, &asked)?;
        let entry = audit::append(&transaction, &say(&no))?;
        transaction.commit()?;
        Ok((void, publication, entry))
    }

    fn voids(&self, site: SiteNo) -> Result<Vec<Void>, StoreError> {
        self.readers.read(|connection| all(connection, sql!("ledger/voids"), i64::from(site.get())))
    }

    fn void_leads(&self, site: SiteNo, limit: usize) -> Result<Vec<LeadKey>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/void_leads"))?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![site.get(), limit], |row| row.get(0))?;
            Ok(rows.map(|key| key.map(LeadKey::from_bytes)).collect::<Result<_, _>>()?)
        })
    }

    fn forget_void_lead(&self, site: SiteNo, lead: LeadKey) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let there: bool =
            transaction
                .query_row(sql!("ledger/is_lead"), params![lead.bytes(), site.get()], |row| row.get(0))?;
        if there {
            return Ok(());
        }
        let mut gone = 0;
        for query in
            [sql!("ledger/erase_transitions"), sql!("ledger/erase_earlier"), sql!("ledger/erase_overrides")]
        {
            gone += transaction.execute(query, [lead.bytes()])?;
        }
        if gone > 0 {
            transaction.execute(sql!("ledger/raise_takings"), [])?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn drop_void(&self, no: i64) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        if transaction.execute(sql!("ledger/drop_void"), [no])? == 1 {
            transaction.execute(sql!("ledger/drop_void_places"), [])?;
        }
        transaction.commit()?;
        Ok(())
    }
}
