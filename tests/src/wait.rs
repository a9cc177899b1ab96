//! Waiting where no signal exists. Invariant: this is the only place that lets time pass, it never waits
//! longer than the condition asks for, and it ends in a panic that says what was still missing.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a condition may take on a slow and busy machine: what follows from events runs ten steps nicer, and a demo
/// generates and scores ninety days before it is ready. Who waits in vain loses that much once; who does not, nothing.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Asks until `look` answers with a value; panics with what it said last when [`PATIENCE`] is over.
pub fn wait_until<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let last = match look() {
            Ok(value) => return value,
            Err(last) => last,
        };
        assert!(Instant::now() < deadline, "waited for {what} in vain; at last: {last}");
        sleep(Duration::from_millis(5));
    }
}
