//! Leads that wait for longer than they should. Invariant: who looks at the list is recorded before they see it;
//! hours are those of the clock on the wall.

use super::stages::Stages;
use crate::domain::{Actor, Site, Stage, Timestamp};
use crate::leads::Lead;
use crate::scoring::{Grade, Limit};
use crate::storage::{OverdueQuery, PageToken, StoreError};

/// A lead that stands in a stage for longer than its time limit.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The lead, without its hits and overrides.
    pub lead: Lead,
    /// How long it may stand there.
    pub limit: Limit,
    /// Since when it is overdue.
    pub due_at: Timestamp,
    /// Whole hours since then.
    pub overdue_hours: i64,
    /// Its grade, where the model has grades.
    pub grade: Option<Grade>,
}

/// A page of them, those overdue for longest first.
#[derive(Debug, Clone)]
pub struct OverduePage {
    /// The moment.
    pub as_of: Timestamp,
    /// The stages that have a time limit.
    pub limits: Vec<(Stage, Limit)>,
    /// The leads.
    pub waiting: Vec<Waiting>,
    /// How many there are in all.
    pub total: u64,
    /// Where the next page begins.
    pub next: Option<PageToken>,
}

impl Stages {
    /// A page of at most `limit` leads that are overdue now.
    ///
    /// # Errors
    /// When storage fails, or it cannot be recorded: then nothing is shown.
    pub fn overdue(
        &self,
        actor: &Actor,
        site: &Site,
        limit: usize,
        after: Option<PageToken>,
    ) -> Result<OverduePage, StoreError> {
        self.audit.leads_listed(actor, site)?;
        let model = self.model(site)?;
        let (now, limits) = (self.now(), model.limits());
        let hours = limits.iter().map(|(stage, limit)| (*stage, limit.hours())).collect();
        let query = OverdueQuery { site: site.no, limits: hours, now, limit, after };
        let page = self.ledger.overdue(&query)?;
        let waiting = page.leads.into_iter().filter_map(|lead| {
            let due_at = model.due_at(lead.stage, lead.stage_at)?;
            Some(Waiting {
                limit: model.limit(lead.stage)?,
                due_at,
                overdue_hours: now.millis().saturating_sub(due_at.millis()) / 3_600_000,
                grade: model.grade(lead.score),
                lead,
            })
        });
        let waiting = waiting.collect();
        Ok(OverduePage { as_of: now, limits, waiting, total: page.total, next: page.next })
    }
}
