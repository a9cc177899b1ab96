//! `mqlite serve`. Invariant: nothing is said of a port before it is ours.

use super::{Failure, say, start_log, tag};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, Settings};

/// Runs the collector until it is asked to stop.
///
/// # Errors
/// Says why it does not start and what to do.
pub fn run(settings: Settings) -> Result<(), Failure> {
    start_log();
    let config = Config::resolve(settings)?;
    let app = App::open(&config, Clock::system(), None)?;
    let setup = app.setup_token()?;
    let sites = app.ledger().sites()?;
    let bound = app.bind()?;
    let local = bound.local_url();
    let base = config.public_url.as_deref().unwrap_or(&local);
    say(format_args!("MQLite {} listens on {local}", env!("CARGO_PKG_VERSION")))?;
    say(format_args!("Data folder: {}", config.data.display()))?;
    if let Some(token) = setup {
        say("\nChoose the dashboard's password, once, within a day:")?;
        say(format_args!("  {base}/setup#{token}"))?;
    }
    match sites.first() {
        None => {
            say("\nNo site yet. Add one; the collector sees it without a restart:")?;
            say(format_args!("  mqlite site add example.com --data {}", config.data.display()))?;
        }
        Some(site) => {
            say(format_args!("\nThe tag for {}, to paste into every page's <head>:", site.id))?;
            say(format_args!("  {}", tag::plain(base, site.id.as_str())))?;
            say("or, pinned to this version of the snippet:")?;
            say(format_args!("  {}", tag::pinned(base, site.id.as_str())))?;
        }
    }
    say(format_args!("\nDashboard: {base}/"))?;
    Ok(bound.serve()?)
}
