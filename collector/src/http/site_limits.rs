//! Limits per site. Invariant: whoever floods one site takes nothing from the others and fills the disk no faster than
//! the site's rate; that it happens is said in the log, once a minute, with the number of events that were refused.

use crate::domain::SiteNo;
use crate::privacy::Limited;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a flood is said to go on.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// So many events a second for each site, of all its clients together, with a burst.
pub struct SiteLimits {
    limiter: RateLimiter<SiteNo, DashMapStateStore<SiteNo>, DefaultClock>,
    clock: DefaultClock,
    burst: u32,
    floods: Mutex<HashMap<SiteNo, Flood>>,
}

/// What was refused since it was last said.
struct Flood {
    said_at: Option<Instant>,
    refused: u64,
}

impl SiteLimits {
    /// `rate` a second for long, and `burst` at once; each at least 1.
    #[must_use]
    pub fn new(rate: u32, burst: u32) -> Self {
        let at_least_one = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let burst = at_least_one(burst);
        let clock = DefaultClock::default();
        let quota = Quota::per_second(at_least_one(rate)).allow_burst(burst);
        Self {
            limiter: RateLimiter::dashmap_with_clock(quota, clock.clone()),
            clock,
            burst: burst.get(),
            floods: Mutex::default(),
        }
    }

    /// Takes `n` events from what the site has left.
    ///
    /// # Errors
    /// When it has less; then nothing was taken.
    pub fn take(&self, site: SiteNo, n: u32) -> Result<(), Limited> {
        let events = NonZeroU32::new(n.min(self.burst)).unwrap_or(NonZeroU32::MIN);
        let retry_after = match self.limiter.check_key_n(&site, events) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(until)) => until.wait_time_from(self.clock.now()).as_secs().saturating_add(1),
            Err(_) => 1,
        };
        if let Some(refused) = self.to_say(site, n, Instant::now()) {
            tracing::warn!(
                "site number {} gets more events than its rate: {refused} were answered with 429; raise site_rate if \
                 they are its visitors",
                site.get()
            );
        }
        Err(Limited { retry_after })
    }

    /// How many were refused, when it is time to say it again.
    fn to_say(&self, site: SiteNo, n: u32, now: Instant) -> Option<u64> {
        let mut floods = self.floods.lock().unwrap_or_else(PoisonError::into_inner);
        let flood = floods.entry(site).or_insert(Flood { said_at: None, refused: 0 });
        flood.refused = flood.refused.saturating_add(u64::from(n));
        if flood.said_at.is_some_and(|at| now.saturating_duration_since(at) < SAID_EVERY) {
            return None;
        }
        flood.said_at = Some(now);
        Some(std::mem::take(&mut flood.refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_site_takes_nothing_from_another_and_is_named_once_a_minute() {
        let limits = SiteLimits::new(1, 10);
        let (one, other) = (SiteNo::new(1), SiteNo::new(2));
        assert_eq!(limits.take(one, 10), Ok(()));
        assert!(limits.take(one, 5).is_err_and(|limited| limited.retry_after >= 1));
        assert_eq!(limits.take(other, 10), Ok(()));

        let limits = SiteLimits::new(1, 10);
        let now = Instant::now();
        assert_eq!(limits.to_say(one, 3, now), Some(3), "at once");
        assert_eq!(limits.to_say(one, 4, now + SAID_EVERY / 2), None);
        assert_eq!(limits.to_say(other, 1, now + SAID_EVERY / 2), Some(1));
        assert_eq!(limits.to_say(one, 5, now + SAID_EVERY), Some(9));
    }
}
