//! A steady flow of events beside whatever a fault does. Invariant: an id is in the list of the acknowledged before
//! anybody can have seen its answer used, and what was not answered with 202 is in no list.

use mqlite_tests::{Event, FIREFOX, PATIENCE, SITE, pageview, request};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};

/// The flow.
#[derive(Debug, Default)]
pub(crate) struct Pump {
    acknowledged: Mutex<BTreeSet<String>>,
    refused: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl Pump {
    /// Runs `work` while `threads` connections send events to `base`, one after the other; as often as is asked for. It
    /// begins when each of them has had an answer: none opens later, which would look like somebody else's.
    pub(crate) fn beside<T>(&self, base: &str, threads: usize, work: impl FnOnce() -> T) -> T {
        self.stop.store(false, Ordering::Relaxed);
        std::thread::scope(|scope| {
            let (flows, flowing) = channel();
            for thread in 0..threads {
                let flows = flows.clone();
                scope.spawn(move || self.send(base, thread, &flows));
            }
            let stop = Stop(&self.stop);
            for _ in 0..threads {
                flowing.recv_timeout(PATIENCE).expect("every connection is answered");
            }
            let done = work();
            drop(stop);
            done
        })
    }

    fn send(&self, base: &str, thread: usize, flows: &Sender<()>) {
        let agent = ureq::Agent::config_builder().proxy(None).http_status_as_error(false).build().new_agent();
        for n in 0_u64.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let event = pageview(&format!("/pump/{n}"));
            match post(base, &format!("10.77.{thread}.1"), event.body()).try_send(&agent) {
                Ok(answer) if answer.status == 202 => {
                    lock(&self.acknowledged).insert(event.id().to_owned());
                }
                Ok(answer) => lock(&self.refused).push(format!("{}: {}", answer.status, answer.text())),
                Err(error) => lock(&self.refused).push(error.to_string()),
            }
            if n == 0 {
                let _ = flows.send(());
            }
        }
    }

    /// Ids that are acknowledged by now.
    pub(crate) fn acknowledged(&self) -> BTreeSet<String> {
        lock(&self.acknowledged).clone()
    }

    /// What was answered otherwise.
    pub(crate) fn refused(&self) -> Vec<String> {
        lock(&self.refused).clone()
    }

    /// Waits until so many more are acknowledged.
    pub(crate) fn wait_for_more(&self, more: usize) {
        let before = lock(&self.acknowledged).len();
        mqlite_tests::wait_until("events to be acknowledged", || {
            let now = lock(&self.acknowledged).len();
            if now >= before + more { Ok(()) } else { Err(format!("{now}; {:?}", self.refused().last())) }
        });
    }
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request as a page sends it from a browser at this address.
pub(crate) fn post(base: &str, address: &str, body: String) -> mqlite_tests::Request {
    request("POST", format!("{base}/api/event"))
        .header("content-type", "text/plain")
        .header("origin", format!("https://{SITE}"))
        .header("user-agent", FIREFOX)
        .header("x-forwarded-for", address)
        .body(body)
}

/// How many of these ids are missing, and how many are there twice, among exported events.
pub(crate) fn missing(acknowledged: &BTreeSet<String>, stored: &[serde_json::Value]) -> (u64, u64) {
    let ids: Vec<&str> = stored.iter().filter_map(|event| event["id"].as_str()).collect();
    let different: BTreeSet<&str> = ids.iter().copied().collect();
    let lost = acknowledged.iter().filter(|id| !different.contains(id.as_str())).count();
    (lost as u64, (ids.len() - different.len()) as u64)
}

/// The bytes of a request with this event, as a page sends it.
pub(crate) fn raw(event: &Event) -> Vec<u8> {
    raw_with("", event)
}

/// The same with these further lines of its head.
pub(crate) fn raw_with(lines: &str, event: &Event) -> Vec<u8> {
    let body = event.body();
    format!(
        "POST /api/event HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\norigin: https://{SITE}\r\n\
         user-agent: {FIREFOX}\r\n{lines}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
