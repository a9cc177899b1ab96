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

    fn forget_leads(&self, leads: &[LeadKey], before: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.state();
        let old = |key: &&LeadKey| state.leads.get(*key).is_some_and(|lead| lead.last_seen < before);
        let gone: Vec<LeadKey> = leads.iter().filter(old).copied().collect();
        state.leads.retain(|key, _| !gone.contains(key));
        if !gone.is_empty() {
            state.raise_takings();
        }
        state.transitions.retain(|transition| !gone.contains(&transition.lead));
        state.people.retain(|change| !gone.contains(&change.lead));
        state.pending.retain(|key, _| !gone.contains(key));
        state.forget_changes(|transition| gone.contains(&transition.lead));
        state.references.retain(|(_, key), _| !gone.contains(key));
        state.overrides.retain(|key, _| !gone.contains(key));
        state.visits.retain(|_, visit| visit.lead.is_none_or(|key| !gone.contains(&key)));
        Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
    }

    fn drop_stray_references(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        let mut references = std::mem::take(&mut state.references);
        references.retain(|(_, key), _| {
            state.leads.contains_key(key) || state.restrictions.contains_key(key) || state.is_remembered(*key)
        });
        state.references = references;
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
