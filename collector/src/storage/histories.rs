//! Leads with their past, one after the other. Invariant: who asked for a restriction or took their consent back is
//! not among them; what is handed over is of one moment.

use super::StoreError;
use crate::domain::SiteNo;
use crate::leads::{Lead, Transition};
use std::ops::ControlFlow;

/// Which leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acted {
    /// Those on which people acted, the newest act first.
    ByPeople,
    /// Those on which nobody acted yet, the newest event first.
    ByNobody,
}

/// Takes a lead with its hits and its changes of stage, oldest first, and says whether to go on.
pub type EachHistory<'a> = &'a mut dyn FnMut(Lead, Vec<Transition>) -> ControlFlow<()>;

/// Reads the past of leads.
pub trait Histories: Send + Sync + 'static {
    /// Hands a site's leads of a kind, without their touches, to `each` until it says stop; of equal moments the greater key
    /// first.
    ///
    /// # Errors
    /// When the engine fails.
    fn histories(&self, site: SiteNo, acted: Acted, each: EachHistory<'_>) -> Result<(), StoreError>;
}
