//! HTTP by hand, for clients that no library would be. Invariant: an answer is read to its end, or it is none.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A connection that stays.
pub(crate) struct Line(BufReader<TcpStream>);

/// The parts of an answer that faults ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) retry_after: bool,
}

/// Connects to a base URL.
pub(crate) fn connect(base: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(base.trim_start_matches("http://"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    Ok(stream)
}

impl Line {
    pub(crate) fn to(base: &str) -> io::Result<Self> {
        connect(base).map(|stream| Self(BufReader::new(stream)))
    }

    /// Sends a request and reads the answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<Said> {
        self.0.get_mut().write_all(request)?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<Said> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.get(9..12).and_then(|status| status.parse().ok());
        let mut said = Said { status: status.ok_or(io::ErrorKind::UnexpectedEof)?, retry_after: false };
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "retry-after" => said.retry_after = true,
                _ => {}
            }
        }
        io::copy(&mut self.0.by_ref().take(length), &mut io::sink())?;
        Ok(said)
    }
}

/// Sockets of a process: its connections, and a few of its own.
pub(crate) fn open_sockets(process: u32) -> usize {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let target = |file: std::fs::DirEntry| std::fs::read_link(file.path()).ok();
    files.filter_map(target).filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

/// The most memory that a process had resident, in MiB; 0 where the system does not say.
pub(crate) fn peak_mebibytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

/// Memory that a collector may have, whatever is done to it, in MiB.
pub(crate) const MEBIBYTES_MAX: u64 = 200;
