//! `mqlite report coverage`. Invariant: it says what the API says, by the same model.

use crate::app::{model_of, open_ledger};
use crate::cli::{Failure, days, no_site, say};
use crate::config::{Config, Settings};
use crate::domain::SiteId;
use crate::jobs::coverage::{Interval, Period, Report, report};

/// Of which leads, and how to print it.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site's domain
    #[arg(long)]
    site: String,
    /// The first day on which leads became known; thirty days, if nothing is said
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day, included; today, if nothing is said
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// How the series is cut
    #[arg(long, value_name = "INTERVAL", default_value = "week", value_parser = ["day", "week", "month"])]
    interval: String,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "csv", "json"])]
    format: String,
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command.
///
/// # Errors
/// When there is no data folder, no such site, or the period is none.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = Config::resolve(arguments.settings)?;
    let ledger = open_ledger(&config.data)?;
    let id = SiteId::parse(&arguments.site)?;
    let sites = ledger.sites()?;
    let site = sites.iter().find(|site| site.id == id).ok_or_else(|| no_site(&id))?;
    let (from, to) = days(site, arguments.from.as_deref(), arguments.to.as_deref(), 30)?;
    let interval = Interval::from_name(&arguments.interval).unwrap_or(Interval::Week);
    let model = model_of(&config, ledger.as_ref(), site.no)?;
    let made = report(ledger.as_ref(), &model, site, Period { from, to, interval })?;
    match arguments.format.as_str() {
        "json" => say(serde_json::to_string_pretty(&made).map_err(|error| Failure::new(error.to_string()))?),
        "csv" => csv(&made),
        _ => text(&made),
    }
}

fn text(made: &Report) -> Result<(), Failure> {
    let totals = made.totals;
    say(format!("{}, {} to {}, by the model {}", made.site, made.from, made.to, made.model.name))?;
    say(format!(
        "{} leads became known; {} % of them lack something that the model asks for. {} of them became MQLs; in the \
         period {} leads did.",
        totals.leads, totals.incomplete_percent, totals.mqls, made.became_mql
    ))?;
    say("")?;
    say(format!("{:<9} {:<26} {:<19} {:>7} {:>7} {:>7}", "", "", "field", "known", "unknown", "unknown"))?;
    for row in &made.known {
        let label: String = row.label.chars().take(26).collect();
        say(format!(
            "{:<9} {:<26} {:<19} {:>7} {:>7} {:>5} %",
            row.kind, label, row.field, row.known, row.unknown, row.unknown_percent
        ))?;
    }
    say("")?;
    say(format!("{:<12} {:>8} {:>13} {:>8}", made.interval, "leads", "incomplete", "MQLs"))?;
    made.series.iter().try_for_each(|cohort| {
        let totals = cohort.totals;
        let shown = format!("{} %", totals.incomplete_percent);
        say(format!("{:<12} {:>8} {:>13} {:>8}", cohort.from.to_string(), totals.leads, shown, totals.mqls))
    })
}

/// A row for each interval and thing that the model asks for, and one with an empty id for all things.
fn csv(made: &Report) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Failure::new(error.to_string());
    writer.write_record(["from", "id", "leads", "mqls", "unknown_percent", "model"]).map_err(failed)?;
    for cohort in &made.series {
        let shares = cohort.unknown_percent.iter().map(|(id, percent)| (id.as_str(), *percent));
        for (id, percent) in [("", cohort.totals.incomplete_percent)].into_iter().chain(shares) {
            let row = [
                cohort.from.to_string(),
                id.to_owned(),
                cohort.totals.leads.to_string(),
                cohort.totals.mqls.to_string(),
                percent.to_string(),
                made.model.hash.clone(),
            ];
            writer.write_record(row).map_err(failed)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| Failure::new(error.to_string()))?;
    say(String::from_utf8_lossy(&bytes).trim_end())
}
