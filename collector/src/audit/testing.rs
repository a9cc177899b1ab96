//! What tests of the audit log share. Invariant: it records into memory, by a clock that tests set, and fails
//! when told to.

use super::Recorder;
use crate::clock::Clock;
use crate::domain::{Entry, Site, SiteNo, Timestamp};
use crate::storage::AuditLog;
use crate::storage::memory::MemoryLedger;
use std::sync::Arc;

/// A recorder and what it records into.
pub(crate) struct Kit {
    pub(crate) recorder: Recorder,
    pub(crate) ledger: Arc<MemoryLedger>,
    clock: Clock,
}

impl Default for Kit {
    fn default() -> Self {
        let ledger = Arc::new(MemoryLedger::default());
        let clock = Clock::fixed(Timestamp::parse("2026-11-22T10:00:00Z").expect("valid"));
        Self { recorder: Recorder::new(ledger.clone(), clock.clone(), None), ledger, clock }
    }
}

impl Kit {
    pub(crate) fn after_ms(&self, ms: i64) {
        self.clock.set(self.clock.now().plus_millis(ms));
    }

    pub(crate) fn fail(&self, fails: bool) {
        self.ledger.fail_entries(fails);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.ledger.entries_after(0, usize::MAX).expect("reads")
    }

    pub(crate) fn count(&self) -> i64 {
        self.ledger.audit_head().expect("reads").map_or(0, |head| head.seq)
    }
}

/// A site.
pub(crate) fn site() -> Site {
    Site { no: SiteNo::new(3), ..Site::for_test("example.com", "UTC") }
}
