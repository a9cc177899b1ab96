//! Versions of scoring models in memory. Invariant: as the trait says.

use super::ledger::MemoryLedger;
use crate::domain::{ModelHash, SiteNo};
use crate::storage::{ModelVersion, Models, StoreError};
use std::cmp::Reverse;
use std::collections::BTreeMap;

impl Models for MemoryLedger {
    fn models(&self, site: SiteNo) -> Result<Vec<ModelVersion>, StoreError> {
        let state = self.state();
        let mut models: Vec<_> = state.models.values().filter(|model| model.site == site).cloned().collect();
        models.sort_by_key(|model| (Reverse(model.made_at), model.hash));
        Ok(models)
    }

    fn model(&self, site: SiteNo, hash: ModelHash) -> Result<Option<ModelVersion>, StoreError> {
        Ok(self.state().models.get(&(site, hash)).cloned())
    }

    fn put_model(&self, model: &ModelVersion) -> Result<bool, StoreError> {
        let mut state = self.state();
        let key = (model.site, model.hash);
        let new = !state.models.contains_key(&key);
        state.models.entry(key).or_insert_with(|| model.clone());
        Ok(new)
    }

    fn drop_model(&self, site: SiteNo, hash: ModelHash) -> Result<bool, StoreError> {
        let mut state = self.state();
        let live = state.live_models.get(&site) == Some(&hash);
        Ok(!live && state.models.remove(&(site, hash)).is_some())
    }

    fn live_models(&self) -> Result<BTreeMap<SiteNo, ModelHash>, StoreError> {
        Ok(self.state().live_models.clone())
    }

    fn set_live_model(&self, site: SiteNo, hash: ModelHash) -> Result<(), StoreError> {
        self.state().live_models.insert(site, hash);
        Ok(())
    }
}
