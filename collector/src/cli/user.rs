//! `mqlite user`. Invariant: a password is never given on the command line, where others could read it, and
//! whatever is done to an account is recorded, before it is done where it lets somebody in.

use super::{Failure, operator, say};
use crate::app::{new_setup_token, open_ledger, recorder};
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::{Action, Role};
use crate::storage::Ledger;
use serde_json::json;
use std::sync::Arc;

/// What to do with the two accounts.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print a link that lets an auditor choose a password, once, within a day; they see the audit page only
    AddAuditor(Arguments),
    /// Print a link that lets you choose a new password, once, within a day
    ResetPassword(Reset),
    /// Remove the auditor's account and end its sessions
    RemoveAuditor(Arguments),
}

/// Where.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

/// Whose password.
#[derive(Debug, clap::Args)]
pub struct Reset {
    /// Whose password
    #[arg(long, value_name = "owner|auditor", default_value = "owner", value_parser = account)]
    role: Role,
    #[command(flatten)]
    settings: Settings,
}

fn account(text: &str) -> Result<Role, String> {
    match text {
        "owner" => Ok(Role::Owner),
        "auditor" => Ok(Role::Auditor),
        _ => Err("write owner or auditor".to_owned()),
    }
}

/// The accounts of a data folder.
struct Accounts {
    config: Config,
    ledger: Arc<dyn Ledger>,
    audit: Recorder,
    clock: Clock,
}

impl Accounts {
    fn open(settings: Settings) -> Result<Self, Failure> {
        let config = Config::resolve(settings)?;
        let (ledger, clock) = (open_ledger(&config.data)?, Clock::system());
        let audit = recorder(&config, Arc::clone(&ledger), clock.clone());
        Ok(Self { config, ledger, audit, clock })
    }

    fn print_link(&self, role: Role) -> Result<(), Failure> {
        let token = new_setup_token(self.ledger.as_ref(), &self.clock, &self.audit, &operator(), role)?;
        say(format_args!("{}/setup#{token}", self.config.base_url()))
    }

    fn record(&self, action: Action) -> Result<(), Failure> {
        self.audit.record(&operator(), action, None, None, &json!({ "role": Role::Auditor }))?;
        Ok(())
    }
}

/// Runs the command.
///
/// # Errors
/// When the data folder cannot be used, or there is no such account.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::AddAuditor(arguments) => {
            let accounts = Accounts::open(arguments.settings)?;
            if accounts.ledger.password(Role::Auditor)?.is_some() {
                return Err(Failure::new(
                    "there is an auditor already; `mqlite user reset-password --role auditor` prints a link for a \
                     new password, `mqlite user remove-auditor` removes the account",
                ));
            }
            accounts.record(Action::AccountAdded)?;
            accounts.print_link(Role::Auditor)
        }
        Command::ResetPassword(Reset { role, settings }) => {
            let accounts = Accounts::open(settings)?;
            if role == Role::Auditor && accounts.ledger.password(role)?.is_none() {
                return Err(Failure::new("there is no auditor yet; `mqlite user add-auditor` adds one"));
            }
            accounts.print_link(role)
        }
        Command::RemoveAuditor(arguments) => {
            let accounts = Accounts::open(arguments.settings)?;
            if !accounts.ledger.remove_account(Role::Auditor)? {
                return Err(Failure::new("there is no auditor to remove"));
            }
            accounts.record(Action::AccountRemoved)?;
            say("The auditor's account is removed, and its sessions have ended.")
        }
    }
}
