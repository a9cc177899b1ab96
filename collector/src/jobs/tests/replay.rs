//! Tests of the replay. Invariant: a shadow ends as the ledger of a scorer that had its model from the beginning,
//! whenever it is stopped, reopened, or has to begin anew; and the live ledger knows nothing of it.

use super::*;
use crate::domain::{Act, Action, Actor, Role, Stage};
use crate::jobs::models::{Current, LiveModels};
use crate::jobs::replay::{Done, Go, Observer, Replay, unwatched};
use crate::leads::Transition;
use crate::scoring::Evaluation;
use crate::storage::{
    Changes, EraseEvents, ModelVersion, Models, Remade, Rights, Shadows, StoreError, TakeBack,
};

const SITE: SiteNo = SiteNo::new(1);

fn replay(world: &World, name: &str) -> Replay {
    Replay::open(world.events.clone(), world.ledger.clone(), name, SITE, model(OTHER)).expect("opens")
}

/// What follows from site 1, without the cursor: a replay ends where the live scorer is, also when the last events
/// are of other sites.
fn of_site(ledger: &dyn Ledger) -> Snapshot {
    let mut seen = snapshot(ledger);
    let first = seen.leads.iter().zip(seen.transitions).filter(|(lead, _)| lead.site == SITE);
    (seen.leads, seen.transitions) = first.map(|(lead, transitions)| (lead.clone(), transitions)).unzip();
    seen.reports.truncate(seen.reports.len() / 3);
    Snapshot { cursor: None, ..seen }
}

/// A world scored by the other model from the beginning.
fn by_other(log: &[Event]) -> World {
    let world = World::new();
    world.append(log);
    world.score(OTHER);
    world
}

/// Counts what it sees.
#[derive(Default)]
struct Seen {
    begun: usize,
    scores: usize,
}

impl Observer for Seen {
    fn begun(&mut self) {
        *self = Self { begun: self.begun + 1, scores: 0 };
    }

    fn evaluated(&mut self, lead: &Lead, at: Timestamp, evaluation: &Evaluation) {
        assert!(evaluation.as_of >= at && lead.site == SITE);
        self.scores += 1;
    }
}

fn people(lead: u8, at: Timestamp, to: Stage) -> Transition {
    Transition {
        lead: lead_key(16 + lead),
        site: SITE,
        at,
        from: Stage::Lead,
        to,
        reason: "as sales said".to_owned(),
        actor: Actor::account(Role::Owner),
        amount: None,
        score: crate::domain::Score::default(),
        model: *model(MODEL).hash(),
        lines: "[]".to_owned(),
        rules: Vec::new(),
    }
}

fn say(world: &World, change: Transition) {
    let (from, _) = world.ledger.progress().expect("reads").expect("begun");
    let generation = world.ledger.generation().expect("reads");
    let changes = Changes { transitions: vec![change], generation, ..Changes::default() };
    world.ledger.commit(from, from, &changes).expect("commits");
}

fn erase(world: &World, key: LeadKey) {
    world
        .events
        .erase_person(&EraseEvents { lead: key, consented_only: false, unproven: false, dry_run: false })
        .expect("erases");
    let site = world.ledger.sites().expect("reads").remove(0);
    let order = TakeBack {
        site: &site,
        lead: key,
        visitors: Vec::new(),
        withdrawn: None,
        verified: false,
        dry_run: false,
    };
    let act = Act {
        at: minute(0),
        actor: Actor::collector(),
        action: Action::PersonErased,
        site: None,
        subject: None,
        details: "{}".to_owned(),
    };
    world.ledger.take_back(&order, &|_| Ok(Remade::default()), &|_| act.clone()).expect("takes back");
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_shadow_is_what_a_scorer_would_have_made(log in log(720), cut in 0..60_usize) {
        let world = World::new();
        let (before, after) = log.split_at(cut.min(log.len()));
        world.append(before);
        world.score(MODEL);
        let live = world.snapshot();
        let mut seen = Seen::default();
        let done = replay(&world, "a").catch_up(&mut |_| Go::On, &mut seen).expect("replays");
        prop_assert!(matches!(done, Done::CaughtUp(..)));
        prop_assert_eq!(world.snapshot(), live, "the live ledger is as it was");
        prop_assert_eq!(seen.begun, 1);
        // Reopened, it goes on where it was.
        world.append(after);
        world.score(MODEL);
        let mut again = replay(&world, "a");
        let mut more = Seen::default();
        again.catch_up(&mut |_| Go::On, &mut more).expect("replays");
        prop_assert_eq!(more.begun, 0);
        prop_assert_eq!(of_site(again.shadow().as_ref()), of_site(by_other(&log).ledger.as_ref()));
    }

    /// People change leads while the replay goes on; it ends as if they had before.
    #[test]
    fn what_people_do_meanwhile_is_in_it(log in log(0), lead in 0..3_u8, at in 0..4_320_i64, cut in 0..60_usize) {
        let change = people(lead, minute(at), Stage::Sal);
        let world = World::new();
        let (before, after) = log.split_at(cut.min(log.len()));
        world.append(before);
        world.score(MODEL);
        unwatched(&mut replay(&world, "a")).expect("replays");
        // Whoever says so now speaks of a moment after all that is scored.
        let late = before.iter().map(|event| event.at).max().is_none_or(|newest| newest <= change.at);
        prop_assume!(late);
        say(&world, change.clone());
        world.append(after);
        world.score(MODEL);
        let mut replayed = replay(&world, "a");
        unwatched(&mut replayed).expect("replays");
        let whole = World::new();
        say_first(&whole, &change);
        whole.append(&log);
        whole.score(OTHER);
        prop_assert_eq!(of_site(replayed.shadow().as_ref()), of_site(whole.ledger.as_ref()));
    }

    #[test]
    fn who_is_erased_meanwhile_is_not_in_it(log in log(0), gone in 0..3_u8) {
        let world = World::new();
        world.append(&log);
        world.score(MODEL);
        unwatched(&mut replay(&world, "a")).expect("replays");
        let key = lead_key(16 + gone);
        erase(&world, key);
        let mut seen = Seen::default();
        let mut replayed = replay(&world, "a");
        replayed.catch_up(&mut |_| Go::On, &mut seen).expect("replays");
        prop_assert_eq!(seen.begun, 1, "from the beginning");
        prop_assert!(replayed.shadow().lead(SITE, key).expect("reads").is_none());
        let rest: Vec<Event> = world
            .events
            .scan(Cursor::default(), 1_000)
            .expect("scans")
            .into_iter()
            .map(|logged| logged.event)
            .collect();
        prop_assert_eq!(of_site(replayed.shadow().as_ref()), of_site(by_other(&rest).ledger.as_ref()));
    }
}

/// As a restart leaves what people said: pending, before any event is scored.
fn say_first(world: &World, change: &Transition) {
    world.ledger.restart(*model(OTHER).hash()).expect("restarts");
    say(world, change.clone());
    world.ledger.restart(*model(OTHER).hash()).expect("restarts");
}

#[test]
fn stopped_it_goes_on() {
    let log: Vec<Event> = (0..2_500)
        .map(|n| {
            known(17 + u8::try_from(n % 5).expect("few"), event("pageview", &format!("/{n}"), minute(n)))
        })
        .collect();
    let world = World::new();
    world.append(&numbered(log.clone()));
    world.score(MODEL);
    let mut looks = 0;
    let mut stop = |progress: crate::jobs::replay::Progress| {
        looks += 1;
        assert_eq!(progress.total.raw(), 2_500);
        if progress.done.raw() >= 1_000 { Go::Stop } else { Go::On }
    };
    let mut seen = Seen::default();
    let mut first = replay(&world, "a");
    assert_eq!(first.catch_up(&mut stop, &mut seen).expect("replays"), Done::Stopped);
    assert_eq!(first.shadow().progress().expect("reads").map(|(cursor, _)| cursor.raw()), Some(1_000));
    drop(first);
    let mut second = replay(&world, "a");
    unwatched(&mut second).expect("goes on");
    assert_eq!(of_site(second.shadow().as_ref()), of_site(by_other(&numbered(log)).ledger.as_ref()));
    second.discard().expect("discards");
    assert!(world.ledger.shadows().expect("lists").is_empty());
}

#[test]
fn a_shadow_of_another_model_is_begun_anew() {
    let world = World::after(vec![known(17, event("demo_request", "/", minute(0)))]);
    let mut first =
        Replay::open(world.events.clone(), world.ledger.clone(), "a", SITE, model(MODEL)).expect("opens");
    unwatched(&mut first).expect("replays");
    let mut second = replay(&world, "a");
    let mut seen = Seen::default();
    second.catch_up(&mut |_| Go::On, &mut seen).expect("replays");
    assert_eq!((seen.begun, seen.scores), (1, 1));
    assert_eq!(second.shadow().progress().expect("reads").map(|(_, hash)| hash), Some(*model(OTHER).hash()));
}

/// A site whose model was published is scored by it, the others by the collector's.
#[test]
fn each_site_is_scored_by_its_own_model() {
    let world = World::new();
    let theirs = model(OTHER);
    let version = ModelVersion {
        site: SITE,
        hash: *theirs.hash(),
        name: theirs.name().to_owned(),
        text: OTHER.to_owned(),
        made_at: minute(0),
        made_by: Actor::account(Role::Owner),
    };
    world.ledger.put_model(&version).expect("puts");
    world.ledger.set_live_model(SITE, version.hash).expect("sets");
    let other_site = |event| Event { site: SiteNo::new(2), visitor: Some(visitor(40)), ..event };
    let log = numbered(vec![
        known(17, event("demo_request", "/", minute(0))),
        known(33, other_site(event("demo_request", "/", minute(1)))),
    ]);
    world.append(&log);
    world.score(MODEL);
    let score = |world: &World, lead| {
        let sites = [1, 2].map(SiteNo::new);
        let found = sites.iter().find_map(|site| world.ledger.lead(*site, lead_key(lead)).expect("reads"));
        found.expect("is there").score
    };
    let by_mine = World::new();
    by_mine.append(&log);
    by_mine.score(MODEL);
    assert_eq!(score(&world, 17), score(&by_other(&log), 17));
    assert_eq!(score(&world, 33), score(&by_mine, 33));
    assert_ne!(score(&by_other(&log), 17), score(&by_mine, 17), "or it would show nothing");
    let models = LiveModels::from(model(MODEL));
    let current: Current = models.current(world.ledger.as_ref()).expect("reads");
    assert_eq!(
        (current.of(SITE).hash(), current.of(SiteNo::new(2)).hash()),
        (theirs.hash(), model(MODEL).hash())
    );
    world.ledger.set_live_model(SiteNo::new(2), *model(MODEL).hash()).expect("sets");
    let missing = models.current(world.ledger.as_ref());
    assert!(
        matches!(missing, Err(StoreError::Unusable(_))),
        "what is live and not there is no silent default"
    );
}
