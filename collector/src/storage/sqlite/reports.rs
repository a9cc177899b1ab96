//! Reports on SQLite. Invariant: they read rollups and the two indexes of `leads`, never the event log.

use super::{SqliteLedger, scores, sql};
use crate::domain::{Channel, Date, LeadKey, Stage, Timestamp};
use crate::leads::closed_loop::Journey;
use crate::leads::{Dimension, Lead};
use crate::storage::{
    Attribution, CountRow, Counts, JourneyQuery, KnownQuery, LeadPage, LeadQuery, PageToken, ReportQuery,
    ReportRows, Reports, StoreError,
};
use rusqlite::{Row, named_params, params};

fn counts(row: &Row<'_>) -> Result<Counts, rusqlite::Error> {
    Ok(Counts { visits: row.get("visits")?, leads: row.get("leads")?, mqls: row.get("mqls")? })
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
            let mut report = ReportRows::default();
            let mut statement = connection.prepare_cached(sql!("ledger/report"))?;
            // Totals come from the channel, which every visit and lead has exactly one of; a lead has
            // several rules.
            for dimension in [query.by, Dimension::Channel] {
                let mut rows = statement.query(params![
                    query.site.get(),
                    dimension.code(),
                    Attribution::Visit.code(),
                    query.attribution.of_leads().code(),
                    query.attribution.code(),
                    query.from.days(),
                    query.to.days(),
                ])?;
                while let Some(row) = rows.next()? {
                    let day = Date::from_days(row.get("day")?);
                    let counts = counts(row)?;
                    if dimension == query.by {
                        report.rows.push(CountRow { day, key: row.get("key")?, counts });
                    }
                    if dimension == Dimension::Channel {
                        report.days.entry(day).or_default().add(counts);
                    }
                }
                if query.by == Dimension::Channel {
                    break;
                }
            }
            Ok(report)
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

    fn journeys(&self, query: &JourneyQuery) -> Result<Vec<Journey>, StoreError> {
        self.read_journeys(query)
    }
}
