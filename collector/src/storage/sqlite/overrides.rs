//! What people say of leads against their scores, on SQLite. Invariant: a row is added once and changes only by its
//! end; it goes with its lead and never before.

use super::connect::Connection;
use super::{scores, sql};
use crate::domain::{Actor, Effect, Ended, LeadKey, Override, Points, SiteNo, Text, Timestamp};
use crate::storage::StoreError;
use rusqlite::{Row, params};

fn effect(name: &str, points: Option<i64>) -> Option<Effect> {
    Some(match (name, points.map(Points::from_milli)) {
        ("engagement", Some(points)) => Effect::Engagement(points),
        ("fit", Some(points)) => Effect::Fit(points),
        ("hold", None) => Effect::Hold,
        ("qualify", None) => Effect::Qualify,
        _ => return None,
    })
}

fn actor(role: &str, who: &str, of: &str) -> Result<Actor, StoreError> {
    Ok(Actor { role: scores::role(role, of)?, who: Text::clean(who) })
}

fn given(row: &Row<'_>) -> Result<Override, StoreError> {
    let ended_at: Option<i64> = row.get("ended_at")?;
    let ended = match ended_at {
        Some(at) => Some(Ended {
            at: Timestamp::from_millis(at),
            by: actor(
                &row.get::<_, String>("ended_role")?,
                &row.get::<_, String>("ended_by")?,
                "overrides.ended_role",
            )?,
        }),
        None => None,
    };
    Ok(Override {
        no: row.get("no")?,
        effect: effect(&row.get::<_, String>("effect")?, row.get("points")?)
            .ok_or_else(|| scores::damaged("overrides.effect"))?,
        from: Timestamp::from_millis(row.get("from_at")?),
        until: Timestamp::from_millis(row.get("until_at")?),
        reason: Text::clean(&row.get::<_, String>("reason")?),
        actor: actor(
            &row.get::<_, String>("actor_role")?,
            &row.get::<_, String>("actor")?,
            "overrides.actor_role",
        )?,
        ended,
    })
}

/// What people say of a lead, by number.
pub(super) fn of(connection: &Connection, key: LeadKey) -> Result<Vec<Override>, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/overrides"))?;
    let mut rows = statement.query([key.bytes()])?;
    let mut overrides = Vec::new();
    while let Some(row) = rows.next()? {
        overrides.push(given(row)?);
    }
    Ok(overrides)
}

/// What people say of a site's leads, by lead and number.
pub(super) fn of_site(connection: &Connection, site: SiteNo) -> Result<Vec<(LeadKey, Override)>, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/overrides_of_site"))?;
    let mut rows = statement.query([site.get()])?;
    let mut overrides = Vec::new();
    while let Some(row) = rows.next()? {
        overrides.push((LeadKey::from_bytes(row.get("lead")?), given(row)?));
    }
    Ok(overrides)
}

/// Adds one, or writes the end of one that is there.
pub(super) fn put(
    connection: &Connection,
    key: LeadKey,
    site: SiteNo,
    given: &Override,
) -> Result<(), StoreError> {
    connection.prepare_cached(sql!("ledger/put_override"))?.execute(params![
        key.bytes(),
        given.no,
        site.get(),
        given.effect.name(),
        given.effect.points().map(Points::milli),
        given.from.millis(),
        given.until.millis(),
        given.reason.as_str(),
        given.actor.role.name(),
        given.actor.who.as_str(),
        given.ended.as_ref().map(|ended| ended.at.millis()),
        given.ended.as_ref().map(|ended| ended.by.role.name()),
        given.ended.as_ref().map(|ended| ended.by.who.as_str()),
    ])?;
    Ok(())
}
