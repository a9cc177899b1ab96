//! The clock. Invariant: this is the only file that reads the system's time; everything else is handed a
//! [`Clock`] or a moment.

use crate::domain::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time, or what a test says it is. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `moment` until it is set again.
    pub fn fixed(moment: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(moment.millis()))))
    }

    /// Sets a fixed clock; the system's clock cannot be set and stays as it is.
    pub fn set(&self, moment: Timestamp) {
        if let Some(millis) = &self.0 {
            millis.store(moment.millis(), Ordering::SeqCst);
        }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(millis) => Timestamp::from_millis(millis.load(Ordering::SeqCst)),
            None => {
                #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
                let now = jiff::Timestamp::now();
                Timestamp::from_millis(now.as_millisecond())
            }
        }
    }
}
