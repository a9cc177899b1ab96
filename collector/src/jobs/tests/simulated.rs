//! Tests of simulations. Invariant: what is said of any threshold is what a scorer with that threshold makes, and
//! the live ledger knows nothing of it.

use super::*;
use crate::clock::Clock;
use crate::domain::{Actor, Effect, Ended, Override, Points, Role, Site, Stage};
use crate::jobs::replay::{Replay, unwatched};
use crate::jobs::simulate::{Asked, Report, Simulated, run};
use crate::leads::Transition;
use crate::storage::{Changes, Shadows};
use std::collections::BTreeMap;

const SITE: SiteNo = SiteNo::new(1);

/// Each part of the predicate that does not ask for the total, and a disqualifier that passes.
fn draft(threshold: u32) -> String {
    format!(
        r#"
name = "Draft"
[mql]
total_gte = {threshold}
exit_below = 1
cooldown_days = 1
min_engagements = {{ count = 2, within_days = 2 }}
fast_track = ["vip"]
[[group]]
id = "does"
label = "Does"
axis = "engagement"
decay = {{ kind = "step", steps = [{{ after_days = 1, percent = 50 }}] }}
[[group]]
id = "is"
label = "Is"
axis = "fit"
[[rule]]
id = "vip"
label = "Asked at the fair"
group = "does"
event = "demo_request"
path = "/3"
points = 1
[[rule]]
id = "demo"
label = "Demo"
group = "does"
event = "demo_request"
points = 20
[[rule]]
id = "read"
label = "Read"
group = "does"
event = ["engagement", "pageview"]
points = 3
repeat = "every"
[[attribute]]
id = "size"
label = "Size"
group = "is"
attribute = "size"
bands = [{{ gte = 100, points = 9 }}]
[[disqualifier]]
id = "applied"
label = "Applied"
event = "job_application"
window_days = 1
"#
    )
}

fn people() -> impl Strategy<Value = Vec<Transition>> {
    let change = (0..3_u8, 0..4_320_i64, prop::sample::select(Stage::ALL.to_vec()));
    let change = change.prop_map(|(lead, at, to)| Transition {
        lead: lead_key(16 + lead),
        site: SITE,
        at: minute(at),
        from: Stage::Lead,
        to,
        reason: "as sales said".to_owned(),
        actor: Actor::account(Role::Owner),
        amount: None,
        score: crate::domain::Score::default(),
        model: *model(MODEL).hash(),
        lines: "[]".to_owned(),
        rules: Vec::new(),
    });
    prop::collection::vec(change, 0..5).prop_map(|mut changes| {
        changes.sort_by_key(|change| change.at);
        changes
    })
}

type Given = Vec<(LeadKey, SiteNo, Override)>;

/// What people say against scores, also after all that a lead did.
fn given() -> impl Strategy<Value = Given> {
    let effect = prop::sample::select(vec![
        Effect::Engagement(Points::whole(25)),
        Effect::Fit(Points::whole(-9)),
        Effect::Hold,
        Effect::Qualify,
    ]);
    let one = (0..3_u8, effect, 0..6_000_i64, 1..4_000_i64, prop::option::of(1..4_000_i64));
    prop::collection::vec(one, 0..5).prop_map(|list| {
        let one = |(no, (lead, effect, from, lasts, early)): (u32, (u8, Effect, i64, i64, Option<i64>))| {
            let ended = early.filter(|early| *early < lasts && from + early < 7_200);
            let actor = Actor::account(Role::Owner);
            let given = Override {
                no,
                effect,
                from: minute(from).plus_millis(1),
                until: minute(from + lasts).plus_millis(1),
                reason: Text::clean("they called"),
                actor: actor.clone(),
                ended: ended.map(|early| Ended { at: minute(from + early).plus_millis(1), by: actor }),
            };
            (lead_key(16 + lead), SITE, given)
        };
        (1..).zip(list).map(one).collect()
    })
}

/// A world in which that happened and people said so.
fn world(log: &[Event], people: Vec<Transition>, given: Given) -> World {
    let world = World::new();
    world.append(log);
    world.score(MODEL);
    let (at, _) =
        world.ledger.progress().expect("reads").unwrap_or((Cursor::default(), *model(MODEL).hash()));
    let generation = world.ledger.generation().expect("reads");
    let changes = Changes { transitions: people, overrides: given, generation, ..Changes::default() };
    world.ledger.commit(at, at, &changes).expect("commits");
    world
}

fn site(world: &World) -> Site {
    world.ledger.sites().expect("reads").remove(0)
}

fn clock() -> Clock {
    Clock::fixed(minute(5 * 1_440))
}

fn asked(world: &World, draft: &str) -> Asked {
    Asked { site: site(world), draft: model(draft), live: model(MODEL), from: None, to: None }
}

fn simulated(world: &World, draft: &str) -> Simulated {
    let (events, ledger): (Arc<dyn EventStore>, Arc<dyn Ledger>) =
        (world.events.clone(), world.ledger.clone());
    let on = &mut |_, _| true;
    Simulated::score(&events, &ledger, &clock(), asked(world, draft), on)
        .expect("runs")
        .expect("is not stopped")
}

/// When each lead first became an MQL, scored anew by a model.
fn first_mqls(world: &World, text: &str) -> BTreeMap<LeadKey, Option<Timestamp>> {
    let mut replay =
        Replay::open(world.events.clone(), world.ledger.clone(), "other", SITE, model(text)).expect("opens");
    unwatched(&mut replay).expect("replays");
    replay.settle(&clock(), &mut crate::jobs::standing::Unwatched).expect("settles");
    let leads = snapshot(replay.shadow().as_ref()).leads;
    let first = leads.iter().map(|lead| (lead.key, lead.qualified.as_ref().map(|mql| mql.at))).collect();
    replay.discard().expect("discards");
    first
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn the_curve_is_a_replay_with_each_threshold(
        log in log(720),
        people in people(),
        given in given(),
        own in 1..60_u32,
        others in prop::collection::vec(1..80_u32, 1..4),
    ) {
        let world = world(&log, people, given);
        let before = world.snapshot();
        let simulated = simulated(&world, &draft(own));
        let facts = simulated.facts().expect("reads");
        let report = simulated.report().expect("counts");
        drop(simulated);
        prop_assert_eq!(world.snapshot(), before, "the live ledger is as it was");
        prop_assert!(world.ledger.shadows().expect("lists").is_empty());
        for threshold in others.into_iter().chain([own]) {
            let replayed = first_mqls(&world, &draft(threshold));
            let stairs: BTreeMap<LeadKey, Option<Timestamp>> = facts
                .iter()
                .map(|lead| (lead.key, lead.stairs.first_at(Points::whole(i32::try_from(threshold).expect("few")))))
                .collect();
            prop_assert_eq!(&stairs, &replayed, "threshold {}", threshold);
            if threshold == own {
                let draft: BTreeMap<_, _> = facts.iter().map(|lead| (lead.key, lead.draft.map(|mql| mql.at))).collect();
                prop_assert_eq!(&draft, &replayed);
                let mqls = replayed.values().flatten().count() as u64;
                prop_assert_eq!(report.mqls.counts.draft, mqls);
                prop_assert_eq!(report.curve.own().map(|point| point.mqls), Some(mqls));
            }
        }
    }
}

fn reported(world: &World, draft: &str) -> Report {
    let (events, ledger): (Arc<dyn EventStore>, Arc<dyn Ledger>) =
        (world.events.clone(), world.ledger.clone());
    run(&events, &ledger, &clock(), asked(world, draft), &mut |_, _| true)
        .expect("runs")
        .expect("is not stopped")
}

/// Who asked at the fair enters by the draft; who asked for a demo, once, leaves.
#[test]
fn who_enters_and_who_leaves_is_named_with_the_reason() {
    let on = |minutes| minute(minutes);
    let read = |number, minutes| {
        known(number, Event { visitor: Some(visitor(number)), ..event("engagement", "/a", on(minutes)) })
    };
    let ask = |number, path: &str, minutes| {
        known(number, Event { visitor: Some(visitor(number)), ..event("demo_request", path, on(minutes)) })
    };
    let log = numbered(vec![ask(1, "/3", 1), read(2, 2), read(2, 3), read(2, 4), read(2, 5), ask(2, "/", 6)]);
    let world = world(&log, Vec::new(), Vec::new());
    let report = reported(&world, &draft(40));
    assert_eq!((report.mqls.counts.live, report.mqls.counts.draft), (1, 1), "{report:#?}");
    let said: Vec<(LeadKey, &str)> =
        report.entering.iter().chain(&report.leaving).map(|lead| (lead.key, lead.why.as_str())).collect();
    assert_eq!(
        said,
        [
            (lead_key(1), "score 21 and a rule that qualifies at once"),
            (lead_key(2), "at its best, on 2026-11-20: 8 more points: the total is 32, an MQL needs 40."),
        ]
    );
    assert_eq!(
        (report.from.to_string(), report.to.to_string()),
        ("2026-11-20".to_owned(), "2026-11-25".to_owned())
    );
    assert_eq!((report.events, report.leads, report.weeks), (6, 2, 0.8571));
}

#[test]
fn one_that_is_stopped_leaves_nothing_behind() {
    let log: Vec<Event> =
        (0..2_500).map(|n| known(17, event("pageview", &format!("/{n}"), minute(n)))).collect();
    let world = world(&numbered(log), Vec::new(), Vec::new());
    let (events, ledger): (Arc<dyn EventStore>, Arc<dyn Ledger>) =
        (world.events.clone(), world.ledger.clone());
    let mut told = Vec::new();
    let stop = &mut |done, total| {
        told.push((done, total, ledger.shadows().expect("lists").len()));
        done < 1_000
    };
    let report = run(&events, &ledger, &clock(), asked(&world, &draft(40)), stop).expect("runs");
    assert_eq!(report, None);
    assert_eq!(told, [(0, 2_500, 1), (1_000, 2_500, 1)]);
    assert!(world.ledger.shadows().expect("lists").is_empty());
    // What one that was killed left behind is no part of the next.
    let left = ledger.open_shadow(crate::jobs::simulate::SHADOW).expect("opens");
    left.restart(*model(OTHER).hash()).expect("restarts");
    assert_eq!(reported(&world, &draft(40)).mqls.counts.draft, 1);
    assert!(world.ledger.shadows().expect("lists").is_empty());
}

/// With nobody in it, there is still an answer.
#[test]
fn a_site_without_events_has_an_empty_report() {
    let report = reported(&World::after(Vec::new()), &draft(40));
    assert_eq!((report.leads, report.mqls.counts.draft, report.outcomes.closed), (0, 0, 0));
    assert_eq!((report.from, report.outcomes.draft.precision()), (report.to, None));
}

/// A report has a row for each week, so that it has to have an end, and a beginning.
#[test]
fn a_period_without_bounds_is_cut_to_what_can_be() {
    let world = world(&[], Vec::new(), Vec::new());
    let day = |text| Some(Date::parse(text).expect("a date"));
    let asked = Asked { from: day("0001-01-01"), to: day("9999-12-31"), ..asked(&world, MODEL) };
    let (events, ledger): (Arc<dyn EventStore>, Arc<dyn Ledger>) =
        (world.events.clone(), world.ledger.clone());
    let report = run(&events, &ledger, &clock(), asked, &mut |_, _| true).expect("runs").expect("is done");
    assert_eq!(report.to, site(&world).zone.date(clock().now()));
    assert!(report.mqls.by_week.len() < 600, "{} weeks", report.mqls.by_week.len());
}
