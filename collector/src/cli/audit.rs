//! `mqlite audit`. Invariant: it prints what the collector decides and keeps by, from the same tables.

mod log;
mod verify;

use super::Failure;

/// What to check.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
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
        Command::Log(arguments) => log::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
    }
}
