//! Whether a worker keeps up with what it is asked. Invariant: a request that would wait behind more than
//! [`BEHIND`] of others is told at once to come again, before anything is made of it; what is taken keeps its time.
//!
//! A worker answers in the order in which it is asked, so how late its own timer is woken is how long a request waits.

use super::error::Problem;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How often a worker feels its pulse.
const BEAT: Duration = Duration::from_millis(100);
/// So late, a worker takes nothing more. The snippet keeps what it is not rid of, and comes again.
const BEHIND: Duration = Duration::from_millis(500);
/// Between two lines in the log.
const QUIET: Duration = Duration::from_secs(60);

/// The pulse of one worker.
#[derive(Debug, Default)]
struct Pulse {
    due: Cell<Option<Instant>>,
    said: Cell<Option<Instant>>,
}

impl Pulse {
    /// Whether the beat that was due has not come for so long that nothing more is taken.
    fn is_behind(&self, now: Instant) -> bool {
        self.due.get().is_some_and(|due| now.saturating_duration_since(due) > BEHIND)
    }

    /// Whether it is time to say so in the log.
    fn is_news(&self, now: Instant) -> bool {
        let news = self.said.get().is_none_or(|said| now.saturating_duration_since(said) > QUIET);
        if news {
            self.said.set(Some(now));
        }
        news
    }
}

thread_local! {
    static PULSE: Pulse = Pulse::default();
}

/// Takes a request, or says that there are too many.
///
/// # Errors
/// 503 with Retry-After, when this worker is too far behind.
pub(super) fn admit() -> Result<(), Problem> {
    let now = Instant::now();
    PULSE.with(|pulse| {
        if pulse.due.get().is_none() {
            // The first request of this worker.
            pulse.due.set(Some(now + BEAT));
            drop(actix_web::rt::spawn(beat()));
        }
        if !pulse.is_behind(now) {
            return Ok(());
        }
        if pulse.is_news(now) {
            tracing::warn!("more is sent than can be taken: a part of it is asked to come again (503)");
        }
        Err(Problem::unavailable("more is sent than can be taken; try again in a second"))
    })
}

async fn beat() {
    loop {
        tokio::time::sleep(BEAT).await;
        PULSE.with(|pulse| pulse.due.set(Some(Instant::now() + BEAT)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_that_is_late_by_more_than_the_bound_is_behind_and_said_once_a_minute() {
        let (pulse, begun) = (Pulse::default(), Instant::now());
        assert!(!pulse.is_behind(begun), "nothing is known yet");
        pulse.due.set(Some(begun + BEAT));
        assert!(!pulse.is_behind(begun));
        assert!(!pulse.is_behind(begun + BEAT + BEHIND));
        let late = begun + BEAT + BEHIND + Duration::from_millis(1);
        assert!(pulse.is_behind(late));
        assert!(pulse.is_news(late));
        assert!(!pulse.is_news(late + QUIET));
        assert!(pulse.is_news(late + QUIET + Duration::from_millis(1)));
    }

    #[actix_web::test]
    async fn a_worker_that_was_held_up_refuses_until_its_pulse_beats_again() {
        admit().expect("is taken");
        // Held up: nothing else of this worker runs meanwhile.
        PULSE.with(|pulse| pulse.due.set(Instant::now().checked_sub(BEHIND + BEAT)));
        let refused = admit().expect_err("is refused");
        assert_eq!(actix_web::ResponseError::status_code(&refused), 503);
        // The beat that was asked for comes in its time, and the next request is taken.
        while admit().is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
