//! Reports on SQLite. Invariant: they read rollups and the two indexes of `leads`, never the event log.

use super::connect::Connection;
use super::{SqliteLedger, scores, sql};
use crate::domain::{Channel, Date, LeadKey, SiteNo, Stage, Timestamp};
use crate::leads::closed_loop::Journey;
use crate::leads::{Dimension, Lead};
use crate::storage::{
    Attribution, CountRow, Counts, JourneyQuery, KnownQuery, LeadPage, LeadQuery, PageToken, ReportQuery,
    ReportRows, Reports, StoreError, cmp_rows,
};
use rusqlite::{OptionalExtension, named_params, params};
use std::collections::BTreeMap;

/// The groups of each day. Visits, leads and MQLs may be counted under a touch each: each is read as it lies in the
/// table, in this order already, and what belongs together is put together here, which the engine would need a second
/// copy of all rows for.
fn counted(
    connection: &Connection,
    query: &ReportQuery,
    dimension: Dimension,
) -> Result<Vec<CountRow>, StoreError> {
    let (of_visits, of_leads) = (Attribution::Visit, query.attribution.of_leads());
    let of_mqls = query.attribution;
    let mut read = vec![of_visits, of_leads, of_mqls];
    read.sort_unstable();
    read.dedup();
    let mut counted: Vec<CountRow> = Vec::new();
    let mut statement = connection.prepare_cached(sql!("ledger/report"))?;
    for attribution in read {
        let only = |of: Attribution, count: i64| if of == attribution { count } else { 0 };
        let values = params![
            query.site.get(),
            dimension.code(),
            attribution.code(),
            query.from.days(),
            query.to.days()
        ];
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            let counts = Counts {
                visits: only(of_visits, row.get(2)?),
                leads: only(of_leads, row.get(3)?),
                mqls: only(of_mqls, row.get(4)?),
            };
            if counts != Counts::default() {
                counted.push(CountRow { day: Date::from_days(row.get(0)?), key: row.get(1)?, counts });
            }
        }
    }
    // Runs that are sorted already, which this sort makes use of.
    counted.sort_by(cmp_rows);
    counted.dedup_by(|next, kept| {
        let same = cmp_rows(next, kept).is_eq();
        if same {
            kept.counts.add(next.counts);
        }
        same
    });
    // A count that was taken back may be less than nothing beside another.
    counted.retain(|row| row.counts != Counts::default());
    Ok(counted)
}

/// The moment that the list is ordered by.
fn moment(lead: &Lead, mqls: bool) -> Timestamp {
    match (&lead.qualified, mqls) {
        (Some(qualified), true) => qualified.at,
        _ => lead.last_seen,
    }
}

impl Reports for SqliteLedger {
    fn report(&self, query: &ReportQuery) -> Result<ReportRows, StoreError> {
        self.readers.read(|connection| {
            let rows = counted(connection, query, query.by)?;
            // Totals come from the channel, which every visit and lead has exactly one of; a lead has
            // several rules.
            let by_channel = match query.by {
                Dimension::Channel => &rows,
                _ => &counted(connection, query, Dimension::Channel)?,
            };
            let mut days: BTreeMap<Date, Counts> = BTreeMap::new();
            by_channel.iter().for_each(|row| days.entry(row.day).or_default().add(row.counts));
            Ok(ReportRows { rows, days })
        })
    }

    fn leads(&self, query: &LeadQuery) -> Result<LeadPage, StoreError> {
        self.readers.read(|connection| {
            let (page_sql, count_sql) = if query.mqls {
                (sql!("ledger/mqls"), sql!("ledger/count_mqls"))
            } else {
                (sql!("ledger/leads"), sql!("ledger/count_leads"))
            };
            let site = query.site.get();
            let stage = query.stage.map(Stage::code);
            let channel = query.channel.map(Channel::code);
            let by_last = query.attribution == Attribution::Last;
            let from = query.from.map_or(i64::MIN, Timestamp::millis);
            let before = query.before.map_or(i64::MAX, Timestamp::millis);
            let total: i64 = connection.prepare_cached(count_sql)?.query_row(
                named_params! {
                    ":site": site, ":from": from, ":before": before,
                    ":stage": stage, ":channel": channel, ":by_last": by_last,
                },
                |row| row.get(0),
            )?;
            let after = query
                .after
                .map_or((i64::MAX, LeadKey::from_bytes([0xff; 16])), |after| (after.at.millis(), after.key));
            let mut statement = connection.prepare_cached(page_sql)?;
            let mut rows = statement.query(named_params! {
                ":site": site, ":from": from, ":before": before,
                ":stage": stage, ":channel": channel, ":by_last": by_last,
                ":after_at": after.0, ":after_key": after.1.bytes(),
                ":limit": i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1),
            })?;
            let mut leads = Vec::new();
            while let Some(row) = rows.next()? {
                leads.push(scores::lead(row)?);
            }
            let more = leads.len() > query.limit;
            leads.truncate(query.limit);
            let next = leads
                .last()
                .filter(|_| more)
                .map(|lead| PageToken { at: moment(lead, query.mqls), key: lead.key });
            Ok(LeadPage { leads, total: total.unsigned_abs(), next })
        })
    }

    fn each_known(&self, query: &KnownQuery, each: &mut dyn FnMut(Lead)) -> Result<(), StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/known_leads"))?;
            let mut rows = statement.query(named_params! {
                ":site": query.site.get(),
                ":from": query.from.millis(),
                ":before": query.before.millis(),
            })?;
            while let Some(row) = rows.next()? {
                each(scores::lead(row)?);
            }
            Ok(())
        })
    }

    fn count_claimed(&self, query: &KnownQuery, channel: Channel) -> Result<u64, StoreError> {
        self.readers.read(|connection| {
            let count: i64 = connection.prepare_cached(sql!("ledger/count_claimed"))?.query_row(
                params![query.site.get(), query.from.millis(), query.before.millis(), channel.code()],
                |row| row.get(0),
            )?;
            Ok(count.unsigned_abs())
        })
    }

    fn first_day(&self, site: SiteNo) -> Result<Option<Date>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/first_day"))?;
            let of = params![site.get(), Dimension::Channel.code(), Attribution::Visit.code()];
            Ok(statement.query_row(of, |row| row.get(0)).optional()?.map(Date::from_days))
        })
    }

    fn journeys(&self, query: &JourneyQuery) -> Result<Vec<Journey>, StoreError> {
        self.read_journeys(query)
    }
}
