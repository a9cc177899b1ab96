//! Sends a plan over many connections, and disturbs the collector meanwhile. Invariant: what was not answered
//! with 202 is sent again under the same id until it is, and a visitor's events are sent in their order.

use crate::plan::{Plan, Sending};
use mqlite_tests::{FIREFOX, SITE, TestApp, request};
use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Ids of events that were answered with 202.
    pub(crate) acknowledged: BTreeSet<String>,
    /// Requests, sent again ones included.
    pub(crate) requests: usize,
    /// Requests that were answered with 503.
    pub(crate) refused: usize,
    /// Requests that got no answer.
    pub(crate) unanswered: usize,
}

struct Shared {
    base: String,
    given_up: bool,
    told: Told,
}

/// When to disturb it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disturb {
    /// As soon as so many events are acknowledged,
    pub(crate) acknowledged: usize,
    /// and then a little later, wherever it is by then.
    pub(crate) then: Duration,
}

/// What the connections and the disturber share.
struct Load {
    shared: Mutex<Shared>,
    changed: Condvar,
}

/// Sends everything, and at each of these moments does `disturb`, after which `app` runs again.
pub(crate) fn send(
    app: &mut TestApp,
    plan: &Plan,
    moments: &[Disturb],
    disturb: &mut dyn FnMut(&mut TestApp),
) -> Told {
    let shared = Shared { base: app.base().to_owned(), given_up: false, told: Told::default() };
    let load = Load { shared: Mutex::new(shared), changed: Condvar::new() };
    std::thread::scope(|scope| {
        for sendings in &plan.connections {
            scope.spawn(|| load.connection(sendings));
        }
        let given_up = GiveUp(&load);
        for moment in moments {
            load.wait_for(moment.acknowledged);
            std::thread::sleep(moment.then);
            disturb(app);
            app.base().clone_into(&mut load.lock().base);
            load.changed.notify_all();
        }
        std::mem::forget(given_up);
    });
    load.shared.into_inner().unwrap_or_else(PoisonError::into_inner).told
}

/// Dropped by a panic, it lets the connections end: what they wait for does not come back.
struct GiveUp<'a>(&'a Load);

impl Drop for GiveUp<'_> {
    fn drop(&mut self) {
        self.0.lock().given_up = true;
        self.0.changed.notify_all();
    }
}

impl Load {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for(&self, acknowledged: usize) {
        let patience = Duration::from_secs(120);
        let fewer = |shared: &mut Shared| shared.told.acknowledged.len() < acknowledged;
        let (shared, timeout) = self
            .changed
            .wait_timeout_while(self.lock(), patience, fewer)
            .unwrap_or_else(PoisonError::into_inner);
        drop(shared);
        assert!(!timeout.timed_out(), "{acknowledged} events are never acknowledged");
    }

    /// One connection: one request after the other.
    fn connection(&self, sendings: &[Sending]) {
        let agent = ureq::Agent::config_builder().proxy(None).http_status_as_error(false).build().new_agent();
        for sending in sendings {
            while !self.try_send(&agent, sending) {
                if self.lock().given_up {
                    return;
                }
            }
        }
    }

    /// Sends once; answers whether that is acknowledged.
    fn try_send(&self, agent: &ureq::Agent, sending: &Sending) -> bool {
        let base = self.lock().base.clone();
        let body = match &sending.events[..] {
            [one] => one.body(),
            several => mqlite_tests::Event::array(several),
        };
        let answer = request("POST", format!("{base}/api/event"))
            .header("origin", format!("https://{SITE}"))
            .header("user-agent", FIREFOX)
            .header("x-forwarded-for", &sending.address)
            .body(body)
            .try_send(agent);
        let mut shared = self.lock();
        shared.told.requests += 1;
        match answer {
            Ok(answer) if answer.status == 202 => {
                assert_eq!(answer.header("x-mqlite-dropped"), None);
                let ids = sending.events.iter().map(|event| event.id().to_owned());
                shared.told.acknowledged.extend(ids);
                self.changed.notify_all();
                true
            }
            Ok(answer) if answer.status == 503 => {
                assert!(answer.header("retry-after").is_some(), "503 without Retry-After");
                shared.told.refused += 1;
                // A client that knocks without a pause takes the time that others need.
                let pause = Duration::from_millis(20);
                drop(self.changed.wait_timeout_while(shared, pause, |shared| !shared.given_up));
                false
            }
            Ok(answer) => panic!("{}: {}", answer.status, answer.text()),
            Err(_) => {
                shared.told.unanswered += 1;
                // Until it runs again, elsewhere; or, had it only stumbled, a moment.
                let same = |shared: &mut Shared| shared.base == base && !shared.given_up;
                let moment = Duration::from_millis(100);
                drop(self.changed.wait_timeout_while(shared, moment, same));
                false
            }
        }
    }
}
