//! The command line. Invariant: what a person asked for goes to standard output, everything else to
//! standard error, and a failure says what to type next.

pub mod anomalies;
pub mod audit;
pub mod backup;
pub mod check;
pub mod demo;
pub mod export;
pub mod import;
pub mod lead;
pub mod model;
mod page;
pub mod person;
pub mod predict;
pub mod prune;
pub mod report;
pub mod serve;
pub mod simulate;
pub mod site;
pub mod tag;
pub mod user;
pub mod verify;
pub mod void;

use crate::app::StartError;
use crate::clock::Clock;
use crate::domain::{Actor, Date, Invalid, Role, Site, SiteId, Text};
use crate::jobs::retention::Undone;
use crate::storage::StoreError;
use std::io::{self, Write};

/// Why a command failed, in words for the person who typed it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    /// With this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self(error.0)
    }
}

impl From<Invalid> for Failure {
    fn from(error: Invalid) -> Self {
        Self(error.0)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl From<Undone> for Failure {
    fn from(undone: Undone) -> Self {
        let next = if matches!(undone, Undone::Unscored) { "; start it with: mqlite serve" } else { "" };
        Self(format!("{undone}{next}"))
    }
}

/// A site that is not there.
fn no_site(id: &SiteId) -> Failure {
    Failure::new(format!("there is no site {id}; `mqlite site list` names them"))
}

/// The days of a report on the site's clock: up to today, and so many of them, if nothing is said.
fn days(site: &Site, from: Option<&str>, to: Option<&str>, unsaid: i32) -> Result<(Date, Date), Failure> {
    let date = |text: Option<&str>| text.map(Date::parse).transpose();
    let to = date(to)?.unwrap_or_else(|| site.zone.date(Clock::system().now()));
    let from = date(from)?.unwrap_or_else(|| to.plus(1 - unsaid));
    if from > to {
        return Err(Failure::new(format!(
            "--from {from} is after --to {to}; name the earlier day with --from and the later with --to"
        )));
    }
    Ok((from, to))
}

/// Says why a command failed.
pub fn complain(failure: &Failure) {
    if !failure.0.is_empty() {
        let _ = writeln!(io::stderr(), "mqlite: {}", tame(&failure.0));
    }
}

/// Without what a terminal would obey: a page or a file that somebody else wrote is quoted in some sentences.
fn tame(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// Prints a line. A reader that has gone (`| head`) is no failure.
fn say(line: impl std::fmt::Display) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure(format!("cannot print: {error}")))
        }
        Err(_) => Err(Failure(String::new())),
        Ok(()) => Ok(()),
    }
}

/// Whoever typed the command, by the name that their environment gives and the number that the system gives.
fn operator() -> Actor {
    let name = ["SUDO_USER", "USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let name: Option<Text<60>> = name.as_deref().and_then(Text::non_empty);
    // The name is what the environment says, and anybody can set that; the number is the system's own word. Services
    // and containers often have a number only.
    #[cfg(unix)]
    let who = {
        let uid = rustix::process::getuid().as_raw();
        name.map_or_else(|| format!("uid {uid}"), |name| format!("{name} (uid {uid})"))
    };
    #[cfg(not(unix))]
    let who = name.map_or_else(|| "unknown".to_owned(), |name| name.to_string());
    Actor { role: Role::Operator, who: Text::clean(&who) }
}

/// Log lines to standard error; `RUST_LOG` asks for more.
fn start_log() {
    let _ = tracing::subscriber::set_global_default(log("info,actix_server=warn"));
}

/// What `work` warns of on this thread goes to standard error, and nothing else unless `RUST_LOG` asks for it: for what
/// comes before `start_log`.
fn warnings_of<T>(work: impl FnOnce() -> T) -> T {
    tracing::subscriber::with_default(log("warn"), work)
}

fn log(unless_asked: &str) -> impl tracing::Subscriber + Send + Sync + use<> {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| unless_asked.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Log)
        .log_internal_errors(false)
        .with_target(false)
        .finish()
}

/// Standard error, whatever becomes of it: a full disk below it, or a reader that has gone, costs the line and not the
/// collector.
struct Log;

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().write_all(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
