//! Simulations that a collector runs for people. Invariant: one at a time; how far it is and what came of it is
//! kept in memory alone, a bounded number of them for a bounded time; whoever stops the collector stops it.

use super::report::Report;
use crate::clock::Clock;
use crate::domain::{SiteNo, Timestamp};
use crate::storage::StoreError;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// How long a finished simulation can be asked for.
pub const KEPT_MS: i64 = 60 * 60 * 1000;
/// Finished simulations that are kept; the oldest goes first.
pub const KEPT_MAX: usize = 10;

/// How far a simulation is, and whether it shall go on.
#[derive(Debug)]
pub struct Track {
    done: AtomicU64,
    total: AtomicU64,
    stop: AtomicBool,
    began: Instant,
}

impl Default for Track {
    fn default() -> Self {
        Self {
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            began: Instant::now(),
        }
    }
}

impl Track {
    /// Says how far it is; answers whether it shall go on.
    pub fn says(&self, done: u64, total: u64) -> bool {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        self.goes_on()
    }

    /// Whether nobody asked it to stop.
    pub fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Acquire)
    }

    /// Asks it to stop.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }
}

/// How far a simulation is, or what came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It runs.
    Running {
        /// Events that are scored.
        done: u64,
        /// Events there are.
        total: u64,
        /// On average so far.
        events_per_second: u64,
    },
    /// It finished.
    Done(Box<Report>),
    /// It could not; the log has the reason.
    Failed,
    /// Somebody stopped it.
    Stopped,
}

/// What a simulation does: it says on the track how far it is, and answers nothing when it was stopped.
pub type Work = Box<dyn FnOnce(&Track) -> Result<Option<Report>, StoreError> + Send>;

/// Takes the turn to simulate, held until it is dropped, if nobody has it.
pub type Claim = Arc<dyn Fn() -> std::io::Result<Option<Box<dyn Send>>> + Send + Sync>;

/// Why none was started: another runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// This one, here.
    Here(u64),
    /// One of a command on the same data folder.
    Elsewhere,
}

struct Run {
    id: u64,
    site: SiteNo,
    track: Arc<Track>,
    thread: Option<JoinHandle<()>>,
}

impl Run {
    /// Whether its thread ended without a word.
    fn broke(&self) -> bool {
        self.thread.as_ref().is_some_and(JoinHandle::is_finished)
    }
}

struct Finished {
    id: u64,
    site: SiteNo,
    at: Timestamp,
    state: State,
}

#[derive(Default)]
struct Inner {
    last: u64,
    running: Option<Run>,
    finished: VecDeque<Finished>,
}

/// Where simulations are asked for.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Mutex<Inner>>,
    clock: Clock,
    claim: Claim,
}

impl Desk {
    /// Without any yet.
    pub fn new(clock: Clock, claim: Claim) -> Self {
        Self { inner: Arc::default(), clock, claim }
    }

    /// Starts one; answers its number, or which other runs.
    ///
    /// # Errors
    /// When the system gives no thread, or the turn cannot be taken.
    pub fn start(&self, site: SiteNo, work: Work) -> std::io::Result<Result<u64, Busy>> {
        let mut inner = self.inner();
        if let Some(running) = inner.running.as_ref().filter(|run| !run.broke()) {
            return Ok(Err(Busy::Here(running.id)));
        }
        let Some(turn) = (self.claim)()? else { return Ok(Err(Busy::Elsewhere)) };
        let (id, track) = (inner.last + 1, Arc::<Track>::default());
        let (desk, on) = (self.clone(), Arc::clone(&track));
        // It ends only once it is entered here: the lock is held until then.
        let thread = crate::jobs::background::spawn("mqlite-simulation", move || {
            let state = match work(&on) {
                Ok(Some(report)) => State::Done(Box::new(report)),
                Ok(None) => State::Stopped,
                Err(error) => {
                    tracing::error!("a simulation failed: {error}");
                    State::Failed
                }
            };
            drop(turn);
            desk.finish(id, site, state);
        })?;
        inner.last = id;
        inner.running = Some(Run { id, site, track, thread: Some(thread) });
        Ok(Ok(id))
    }

    fn finish(&self, id: u64, site: SiteNo, state: State) {
        let at = self.clock.now();
        let mut inner = self.inner();
        inner.running = None;
        inner.finished.push_back(Finished { id, site, at, state });
        if inner.finished.len() > KEPT_MAX {
            inner.finished.pop_front();
        }
    }

    /// How far one of a site is, or what came of it, as long as it is kept.
    pub fn state(&self, site: SiteNo, id: u64) -> Option<State> {
        let now = self.clock.now();
        let mut inner = self.inner();
        // A clock that was set back keeps none for longer.
        inner.finished.retain(|finished| finished.at <= now && now < finished.at.plus_millis(KEPT_MS));
        if let Some(run) = inner.running.as_ref().filter(|run| run.id == id && run.site == site) {
            let done = run.track.done.load(Ordering::Relaxed);
            let took = u64::try_from(run.track.began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
            return Some(State::Running {
                done,
                total: run.track.total.load(Ordering::Relaxed),
                events_per_second: done.saturating_mul(1_000) / took,
            });
        }
        let found = inner.finished.iter().find(|finished| finished.id == id && finished.site == site);
        found.map(|finished| finished.state.clone())
    }

    /// Stops one of a site, or forgets what came of it; `false` when there is none.
    pub fn stop(&self, site: SiteNo, id: u64) -> bool {
        let mut inner = self.inner();
        if let Some(run) = inner.running.as_ref().filter(|run| run.id == id && run.site == site) {
            run.track.stop();
            return true;
        }
        let before = inner.finished.len();
        inner.finished.retain(|finished| finished.id != id || finished.site != site);
        inner.finished.len() < before
    }

    /// Stops the one that runs, and waits until it has cleared up.
    pub fn close(&self) {
        let thread = self.inner().running.as_mut().and_then(|run| {
            run.track.stop();
            run.thread.take()
        });
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
