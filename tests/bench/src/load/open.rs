//! Open loop: requests are due at moments that do not depend on the answers, as visitors do not wait for each
//! other. A latency counts from the moment that a request was due, also when no connection was free then:
//! nothing of a stall is left out (no coordinated omission).

use super::connection::Connection;
use super::{Outcome, Samples, on_this_thread};
use crate::Failure;
use crate::traffic::Feed;
use fastrand::Rng;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};

/// How often what is due is let go. A request may be so much late by the load generator itself; that, too,
/// counts as latency.
const TICK: Duration = Duration::from_micros(200);

struct Shared {
    feed: Feed,
    due: VecDeque<Instant>,
    answers: BTreeMap<u16, u64>,
    latencies: Samples,
}

/// Sends `rate` requests a second on average, at random distances (Poisson), over at most `connections`
/// connections, for `warm` and then for `time`, which is measured.
///
/// # Errors
/// When a connection fails.
pub(crate) fn open(
    address: SocketAddr,
    connections: usize,
    rate: f64,
    feed: Feed,
    warm: Duration,
    time: Duration,
) -> Result<Outcome, Failure> {
    let shared = Rc::new(RefCell::new(Shared {
        feed,
        due: VecDeque::new(),
        answers: BTreeMap::new(),
        latencies: Samples::default(),
    }));
    on_this_thread(async {
        let ready = Rc::new(Semaphore::new(0));
        let mut tasks = Vec::new();
        for _ in 0..connections {
            tasks.push(Connection::open(address).await?);
        }
        let starts = Instant::now();
        let begins = starts + warm;
        let ends = begins + time;
        let tasks: Vec<_> = tasks
            .into_iter()
            .map(|connection| sender(connection, Rc::clone(&ready), Rc::clone(&shared), begins))
            .map(tokio::task::spawn_local)
            .collect();
        let mut ticks = Ticks::start();
        let mut rng = Rng::with_seed(11);
        let mut next = starts;
        while next < ends {
            let Some(now) = ticks.next().await else { break };
            let mut count = 0;
            while next <= now && next < ends {
                shared.borrow_mut().due.push_back(next);
                next += Duration::from_secs_f64(-(1.0 - rng.f64()).ln() / rate);
                count += 1;
            }
            ready.add_permits(count);
        }
        // Whoever is waiting has nothing more to send; the others send what is due first.
        while !shared.borrow().due.is_empty() && tasks.iter().any(|task| !task.is_finished()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        ready.close();
        for task in tasks {
            task.await??;
        }
        Ok(())
    })?;
    let mut shared = shared.borrow_mut();
    Ok(Outcome {
        answers: std::mem::take(&mut shared.answers),
        time,
        latencies: std::mem::take(&mut shared.latencies),
    })
}

async fn sender(
    mut connection: Connection,
    ready: Rc<Semaphore>,
    shared: Rc<RefCell<Shared>>,
    begins: Instant,
) -> Result<(), Failure> {
    let mut request = Vec::new();
    while let Ok(permit) = ready.acquire().await {
        permit.forget();
        let due = {
            let mut shared = shared.borrow_mut();
            shared.feed.write(&mut request);
            shared.due.pop_front()
        };
        let Some(due) = due else { return Ok(()) };
        let status = connection.ask(&request).await?;
        let latency = due.elapsed();
        if due >= begins {
            let mut shared = shared.borrow_mut();
            *shared.answers.entry(status).or_default() += 1;
            shared.latencies.push(latency);
        }
    }
    Ok(())
}

/// A thread that says what time it is, more often than tokio's timer (a millisecond) would.
struct Ticks {
    arriving: mpsc::UnboundedReceiver<Instant>,
    stop: Arc<AtomicBool>,
}

impl Ticks {
    fn start() -> Self {
        let (say, arriving) = mpsc::unbounded_channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) && say.send(Instant::now()).is_ok() {
                std::thread::sleep(TICK);
            }
        });
        Self { arriving, stop }
    }

    /// The newest tick.
    async fn next(&mut self) -> Option<Instant> {
        let mut newest = self.arriving.recv().await?;
        while let Ok(newer) = self.arriving.try_recv() {
            newest = newer;
        }
        Some(newest)
    }
}

impl Drop for Ticks {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
