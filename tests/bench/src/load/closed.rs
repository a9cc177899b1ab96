//! Closed loop: each connection sends its next request when the last is answered. Says how much a server can
//! take; what it says of latency is how long a full server makes one wait.

use super::connection::Connection;
use super::{Outcome, Samples, on_this_thread};
use crate::Failure;
use crate::traffic::Feed;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

struct Shared {
    feed: Feed,
    answers: BTreeMap<u16, u64>,
    latencies: Samples,
}

/// Sends from `connections` connections for `warm` and then for `time`, which is measured.
///
/// # Errors
/// When a connection fails.
pub(crate) fn closed(
    address: SocketAddr,
    connections: usize,
    feed: Feed,
    warm: Duration,
    time: Duration,
) -> Result<Outcome, Failure> {
    let shared = Shared { feed, answers: BTreeMap::new(), latencies: Samples::default() };
    let shared = Rc::new(RefCell::new(shared));
    let begins = Instant::now() + warm;
    let ends = begins + time;
    on_this_thread(async {
        let mut tasks = Vec::new();
        for _ in 0..connections {
            let task = sender(Connection::open(address).await?, Rc::clone(&shared), begins, ends);
            tasks.push(tokio::task::spawn_local(task));
        }
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
    shared: Rc<RefCell<Shared>>,
    begins: Instant,
    ends: Instant,
) -> Result<(), Failure> {
    let mut request = Vec::new();
    loop {
        shared.borrow_mut().feed.write(&mut request);
        let sent = Instant::now();
        if sent >= ends {
            return Ok(());
        }
        let status = connection.ask(&request).await?;
        let answered = Instant::now();
        if (begins..ends).contains(&answered) {
            let mut shared = shared.borrow_mut();
            *shared.answers.entry(status).or_default() += 1;
            shared.latencies.push(answered - sent);
        }
    }
}
