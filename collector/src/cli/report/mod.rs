//! `mqlite report`. Invariant: reports are read, never changed, also beside a collector that runs.

mod coverage;
mod outcomes;

use super::Failure;

/// Which report.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Of how many leads is known what the model asks for, and how many became MQLs
    Coverage(coverage::Arguments),
    /// What became of leads: accepted, won, lost, how long it took and what it was worth
    Outcomes(outcomes::Arguments),
}

/// Runs a command.
///
/// # Errors
/// When there is no data folder, no such site, or the period is none.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Coverage(arguments) => coverage::run(arguments),
        Command::Outcomes(arguments) => outcomes::run(arguments),
    }
}
