//! Leads that wait, on SQLite. Invariant: as the trait says.

use super::{SqliteLedger, scores, sql};
use crate::domain::{LeadKey, Stage};
use crate::storage::{LeadPage, Overdue, OverdueQuery, PageToken, StoreError};
use rusqlite::named_params;

impl Overdue for SqliteLedger {
    fn overdue(&self, query: &OverdueQuery) -> Result<LeadPage, StoreError> {
        self.readers.read(|connection| {
            // Nothing is later than a stage without a limit (NULL).
            let limit = |stage| query.limit_ms(stage);
            let (mql, sal, sql) = (limit(Stage::Mql), limit(Stage::Sal), limit(Stage::Sql));
            let (site, now) = (query.site.get(), query.now.millis());
            let total: i64 = connection.prepare_cached(sql!("ledger/count_overdue"))?.query_row(
                named_params! { ":site": site, ":mql": mql, ":sal": sal, ":sql": sql, ":now": now },
                |row| row.get(0),
            )?;
            let after = query
                .after
                .map_or((i64::MIN, LeadKey::from_bytes([0; 16])), |after| (after.at.millis(), after.key));
            let mut statement = connection.prepare_cached(sql!("ledger/overdue"))?;
            let mut rows = statement.query(named_params! {
                ":site": site, ":mql": mql, ":sal": sal, ":sql": sql, ":now": now,
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
                .and_then(|lead| Some(PageToken { at: query.due_at(lead)?, key: lead.key }));
            Ok(LeadPage { leads, total: total.unsigned_abs(), next })
        })
    }
}
