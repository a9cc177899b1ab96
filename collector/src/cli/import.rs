//! `mqlite import outcomes`. Invariant: nothing is taken in while a line is wrong, unless somebody said that
//! wrong lines may be skipped; no line's person is printed, only its number.

use super::{Failure, no_site, operator, say};
use crate::app::open_stages;
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::SiteId;
use crate::jobs::outcomes::{Plan, Wrong, read};
use crate::rights::Naming;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

/// Wrong lines that are named; of more, their number.
const NAMED: usize = 20;

/// What to take in.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// What became of leads, from a CSV file of your sales
    Outcomes(Outcomes),
}

/// Which outcomes, of which site.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The first line names the columns: key, email_hash or email; stage; at; amount, currency, \
    reason. A stage is mql, sal, sql, customer, recycled, disqualified or lost, or a lead event of Google \
    Analytics 4, such as close_convert_lead. `at` is a date or an RFC 3339 time. What is known already is not taken \
    in twice."
)]
pub struct Outcomes {
    /// The file; with - it is read from standard input
    file: PathBuf,
    /// The site
    #[arg(long)]
    site: String,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Take in the right lines although others are wrong
    #[arg(long)]
    skip_bad: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command.
///
/// # Errors
/// When the file cannot be read, a line is wrong, or storage fails.
pub fn run(command: Command) -> Result<(), Failure> {
    let Command::Outcomes(arguments) = command;
    let id = SiteId::parse(&arguments.site)?;
    let config = Config::resolve(arguments.settings)?;
    let stages = open_stages(&config, Clock::system())?;
    let site = stages.site(&id)?.ok_or_else(|| no_site(&id))?;
    if !stages.ready()? {
        return Err(Failure::new(
            "not every event is scored yet, or the collector scores by another model; let it run for a minute, and \
             name its model with --model FILE",
        ));
    }
    let text = contents(&arguments.file)?;
    let resolve = |column: &str, value: &str| {
        let value = Some(value.to_owned());
        let naming = match column {
            "key" => Naming { key: value, ..Naming::default() },
            "email_hash" => Naming { email_hash: value, ..Naming::default() },
            _ => Naming { email: value, ..Naming::default() },
        };
        naming.resolve(&site).map_err(|wrong| wrong.sentence)
    };
    let actor = operator();
    let (outcomes, mut wrong) = read(&text, &site, stages.now(), &resolve);
    let Plan { changes, known, wrong: unfit } = stages.plan(&actor, &site, outcomes)?;
    wrong.extend(unfit);
    wrong.sort_by_key(|wrong| wrong.line);
    if !wrong.is_empty() && !arguments.skip_bad {
        return Err(complaint(&wrong, "nothing was taken in; put them right, or add --skip-bad"));
    }
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for outcome in &changes {
        if !arguments.dry_run
            && let Err(refused) = stages.change(&actor, &site, outcome.lead, &outcome.asked)?
        {
            // Somebody changed it since the plan was made.
            wrong.push(Wrong { line: outcome.line, sentence: refused.to_string() });
            continue;
        }
        *counts.entry(outcome.asked.to.name()).or_default() += 1;
    }
    say(if arguments.dry_run { "This would be taken in (nothing was changed):" } else { "Taken in:" })?;
    for (stage, count) in counts {
        say(format_args!("  {stage:<22} {count:>8}"))?;
    }
    say(format_args!("  {:<22} {known:>8}", "known already"))?;
    if wrong.is_empty() { Ok(()) } else { Err(complaint(&wrong, "these lines were skipped")) }
}

fn contents(file: &PathBuf) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{} cannot be read: {error}", file.display()));
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(failed)
}

fn complaint(wrong: &[Wrong], what: &str) -> Failure {
    let mut lines: Vec<String> =
        wrong.iter().take(NAMED).map(|wrong| format!("line {}: {}", wrong.line, wrong.sentence)).collect();
    if wrong.len() > NAMED {
        lines.push(format!("and {} more", wrong.len() - NAMED));
    }
    Failure::new(format!("{what}:\n{}", lines.join("\n")))
}
