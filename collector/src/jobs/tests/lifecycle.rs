//! Stages over time. Invariant: a score that fades makes the same change whoever finds it, and what people did
//! to a lead outlives every model.

use super::*;
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Action, Actor, Effect, Money, Points, Role, Stage};
use crate::jobs::Sweep;
use crate::jobs::overrides;
use crate::jobs::stages::{Asked, Gone, Refused, Stages};
use crate::scoring::DEFAULT_MODEL;
use crate::storage::{AuditLog, AuditQuery, Changes};

pub(super) fn sweep(world: &World, text: &str, now: Timestamp) -> usize {
    let sweep = Sweep::new(world.events.clone(), world.ledger.clone(), model(text), Clock::fixed(now));
    sweep.round().expect("sweeps")
}

pub(super) fn stages(world: &World, text: &str, clock: &Clock) -> Stages {
    let ledger: Arc<dyn Ledger> = world.ledger.clone();
    let audit = Arc::new(Recorder::new(Arc::clone(&ledger), clock.clone(), None));
    Stages::new(world.events.clone(), ledger, model(text), audit, clock.clone())
}

pub(super) fn owner() -> Actor {
    Actor::account(Role::Owner)
}

pub(super) fn asked(to: Stage) -> Asked {
    Asked { to, seen: None, reason: Text::clean(""), at: None, amount: None }
}

/// 35 and 35 points: an MQL of the default model, whose exit is 40.
pub(super) fn two_requests() -> Vec<Event> {
    vec![known(1, event("demo_request", "/", minute(0))), known(1, event("trial_start", "/", minute(1)))]
}

pub(super) fn changes(world: &World) -> Vec<(Stage, Stage, String, String)> {
    let told = |transition: Transition| {
        (transition.from, transition.to, transition.at.to_string(), transition.reason)
    };
    world.transitions(&world.lead(1)).into_iter().map(told).collect()
}

pub(super) fn scored(events: Vec<Event>, text: &str) -> World {
    let world = World::new();
    world.append(&numbered(events));
    world.score(text);
    world
}

#[test]
fn a_lead_active_six_months_ago_is_no_mql_today() {
    let world = scored(two_requests(), DEFAULT_MODEL);
    assert_eq!(world.lead(1).stage, Stage::Mql);
    assert_eq!(sweep(&world, DEFAULT_MODEL, minute(20)), 0, "not before a midnight has passed");
    let day = |days| morning().plus_days(days);
    assert_eq!(sweep(&world, DEFAULT_MODEL, day(30)), 1);
    assert_eq!((world.lead(1).stage, world.lead(1).score.total), (Stage::Mql, Points::whole(70)));
    assert_eq!(sweep(&world, DEFAULT_MODEL, day(181)), 1);
    let lead = world.lead(1);
    assert_eq!((lead.stage, lead.score.total), (Stage::Lead, Points::ZERO));
    assert!(lead.reasons.is_empty() && lead.qualified.is_some(), "that it was one stays");
    let way_out = "score 35 fell below 40, the way out; last active on 2026-11-20";
    let fell = (Stage::Mql, Stage::Lead, "2026-12-21T00:00:00.000Z".to_owned(), way_out.to_owned());
    assert_eq!(changes(&world)[1..], [fell], "half is left from the thirtieth day on");
    assert_eq!(sweep(&world, DEFAULT_MODEL, day(181)), 0, "once a day");
    assert_eq!(world.report(1, Dimension::Channel, Attribution::First).rows[0].counts.mqls, 1);
}

/// Whether a sweep every day found it, one sweep, the next event or a replay.
#[test]
fn whoever_finds_a_fall_makes_the_same_of_it() {
    let late = known(1, event("demo_request", "/", minute(181 * 1_440)));
    let log: Vec<Event> = two_requests().into_iter().chain([late]).collect();
    let at_once = scored(log.clone(), DEFAULT_MODEL);
    let daily = World::new();
    let log = numbered(log);
    daily.append(&log[..2]);
    daily.score(DEFAULT_MODEL);
    for day in 1..181 {
        sweep(&daily, DEFAULT_MODEL, morning().plus_days(day));
    }
    daily.append(&log[2..]);
    daily.score(DEFAULT_MODEL);
    assert_eq!(changes(&at_once).len(), 2);
    assert_eq!(daily.snapshot(), at_once.snapshot());
    daily.score(OTHER);
    daily.score(DEFAULT_MODEL);
    assert_eq!(daily.snapshot(), at_once.snapshot(), "and anew");
}

#[test]
fn who_comes_back_after_the_cooldown_qualifies_again_and_is_counted_once() {
    let again = |days: i64| {
        two_requests().into_iter().map(move |event| Event { at: event.at.plus_days(days), ..event })
    };
    let soon = scored(two_requests().into_iter().chain(again(40)).collect(), DEFAULT_MODEL);
    assert_eq!(soon.lead(1).stage, Stage::Lead, "fell out nine days ago");
    let world = scored(two_requests().into_iter().chain(again(70)).collect(), DEFAULT_MODEL);
    let to: Vec<Stage> = changes(&world).into_iter().map(|(_, to, ..)| to).collect();
    assert_eq!(to, [Stage::Mql, Stage::Lead, Stage::Mql]);
    let mqls = |world: &World| {
        let rows = world.report(1, Dimension::Channel, Attribution::First).rows;
        rows.iter().map(|row| row.counts.mqls).sum::<i64>()
    };
    assert_eq!(mqls(&world), 1, "as the list of MQLs has it once");
}

/// Who changes a lead sees where it stands at that moment, also before the sweep comes by.
#[test]
fn a_change_finds_what_time_did() {
    let world = scored(two_requests(), DEFAULT_MODEL);
    let clock = Clock::fixed(morning().plus_days(100));
    let site = world.ledger.sites().expect("reads").remove(0);
    let change = |asked: Asked| {
        stages(&world, DEFAULT_MODEL, &clock).change(&owner(), &site, lead_key(1), &asked).expect("answers")
    };
    let stale = Asked { seen: Some(Stage::Mql), ..asked(Stage::Sal) };
    assert_eq!(change(stale), Err(Refused::Elsewhere(Stage::Lead)), "it fell out long ago");
    assert_eq!(world.lead(1).stage, Stage::Mql, "what is refused writes nothing");
    change(asked(Stage::Sal)).expect("is legal");
    let to: Vec<Stage> = changes(&world).into_iter().map(|(_, to, ..)| to).collect();
    assert_eq!(to, [Stage::Mql, Stage::Lead, Stage::Sal]);
}

/// Between its turns the sweep lets scoring have its own, and stops when it is told to.
#[test]
fn a_sweep_of_many_leads_gives_way_to_scoring() {
    let of = |n: u8| Event { visitor: Some(visitor(n)), ..known(n, event("demo_request", "/", minute(0))) };
    let world = World::after((1..=250).map(of).collect());
    let (now, hash) = (minute(0).plus_days(2), *model(MODEL).hash());
    let sweep = Sweep::new(world.events.clone(), world.ledger.clone(), model(MODEL), Clock::fixed(now));
    assert_eq!(sweep.beside_scoring(&mut |_| false).expect("sweeps"), 100, "told to stop");
    world.append(&[Event { id: EventId::from_bytes([9; 16]), ..event("pageview", "/", now) }]);
    let mut told = Vec::new();
    let mut rest = |busy| {
        told.push(busy);
        world.score(MODEL);
        true
    };
    assert_eq!(sweep.beside_scoring(&mut rest).expect("sweeps"), 150);
    assert_eq!((told, world.ledger.progress().expect("reads").map(|(_, by)| by)), (vec![true], Some(hash)));
    assert_eq!(sweep.round().expect("sweeps"), 0);
}

#[test]
fn a_sweep_waits_for_events_that_are_not_scored_and_leaves_alone_who_asked_for_it() {
    let world = scored(two_requests(), DEFAULT_MODEL);
    let then = morning().plus_days(181);
    assert_eq!(sweep(&world, OTHER, then), 0, "what another model made is not looked at");
    world.append(&[Event { id: EventId::from_bytes([9; 16]), ..two_requests().remove(0) }]);
    assert_eq!(sweep(&world, DEFAULT_MODEL, then), 0);
    world.score(DEFAULT_MODEL);
    let act = |_: &u64| crate::domain::Act {
        at: then,
        actor: owner(),
        action: Action::PersonRestricted,
        site: None,
        subject: None,
        details: "{}".to_owned(),
    };
    let lead = world.lead(1);
    crate::storage::Rights::restrict(world.ledger.as_ref(), lead.site, lead.key, Some(then), false, &act)
        .expect("restricts");
    assert_eq!(sweep(&world, DEFAULT_MODEL, then), 0);
    assert_eq!(world.lead(1).stage, Stage::Mql);
}

#[test]
fn one_person_at_a_time_wins_and_what_is_illegal_is_refused() {
    let world = scored(two_requests(), DEFAULT_MODEL);
    let clock = Clock::fixed(minute(60));
    let stages = stages(&world, DEFAULT_MODEL, &clock);
    let site = world.ledger.sites().expect("reads").remove(0);
    let change = |asked: Asked| stages.change(&owner(), &site, lead_key(1), &asked).expect("answers");
    let seen = |seen, to| Asked { seen: Some(seen), ..asked(to) };
    let before = world.ledger.generation().expect("reads");
    let reason = Text::clean("call jo@example.com");
    let made = change(Asked { reason, ..seen(Stage::Mql, Stage::Sal) }).expect("is legal");
    assert_eq!((made.from, made.to, made.at), (Stage::Mql, Stage::Sal, minute(60)));
    assert_eq!(made.score.total, Points::whole(70));
    assert!(
        made.reason.starts_with("accepted by sales: call ") && !made.reason.contains("jo@"),
        "{}",
        made.reason
    );
    assert!(world.ledger.generation().expect("reads") > before, "a scorer that had loaded reads again");
    assert_eq!(change(seen(Stage::Mql, Stage::Recycled)), Err(Refused::Elsewhere(Stage::Sal)));
    assert!(matches!(change(asked(Stage::Mql)), Err(Refused::Illegal(_))));
    let amount = Some(Money { minor: 990_000, currency: Text::clean("EUR") });
    assert_eq!(change(Asked { amount: amount.clone(), ..asked(Stage::Sql) }), Err(Refused::Amount));
    for wrong in [minute(61), minute(59)] {
        assert!(matches!(change(Asked { at: Some(wrong), ..asked(Stage::Sql) }), Err(Refused::Moment(_))));
    }
    assert_eq!(
        stages.change(&owner(), &site, lead_key(7), &asked(Stage::Sal)).expect("answers"),
        Err(Refused::Gone(Gone::Unknown))
    );
    change(Asked { amount: amount.clone(), ..asked(Stage::Customer) }).expect("is legal");
    let lead = world.lead(1);
    assert_eq!((lead.stage, lead.stage_by), (Stage::Customer, Role::Owner));
    let stored = world.transitions(&lead);
    assert_eq!(stored.len(), 3, "what was refused left nothing");
    assert_eq!((&stored[2].amount, &stored[2].actor), (&amount, &owner()));
    let query = AuditQuery { action: Some(Action::LeadStageChanged), limit: 9, ..AuditQuery::default() };
    let said = world.ledger.entries(&query).expect("reads").entries;
    assert_eq!(said.len(), 2);
    assert!(said.iter().all(|entry| !entry.details.contains("call") && entry.subject.is_some()));
    world.append(&[Event { id: EventId::from_bytes([9; 16]), ..two_requests().remove(0) }]);
    clock.set(minute(600));
    assert_eq!(change(asked(Stage::Lost)), Err(Refused::Gone(Gone::Later)), "events wait to be scored");
}

#[test]
fn who_is_put_forward_by_hand_is_counted_as_an_mql() {
    let world = scored(vec![known(1, event("pageview", "/", minute(0)))], MODEL);
    let site = world.ledger.sites().expect("reads").remove(0);
    let change = stages(&world, MODEL, &Clock::fixed(minute(5)));
    change.change(&owner(), &site, lead_key(1), &asked(Stage::Mql)).expect("answers").expect("is legal");
    assert_eq!(world.lead(1).qualified.map(|qualified| qualified.at), Some(minute(5)));
    let mqls = |world: &World| world.report(1, Dimension::Channel, Attribution::First).rows[0].counts.mqls;
    assert_eq!(mqls(&world), 1);
    world.score(OTHER);
    world.score(MODEL);
    assert_eq!(mqls(&world), 0, "it came after the last event");
    assert_eq!(sweep(&world, MODEL, minute(6)), 1);
    assert_eq!((mqls(&world), world.lead(1).stage), (1, Stage::Mql));
    assert_eq!(sweep(&world, MODEL, minute(7)), 0, "once");
    let changes = Changes { generation: world.ledger.generation().expect("reads"), ..Changes::default() };
    let cursor = world.snapshot().cursor.expect("is there");
    world.ledger.commit(cursor, cursor, &changes).expect("commits");
}

/// A model with a way out, on which random logs fade.
pub(super) fn fading() -> String {
    MODEL.replace("total_gte = 30", "total_gte = 30\nexit_below = 20\ncooldown_days = 1")
}

fn effects() -> impl Strategy<Value = Effect> {
    let points = prop::sample::select(vec![-30, -9, 9, 30]).prop_map(Points::whole);
    prop_oneof![
        points.clone().prop_map(Effect::Engagement),
        points.prop_map(Effect::Fit),
        Just(Effect::Hold),
        Just(Effect::Qualify),
    ]
}

proptest! {
    #![proptest_config(cases(48))]

    /// What people did comes to its place between the events when everything is scored anew, and is all there.
    #[test]
    fn a_replay_keeps_what_people_did(
        log in log(0),
        acts in prop::collection::vec((0..60_usize, 0..3_u8, prop::sample::select(Stage::ALL.to_vec())), 0..6),
        said in prop::collection::vec((0..60_usize, 0..3_u8, effects(), 1..100_i64), 0..6),
        days in 1..9_i64,
    ) {
        let text = fading();
        let world = World::new();
        let site = world.ledger.sites().expect("reads").remove(0);
        let clock = Clock::fixed(morning());
        let people = stages(&world, &text, &clock);
        world.score(&text);
        for (place, event) in log.iter().enumerate() {
            world.append(std::slice::from_ref(event));
            world.score(&text);
            clock.set(event.at.plus_millis(1));
            for (_, person, to) in acts.iter().filter(|(at, ..)| *at == place) {
                // Two at one moment would have no order.
                let earlier = world.ledger.lead(site.no, lead_key(16 + person)).expect("reads");
                if earlier.is_some_and(|lead| lead.stage_at < clock.now()) {
                    let _ = people.change(&owner(), &site, lead_key(16 + person), &asked(*to)).expect("answers");
                }
            }
            // What is said of a lead counts from then on: an event that arrives later and happened before does not
            // undo it, and so is not in this log. Every other number ends the first that there is.
            clock.set(event.at.plus_millis(2));
            let next = log.get(place + 1).is_none_or(|next| next.at > clock.now());
            let here = said.iter().filter(|(at, ..)| next && *at == place);
            for (order, (_, person, effect, hours)) in (2..).zip(here) {
                // Two at one moment would be judged one by one here, and together by a replay.
                clock.set(event.at.plus_millis(order));
                let key = lead_key(16 + person);
                if hours % 2 == 0 {
                    let _ = people.end(&owner(), &site, key, 1).expect("answers");
                } else {
                    let until = clock.now().plus_millis(hours * 3_600_000);
                    let asked = overrides::Asked { effect: *effect, until, reason: Text::clean("so") };
                    let _ = people.give(&owner(), &site, key, &asked).expect("answers");
                }
            }
        }
        let end = morning().plus_days(3 + days);
        let given = world.snapshot().leads.iter().map(|lead| lead.overrides.len()).sum::<usize>();
        prop_assert!(given <= said.len());
        sweep(&world, &text, end);
        let before = world.snapshot();
        let theirs = |snapshot: &Snapshot| {
            let all = snapshot.transitions.iter().flatten().filter(|transition| transition.by_people());
            all.cloned().collect::<Vec<_>>()
        };
        world.score(OTHER);
        sweep(&world, OTHER, end);
        prop_assert_eq!(theirs(&world.snapshot()), theirs(&before));
        world.score(&text);
        sweep(&world, &text, end);
        prop_assert_eq!(world.snapshot(), before);
    }
}
