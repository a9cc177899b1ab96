//! Limits per client. Invariant: clients are told apart by a keyed hash of their network that lives in
//! memory only, clients that have been quiet are forgotten, and a flood of new ones takes bounded memory.
#![expect(clippy::disallowed_types, reason = "hashes the network of an address")]

use super::Client;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// After so many requests those who have been quiet are forgotten, for each may have been of another client: some
/// milliseconds of one thread's time, and 2 MiB. Every minute alone would be a hundred at full load.
const FORGET_AFTER: u32 = 50_000;

/// A client asked for too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// Whole seconds after which it may ask again, at least one.
    pub retry_after: u64,
}

/// So many a second for each client, with a burst.
pub struct ClientLimits {
    limiter: RateLimiter<u64, DashMapStateStore<u64>, DefaultClock>,
    clock: DefaultClock,
    hasher: RandomState,
    burst: u32,
    taken: AtomicU32,
}

impl ClientLimits {
    /// One more every `period`, and `burst` at once.
    pub fn new(period: Duration, burst: u32) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(period.max(Duration::from_nanos(1)))
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst);
        let clock = DefaultClock::default();
        Self {
            limiter: RateLimiter::dashmap_with_clock(quota, clock.clone()),
            clock,
            hasher: RandomState::new(),
            burst: burst.get(),
            taken: AtomicU32::new(0),
        }
    }

    /// Takes `n` from what `client` has left, and at most all that it may have.
    ///
    /// # Errors
    /// When it has less; then nothing was taken.
    pub fn take(&self, client: &Client, n: u32) -> Result<(), Limited> {
        self.take_up_to(client, n.min(self.burst))
    }

    /// Takes `n` more for a request that has taken one already.
    ///
    /// # Errors
    /// As [`ClientLimits::take`].
    pub fn take_more(&self, client: &Client, n: u32) -> Result<(), Limited> {
        self.take_up_to(client, n.min(self.burst.saturating_sub(1).max(1)))
    }

    fn take_up_to(&self, client: &Client, n: u32) -> Result<(), Limited> {
        if self.taken.fetch_add(1, Ordering::Relaxed) == FORGET_AFTER {
            self.taken.store(0, Ordering::Relaxed);
            self.limiter.retain_recent();
        }
        let key = self.hasher.hash_one(network(client.address()));
        let n = NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        match self.limiter.check_key_n(&key, n) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(until)) => Err(Limited {
                retry_after: until.wait_time_from(self.clock.now()).as_secs().saturating_add(1),
            }),
            Err(_) => Err(Limited { retry_after: 1 }),
        }
    }

    /// Forgets clients that have been quiet, and gives their memory back.
    pub fn forget_quiet(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// A household's worth of addresses: one IPv4 address, or an IPv6 /64.
pub(super) fn network(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address) & !u128::from(u64::MAX) | 1 << 63,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_does_not_use_up_anothers() {
        let limits = ClientLimits::new(Duration::from_secs(3600), 3);
        let (one, other) = (Client::for_test("192.0.2.1", ""), Client::for_test("192.0.2.2", ""));
        assert_eq!(limits.take(&one, 2), Ok(()));
        assert!(limits.take(&one, 2).is_err_and(|limited| limited.retry_after > 1000));
        assert_eq!(limits.take(&one, 1), Ok(()), "what was refused was not taken");
        assert_eq!(
            (limits.take(&other, 1), limits.take_more(&other, 9)),
            (Ok(()), Ok(())),
            "all it may have"
        );
        let (here, there) = (Client::for_test("2001:db8::1", ""), Client::for_test("2001:db8::2", ""));
        assert_eq!(limits.take(&here, 3), Ok(()));
        assert!(limits.take(&there, 1).is_err(), "one /64 is one client");
    }

    #[test]
    fn a_flood_of_new_clients_is_forgotten_by_itself() {
        let limits = ClientLimits::new(Duration::from_nanos(1), 3);
        for n in 0..4 * FORGET_AFTER {
            let address = format!("2001:db8:{:x}:{:x}::1", n >> 16, n & 0xffff);
            assert_eq!(limits.take(&Client::for_test(&address, ""), 1), Ok(()));
        }
        assert!(limits.limiter.len() <= FORGET_AFTER as usize + 1, "{}", limits.limiter.len());
    }
}
