//! How many people one client may say it is in a day. Invariant: a client and who it said it was are known together
//! only as a keyed hash, in memory, until the day (UTC) is over.

use super::Client;
use super::limits::network;
use crate::domain::{Date, LeadKey};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// Pairs that are remembered of a day; more than that many people a day are not told apart here.
const REMEMBERED_MAX: usize = 1_000_000;

/// So many different people a day for each client. The same person again costs nothing.
pub struct IdentityLimits {
    most: u32,
    hasher: RandomState,
    today: Mutex<Today>,
}

struct Today {
    day: Date,
    /// Client and person, hashed together.
    known: HashSet<u64>,
    /// People of a client.
    counts: HashMap<u64, u32>,
}

impl IdentityLimits {
    /// At most `most` a day.
    pub fn new(most: u32) -> Self {
        let today = Today { day: Date::from_days(0), known: HashSet::new(), counts: HashMap::new() };
        Self { most, hasher: RandomState::new(), today: Mutex::new(today) }
    }

    /// Whether `client` may say on `day` that it is `lead`.
    pub fn take(&self, client: &Client, lead: LeadKey, day: Date) -> bool {
        let network = network(client.address());
        let (client, pair) = (self.hasher.hash_one(network), self.hasher.hash_one((network, lead.bytes())));
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.day != day {
            *today = Today { day, known: HashSet::new(), counts: HashMap::new() };
        }
        if today.known.contains(&pair) || today.known.len() >= REMEMBERED_MAX {
            return true;
        }
        let count = today.counts.entry(client).or_default();
        if *count >= self.most {
            return false;
        }
        *count += 1;
        today.known.insert(pair);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_so_many_people_a_day_and_each_as_often_as_it_likes() {
        let limits = IdentityLimits::new(2);
        let (one, other) = (Client::for_test("192.0.2.1", ""), Client::for_test("192.0.2.2", ""));
        let lead = |n| LeadKey::from_bytes([n; 16]);
        let day = Date::from_days(20_000);
        assert!(limits.take(&one, lead(1), day) && limits.take(&one, lead(2), day));
        assert!(!limits.take(&one, lead(3), day));
        assert!(limits.take(&one, lead(1), day), "somebody who was let in stays");
        assert!(limits.take(&other, lead(3), day), "another client has its own");
        assert!(limits.take(&one, lead(3), day.plus(1)), "a new day");
    }
}
