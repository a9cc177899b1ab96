//! Runs a simulation. Invariant: it writes nothing but its shadow, and removes that however it ends; one that was
//! killed is removed before the next begins.

use super::count::Period;
use super::facts::Facts;
use super::report::Report;
use super::watcher::Watcher;
use crate::clock::Clock;
use crate::domain::{Cursor, Date, Invalid, LeadKey, Site, SiteNo, Stage, Timestamp};
use crate::jobs::replay::{Done, Go, Progress, Replay};
use crate::leads::Lead;
use crate::scoring::Model;
use crate::storage::{Attribution, EventStore, LeadQuery, Ledger, Mark, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The shadow that simulations score in.
pub const SHADOW: &str = "simulation";
/// Leads of one page.
const PAGE: usize = 1_000;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The site.
    pub site: Site,
    /// The model to try.
    pub draft: Arc<Model>,
    /// The model that its leads are scored by.
    pub live: Arc<Model>,
    /// The first day to count; without it the first on which there is anything to count.
    pub from: Option<Date>,
    /// The last day, included; without it today.
    pub to: Option<Date>,
}

/// Days that a period may have when its first is named.
pub const DAYS_MAX: i32 = 3_660;

/// Whether somebody may ask for these days; `today` is the last when they name none.
///
/// # Errors
/// Says what would be right.
pub fn check(from: Option<Date>, to: Option<Date>, today: Date) -> Result<(), Invalid> {
    let to = to.unwrap_or(today);
    if from.is_some_and(|from| from > to || to.days() - from.days() >= DAYS_MAX) {
        return Err(Invalid::new(format!("a day up to {to}, at most {DAYS_MAX} days before it")));
    }
    Ok(())
}

/// Removes what a simulation that was killed left behind.
///
/// # Errors
/// When storage fails.
pub fn clear(ledger: &dyn Ledger) -> Result<(), StoreError> {
    ledger.discard_shadow(SHADOW)
}

/// Removes the shadow, however it ends.
struct Clearing(Arc<dyn Ledger>);

impl Drop for Clearing {
    fn drop(&mut self) {
        if let Err(error) = clear(self.0.as_ref()) {
            tracing::warn!("what a simulation wrote could not be removed; the next one removes it: {error}");
        }
    }
}

/// A simulation that has scored all events; its shadow is there as long as it is.
pub struct Simulated {
    // Closed before it is removed.
    replay: Replay,
    _clearing: Clearing,
    watcher: Watcher,
    ledger: Arc<dyn Ledger>,
    asked: Asked,
    until: Timestamp,
    events: u64,
}

/// Scores all events of the site by the draft and compares. `goes_on` is told how many places of the log are done,
/// of how many, and stops it by answering no: then there is no report. No other simulation may run on the ledger.
///
/// # Errors
/// When storage fails.
pub fn run(
    events: &Arc<dyn EventStore>,
    ledger: &Arc<dyn Ledger>,
    clock: &Clock,
    asked: Asked,
    goes_on: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Option<Report>, StoreError> {
    let simulated = Simulated::score(events, ledger, clock, asked, goes_on)?;
    simulated.map(|simulated| simulated.report()).transpose()
}

impl Simulated {
    /// Scores all events; as [`run`].
    ///
    /// # Errors
    /// When storage fails.
    pub fn score(
        events: &Arc<dyn EventStore>,
        ledger: &Arc<dyn Ledger>,
        clock: &Clock,
        asked: Asked,
        goes_on: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<Option<Self>, StoreError> {
        clear(ledger.as_ref())?;
        let _clearing = Clearing(Arc::clone(ledger));
        let until = clock.now();
        let people = ledger.seed(asked.site.no, Mark::default())?.people;
        let mut watcher = Watcher::new(&asked.draft, people);
        let (log, live, draft) = (Arc::clone(events), Arc::clone(ledger), Arc::clone(&asked.draft));
        let mut replay = Replay::open(log, live, SHADOW, asked.site.no, draft)?;
        let place = |cursor: Cursor| u64::try_from(cursor.raw()).unwrap_or(0);
        let mut total = 0;
        let mut watch = |progress: Progress| {
            total = place(progress.total);
            if goes_on(place(progress.done), total) { Go::On } else { Go::Stop }
        };
        if replay.catch_up(&mut watch, &mut watcher)? == Done::Stopped || !goes_on(total, total) {
            return Ok(None);
        }
        replay.settle(clock, &mut watcher)?;
        let ledger = Arc::clone(ledger);
        Ok(Some(Self { replay, _clearing, watcher, ledger, asked, until, events: total }))
    }

    /// The ledger that the draft made.
    pub fn shadow(&self) -> &dyn Ledger {
        self.replay.shadow().as_ref()
    }

    /// The facts of all leads of the site that may be looked at, under both models.
    ///
    /// # Errors
    /// When storage fails.
    pub fn facts(&self) -> Result<Vec<Facts>, StoreError> {
        let site = self.asked.site.no;
        let (live, draft) = (leads(self.ledger.as_ref(), site)?, leads(self.shadow(), site)?);
        let keys: BTreeSet<&LeadKey> = live.keys().chain(draft.keys()).collect();
        // Who became known since then was not in the replay.
        let known = |lead: &Facts| lead.known_at <= self.until;
        let facts = keys.into_iter().filter_map(|key| self.watcher.facts(live.get(key), draft.get(key)));
        Ok(facts.filter(known).collect())
    }

    /// What comes of it.
    ///
    /// # Errors
    /// When storage fails.
    pub fn report(&self) -> Result<Report, StoreError> {
        let Asked { site, draft, live, .. } = &self.asked;
        let leads = self.facts()?;
        let period = period(&self.asked, &leads, self.until);
        let why = |lead: &Facts, enters: bool| self.why(lead, enters);
        Report::of(site, &period, (draft, live), self.watcher.scored(), self.events, &leads, &why)
    }

    /// Why a lead is an MQL by the draft, or what it lacks.
    fn why(&self, lead: &Facts, enters: bool) -> Result<String, StoreError> {
        let site = &self.asked.site;
        if enters {
            let changes = self.shadow().transitions(site.no, lead.key)?;
            let first = changes.into_iter().find(|change| change.to == Stage::Mql);
            return Ok(first.map(|change| change.reason).unwrap_or_default());
        }
        if let Some(draft) = lead.draft {
            let day = site.zone.date(draft.at);
            return Ok(format!("an MQL by the draft, too, but on {day}, out of the period"));
        }
        Ok(match self.watcher.best(lead.key) {
            None => "the events that made it an MQL are past their time".to_owned(),
            Some(best) if best.missing.is_empty() => {
                "its score is enough, but it did not stand where the score decides".to_owned()
            }
            Some(best) => format!("at its best, on {}: {}", site.zone.date(best.at), best.missing.join(" ")),
        })
    }
}

/// What was asked for, as far as there can be anything: up to today, and no more days than are counted one by one.
fn period(asked: &Asked, leads: &[Facts], until: Timestamp) -> Period {
    let zone = asked.site.zone.clone();
    let today = zone.date(until);
    let to = asked.to.unwrap_or(today).min(today);
    let first = || leads.iter().map(|lead| zone.date(lead.first_at())).min();
    let from = asked.from.or_else(first).unwrap_or(to).min(to).max(to.plus(-DAYS_MAX));
    Period { from, to, zone, until }
}

fn leads(ledger: &dyn Ledger, site: SiteNo) -> Result<BTreeMap<LeadKey, Lead>, StoreError> {
    let mut query = LeadQuery {
        site,
        mqls: false,
        stage: None,
        from: None,
        before: None,
        channel: None,
        attribution: Attribution::First,
        limit: PAGE,
        after: None,
    };
    let mut leads = BTreeMap::new();
    loop {
        let page = ledger.leads(&query)?;
        leads.extend(page.leads.into_iter().map(|lead| (lead.key, lead)));
        query.after = page.next;
        if query.after.is_none() {
            return Ok(leads);
        }
    }
}
