//! Leads that wait for longer than they should, as a typed query. Invariant: it reads an index of `leads`, and
//! nobody is listed who asked not to be processed.

use super::{LeadPage, PageToken, StoreError};
use crate::domain::{SiteNo, Stage, Timestamp};
use crate::leads::Lead;

/// Which leads are overdue.
#[derive(Debug, Clone)]
pub struct OverdueQuery {
    /// The site.
    pub site: SiteNo,
    /// The stages that have a time limit, and how many hours that is.
    pub limits: Vec<(Stage, u32)>,
    /// At which moment: those whose limit was over then, also just then.
    pub now: Timestamp,
    /// At most so many.
    pub limit: usize,
    /// After this place.
    pub after: Option<PageToken>,
}

impl OverdueQuery {
    /// How long a lead may stand in a stage, in milliseconds.
    pub(super) fn limit_ms(&self, stage: Stage) -> Option<i64> {
        let found = self.limits.iter().find(|(limited, _)| *limited == stage);
        found.map(|(_, hours)| i64::from(*hours) * 3_600_000)
    }

    /// The moment from which on a lead is overdue: what the list is ordered by.
    pub(super) fn due_at(&self, lead: &Lead) -> Option<Timestamp> {
        self.limit_ms(lead.stage).map(|limit| lead.stage_at.plus_millis(limit))
    }
}

/// Lists leads that wait.
pub trait Overdue: Send + Sync + 'static {
    /// A page of leads that stand in a stage for longer than its limit, those overdue for longest first; of equal
    /// moments the smaller key first. They are without their hits and overrides.
    ///
    /// # Errors
    /// When the engine fails.
    fn overdue(&self, query: &OverdueQuery) -> Result<LeadPage, StoreError>;
}
