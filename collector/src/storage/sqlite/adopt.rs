//! Takes over what a shadow made of a site's leads. Invariant: as the trait says; the shadow's file is read and never
//! written, and it is let go of again, whatever happens.

use super::connect::Connection;
use super::{SqliteLedger, audit, codec, ledger, publications, scores, shadows, sql, voids};
use crate::domain::{Cursor, Entry, Site, SiteNo};
use crate::storage::publications::same_site;
use crate::storage::{Adopt, Adopted, Ended, Last, Mark, PublicationState, Say, StoreError};
use rusqlite::{OptionalExtension, TransactionBehavior, params};

/// Whether the live ledger is where the shadow has seen it, and the shadow what it is said to be.
fn is_same(connection: &Connection, site: &Site, (cursor, mark): (Cursor, Mark)) -> Result<bool, StoreError> {
    let told: Option<i64> =
        connection.prepare_cached(sql!("adopt/takings"))?.query_row([], |row| row.get(0)).optional()?;
    let people: bool = connection
        .prepare_cached(sql!("adopt/people_after"))?
        .query_row(params![site.no.get(), mark.people], |row| row.get(0))?;
    let reached = scores::progress(connection)?.map_or(Cursor::default(), |(cursor, _)| cursor);
    let known = ledger::sites(connection)?.into_iter().find(|known| known.no == site.no);
    Ok(told == Some(mark.takings)
        && shadows::takings(connection)? == mark.takings
        && shadows::told(connection, site.no)? == mark.overrides
        && voids::told(connection, site.no)? == mark.voids
        && !people
        && reached == cursor
        && known.is_some_and(|known| same_site(&known, site)))
}

fn count(connection: &Connection, query: &str, site: SiteNo) -> Result<u64, StoreError> {
    let count: i64 = connection.prepare_cached(query)?.query_row([site.get()], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Writes lines that say the same as the shadow's as the shadow wrote them, so that they can be compared as they lie in
/// the table: an earlier version wrote JSON, or packed it by fewer words.
fn write_alike(connection: &Connection, site: SiteNo) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql!("adopt/otherwise_written"))?;
    let rows = statement.query_map([site.get()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?))
    })?;
    let mut alike = Vec::new();
    for row in rows {
        let (id, old, new) = row?;
        if codec::text(&old, "transitions.lines")? == codec::text(&new, "transitions.lines")? {
            alike.push((id, new));
        }
    }
    let mut write = connection.prepare_cached(sql!("adopt/write_lines"))?;
    for (id, lines) in alike {
        write.execute(params![id, lines])?;
    }
    Ok(())
}

/// Puts what the shadow made in the place of what there is.
fn replace(connection: &Connection, order: &Adopt<'_>) -> Result<(), StoreError> {
    let (site, id) = (order.site.no.get(), order.publication.id);
    scores::uncount_leads(connection, order.site)?;
    let keep = match order.publication.asked.void {
        None => sql!("adopt/keep_earlier"),
        Some(_) => {
            write_alike(connection, order.site.no)?;
            sql!("adopt/keep_changed")
        }
    };
    connection.execute(keep, params![site, id])?;
    let newest: i64 = connection.query_row(sql!("adopt/newest_transition"), [], |row| row.get(0))?;
    let announce = order.publication.asked.announce;
    let void = order.publication.asked.void.is_some();
    connection.execute(sql!("adopt/put_transitions"), params![site, id, announce, void])?;
    connection.execute(sql!("adopt/drop_transitions"), params![site, newest])?;
    connection.execute(sql!("adopt/apply_people"), [site])?;
    for query in [sql!("adopt/drop_leads"), sql!("adopt/drop_visits")] {
        connection.execute(query, [site])?;
    }
    let counted_from = order.site.counted_from.map(|day| day.days());
    connection.execute(sql!("adopt/drop_rollups"), params![site, counted_from])?;
    connection.execute(sql!("adopt/put_leads"), [site])?;
    connection.execute(sql!("adopt/put_visits"), params![site, order.forget_visits_before.millis()])?;
    connection.execute(sql!("adopt/put_rollups"), [site])?;
    Ok(())
}

fn adopt(
    connection: &mut Connection,
    order: &Adopt<'_>,
    last: Last<'_>,
    say: Say<'_, Adopted>,
) -> Result<(Adopted, Entry), StoreError> {
    // One that takes its turn at the beginning would take it in the shadow, too, which `last` writes to.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
    transaction.execute(sql!("adopt/take_turn"), [])?;
    let seen = last()?;
    if !is_same(&transaction, order.site, seen)? {
        return Err(StoreError::Conflict);
    }
    let site = order.site.no;
    let adopted = Adopted {
        entered: count(&transaction, sql!("adopt/count_entered"), site)?,
        left: count(&transaction, sql!("adopt/count_departed"), site)?,
    };
    let done = Ended { state: PublicationState::Done, at: order.at, problem: None };
    if !publications::end(&transaction, order.publication.id, &done, (adopted.entered, adopted.left))? {
        return Err(StoreError::Conflict);
    }
    let model = order.publication.asked.model;
    match order.publication.asked.void {
        None => _ = transaction.execute(sql!("ledger/set_live_model"), params![site.get(), model.bytes()])?,
        Some(step) => voids::take_effect(&transaction, step, order)?,
    }
    replace(&transaction, order)?;
    // Whoever read leads before reads them again.
    transaction.execute(sql!("ledger/raise_generation"), [])?;
    let entry = audit::append(&transaction, &say(&adopted))?;
    transaction.commit()?;
    Ok((adopted, entry))
}

impl SqliteLedger {
    /// As [`crate::storage::Publications::adopt`].
    pub(super) fn take_over(
        &self,
        order: &Adopt<'_>,
        last: Last<'_>,
        say: Say<'_, Adopted>,
    ) -> Result<(Adopted, Entry), StoreError> {
        let path = self.shadow_path(order.shadow)?;
        if !path.exists() {
            return Err(StoreError::Conflict);
        }
        let path = path.to_str().ok_or_else(|| StoreError::Failed("the path is not Unicode".to_owned()))?;
        let mut writer = self.writer();
        // No transaction may be open when another file is taken in or let go of.
        writer.execute(sql!("adopt/attach"), [path])?;
        let done = adopt(&mut writer, order, last, say);
        // The visits have other rows now.
        self.places.clear();
        let released = writer.execute(sql!("adopt/detach"), []);
        if let Err(error) = released {
            tracing::error!("a shadow could not be let go of: {error}");
        }
        done
    }
}
