//! `mqlite anomalies`. Invariant: it says what the API says.

use super::{Failure, days, no_site, say};
use crate::app::{open_events_for_reading, open_ledger};
use crate::config::{Config, Settings};
use crate::domain::SiteId;
use crate::jobs::anomalies::report;

/// Of which site and days.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site's domain
    #[arg(long)]
    site: String,
    /// The first day; seven days, if nothing is said
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day, included; today, if nothing is said
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command.
///
/// # Errors
/// When there is no data folder, no such site, or the period is none.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = Config::resolve(arguments.settings)?;
    let (events, ledger) = (open_events_for_reading(&config.data)?, open_ledger(&config.data)?);
    let id = SiteId::parse(&arguments.site)?;
    let site = ledger.sites()?.into_iter().find(|site| site.id == id).ok_or_else(|| no_site(&id))?;
    let (from, to) = days(&site, arguments.from.as_deref(), arguments.to.as_deref(), 7)?;
    let made = report(events.as_ref(), ledger.as_ref(), &site, (from, to))?;
    if arguments.format == "json" {
        return say(serde_json::to_string_pretty(&made).map_err(|error| Failure::new(error.to_string()))?);
    }
    if made.anomalies.is_empty() {
        return say(format_args!("Nothing odd on {} from {from} to {to}. {}", made.site, made.rule));
    }
    for found in &made.anomalies {
        say(&found.sentence)?;
        say(format_args!("    {}", found.command))?;
    }
    say(&made.rule)
}
