//! Who asked not to be processed further, in memory, where events come in. Invariant: it holds lead keys and
//! moments only, and is put in whole: what the ledger says, or what it said last.

use crate::domain::{LeadKey, Restricted, Restriction};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Restrictions by lead. Those of one site are never asked for by another: keys are made under the site's secret.
#[derive(Default)]
pub struct Restrictions(RwLock<HashMap<LeadKey, Restriction>>);

impl Restrictions {
    /// Puts these in the place of all that were known.
    pub fn set(&self, all: impl IntoIterator<Item = Restricted>) {
        let all = all.into_iter().map(|row| (row.lead, row.restriction)).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = all;
    }

    /// What this lead asked for.
    pub fn of(&self, lead: LeadKey) -> Restriction {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&lead).copied().unwrap_or_default()
    }
}
