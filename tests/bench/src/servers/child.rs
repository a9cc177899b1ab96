//! A server in a process of its own. Promise: it does not outlive its handle.

use crate::Failure;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{ChildStdout, Command, Stdio};

/// A server that listens.
pub(crate) struct Child {
    process: std::process::Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    _printed: BufReader<ChildStdout>,
}

impl Child {
    /// Starts it, logging to `log`, and reads what it prints until `ready` finds where it listens.
    ///
    /// # Errors
    /// When it ends before.
    pub(crate) fn start(
        mut command: Command,
        log: File,
        mut ready: impl FnMut(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut process = command.spawn()?;
        let stdout = process.stdout.take().ok_or("no pipe")?;
        let mut printed = BufReader::new(stdout);
        loop {
            let mut line = String::new();
            if printed.read_line(&mut line)? == 0 {
                let _ = process.wait();
                return Err("a server ended before it listened; its log is in the bench's folder".into());
            }
            if let Some(address) = ready(line.trim_end()) {
                let address = address.parse()?;
                return Ok(Self { process, address, _printed: printed });
            }
        }
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to stop, as an operator does, and waits for it.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.process),
            rustix::process::Signal::TERM,
        )?;
        let status = self.process.wait()?;
        if status.success() { Ok(()) } else { Err(format!("a server ended with {status}").into()) }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
