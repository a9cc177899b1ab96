//! What ends, in memory. Invariant: as the trait says; there is nothing to copy.

use super::ledger::MemoryLedger;
use crate::domain::{Date, LeadKey, SiteNo, Timestamp};
use crate::storage::{Keeping, StoreError};
use std::path::Path;

impl Keeping for MemoryLedger {
    fn count_for_good(&self, site: SiteNo, day: Date) -> Result<(), StoreError> {
        for site in self.state().sites.values_mut().filter(|known| known.no == site) {
            site.counted_from = site.counted_from.max(Some(day));
        }
        Ok(())
    }

    fn expired_leads(
        &self,
        site: SiteNo,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeadKey>, StoreError> {
        let state = self.state();
        let mut old: Vec<_> = state
            .leads
            .values()
            .filter(|lead| lead.site == site && lead.last_seen < before)
            .map(|lead| (lead.last_seen, lead.key))
            .collect();
        old.sort_unstable();
        Ok(old.into_iter().map(|(_, key)| key).take(limit).collect())
    }

    fn forget_leads(&self, leads: &[LeadKey]) -> Result<(), StoreError> {
        let mut state = self.state();
        state.leads.retain(|key, _| !leads.contains(key));
        state.transitions.retain(|transition| !leads.contains(&transition.lead));
        state.pending.retain(|key, _| !leads.contains(key));
        state.references.retain(|(_, key), _| !leads.contains(key));
        Ok(())
    }

    fn prune_counts(&self, site: SiteNo, before: Date, dry_run: bool) -> Result<u64, StoreError> {
        let mut state = self.state();
        let count = state.rollups.keys().filter(|key| key.site == site && key.day < before).count();
        if !dry_run {
            state.rollups.retain(|key, _| key.site != site || key.day >= before);
        }
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    fn ledger_backup(&self, _: &Path) -> Result<(), StoreError> {
        Err(StoreError::Failed("what is in memory only has no copy".to_owned()))
    }
}
