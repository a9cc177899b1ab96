//! `mqlite simulate`. Invariant: a draft that is not right is refused before anything is read; nothing that is live
//! changes; however it ends, nothing is left behind; leads are named only after that was recorded.

mod csv;
mod progress;
mod text;

use super::{Failure, no_site, operator, say};
use crate::app::{Simulation, open_simulation};
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::{Date, ModelHash, Site, SiteId, from_hex};
use crate::jobs::simulate::{self, Asked, NAMED_MAX};
use crate::scoring::Model;
use progress::{Interrupt, Meter};
use std::path::PathBuf;
use std::sync::Arc;

/// What to simulate.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The draft scores everything that is stored, beside a collector that may run, and changes nothing. \
    What the numbers mean is in docs/SIMULATION.md."
)]
pub struct Arguments {
    /// The draft: a file, the name of a ready model, or the hash of a version
    #[arg(value_name = "MODEL")]
    draft: PathBuf,
    /// The site
    #[arg(long)]
    site: String,
    /// The first day to count, such as 2026-09-01 [default: the first there is]
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day to count [default: today]
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// How to answer
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "csv"])]
    format: String,
    /// Which table to write as CSV
    #[arg(long, value_name = "TABLE", default_value = "curve", value_parser = ["curve", "channels", "weeks", "rules", "leads"])]
    table: String,
    /// How many leads to name of those who enter, and of those who leave; at most 100
    #[arg(long, value_name = "N", default_value_t = 10)]
    leads: usize,
    #[command(flatten)]
    settings: Settings,
}

/// A draft that was read, or a version that is still to be found.
enum Draft {
    Model(Arc<Model>),
    Version(ModelHash),
}

/// Runs the command.
///
/// # Errors
/// When the draft is not right, there is no such site, or storage fails.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let draft = match arguments.draft.to_str().and_then(|text| from_hex::<32>(text.bytes())) {
        Some(hash) => Draft::Version(ModelHash::from_bytes(hash)),
        None => Draft::Model(Arc::new(super::model::read(&arguments.draft)?)),
    };
    let day = |name: &str, text: Option<&String>| {
        let read = text.map(|text| Date::parse(text)).transpose();
        read.map_err(|error| Failure::new(format!("--{name}: {error}")))
    };
    let (from, to) = (day("from", arguments.from.as_ref())?, day("to", arguments.to.as_ref())?);
    let id = SiteId::parse(&arguments.site)?;
    let config = Config::resolve(arguments.settings)?;
    let clock = Clock::system();
    let on = open_simulation(&config, clock.clone())?;
    let site = find(&on, &id)?;
    simulate::check(from, to, site.zone.date(clock.now()))
        .map_err(|error| Failure::new(format!("--from: {error}")))?;
    let live = live(&on, &site)?;
    let draft = match draft {
        Draft::Model(model) => model,
        Draft::Version(hash) if hash == *live.hash() => Arc::clone(&live),
        Draft::Version(hash) => version(&on, &site, hash)?,
    };
    let asked = Asked { site: site.clone(), draft, live, from, to };
    let (interrupt, mut meter) = (Interrupt::listen()?, Meter::start());
    let done = simulate::run(&on.events, &on.ledger, &clock, asked, &mut |done, total| {
        meter.says(done, total);
        !interrupt.came()
    });
    let took = meter.finish();
    let Some(mut report) = done? else {
        return Err(Failure::new("stopped; nothing was changed, and nothing is left behind"));
    };
    let named = arguments.leads.min(NAMED_MAX);
    report.entering.truncate(named);
    report.leaving.truncate(named);
    let shows_leads = arguments.format != "csv" || arguments.table == "leads";
    if shows_leads && !(report.entering.is_empty() && report.leaving.is_empty()) {
        on.audit.leads_listed(&operator(), &site)?;
    }
    match arguments.format.as_str() {
        "json" => {
            say(serde_json::to_string_pretty(&report).map_err(|error| Failure::new(error.to_string()))?)
        }
        "csv" => csv::table(&arguments.table, &report),
        _ => text::print(&report, &took),
    }
}

fn find(on: &Simulation, id: &SiteId) -> Result<Site, Failure> {
    let found = on.ledger.sites()?.into_iter().find(|site| site.id == *id);
    found.ok_or_else(|| no_site(id))
}

/// The model that the site's leads are scored by.
fn live(on: &Simulation, site: &Site) -> Result<Arc<Model>, Failure> {
    let scored = on.ledger.progress()?.map(|(_, model)| model);
    let scored = scored
        .ok_or_else(|| Failure::new("nothing is scored yet; start `mqlite serve` once, and try again"))?;
    if scored != *on.models.base().hash() {
        return Err(Failure::new(
            "the collector scores by another model; name it with --model, as it is named to the collector",
        ));
    }
    Ok(on.models.of(on.ledger.as_ref(), site.no)?)
}

fn version(on: &Simulation, site: &Site, hash: ModelHash) -> Result<Arc<Model>, Failure> {
    if on.ledger.model(site.no, hash)?.is_none() {
        return Err(Failure::new(format!("{} has no version {hash}", site.id)));
    }
    Ok(on.models.read(on.ledger.as_ref(), site.no, hash)?)
}
