//! `mqlite find`, `restrict`, `withdraw`, `erase` and `export person`. Invariant: nothing is taken away before
//! somebody saw how much it is and said `--yes`; an address read from standard input is in no shell's history.

use super::{Failure, no_site, operator, say};
use crate::app::open_rights;
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::{Actor, LeadKey, Site, SiteId};
use crate::rights::{Counts, Done, Naming, Service};
use crate::storage::StoreError;
use std::io::Read;

/// Bytes of an address on standard input, with what is around it.
const ADDRESS_MAX: u64 = 1_000;

/// Whom it is about.
#[derive(Debug, clap::Args)]
pub struct Person {
    /// The site
    #[arg(long)]
    site: String,
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    settings: Settings,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Named {
    /// Their address; with - it is read from standard input, and is in no shell's history
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// SHA-256 of their trimmed, lower-cased address
    #[arg(long, value_name = "HASH")]
    email_hash: Option<String>,
    /// A token that this site signed
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// The key of their lead
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

impl std::fmt::Debug for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Named(…)")
    }
}

/// Whom to look for.
#[derive(Debug, clap::Args)]
pub struct Find {
    #[command(flatten)]
    person: Person,
}

/// Whom to restrict.
#[derive(Debug, clap::Args)]
pub struct Restrict {
    #[command(flatten)]
    person: Person,
    /// Lift the restriction
    #[arg(long)]
    lift: bool,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Whom to take away, wholly or in part.
#[derive(Debug, clap::Args)]
pub struct Take {
    #[command(flatten)]
    person: Person,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
    /// Do it
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
}

/// Whose data to print.
#[derive(Debug, clap::Args)]
pub struct Export {
    #[command(flatten)]
    person: Person,
    /// As JSON, or as a table with a line for each thing
    #[arg(long, value_name = "FORMAT", default_value = "json", value_parser = ["json", "csv"])]
    format: String,
}

/// A person who was resolved, and what answers their request.
struct Case {
    rights: Service,
    actor: Actor,
    site: Site,
    lead: LeadKey,
}

fn open(person: Person, erases: bool) -> Result<Case, Failure> {
    let id = SiteId::parse(&person.site)?;
    let config = Config::resolve(person.settings)?;
    let rights = open_rights(&config, Clock::system(), erases)?;
    let site = rights.site(&id)?.ok_or_else(|| no_site(&id))?;
    let Named { email, email_hash, token, key } = person.named;
    let email = match email.as_deref() {
        Some("-") => Some(read_address()?),
        _ => email,
    };
    let lead = Naming { email, email_hash, key, token }
        .resolve(&site)
        .map_err(|wrong| Failure::new(format!("--{}: {}", wrong.field.replace('_', "-"), wrong.sentence)))?;
    Ok(Case { rights, actor: operator(), site, lead })
}

fn read_address() -> Result<String, Failure> {
    let mut address = String::new();
    std::io::stdin()
        .take(ADDRESS_MAX + 1)
        .read_to_string(&mut address)
        .map_err(|error| Failure::new(format!("the address cannot be read from standard input: {error}")))?;
    // What is cut or is two would be hashed to nobody, who is then said not to be held.
    let whole = u64::try_from(address.len()).is_ok_and(|bytes| bytes <= ADDRESS_MAX);
    if whole && address.trim().lines().count() <= 1 {
        return Ok(address);
    }
    Err(Failure::new("standard input holds more than one address; give one, on one line"))
}

fn nobody(site: &Site) -> Failure {
    Failure::new(format!("nothing is held of this person on {}", site.id))
}

fn say_counts(counts: &Counts) -> Result<(), Failure> {
    for (what, count) in counts {
        say(format_args!("  {:<22} {count:>8}", what.replace('_', " ")))?;
    }
    Ok(())
}

/// `mqlite find`
///
/// # Errors
/// When storage fails, or the person is named wrongly.
pub fn find(arguments: Find) -> Result<(), Failure> {
    let case = open(arguments.person, false)?;
    let found = case.rights.find(&case.actor, &case.site, case.lead)?;
    if !found.found {
        return Err(nobody(&case.site));
    }
    say(format_args!("Held on {}:", found.site))?;
    let line = |what: &str, value: Option<String>| match value {
        Some(value) => say(format_args!("  {what:<22} {value}")),
        None => Ok(()),
    };
    line("key", found.key)?;
    line("token", found.token)?;
    line("audit reference", found.reference)?;
    line("stage", found.stage.map(|stage| stage.name().to_owned()))?;
    line("first seen", found.first_seen.map(|at| case.site.zone.local(at)))?;
    line("last seen", found.last_seen.map(|at| case.site.zone.local(at)))?;
    line("restricted", found.restricted.then(|| "yes".to_owned()))?;
    line("consent taken back", found.withdrawn.then(|| "yes".to_owned()))?;
    say_counts(&found.counts)
}

/// `mqlite export person`
///
/// # Errors
/// When storage fails, or nobody is found.
pub fn export(arguments: Export) -> Result<(), Failure> {
    let case = open(arguments.person, false)?;
    let document = case.rights.export(&case.actor, &case.site, case.lead, &arguments.format)?;
    let document = document.ok_or_else(|| nobody(&case.site))?;
    if arguments.format == "csv" {
        return say(document.csv().trim_end());
    }
    say(document.json().map_err(|error| Failure::new(error.to_string()))?.trim_end())
}

/// `mqlite restrict`
///
/// # Errors
/// When storage fails, or nobody is found.
pub fn restrict(arguments: Restrict) -> Result<(), Failure> {
    let case = open(arguments.person, false)?;
    let done =
        case.rights.restrict(&case.actor, &case.site, case.lead, !arguments.lift, arguments.dry_run)?;
    let what = if arguments.lift { "The restriction is lifted" } else { "Processing is restricted" };
    tell(&done.ok_or_else(|| nobody(&case.site))?, what)
}

/// `mqlite withdraw`
///
/// # Errors
/// When storage fails, nobody is found, or `--yes` is missing.
pub fn withdraw(arguments: Take) -> Result<(), Failure> {
    take(arguments, "Consent is taken back; erased", Service::withdraw)
}

/// `mqlite erase`
///
/// # Errors
/// When storage fails, nobody is found, or `--yes` is missing.
pub fn erase(arguments: Take) -> Result<(), Failure> {
    take(arguments, "Erased", Service::erase)
}

type Act = fn(&Service, &Actor, &Site, LeadKey, bool) -> Result<Option<Done>, StoreError>;

fn take(arguments: Take, what: &str, act: Act) -> Result<(), Failure> {
    let dry_run = !arguments.yes;
    let case = open(arguments.person, true)?;
    let done = act(&case.rights, &case.actor, &case.site, case.lead, dry_run)?;
    tell(&done.ok_or_else(|| nobody(&case.site))?, what)?;
    if arguments.yes || arguments.dry_run {
        return Ok(());
    }
    Err(Failure::new("nothing was done yet; type the same with --yes at its end to do it"))
}

fn tell(done: &Done, what: &str) -> Result<(), Failure> {
    if done.dry_run {
        say(format_args!("This would go of {} (nothing was changed):", done.site))?;
    } else {
        say(format_args!("{what} on {}:", done.site))?;
    }
    say_counts(&done.counts)?;
    if let Some(receipt) = &done.receipt {
        let json = serde_json::to_string(receipt).map_err(|error| Failure::new(error.to_string()))?;
        say("\nThe receipt, for the person; it names nobody, and entry and hash prove it:")?;
        say(json)?;
    }
    say("\nNot reached from here:")?;
    for item in &done.cannot_reach {
        say(format_args!("  - {}", item.sentence))?;
    }
    Ok(())
}
