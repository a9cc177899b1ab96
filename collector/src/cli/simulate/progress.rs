//! Progress of a simulation, and stopping it. Invariant: it writes to standard error only, a bar where somebody
//! watches and a line every few seconds where not.

use super::super::Failure;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Between two lines where no bar can be drawn.
const EVERY: Duration = Duration::from_secs(5);

/// How long it took, and of how many events.
pub(super) struct Took {
    pub(super) events: u64,
    pub(super) time: Duration,
}

impl Took {
    /// Events a second.
    pub(super) fn rate(&self) -> u64 {
        let millis = u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX).max(1);
        self.events.saturating_mul(1_000) / millis
    }
}

/// Shows how far it is.
pub(super) struct Meter {
    bar: Option<ProgressBar>,
    began: Instant,
    said: Instant,
    done: u64,
}

impl Meter {
    /// From nothing.
    pub(super) fn start() -> Self {
        let style =
            ProgressStyle::with_template("{bar:24} {percent:>3} % of {human_len} events  {msg}  {eta} left");
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        let now = Instant::now();
        Self { bar, began: now, said: now, done: 0 }
    }

    /// So many events are done.
    pub(super) fn says(&mut self, done: u64, total: u64) {
        self.done = done;
        let rate = HumanCount(Took { events: done, time: self.began.elapsed() }.rate());
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_message(format!("{rate} a second"));
            bar.set_position(done);
        } else if self.said.elapsed() >= EVERY {
            self.said = Instant::now();
            let (done, total) = (HumanCount(done), HumanCount(total));
            let _ = writeln!(std::io::stderr(), "{done} of {total} events, {rate} a second");
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) -> Took {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        Took { events: self.done, time: self.began.elapsed() }
    }
}

/// Hears Ctrl-C.
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on.
    pub(super) fn listen() -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::new(format!("cannot listen for Ctrl-C: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let came = Arc::new(AtomicBool::new(false));
        let on = Arc::clone(&came);
        let hear = move || {
            if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
                on.store(true, Ordering::Release);
            }
        };
        std::thread::Builder::new().name("mqlite-interrupt".to_owned()).spawn(hear).map_err(failed)?;
        Ok(Self(came))
    }

    /// Whether it came.
    pub(super) fn came(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
