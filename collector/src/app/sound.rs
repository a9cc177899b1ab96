//! Whether a data folder is whole. Invariant: it is looked at before anything in it is opened for writing, so that
//! what is damaged is left as it is; and what is missing is said, for SQLite would begin anew without a word.

use super::{EVENTS, LEDGER, LOCK, StartError, create_data_folder, lock, recorder};
use crate::audit::{Anchor, verify};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{Action, Actor, Cursor};
use crate::enrich::geo::Countries;
use crate::privacy::Salts;
use crate::storage::sqlite::{
    Damage, EventsSeen, LedgerSeen, SqliteEvents, SqliteLedger, look_at_events, look_at_ledger, read_all,
};
use std::path::Path;
use std::sync::Arc;

/// What is wrong with the databases of a data folder, as far as a quick look tells. `alone`: no collector runs on it.
fn look(config: &Config, alone: bool) -> Vec<Damage> {
    // The anchor first, then the ledger: each may grow while we look, and what it follows is never behind it.
    let anchor = Anchor::at(&config.audit_anchor);
    let newest = anchor.newest().ok().flatten();
    let (events, ledger) = (config.data.join(EVENTS), config.data.join(LEDGER));
    let alone = || alone || is_free(&config.data);
    let book = look_at_ledger(&ledger, &alone);
    let log = look_at_events(&events, &alone);
    let mut damages: Vec<Damage> =
        [log.as_ref().err(), book.as_ref().err()].into_iter().flatten().cloned().collect();
    let (Ok(log), Ok(book)) = (log, book) else { return damages };
    let data = config.data.display();
    damages.extend(disagree(&data, log, book));
    let upto = book.and_then(|book| book.audit).map_or(0, |head| head.seq);
    if let Some(newest) = newest.filter(|newest| newest.seq > upto) {
        damages.push(Damage::Loss(format!(
            "the audit log in {} ends at entry {upto}, and {} knows entry {}: the ledger is an older copy, or lost \
             its newest commits",
            ledger.display(),
            anchor.path().display(),
            newest.seq
        )));
    }
    damages
}

/// What two databases that do not belong together are found out by.
fn disagree(
    data: &impl std::fmt::Display,
    log: Option<EventsSeen>,
    book: Option<LedgerSeen>,
) -> Option<Damage> {
    let highest = log.map_or(0, |log| log.highest.raw());
    if highest > 0 && book.is_none_or(|book| book.sites == 0) {
        return Some(Damage::Unusable(format!(
            "{data}/{EVENTS} holds events, and {data}/{LEDGER}, which holds their sites and secrets, is missing or \
             empty. Put both files of one backup in their place; to begin anew, name another folder with --data"
        )));
    }
    let scored = book.and_then(|book| book.scored).map_or(0, Cursor::raw);
    (scored > highest).then(|| {
        Damage::Loss(format!(
            "{data}/{LEDGER} has scored {scored} events, and {data}/{EVENTS} ends at {highest}: it is missing, an \
             older copy, or lost its newest commits"
        ))
    })
}

/// Refuses a data folder that is not whole, before anything is written to it. The caller holds its lock.
pub(super) fn check(config: &Config) -> Result<(), StartError> {
    let Some(damage) = look(config, true).into_iter().next() else { return Ok(()) };
    let data = config.data.display();
    Err(StartError(match damage {
        Damage::Unusable(sentence) => sentence,
        Damage::Loss(sentence) => format!(
            "{sentence}. Put a copy of your newest backup in the place of {data}; or, to go on with what is left, \
             which is recorded: mqlite check --accept-loss --data {data}"
        ),
    }))
}

/// Refuses a ledger that is not whole, for a command beside a collector that may run. What only a collector must not
/// do without, and `mqlite check` looks for, is let be.
pub(super) fn check_ledger(data: &Path) -> Result<(), StartError> {
    let alone = || is_free(data);
    let ledger = look_at_ledger(&data.join(LEDGER), &alone);
    let found = match ledger {
        Ok(Some(_)) => return Ok(()),
        // A new one must not be begun beside events that another one belongs to.
        Ok(None) => match look_at_events(&data.join(EVENTS), &alone) {
            Ok(log) => disagree(&data.display(), log, None),
            Err(damage) => Some(damage),
        },
        Err(damage) => Some(damage),
    };
    found.map_or(Ok(()), |damage| {
        Err(StartError(format!("{damage}. What to do is said by: mqlite check --data {}", data.display())))
    })
}

/// Whether no collector runs on a folder.
fn is_free(data: &Path) -> bool {
    // Opened, not made: a look leaves nothing behind.
    std::fs::File::open(data.join(LOCK)).is_ok_and(|file| file.try_lock().is_ok())
}

/// What a check says of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What was looked at.
    pub what: String,
    /// What is wrong with it, and what to do; `None` when nothing is.
    pub wrong: Option<String>,
    /// Whether it can be used without what it lost.
    pub acceptable: bool,
}

impl Checked {
    fn of(what: impl Into<String>, wrong: Option<String>) -> Self {
        Self { what: what.into(), wrong, acceptable: false }
    }
}

/// Reads everything in a data folder, also beside a collector that runs: what a quick look tells, every page of the
/// databases, the audit log, the salts, and the files that the settings name.
///
/// # Errors
/// When there is no data folder.
pub fn check_all(config: &Config) -> Result<Vec<Checked>, StartError> {
    let data = config.data.display();
    if !config.data.is_dir() {
        return Err(StartError(format!("there is no {data}; name the collector's folder with --data DIR")));
    }
    let mut checked = Vec::new();
    for damage in look(config, false) {
        let acceptable = matches!(damage, Damage::Loss(_));
        checked.push(Checked { acceptable, ..Checked::of("the data folder", Some(damage.to_string())) });
    }
    if checked.is_empty() {
        checked.push(Checked::of("the databases belong together, and none is cut short", None));
    }
    let readable = checked.iter().all(|one| one.wrong.is_none() || one.acceptable);
    if readable {
        checked.extend(pages(config));
    }
    let salts = Salts::check(&config.data.join(super::SALTS)).err().map(|error| error.to_string());
    checked.push(Checked::of("the salts", salts));
    let model = super::model(config.model.as_deref()).err().map(|error| error.to_string());
    checked.push(Checked::of("the scoring model", model));
    if let Some(path) = &config.geo_file {
        let countries = Countries::open(path).err().map(|error| error.to_string());
        checked.push(Checked::of("the country file", countries));
    }
    Ok(checked)
}

/// Every page of the databases, and every entry of the audit log.
fn pages(config: &Config) -> Vec<Checked> {
    let mut checked = Vec::new();
    for name in [EVENTS, LEDGER] {
        let path = config.data.join(name);
        if !path.exists() {
            continue;
        }
        let wrong = match read_all(&path) {
            Ok(said) if said.is_empty() => None,
            Ok(said) => Some(format!(
                "{} is damaged: {}. Put a copy of your newest backup in the place of the data folder",
                path.display(),
                said.join("; ")
            )),
            Err(error) => Some(error.to_string()),
        };
        checked.push(Checked::of(format!("every page of {name}"), wrong));
    }
    let path = config.data.join(LEDGER);
    if path.exists() && checked.iter().all(|one| one.wrong.is_none()) {
        let verdict = SqliteLedger::open(&path).and_then(|ledger| {
            verify(&ledger, Some(&Anchor::at(&config.audit_anchor)), &[], Clock::system().now())
        });
        let wrong = match verdict {
            Ok(verdict) if verdict.ok() => None,
            Ok(_) => Some(format!(
                "entries are not as they were written: mqlite audit verify --data {}",
                config.data.display()
            )),
            Err(error) => Some(error.to_string()),
        };
        checked.push(Checked::of("the audit log", wrong));
    }
    checked
}

/// Goes on with what is left of a data folder, and records that `actor` wanted it so. Answers what is lost.
///
/// # Errors
/// When a collector runs on it, nothing is lost, or what is wrong cannot be gone on with.
pub fn accept_loss(config: &Config, actor: &Actor, clock: Clock) -> Result<Vec<String>, StartError> {
    create_data_folder(&config.data)?;
    let _lock = lock(&config.data)?;
    let mut lost = Vec::new();
    for damage in look(config, true) {
        match damage {
            Damage::Loss(sentence) => lost.push(sentence),
            Damage::Unusable(sentence) => return Err(StartError(sentence)),
        }
    }
    if lost.is_empty() {
        return Err(StartError(
            "nothing is lost as far as a quick look tells; leave --accept-loss out".to_owned(),
        ));
    }
    let ledger = Arc::new(SqliteLedger::open(&config.data.join(LEDGER))?);
    let scored =
        crate::storage::Scores::progress(ledger.as_ref())?.map_or(Cursor::default(), |(scored, _)| scored);
    // What was scored is not forgotten, and no event gets the place of one that is lost.
    SqliteEvents::go_on_after(&config.data.join(EVENTS), scored)?;
    let details = serde_json::json!({ "lost": lost.len(), "scored": scored.raw() });
    recorder(config, ledger, clock).record(actor, Action::LossAccepted, None, None, &details)?;
    Ok(lost)
}
