//! `mqlite audit fields`. Invariant: what is printed is what the audit page shows.

use crate::app::{open_events_for_reading, open_ledger, recorder, settings};
use crate::audit::DocumentAsked;
use crate::cli::{Failure, no_site, operator, say};
use crate::clock::Clock;
use crate::compliance::{Inputs, SiteFacts, fields};
use crate::config::{Config, Settings};
use crate::domain::SiteId;
use crate::storage::census;
use std::sync::Arc;

/// How to print it.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Markdown to read, CSV for a table, JSON for a program
    #[arg(long, value_name = "md|csv|json", default_value = "md", value_parser = ["md", "csv", "json"])]
    format: String,
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command.
///
/// # Errors
/// When there is no data folder.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let format = arguments.format;
    let text =
        with_inputs(arguments.settings, ("stored-fields", &format, None), |inputs| match format.as_str() {
            "csv" => Ok(fields::csv(inputs)),
            "json" => serde_json::to_string_pretty(&fields::inventory(inputs))
                .map_err(|error| Failure::new(error.to_string())),
            _ => Ok(fields::markdown(inputs)),
        })?;
    say(text.trim_end())
}

/// Reads all that a document is made from, of one site or of all, and records that it was asked for.
pub(super) fn with_inputs(
    settings_given: Settings,
    (document, format, only): (&str, &str, Option<&SiteId>),
    make: impl FnOnce(&Inputs<'_>) -> Result<String, Failure>,
) -> Result<String, Failure> {
    let config = Config::resolve(settings_given)?;
    let events = open_events_for_reading(&config.data)?;
    let ledger = open_ledger(&config.data)?;
    let mut sites: Vec<SiteFacts> = ledger.sites()?.iter().map(SiteFacts::of).collect();
    if let Some(only) = only {
        sites.retain(|facts| facts.site == only.as_str());
        if sites.is_empty() {
            return Err(no_site(only));
        }
    }
    let asked = DocumentAsked { document, format, site: only.cloned() };
    asked.record(&recorder(&config, Arc::clone(&ledger), Clock::system()), &operator())?;
    let inventory = census(events.as_ref(), ledger.as_ref())?;
    make(&Inputs {
        now: Clock::system().now(),
        settings: &settings(&config)?,
        sites: &sites,
        inventory: &inventory,
    })
}
