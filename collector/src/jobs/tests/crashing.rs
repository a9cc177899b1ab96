//! A ledger that crashes on demand. Invariant: but for the commits that its plan names it is the ledger
//! that it wraps.

use super::World;
use crate::domain::{Cursor, IdentitySecrets, LeadKey, ModelHash, Site, SiteNo, Timestamp, VisitorId};
use crate::leads::{Lead, Transition};
use crate::storage::memory::MemoryLedger;
use crate::storage::{Changes, Loaded, ModelVersion, Models, NewSite, Scores, Sites, StoreError, VoidStep};
use std::collections::VecDeque;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// What becomes of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It happens.
    Happens,
    /// The process dies before it is written.
    DiesBefore,
    /// It is written, and the process dies before it is told so.
    DiesAfter,
    /// Another scorer has come further in the meantime.
    Overtaken,
}

/// A ledger with a plan; what the plan does not name happens.
pub(super) struct Crashing {
    inner: Arc<MemoryLedger>,
    world: Arc<World>,
    plan: Mutex<VecDeque<Fate>>,
}

impl Crashing {
    pub(super) fn new(world: Arc<World>, plan: impl IntoIterator<Item = Fate>) -> Self {
        Self { inner: world.ledger.clone(), world, plan: Mutex::new(plan.into_iter().collect()) }
    }
}

impl Scores for Crashing {
    fn progress(&self) -> Result<Option<(Cursor, ModelHash)>, StoreError> {
        self.inner.progress()
    }

    fn generation(&self) -> Result<i64, StoreError> {
        self.inner.generation()
    }

    fn restart(&self, model: ModelHash) -> Result<(), StoreError> {
        self.inner.restart(model)
    }

    fn voided(&self, places: &[Cursor], step: Option<VoidStep>) -> Result<BTreeSet<Cursor>, StoreError> {
        self.inner.voided(places, step)
    }

    fn load(&self, visitors: &[VisitorId], leads: &[LeadKey]) -> Result<Loaded, StoreError> {
        self.inner.load(visitors, leads)
    }

    fn commit(&self, from: Cursor, to: Cursor, changes: &Changes) -> Result<(), StoreError> {
        let fate = self.plan.lock().expect("whole").pop_front().unwrap_or(Fate::Happens);
        let died = || Err(StoreError::Failed("the process died".to_owned()));
        match fate {
            Fate::Happens => self.inner.commit(from, to, changes),
            Fate::DiesBefore => died(),
            Fate::DiesAfter => self.inner.commit(from, to, changes).and_then(|()| died()),
            Fate::Overtaken => {
                self.world.score(super::MODEL);
                self.inner.commit(from, to, changes)
            }
        }
    }

    fn forget_visits(&self, before: Timestamp) -> Result<(), StoreError> {
        self.inner.forget_visits(before)
    }

    fn lead(&self, site: SiteNo, key: LeadKey) -> Result<Option<Lead>, StoreError> {
        self.inner.lead(site, key)
    }

    fn transitions(&self, site: SiteNo, key: LeadKey) -> Result<Vec<Transition>, StoreError> {
        self.inner.transitions(site, key)
    }
}

impl Models for Crashing {
    fn models(&self, site: SiteNo) -> Result<Vec<ModelVersion>, StoreError> {
        self.inner.models(site)
    }

    fn model(&self, site: SiteNo, hash: ModelHash) -> Result<Option<ModelVersion>, StoreError> {
        self.inner.model(site, hash)
    }

    fn put_model(&self, model: &ModelVersion) -> Result<bool, StoreError> {
        self.inner.put_model(model)
    }

    fn drop_model(&self, site: SiteNo, hash: ModelHash) -> Result<bool, StoreError> {
        self.inner.drop_model(site, hash)
    }

    fn live_models(&self) -> Result<BTreeMap<SiteNo, ModelHash>, StoreError> {
        self.inner.live_models()
    }

    fn set_live_model(&self, site: SiteNo, hash: ModelHash) -> Result<(), StoreError> {
        self.inner.set_live_model(site, hash)
    }
}

impl Sites for Crashing {
    fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.inner.sites()
    }

    fn put_site(&self, site: NewSite) -> Result<Site, StoreError> {
        self.inner.put_site(site)
    }

    fn set_identity_secrets(&self, site: SiteNo, secrets: &IdentitySecrets) -> Result<(), StoreError> {
        self.inner.set_identity_secrets(site, secrets)
    }
}
