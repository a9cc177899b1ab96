//! `mqlite report outcomes`. Invariant: what it prints is what the API answers, in the same numbers; the attribution and the model
//! stand beside them in every format.

use crate::app::{model_of, open_events_for_reading, open_ledger};
use crate::cli::{Failure, no_site, say};
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::csv::guarded;
use crate::domain::{Money, SiteId, Text, Thousandths};
use crate::leads::closed_loop::{Ask, Days, Document, ModelNamed, Numbers, Verdict, percent};
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
    let site = ledger.sites()?.into_iter().find(|site| site.id == id).ok_or_else(|| no_site(&id))?;
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
    let groups = groups(document);
    let cells = |cells: [&str; 7]| {
        let [name, a, b, c, d, e, f] = cells;
        say(format_args!("{name:<24} {a:>8} {b:>8} {c:>8} {d:>9} {e:>8} {f:>9}"))
    };
    say("")?;
    cells([document.by, "leads", "→ MQL", "MQLs", "accepted", "", "SQLs"])?;
    for (_, label, mature, numbers) in &groups {
        cells(before_sales(&named(label, *mature), numbers).each_ref().map(String::as_str))?;
    }
    say("")?;
    cells([document.by, "won", "", "median", "90th", "lost", "recycled"])?;
    for (_, label, mature, numbers) in &groups {
        cells(by_sales(&named(label, *mature), numbers).each_ref().map(String::as_str))?;
    }
    if report.rows_left_out > 0 {
        say(format_args!("({} more groups are in the total)", report.rows_left_out))?;
    }
    if document.by == "cohort" {
        say("* too young to be judged")?;
    }
    if !report.totals.deals.is_empty() {
        say("\nDeals")?;
    }
    for (_, label, _, numbers) in &groups {
        for deals in &numbers.deals {
            let money = |minor| Money { minor, currency: deals.currency.clone() };
            let (total, average) = (money(deals.total_minor), money(deals.average_minor));
            let (label, customers) = (shortened(label), deals.customers);
            say(format_args!("  {label:<24} {customers:>7} won, {total} in all, {average} each"))?;
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

/// A group's name, with a star when it is too young to be judged.
fn named(label: &str, mature: Option<bool>) -> String {
    format!("{}{}", shortened(label), if mature == Some(false) { " *" } else { "" })
}

fn rate(rate: Option<Thousandths>) -> String {
    rate.map_or_else(|| "–".to_owned(), percent)
}

/// What came in, and what sales took up of it.
fn before_sales(name: &str, numbers: &Numbers) -> [String; 7] {
    [
        name.to_owned(),
        numbers.leads.to_string(),
        rate(numbers.mql_rate),
        numbers.mqls.to_string(),
        numbers.accepted.to_string(),
        rate(numbers.acceptance_rate),
        numbers.sqls.to_string(),
    ]
}

/// What became of it.
fn by_sales(name: &str, numbers: &Numbers) -> [String; 7] {
    let days = |of: fn(&Days) -> Thousandths| {
        numbers.days_to_customer.as_ref().map_or_else(|| "–".to_owned(), |days| format!("{} d", of(days)))
    };
    [
        name.to_owned(),
        numbers.customers.to_string(),
        rate(numbers.conversion_rate),
        days(|days| days.median),
        days(|days| days.p90),
        numbers.lost.to_string(),
        numbers.recycled.to_string(),
    ]
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
            guarded(&document.model.name),
            document.model.hash.clone(),
            by.to_owned(),
            guarded(key),
            guarded(label),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Date, Site, Timestamp};
    use crate::leads::closed_loop::Journey;

    #[test]
    fn no_campaign_and_no_model_is_a_formula_in_a_spreadsheet() {
        let site = Site::for_test("example.com", "UTC");
        let known_at = Timestamp::parse("2026-11-01T12:00:00Z").expect("valid");
        // Cut at the semicolon, as spreadsheets are set to in much of Europe, the second half begins a cell.
        let journey = |campaign: &str| Journey {
            known_at,
            known_by: campaign.to_owned(),
            qualified: None,
            credits: Vec::new(),
            said: Vec::new(),
        };
        let journeys = [journey("spring;=cmd|' /C calc'!A0"), journey("=1+1"), journey("plain, \"quoted\"")];
        let today = Date::parse("2026-11-22").expect("valid");
        let ask = Ask::parse((None, None), Some("campaign"), None, today).expect("right");
        let model = ModelNamed { name: "+Ours".to_owned(), hash: "00".to_owned() };
        let made = csv(&Document::new(&site, &ask, ("first", "first"), model, &journeys)).expect("CSV");
        let mut rows = csv::Reader::from_reader(made.as_bytes());
        let cells: Vec<csv::StringRecord> = rows.records().collect::<Result<_, _>>().expect("as many cells");
        let labels: Vec<&str> = cells.iter().filter_map(|cells| cells.get(9)).collect();
        assert_eq!(labels, ["'=1+1", "plain, \"quoted\"", "spring;'=cmd|' /C calc'!A0", "Total"]);
        assert!(cells.iter().all(|cells| cells.get(5) == Some("'+Ours")));
    }
}
