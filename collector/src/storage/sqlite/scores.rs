//! Visits, leads, hits, transitions and rollups on SQLite. Invariant: as the trait says: one transaction
//! for the cursor and all that follows from it.

use super::connect::Connection;
use super::{SqliteLedger, codec, ledger, overrides, rights, sql};
use crate::domain::{
    Actor, Cursor, EmailDomain, EventId, Hit, LeadKey, ModelHash, Money, Points, Role, RuleId, Score, Site,
    SiteNo, Stage, Text, Timestamp, VisitorId,
};
use crate::leads::{Lead, Qualified, Transition, Visit};
use crate::storage::counting::taken_back;
use crate::storage::{Changes, Loaded, RollupDelta, RollupKey, Scores, StoreError, VoidStep};
use rusqlite::{OptionalExtension, Row, params};
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

fn visit(row: &Row<'_>) -> Result<Visit, StoreError> {
    Ok(Visit {
        visitor: VisitorId::from_bytes(row.get("visitor")?),
        site: SiteNo::new(row.get("site")?),
        started_at: Timestamp::from_millis(row.get("started_at")?),
        last_at: Timestamp::from_millis(row.get("last_at")?),
        origin: codec::origin_from_json(&row.get::<_, String>("origin")?)?,
        lead: row.get::<_, Option<[u8; 16]>>("lead")?.map(LeadKey::from_bytes),
        hits: codec::hits_from_json(&row.get::<_, String>("hits")?)?,
    })
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
    Ok(Lead {
        key: LeadKey::from_bytes(row.get("key")?),
        site: SiteNo::new(row.get("site")?),
        stage: Stage::from_code(row.get("stage")?).ok_or_else(|| damaged("leads.stage"))?,
        stage_at: Timestamp::from_millis(row.get("stage_at")?),
        stage_by: role(&row.get::<_, String>("stage_by")?, "leads.stage_by")?,
        first_seen: Timestamp::from_millis(row.get("first_seen")?),
        known_at: Timestamp::from_millis(row.get("known_at")?),
        last_seen: Timestamp::from_millis(row.get("last_seen")?),
        domain: row.get::<_, Option<String>>("domain")?.as_deref().map(EmailDomain::from_stored),
        country: row.get::<_, Option<String>>("country")?.as_deref().and_then(Text::non_empty),
        attributes: serde_json::from_str(&row.get::<_, String>("attributes")?)?,
        first: codec::origin_from_json(&row.get::<_, String>("first_origin")?)?,
        last: codec::origin_from_json(&row.get::<_, String>("last_origin")?)?,
        touches: Vec::new(),
        score: score(row, "total", "fit", "engagement")?,
        scored_at: Timestamp::from_millis(row.get("scored_at")?),
        reasons: serde_json::from_str(&row.get::<_, String>("reasons")?)?,
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
    lead.touches = codec::touches_from_json(&row.get::<_, String>("touches")?)?;
    lead.hits = hits(connection, key)?;
    lead.overrides = overrides::of(connection, key)?;
    Ok(Some(lead))
}

pub(super) fn hits(connection: &Connection, key: LeadKey) -> Result<Vec<Hit>, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/hits"))?;
    let mut rows = statement.query([key.bytes()])?;
    let mut hits = Vec::new();
    while let Some(row) = rows.next()? {
        hits.push(Hit {
            rule: RuleId::parse(&row.get::<_, String>(0)?).map_err(|_| damaged("hits.rule"))?,
            event: EventId::from_bytes(row.get(1)?),
            at: Timestamp::from_millis(row.get(2)?),
            value: row.get::<_, Option<String>>(3)?.as_deref().and_then(Text::non_empty),
        });
    }
    Ok(hits)
}

fn put_visit(connection: &Connection, visit: &Visit) -> Result<(), StoreError> {
    connection.prepare_cached(sql!("ledger/put_visit"))?.execute(params![
        visit.visitor.bytes(),
        visit.site.get(),
        visit.started_at.millis(),
        visit.last_at.millis(),
        codec::origin_to_json(&visit.origin)?,
        visit.lead.as_ref().map(LeadKey::bytes),
        codec::hits_to_json(&visit.hits)?,
    ])?;
    Ok(())
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
        serde_json::to_string(&lead.attributes)?,
        codec::origin_to_json(&lead.first)?,
        lead.first.touch.channel.code(),
        codec::origin_to_json(&lead.last)?,
        lead.last.touch.channel.code(),
        lead.score.total.milli(),
        lead.score.fit.milli(),
        lead.score.engagement.milli(),
        serde_json::to_string(&lead.reasons)?,
        mql.map(|mql| mql.at.millis()),
        mql.map(|mql| mql.score.total.milli()),
        mql.map(|mql| mql.score.fit.milli()),
        mql.map(|mql| mql.score.engagement.milli()),
        lead.known_at.millis(),
        lead.stage_at.millis(),
        lead.stage_by.name(),
        lead.scored_at.millis(),
        codec::touches_to_json(&lead.touches)?,
    ])?;
    put_hits(connection, lead)
}

/// Makes the stored hits those of `lead`, touching only what differs.
fn put_hits(connection: &Connection, lead: &Lead) -> Result<(), StoreError> {
    let stored = hits(connection, lead.key)?;
    let unchanged: HashSet<&Hit> = stored.iter().collect();
    let kept_keys: HashSet<_> = lead.hits.iter().map(|hit| (&hit.rule, hit.event)).collect();
    for hit in lead.hits.iter().filter(|hit| !unchanged.contains(hit)) {
        connection.prepare_cached(sql!("ledger/put_hit"))?.execute(params![
            lead.key.bytes(),
            hit.rule.as_str(),
            hit.event.bytes(),
            hit.at.millis(),
            hit.value.as_ref().map(Text::as_str),
        ])?;
    }
    for hit in stored.iter().filter(|hit| !kept_keys.contains(&(&hit.rule, hit.event))) {
        connection.prepare_cached(sql!("ledger/drop_hit"))?.execute(params![
            lead.key.bytes(),
            hit.rule.as_str(),
            hit.event.bytes()
        ])?;
    }
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
        transition.lines,
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
    change_rollup(connection, sql!("ledger/add_rollup"), key, delta)
}

/// Adds to a count if it is still there: what takes a lead out of it again.
pub(super) fn take_rollup(
    connection: &Connection,
    key: &RollupKey,
    delta: RollupDelta,
) -> Result<(), StoreError> {
    change_rollup(connection, sql!("ledger/take_rollup"), key, delta)
}

fn change_rollup(
    connection: &Connection,
    query: &str,
    key: &RollupKey,
    delta: RollupDelta,
) -> Result<(), StoreError> {
    connection.prepare_cached(query)?.execute(params![
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

/// Writes what follows from events, without moving the cursor.
pub(super) fn write(connection: &Connection, changes: &Changes) -> Result<(), StoreError> {
    for visit in &changes.visits {
        put_visit(connection, visit)?;
    }
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
    for (key, delta) in &changes.rollups {
        add_rollup(connection, key, *delta)?;
    }
    Ok(())
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
        lines: row.get("lines")?,
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
            "DELETE FROM visits; DELETE FROM hits; DELETE FROM leads;
             DELETE FROM transitions WHERE actor_role = 'collector'; UPDATE transitions SET applied = 0;",
        )?;
        transaction.execute(sql!("ledger/clear_rollups"), [])?;
        transaction.execute(sql!("ledger/restart"), [model.bytes()])?;
        transaction.commit()?;
        Ok(())
    }

    fn voided(&self, places: &[Cursor], step: Option<VoidStep>) -> Result<BTreeSet<Cursor>, StoreError> {
        self.voided_of(places, step)
    }

    fn load(&self, visitors: &[VisitorId], leads: &[LeadKey]) -> Result<Loaded, StoreError> {
        self.readers.read(|connection| {
            let mut loaded = Loaded { generation: generation(connection)?, ..Loaded::default() };
            let mut statement = connection.prepare_cached(sql!("ledger/visit"))?;
            for id in visitors {
                let mut rows = statement.query([id.bytes()])?;
                if let Some(row) = rows.next()? {
                    loaded.visits.insert(*id, visit(row)?);
                }
            }
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
        write(&transaction, changes)?;
        for lead in &changes.ended_withdrawals {
            transaction.execute(sql!("ledger/end_withdrawal"), [lead.bytes()])?;
        }
        if let Some(moment) = changes.forget_visits_before {
            transaction.prepare_cached(sql!("ledger/forget_visits"))?.execute([moment.millis()])?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn forget_visits(&self, before: Timestamp) -> Result<(), StoreError> {
        self.writer().prepare_cached(sql!("ledger/forget_visits"))?.execute([before.millis()])?;
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
