//! Which model scores which site. Invariant: what is answered is what the ledger says is live at that moment; a
//! version that is live can always be read.

use crate::domain::{ModelHash, SiteNo};
use crate::scoring::Model;
use crate::storage::{ModelVersion, Models, ScoringLedger, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The collector's own model, and those that were published for a site.
#[derive(Debug, Clone)]
pub struct LiveModels {
    base: Arc<Model>,
    /// Versions never change: read once, they stay.
    read: Arc<Mutex<BTreeMap<ModelHash, Arc<Model>>>>,
}

impl From<Arc<Model>> for LiveModels {
    fn from(base: Arc<Model>) -> Self {
        Self { base, read: Arc::default() }
    }
}

/// The models of all sites at one moment.
#[derive(Debug, Clone)]
pub struct Current {
    base: Arc<Model>,
    published: BTreeMap<SiteNo, Arc<Model>>,
}

impl Current {
    /// The model of a site.
    pub fn of(&self, site: SiteNo) -> &Arc<Model> {
        self.published.get(&site).unwrap_or(&self.base)
    }
}

impl From<Arc<Model>> for Current {
    fn from(base: Arc<Model>) -> Self {
        Self { base, published: BTreeMap::new() }
    }
}

impl LiveModels {
    /// The model of sites for which none was published: the one that the settings name.
    pub const fn base(&self) -> &Arc<Model> {
        &self.base
    }

    /// The models that are live.
    ///
    /// # Errors
    /// When storage fails, or this binary cannot read a version.
    pub fn current<L: Models + ?Sized>(&self, ledger: &L) -> Result<Current, StoreError> {
        let live = ledger.live_models()?.into_iter();
        let read = live.map(|(site, hash)| Ok((site, self.read(ledger, site, hash)?)));
        Ok(Current { base: Arc::clone(&self.base), published: read.collect::<Result<_, StoreError>>()? })
    }

    /// The model of one site.
    ///
    /// # Errors
    /// As [`current`](Self::current).
    pub fn of<L: Models + ?Sized>(&self, ledger: &L, site: SiteNo) -> Result<Arc<Model>, StoreError> {
        match ledger.live_models()?.get(&site) {
            Some(hash) => self.read(ledger, site, *hash),
            None => Ok(Arc::clone(&self.base)),
        }
    }

    /// After an update of the binary: versions that it understands otherwise than the one that scored by them become
    /// versions of their own, and every event is scored again.
    ///
    /// # Errors
    /// As [`current`](Self::current).
    pub fn renew<L: ScoringLedger + ?Sized>(&self, ledger: &L) -> Result<(), StoreError> {
        let mut changed = Vec::new();
        for (site, hash) in ledger.live_models()? {
            let model = self.read(ledger, site, hash)?;
            if *model.hash() == hash {
                continue;
            }
            if let Some(version) = ledger.model(site, hash)? {
                ledger.put_model(&ModelVersion { hash: *model.hash(), ..version })?;
            }
            changed.push((site, *model.hash()));
        }
        if !changed.is_empty() {
            tracing::info!("this version reads a scoring model otherwise: every event is scored again");
            ledger.restart(*self.base.hash())?;
        }
        // Last: killed before it, the next start finds the same and begins anew.
        changed.into_iter().try_for_each(|(site, hash)| ledger.set_live_model(site, hash))
    }

    /// A version of a site's models.
    ///
    /// # Errors
    /// When storage fails, there is no such version, or this binary cannot read it.
    pub fn read<L: Models + ?Sized>(
        &self,
        ledger: &L,
        site: SiteNo,
        hash: ModelHash,
    ) -> Result<Arc<Model>, StoreError> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        if let Some(model) = known {
            return Ok(model);
        }
        let unusable =
            |why: String| StoreError::Unusable(format!("the scoring model {hash} in ledger.db {why}"));
        let version =
            ledger.model(site, hash)?.ok_or_else(|| unusable("is missing; restore a backup".to_owned()))?;
        let model = Model::parse(&version.text)
            .map_err(|error| {
                unusable(format!(
                    "cannot be read by this version of mqlite:\n{error}\nIf a newer version wrote it, run that one; if \
                     not, it is damaged: put a copy of your newest backup in the place of the data folder"
                ))
            })?;
        let model = Arc::new(model);
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, Arc::clone(&model));
        Ok(model)
    }
}
