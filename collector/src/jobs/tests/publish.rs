//! Tests of publishing. Invariant: whenever it is stopped, whatever streams in and whatever people do meanwhile, a
//! published model leaves the ledger as if it had scored the site from the beginning, and until then nothing of it
//! is seen.

use super::*;
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Action, Actor, Role, Site, Stage};
use crate::jobs::Sweep;
use crate::jobs::models::LiveModels;
use crate::jobs::publish::{Publisher, Step};
use crate::jobs::replay::Go;
use crate::jobs::stages::{Asked, Stages};
use crate::storage::sqlite::{SqliteEvents, SqliteLedger};
use crate::storage::{AuditQuery, Changes, Ledger, Publication, PublicationState};
use tempfile::TempDir;

pub(super) const SITE: SiteNo = SiteNo::new(1);

/// A log and a ledger of either kind, by a clock.
pub(super) struct Place {
    pub(super) events: Arc<dyn EventStore>,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) clock: Clock,
    folder: Option<TempDir>,
}

impl Place {
    pub(super) fn in_memory() -> Self {
        let (events, ledger) = (MemoryEvents::default(), MemoryLedger::default());
        sites(&ledger);
        Self {
            events: Arc::new(events),
            ledger: Arc::new(ledger),
            clock: Clock::fixed(morning()),
            folder: None,
        }
    }

    pub(super) fn on_disk() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let events = SqliteEvents::open(&folder.path().join("events.db")).expect("opens");
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).expect("opens");
        sites(&ledger);
        Self {
            events: Arc::new(events),
            ledger: Arc::new(ledger),
            clock: Clock::fixed(morning()),
            folder: Some(folder),
        }
    }

    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.as_ref().expect("it is on disk").path()
    }

    pub(super) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder().join(name)
    }

    pub(super) fn append(&self, events: &[Event]) {
        let events = events.iter().map(|event| (event.clone(), Date::from_days(0))).collect();
        let appended = self.events.append(Batch { events, tallies: Vec::new() });
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(appended).expect("appends");
    }

    /// As a process that has just been started scores what there is.
    pub(super) fn score(&self, base: &str) {
        let scored = Scorer::new(self.events.clone(), self.ledger.clone(), model(base)).catch_up();
        scored.expect("scores");
    }

    pub(super) fn sweep(&self, base: &str) {
        let (events, ledger) = (self.events.clone(), self.ledger.clone());
        let sweep = Sweep::new(events, ledger, model(base), self.clock.clone());
        while sweep.round().expect("sweeps") > 0 {}
    }

    /// Begins with what people said of leads that are yet to come.
    pub(super) fn begin(&self, base: &str, people: Vec<Transition>) {
        let begins = *model(base).hash();
        self.ledger.restart(begins).expect("begins");
        let generation = self.ledger.generation().expect("reads");
        let said = Changes { transitions: people, generation, ..Changes::default() };
        self.ledger.commit(Cursor::default(), Cursor::default(), &said).expect("commits");
        self.ledger.restart(begins).expect("begins");
    }

    /// What sales says of a lead now, if it may.
    pub(super) fn say(&self, number: u8, to: Stage) {
        let asked = Asked { to, seen: None, reason: Text::clean(""), at: None, amount: None };
        let (owner, site) = (Actor::account(Role::Owner), self.site());
        // Refused where it is no legal change.
        let _ = self.stages(MODEL).change(&owner, &site, lead_key(number), &asked).expect("judges");
    }

    pub(super) fn recorder(&self) -> Arc<Recorder> {
        Arc::new(Recorder::new(self.ledger.clone(), self.clock.clone(), None))
    }

    pub(super) fn publisher(&self, base: &str) -> Publisher {
        let (events, ledger) = (self.events.clone(), self.ledger.clone());
        let models = LiveModels::from(model(base));
        Publisher::new(events, ledger, models, self.recorder(), self.clock.clone())
    }

    pub(super) fn stages(&self, base: &str) -> Stages {
        let (events, ledger) = (self.events.clone(), self.ledger.clone());
        Stages::new(events, ledger, model(base), self.recorder(), self.clock.clone())
    }

    pub(super) fn site(&self) -> Site {
        self.ledger.sites().expect("reads").into_iter().find(|site| site.no == SITE).expect("is there")
    }

    /// Asks for a model to be published.
    pub(super) fn ask(&self, text: &str, announce: bool) -> Publication {
        let (publisher, actor, site) = (self.publisher(MODEL), Actor::account(Role::Owner), self.site());
        let drafted = publisher.draft(&actor, &site, text).expect("keeps").expect("is a model");
        let asked = publisher.ask(&actor, &site, drafted.0.model.hash, announce).expect("asks");
        asked.expect("may be published")
    }

    fn entries(&self, action: Action) -> u64 {
        let query = AuditQuery { action: Some(action), limit: 9, ..AuditQuery::default() };
        self.ledger.entries(&query).expect("reads").total
    }

    pub(super) fn of_site(&self) -> Snapshot {
        of_site(self.ledger.as_ref())
    }
}

/// What follows from site 1's events; changes of stage in an order of their own, for those of one moment may come in
/// another.
pub(super) fn of_site(ledger: &dyn Ledger) -> Snapshot {
    let mut seen = snapshot(ledger);
    let first = seen.leads.iter().zip(seen.transitions).filter(|(lead, _)| lead.site == SITE);
    (seen.leads, seen.transitions) = first.map(|(lead, transitions)| (lead.clone(), transitions)).unzip();
    for transitions in &mut seen.transitions {
        transitions
            .sort_by_key(|change| (change.at, change.from.code(), change.to.code(), change.reason.clone()));
    }
    seen.reports.truncate(seen.reports.len() / 3);
    Snapshot { cursor: None, ..seen }
}

/// In memory and on disk.
pub(super) fn both(test: impl Fn(&Place)) {
    for place in [Place::in_memory(), Place::on_disk()] {
        test(&place);
    }
}

pub(super) fn newest(events: &[Event]) -> Timestamp {
    events.iter().map(|event| event.at).max().unwrap_or(morning())
}

/// Works until there is nothing to do; the process is killed at the looks that the plan names.
pub(super) fn work(place: &Place, mut kills: Vec<usize>) -> Option<Step> {
    let mut done = None;
    loop {
        let (mut looks, kill) = (0, kills.pop());
        let watch = &mut |_: &Publication, _| {
            looks += 1;
            if Some(looks) == kill { Go::Stop } else { Go::On }
        };
        // Another process each time.
        match place.publisher(MODEL).step(watch).expect("works") {
            Step::Idle => return done,
            Step::Stopped => {}
            step => done = Some(step),
        }
    }
}

/// A site of which these events alone ever came, scored by this model from the beginning, with what people said of
/// leads.
pub(super) fn undisturbed(
    place: Place,
    text: &str,
    log: &[Event],
    people: Vec<Transition>,
    end: Timestamp,
) -> Place {
    place.begin(text, people);
    place.append(log);
    place.score(text);
    place.clock.set(end);
    place.sweep(text);
    place
}

fn said(place: &Place) -> Vec<Transition> {
    place.of_site().transitions.into_iter().flatten().filter(Transition::by_people).collect()
}

fn check(
    place: &Place,
    whole: Place,
    log: &[Event],
    (cut, next): (usize, usize),
    kills: Vec<usize>,
    (lead, stage): (u8, Stage),
) -> Result<(), TestCaseError> {
    let (before, rest) = log.split_at(cut.min(log.len()));
    let (meanwhile, after) = rest.split_at(next.min(rest.len()));
    let end = newest(log).plus_days(3);
    place.append(before);
    place.clock.set(newest(before));
    place.score(MODEL);
    place.say(lead, stage);
    let asked = place.ask(OTHER, false);
    // Half of it is done; then more comes in, by the model of then, and sales says something.
    let stopped = place.publisher(MODEL).step(&mut |_, _| Go::Stop).expect("begins");
    prop_assert_eq!(stopped, Step::Stopped);
    place.append(meanwhile);
    place.clock.set(newest(before).max(newest(meanwhile)));
    let seen = {
        place.score(MODEL);
        place.say(lead, Stage::Customer);
        place.of_site()
    };
    let mut looked = false;
    let _ = place.publisher(MODEL).step(&mut |_, _| {
        looked = true;
        Go::Stop
    });
    prop_assert!(looked);
    prop_assert_eq!(place.of_site(), seen, "nothing of it is seen before it is done");
    let done = work(place, kills);
    prop_assert!(matches!(done, Some(Step::Done(..))), "{done:?}");
    let now = place.ledger.publication(asked.id).expect("reads").expect("is there");
    prop_assert_eq!(now.state, PublicationState::Done);
    prop_assert!(place.ledger.shadows().expect("lists").is_empty());
    prop_assert_eq!(place.entries(Action::ModelPublished), 1);
    place.append(after);
    place.score(MODEL);
    place.clock.set(end);
    place.sweep(MODEL);
    let whole = undisturbed(whole, OTHER, log, said(place), end);
    prop_assert_eq!(place.of_site(), whole.of_site());
    Ok(())
}

fn step_of_sales() -> impl Strategy<Value = (u8, Stage)> {
    (16..19_u8, prop::sample::select(vec![Stage::Sal, Stage::Mql, Stage::Disqualified, Stage::Lost]))
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn in_memory_it_is_as_if_it_had_always_been(
        log in log(0),
        cuts in (0..60_usize, 0..60_usize),
        kills in prop::collection::vec(1..5_usize, 0..4),
        sales in step_of_sales(),
    ) {
        check(&Place::in_memory(), Place::in_memory(), &log, cuts, kills, sales)?;
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn on_disk_it_is_as_if_it_had_always_been(
        log in log(0),
        cuts in (0..60_usize, 0..60_usize),
        kills in prop::collection::vec(1..5_usize, 0..4),
        sales in step_of_sales(),
    ) {
        check(&Place::on_disk(), Place::on_disk(), &log, cuts, kills, sales)?;
    }
}

/// Counts of days that are counted for good stay as a restart by the same model leaves them.
fn check_for_good(places: [&Place; 2], log: &[Event], day: i64) -> Result<(), TestCaseError> {
    for place in places {
        place.append(log);
        place.clock.set(newest(log));
        place.score(MODEL);
        let first = place.site().zone.date(morning().plus_days(day));
        place.ledger.count_for_good(SITE, first).expect("sets");
    }
    let [published, restarted] = places;
    published.ask(OTHER, false);
    prop_assert!(matches!(work(published, Vec::new()), Some(Step::Done(..))));
    restarted.score(OTHER);
    restarted.sweep(OTHER);
    published.sweep(MODEL);
    prop_assert_eq!(published.of_site(), restarted.of_site());
    Ok(())
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn what_is_counted_for_good_stays(log in log(0), day in 0..4_i64) {
        check_for_good([&Place::in_memory(), &Place::in_memory()], &log, day)?;
        check_for_good([&Place::on_disk(), &Place::on_disk()], &log, day)?;
    }
}
