//! Publications on the ledger's file. Invariant: as the trait says; what is noted and its entry are one
//! transaction, and what ended does not begin again.

use super::connect::Connection;
use super::{SqliteLedger, audit, scores, sql};
use crate::domain::{Act, Actor, Entry, LeadKey, ModelHash, SiteNo, Text, Timestamp};
use crate::storage::{
    Adopt, Adopted, Announced, Earlier, Ended, Last, NewPublication, Publication, PublicationState,
    Publications, Say, StoreError, VoidStep,
};
use rusqlite::{Row, params};

fn publication(row: &Row<'_>) -> Result<Publication, StoreError> {
    let state: String = row.get("state")?;
    let count = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
    Ok(Publication {
        id: row.get("id")?,
        asked: NewPublication {
            site: SiteNo::new(row.get("site")?),
            model: ModelHash::from_bytes(row.get("model")?),
            asked_at: Timestamp::from_millis(row.get("asked_at")?),
            by: Actor {
                role: scores::role(&row.get::<_, String>("asked_by_role")?, "publications.asked_by_role")?,
                who: Text::clean(&row.get::<_, String>("asked_by")?),
            },
            announce: row.get("announce")?,
            void: match row.get("void")? {
                Some(no) => Some(VoidStep { no, undo: row.get("undo")? }),
                None => None,
            },
        },
        state: PublicationState::from_name(&state).ok_or_else(|| scores::damaged("publications.state"))?,
        ended_at: row.get::<_, Option<i64>>("ended_at")?.map(Timestamp::from_millis),
        entered: count("entered")?,
        left: count("departed")?,
        problem: row.get("problem")?,
    })
}

fn all(
    connection: &Connection,
    query: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<Publication>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(publication(row)?);
    }
    Ok(found)
}

/// Ends a publication that runs; answers whether it did.
pub(super) fn end(
    connection: &Connection,
    id: i64,
    ended: &Ended,
    (entered, left): (u64, u64),
) -> Result<bool, StoreError> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let values =
        params![id, ended.state.name(), ended.at.millis(), ended.problem, number(entered), number(left)];
    Ok(connection.execute(sql!("ledger/end_publication"), values)? == 1)
}

/// Takes note of a publication, unless the same runs.
pub(super) fn ask(connection: &Connection, new: &NewPublication) -> Result<Publication, StoreError> {
    let asked = connection.execute(
        sql!("ledger/ask_publication"),
        params![
            new.site.get(),
            new.model.bytes(),
            new.asked_at.millis(),
            new.by.role.name(),
            new.by.who.as_str(),
            new.announce,
            new.void.map(|step| step.no),
            new.void.is_some_and(|step| step.undo),
        ],
    )?;
    if asked != 1 {
        return Err(StoreError::Conflict);
    }
    let found = all(connection, sql!("ledger/publication"), [connection.last_insert_rowid()])?;
    found.into_iter().next().ok_or_else(|| scores::damaged("publications"))
}

impl Publications for SqliteLedger {
    fn ask_publication(&self, new: &NewPublication, act: &Act) -> Result<(Publication, Entry), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let publication = ask(&transaction, new)?;
        let entry = audit::append(&transaction, act)?;
        transaction.commit()?;
        Ok((publication, entry))
    }

    fn publications(&self, site: SiteNo) -> Result<Vec<Publication>, StoreError> {
        self.readers.read(|connection| all(connection, sql!("ledger/publications"), [site.get()]))
    }

    fn publication(&self, id: i64) -> Result<Option<Publication>, StoreError> {
        let found = self.readers.read(|connection| all(connection, sql!("ledger/publication"), [id]))?;
        Ok(found.into_iter().next())
    }

    fn next_publication(&self) -> Result<Option<Publication>, StoreError> {
        let found = self.readers.read(|connection| all(connection, sql!("ledger/next_publication"), []))?;
        Ok(found.into_iter().next())
    }

    fn end_publication(&self, id: i64, ended: &Ended, act: &Act) -> Result<Option<Entry>, StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        if !end(&transaction, id, ended, (0, 0))? {
            return Ok(None);
        }
        transaction.execute(sql!("ledger/void_dropped"), [id])?;
        transaction.execute(sql!("ledger/drop_void_places"), [])?;
        let entry = audit::append(&transaction, act)?;
        transaction.commit()?;
        Ok(Some(entry))
    }

    fn adopt(
        &self,
        order: &Adopt<'_>,
        last: Last<'_>,
        say: Say<'_, Adopted>,
    ) -> Result<(Adopted, Entry), StoreError> {
        self.take_over(order, last, say)
    }

    fn earlier(&self, site: SiteNo, key: LeadKey) -> Result<Vec<Earlier>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/earlier_transitions"))?;
            let mut rows = statement.query(params![key.bytes(), site.get()])?;
            let mut earlier = Vec::new();
            while let Some(row) = rows.next()? {
                let transition = scores::transition(row, site, key)?;
                earlier.push(Earlier { publication: row.get("publication")?, transition });
            }
            Ok(earlier)
        })
    }

    fn to_announce(&self, after: i64, limit: usize) -> Result<Vec<Announced>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/to_announce"))?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = statement.query([after, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (site, lead) = (SiteNo::new(row.get("site")?), LeadKey::from_bytes(row.get("lead")?));
                let transition = scores::transition(row, site, lead)?;
                found.push(Announced { number: row.get("number")?, transition });
            }
            Ok(found)
        })
    }
}
