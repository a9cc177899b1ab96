//! `mqlite audit`. Invariant: it prints what the collector decides and keeps by, from the same tables.

use super::{Failure, say};
use crate::domain::ladder;

/// What to check.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print the consent ladder: what each rung keeps, and which signals bring it
    Ladder,
}

/// Runs the command.
///
/// # Errors
/// When it cannot print.
pub fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Ladder => say(ladder::markdown().trim_end()),
    }
}
