//! `mqlite export`. Invariant: it prints what is stored and nothing that is not, and what it prints was
//! recorded before.

use super::{Failure, no_site, operator, say};
use crate::app::{open_events_for_reading, open_ledger, recorder};
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::{Action, Cursor, Event, LeadKey, SiteId, SiteNo, Timestamp};
use crate::storage::EventStore;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What to print.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Every stored event, oldest first
    Events(Events),
    /// All that is held of one person, for themselves
    Person(super::person::Export),
}

/// Which events, and how.
#[derive(Debug, clap::Args)]
pub struct Events {
    /// Only this site's
    #[arg(long)]
    site: Option<String>,
    /// One JSON object a line
    #[arg(long, value_name = "FORMAT", default_value = "ndjson", value_parser = ["ndjson"])]
    format: String,
    #[command(flatten)]
    settings: Settings,
}

/// An event as it is printed.
#[derive(Serialize)]
struct Printed<'a> {
    id: String,
    at: Timestamp,
    site: &'a str,
    name: &'a str,
    path: &'a str,
    rung: &'static str,
    signal: &'static str,
    /// The version of the site's policy that the rung was decided under.
    policy: u32,
    trust: crate::domain::Trust,
    visitor: Option<String>,
    lead: Option<String>,
    domain: Option<&'a crate::domain::EmailDomain>,
    attributes: &'a crate::domain::Attributes,
    /// What the event itself says of where the visitor came from; none on pages reached from within.
    channel: Option<crate::domain::Channel>,
    source: Option<&'a str>,
    medium: Option<&'a str>,
    campaign: Option<&'a str>,
    content: Option<&'a str>,
    term: Option<&'a str>,
    click_id: Option<&'a str>,
    referrer: Option<&'a str>,
    country: Option<&'a str>,
    #[serde(flatten)]
    agent: &'a crate::domain::Agent,
    engagement_ms: Option<u32>,
    scroll_depth: Option<u8>,
    props: &'a crate::domain::Props,
    revenue: Option<&'a crate::domain::Money>,
}

fn printed<'a>(event: &'a Event, sites: &'a BTreeMap<SiteNo, String>) -> Printed<'a> {
    fn text<const N: usize>(value: Option<&crate::domain::Text<N>>) -> Option<&str> {
        value.map(crate::domain::Text::as_str)
    }
    let touch = event.touch.as_ref();
    Printed {
        id: event.id.to_hex(),
        at: event.at,
        site: sites.get(&event.site).map_or("", String::as_str),
        name: event.name.as_str(),
        path: event.path.as_str(),
        rung: event.rung.name(),
        signal: event.signal.name(),
        policy: event.policy,
        trust: event.trust,
        visitor: event.visitor.map(crate::domain::VisitorId::to_hex),
        lead: event.lead.map(LeadKey::to_hex),
        domain: event.domain.as_ref(),
        attributes: &event.attributes,
        channel: touch.map(|touch| touch.channel),
        source: touch.and_then(|touch| text(touch.source.as_ref())),
        medium: touch.and_then(|touch| text(touch.medium.as_ref())),
        campaign: touch.and_then(|touch| text(touch.campaign.as_ref())),
        content: touch.and_then(|touch| text(touch.content.as_ref())),
        term: touch.and_then(|touch| text(touch.term.as_ref())),
        click_id: touch.and_then(|touch| text(touch.click_id.as_ref())),
        referrer: touch.and_then(|touch| text(touch.referrer.as_ref())),
        country: text(event.place.country.as_ref()),
        agent: &event.agent,
        engagement_ms: event.engagement_ms,
        scroll_depth: event.scroll_depth,
        props: &event.props,
        revenue: event.revenue.as_ref(),
    }
}

/// Runs the command.
///
/// # Errors
/// When there is no data folder, or no such site.
pub fn run(command: Command) -> Result<(), Failure> {
    let arguments = match command {
        Command::Events(arguments) => arguments,
        Command::Person(arguments) => return super::person::export(arguments),
    };
    let config = Config::resolve(arguments.settings)?;
    let events = open_events_for_reading(&config.data)?;
    let ledger = open_ledger(&config.data)?;
    let all = ledger.sites()?;
    let sites: BTreeMap<SiteNo, String> = all.iter().map(|site| (site.no, site.id.to_string())).collect();
    // Who asked for a restriction is not processed, and so is in no list.
    let restricted: BTreeSet<LeadKey> = ledger
        .restricted()?
        .into_iter()
        .filter(|row| row.restriction.restricted.is_some())
        .map(|row| row.lead)
        .collect();
    let only = arguments.site.map(|site| SiteId::parse(&site)).transpose()?;
    if let Some(only) = only.as_ref().filter(|only| !sites.values().any(|site| site == only.as_str())) {
        return Err(no_site(only));
    }
    let only_no = only.as_ref().and_then(|only| all.iter().find(|site| site.id == *only)).map(|site| site.no);
    let wanted = |event: &Event| {
        only_no.is_none_or(|only| event.site == only)
            && event.lead.is_none_or(|lead| !restricted.contains(&lead))
    };
    // Recorded with its number before the first line: so they are counted, up to here, and then printed.
    let end = events.head()?;
    let mut count = 0_u64;
    each(events.as_ref(), end, |event| {
        count += u64::from(wanted(event));
        Ok(())
    })?;
    let audit = recorder(&config, Arc::clone(&ledger), Clock::system());
    let details = serde_json::json!({ "format": arguments.format, "events": count });
    audit.record(&operator(), Action::EventsExported, only.as_ref(), None, &details)?;
    each(events.as_ref(), end, |event| {
        if !wanted(event) {
            return Ok(());
        }
        say(serde_json::to_string(&printed(event, &sites))
            .map_err(|error| Failure::new(error.to_string()))?)
    })
}

/// Goes through the log up to `end`, oldest first.
fn each(
    events: &dyn EventStore,
    end: Cursor,
    mut see: impl FnMut(&Event) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut cursor = Cursor::default();
    while cursor < end {
        let page = events.scan(cursor, 1_000)?;
        let Some(last) = page.last() else { break };
        cursor = last.cursor;
        page.iter().filter(|logged| logged.cursor <= end).try_for_each(|logged| see(&logged.event))?;
    }
    Ok(())
}
