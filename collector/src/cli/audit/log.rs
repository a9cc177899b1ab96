//! `mqlite audit log`. Invariant: as ndjson it prints entries in their canonical form with their hashes, so that
//! others can check them, and such an export is recorded.

use crate::app::{open_ledger, recorder};
use crate::audit::{export_line, title};
use crate::cli::{Failure, operator, say};
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::{Action, Entry, Role, SiteId, Text};
use std::collections::VecDeque;
use std::sync::Arc;

/// Entries that are read at once.
const PAGE: usize = 1_000;
/// Lines for people, unless they ask for more.
const LINES: usize = 50;

/// Which entries, and how.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only this action, such as lead.viewed
    #[arg(long, value_parser = action)]
    action: Option<Action>,
    /// Only what was done in this role
    #[arg(long, value_name = "owner|auditor|operator|collector|stranger", value_parser = role)]
    role: Option<Role>,
    /// Only what was done on this site
    #[arg(long)]
    site: Option<String>,
    /// At most so many, the newest ones [default: 50 as text, all as ndjson]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Lines for people, or one JSON object a line with its hash
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "ndjson"])]
    format: String,
    #[command(flatten)]
    settings: Settings,
}

fn action(text: &str) -> Result<Action, String> {
    let names = || Action::ALL.iter().map(|action| action.name()).collect::<Vec<_>>().join(", ");
    Action::from_name(text).ok_or_else(|| format!("write one of {}", names()))
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| format!("write one of {}", Role::ALL.map(Role::name).join(", ")))
}

/// Runs the command. Oldest first, as logs are read.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = Config::resolve(arguments.settings)?;
    let ledger = open_ledger(&config.data)?;
    let ndjson = arguments.format == "ndjson";
    if ndjson {
        let audit = recorder(&config, Arc::clone(&ledger), Clock::system());
        let details = serde_json::json!({ "format": "ndjson" });
        audit.record(&operator(), Action::AuditExported, None, None, &details)?;
    }
    let site = arguments.site.map(|site| SiteId::parse(&site)).transpose()?;
    let matches = |entry: &Entry| {
        arguments.action.is_none_or(|action| entry.action == action.name())
            && arguments.role.is_none_or(|role| entry.role == role.name())
            && site.as_ref().is_none_or(|site| entry.site.as_deref() == Some(site.as_str()))
    };
    let print = |entry: &Entry| say(if ndjson { export_line(entry) } else { line(entry) });
    let limit = arguments.limit.or_else(|| (!ndjson).then_some(LINES));
    let mut newest: VecDeque<Entry> = VecDeque::new();
    let mut at = i64::MIN;
    loop {
        let page = ledger.entries_after(at, PAGE)?;
        let Some(last) = page.last() else { break };
        at = last.seq;
        for entry in page.into_iter().filter(|entry| matches(entry)) {
            match limit {
                None => print(&entry)?,
                Some(limit) => {
                    newest.push_back(entry);
                    if newest.len() > limit {
                        newest.pop_front();
                    }
                }
            }
        }
    }
    newest.iter().try_for_each(print)
}

/// An entry for people.
fn line(entry: &Entry) -> String {
    // Whoever tampers with an entry chooses its letters: nothing of them is to work on a terminal.
    let clean = |text: &str| Text::<500>::clean(text).as_str().to_owned();
    let mut line = format!(
        "{:>7}  {}  {:<9}  {}  {}",
        entry.seq,
        entry.at,
        clean(&entry.role),
        clean(&entry.who),
        clean(&title(&entry.action)),
    );
    for part in [entry.site.as_ref(), entry.subject.as_ref()].into_iter().flatten() {
        line = line + "  " + &clean(part);
    }
    if entry.details == "{}" { line } else { line + "  " + &clean(&entry.details) }
}
