//! The running process. Invariant: it is ready when it says so on its standard output and not before, what
//! it prints and logs is kept to the last byte, and it does not outlive its handle.

use crate::binary;
use crate::wait::PATIENCE;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// A collector that serves.
pub(crate) struct Collector {
    child: Child,
    printer: Option<JoinHandle<()>>,
    pub(crate) base: String,
    pub(crate) setup_token: Option<String>,
}

impl Collector {
    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Starts `mqlite ARGUMENTS` with `settings` in its environment, logging to the end of `log`, and
    /// collecting what it prints in `printed`; hears its lines.
    pub(crate) fn spawn<S: AsRef<OsStr>>(
        arguments: impl IntoIterator<Item = S>,
        settings: &[(String, String)],
        log: &Path,
        printed: &Arc<Mutex<String>>,
    ) -> (Self, Receiver<String>) {
        let file = OpenOptions::new().create(true).append(true).open(log).expect("a log file");
        let mut command = binary::command();
        command.args(arguments).envs(settings.iter().map(|(name, value)| (name, value)));
        command.stdout(Stdio::piped()).stderr(file);
        let mut child = command.spawn().expect("the binary runs");
        let stdout = child.stdout.take().expect("its output is a pipe");
        let (say, hear) = channel();
        let all = Arc::clone(printed);
        let printer = std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.push_str(&line);
                all.push('\n');
                // Nobody listens any more once it is ready.
                let _ = say.send(line);
            }
        });
        (Self { child, printer: Some(printer), base: String::new(), setup_token: None }, hear)
    }

    /// The same, and waits until it is ready.
    ///
    /// # Errors
    /// When it ends, or is not ready in time; with what it logged.
    pub(crate) fn start<S: AsRef<OsStr>>(
        arguments: impl IntoIterator<Item = S>,
        settings: &[(String, String)],
        log: &Path,
        printed: &Arc<Mutex<String>>,
    ) -> Result<Self, String> {
        let (mut starting, hear) = Self::spawn(arguments, settings, log, printed);
        let deadline = Instant::now() + PATIENCE;
        loop {
            match hear.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if starting.is_last(&line) => return Ok(starting),
                Ok(_) => {}
                Err(why) => {
                    let what = if why == RecvTimeoutError::Timeout {
                        "is not ready".to_owned()
                    } else {
                        format!("has ended with {}", starting.end())
                    };
                    let log = std::fs::read_to_string(log).unwrap_or_default();
                    return Err(format!("the collector {what}; it logged:\n{log}"));
                }
            }
        }
    }

    /// Reads one printed line; answers whether all has been said.
    fn is_last(&mut self, line: &str) -> bool {
        if let Some((_, base)) = line.split_once(" listens on ") {
            base.trim().clone_into(&mut self.base);
        } else if let Some((_, base)) = line.split_once("  Dashboard:  ") {
            base.trim().trim_end_matches('/').clone_into(&mut self.base);
        } else if let Some((_, token)) = line.split_once("/setup#") {
            self.setup_token = Some(token.trim().to_owned());
        }
        line.starts_with("Dashboard: ") || line.starts_with("Open both")
    }

    /// `kill -9`, and waits until it is gone.
    pub(crate) fn kill9(&mut self) {
        self.child.kill().expect("it can be killed");
        self.end();
    }

    /// SIGTERM, and waits until it is gone.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        terminate(self.child.id());
        self.end()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.end()
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_none())
    }

    fn end(&mut self) -> ExitStatus {
        let status = self.child.wait().expect("it ends");
        if let Some(printer) = self.printer.take() {
            let _ = printer.join();
        }
        status
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// SIGTERM to a process that we started.
///
/// # Panics
/// When there is none.
pub fn terminate(process: u32) {
    let id = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it takes signals");
}
