//! The publisher's thread. Invariant: what it was at when it stopped goes on at the next start.

use super::{Publisher, Step};
use crate::jobs::replay::Go;
use crate::storage::Doorbell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often is looked for what another process asked for.
const LOOK: Duration = Duration::from_secs(1);
/// A publication's shadow that could not be used so many times is begun anew.
const TRIES: u32 = 3;

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
        let thread = std::thread::Builder::new().name("mqlite-publisher".to_owned()).spawn(move || {
            let mut failed = 0;
            while !stopped.load(Ordering::Acquire) {
                let rings = rung.rings();
                let stops = || if stopped.load(Ordering::Acquire) { Go::Stop } else { Go::On };
                match publisher.step(&mut |_, _| stops()) {
                    Ok(Step::Idle) => failed = 0,
                    Ok(_) => {
                        failed = 0;
                        continue;
                    }
                    Err(error) => {
                        tracing::error!("publishing waits: {error}");
                        failed += 1;
                        if failed % TRIES == 0
                            && let Err(error) = publisher.begin_anew()
                        {
                            tracing::error!("publishing cannot be begun anew: {error}");
                        }
                    }
                }
                rung.wait(rings, LOOK);
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
