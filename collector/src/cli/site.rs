//! `mqlite site`. Invariant: adding a site that is there changes only what was named, and what
//! was changed is recorded.

use super::{Failure, operator, say, tag};
use crate::app::{open_ledger, recorder};
use crate::clock::Clock;
use crate::config::{Config, Settings, system_zone};
use crate::domain::{
    Action, Basis, IdentitySecrets, RetentionKind, Rung, Signal, SiteId, SitePolicy, Text, Zone, to_hex,
};
use crate::storage::{NewSite, random};
use serde_json::{Value, json};
use std::sync::Arc;

/// What to do with sites.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a site, or change the settings of one that is there
    Add(Add),
    /// List the sites
    List(List),
    /// Make the secret with which a site's own server proves who somebody is, and show it once
    IdentitySecret(Secret),
}

/// A site's secret for proofs.
#[derive(Debug, clap::Args)]
#[command(after_help = "How a server signs with it: docs/IDENTITY.md")]
pub struct Secret {
    /// Its domain, such as example.com
    site: String,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    settings: Settings,
}

/// What to do with the one that is there.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(multiple = false)]
struct Change {
    /// Make another; the one so far goes on to count until this is done again, or it is ended
    #[arg(long)]
    rotate: bool,
    /// End the one before the newest
    #[arg(long)]
    end_old: bool,
    /// End all of them: nothing is proven any more. Who is verified stays so
    #[arg(long)]
    remove: bool,
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
    /// Days that events without a lead are kept [default: 395, 13 months]
    #[arg(long, value_name = "DAYS")]
    keep_events: Option<u32>,
    /// Days that a lead is kept after its newest event [default: 1095, three years]
    #[arg(long, value_name = "DAYS")]
    keep_leads: Option<u32>,
    /// Days that counts are kept [default: 760, 25 months]
    #[arg(long, value_name = "DAYS")]
    keep_aggregates: Option<u32>,
    /// A signal by which a yes to consent counts; can be given several times, and replaces the list
    #[arg(long = "accept-signal", value_name = "tag|api|consent_mode|tcf|form|none", value_parser = signal)]
    accept_signals: Vec<Option<Signal>>,
    /// The highest rung that the site's events may have
    #[arg(long, value_name = "unset|measured|qualified", value_parser = ceiling)]
    ceiling: Option<Rung>,
    /// Keep properties of this name, and of no name that is not listed; can be given several times. To list
    /// anew, give `--props none` with it
    #[arg(long = "allow-prop", value_name = "NAME")]
    allowed_props: Vec<String>,
    /// Keep all properties (lifts the list), or none but those that `--allow-prop` names
    #[arg(long, value_name = "ALL/NONE")]
    props: Option<AllProps>,
    /// A declared field that forms may ask recognised leads for, such as company_size; can be given several times, and
    /// replaces the list; `none` tells nobody anything
    #[arg(long = "ask", value_name = "FIELD|none")]
    ask: Vec<String>,
    #[command(flatten)]
    settings: Settings,
}

/// What is kept of properties before any is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AllProps {
    /// All of them.
    All,
    /// None.
    None,
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

/// `None` is "none of them": a list of it alone is empty.
fn signal(text: &str) -> Result<Option<Signal>, String> {
    if text == "none" {
        return Ok(None);
    }
    let known = Signal::acceptable().find(|signal| signal.name() == text);
    known.map(Some).ok_or_else(|| "write one of tag, api, consent_mode, tcf, form, or none".to_owned())
}

fn ceiling(text: &str) -> Result<Rung, String> {
    let known = Rung::from_name(text).filter(|rung| *rung != Rung::Denied);
    known.ok_or_else(|| "write unset, measured or qualified".to_owned())
}

/// Runs the command.
///
/// # Errors
/// Says what was wrong and what would be right.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::List(arguments) => list(arguments),
        Command::IdentitySecret(arguments) => {
            identity_secret(&arguments.site, arguments.change, arguments.settings)
        }
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
    for (kind, days) in [
        (RetentionKind::Events, arguments.keep_events),
        (RetentionKind::Leads, arguments.keep_leads),
        (RetentionKind::Aggregates, arguments.keep_aggregates),
    ] {
        if let Some(days) = days {
            policy.retention = policy.retention.with(kind, days)?;
        }
    }
    if !arguments.accept_signals.is_empty() {
        // In one order, so that the same signals named in another are no change.
        policy.signals = arguments.accept_signals.into_iter().flatten().collect();
        policy.signals.sort_unstable();
        policy.signals.dedup();
    }
    policy.ceiling = arguments.ceiling.unwrap_or(policy.ceiling);
    policy.props = props(policy.props, arguments.props, &arguments.allowed_props)?;
    if !arguments.ask.is_empty() {
        policy.ask = asked(arguments.ask)?;
    }
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

fn identity_secret(site: &str, change: Change, settings: Settings) -> Result<(), Failure> {
    let id = SiteId::parse(site)?;
    let config = Config::resolve(settings)?;
    let ledger = open_ledger(&config.data)?;
    let unknown = || Failure::new(format!("there is no site {id}; add it with: mqlite site add {id}"));
    let site = ledger.sites()?.into_iter().find(|site| site.id == id).ok_or_else(unknown)?;
    let known = &site.identity;
    let none = |which: &str| {
        Failure::new(format!(
            "{id} has no {which} secret to end; `mqlite site identity-secret {id}` makes one"
        ))
    };
    let (made, secrets) = match change {
        Change { end_old: true, .. } if known.before.is_none() => return Err(none("older")),
        Change { end_old: true, .. } => (None, IdentitySecrets { before: None, ..known.clone() }),
        Change { remove: true, .. } if *known == IdentitySecrets::default() => return Err(none("such")),
        Change { remove: true, .. } => (None, IdentitySecrets::default()),
        Change { rotate, .. } if known.current.is_some() && !rotate => {
            return Err(Failure::new(format!(
                "{id} has a secret, and it was shown when it was made; for another beside it: mqlite site \
                 identity-secret {id} --rotate"
            )));
        }
        Change { .. } => {
            let new = random::<32>()?;
            (Some(new), known.rotated(new))
        }
    };
    let count = |secrets: &IdentitySecrets| [secrets.current, secrets.before].iter().flatten().count();
    let counts = json!({ "from": count(known), "to": count(&secrets) });
    let details = json!({ "changed": { "identity_secrets": counts }, "made": made.is_some() });
    let audit = recorder(&config, Arc::clone(&ledger), Clock::system());
    audit.record(&operator(), Action::SiteChanged, Some(&id), None, &details)?;
    ledger.set_identity_secrets(site.no, &secrets)?;
    match made {
        Some(secret) => {
            say(to_hex(&secret))?;
            say("Keep it on your server: it is not shown again. How to sign with it: docs/IDENTITY.md")
        }
        None => say(format_args!("{id} has {} secrets for proofs now", count(&secrets))),
    }
}

/// The list of properties, from the one there is and what was asked for.
fn props(
    listed: Option<Vec<String>>,
    all: Option<AllProps>,
    allowed: &[String],
) -> Result<Option<Vec<String>>, Failure> {
    let listed = match all {
        Some(AllProps::All) if !allowed.is_empty() => {
            return Err(Failure::new(
                "`--props all` keeps every property; leave it out, or leave out --allow-prop",
            ));
        }
        Some(AllProps::All) => return Ok(None),
        Some(AllProps::None) => Some(Vec::new()),
        None => listed,
    };
    if allowed.is_empty() {
        return Ok(listed);
    }
    let mut listed = listed.unwrap_or_default();
    for name in allowed {
        let name = name.trim();
        if name.is_empty() || Text::<40>::clean(name).as_str() != name {
            return Err(Failure::new(
                "a property's name has 1 to 40 bytes; to keep none, write --props none",
            ));
        }
        if !listed.iter().any(|listed| listed == name) {
            listed.push(name.to_owned());
        }
    }
    Ok(Some(listed))
}

/// The fields that forms may ask for, in one order.
fn asked(fields: Vec<String>) -> Result<Vec<String>, Failure> {
    let mut fields: Vec<String> = fields.into_iter().filter(|field| field != "none").collect();
    if fields.iter().any(|field| field.is_empty() || Text::<40>::clean(field).as_str() != field) {
        return Err(Failure::new(
            "a field's name has 1 to 40 bytes, as forms give it in data-mq-field; to ask for none, write --ask none",
        ));
    }
    fields.sort_unstable();
    fields.dedup();
    Ok(fields)
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
        let version = site.policy_version;
        say(format_args!("{}\t{}\tpolicy {version}\t{policy}", site.id, site.zone.name()))?;
    }
    Ok(())
}
