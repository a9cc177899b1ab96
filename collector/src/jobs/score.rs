//! The scorer: follows the event log from a cursor. Invariant: the cursor and all that follows from the
//! events before it move in one transaction; killed at any moment, it repeats work and never loses or
//! doubles it.

use super::background;
use super::fold::Fold;
use super::models::LiveModels;
use super::standing::Unwatched;
use crate::domain::{Cursor, LeadKey, Site, SiteNo, Timestamp, VisitorId};
use crate::storage::{EventStore, Logged, ScoringLedger, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(crate) use super::fold::refold;
pub(crate) use super::standing::{cooling_until, profile};

/// Events of one transaction.
const RUN: usize = 4_000;
/// Under load, from the beginning of one look at the log to the next. A transaction costs as much for ten events
/// as for a thousand, and it takes the disk from those who wait for their 202.
const PACE: Duration = Duration::from_millis(100);

/// Scores what is in the log.
pub struct Scorer {
    events: Arc<dyn EventStore>,
    ledger: Arc<dyn ScoringLedger>,
    models: LiveModels,
    newest: Option<Timestamp>,
}

impl Scorer {
    /// A scorer by `models`.
    pub fn new(
        events: Arc<dyn EventStore>,
        ledger: Arc<dyn ScoringLedger>,
        models: impl Into<LiveModels>,
    ) -> Self {
        Self { events, ledger, models: models.into(), newest: None }
    }

    /// Scores everything that is in the log now; answers how many events that were. A model other than
    /// the one that made the stored scores makes them all anew.
    ///
    /// # Errors
    /// When storage fails; what was committed stays, and the next call goes on there.
    pub fn catch_up(&mut self) -> Result<usize, StoreError> {
        let mut cursor = self.begin()?;
        let mut done = 0;
        // What arrives meanwhile waits for the pace.
        let goal = self.events.head()?;
        loop {
            // Before the events are read: what is erased from here on is found out at the commit.
            let generation = self.ledger.generation()?;
            let run = self.events.scan(cursor, RUN)?;
            let Some(last) = run.last() else { return Ok(done) };
            let to = last.cursor;
            self.run(generation, cursor, to, &run)?;
            cursor = to;
            done += run.len();
            if cursor >= goal {
                return Ok(done);
            }
        }
    }

    fn begin(&self) -> Result<Cursor, StoreError> {
        match self.ledger.progress()? {
            Some((cursor, model)) if model == *self.models.base().hash() => Ok(cursor),
            earlier => {
                if earlier.is_some() {
                    tracing::info!("another scoring model: every event is scored again");
                }
                self.ledger.restart(*self.models.base().hash())?;
                Ok(Cursor::default())
            }
        }
    }

    fn run(&mut self, generation: i64, from: Cursor, to: Cursor, run: &[Logged]) -> Result<(), StoreError> {
        let places: Vec<Cursor> = run.iter().map(|logged| logged.cursor).collect();
        let voided = self.ledger.voided(&places, None)?;
        let run: Vec<&Logged> = run.iter().filter(|logged| !voided.contains(&logged.cursor)).collect();
        let sites: BTreeMap<SiteNo, Site> =
            self.ledger.sites()?.into_iter().map(|site| (site.no, site)).collect();
        let visitors: BTreeSet<VisitorId> = run.iter().filter_map(|logged| logged.event.visitor).collect();
        let leads: BTreeSet<LeadKey> = run.iter().filter_map(|logged| logged.event.lead).collect();
        let loaded = self.ledger.load(&Vec::from_iter(visitors), &Vec::from_iter(leads))?;
        let models = self.models.current(self.ledger.as_ref())?;
        let mut unwatched = Unwatched;
        let mut fold = Fold::new(&models, &sites, loaded, &mut unwatched);
        for logged in &run {
            fold.event(&logged.event);
        }
        let newest = run.iter().map(|logged| logged.event.at).max();
        self.ledger.commit(from, to, &fold.finish(generation, self.newest))?;
        self.newest = self.newest.max(newest);
        Ok(())
    }
}

/// The scorer's thread. Dropping it stops the thread.
pub struct Running {
    stop: Arc<AtomicBool>,
    doorbell: Arc<crate::storage::Doorbell>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts a thread that scores whatever is appended.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(mut scorer: Scorer) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let doorbell = scorer.events.doorbell();
        let (stopped, bell) = (Arc::clone(&stop), Arc::clone(&doorbell));
        let thread = background::spawn("mqlite-scorer", move || {
            while !stopped.load(Ordering::Acquire) {
                let (rings, began) = (bell.rings(), Instant::now());
                let pause = match scorer.catch_up() {
                    Ok(_) => Duration::from_secs(60),
                    // Somebody was erased in the meantime: what was read is read again.
                    Err(StoreError::Conflict) => continue,
                    Err(error) => {
                        tracing::error!("scoring waits: {error}");
                        Duration::from_secs(1)
                    }
                };
                bell.wait(rings, pause);
                // A lone event is scored at once; of many, what came within a pace.
                std::thread::sleep(PACE.saturating_sub(began.elapsed()));
            }
        })?;
        Ok(Self { stop, doorbell, thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.doorbell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
