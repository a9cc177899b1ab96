//! `mqlite prune`. Invariant: with `--dry-run` it only counts.

use super::{Failure, no_site, operator, say};
use crate::app::{open_ledger, open_retention};
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::SiteId;

/// What to end.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only this site's
    #[arg(long)]
    site: Option<String>,
    /// Say what would go, and leave it
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command.
///
/// # Errors
/// When there is no data folder, or no such site.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = Config::resolve(arguments.settings)?;
    let only = match arguments.site {
        None => None,
        Some(name) => {
            let id = SiteId::parse(&name)?;
            let known = open_ledger(&config.data)?.sites()?.into_iter().find(|site| site.id == id);
            Some(known.ok_or_else(|| no_site(&id))?.no)
        }
    };
    let runs = open_retention(&config, Clock::system())?.run(&operator(), only, arguments.dry_run)?;
    if runs.is_empty() {
        return say("No site yet. Add one with: mqlite site add example.com");
    }
    let verb = if arguments.dry_run { "would go" } else { "went" };
    for run in runs {
        say(format_args!("{}\t{}\tbefore {}\t{} {verb}", run.site, run.kind, run.before, run.rows))?;
    }
    Ok(())
}
