//! The publisher's thread. Invariant: what it was at when it stopped goes on at the next start.

use super::{Publisher, Step};
use crate::jobs::replay::{Go, Progress};
use crate::storage::{Doorbell, Publication};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often is looked for what another process asked for.
const LOOK: Duration = Duration::from_secs(1);
/// A publication's shadow that could not be used so many times is begun anew.
const TRIES: u32 = 3;
/// After so many failures in a row it is given up: a disk that its shadow fills has to be there for events, too.
const FAILURES: u32 = 3 * TRIES;

impl Publisher {
    /// A step of the thread, after so many that failed in a row; answers whether the next follows at once.
    pub(crate) fn attempt(
        &self,
        failures: &mut u32,
        watch: &mut dyn FnMut(&Publication, Progress) -> Go,
    ) -> bool {
        let error = match self.step(watch) {
            Ok(step) => {
                *failures = 0;
                return step != Step::Idle;
            }
            Err(error) => error,
        };
        tracing::error!("publishing waits: {error}");
        *failures += 1;
        let other = match *failures {
            FAILURES => self.give_up(&error),
            failures if failures % TRIES == 0 => self.begin_anew(),
            _ => Ok(()),
        };
        if let Err(error) = other {
            tracing::error!("publishing cannot be begun anew: {error}");
        }
        *failures %= FAILURES;
        false
    }
}

/// The publisher's thread. Dropping it stops the thread; what it was at goes on at the next start.
pub struct Publishing {
    stop: Arc<AtomicBool>,
    bell: Arc<Doorbell>,
    thread: Option<JoinHandle<()>>,
}

impl Publishing {
    /// Starts a thread that works on whatever is asked for, here or by another process.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(publisher: Publisher) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let bell = Arc::clone(&publisher.bell);
        let (stopped, rung) = (Arc::clone(&stop), Arc::clone(&bell));
        let thread = crate::jobs::background::spawn("mqlite-publisher", move || {
            let mut failures = 0;
            while !stopped.load(Ordering::Acquire) {
                let rings = rung.rings();
                let stops = || if stopped.load(Ordering::Acquire) { Go::Stop } else { Go::On };
                if !publisher.attempt(&mut failures, &mut |_, _| stops()) {
                    rung.wait(rings, LOOK);
                }
            }
        })?;
        Ok(Self { stop, bell, thread: Some(thread) })
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
