//! A simulation against publishing on a copy. Invariant: every lead of the copy, its stage, its score, when it
//! became an MQL and each of its changes, is as the simulation's shadow had it; and no byte of the live ledger moved.
//!
//! The million: `cargo test --release -p mqlite --lib app::simulation -- --ignored --nocapture`

#![expect(clippy::print_stdout, reason = "figures are what the million is run for")]

use super::*;
use crate::app::EVENTS;
use crate::demo;
use crate::domain::{Actor, Cursor, Event, LeadKey, Role, Site, Stage, Text, Timestamp};
use crate::jobs::Sweep;
use crate::jobs::score::Scorer;
use crate::jobs::simulate::{Asked, Report, Simulated};
use crate::jobs::stages::{Asked as Said, Stages};
use crate::leads::{Lead, Transition};
use crate::scoring::{DEFAULT_MODEL, Model};
use crate::storage::sqlite::{SqliteEvents, SqliteLedger};
use crate::storage::{Attribution, Batch, LeadQuery, Shadows, Sites};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::time::Instant;

/// What a data folder has that scoring is about.
struct Data {
    folder: PathBuf,
    events: Arc<SqliteEvents>,
    ledger: Arc<SqliteLedger>,
    clock: Clock,
}

impl Data {
    fn open(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            events: Arc::new(SqliteEvents::open(&folder.join(EVENTS)).expect("opens")),
            ledger: Arc::new(SqliteLedger::open(&folder.join(LEDGER)).expect("opens")),
            clock: Clock::fixed(now()),
        }
    }

    fn score(&self, model: &Arc<Model>) {
        let mut scorer = Scorer::new(self.events.clone(), self.ledger.clone(), Arc::clone(model));
        scorer.catch_up().expect("scores");
        let (events, ledger) = (self.events.clone(), self.ledger.clone());
        let sweep = Sweep::new(events, ledger, Arc::clone(model), self.clock.clone());
        while sweep.round().expect("sweeps") > 0 {}
    }

    fn site(&self) -> Site {
        self.ledger.sites().expect("reads").remove(0)
    }

    /// A copy as a backup makes one, of everything that is committed.
    fn copy(&self, to: &Path) -> Self {
        self.digest();
        self.events.settle().expect("settles");
        for name in [EVENTS, LEDGER] {
            std::fs::copy(self.folder.join(name), to.join(name)).expect("copies");
        }
        Self::open(to)
    }

    /// Of every byte of the ledger.
    fn digest(&self) -> [u8; 32] {
        Ledger::settle(self.ledger.as_ref()).expect("settles");
        Sha256::digest(std::fs::read(self.folder.join(LEDGER)).expect("reads")).into()
    }
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22T12:00:00Z").expect("valid")
}

fn model(text: &str) -> Arc<Model> {
    Arc::new(Model::parse(text).expect("valid"))
}

/// A case study is worth more and a request for a demo less: some enter and some leave.
fn draft() -> Arc<Model> {
    let text = DEFAULT_MODEL.replacen("points = 15  ", "points = 40  ", 1).replacen(
        "points = 35  ",
        "points = 15  ",
        1,
    );
    assert_eq!(model(DEFAULT_MODEL).changes_to(&model(&text)).len(), 2);
    model(&text)
}

/// The demo's events, at most so many, scored by the default model; sales closed every third lead.
fn generated(folder: &Path, scale: u32, most: usize) -> Data {
    let data = Data::open(folder);
    let site = demo::add_site(data.ledger.as_ref()).expect("adds");
    if most == usize::MAX {
        demo::generate(data.events.as_ref(), &site, now(), scale).expect("generates");
    } else {
        let log = crate::storage::memory::MemoryEvents::default();
        demo::generate(&log, &site, now(), scale).expect("generates");
        let events = log.scan(Cursor::default(), most).expect("reads");
        let events: Vec<Event> = events.into_iter().map(|logged| logged.event).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for run in events.chunks(2_000) {
            let dated = run.iter().map(|event| (event.clone(), site.zone.date(event.at))).collect();
            let batch = Batch { events: dated, tallies: Vec::new() };
            runtime.block_on(data.events.append(batch)).expect("appends");
        }
    }
    data.score(&model(DEFAULT_MODEL));
    let ledger: Arc<dyn Ledger> = data.ledger.clone();
    let audit = Arc::new(Recorder::new(Arc::clone(&ledger), data.clock.clone(), None));
    let stages = Stages::new(data.events.clone(), ledger, model(DEFAULT_MODEL), audit, data.clock.clone());
    for (n, lead) in leads(data.ledger.as_ref(), &site).into_values().enumerate().filter(|(n, _)| n % 3 == 0)
    {
        let at = (lead.stage_at.max(lead.known_at).plus_days(6)).min(now());
        let wins = (n / 3) % if lead.qualified.is_some() { 2 } else { 7 } == 0;
        let said = Said {
            to: if wins { Stage::Customer } else { Stage::Disqualified },
            seen: None,
            reason: Text::clean("as sales said"),
            at: Some(at),
            amount: None,
        };
        let actor = Actor::account(Role::Owner);
        let made = stages.change(&actor, &site, lead.key, &said).expect("stores");
        assert!(made.is_ok() || lead.stage == Stage::Disqualified, "{made:?}");
    }
    data
}

fn leads(ledger: &dyn Ledger, site: &Site) -> BTreeMap<LeadKey, Lead> {
    let query = LeadQuery {
        site: site.no,
        mqls: false,
        stage: None,
        from: None,
        before: None,
        channel: None,
        attribution: Attribution::First,
        limit: usize::MAX - 1,
        after: None,
    };
    let leads = ledger.leads(&query).expect("lists").leads;
    leads.into_iter().map(|lead| (lead.key, lead)).collect()
}

/// Stage, score, first MQL, and changes.
fn standing(ledger: &dyn Ledger, site: &Site) -> BTreeMap<LeadKey, (Lead, Vec<Transition>)> {
    let with = |(key, lead)| (key, (lead, ledger.transitions(site.no, key).expect("reads")));
    leads(ledger, site).into_iter().map(with).collect()
}

fn simulation_equals_publishing_on_a_copy(scale: u32, most: usize) -> Report {
    let (here, there) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let data = generated(here.path(), scale, most);
    let site = data.site();
    let before = data.digest();
    let (events, ledger): (Arc<dyn EventStore>, Arc<dyn Ledger>) = (data.events.clone(), data.ledger.clone());
    let asked =
        Asked { site: site.clone(), draft: draft(), live: model(DEFAULT_MODEL), from: None, to: None };
    let began = Instant::now();
    let mut told = Vec::new();
    let goes_on = &mut |done, total| {
        if done * 20 / total > told.last().map_or(0, |last| *last * 20 / total) || done == total {
            let took = began.elapsed().as_secs_f64();
            println!(
                "{done} of {total} events, {:.0} a second",
                f64::from(u32::try_from(done).expect("few")) / took
            );
            told.push(done);
        }
        true
    };
    let simulated = Simulated::score(&events, &ledger, &data.clock, asked, goes_on).expect("runs");
    let simulated = simulated.expect("is not stopped");
    let scored = began.elapsed();
    let report = simulated.report().expect("counts");
    println!("scored in {scored:.2?}, counted after {:.2?}", began.elapsed());
    assert!(told.is_sorted() && *told.last().expect("told") == report.events);
    let shadow = standing(simulated.shadow(), &site);
    drop(simulated);
    assert_eq!(data.digest(), before, "not a byte of the ledger moved");
    assert!(data.ledger.shadows().expect("lists").is_empty());

    let began = Instant::now();
    let copy = data.copy(there.path());
    copy.score(&draft());
    println!("published on a copy in {:.2?}", began.elapsed());
    let published = standing(copy.ledger.as_ref(), &site);
    assert_eq!(shadow.len(), published.len());
    for (key, (lead, changes)) in &published {
        let (shadowed, made) = &shadow[key];
        assert_eq!(shadowed.stage, lead.stage);
        assert_eq!((shadowed, made), (lead, changes));
    }
    let mqls = published.values().filter(|(lead, _)| lead.qualified.is_some()).count() as u64;
    assert_eq!(report.mqls.counts.draft, mqls);
    assert!(report.mqls.counts.entering > 0 && report.mqls.counts.leaving > 0, "{:?}", report.mqls.counts);
    let closed = published.values().filter(|(_, changes)| crate::leads::outcome::closed(changes).is_some());
    assert_eq!(report.outcomes.closed, closed.count() as u64);
    println!("{} leads, {:?}, {:?}", published.len(), report.mqls.counts, report.outcomes);
    report
}

#[test]
fn a_simulation_equals_publishing_on_a_copy() {
    let report = simulation_equals_publishing_on_a_copy(1, 12_000);
    assert_eq!(report.events, 12_000);
}

#[test]
#[ignore = "a million events: for a release build"]
fn a_simulation_of_a_million_events_equals_publishing_on_a_copy() {
    let report = simulation_equals_publishing_on_a_copy(31, usize::MAX);
    assert!(report.events >= 1_000_000, "{}", report.events);
}

#[test]
fn one_turn_at_a_time_and_what_was_left_is_removed_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = Data::open(folder.path());
    let shadows = || data.ledger.shadows().expect("lists");
    data.ledger.open_shadow(crate::jobs::simulate::SHADOW).expect("opens");
    let claim = claim(folder.path());
    let held = claim().expect("a file").expect("is free");
    assert!(claim().expect("a file").is_none());
    clear_left(folder.path(), data.ledger.as_ref()).expect("clears");
    assert_eq!(shadows(), ["simulation"], "its own runs");
    drop(held);
    clear_left(folder.path(), data.ledger.as_ref()).expect("clears");
    assert_eq!(shadows(), [""; 0]);
}
