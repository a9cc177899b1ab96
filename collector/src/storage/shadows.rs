//! Ledgers beside the live one, in which another model scores the log. Invariant: a shadow holds nothing that the
//! live ledger could not make again, is backed up with nothing, and knows when it has to be begun anew: whoever was
//! taken back from the live ledger meanwhile must not stand in it.

use super::{Ledger, StoreError};
use crate::domain::{LeadKey, ModelHash, Override, Restriction, Site, SiteNo};
use crate::leads::Transition;
use std::sync::Arc;

/// What of the live ledger does not follow from events, and a replay needs.
#[derive(Debug, Clone)]
pub struct Seed {
    /// The site.
    pub site: Site,
    /// Who asked for what.
    pub restrictions: Vec<(LeadKey, Restriction)>,
    /// What people made of leads after the place that was asked for, in the order in which they did.
    pub people: Vec<Transition>,
    /// What people say of leads against their scores, if it is other than before: all of it.
    pub overrides: Option<Vec<(LeadKey, Override)>>,
    /// How far `people` goes, from the beginning or the last one that was told.
    pub mark: Mark,
}

/// How much of the live ledger a shadow knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// How often leads had been taken back, restricted or dropped.
    pub takings: i64,
    /// The place of the newest change of stage by people.
    pub people: i64,
    /// How many overrides there were, and of how many of them the end.
    pub overrides: i64,
    /// How many voids of the site came in force, and how many of them were taken back.
    pub voids: i64,
}

/// Opens shadows, and tells them what they need.
pub trait Shadows {
    /// Opens the shadow of this name (letters, digits, `-`), creating it.
    ///
    /// # Errors
    /// When the engine fails.
    fn open_shadow(&self, name: &str) -> Result<Arc<dyn Ledger>, StoreError>;

    /// Removes the shadow of this name, with all that is in it; also one that somebody has open.
    ///
    /// # Errors
    /// When the engine fails.
    fn discard_shadow(&self, name: &str) -> Result<(), StoreError>;

    /// The names of all shadows.
    ///
    /// # Errors
    /// When the engine fails.
    fn shadows(&self) -> Result<Vec<String>, StoreError>;

    /// What a shadow of a site has to be told, of people's changes those after `since`.
    ///
    /// # Errors
    /// When the engine fails; [`StoreError::Unusable`] when there is no such site.
    fn seed(&self, site: SiteNo, since: Mark) -> Result<Seed, StoreError>;

    /// In a shadow: how much it was told; nothing before the first time.
    ///
    /// # Errors
    /// When the engine fails.
    fn mark(&self) -> Result<Option<Mark>, StoreError>;

    /// In a shadow: takes in what it is told. The first seed begins it, with the model that it will be scored by;
    /// of a later one it takes what people did and say.
    ///
    /// # Errors
    /// When the engine fails: then nothing was taken in.
    fn plant(&self, seed: &Seed, model: ModelHash) -> Result<(), StoreError>;
}
