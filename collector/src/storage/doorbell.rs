//! Tells a follower that something was appended. Invariant: a ring between two waits is never lost.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A counter that can be waited on. Rung after every commit.
#[derive(Debug, Default)]
pub struct Doorbell {
    rings: Mutex<u64>,
    rung: Condvar,
}

impl Doorbell {
    /// Rings: everyone who waits wakes.
    pub fn ring(&self) {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.rung.notify_all();
    }

    /// How often it has rung.
    pub fn rings(&self) -> u64 {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it has rung more than `seen` times, or `limit` is over; answers how often it has rung.
    pub fn wait(&self, seen: u64, limit: Duration) -> u64 {
        let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        let (rings, _) = self
            .rung
            .wait_timeout_while(rings, limit, |rings| *rings <= seen)
            .unwrap_or_else(PoisonError::into_inner);
        *rings
    }
}
