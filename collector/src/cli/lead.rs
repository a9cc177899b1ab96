//! `mqlite lead`. Invariant: what is printed of leads was recorded before, and what is changed is judged in the
//! collector's own transaction; nothing is taken away.

use super::{Failure, no_site, operator, say};
use crate::app::open_stages;
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::{Date, Effect, EmailDomain, LeadKey, Override, Site, SiteId, Text, Timestamp};
use crate::jobs::overdue::OverduePage;
use crate::jobs::overrides::{Asked, Refused};
use crate::jobs::stages::{Gone, Stages};

/// What to do with leads.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Say something against a lead's score, until it expires
    Override(Give),
    /// List what was said against a lead's score
    Overrides(One),
    /// List the leads that wait for longer than their stage's time limit
    Overdue(Overdue),
}

/// Which lead.
#[derive(Debug, clap::Args)]
pub struct One {
    /// The site
    #[arg(long)]
    site: String,
    /// The lead's key, as the dashboard and `mqlite find` show it
    #[arg(long, value_name = "KEY")]
    key: String,
    #[command(flatten)]
    settings: Settings,
}

/// What to say of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "For example:\n  \
    mqlite lead override --site example.com --key KEY --engagement 20 --until 2026-12-31 --reason \"met at the fair\"\n  \
    mqlite lead override --site example.com --key KEY --end 1")]
pub struct Give {
    #[command(flatten)]
    what: What,
    /// When it expires: a date (at its end, on the site's clock) or an RFC 3339 time, at most a year from now
    #[arg(long, value_name = "DATE", required_unless_present = "end", conflicts_with = "end")]
    until: Option<String>,
    /// Why; it stands in the explanation
    #[arg(long, value_name = "WORDS", required_unless_present = "end", conflicts_with = "end")]
    reason: Option<String>,
    #[command(flatten)]
    lead: One,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Add so many whole points to what the lead did, or take them: -100 to 100
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    engagement: Option<i64>,
    /// Add so many whole points to what the lead is, or take them: -100 to 100
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    fit: Option<i64>,
    /// Keep it from being an MQL
    #[arg(long)]
    hold: bool,
    /// Make it an MQL, unless it is ruled out or held
    #[arg(long)]
    qualify: bool,
    /// End the override of this number now
    #[arg(long, value_name = "NUMBER")]
    end: Option<u32>,
}

/// Whose leads.
#[derive(Debug, clap::Args)]
pub struct Overdue {
    /// The site
    #[arg(long)]
    site: String,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command.
///
/// # Errors
/// When the lead is named wrongly, what is said of it cannot be, or storage fails.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Override(arguments) => say_against(arguments),
        Command::Overrides(one) => {
            let (stages, site, key) = open_one(one)?;
            let overrides = stages.look(&operator(), &site, key)?.map_err(|why| refused(&why))?;
            list(&overrides, &site, stages.now())
        }
        Command::Overdue(arguments) => {
            let (stages, site) = open(&arguments.site, arguments.settings)?;
            overdue(&stages.overdue(&operator(), &site, usize::from(arguments.limit), None)?, &site)
        }
    }
}

fn open(site: &str, settings: Settings) -> Result<(Stages, Site), Failure> {
    let id = SiteId::parse(site)?;
    let config = Config::resolve(settings)?;
    let stages = open_stages(&config, Clock::system())?;
    let site = stages.site(&id)?.ok_or_else(|| no_site(&id))?;
    Ok((stages, site))
}

fn open_one(one: One) -> Result<(Stages, Site, LeadKey), Failure> {
    let key = LeadKey::parse(&one.key).map_err(|error| Failure::new(format!("--key: {error}")))?;
    let (stages, site) = open(&one.site, one.settings)?;
    Ok((stages, site, key))
}

fn refused(refused: &Refused) -> Failure {
    Failure::new(match refused {
        Refused::Gone(Gone::Unknown) => format!("{refused}; `mqlite find` tells the key of somebody's lead"),
        Refused::NoSuch | Refused::Over(_) => format!("{refused}; `mqlite lead overrides` lists them"),
        Refused::Until => format!("--{refused}"),
        Refused::Reason => format!("--{refused}"),
        Refused::Gone(Gone::Later) => {
            "not every event is scored yet, or the collector scores by another model; let it run for a \
                           minute, and name its model with --model FILE"
                .to_owned()
        }
        Refused::Gone(Gone::Restricted) | Refused::Full => refused.to_string(),
    })
}

/// A date by its end on the site, or a moment.
fn moment(text: &str, site: &Site) -> Result<Timestamp, Failure> {
    if let Ok(date) = Date::parse(text) {
        return Ok(site.zone.start_of(date.plus(1)));
    }
    let wrong = |error| Failure::new(format!("--until: {error}, or a date such as 2026-12-31"));
    Timestamp::parse(text).map_err(wrong)
}

fn say_against(arguments: Give) -> Result<(), Failure> {
    let What { engagement, fit, hold, end, .. } = arguments.what;
    let (name, points) = match (engagement, fit) {
        (Some(points), _) => ("engagement", Some(points)),
        (_, Some(points)) => ("fit", Some(points)),
        _ if hold => ("hold", None),
        _ => ("qualify", None),
    };
    let (stages, site, key) = open_one(arguments.lead)?;
    let (done, what) = if let Some(no) = end {
        (stages.end(&operator(), &site, key, no)?, "ended")
    } else {
        let effect =
            Effect::parse(name, points).map_err(|error| Failure::new(format!("--{name}: {error}")))?;
        let until = moment(&arguments.until.unwrap_or_default(), &site)?;
        let asked = Asked { effect, until, reason: Text::clean(&arguments.reason.unwrap_or_default()) };
        (stages.give(&operator(), &site, key, &asked)?, "given")
    };
    let done = done.map_err(|why| refused(&why))?;
    say(format_args!("Override {} is {what}: {}.", done.given.no, told(&done.given)))?;
    say(format_args!(
        "The lead is {} with {} points ({} fit, {} engagement).",
        done.stage.name(),
        done.score.total,
        done.score.fit,
        done.score.engagement
    ))
}

/// `20 points of engagement`, `held back`.
fn told(given: &Override) -> String {
    match given.effect {
        Effect::Engagement(points) => format!("{points} points of engagement"),
        Effect::Fit(points) => format!("{points} points of fit"),
        Effect::Hold => "held back".to_owned(),
        Effect::Qualify => "qualified".to_owned(),
    }
}

fn list(overrides: &[Override], site: &Site, now: Timestamp) -> Result<(), Failure> {
    if overrides.is_empty() {
        return say("Nothing was said against the score of this lead.");
    }
    for given in overrides {
        let local = |at| site.zone.local(at);
        let state = match &given.ended {
            Some(ended) => format!("ended {} by the {}", local(ended.at), ended.by.role.name()),
            None if given.counts(now) => format!("until {}", local(given.until)),
            None => format!("expired {}", local(given.until)),
        };
        say(format_args!(
            "{:>3}  {:<26} {}, {state}; by the {}: {}",
            given.no,
            told(given),
            local(given.from),
            given.actor.role.name(),
            given.reason
        ))?;
    }
    Ok(())
}

fn overdue(page: &OverduePage, site: &Site) -> Result<(), Failure> {
    if page.limits.is_empty() {
        return Err(Failure::new(
            "the scoring model has no time limits; write a table [sla] with, for example, mql = \"24 hours\", and see \
             `mqlite model explain`",
        ));
    }
    let limits: Vec<String> =
        page.limits.iter().map(|(stage, limit)| format!("{} {limit}", stage.name())).collect();
    say(format_args!("Overdue on {} ({}; nights and Sundays count):", site.id, limits.join(", ")))?;
    if page.waiting.is_empty() {
        return say("  nobody");
    }
    let line = |cells: [&str; 7]| {
        let [key, stage, since, late, score, grade, channel] = cells;
        say(format_args!(
            "  {key:<32}  {stage:<5}  {since:<16}  {late:>8}  {score:>8}  {grade:<5}  {channel}"
        ))
    };
    line(["lead", "stage", "since", "overdue", "score", "grade", "channel (first touch), domain"])?;
    for waiting in &page.waiting {
        let lead = &waiting.lead;
        let domain = lead.domain.as_ref().map_or("", EmailDomain::as_str);
        let channel = format!("{} {domain}", lead.first.touch.channel.label());
        line([
            &lead.key.to_hex(),
            lead.stage.name(),
            &site.zone.local(lead.stage_at).to_string().chars().take(16).collect::<String>(),
            &format!("{} h", waiting.overdue_hours),
            &lead.score.total.to_string(),
            &waiting.grade.map(|grade| grade.to_string()).unwrap_or_default(),
            channel.trim(),
        ])?;
    }
    let shown = u64::try_from(page.waiting.len()).unwrap_or(u64::MAX);
    if shown < page.total {
        say(format_args!("  and {} more; --limit shows up to 1000", page.total - shown))?;
    }
    Ok(())
}
