//! `mqlite audit`. Invariant: nothing here changes what it looks at, and what it prints comes from the tables
//! that the collector decides and keeps by.

mod log;
mod verify;

use super::{Failure, say};
use crate::domain::ladder;

/// What to check.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print the consent ladder: what each rung keeps, and which signals bring it
    Ladder,
    /// Print the audit log: who did what, when and in which role
    Log(log::Arguments),
    /// Say whether the audit log, or a receipt, is the one that was written
    Verify(verify::Arguments),
}

/// Runs the command.
///
/// # Errors
/// When the data folder cannot be used, or what was checked does not hold.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Ladder => say(ladder::markdown().trim_end()),
        Command::Log(arguments) => log::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
    }
}
