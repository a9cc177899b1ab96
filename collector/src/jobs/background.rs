//! Threads that work beside the requests. Invariant: where there is too little processor time for everything, what
//! is waited for by a visitor comes first, and what follows from it (scores, publications, simulations, retention)
//! comes later and loses nothing, for it follows the log from its own place.

use std::io;
use std::thread::{Builder, JoinHandle};

/// By how much they give way: about a tenth of the share of a thread that answers requests, by Linux's weights
/// (sched(7)). On a machine with time to spare it changes nothing.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Starts a thread of this name that gives way to those that answer requests.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        give_way();
        work()
    })
}

/// Where it may not, it runs as the others do.
fn give_way() {
    // On Linux a niceness is a thread's; elsewhere it would be the whole process's.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICE);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;

    #[test]
    fn gives_way_and_nobody_else_does() {
        let ours = getpriority_process(None).expect("ours");
        let theirs = spawn("mqlite-test", || getpriority_process(None).expect("its own"));
        let theirs = theirs.expect("a thread").join().expect("ends");
        assert_eq!(theirs, (ours + NICE).min(19));
        assert_eq!(getpriority_process(None).expect("ours"), ours);
    }
}
