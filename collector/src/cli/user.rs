//! `mqlite user`. Invariant: a password is never given on the command line, where others could read it.

use super::{Failure, say};
use crate::app::{new_setup_token, open_ledger};
use crate::clock::Clock;
use crate::config::{Config, Settings};

/// What to do with the owner's account.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print a link that lets you choose a new password, once, within a day
    ResetPassword(Arguments),
}

/// Where.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command.
///
/// # Errors
/// When the data folder cannot be used.
pub fn run(command: Command) -> Result<(), Failure> {
    let Command::ResetPassword(arguments) = command;
    let config = Config::resolve(arguments.settings)?;
    let ledger = open_ledger(&config.data)?;
    let token = new_setup_token(ledger.as_ref(), &Clock::system())?;
    let base = config.base_url();
    say(format_args!("{base}/setup#{token}"))
}
