//! Visits, leads, hits, transitions and rollups on SQLite. Invariant: as the trait says: one transaction
//! for the cursor and all that follows from it.

use super::connect::Connection;
use super::{SqliteLedger, codec, ledger, overrides, packed, rights, sql, visits};
use crate::domain::{
    Actor, Cursor, EmailDomain, Hit, LeadKey, ModelHash, Money, Points, Role, Score, Site, SiteNo, Stage,
    Text, Timestamp, VisitorId,
};
use crate::leads::{Lead, Origin, Qualified, Transition};
use crate::storage::counting::taken_back;
use crate::storage::{Changes, Loaded, RollupDelta, RollupKey, Scores, StoreError, VoidStep};
use rusqlite::{CachedStatement, OptionalExtension, Row, params};
use std::collections::{BTreeSet, HashSet};

pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Failed(format!("{what} in ledger.db holds a value that this binary does not know"))
}

/// How far scoring has come.
pub(super) fn progress(connection: &Connection) -> Result<Option<(Cursor, ModelHash)>, StoreError> {
    let row = connection
        .prepare_cached(sql!("ledger/progress"))?
        .query_row([], |row| Ok((Cursor::from_raw(row.get(0)?), ModelHash::from_bytes(row.get(1)?))));
    Ok(row.optional()?)
}

/// The bytes of a column, which are none where it is null.
pub(super) fn blob<'r>(row: &'r Row<'_>, column: &str) -> Result<&'r [u8], StoreError> {
    let bytes = row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    Ok(bytes.unwrap_or_default())
}

/// Where the lead of a row came from, the first and the last time.
pub(super) fn origins(row: &Row<'_>) -> Result<(Origin, Origin), StoreError> {
    let first = codec::to_origin(blob(row, "first_origin")?, "leads.first_origin")?;
    let last = codec::to_last_origin(blob(row, "last_origin")?, &first, "leads.last_origin")?;
    Ok((first, last))
}

/// A row of `leads`, without its hits and touches.
pub(super) fn lead(row: &Row<'_>) -> Result<Lead, StoreError> {
    let mql_at: Option<i64> = row.get("mql_at")?;
    let qualified = mql_at
        .map(|at| -> Result<Qualified, StoreError> {
            Ok(Qualified {
                at: Timestamp::from_millis(at),
                score: score(row, "mql_total", "mql_fit", "mql_engagement")?,
            })
        })
        .transpose()?;
    let (first, last) = origins(row)?;
    Ok(Lead {
        key: LeadKey::from_bytes(row.get("key")?),
        site: SiteNo::new(row.get("site")?),
        stage: Stage::from_code(row.get("stage")?).ok_or_else(|| damaged("leads.stage"))?,
        stage_at: Timestamp::from_millis(row.get("stage_at")?),
        stage_by: role(&row.get::<_, String>("stage_by")?, "leads.stage_by")?,
        first_seen: Timestamp::from_millis(row.get("first_seen")?),
        known_at: Timestamp::from_millis(row.get("known_at")?),
        last_seen: Timestamp::from_millis(row.get("last_seen")?),
        verified_at: row.get::<_, Option<i64>>("verified_at")?.map(Timestamp::from_millis),
        domain: row.get::<_, Option<String>>("domain")?.as_deref().map(EmailDomain::from_stored),
        country: row.get::<_, Option<String>>("country")?.as_deref().and_then(Text::non_empty),
        attributes: codec::from_json(blob(row, "attributes")?, "leads.attributes")?,
        first,
        last,
        touches: Vec::new(),
        score: score(row, "total", "fit", "engagement")?,
        scored_at: Timestamp::from_millis(row.get("scored_at")?),
        reasons: codec::from_json(blob(row, "reasons")?, "leads.reasons")?,
        qualified,
        hits: Vec::new(),
        overrides: Vec::new(),
    })
}

/// The role of this name, in the column `of`.
pub(super) fn role(name: &str, of: &str) -> Result<Role, StoreError> {
    Role::from_name(name).ok_or_else(|| damaged(of))
}

fn score(row: &Row<'_>, total: &str, fit: &str, engagement: &str) -> Result<Score, StoreError> {
    Ok(Score {
        total: Points::from_milli(row.get(total)?),
        fit: Points::from_milli(row.get(fit)?),
        engagement: Points::from_milli(row.get(engagement)?),
    })
}

/// How often leads were changed by others than events.
pub(super) fn generation(connection: &Connection) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/generation"))?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// A lead, whole, with what people say of it.
pub(super) fn lead_with_hits(connection: &Connection, key: LeadKey) -> Result<Option<Lead>, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/lead"))?;
    let mut rows = statement.query([key.bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut lead = lead(row)?;
    lead.touches = codec::to_touches(blob(row, "touches")?, &lead.first)?;
    lead.hits = hits(row)?;
    lead.overrides = overrides::of(connection, key)?;
    Ok(Some(lead))
}

/// What the lead of a row did, in the order of rules and events.
pub(super) fn hits(row: &Row<'_>) -> Result<Vec<Hit>, StoreError> {
    codec::to_hits(row.get_ref("hits")?.as_blob_or_null().map_err(rusqlite::Error::from)?, "leads.hits")
}

fn put_lead(connection: &Connection, lead: &Lead) -> Result<(), StoreError> {
    let mql = lead.qualified.as_ref();
    connection.prepare_cached(sql!("ledger/put_lead"))?.execute(params![
        lead.key.bytes(),
        lead.site.get(),
        lead.stage.code(),
        lead.first_seen.millis(),
        lead.last_seen.millis(),
        lead.domain.as_ref().map(EmailDomain::as_str),
        lead.country.as_ref().map(Text::as_str),
        codec::json(&lead.attributes)?,
        codec::origin(&lead.first),
        lead.first.touch.channel.code(),
        codec::last_origin(&lead.last, &lead.first),
        lead.last.touch.channel.code(),
        lead.score.total.milli(),
        lead.score.fit.milli(),
        lead.score.engagement.milli(),
        codec::json(&lead.reasons)?,
        mql.map(|mql| mql.at.millis()),
        mql.map(|mql| mql.score.total.milli()),
        mql.map(|mql| mql.score.fit.milli()),
        mql.map(|mql| mql.score.engagement.milli()),
        lead.known_at.millis(),
        lead.stage_at.millis(),
        lead.stage_by.name(),
        lead.scored_at.millis(),
        codec::touches(&lead.touches, &lead.first),
        codec::hits(&lead.hits),
        lead.verified_at.map(Timestamp::millis),
    ])?;
    Ok(())
}

/// Appends a change of stage by one of the queries that do.
pub(super) fn insert_transition(
    connection: &Connection,
    query: &str,
    transition: &Transition,
) -> Result<(), StoreError> {
    connection.prepare_cached(query)?.execute(params![
        transition.lead.bytes(),
        transition.site.get(),
        transition.at.millis(),
        transition.from.code(),
        transition.to.code(),
        transition.reason,
        transition.score.total.milli(),
        transition.score.fit.milli(),
        transition.score.engagement.milli(),
        transition.model.bytes(),
        packed::pack(&transition.lines),
        transition.actor.role.name(),
        transition.actor.who.as_str(),
        transition.amount.as_ref().map(|amount| amount.minor),
        transition.amount.as_ref().map(|amount| amount.currency.as_str()),
    ])?;
    Ok(())
}

/// What a count is found by.
pub(super) fn rollup_key(key: &RollupKey) -> impl rusqlite::Params + '_ {
    (key.site.get(), key.dimension.code(), key.attribution.code(), key.day.days(), key.key.as_str())
}

/// Adds to a count.
pub(super) fn add_rollup(
    connection: &Connection,
    key: &RollupKey,
    delta: RollupDelta,
) -> Result<(), StoreError> {
    change_rollup(&mut connection.prepare_cached(sql!("ledger/add_rollup"))?, key, delta)
}

/// Adds to a count if it is still there: what takes a lead out of it again.
pub(super) fn take_rollup(
    connection: &Connection,
    key: &RollupKey,
    delta: RollupDelta,
) -> Result<(), StoreError> {
    change_rollup(&mut connection.prepare_cached(sql!("ledger/take_rollup"))?, key, delta)
}

fn change_rollup(
    statement: &mut CachedStatement<'_>,
    key: &RollupKey,
    delta: RollupDelta,
) -> Result<(), StoreError> {
    statement.execute(params![
        key.site.get(),
        key.dimension.code(),
        key.attribution.code(),
        key.day.days(),
        key.key,
        delta.visits,
        delta.leads,
        delta.mqls,
    ])?;
    Ok(())
}

/// Writes what follows from events but for visits, without moving the cursor.
pub(super) fn write(connection: &Connection, changes: &Changes) -> Result<(), StoreError> {
    for lead in &changes.leads {
        put_lead(connection, lead)?;
    }
    for transition in &changes.transitions {
        insert_transition(connection, sql!("ledger/put_transition"), transition)?;
    }
    for (lead, site, given) in &changes.overrides {
        overrides::put(connection, *lead, *site, given)?;
    }
    for (lead, count) in &changes.applied {
        let count = i64::try_from(*count).unwrap_or(i64::MAX);
        connection.prepare_cached(sql!("ledger/mark_applied"))?.execute(params![lead.bytes(), count])?;
    }
    let mut add = connection.prepare_cached(sql!("ledger/add_rollup"))?;
    changes.rollups.iter().try_for_each(|(key, delta)| change_rollup(&mut add, key, *delta))
}

/// A lead's changes of stage, oldest first.
pub(super) fn transitions(
    connection: &Connection,
    site: SiteNo,
    key: LeadKey,
) -> Result<Vec<Transition>, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/transitions"))?;
    let mut rows = statement.query(params![key.bytes(), site.get()])?;
    let mut transitions = Vec::new();
    while let Some(row) = rows.next()? {
        transitions.push(transition(row, site, key)?);
    }
    Ok(transitions)
}

/// Takes a site's leads that are there out of the counts that stay: they are counted again, wherever the next model
/// puts them.
pub(super) fn uncount_leads(connection: &Connection, site: &Site) -> Result<(), StoreError> {
    let Some(counted_from) = site.counted_from else { return Ok(()) };
    let mut statement = connection.prepare_cached(sql!("ledger/leads_counted_before"))?;
    let first = site.zone.start_of(counted_from).millis();
    let keys =
        statement.query_map(params![site.no.get(), first], |row| row.get(0).map(LeadKey::from_bytes))?;
    for key in keys.collect::<Result<Vec<_>, _>>()? {
        let Some(lead) = lead_with_hits(connection, key)? else { continue };
        let taken = taken_back(site, &lead, &transitions(connection, site.no, key)?);
        for (cell, delta) in taken.into_iter().filter(|(cell, _)| cell.day < counted_from) {
            take_rollup(connection, &cell, delta)?;
            connection.prepare_cached(sql!("ledger/drop_empty_rollup"))?.execute(rollup_key(&cell))?;
        }
    }
    Ok(())
}

/// A change of stage.
pub(super) fn transition(row: &Row<'_>, site: SiteNo, lead: LeadKey) -> Result<Transition, StoreError> {
    let currency: Option<String> = row.get("currency")?;
    let amount: Option<i64> = row.get("amount")?;
    Ok(Transition {
        lead,
        site,
        at: Timestamp::from_millis(row.get("at")?),
        from: Stage::from_code(row.get("from_stage")?).ok_or_else(|| damaged("transitions.from_stage"))?,
        to: Stage::from_code(row.get("to_stage")?).ok_or_else(|| damaged("transitions.to_stage"))?,
        reason: row.get("reason")?,
        actor: Actor {
            role: role(&row.get::<_, String>("actor_role")?, "transitions.actor_role")?,
            who: Text::clean(&row.get::<_, String>("actor")?),
        },
        amount: amount
            .zip(currency)
            .map(|(minor, currency)| Money { minor, currency: Text::clean(&currency) }),
        score: score(row, "total", "fit", "engagement")?,
        model: ModelHash::from_bytes(row.get("model")?),
        lines: codec::text(blob(row, "lines")?, "transitions.lines")?,
        rules: Vec::new(),
    })
}

/// What people made of a lead and a replay has not come to, oldest first.
pub(super) fn pending(connection: &Connection, key: LeadKey) -> Result<Vec<Transition>, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/pending"))?;
    let mut rows = statement.query([key.bytes()])?;
    let mut pending = Vec::new();
    while let Some(row) = rows.next()? {
        pending.push(transition(row, SiteNo::new(row.get("site")?), key)?);
    }
    Ok(pending)
}

/// Loads a lead and what belongs to it into `loaded`.
pub(super) fn load_lead(
    connection: &Connection,
    key: LeadKey,
    loaded: &mut Loaded,
) -> Result<(), StoreError> {
    match lead_with_hits(connection, key)? {
        Some(lead) => _ = loaded.leads.insert(key, lead),
        None => {
            let overrides = overrides::of(connection, key)?;
            loaded.overrides.extend((!overrides.is_empty()).then_some((key, overrides)));
        }
    }
    let restriction = rights::restriction(connection, key)?;
    if !restriction.is_none() {
        loaded.restrictions.insert(key, restriction);
    }
    let pending = pending(connection, key)?;
    if !pending.is_empty() {
        loaded.pending.insert(key, pending);
    }
    Ok(())
}

impl Scores for SqliteLedger {
    fn progress(&self) -> Result<Option<(Cursor, ModelHash)>, StoreError> {
        self.readers.read(|connection| progress(connection))
    }

    fn generation(&self) -> Result<i64, StoreError> {
        self.readers.read(|connection| generation(connection))
    }

    fn restart(&self, model: ModelHash) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        for site in ledger::sites(&transaction)? {
            uncount_leads(&transaction, &site)?;
        }
        transaction.execute_batch(
            "DELETE FROM visits; DELETE FROM leads;
             DELETE FROM transitions WHERE actor_role = 'collector'; UPDATE transitions SET applied = 0;",
        )?;
        transaction.execute(sql!("ledger/clear_rollups"), [])?;
        transaction.execute(sql!("ledger/restart"), [model.bytes()])?;
        transaction.commit()?;
        self.places.clear();
        Ok(())
    }

    fn voided(&self, places: &[Cursor], step: Option<VoidStep>) -> Result<BTreeSet<Cursor>, StoreError> {
        self.voided_of(places, step)
    }

    fn load(&self, visitors: &[VisitorId], leads: &[LeadKey]) -> Result<Loaded, StoreError> {
        self.readers.read(|connection| {
            let mut loaded = Loaded { generation: generation(connection)?, ..Loaded::default() };
            loaded.visits = visits::load(connection, &self.places, visitors)?;
            // A visit that turned out to be a lead's brings that lead along.
            let linked = loaded.visits.values().filter_map(|visit| visit.lead);
            for key in leads.iter().copied().chain(linked).collect::<HashSet<_>>() {
                load_lead(connection, key, &mut loaded)?;
            }
            Ok(loaded)
        })
    }

    fn commit(&self, from: Cursor, to: Cursor, changes: &Changes) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let moved = [from.raw(), to.raw(), changes.generation];
        if transaction.prepare_cached(sql!("ledger/advance"))?.execute(moved)? != 1 {
            return Err(StoreError::Conflict);
        }
        visits::put(&transaction, &self.places, &self.readers, &changes.visits)?;
        write(&transaction, changes)?;
        for lead in &changes.ended_withdrawals {
            transaction.execute(sql!("ledger/end_withdrawal"), [lead.bytes()])?;
        }
        let moment = changes.forget_visits_before;
        let gone = moment.map(|moment| visits::forget(&transaction, moment)).transpose()?;
        transaction.commit()?;
        self.places.forget(&gone.unwrap_or_default());
        Ok(())
    }

    fn forget_visits(&self, before: Timestamp) -> Result<(), StoreError> {
        let gone = visits::forget(&self.writer(), before)?;
        self.places.forget(&gone);
        Ok(())
    }

    fn lead(&self, site: SiteNo, key: LeadKey) -> Result<Option<Lead>, StoreError> {
        let lead = self.readers.read(|connection| lead_with_hits(connection, key))?;
        Ok(lead.filter(|lead| lead.site == site))
    }

    fn transitions(&self, site: SiteNo, key: LeadKey) -> Result<Vec<Transition>, StoreError> {
        self.readers.read(|connection| transitions(connection, site, key))
    }
}
