//! Voids: events that stay in the log and count for nothing. Invariant: which places of the log a void takes out is
//! settled when it is asked for and never changes; it comes in force, and is taken back, only together with what
//! everything else was scored to without it (`Publications::adopt`).

use super::{Publication, Say, StoreError};
use crate::domain::{Actor, Cursor, Entry, LeadKey, ModelHash, Selection, SiteNo, Text, Timestamp};

/// How far a void is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VoidState {
    /// Everything is being scored without its events.
    Asked,
    /// Its events count for nothing.
    InForce,
    /// It was taken back.
    Undone,
    /// It never came in force: somebody cancelled it, or it could not be done.
    Dropped,
}

impl VoidState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Asked, Self::InForce, Self::Undone, Self::Dropped];

    /// The name in storage and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::InForce => "in_force",
            Self::Undone => "undone",
            Self::Dropped => "dropped",
        }
    }

    /// From the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a publication does with a void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoidStep {
    /// The void.
    pub no: i64,
    /// Whether it is taken back.
    pub undo: bool,
}

/// Places of the log in a row: the first and the last.
pub type Places = (Cursor, Cursor);

/// A void that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVoid {
    /// On which site.
    pub site: SiteNo,
    /// What was said of the events.
    pub selection: Selection,
    /// Why, searched for personal data.
    pub reason: Text<300>,
    /// When.
    pub asked_at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// How many events that are.
    pub events: u64,
}

/// A void.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Void {
    /// Its number: those asked for later have higher ones.
    pub no: i64,
    /// What was asked for.
    pub asked: NewVoid,
    /// How far it is.
    pub state: VoidState,
    /// The newest place that it takes out.
    pub last: Cursor,
    /// When it was taken back.
    pub undone_at: Option<Timestamp>,
}

/// Keeps voids.
pub trait Voids: Send + Sync + 'static {
    /// Takes note of a void of these places, ascending, and of the publication that is to put it in force, with the
    /// entry that says so once its number is known.
    ///
    /// # Errors
    /// When the engine fails: then nothing was noted.
    fn ask_void(
        &self,
        new: &NewVoid,
        places: &[Places],
        model: ModelHash,
        say: Say<'_, i64>,
    ) -> Result<(Void, Publication, Entry), StoreError>;

    /// A site's voids, newest first.
    ///
    /// # Errors
    /// When the engine fails.
    fn voids(&self, site: SiteNo) -> Result<Vec<Void>, StoreError>;

    /// Leads of a site of whom nothing counts any more, and whom sales was told of or said something of, at most
    /// `limit`, by key.
    ///
    /// # Errors
    /// When the engine fails.
    fn void_leads(&self, site: SiteNo, limit: usize) -> Result<Vec<LeadKey>, StoreError>;

    /// Forgets what people said and sales was told of leads that are not there: their time is over.
    ///
    /// # Errors
    /// When the engine fails: then nothing was forgotten.
    fn forget_void_lead(&self, site: SiteNo, lead: LeadKey) -> Result<(), StoreError>;

    /// Forgets a void, unless it waits to come in force or to be taken back: no event is left that it was of.
    ///
    /// # Errors
    /// When the engine fails: then nothing was forgotten.
    fn drop_void(&self, no: i64) -> Result<(), StoreError>;
}
