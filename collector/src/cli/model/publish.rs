//! `mqlite model draft`, `versions` and `publish`. Invariant: beside a collector that runs they only ask, and it works;
//! where none runs, the command does the work itself.

use super::{Failure, read, say};
use crate::app::{model_text, open_publisher};
use crate::cli::no_site;
use crate::cli::operator;
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::{Site, SiteId};
use crate::jobs::publish::{Go, Progress, Publisher, Step, Version, VersionState};
use crate::storage::{Publication, PublicationState};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often is looked how far a collector is.
const LOOK: Duration = Duration::from_millis(300);
/// Digits of a hash that name a version, at least.
const DIGITS: usize = 6;

/// Which site.
#[derive(Debug, clap::Args)]
pub struct OfSite {
    /// The site
    #[arg(long)]
    site: String,
    #[command(flatten)]
    settings: Settings,
}

/// A model to keep.
#[derive(Debug, clap::Args)]
pub struct Draft {
    /// A file, or the name of a ready model
    #[arg(value_name = "MODEL")]
    named: PathBuf,
    #[command(flatten)]
    of: OfSite,
}

/// A model to make live.
#[derive(Debug, clap::Args)]
pub struct Publish {
    /// A file, a version's hash (its first six digits or more) or name, or the name of a ready model
    #[arg(value_name = "MODEL")]
    named: PathBuf,
    /// Tell others of changes of stage that it alone makes, too
    #[arg(long)]
    announce: bool,
    /// Where a collector runs: wait until it is done
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    of: OfSite,
}

pub(in crate::cli) fn open(of: OfSite) -> Result<(Publisher, Site, Option<crate::app::Alone>), Failure> {
    let id = SiteId::parse(&of.site)?;
    let config = Config::resolve(of.settings)?;
    let (publisher, alone) = open_publisher(&config, Clock::system())?;
    let site = publisher.named_site(&id)?.ok_or_else(|| no_site(&id))?;
    Ok((publisher, site, alone))
}

/// Keeps a draft; what is wrong with it is said as `mqlite model check` says it.
fn keep(publisher: &Publisher, site: &Site, model: &Path) -> Result<(Version, bool), Failure> {
    read(model)?;
    let kept = publisher.draft(&operator(), site, &model_text(model)?)?;
    kept.map_err(|error| Failure::new(error.to_string()))
}

/// `mqlite model draft`
pub(super) fn draft(arguments: Draft) -> Result<(), Failure> {
    let (publisher, site, _) = open(arguments.of)?;
    let (version, new) = keep(&publisher, &site, &arguments.named)?;
    let (hash, name) = (version.model.hash, &version.model.name);
    let kept = if new { "kept as a draft of" } else { "known already on" };
    say(format_args!("{hash}  {name}: {kept} {}", site.id))?;
    say(format_args!("Publish it with `mqlite model publish {} --site {}`.", short(&version), site.id))
}

/// `mqlite model versions`
pub(super) fn versions(of: OfSite) -> Result<(), Failure> {
    let (publisher, site, _) = open(of)?;
    let versions = publisher.versions(&site)?;
    if !versions.iter().any(|version| version.state == VersionState::Live) {
        let (own, live) = (publisher.live(&site)?, publisher.live_hash(&site)?);
        let name = if *own.hash() == live { own.name() } else { "another than --model names here" };
        say(format_args!("The collector\u{2019}s own model is live on {}: {name} ({live})", site.id))?;
    }
    for version in &versions {
        let state = match version.state {
            VersionState::Draft => "draft",
            VersionState::Publishing => "publishing",
            VersionState::Live => "live",
            VersionState::Past => "past",
        };
        let since = match version.published_at {
            Some(at) => format!("published {at}"),
            None => format!("made {}", version.model.made_at),
        };
        say(format_args!("{}  {state:<10} {since}  {}", short(version), version.model.name))?;
    }
    for (publication, _) in publisher.publications(&site)? {
        if let Some(progress) = publisher.progress_elsewhere(&publication)? {
            say(format_args!("Publication {} is at {}.", publication.id, told(progress)))?;
        }
    }
    Ok(())
}

/// `mqlite model publish`
pub(super) fn publish(arguments: Publish) -> Result<(), Failure> {
    let (publisher, site, alone) = open(arguments.of)?;
    let version = match known(&publisher, &site, &arguments.named)? {
        Some(version) => version,
        None => keep(&publisher, &site, &arguments.named)?.0,
    };
    let asked = publisher.ask(&operator(), &site, version.model.hash, arguments.announce)?;
    let publication = asked.map_err(|refused| Failure::new(refused.to_string()))?;
    let name = &version.model.name;
    match alone {
        Some(_alone) => work(&publisher, publication.id)?,
        None if arguments.wait => wait_for(&publisher, publication.id)?,
        None => {
            return say(format_args!(
                "{name} will be live on {} when the collector has scored every event by it (publication {}); \
                 `mqlite model versions --site {}` says how far it is.",
                site.id, publication.id, site.id
            ));
        }
    }
    let done = publisher.found(publication.id)?;
    match done.state {
        PublicationState::Done => say(format_args!(
            "{name} is live on {}. By it alone {} leads are MQLs, and {} are none that were.",
            site.id, done.entered, done.left
        )),
        state => {
            let why = done.problem.map(|problem| format!(": {problem}")).unwrap_or_default();
            Err(Failure::new(format!("publication {} is {}{why}", done.id, state.name())))
        }
    }
}

/// The version that is meant, unless a file is.
fn known(publisher: &Publisher, site: &Site, named: &Path) -> Result<Option<Version>, Failure> {
    let Some(name) = named.to_str().filter(|_| !named.exists()) else { return Ok(None) };
    let is_hash = name.len() >= DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_it = |version: &Version| {
        let hash = version.model.hash.to_string();
        (is_hash && hash.starts_with(&name.to_ascii_lowercase())) || version.model.name == name
    };
    let found: Vec<_> = publisher.versions(site)?.into_iter().filter(is_it).collect();
    if found.len() > 1 {
        let hashes: Vec<_> = found.iter().map(short).collect();
        return Err(Failure::new(format!(
            "`{name}` is more than one version; write one of {}",
            hashes.join(", ")
        )));
    }
    Ok(found.into_iter().next())
}

fn short(version: &Version) -> String {
    version.model.hash.to_string().chars().take(12).collect()
}

fn told(Progress { done, total }: Progress) -> String {
    let percent = done.raw().saturating_mul(100) / total.raw().max(1);
    format!("{} of {} places in the event log ({percent} %)", done.raw(), total.raw())
}

/// Says on a terminal how far it is.
fn tick(progress: Progress) {
    let mut terminal = std::io::stderr();
    if terminal.is_terminal() {
        let _ = write!(terminal, "\r{}   ", told(progress));
        let _ = terminal.flush();
    }
}

fn end_ticks() {
    let mut terminal = std::io::stderr();
    if terminal.is_terminal() {
        let _ = writeln!(terminal);
    }
}

/// Works on publications until this one has had its turn.
pub(in crate::cli) fn work(publisher: &Publisher, id: i64) -> Result<(), Failure> {
    let mut show = |_: &Publication, progress| {
        tick(progress);
        Go::On
    };
    while publisher.found(id)?.state == PublicationState::Running {
        if publisher.step(&mut show)? == Step::Idle {
            break;
        }
    }
    end_ticks();
    Ok(())
}

/// Waits for a collector to be done with it.
pub(in crate::cli) fn wait_for(publisher: &Publisher, id: i64) -> Result<(), Failure> {
    loop {
        let publication = publisher.found(id)?;
        let Some(progress) = publisher.progress_elsewhere(&publication)? else { break };
        tick(progress);
        std::thread::sleep(LOOK);
    }
    end_ticks();
    Ok(())
}
