//! `mqlite report outcomes`. Invariant: what it prints is what the API answers, in the same numbers; the attribution and the model
//! stand beside them in every format.

use crate::app::{model_of, open_events_for_reading, open_ledger};
use crate::cli::{Failure, say};
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::{Money, SiteId, Text, Thousandths};
use crate::leads::closed_loop::{Ask, Document, ModelNamed, Numbers, Verdict, percent};
use crate::storage::{Attribution, JourneyQuery};
use std::collections::BTreeSet;

/// Of which leads, and how.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "docs/REPORTS.md defines every number. Amounts of different currencies are never added."
)]
pub struct Arguments {
    /// The site
    #[arg(long)]
    site: String,
    /// First day, such as 2026-01-01; a year before the last, if left out
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Last day, included; today, if left out
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// channel, source, campaign, country, page or cohort
    #[arg(long, default_value = "channel")]
    by: String,
    /// Cohorts of the first MQL date: week or month
    #[arg(long, default_value = "month")]
    cohort: String,
    /// Which touch MQLs are counted under: first, last, linear or time_decay
    #[arg(long, default_value = "first")]
    attribution: String,
    /// text, csv or json
    #[arg(long, default_value = "text", value_parser = ["text", "csv", "json"])]
    format: String,
    #[command(flatten)]
    settings: Settings,
}

/// Prints a report.
///
/// # Errors
/// When there is no such site, a parameter is wrong, or storage fails.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let id = SiteId::parse(&arguments.site)?;
    let attribution = Attribution::parse(&arguments.attribution)
        .map_err(|error| Failure::new(format!("--attribution: {error}")))?;
    let config = Config::resolve(arguments.settings)?;
    open_events_for_reading(&config.data)?;
    let ledger = open_ledger(&config.data)?;
    let site = ledger.sites()?.into_iter().find(|site| site.id == id);
    let site =
        site.ok_or_else(|| Failure::new(format!("there is no site {id}; `mqlite site list` names them")))?;
    let model = model_of(&config, ledger.as_ref(), site.no)?;
    let today = site.zone.date(Clock::system().now());
    let period = (arguments.from.as_deref(), arguments.to.as_deref());
    let ask = Ask::parse(period, Some(&arguments.by), Some(&arguments.cohort), today)
        .map_err(|(name, error)| Failure::new(format!("--{name}: {error}")))?;
    let journeys = ledger.journeys(&JourneyQuery::of(&site, &ask, attribution))?;
    let model = ModelNamed { name: model.name().to_owned(), hash: model.hash().to_string() };
    let names = (attribution.name(), attribution.of_leads().name());
    let document = Document::new(&site, &ask, names, model, &journeys);
    match arguments.format.as_str() {
        "json" => say(json(&document)?),
        "csv" => say(csv(&document)?.trim_end()),
        _ => text(&document),
    }
}

fn json(document: &Document) -> Result<String, Failure> {
    serde_json::to_string_pretty(document).map_err(|error| Failure::new(error.to_string()))
}

/// The groups of a report, by name: rows, or cohorts where it is by cohort; then everything.
fn groups(document: &Document) -> Vec<(String, String, Option<bool>, &Numbers)> {
    let report = &document.report;
    let rows = report.rows.iter().map(|row| (row.key.clone(), row.label.clone(), None, &row.numbers));
    let cohorts = report.cohorts.iter().filter(|_| document.by == "cohort").map(|cohort| {
        let name = cohort.from.to_string();
        (name.clone(), name, Some(cohort.mature), &cohort.numbers)
    });
    let total = ("".to_owned(), "Total".to_owned(), None, &report.totals);
    rows.chain(cohorts).chain([total]).collect()
}

fn text(document: &Document) -> Result<(), Failure> {
    let report = &document.report;
    say(format_args!(
        "{}, {} to {} ({}), by {}; MQLs and what became of them by {} touch, leads by {} touch; model {} ({})",
        document.site,
        document.from,
        document.to,
        document.time_zone,
        document.by,
        document.attribution.replace('_', " "),
        document.leads_attribution,
        document.model.name,
        document.model.hash.get(..8).unwrap_or_default(),
    ))?;
    say(format_args!(
        "\n{:<24} {:>7} {:>8} {:>8} {:>9} {:>8} {:>8} {:>9} {:>8} {:>7} {:>7} {:>7} {:>9}",
        document.by,
        "leads",
        "→ MQL",
        "MQLs",
        "accepted",
        "",
        "SQLs",
        "customers",
        "",
        "median",
        "90th",
        "lost",
        "recycled"
    ))?;
    let groups = groups(document);
    for (_, label, mature, numbers) in &groups {
        line(label, *mature, numbers)?;
    }
    if report.rows_left_out > 0 {
        say(format_args!("({} more groups are in the total)", report.rows_left_out))?;
    }
    if document.by == "cohort" {
        say("* too young to be judged")?;
    }
    say("\nDeals")?;
    for (_, label, _, numbers) in &groups {
        for deals in &numbers.deals {
            let money = |minor| Money { minor, currency: deals.currency.clone() };
            let (total, average) = (money(deals.total_minor), money(deals.average_minor));
            let (label, customers) = (shortened(label), deals.customers);
            say(format_args!(
                "  {label:<24} {customers:>7} customers, {total} in all, {average} on average"
            ))?;
        }
    }
    say(format_args!("\n{}", report.maturity.sentence))?;
    say("\nAgainst what is usual")?;
    for rail in &report.guard_rails {
        let verdict = match rail.verdict {
            Verdict::Below => "below",
            Verdict::Within => "within",
            Verdict::Above => "above",
            Verdict::TooLittleData => "?",
        };
        say(format_args!("  {verdict:<7} {}", rail.sentence))?;
    }
    Ok(())
}

fn shortened(label: &str) -> String {
    label.chars().take(24).collect()
}

fn line(label: &str, mature: Option<bool>, numbers: &Numbers) -> Result<(), Failure> {
    let rate = |rate: Option<Thousandths>| rate.map_or_else(|| "–".to_owned(), percent);
    let days = |of: fn(&crate::leads::closed_loop::Days) -> Thousandths| {
        numbers.days_to_customer.as_ref().map_or_else(|| "–".to_owned(), |days| format!("{} d", of(days)))
    };
    let star = if mature == Some(false) { " *" } else { "" };
    say(format_args!(
        "{:<24} {:>7} {:>8} {:>8} {:>9} {:>8} {:>8} {:>9} {:>8} {:>7} {:>7} {:>7} {:>9}",
        format!("{}{star}", shortened(label)),
        numbers.leads,
        rate(numbers.mql_rate),
        numbers.mqls,
        numbers.accepted,
        rate(numbers.acceptance_rate),
        numbers.sqls,
        numbers.customers,
        rate(numbers.conversion_rate),
        days(|days| days.median),
        days(|days| days.p90),
        numbers.lost,
        numbers.recycled,
    ))
}

/// A line for each group, with columns for each currency, so that nobody adds them up.
fn csv(document: &Document) -> Result<String, Failure> {
    let failed = |error: csv::Error| Failure::new(error.to_string());
    let groups = groups(document);
    let deals = groups.iter().flat_map(|(_, _, _, numbers)| &numbers.deals);
    let currencies: BTreeSet<&Text<3>> = deals.map(|deals| &deals.currency).collect();
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut head: Vec<String> = [
        "site",
        "from",
        "to",
        "attribution",
        "leads_attribution",
        "model",
        "model_hash",
        "by",
        "key",
        "label",
        "mature",
        "leads",
        "leads_qualified",
        "mql_rate",
        "mqls",
        "accepted",
        "acceptance_rate",
        "sqls",
        "customers",
        "conversion_rate",
        "median_days",
        "p90_days",
        "lost",
        "recycled",
    ]
    .map(str::to_owned)
    .to_vec();
    for currency in &currencies {
        head.extend(["deals", "total", "average"].map(|what| format!("{what}_{currency}")));
    }
    table.write_record(&head).map_err(failed)?;
    for (key, label, mature, numbers) in &groups {
        let rate = |rate: Option<Thousandths>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        let days = numbers.days_to_customer;
        let by = if label == "Total" && key.is_empty() { "total" } else { document.by };
        let mut cells = vec![
            document.site.clone(),
            document.from.to_string(),
            document.to.to_string(),
            document.attribution.to_owned(),
            document.leads_attribution.to_owned(),
            document.model.name.clone(),
            document.model.hash.clone(),
            by.to_owned(),
            harmless(key),
            harmless(label),
            mature.map(|mature| if mature { "yes" } else { "no" }.to_owned()).unwrap_or_default(),
            numbers.leads.to_string(),
            numbers.leads_qualified.to_string(),
            rate(numbers.mql_rate),
            numbers.mqls.to_string(),
            numbers.accepted.to_string(),
            rate(numbers.acceptance_rate),
            numbers.sqls.to_string(),
            numbers.customers.to_string(),
            rate(numbers.conversion_rate),
            rate(days.map(|days| days.median)),
            rate(days.map(|days| days.p90)),
            numbers.lost.to_string(),
            numbers.recycled.to_string(),
        ];
        for currency in &currencies {
            let deals = numbers.deals.iter().find(|deals| deals.currency == **currency);
            let amount = |minor| {
                let text = Money { minor, currency: (*currency).clone() }.to_string();
                text.split(' ').next().unwrap_or_default().to_owned()
            };
            cells.extend(deals.map_or_else(
                || vec![String::new(); 3],
                |deals| {
                    vec![deals.customers.to_string(), amount(deals.total_minor), amount(deals.average_minor)]
                },
            ));
        }
        table.write_record(&cells).map_err(failed)?;
    }
    let bytes = table.into_inner().map_err(|error| Failure::new(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| Failure::new(error.to_string()))
}

/// What a spreadsheet would take for a formula begins with an apostrophe, as OWASP has it: a stranger chose it.
fn harmless(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("{}{cell}", if formula { "'" } else { "" })
}
