//! `mqlite predict`. Invariant: nothing is changed by it; it names leads only when they are asked for, and what was
//! looked at is recorded before it is printed.

use super::{Failure, operator, say};
use crate::app::{model_of, open_events_for_reading, open_ledger, recorder};
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::{Site, SiteId};
use crate::jobs::predictions::Predictions;
use crate::predict::{Bin, FactorShown, HoldoutShown, Listed, Report, State};
use crate::scoring::Model;
use std::sync::Arc;

/// What to predict.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site
    #[arg(long)]
    site: String,
    /// For people, or as one JSON object
    #[arg(long, value_name = "text|json", default_value = "text", value_parser = ["text", "json"])]
    format: String,
    /// Name so many open leads too, the likeliest first; that they were listed is recorded
    #[arg(long, value_name = "N", default_value_t = 0)]
    leads: usize,
    #[command(flatten)]
    settings: Settings,
}

/// Weights that are printed for people.
const FACTORS: usize = 15;
/// Characters of a bar that is a whole.
const WIDTH: f64 = 50.0;

/// Runs the command.
///
/// # Errors
/// When there is no data folder, or no such site.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let id = SiteId::parse(&arguments.site)?;
    let config = Config::resolve(arguments.settings)?;
    // Where nothing was collected, no folder is made.
    open_events_for_reading(&config.data)?;
    let ledger = open_ledger(&config.data)?;
    let site = site(ledger.sites()?, &id)?;
    let model = model_of(&config, ledger.as_ref(), site.no)?;
    let predictions = Predictions::new(Arc::clone(&ledger), Clock::system());
    let report = predictions.outlook(&site, &model)?.report(site.id.as_str(), &model);
    let listed = if arguments.leads > 0 && report.state == State::Trained {
        recorder(&config, ledger, Clock::system()).leads_listed(&operator(), &site)?;
        predictions.first(&site, &model, arguments.leads)?.1
    } else {
        Vec::new()
    };
    if arguments.format == "json" {
        let mut whole = serde_json::to_value(&report).map_err(|error| unwritable(&error))?;
        if arguments.leads > 0 {
            whole["open_leads"] = serde_json::to_value(&listed).map_err(|error| unwritable(&error))?;
        }
        return say(whole);
    }
    text(&report, &model)?;
    leads(&listed)
}

fn unwritable(error: &serde_json::Error) -> Failure {
    Failure::new(format!("cannot be written as JSON: {error}"))
}

fn site(sites: Vec<Site>, id: &SiteId) -> Result<Site, Failure> {
    let known: Vec<String> = sites.iter().map(|site| site.id.to_string()).collect();
    sites.into_iter().find(|site| site.id == *id).ok_or_else(|| {
        let list = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Failure::new(format!("there is no site {id}; there is: {list}. List them with `mqlite site list`"))
    })
}

fn text(report: &Report, model: &Model) -> Result<(), Failure> {
    let leads = &report.leads;
    say(format_args!("{}: {} closed leads, {} of them won", report.site, leads.closed, leads.won))?;
    say(&report.sentence)?;
    let (Some(learnt), Some(held)) = (&report.learnt_from, &report.holdout) else { return Ok(()) };
    say(format_args!("\nMethod: {}", report.method))?;
    say(format_args!("Words and points: {} ({})", model.name(), model.hash()))?;
    say(format_args!("Learnt from {} leads ({} won) closed {}", learnt.leads, learnt.won, days(learnt)))?;
    say(format_args!(
        "Measured on {} leads ({} won) closed {}",
        held.part.leads,
        held.part.won,
        days(&held.part)
    ))?;
    measures(held)?;
    plot(&report.calibration)?;
    factors(&report.factors)
}

fn days(part: &crate::predict::Part) -> String {
    let day = |at: crate::domain::Timestamp| at.to_string().chars().take(10).collect::<String>();
    format!("{} to {}", day(part.from), day(part.to))
}

fn measures(held: &HoldoutShown) -> Result<(), Failure> {
    say("\n            this model   share alone   rules' score")?;
    let (ours, known) = (held.measured, held.baseline);
    say(format_args!(
        "AUC         {:>10.4}   {:>11.4}   {:>12.4}   0.5 is chance, 1 is best",
        ours.auc, known.auc, held.rules_auc
    ))?;
    say(format_args!(
        "log loss    {:>10.4}   {:>11.4}                  smaller is better",
        ours.log_loss, known.log_loss
    ))?;
    say(format_args!(
        "Brier score {:>10.4}   {:>11.4}                  smaller is better",
        ours.brier, known.brier
    ))
}

/// Where `share` lies on a line of [`WIDTH`] characters.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the width")]
fn place(share: f64, whole: f64) -> usize {
    (share / whole * WIDTH).round().clamp(0.0, WIDTH) as usize
}

/// The line of a bin: `=` up to the share that was won, `|` where it was predicted.
fn bar(bin: &Bin, whole: f64) -> String {
    let (won, predicted) = (place(bin.won, whole), place(bin.predicted, whole));
    (0..won.max(predicted + 1))
        .map(|at| {
            if at == predicted {
                '|'
            } else if at < won {
                '='
            } else {
                ' '
            }
        })
        .collect()
}

fn plot(bins: &[Bin]) -> Result<(), Failure> {
    let whole = bins.iter().map(|bin| bin.won.max(bin.predicted)).fold(0.01, f64::max);
    say(format_args!(
        "\nCalibration on the same leads: = is what was won, | what was predicted; the whole line is {:.0} %",
        whole * 100.0
    ))?;
    say("leads   predicted     won")?;
    for bin in bins {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        say(format_args!(
            "{:>5}   {:>9}   {:>7}   {}",
            bin.leads,
            percent(bin.predicted),
            percent(bin.won),
            bar(bin, whole)
        ))?;
    }
    Ok(())
}

/// Thousandths as a number with its sign.
fn signed(milli: i64) -> String {
    let (whole, rest) = (milli.unsigned_abs() / 1000, milli.unsigned_abs() % 1000);
    format!("{}{whole}.{rest:03}", if milli < 0 { "-" } else { "+" })
}

fn factors(all: &[FactorShown]) -> Result<(), Failure> {
    say("\nWhat weighs most, in log-odds (0.7 doubles the odds, -0.7 halves them):")?;
    for factor in all.iter().take(FACTORS) {
        say(format_args!("{:>8}   {} ({} leads)", signed(factor.weight_milli), factor.label, factor.leads))?;
    }
    match all.len().saturating_sub(FACTORS) {
        0 => Ok(()),
        more => say(format_args!("           and {more} more: --format json")),
    }
}

fn leads(listed: &[Listed]) -> Result<(), Failure> {
    if listed.is_empty() {
        return Ok(());
    }
    say("\nOpen leads, the likeliest first. It decides nothing: people do.")?;
    for lead in listed {
        let of = &lead.predicted;
        say(format_args!(
            "{:>5}. {}  {:>5.1} %  {} with {} points",
            of.rank,
            lead.key,
            of.probability * 100.0,
            lead.stage.name(),
            lead.score
        ))?;
        for part in of.contributions.iter().take(3) {
            say(format_args!("       {:>8}   {}", signed(part.milli), part.label))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_is_a_bar_with_a_mark() {
        let bin = |predicted, won| Bin { leads: 100, predicted, won };
        assert_eq!(bar(&bin(0.0, 0.0), 0.5), "|");
        assert_eq!(bar(&bin(0.1, 0.2), 0.5), "==========|=========");
        assert_eq!(bar(&bin(0.2, 0.1), 0.5), "==========          |");
        assert_eq!(bar(&bin(0.5, 0.5), 0.5).len(), 51);
        assert_eq!(
            (signed(-1_207), signed(60), signed(0)),
            ("-1.207".into(), "+0.060".into(), "+0.000".into())
        );
    }
}
