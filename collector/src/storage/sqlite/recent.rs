//! The dedupe window. Invariant: the ids of the newest [`WINDOW`] events are known, no more memory is
//! used than that, and a transaction that fails leaves the window as it was.

use crate::domain::EventId;
use hashbrown::HashTable;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

/// How many of the newest events a retry is recognised among: hours of a busy site, in 14 MB.
pub(super) const WINDOW: usize = 500_000;

/// The newest ids. The table holds their places and not the ids again.
#[derive(Default)]
pub(super) struct Recent {
    /// Ids are the clients' choice, so the key of their hashes is nobody's to know.
    key: RandomState,
    order: VecDeque<EventId>,
    /// The place of the first in `order`; places count on and wrap.
    first: u32,
    known: HashTable<u32>,
    uncommitted: usize,
}

impl Recent {
    /// Notes an id; answers whether it is new.
    pub(super) fn insert(&mut self, id: EventId) -> bool {
        let Self { key, order, first, known, uncommitted } = self;
        let at = |place: u32| order.get(place.wrapping_sub(*first) as usize);
        let hash = |place: &u32| key.hash_one(at(*place));
        let new = known.find(key.hash_one(Some(&id)), |place| at(*place) == Some(&id)).is_none();
        if new {
            let place = first.wrapping_add(u32::try_from(order.len()).unwrap_or(u32::MAX));
            known.insert_unique(key.hash_one(Some(&id)), place, hash);
            order.push_back(id);
            *uncommitted += 1;
        }
        new
    }

    /// What was inserted since the last call stays.
    pub(super) fn commit(&mut self) {
        self.uncommitted = 0;
        while self.order.len() > WINDOW {
            let oldest = self.order.front().copied();
            self.forget(oldest, self.first);
            self.order.pop_front();
            self.first = self.first.wrapping_add(1);
        }
    }

    /// What was inserted since the last commit goes.
    pub(super) fn roll_back(&mut self) {
        for _ in 0..std::mem::take(&mut self.uncommitted) {
            let newest = self.order.pop_back();
            let place = self.first.wrapping_add(u32::try_from(self.order.len()).unwrap_or(u32::MAX));
            self.forget(newest, place);
        }
    }

    /// Takes a place out of the table.
    fn forget(&mut self, id: Option<EventId>, place: u32) {
        let hash = self.key.hash_one(id.as_ref());
        if let Ok(entry) = self.known.find_entry(hash, |known| *known == place) {
            entry.remove();
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
        let mut recent = Recent { first: u32::MAX - 7, ..Recent::default() };
        for n in 0..=WINDOW {
            assert!(recent.insert(id(n)));
        }
        recent.commit();
        assert!(!recent.insert(id(1)) && !recent.insert(id(WINDOW)));
        assert!(recent.insert(id(0)));
        recent.roll_back();
        assert_eq!((recent.order.len(), recent.known.len()), (WINDOW, WINDOW));
    }
}
