//! Retention: what is past its time goes, once a day and on command. Invariant: nothing goes that scoring has
//! not seen, counts of days whose events are gone are counted for good before the first of them goes, and
//! every run stands in the audit log with what went.

use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Action, Actor, Cursor, Date, RetentionKind, Site, SiteNo, Timestamp};
use crate::storage::{AuditQuery, EventStore, Ledger, Prune, Selector, StoreError};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

/// Leads of one transaction.
const LEADS: usize = 200;
/// Milliseconds between two daily runs.
const DAY_MS: i64 = Timestamp::DAY_MS;

/// What went, or would go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The site's domain.
    pub site: String,
    /// Of which kind.
    pub kind: &'static str,
    /// The first local day that stays.
    pub before: Date,
    /// How many rows: events, leads, or counts.
    pub rows: u64,
}

/// Applies each site's retention.
#[derive(Clone)]
pub struct Retention {
    events: Arc<dyn EventStore>,
    ledger: Arc<dyn Ledger>,
    audit: Arc<Recorder>,
    clock: Clock,
}

impl Retention {
    /// Over these stores.
    pub fn new(
        events: Arc<dyn EventStore>,
        ledger: Arc<dyn Ledger>,
        audit: Arc<Recorder>,
        clock: Clock,
    ) -> Self {
        Self { events, ledger, audit, clock }
    }

    /// When the next daily run is due: a day after the last, or at once.
    ///
    /// # Errors
    /// When storage fails.
    pub fn due_at(&self) -> Result<Timestamp, StoreError> {
        let last = AuditQuery { action: Some(Action::RetentionRan), limit: 1, ..AuditQuery::default() };
        let last = self.ledger.entries(&last)?.entries.first().map(|entry| entry.at);
        Ok(last.map_or_else(|| self.clock.now(), |at| at.plus_millis(DAY_MS)))
    }

    /// Runs when a run is due; answers what went, `None` when none was due.
    ///
    /// # Errors
    /// When storage fails; what went by then stays gone, and the next run goes on.
    pub fn run_if_due(&self) -> Result<Option<Vec<Run>>, StoreError> {
        if self.due_at()? > self.clock.now() {
            return Ok(None);
        }
        self.run(&Actor::collector(), None, false).map(Some)
    }

    /// Applies the retention of every site, or of `only` one. With `dry_run` nothing goes and nothing is
    /// recorded.
    ///
    /// # Errors
    /// When storage fails; what went by then stays gone.
    pub fn run(&self, actor: &Actor, only: Option<SiteNo>, dry_run: bool) -> Result<Vec<Run>, StoreError> {
        let now = self.clock.now();
        let mut erased = false;
        let scored = self.ledger.progress()?.map_or_else(Cursor::default, |(cursor, _)| cursor);
        let mut runs = Vec::new();
        for site in self.ledger.sites()?.iter().filter(|site| only.is_none_or(|only| site.no == only)) {
            let today = site.zone.date(now);
            let mut went = Vec::new();
            for kind in RetentionKind::ALL {
                let before = site.policy.retention.first_kept(kind, today);
                let rows = match kind {
                    RetentionKind::Events => self.events(site, before, scored, dry_run)?,
                    RetentionKind::Leads => self.leads(site, before, dry_run)?,
                    RetentionKind::Aggregates => self.counts(site, before, dry_run)?,
                };
                erased |= rows > 0 && kind != RetentionKind::Aggregates;
                went.push(Run { site: site.id.to_string(), kind: kind.name(), before, rows });
            }
            if !dry_run {
                let details: serde_json::Map<_, _> = went
                    .iter()
                    .map(|run| (run.kind.to_owned(), json!({ "before": run.before, "rows": run.rows })))
                    .collect();
                self.audit.record(actor, Action::RetentionRan, Some(&site.id), None, &details.into())?;
            }
            runs.append(&mut went);
        }
        if erased && !dry_run {
            self.events.drop_unused()?;
        }
        Ok(runs)
    }

    fn events(&self, site: &Site, before: Date, scored: Cursor, dry_run: bool) -> Result<u64, StoreError> {
        let prune = Prune { site: site.no, before: site.zone.start_of(before), up_to: scored };
        let rows = self.events.prune(&prune, true)?;
        if dry_run || rows == 0 {
            return Ok(rows);
        }
        self.ledger.count_for_good(site.no, before)?;
        self.events.prune(&prune, false)
    }

    fn leads(&self, site: &Site, before: Date, dry_run: bool) -> Result<u64, StoreError> {
        let before = site.zone.start_of(before);
        if dry_run {
            let leads = self.ledger.expired_leads(site.no, before, usize::MAX)?;
            return Ok(u64::try_from(leads.len()).unwrap_or(u64::MAX));
        }
        let mut gone = 0;
        loop {
            let leads = self.ledger.expired_leads(site.no, before, LEADS)?;
            if leads.is_empty() {
                return Ok(gone);
            }
            // Events first: a run that is cut short finds the lead again.
            for lead in &leads {
                self.events.erase(&Selector::Lead(*lead))?;
            }
            self.ledger.forget_leads(&leads)?;
            gone += u64::try_from(leads.len()).unwrap_or(u64::MAX);
        }
    }

    fn counts(&self, site: &Site, before: Date, dry_run: bool) -> Result<u64, StoreError> {
        let rollups = self.ledger.prune_counts(site.no, before, dry_run)?;
        Ok(rollups + self.events.prune_outcomes(site.no, before, dry_run)?)
    }
}
