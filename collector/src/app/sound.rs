//! Whether a data folder is whole. Invariant: it is looked at before anything in it is opened for writing, so that
//! what is damaged is left as it is; and what is missing is said, for SQLite would begin anew without a word.

use super::{EVENTS, LEDGER, LOCK, StartError, create_data_folder, lock, recorder};
use crate::audit::{Anchor, verify};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{Action, Actor, Cursor, Head};
use crate::enrich::geo::Countries;
use crate::privacy::Salts;
use crate::storage::Sites;
use crate::storage::sqlite::{
    Damage, EventsSeen, LedgerSeen, SqliteEvents, SqliteLedger, look_at_events, look_at_ledger, read_all,
    take_back,
};
use std::path::Path;
use std::sync::Arc;

/// What a quick look tells of a data folder.
#[derive(Default)]
struct Seen {
    log: Option<EventsSeen>,
    book: Option<LedgerSeen>,
    damages: Vec<Damage>,
}

/// Looks at the databases of a data folder and at what they know of each other. `held`: the caller holds its lock.
fn look(config: &Config, held: bool) -> Seen {
    look_at(config, held, &|| held || is_free(&config.data))
}

/// As [`look`]; a write-ahead log that is damaged is let be unless `alone`.
fn look_at(config: &Config, held: bool, alone: &dyn Fn() -> bool) -> Seen {
    // The anchor first, then the ledger: each may grow while we look, and what it follows is never behind it.
    let anchor = Anchor::at(&config.audit_anchor);
    let newest = anchor.newest().ok().flatten();
    let (events, ledger) = (config.data.join(EVENTS), config.data.join(LEDGER));
    let ready = |path| if held { take_back(path) } else { Ok(()) };
    let book = ready(&ledger).and_then(|()| look_at_ledger(&ledger, alone));
    let log = ready(&events).and_then(|()| look_at_events(&events, alone));
    let (log, book) = match (log, book) {
        (Ok(log), Ok(book)) => (log, book),
        (log, book) => {
            let damages = [log.err(), book.err()].into_iter().flatten().collect();
            return Seen { damages, ..Seen::default() };
        }
    };
    let mut damages: Vec<Damage> = disagree(&config.data.display(), log, book).into_iter().collect();
    let is_new = log.is_none() && book.is_none();
    let head = book.and_then(|book| book.audit);
    if let Some(newest) = newest.filter(|newest| newest.seq > head.map_or(0, |head| head.seq)) {
        damages.push(behind(config, &anchor, newest, head, is_new));
    }
    Seen { log, book, damages }
}

/// Why an audit log that ends at `head` may be behind its anchor.
fn behind(config: &Config, anchor: &Anchor, newest: Head, head: Option<Head>, is_new: bool) -> Damage {
    let (data, file) = (config.data.display(), anchor.path().display());
    let (known, own) = (newest.seq, "name a file of its own with MQLITE_AUDIT_ANCHOR");
    if is_new && !config.audit_anchor.starts_with(&config.data) {
        return Damage::Unusable(format!(
            "{data} holds no databases, and the audit anchor {file} knows entry {known} of an audit log. If this is a new \
             folder, the anchor is another's: {own}. If its databases were lost, put a copy of your newest backup in its \
             place"
        ));
    }
    let (same, other) = head.and_then(|head| anchor.has(&head).ok()).unwrap_or_default();
    let ledger = config.data.join(LEDGER);
    let (ledger, upto) = (ledger.display(), head.map_or(0, |head| head.seq));
    if other && !same {
        return Damage::Unusable(format!(
            "the audit anchor {file} is of another audit log: its entry {upto} is not the one in {ledger}. If another \
             collector writes to it, {own}; if not, that ledger was exchanged: {}",
            mend(&data)
        ));
    }
    let shared = if other { ", or another collector writes to that anchor, too" } else { "" };
    Damage::Loss(format!(
        "the audit log in {ledger} ends at entry {upto}, and {file} knows entry {known}: the ledger is an older copy, or \
         lost its newest commits{shared}"
    ))
}

/// How a backup takes the place of a folder. Beside what is left of other files, its own would be damaged by them.
fn mend(data: &impl std::fmt::Display) -> String {
    format!("move the whole of {data} aside, and put a copy of your newest backup in its place")
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
             empty. What to do: {}; to begin anew, name another folder with --data",
            mend(data)
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
    let Some(damage) = look(config, true).damages.into_iter().next() else { return Ok(()) };
    let data = config.data.display();
    Err(StartError(match damage {
        Damage::Unusable(sentence) => sentence,
        Damage::Loss(sentence) => format!(
            "{sentence}. What to do: {}; or, to go on with what is left, which is recorded: mqlite check --accept-loss \
             --data {data}",
            mend(&data)
        ),
    }))
}

/// Refuses a ledger that is not whole, for a command beside a collector that may run. What only a collector must not
/// do without, and `mqlite check` looks for, is let be.
pub(super) fn check_ledger(data: &Path) -> Result<(), StartError> {
    let alone = || is_free(data);
    let ledger = data.join(LEDGER);
    let ledger = take_back(&ledger).and_then(|()| look_at_ledger(&ledger, &alone));
    let found = match ledger {
        Ok(Some(book)) if book.older && data.join(LOCK).exists() && !alone() => {
            return Err(StartError(format!(
                "an older mqlite runs on {}, and this one would migrate its database under it: restart the collector \
                 with this version first",
                data.display()
            )));
        }
        Ok(Some(_)) => return Ok(()),
        // A new one must not be begun beside events that another one belongs to.
        Ok(None) => match look_at_events(&data.join(EVENTS), &alone) {
            Ok(log) => disagree(&data.display(), log, None),
            Err(damage) => Some(damage),
        },
        Err(damage) => Some(damage),
    };
    found.map_or(Ok(()), |damage| refused(data, &damage))
}

/// Refuses an event log that is not whole, for a command that writes to it beside a collector that may run, or copies
/// it: what is damaged would be cut off for good.
pub(super) fn check_events(data: &Path) -> Result<(), StartError> {
    let (alone, events) = (|| is_free(data), data.join(EVENTS));
    // The ledger first: what it has scored was in the log by then.
    let book = look_at_ledger(&data.join(LEDGER), &alone);
    let log = take_back(&events).and_then(|()| look_at_events(&events, &alone));
    let found = match (log, book) {
        (Err(damage), _) | (Ok(_), Err(damage)) => Some(damage),
        (Ok(log), Ok(book)) => disagree(&data.display(), log, book),
    };
    found.map_or(Ok(()), |damage| refused(data, &damage))
}

/// What a command says of a damage that the check knows more of.
fn refused(data: &Path, damage: &Damage) -> Result<(), StartError> {
    Err(StartError(format!("{damage}. What to do is said by: mqlite check --data {}", data.display())))
}

/// Refuses a folder of an older version, which what writes to it would migrate.
pub(super) fn check_version(data: &Path) -> Result<(), StartError> {
    let alone = || is_free(data);
    let older = look_at_ledger(&data.join(LEDGER), &alone)
        .is_ok_and(|book| book.is_some_and(|book| book.older))
        || look_at_events(&data.join(EVENTS), &alone).is_ok_and(|log| log.is_some_and(|log| log.older));
    let data = data.display();
    if !older {
        return Ok(());
    }
    Err(StartError(format!(
        "an older mqlite wrote {data}, and this one would have to migrate it first, to record the backup in its audit \
         log. Make the backup with that version; or stop its collector and copy the whole folder. Then this version \
         migrates it at its start: mqlite serve --data {data}"
    )))
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
    let seen = look(config, false);
    for damage in &seen.damages {
        let acceptable = matches!(damage, Damage::Loss(_));
        checked.push(Checked { acceptable, ..Checked::of("the data folder", Some(damage.to_string())) });
    }
    if checked.is_empty() {
        checked.push(Checked::of("the databases belong together, and none is cut short", None));
    }
    let older =
        [(EVENTS, seen.log.is_some_and(|log| log.older)), (LEDGER, seen.book.is_some_and(|book| book.older))];
    for (name, _) in older.into_iter().filter(|(_, older)| *older) {
        let what = format!(
            "{name} is of an older version, and is migrated at the next start: mqlite serve --data {data}"
        );
        checked.push(Checked::of(what, None));
    }
    let readable = checked.iter().all(|one| one.wrong.is_none() || one.acceptable);
    if readable {
        // Before there was an audit log, there was nothing to verify.
        let audited = seen.book.is_none_or(|book| !book.older || book.audit.is_some());
        checked.extend(pages(config, audited));
    }
    // Of sites that cannot be read, a day is over when it is over everywhere.
    let sites = SqliteLedger::open_read_only(&config.data.join(LEDGER)).and_then(|ledger| ledger.sites());
    let salts =
        Salts::check(&config.data.join(super::SALTS), &sites.unwrap_or_default(), Clock::system().now());
    checked.push(Checked::of("the salts", salts.err().map(|error| error.to_string())));
    let model = super::model(config.model.as_deref()).err().map(|error| error.to_string());
    checked.push(Checked::of("the scoring model", model));
    if let Some(path) = &config.geo_file {
        let countries = Countries::open(path).err().map(|error| error.to_string());
        checked.push(Checked::of("the country file", countries));
    }
    Ok(checked)
}

/// Every page of the databases, and every entry of the audit log, if the ledger has one.
fn pages(config: &Config, audited: bool) -> Vec<Checked> {
    let mut checked = Vec::new();
    for name in [EVENTS, LEDGER] {
        let path = config.data.join(name);
        if !path.exists() {
            continue;
        }
        let wrong = match read_all(&path) {
            Ok(said) if said.is_empty() => None,
            Ok(said) => Some(format!(
                "{} is damaged: {}. What to do: {}",
                path.display(),
                said.join("; "),
                mend(&config.data.display())
            )),
            Err(error) => Some(error.to_string()),
        };
        checked.push(Checked::of(format!("every page of {name}"), wrong));
    }
    let path = config.data.join(LEDGER);
    if audited && path.exists() && checked.iter().all(|one| one.wrong.is_none()) {
        let verdict = SqliteLedger::open_read_only(&path).and_then(|ledger| {
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
    // What is left behind a damaged log must do, too, before anything is written to it.
    let (found, left) = (look(config, true), look_at(config, true, &|| false));
    for damage in found.damages.into_iter().chain(left.damages) {
        match damage {
            Damage::Loss(sentence) if lost.contains(&sentence) => {}
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
    let details = serde_json::json!({ "lost": lost.len(), "scored": scored.raw() });
    // Recorded first: if what follows is cut short, the folder is refused still, and it is asked for once more.
    recorder(config, Arc::clone(&ledger) as _, clock).record(
        actor,
        Action::LossAccepted,
        None,
        None,
        &details,
    )?;
    // What was scored is not forgotten, and no event gets the place of one that is lost.
    SqliteEvents::go_on_after(&config.data.join(EVENTS), scored)?;
    ledger.empty_log()?;
    Ok(lost)
}

#[cfg(test)]
mod tests;
