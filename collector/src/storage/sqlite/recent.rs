//! The dedupe window. Invariant: the ids of the newest [`WINDOW`] events are known, no more memory is
//! used than that, and a transaction that fails leaves the window as it was.

use crate::domain::EventId;
use std::collections::{HashSet, VecDeque};

/// How many of the newest events a retry is recognised among: hours of a busy site, in 20 MB.
pub(super) const WINDOW: usize = 500_000;

/// The newest ids.
#[derive(Default)]
pub(super) struct Recent {
    known: HashSet<EventId>,
    order: VecDeque<EventId>,
    uncommitted: usize,
}

impl Recent {
    /// Notes an id; answers whether it is new.
    pub(super) fn insert(&mut self, id: EventId) -> bool {
        let new = self.known.insert(id);
        if new {
            self.order.push_back(id);
            self.uncommitted += 1;
        }
        new
    }

    /// What was inserted since the last call stays.
    pub(super) fn commit(&mut self) {
        self.uncommitted = 0;
        while self.order.len() > WINDOW {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    /// What was inserted since the last commit goes.
    pub(super) fn roll_back(&mut self) {
        for _ in 0..std::mem::take(&mut self.uncommitted) {
            if let Some(id) = self.order.pop_back() {
                self.known.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_transaction_leaves_no_trace() {
        let id = |n: u8| EventId::from_bytes([n; 16]);
        let mut recent = Recent::default();
        assert!(recent.insert(id(1)));
        recent.commit();
        assert!(recent.insert(id(2)) && !recent.insert(id(1)) && !recent.insert(id(2)));
        recent.roll_back();
        assert!(!recent.insert(id(1)) && recent.insert(id(2)));
    }

    #[test]
    fn forgets_the_oldest_only() {
        let id = |n: usize| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&n.to_le_bytes());
            EventId::from_bytes(bytes)
        };
        let mut recent = Recent::default();
        for n in 0..=WINDOW {
            assert!(recent.insert(id(n)));
        }
        recent.commit();
        assert!(!recent.insert(id(1)));
        assert!(recent.insert(id(0)));
    }
}
