//! Who asked not to be processed further, brought from the ledger to where events come in. Invariant: what
//! another process changes is seen within [`MAX_AGE`], what this one changes at once; when the ledger fails, what
//! was known stays in force.

use crate::privacy::Privacy;
use crate::storage::{Ledger, StoreError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const MAX_AGE: Duration = Duration::from_secs(2);

/// Keeps `privacy` up to date.
pub struct RestrictionDirectory {
    ledger: Arc<dyn Ledger>,
    privacy: Arc<Privacy>,
    read_at: Mutex<Instant>,
}

impl RestrictionDirectory {
    /// Reads the restrictions.
    ///
    /// # Errors
    /// When the ledger fails.
    pub fn open(ledger: Arc<dyn Ledger>, privacy: Arc<Privacy>) -> Result<Self, StoreError> {
        let directory = Self { ledger, privacy, read_at: Mutex::new(Instant::now()) };
        directory.read()?;
        Ok(directory)
    }

    /// Reads them anew when what is known is old. One request does; others go on with what is known.
    pub(super) fn refresh(&self) {
        let Ok(mut read_at) = self.read_at.try_lock() else { return };
        if read_at.elapsed() >= MAX_AGE {
            *read_at = Instant::now();
            self.read_or_say();
        }
    }

    /// Reads them anew, for they have just been changed.
    pub(super) fn refresh_now(&self) {
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.read_or_say();
    }

    fn read_or_say(&self) {
        if let Err(error) = self.read() {
            tracing::error!("restrictions could not be read again: {error}");
        }
    }

    fn read(&self) -> Result<(), StoreError> {
        self.privacy.restrictions().set(self.ledger.restricted()?);
        Ok(())
    }
}
