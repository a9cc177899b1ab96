//! Making a model live. Invariant: what one model made of a site's leads is replaced by what another made of them
//! in one transaction with the entry that says so, and only when the other has seen all that the first has; what
//! sales was told stays readable, and nothing is to be told twice.

use super::{Mark, Say, StoreError, VoidStep};
use crate::domain::{Act, Actor, Cursor, Entry, LeadKey, ModelHash, Site, SiteNo, Timestamp};
use crate::leads::Transition;

/// How far a publication is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PublicationState {
    /// Being worked on, or waiting for those asked for earlier.
    Running,
    /// Its model is live, or was.
    Done,
    /// Somebody did not want it any more.
    Cancelled,
    /// It could not be done.
    Failed,
}

impl PublicationState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Running, Self::Done, Self::Cancelled, Self::Failed];

    /// The name in storage and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// From the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPublication {
    /// On which site.
    pub site: SiteNo,
    /// Which of its models.
    pub model: ModelHash,
    /// When.
    pub asked_at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// Whether changes of stage that it alone makes are to be told like any other.
    pub announce: bool,
    /// The void that it puts in force or takes back; then the site's own model is the one that scores anew.
    pub void: Option<VoidStep>,
}

/// A publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its number: those asked for later have higher ones.
    pub id: i64,
    /// What was asked for.
    pub asked: NewPublication,
    /// How far it is.
    pub state: PublicationState,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Leads that became MQLs by it.
    pub entered: u64,
    /// Leads that were MQLs and are none by it.
    pub left: u64,
    /// Why it failed, in a sentence.
    pub problem: Option<String>,
}

/// How a publication ends that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Cancelled or failed.
    pub state: PublicationState,
    /// When.
    pub at: Timestamp,
    /// Why it failed.
    pub problem: Option<String>,
}

/// A change of stage that an earlier model made, as sales was told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The publication that put another model in its place.
    pub publication: i64,
    /// The change.
    pub transition: Transition,
}

/// A change of stage that others are to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Its number. The same change keeps its number when another model makes it, too: who has told of it knows it
    /// by that.
    pub number: i64,
    /// The change.
    pub transition: Transition,
}

/// A shadow that is to take the place of what the live ledger holds of its site.
#[derive(Debug, Clone, Copy)]
pub struct Adopt<'a> {
    /// The publication.
    pub publication: &'a Publication,
    /// The site, as the shadow knows it.
    pub site: &'a Site,
    /// The shadow's name.
    pub shadow: &'a str,
    /// Now.
    pub at: Timestamp,
    /// Visits whose newest event is older are not taken over: their time is over.
    pub forget_visits_before: Timestamp,
}

/// What came of it, as lists of MQLs count: of everyone who ever became one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Adopted {
    /// Leads that are MQLs by the new model alone.
    pub entered: u64,
    /// Leads that were MQLs by the earlier model alone.
    pub left: u64,
}

/// Brings a shadow to where the live ledger is, while nothing is written there: answers how far that is, and how much
/// of it the shadow knows.
pub type Last<'a> = &'a mut dyn FnMut() -> Result<(Cursor, Mark), StoreError>;

/// Keeps publications and makes them.
pub trait Publications: Send + Sync + 'static {
    /// Takes note of what is asked for, with its entry in the audit log.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the same is being published on the site already; otherwise when the engine
    /// fails: then nothing was noted.
    fn ask_publication(&self, new: &NewPublication, act: &Act) -> Result<(Publication, Entry), StoreError>;

    /// A site's publications, newest first.
    ///
    /// # Errors
    /// When the engine fails.
    fn publications(&self, site: SiteNo) -> Result<Vec<Publication>, StoreError>;

    /// The publication of this number.
    ///
    /// # Errors
    /// When the engine fails.
    fn publication(&self, id: i64) -> Result<Option<Publication>, StoreError>;

    /// Whose turn it is: the oldest that runs, of any site.
    ///
    /// # Errors
    /// When the engine fails.
    fn next_publication(&self) -> Result<Option<Publication>, StoreError>;

    /// Ends a publication that runs, with its entry; answers nothing when it does not run any more.
    ///
    /// # Errors
    /// When the engine fails: then nothing was changed.
    fn end_publication(&self, id: i64, ended: &Ended, act: &Act) -> Result<Option<Entry>, StoreError>;

    /// Puts what a shadow made of its site in the place of what the live ledger holds of it, and its model with it:
    /// leads with their hits, visits, counts and the machine's changes of stage. What people did stays; what the
    /// machine did by the earlier model is kept apart ([`Self::earlier`]); counts of days that are counted for good
    /// stay, but for leads. One of a void leaves the model as it is, puts the void in force or takes it back, and
    /// keeps apart only what it made otherwise. Ends the publication. `last` is called once, when nobody else may write any more where
    /// the backend can hold them up; it must not write to the live ledger.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the live ledger has come further than the shadow has seen, the publication
    /// does not run any more, or is one of a void by a model that is not live; otherwise when the engine or `last` fails. Then nothing was changed.
    fn adopt(
        &self,
        order: &Adopt<'_>,
        last: Last<'_>,
        say: Say<'_, Adopted>,
    ) -> Result<(Adopted, Entry), StoreError>;

    /// What earlier models made of a lead, oldest first.
    ///
    /// # Errors
    /// When the engine fails.
    fn earlier(&self, site: SiteNo, key: LeadKey) -> Result<Vec<Earlier>, StoreError>;

    /// Changes of stage that others are to be told of, by number, after one. What a publication alone made is
    /// among them only where it was asked for so.
    ///
    /// # Errors
    /// When the engine fails.
    fn to_announce(&self, after: i64, limit: usize) -> Result<Vec<Announced>, StoreError>;
}

/// Whether nothing of a site changed by which its leads are scored and counted.
pub(super) fn same_site(one: &Site, other: &Site) -> bool {
    (one.no, &one.policy, one.counted_from) == (other.no, &other.policy, other.counted_from)
}
