//! How many people one client may say it is in a day. Invariant: a client and who it said it was are known together
//! only as a keyed hash, in memory, until the day (UTC) is over, and a flood of new ones takes bounded memory.

use super::Client;
use super::limits::network;
use crate::domain::{Date, LeadKey};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// Pairs that are remembered at once. Beyond them the day's count begins anew: whoever has some 9,000 addresses, enough to
/// fill it, is held by the rates alone, and nobody else. Just what tables of 2^19 hold: 13 MiB in all.
const REMEMBERED_MAX: usize = 450_000;

/// So many different people a day for each client. The same person again costs nothing, unless the count began anew.
pub struct IdentityLimits {
    most: u32,
    remembered: usize,
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

impl Today {
    fn begin(day: Date) -> Self {
        Self { day, known: HashSet::new(), counts: HashMap::new() }
    }
}

impl IdentityLimits {
    /// At most `most` a day.
    pub fn new(most: u32) -> Self {
        Self::remembering(most, REMEMBERED_MAX)
    }

    fn remembering(most: u32, remembered: usize) -> Self {
        let today = Mutex::new(Today::begin(Date::from_days(0)));
        Self { most, remembered, hasher: RandomState::new(), today }
    }

    /// Whether `client` may say on `day` that it is `lead`.
    pub fn take(&self, client: &Client, lead: LeadKey, day: Date) -> bool {
        let network = network(client.address());
        let (client, pair) = (self.hasher.hash_one(network), self.hasher.hash_one((network, lead.bytes())));
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.day != day {
            *today = Today::begin(day);
        }
        if today.known.contains(&pair) {
            return true;
        }
        if today.known.len() >= self.remembered {
            *today = Today::begin(day);
        }
        let count = today.counts.entry(client).or_default();
        if *count >= self.most {
            return false;
        }
        *count += 1;
        today.known.insert(pair);
        true
    }

    /// Forgets every day but this.
    pub fn forget_all_but(&self, day: Date) {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.day != day {
            *today = Today::begin(day);
        }
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
    #[test]
    fn whoever_fills_the_memory_gets_as_many_more_and_not_as_many_as_it_likes() {
        let limits = IdentityLimits::remembering(2, 10);
        let day = Date::from_days(20_000);
        let one = Client::for_test("192.0.2.1", "");
        let let_in = |client: &Client, people: std::ops::Range<u8>| {
            people.filter(|n| limits.take(client, LeadKey::from_bytes([*n; 16]), day)).count()
        };
        assert_eq!(let_in(&one, 0..9), 2);
        for n in 2..10 {
            assert_eq!(let_in(&Client::for_test(&format!("192.0.2.{n}"), ""), 0..1), 1);
        }
        assert_eq!(let_in(&one, 100..200), 2, "begun anew, and held to it again");
    }
}
