//! People's rights on the ledger's file. Invariant: as the trait says; what is taken back, what is made in its
//! place and the entry that says so are one transaction, and a dry run is the same, rolled back.

use super::connect::{self, Connection};
use super::{SqliteLedger, audit, scores, sql, visits, voids};
use crate::domain::{Cursor, Entry, LeadKey, Restricted, Restriction, SiteNo, Timestamp, VisitorId};
use crate::storage::counting::{taken_back, telling};
use crate::storage::{
    Held, Remake, Rights, RollupDelta, RollupKey, Say, Standing, StoreError, TakeBack, TakenBack,
};
use rusqlite::{OptionalExtension, Row, params};
use std::collections::{BTreeMap, BTreeSet};

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn held(
    connection: &Connection,
    site: SiteNo,
    key: LeadKey,
    visitors: &[VisitorId],
) -> Result<Held, StoreError> {
    let lead = scores::lead_with_hits(connection, key)?.filter(|lead| lead.site == site);
    let visits = visits::of_person(connection, Some(key), &visitors.iter().copied().collect())?;
    let visits = visits.iter().filter(|row| row.site == site);
    Ok(Held {
        leads: number(usize::from(lead.is_some())),
        hits: number(lead.map_or(0, |lead| lead.hits.len())),
        transitions: connection
            .prepare_cached(sql!("ledger/count_transitions"))?
            .query_row(params![key.bytes(), site.get()], |row| row.get::<_, i64>(0))?
            .unsigned_abs(),
        visits: number(visits.count()),
        overrides: connection
            .prepare_cached(sql!("ledger/count_overrides"))?
            .query_row(params![key.bytes(), site.get()], |row| row.get::<_, i64>(0))?
            .unsigned_abs(),
    })
}

fn put_kind(row: &Row<'_>, restriction: &mut Restriction) -> Result<(), StoreError> {
    let since = Some(Timestamp::from_millis(row.get("since")?));
    match row.get::<_, String>("kind")?.as_str() {
        "restricted" => restriction.restricted = since,
        _ => (restriction.withdrawn, restriction.verified) = (since, row.get("verified")?),
    }
    Ok(())
}

/// What a lead asked for.
pub(super) fn restriction(connection: &Connection, key: LeadKey) -> Result<Restriction, StoreError> {
    let mut restriction = Restriction::default();
    let mut statement = connection.prepare_cached(sql!("ledger/restriction"))?;
    let mut rows = statement.query([key.bytes()])?;
    while let Some(row) = rows.next()? {
        put_kind(row, &mut restriction)?;
    }
    Ok(restriction)
}

/// Everyone who asked not to be processed further.
pub(super) fn restricted(connection: &Connection) -> Result<Vec<Restricted>, StoreError> {
    let mut all: BTreeMap<LeadKey, Restricted> = BTreeMap::new();
    let mut statement = connection.prepare_cached(sql!("ledger/restrictions"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let lead = LeadKey::from_bytes(row.get("lead")?);
        let site = SiteNo::new(row.get("site")?);
        let restriction = Restriction::default();
        let of_lead = all.entry(lead).or_insert(Restricted { site, lead, restriction });
        put_kind(row, &mut of_lead.restriction)?;
    }
    Ok(all.into_values().collect())
}

/// Removes all that is kept of a lead, but for what it asked for.
fn remove(connection: &Connection, order: &TakeBack<'_>, verified: bool) -> Result<(), StoreError> {
    let key = order.lead.bytes();
    for query in [
        sql!("ledger/erase_transitions"),
        sql!("ledger/erase_earlier"),
        sql!("ledger/erase_overrides"),
        sql!("ledger/erase_lead"),
    ] {
        connection.execute(query, [key])?;
    }
    let visitors = order.visitors.iter().copied().collect();
    visits::remove(connection, &visits::of_person(connection, Some(order.lead), &visitors)?)?;
    match order.withdrawn {
        Some(since) => connection.execute(
            sql!("ledger/put_withdrawal"),
            params![key, order.site.no.get(), since.millis(), verified],
        )?,
        None => connection.execute(sql!("ledger/erase_restrictions"), [key])?,
    };
    Ok(())
}

/// Moves the visits of a count to those without a name when there are no more than `own`; answers whether there
/// were any.
fn hide_few(connection: &Connection, cell: &RollupKey, own: i64) -> Result<bool, StoreError> {
    let visits: Option<i64> = connection
        .prepare_cached(sql!("ledger/rollup_visits"))?
        .query_row(scores::rollup_key(cell), |row| row.get(0))
        .optional()?;
    let Some(visits) = visits.filter(|visits| (1..=own).contains(visits)) else { return Ok(false) };
    let nameless = RollupKey { key: String::new(), ..cell.clone() };
    scores::add_rollup(connection, cell, RollupDelta { visits: -visits, ..RollupDelta::default() })?;
    scores::add_rollup(connection, &nameless, RollupDelta { visits, ..RollupDelta::default() })?;
    Ok(true)
}

fn take_back(
    connection: &Connection,
    order: &TakeBack<'_>,
    remake: Remake<'_>,
) -> Result<TakenBack, StoreError> {
    let cursor = scores::progress(connection)?.map_or(Cursor::default(), |(cursor, _)| cursor);
    let held = held(connection, order.site.no, order.lead, &order.visitors)?;
    let lead = scores::lead_with_hits(connection, order.lead)?;
    let transitions = scores::transitions(connection, order.site.no, order.lead)?;
    let was = order.verified || restriction(connection, order.lead)?.verified;
    let verified = was || lead.as_ref().is_some_and(|lead| lead.verified_at.is_some());
    let voided = |places: &[Cursor]| voids::voided(connection, places, None);
    let remade = remake(&Standing { until: cursor, verified, voided: &voided })?;
    let made = &remade.changes;
    connection.execute(sql!("ledger/raise_takings"), [])?;
    remove(connection, order, verified)?;
    if made.leads.is_empty() {
        connection.execute(sql!("ledger/erase_reference"), [order.lead.bytes()])?;
    }
    let back = lead.as_ref().map(|lead| taken_back(order.site, lead, &transitions)).unwrap_or_default();
    let mut touched: BTreeSet<RollupKey> = BTreeSet::new();
    for (key, delta) in back {
        scores::take_rollup(connection, &key, delta)?;
        touched.insert(key);
    }
    visits::put_anew(connection, &made.visits)?;
    scores::write(connection, made)?;
    touched.extend(made.rollups.keys().cloned());
    for (cell, own) in telling(order.site, &remade, lead.as_ref()) {
        if hide_few(connection, &cell, own)? {
            touched.insert(RollupKey { key: String::new(), ..cell.clone() });
            touched.insert(cell);
        }
    }
    for cell in &touched {
        connection.prepare_cached(sql!("ledger/drop_empty_rollup"))?.execute(scores::rollup_key(cell))?;
    }
    Ok(TakenBack { held: held.less(made), rollup_cells: number(touched.len()) })
}

impl Rights for SqliteLedger {
    fn held(&self, site: SiteNo, lead: LeadKey, visitors: &[VisitorId]) -> Result<Held, StoreError> {
        self.readers.read(|connection| held(connection, site, lead, visitors))
    }

    fn restricted(&self) -> Result<Vec<Restricted>, StoreError> {
        self.readers.read(|connection| restricted(connection))
    }

    fn restriction(&self, site: SiteNo, lead: LeadKey) -> Result<Restriction, StoreError> {
        self.readers.read(|connection| {
            let mut of_site = Restriction::default();
            let mut statement = connection.prepare_cached(sql!("ledger/restriction"))?;
            let mut rows = statement.query([lead.bytes()])?;
            while let Some(row) = rows.next()? {
                if row.get::<_, u32>("site")? == site.get() {
                    put_kind(row, &mut of_site)?;
                }
            }
            Ok(of_site)
        })
    }

    fn restrict(
        &self,
        site: SiteNo,
        lead: LeadKey,
        since: Option<Timestamp>,
        dry_run: bool,
        say: Say<'_, u64>,
    ) -> Result<(u64, Option<Entry>), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        transaction.execute(sql!("ledger/raise_takings"), [])?;
        let untied = match since {
            Some(since) => {
                let values = params![lead.bytes(), site.get(), since.millis()];
                transaction.execute(sql!("ledger/put_restriction"), values)?;
                transaction.execute(sql!("ledger/untie_visits"), [lead.bytes()])?
            }
            None => {
                transaction.execute(sql!("ledger/lift_restriction"), [lead.bytes()])?;
                0
            }
        };
        let untied = number(untied);
        if dry_run {
            transaction.rollback()?;
            return Ok((untied, None));
        }
        let entry = audit::append(&transaction, &say(&untied))?;
        transaction.commit()?;
        Ok((untied, Some(entry)))
    }

    fn take_back(
        &self,
        order: &TakeBack<'_>,
        remake: Remake<'_>,
        say: Say<'_, TakenBack>,
    ) -> Result<(TakenBack, Option<Entry>), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let taken = take_back(&transaction, order, remake)?;
        if order.dry_run {
            transaction.rollback()?;
            return Ok((taken, None));
        }
        let entry = audit::append(&transaction, &say(&taken))?;
        transaction.commit()?;
        Ok((taken, Some(entry)))
    }

    fn compact(&self) -> Result<bool, StoreError> {
        connect::compact(&self.writer())
    }
}
