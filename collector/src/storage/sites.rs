//! Sites and their policies. Invariant: a site's number and secret are given once and never change.

use super::StoreError;
use crate::domain::{IdentitySecrets, Site, SiteId, SiteNo, SitePolicy, Zone};

/// A site to add.
#[derive(Debug, Clone)]
pub struct NewSite {
    /// Its domain.
    pub id: SiteId,
    /// The zone its days are counted in.
    pub zone: Zone,
    /// What its operator decided.
    pub policy: SitePolicy,
}

/// Keeps sites.
pub trait Sites: Send + Sync + 'static {
    /// All sites, by domain.
    ///
    /// # Errors
    /// When the engine fails.
    fn sites(&self) -> Result<Vec<Site>, StoreError>;

    /// Adds a site with a fresh secret, or changes the policy of the one that is there; its zone stays as
    /// it was, for its days are already counted in it. A policy that differs from the one that is kept raises
    /// the policy's version by one; the same policy again changes nothing.
    ///
    /// # Errors
    /// When the engine fails.
    fn put_site(&self, site: NewSite) -> Result<Site, StoreError>;

    /// Puts what a site's own server signs with in the place of what was there.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such site; otherwise when the engine fails.
    fn set_identity_secrets(&self, site: SiteNo, secrets: &IdentitySecrets) -> Result<(), StoreError>;
}
