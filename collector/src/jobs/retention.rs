//! Retention: what is past its time goes, once a day and on command. Invariant: nothing goes that scoring has
//! not seen, counts of days whose events are gone are counted for good before the first of them goes, every
//! run stands in the audit log with what went, and a clock that leaps is not believed at once.

use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Action, Actor, Cursor, Date, LeadKey, RetentionKind, Site, SiteNo, Timestamp};
use crate::storage::{AuditQuery, EventStore, Ledger, Logged, Prune, Selector, StoreError};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Leads of one transaction.
const LEADS: usize = 200;
/// Milliseconds between two daily runs.
const DAY_MS: i64 = Timestamp::DAY_MS;
/// So long without a run, by the clock, is more likely a wrong clock, or a collector that stood still.
const LEAP_MS: i64 = 3 * DAY_MS;
/// After a leap nothing goes by itself for so long: for the clock to be put right, or somebody to see the log.
const PATIENCE_MS: i64 = 6 * 60 * 60 * 1000;
/// Rounds come once a minute. A clock that goes further between two of them leaps again.
const ROUNDS_MS: i64 = 60 * 60 * 1000;
/// Events that are read at once, of those that wait to be scored.
const WAITING: usize = 1_000;

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

/// Why nothing went, or not all.
#[derive(Debug, thiserror::Error)]
pub enum Undone {
    /// Nothing went: what is past its time is yet to be scored.
    #[error(
        "scoring has not yet seen events that are past their time, and nothing goes before it has; a running \
         collector sees to that"
    )]
    Unscored,
    /// What went by then stays gone, and the next run goes on.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Applies each site's retention.
#[derive(Clone)]
pub struct Retention {
    events: Arc<dyn EventStore>,
    ledger: Arc<dyn Ledger>,
    audit: Arc<Recorder>,
    clock: Clock,
    doubt: Arc<Mutex<Option<Doubt>>>,
}

/// A clock that leapt.
#[derive(Debug, Clone, Copy)]
struct Doubt {
    since: Timestamp,
    seen: Timestamp,
}

impl Retention {
    /// Over these stores.
    pub fn new(
        events: Arc<dyn EventStore>,
        ledger: Arc<dyn Ledger>,
        audit: Arc<Recorder>,
        clock: Clock,
    ) -> Self {
        Self { events, ledger, audit, clock, doubt: Arc::default() }
    }

    fn last(&self) -> Result<Option<Timestamp>, StoreError> {
        let last = AuditQuery { action: Some(Action::RetentionRan), limit: 1, ..AuditQuery::default() };
        Ok(self.ledger.entries(&last)?.entries.first().map(|entry| entry.at))
    }

    /// When the next daily run is due: a day after the last, or at once. A last run that is yet to come was one by
    /// a wrong clock, and is none to wait for.
    ///
    /// # Errors
    /// When storage fails.
    pub fn due_at(&self) -> Result<Timestamp, StoreError> {
        let now = self.clock.now();
        let last = self.last()?.filter(|at| *at <= now);
        Ok(last.map_or(now, |at| at.plus_millis(DAY_MS)))
    }

    /// Whether the clock leapt since the last run, and has not gone on evenly for long enough since.
    fn in_doubt(&self, now: Timestamp) -> Result<bool, StoreError> {
        let gap = self.last()?.map_or(0, |last| now.millis() - last.millis());
        let mut doubt = self.doubt.lock().unwrap_or_else(PoisonError::into_inner);
        if gap <= LEAP_MS {
            *doubt = None;
            return Ok(false);
        }
        let even = |known: &Doubt| (0..=ROUNDS_MS).contains(&(now.millis() - known.seen.millis()));
        let since = doubt.filter(even).map_or(now, |known| known.since);
        if since == now {
            tracing::warn!(
                "retention waits: by the clock the last run is {} days ago. If the clock is right, what is past its \
                 time goes in six hours, or at once with `mqlite prune`; if it is not, put it right",
                gap / DAY_MS
            );
        }
        *doubt = Some(Doubt { since, seen: now });
        Ok(now.millis() - since.millis() < PATIENCE_MS)
    }

    /// Runs when a run is due; answers what went, `None` when none was due.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn run_if_due(&self) -> Result<Option<Vec<Run>>, Undone> {
        let now = self.clock.now();
        if self.due_at()? > now || self.in_doubt(now)? {
            return Ok(None);
        }
        self.run(&Actor::collector(), None, false).map(Some)
    }

    /// Applies the retention of every site, or of `only` one. With `dry_run` nothing goes and nothing is
    /// recorded.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn run(&self, actor: &Actor, only: Option<SiteNo>, dry_run: bool) -> Result<Vec<Run>, Undone> {
        let now = self.clock.now();
        let mut erased = false;
        let scored = self.ledger.progress()?.map_or_else(Cursor::default, |(cursor, _)| cursor);
        let mut runs = Vec::new();
        let mut sites = self.ledger.sites()?;
        sites.retain(|site| only.is_none_or(|only| site.no == only));
        let all_scored = self.young_wait(scored, &sites, now)?;
        for site in &sites {
            let today = site.zone.date(now);
            let mut went = Vec::new();
            for kind in RetentionKind::ALL {
                let before = site.policy.retention.first_kept(kind, today);
                let rows = match kind {
                    RetentionKind::Events => self.events(site, before, scored, dry_run)?,
                    RetentionKind::Leads => self.leads(site, before, scored, dry_run)?,
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
        if dry_run {
            return Ok(runs);
        }
        if erased {
            self.events.drop_unused()?;
        }
        sites.iter().try_for_each(|site| self.voids(site))?;
        if all_scored {
            self.ledger.drop_stray_references()?;
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

    fn leads(&self, site: &Site, day: Date, scored: Cursor, dry_run: bool) -> Result<u64, StoreError> {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let before = site.zone.start_of(day);
        if dry_run {
            let leads = self.ledger.expired_leads(site.no, before, usize::MAX)?;
            return Ok(number(leads.len() + self.strays(site, before)?.len()));
        }
        let mut gone = 0;
        loop {
            let leads = self.ledger.expired_leads(site.no, before, LEADS)?;
            if leads.is_empty() {
                break;
            }
            self.ledger.count_for_good(site.no, day)?;
            // Events first: a run that is cut short finds the lead again. What arrives meanwhile is younger.
            for lead in &leads {
                // With the proof goes what tells claims from what was theirs; in a replay they would be somebody new.
                let known = self.ledger.lead(site.no, *lead)?;
                if known.is_some_and(|known| known.verified_at.is_some()) {
                    self.events.erase(&Selector::Unproven(*lead, scored))?;
                }
                self.events.erase(&Selector::LeadBefore(*lead, before))?;
            }
            gone += self.ledger.forget_leads(&leads, before)?;
        }
        for lead in self.strays(site, before)? {
            self.events.erase(&Selector::LeadBefore(lead, before))?;
            self.ledger.forget_void_lead(site.no, lead)?;
            gone += 1;
        }
        Ok(gone)
    }

    /// Leads that only the event log knows, and whose events are all past their time: such as were sent while
    /// somebody asked not to be processed.
    fn strays(&self, site: &Site, before: Timestamp) -> Result<Vec<LeadKey>, StoreError> {
        let mut strays = Vec::new();
        for lead in self.events.silent_leads(site.no, before)? {
            if self.ledger.lead(site.no, lead)?.is_none() {
                strays.push(lead);
            }
        }
        Ok(strays)
    }

    /// A void goes with the events that it could be of.
    fn voids(&self, site: &Site) -> Result<(), StoreError> {
        for void in self.ledger.voids(site.no)? {
            if !self.events.has_up_to(site.no, void.last)? {
                self.ledger.drop_void(void.no)?;
            }
        }
        Ok(())
    }

    /// Looks at what waits to be scored, however much it is: where nothing of it is past its time, the run may begin.
    /// Answers whether nothing waits.
    fn young_wait(&self, scored: Cursor, sites: &[Site], now: Timestamp) -> Result<bool, Undone> {
        let ends: BTreeMap<SiteNo, Timestamp> =
            sites.iter().filter_map(|site| Some((site.no, first_kept(site, now)?))).collect();
        // What arrives from now on is younger.
        let (head, mut after) = (self.events.head()?, scored);
        while after < head {
            let waiting = self.events.scan(after, WAITING)?;
            let Some(last) = waiting.last() else { break };
            after = last.cursor;
            if waiting.iter().any(|Logged { event, .. }| Some(&event.at) < ends.get(&event.site)) {
                return Err(Undone::Unscored);
            }
        }
        Ok(after == scored)
    }

    fn counts(&self, site: &Site, before: Date, dry_run: bool) -> Result<u64, StoreError> {
        let rollups = self.ledger.prune_counts(site.no, before, dry_run)?;
        Ok(rollups + self.events.prune_outcomes(site.no, before, dry_run)?)
    }
}

/// Where the youngest of what goes ends: before the first moment that every kind keeps.
fn first_kept(site: &Site, now: Timestamp) -> Option<Timestamp> {
    let today = site.zone.date(now);
    let days = RetentionKind::ALL.map(|kind| site.policy.retention.first_kept(kind, today));
    days.into_iter().max().map(|day| site.zone.start_of(day))
}
