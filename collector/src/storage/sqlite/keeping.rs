//! What ends, and copies, on SQLite. Invariant: as the trait says.

use super::{SqliteLedger, sql, visits};
use crate::domain::{Date, LeadKey, SiteNo, Timestamp};
use crate::storage::{Keeping, StoreError};
use rusqlite::params;
use std::collections::BTreeSet;
use std::path::Path;

impl Keeping for SqliteLedger {
    fn count_for_good(&self, site: SiteNo, day: Date) -> Result<(), StoreError> {
        self.writer().execute(sql!("ledger/count_for_good"), params![site.get(), day.days()])?;
        Ok(())
    }

    fn expired_leads(
        &self,
        site: SiteNo,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeadKey>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/expired_leads"))?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![site.get(), before.millis(), limit], |row| row.get(0))?;
            Ok(rows.map(|key| key.map(LeadKey::from_bytes)).collect::<Result<_, _>>()?)
        })
    }

    fn forget_leads(&self, leads: &[LeadKey], before: Timestamp) -> Result<u64, StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let mut gone = BTreeSet::new();
        for key in leads {
            let values = params![key.bytes(), before.millis()];
            if transaction.prepare_cached(sql!("ledger/drop_expired_lead"))?.execute(values)? == 0 {
                continue;
            }
            gone.insert(*key);
            for query in [
                sql!("ledger/erase_transitions"),
                sql!("ledger/erase_earlier"),
                sql!("ledger/erase_overrides"),
                sql!("ledger/erase_reference"),
            ] {
                transaction.prepare_cached(query)?.execute([key.bytes()])?;
            }
        }
        if !gone.is_empty() {
            // Visits know no order by lead: one look at them for all.
            visits::remove(&transaction, &visits::of_leads(&transaction, &gone)?)?;
            transaction.execute(sql!("ledger/raise_takings"), [])?;
        }
        transaction.commit()?;
        Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
    }

    fn drop_stray_references(&self) -> Result<(), StoreError> {
        self.writer().execute(sql!("ledger/drop_stray_references"), [])?;
        Ok(())
    }

    fn prune_counts(&self, site: SiteNo, before: Date, dry_run: bool) -> Result<u64, StoreError> {
        let values = params![site.get(), before.days()];
        if dry_run {
            return self.readers.count(sql!("ledger/count_old_rollups"), values);
        }
        let pruned = self.writer().execute(sql!("ledger/prune_rollups"), values)?;
        Ok(u64::try_from(pruned).unwrap_or(u64::MAX))
    }

    fn ledger_backup(&self, path: &Path) -> Result<(), StoreError> {
        self.readers.copy_to(path)
    }
}
