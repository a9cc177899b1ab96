//! `mqlite void` and `mqlite voids`. Invariant: beside a collector that runs they only ask, and it works; where none
//! runs, the command does the work itself. A dry run changes nothing.

use super::model::publish::{OfSite, open, wait_for, work};
use super::{Failure, operator, say};
use crate::clock::Clock;
use crate::domain::{Channel, Date, Only, Selection, Site, Text, Timestamp};
use crate::jobs::publish::{AskedVoid, NotVoided, Picked, Publisher, Refused};
use crate::storage::{Publication, PublicationState};

/// Leads that are named at most.
const LEADS: usize = 100;

/// Which events to void, and why; or which void to take back.
#[derive(Debug, clap::Args)]
#[command(after_help = "For example:\n  \
    mqlite void --site example.com --from 2026-11-20T02:00:00Z --to 2026-11-20T05:00:00Z --channel referral --dry-run\n  \
    mqlite void undo 1 --site example.com")]
pub struct Arguments {
    /// Take back the void of this number, as `mqlite voids` has it: its events count again
    #[arg(num_args = 2, value_names = ["undo", "NUMBER"])]
    undo: Vec<String>,
    /// Events from this moment on: an RFC 3339 time, or a date (from its beginning, on the site's clock)
    #[arg(long, value_name = "TIME", required_unless_present = "undo", conflicts_with = "undo")]
    from: Option<String>,
    /// And before this one: a time, or a date (to its end)
    #[arg(long, value_name = "TIME", required_unless_present = "undo", conflicts_with = "undo")]
    to: Option<String>,
    /// Of visits by this channel, such as `paid_search`
    #[arg(long, conflicts_with = "undo")]
    channel: Option<String>,
    /// Of visits from this source
    #[arg(long, conflicts_with = "undo")]
    source: Option<String>,
    /// Of visits by this medium
    #[arg(long, conflicts_with = "undo")]
    medium: Option<String>,
    /// Of visits by this campaign
    #[arg(long, conflicts_with = "undo")]
    campaign: Option<String>,
    /// Of visits that this host referred
    #[arg(long, value_name = "HOST", conflicts_with = "undo")]
    referrer: Option<String>,
    /// On pages like this: `*` stands for anything within a segment, `**` for anything
    #[arg(long, value_name = "GLOB", conflicts_with = "undo")]
    path: Option<String>,
    /// Of this name
    #[arg(long, value_name = "NAME", conflicts_with = "undo")]
    event: Option<String>,
    /// From this country, two letters
    #[arg(long, value_name = "CODE", conflicts_with = "undo")]
    country: Option<String>,
    /// By this family of browsers
    #[arg(long, value_name = "FAMILY", conflicts_with = "undo")]
    browser: Option<String>,
    /// Only what named no page of the site as its origin
    #[arg(long, conflicts_with = "undo")]
    unverified: bool,
    /// Why; it stands in the audit log
    #[arg(long, value_name = "WORDS", default_value = "")]
    reason: String,
    /// Say what would go, and change nothing
    #[arg(long, conflicts_with = "undo")]
    dry_run: bool,
    /// Also leads that people said something of
    #[arg(long, conflicts_with = "undo")]
    worked_on: bool,
    /// Wait until it is done
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    of: OfSite,
}

impl Arguments {
    fn only(&self) -> Result<Only, Failure> {
        let channel = self.channel.as_deref().map(|key| {
            Channel::from_key(key).ok_or_else(|| {
                let keys: Vec<_> = Channel::ALL.into_iter().map(Channel::key).collect();
                Failure::new(format!("--channel: one of {}", keys.join(", ")))
            })
        });
        Ok(Only {
            channel: channel.transpose()?,
            source: self.source.as_deref().map(Text::clean),
            medium: self.medium.as_deref().map(Text::clean),
            campaign: self.campaign.as_deref().map(Text::clean),
            referrer: self.referrer.as_deref().map(Text::clean),
            path: self.path.as_deref().map(Text::clean),
            event: self.event.as_deref().map(Text::clean),
            country: self.country.as_deref().map(Text::clean),
            browser: self.browser.as_deref().map(Text::clean),
            unverified: self.unverified,
        })
    }
}

/// A moment, or a date by its beginning or its end on the site; a day that goes on ends `now`.
fn moment(name: &str, text: &str, site: &Site, now: Option<Timestamp>) -> Result<Timestamp, Failure> {
    if let Ok(date) = Date::parse(text) {
        let begun = site.zone.start_of(date);
        let ended = |now: Timestamp| {
            let end = site.zone.start_of(date.plus(1));
            if begun < now { end.min(now) } else { end }
        };
        return Ok(now.map_or(begun, ended));
    }
    let wrong = |error| Failure::new(format!("--{name}: {error}, or a date such as 2026-12-31"));
    Timestamp::parse(text).map_err(wrong)
}

/// `mqlite void`
///
/// # Errors
/// When the selection is wrong, nothing is like it, or storage fails.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let number =
        |no: &String| no.parse().map_err(|_| Failure::new(format!("`{no}` is no void's number, such as 1")));
    match arguments.undo.as_slice() {
        [] => void(arguments),
        [word, no] if word == "undo" => undo(number(no)?, arguments.wait, arguments.of),
        [word, ..] => {
            Err(Failure::new(format!("`{word}`: only `undo NUMBER`; `mqlite void --help` has examples")))
        }
    }
}

fn not_voided(why: &NotVoided) -> Failure {
    Failure::new(match why {
        NotVoided::WorkedOn(leads) => format!(
            "{leads} of the leads that would go are such as people said something of. What was said is kept, and \
             stands again if the void is taken back; to void them, too, add --worked-on"
        ),
        NotVoided::Nothing => format!("{why}; leave a condition out, or see `mqlite void --help`"),
        NotVoided::Later => format!("{why}, while a collector runs (`mqlite serve`)"),
        NotVoided::Selection(_) => why.to_string(),
    })
}

fn void(ask: Arguments) -> Result<(), Failure> {
    let only = ask.only()?;
    let (publisher, site, alone) = open(ask.of)?;
    let from = moment("from", &ask.from.unwrap_or_default(), &site, None)?;
    let to = moment("to", &ask.to.unwrap_or_default(), &site, Some(Clock::system().now()))?;
    let asked = AskedVoid {
        selection: Selection { from, to, only },
        reason: Text::clean(&ask.reason),
        worked_on: ask.worked_on,
    };
    if ask.dry_run {
        let picked = publisher.pick(&site, &asked.selection)?;
        let picked = picked.map_err(|why| not_voided(&why))?;
        say_picked(&picked)?;
        return say("Nothing was changed: this was a dry run.");
    }
    let (void, publication, picked) =
        publisher.void(&operator(), &site, &asked)?.map_err(|why| not_voided(&why))?;
    say_picked(&picked)?;
    let (id, no) = (publication.id, void.no);
    let done = match alone {
        Some(_alone) => work(&publisher, id).and_then(|()| ended(&publisher, id))?,
        None if ask.wait => wait_for(&publisher, id).and_then(|()| ended(&publisher, id))?,
        None => {
            return say(format_args!(
                "Void {no} will be in force when the collector has scored everything else anew; \
                 `mqlite voids --site {}` says how far it is, `mqlite void undo {no} --site {}` takes it back.",
                site.id, site.id
            ));
        }
    };
    say(format_args!(
        "Void {no} is in force: {} leads that were MQLs are none any more, and {} are that were not. \
         `mqlite void undo {no} --site {}` takes it back.",
        done.left, done.entered, site.id
    ))
}

fn undo(no: i64, wait: bool, of: OfSite) -> Result<(), Failure> {
    let (publisher, site, alone) = open(of)?;
    let refused = |why: Refused| Failure::new(format!("{why}; `mqlite voids --site {}` lists them", site.id));
    let publication = publisher.undo_void(&operator(), &site, no)?.map_err(refused)?;
    if publication.state == PublicationState::Cancelled {
        return say(format_args!("Void {no} was not in force yet, and is cancelled."));
    }
    match alone {
        Some(_alone) => work(&publisher, publication.id)?,
        None if wait => wait_for(&publisher, publication.id)?,
        None => {
            return say(format_args!(
                "Void {no} will be taken back when the collector has scored everything anew; \
                 `mqlite voids --site {}` says how far it is.",
                site.id
            ));
        }
    }
    let done = ended(&publisher, publication.id)?;
    say(format_args!("Void {no} is taken back: {} leads are MQLs again.", done.entered))
}

fn ended(publisher: &Publisher, id: i64) -> Result<Publication, Failure> {
    let done = publisher.found(id)?;
    if done.state == PublicationState::Done {
        return Ok(done);
    }
    let why = done.problem.map(|problem| format!(": {problem}")).unwrap_or_default();
    Err(Failure::new(format!("publication {id} is {}{why}", done.state.name())))
}

fn say_picked(picked: &Picked) -> Result<(), Failure> {
    say(format_args!(
        "{:<11} {:<18} {:>9} {:>9} {:>7} {:>6}",
        "day", "channel", "events", "visitors", "leads", "MQLs"
    ))?;
    for row in &picked.rows {
        say(format_args!(
            "{:<11} {:<18} {:>9} {:>9} {:>7} {:>6}",
            row.day.to_string(),
            row.channel.label(),
            row.events,
            row.visitors,
            row.leads,
            row.mqls
        ))?;
    }
    say(format_args!(
        "In all {} events of {} visitors. {} leads go, {} of them MQLs; {} others, {} of them MQLs, are scored \
         without what goes.",
        picked.events,
        picked.visitors,
        picked.leads.go,
        picked.mqls.go,
        picked.leads.scored_anew,
        picked.mqls.scored_anew
    ))?;
    if picked.worked_on > 0 {
        say(format_args!("Of {} leads that go people said something.", picked.worked_on))?;
    }
    match picked.visits_stay_before {
        Some(day) if picked.rows.first().is_some_and(|row| row.day < day) => {
            say(format_args!("Visits of days before {day} stay counted: their events are past their time."))
        }
        _ => Ok(()),
    }
}

/// Whose voids.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Name the leads of which nothing counts any more, with what sales was told and said
    #[arg(long)]
    leads: bool,
    #[command(flatten)]
    of: OfSite,
}

/// `mqlite voids`
///
/// # Errors
/// When storage fails.
pub fn list(arguments: List) -> Result<(), Failure> {
    let (publisher, site, _) = open(arguments.of)?;
    if arguments.leads {
        return leads(&publisher, &site);
    }
    let voids = publisher.voids(&site)?;
    if voids.is_empty() {
        return say(format_args!("Nothing is voided on {}.", site.id));
    }
    for (void, publication) in voids {
        let selection = &void.asked.selection;
        let only = serde_json::to_string(&selection.only)
            .map_err(|error| Failure::new(format!("a void cannot be told: {error}")))?;
        say(format_args!(
            "{:>4}  {:<9} {:>9} events  {} to {}  {only}  {} by {}",
            void.no,
            void.state.name(),
            void.asked.events,
            selection.from,
            selection.to,
            void.asked.asked_at,
            void.asked.by.who
        ))?;
        if !void.asked.reason.as_str().is_empty() {
            say(format_args!("      {}", void.asked.reason))?;
        }
        let progress =
            publication.map(|publication| publisher.progress_elsewhere(&publication)).transpose()?;
        if let Some(progress) = progress.flatten() {
            let (done, total) = (progress.done.raw(), progress.total.raw());
            say(format_args!("      is at {done} of {total} places in the event log"))?;
        }
    }
    Ok(())
}

fn leads(publisher: &Publisher, site: &Site) -> Result<(), Failure> {
    let leads = publisher.void_leads(site, LEADS)?;
    if leads.is_empty() {
        return say(format_args!("There is no such lead on {}.", site.id));
    }
    for lead in leads {
        say(lead.key.to_hex())?;
        let told = lead.told.iter().map(|earlier| ("told", &earlier.transition));
        for (what, change) in told.chain(lead.said.iter().map(|change| ("said", change))) {
            let (from, to) = (change.from.name(), change.to.name());
            say(format_args!("  {}  {what}: {from} to {to}: {}", change.at, change.reason))?;
        }
    }
    Ok(())
}
