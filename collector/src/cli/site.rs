//! `mqlite site`. Invariant: adding a site that is there changes only what was named, and what
//! was changed is recorded.

use super::{Failure, operator, say, tag};
use crate::app::{open_ledger, recorder};
use crate::clock::Clock;
use crate::config::{Config, Settings, system_zone};
use crate::domain::{Action, Basis, SiteId, SitePolicy, Zone};
use crate::storage::NewSite;
use serde_json::{Value, json};
use std::sync::Arc;

/// What to do with sites.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a site, or change the settings of one that is there
    Add(Add),
    /// List the sites
    List(List),
}

/// A site to add.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// Its domain, such as example.com; sub-domains are included
    site: String,
    /// The zone its days are counted in, such as Europe/Berlin [default: this machine's]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// A further host whose pages may send events for it; can be given several times
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// Let automated browsers through (for tests)
    #[arg(long, value_name = "YES/NO", value_parser = yes_no)]
    allow_automation: Option<bool>,
    /// Honour Do Not Track as a denial
    #[arg(long, value_name = "YES/NO", value_parser = yes_no)]
    honour_dnt: Option<bool>,
    /// Let what a visitor did earlier that day count for the lead they become
    #[arg(long, value_name = "YES/NO", value_parser = yes_no)]
    link_same_day: Option<bool>,
    /// Legal basis for qualifying people who ask for something by form and ticked no box
    #[arg(long, value_name = "consent|legitimate_interest|contract", value_parser = basis)]
    form_basis: Option<Basis>,
    #[command(flatten)]
    settings: Settings,
}

/// Where to list from.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    settings: Settings,
}

fn yes_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err("write yes or no".to_owned()),
    }
}

fn basis(text: &str) -> Result<Basis, String> {
    match text {
        "consent" => Ok(Basis::Consent),
        "legitimate_interest" => Ok(Basis::LegitimateInterest),
        "contract" => Ok(Basis::Contract),
        _ => Err("write consent, legitimate_interest or contract".to_owned()),
    }
}

/// Runs the command.
///
/// # Errors
/// Says what was wrong and what would be right.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::List(arguments) => list(arguments),
    }
}

fn add(arguments: Add) -> Result<(), Failure> {
    let id = SiteId::parse(&arguments.site)?;
    let config = Config::resolve(arguments.settings)?;
    let ledger = open_ledger(&config.data)?;
    let known = ledger.sites()?.into_iter().find(|site| site.id == id);
    let zone = match (&arguments.time_zone, &known) {
        (Some(name), Some(site)) if Zone::parse(name)?.name() != site.zone.name() => {
            return Err(Failure::new(format!(
                "the days of {id} are already counted in {}; a site keeps its time zone",
                site.zone.name()
            )));
        }
        (_, Some(site)) => site.zone.clone(),
        (Some(name), None) => Zone::parse(name)?,
        (None, None) => system_zone(),
    };
    let mut policy = known.as_ref().map(|site| site.policy.clone()).unwrap_or_default();
    for host in arguments.hosts {
        let host = host.trim().to_ascii_lowercase();
        let (name, port) = host.rsplit_once(':').unwrap_or((&host, ""));
        if name.is_empty() || host.contains(['/', ' ']) || (!port.is_empty() && !host.starts_with('[')) {
            return Err(Failure::new(format!(
                "`{host}` is not a host; write its name without scheme and port"
            )));
        }
        if !policy.hosts.contains(&host) {
            policy.hosts.push(host);
        }
    }
    let choose = |current: &mut bool, given: Option<bool>| *current = given.unwrap_or(*current);
    choose(&mut policy.allow_automation, arguments.allow_automation);
    choose(&mut policy.honour_dnt, arguments.honour_dnt);
    choose(&mut policy.link_same_day, arguments.link_same_day);
    policy.form_basis = arguments.form_basis.unwrap_or(policy.form_basis);
    let before = known.as_ref().map(|site| &site.policy);
    let (action, details) = match before {
        Some(before) => (Action::SiteChanged, json!({ "changed": changes(before, &policy)? })),
        None => (Action::SiteAdded, json!({ "time_zone": zone.name(), "policy": policy })),
    };
    if before != Some(&policy) {
        let audit = recorder(&config, Arc::clone(&ledger), Clock::system());
        audit.record(&operator(), action, Some(&id), None, &details)?;
    }
    let site = ledger.put_site(NewSite { id, zone, policy })?;
    let verb = if known.is_some() { "Changed" } else { "Added" };
    say(format_args!("{verb} {} (days are counted in {})", site.id, site.zone.name()))?;
    let base = config.base_url();
    say(format_args!("Tag: {}", tag::plain(&base, site.id.as_str())))
}

/// Every setting that is another now, with what it was.
fn changes(before: &SitePolicy, now: &SitePolicy) -> Result<Value, Failure> {
    let json = |policy| serde_json::to_value(policy).map_err(|error| Failure::new(error.to_string()));
    let (before, now) = (json(before)?, json(now)?);
    let parts = now.as_object().into_iter().flatten();
    let changed = parts.filter(|(name, part)| before.get(name.as_str()) != Some(part));
    Ok(changed.map(|(name, part)| (name.clone(), json!({ "from": before.get(name), "to": part }))).collect())
}

fn list(arguments: List) -> Result<(), Failure> {
    let config = Config::resolve(arguments.settings)?;
    let sites = open_ledger(&config.data)?.sites()?;
    if sites.is_empty() {
        return say("No site yet. Add one with: mqlite site add example.com");
    }
    for site in sites {
        let policy = serde_json::to_string(&site.policy).map_err(|error| Failure::new(error.to_string()))?;
        say(format_args!("{}\t{}\t{policy}", site.id, site.zone.name()))?;
    }
    Ok(())
}
