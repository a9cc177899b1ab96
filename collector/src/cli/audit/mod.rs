//! `mqlite audit`. Invariant: nothing here changes what it looks at, but that what is taken away is recorded; and
//! what it prints comes from the tables that the collector decides and keeps by.

mod document;
mod fields;
mod log;
mod verify;

use super::{Failure, say};
use crate::domain::ladder;

/// What to check.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print everything that is stored: meaning, purpose, basis, retention, who sees it, and a sample
    Fields(fields::Arguments),
    /// Print a document for compliance: record-of-processing, cnil-self-assessment, stored-fields, consent-ladder
    Document(document::Arguments),
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
        Command::Fields(arguments) => fields::run(arguments),
        Command::Document(arguments) => document::run(arguments),
        Command::Ladder => say(ladder::markdown().trim_end()),
        Command::Log(arguments) => log::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
    }
}
