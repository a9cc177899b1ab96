//! Versions of scoring models. Invariant: a version never changes once it is kept; which one is live changes only
//! together with the scores that it made.

use super::StoreError;
use crate::domain::{Actor, ModelHash, SiteNo, Timestamp};
use std::collections::BTreeMap;

/// A model as somebody handed it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelVersion {
    /// The site.
    pub site: SiteNo,
    /// Which version: SHA-256 of its canonical form.
    pub hash: ModelHash,
    /// What it is called.
    pub name: String,
    /// The model, as TOML.
    pub text: String,
    /// When it was handed in.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: Actor,
}

/// Keeps versions of models.
pub trait Models: Send + Sync + 'static {
    /// A site's versions, newest first.
    ///
    /// # Errors
    /// When the engine fails.
    fn models(&self, site: SiteNo) -> Result<Vec<ModelVersion>, StoreError>;

    /// One version.
    ///
    /// # Errors
    /// When the engine fails.
    fn model(&self, site: SiteNo, hash: ModelHash) -> Result<Option<ModelVersion>, StoreError>;

    /// Keeps a version; answers whether it is new. One that is there already stays as it is.
    ///
    /// # Errors
    /// When the engine fails.
    fn put_model(&self, model: &ModelVersion) -> Result<bool, StoreError>;

    /// Drops a version, unless it is live; answers whether it did.
    ///
    /// # Errors
    /// When the engine fails.
    fn drop_model(&self, site: SiteNo, hash: ModelHash) -> Result<bool, StoreError>;

    /// The versions that are live, on sites where one was published; all others are scored by the collector's
    /// own model.
    ///
    /// # Errors
    /// When the engine fails.
    fn live_models(&self) -> Result<BTreeMap<SiteNo, ModelHash>, StoreError>;

    /// Says that a site's leads are scored by this version from now on; for when they are made by it anew.
    ///
    /// # Errors
    /// When the engine fails.
    fn set_live_model(&self, site: SiteNo, hash: ModelHash) -> Result<(), StoreError>;
}
