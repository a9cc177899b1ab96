//! `mqlite audit`. Invariant: it looks and changes nothing of what is stored.

mod document;
mod fields;

use super::Failure;

/// What to look at.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Everything that is stored: meaning, purpose, basis, retention, who sees it, and a sample
    Fields(fields::Arguments),
    /// A document for compliance: record-of-processing, cnil-self-assessment, stored-fields, consent-ladder
    Document(document::Arguments),
}

/// Runs the command.
///
/// # Errors
/// Says what was wrong and what would be right.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Fields(arguments) => fields::run(arguments),
        Command::Document(arguments) => document::run(arguments),
    }
}
