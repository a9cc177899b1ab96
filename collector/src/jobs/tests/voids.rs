//! Tests of voids. Invariant: whatever is voided, stopped at whatever moment, and whatever streams in and sales does
//! meanwhile, the ledger is as if the voided events had never come; and taken back, as if nobody had voided them.

use super::publish::{Place, SITE, both, newest, undisturbed, work};
use super::*;
use crate::domain::{Act, Action, Actor, Only, Role, Selection, Stage};
use crate::jobs::publish::{AskedVoid, NotVoided, Picked, Refused, Step};
use crate::jobs::replay::Go;
use crate::rights::Service;
use crate::storage::{AuditQuery, Publication, Remade, Standing, TakeBack, Void, VoidState};

fn owner() -> Actor {
    Actor::account(Role::Owner)
}

pub(super) fn asked(from: i64, to: i64, only: Only) -> AskedVoid {
    let selection = Selection { from: minute(from), to: minute(to), only };
    AskedVoid { selection, reason: Text::clean("an attack"), worked_on: true }
}

pub(super) fn ask(place: &Place, asked: &AskedVoid) -> Result<(Void, Publication, Picked), NotVoided> {
    place.publisher(MODEL).void(&owner(), &place.site(), asked).expect("asks")
}

pub(super) fn undo(place: &Place, no: i64) -> Result<Publication, Refused> {
    place.publisher(MODEL).undo_void(&owner(), &place.site(), no).expect("asks")
}

fn said(place: &Place) -> Vec<Transition> {
    let keys = (16..32).map(lead_key);
    let all = keys.flat_map(|key| place.ledger.transitions(SITE, key).expect("reads"));
    let mut said: Vec<Transition> = all.filter(Transition::by_people).collect();
    said.sort_by_key(|change| change.at);
    said
}

fn voided(place: &Place) -> Vec<EventId> {
    let log = place.events.scan(Cursor::default(), usize::MAX).expect("reads");
    let places: Vec<Cursor> = log.iter().map(|logged| logged.cursor).collect();
    let voided = place.ledger.voided(&places, None).expect("reads");
    log.iter().filter(|logged| voided.contains(&logged.cursor)).map(|logged| logged.event.id).collect()
}

fn only() -> impl Strategy<Value = Only> {
    let channel = prop::option::weighted(
        0.4,
        prop::sample::select(vec![Channel::Email, Channel::Direct, Channel::PaidSearch]),
    );
    let path = prop::option::weighted(0.2, prop::sample::select(vec!["/0", "/1", "/*", "/**"]));
    let name = prop::option::weighted(0.2, prop::sample::select(DOINGS.to_vec()));
    let country = prop::option::weighted(0.2, prop::sample::select(vec!["DE", "FR", "at"]));
    (channel, path, name, country).prop_map(|(channel, path, name, country)| Only {
        channel,
        path: path.map(Text::clean),
        event: name.map(Text::clean),
        country: country.map(Text::clean),
        ..Only::default()
    })
}

#[derive(Debug, Clone)]
struct Plan {
    cuts: (usize, usize),
    kills: Vec<usize>,
    time: (i64, i64),
    only: Only,
    sales: (u8, Stage),
}

fn plan() -> impl Strategy<Value = Plan> {
    let stage = prop::sample::select(vec![Stage::Sal, Stage::Mql, Stage::Disqualified, Stage::Lost]);
    let cuts = (0..60_usize, 0..60_usize);
    let time = (0..4_320_i64, 1..4_320_i64);
    let kills = prop::collection::vec(1..5_usize, 0..4);
    (cuts, kills, time, only(), (16..19_u8, stage)).prop_map(|(cuts, kills, time, only, sales)| Plan {
        cuts,
        kills,
        time,
        only,
        sales,
    })
}

fn check(make: fn() -> Place, log: &[Event], plan: Plan) -> Result<(), TestCaseError> {
    let place = make();
    let (before, rest) = log.split_at(plan.cuts.0.min(log.len()));
    let (meanwhile, after) = rest.split_at(plan.cuts.1.min(rest.len()));
    let end = newest(log).plus_days(3);
    place.append(before);
    place.clock.set(newest(before).plus_millis(1));
    place.score(MODEL);
    place.say(plan.sales.0, plan.sales.1);
    let mut wanted = asked(plan.time.0, plan.time.0 + plan.time.1, plan.only);
    wanted.selection.to = wanted.selection.to.min(place.clock.now());
    wanted.selection.from = wanted.selection.from.min(wanted.selection.to.plus_millis(-1));
    let void = match ask(&place, &wanted) {
        Ok((void, _, picked)) => {
            prop_assert!(picked.events > 0);
            prop_assert_eq!(picked.rows.iter().map(|row| row.events).sum::<u64>(), picked.events);
            prop_assert_eq!(picked.rows.iter().map(|row| row.leads).sum::<u64>(), picked.leads.go);
            prop_assert_eq!(picked.rows.iter().map(|row| row.mqls).sum::<u64>(), picked.mqls.go);
            let gone = |place: &Place| place.of_site().leads.len();
            (void, picked, gone(&place))
        }
        Err(NotVoided::Nothing) => return Ok(()),
        Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
    };
    let (void, picked, leads) = void;
    prop_assert!(voided(&place).is_empty(), "nothing of it is seen before it is done");
    if meanwhile.is_empty() {
        prop_assert!(matches!(work(&place, plan.kills.clone()), Some(Step::Done(..))));
        let now = place.of_site().leads.len();
        prop_assert_eq!(u64::try_from(leads - now).expect("fewer"), picked.leads.go, "as the dry run said");
    } else {
        let _ = place.publisher(MODEL).step(&mut |_, _| Go::Stop).expect("begins");
        place.append(meanwhile);
        place.clock.set(newest(before).max(newest(meanwhile)));
        place.score(MODEL);
        place.say(plan.sales.0, Stage::Customer);
        prop_assert!(matches!(work(&place, plan.kills.clone()), Some(Step::Done(..))));
    }
    let gone = voided(&place);
    prop_assert_eq!(u64::try_from(gone.len()).expect("few"), picked.events);
    place.append(after);
    place.score(MODEL);
    place.clock.set(end);
    place.sweep(MODEL);
    let rest: Vec<Event> = log.iter().filter(|event| !gone.contains(&event.id)).cloned().collect();
    let never = undisturbed(make(), MODEL, &rest, said(&place), end);
    prop_assert_eq!(place.of_site(), never.of_site(), "as if they had never come");
    // Another model, or the same anew: they stay out.
    place.score(OTHER);
    place.score(MODEL);
    place.sweep(MODEL);
    prop_assert_eq!(place.of_site(), never.of_site(), "scored anew in place");

    undo(&place, void.no).map_err(|why| TestCaseError::fail(why.to_string()))?;
    prop_assert!(matches!(work(&place, plan.kills), Some(Step::Done(..))));
    prop_assert!(voided(&place).is_empty());
    place.sweep(MODEL);
    let whole = undisturbed(make(), MODEL, log, said(&place), end);
    prop_assert_eq!(place.of_site(), whole.of_site(), "as if nobody had voided them");
    Ok(())
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn in_memory_what_is_voided_never_came(log in log(0), plan in plan()) {
        check(Place::in_memory, &log, plan)?;
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn on_disk_what_is_voided_never_came(log in log(0), plan in plan()) {
        check(Place::on_disk, &log, plan)?;
    }
}

/// A visitor by mail who reads two pages and asks for a demo, and another who came by himself and reads on.
pub(super) fn begun(place: &Place) {
    let of = |number: u8, event: Event| Event { visitor: Some(visitor(number)), ..event };
    let arrives = |number, touch, at| Event { touch, ..of(number, event("pageview", "/a", at)) };
    let mut log = vec![
        arrives(1, email(), minute(0)),
        arrives(2, Some(Touch::DIRECT), minute(1)),
        of(1, event("pageview", "/b", minute(2))),
        of(2, event("pageview", "/b", minute(3))),
        known(17, of(1, event("demo_request", "/demo", minute(4)))),
        known(18, of(2, event("demo_request", "/demo", minute(5)))),
    ];
    log.extend((0..4).map(|n| of(1, event("engagement", "/a", minute(6 + n)))));
    log.extend((0..4).map(|n| of(2, event("engagement", "/a", minute(6 + n)))));
    place.append(&numbered(log));
    place.clock.set(minute(60));
    place.score(MODEL);
}

fn keys(place: &Place) -> Vec<LeadKey> {
    place.of_site().leads.iter().map(|lead| lead.key).collect()
}

fn entries(place: &Place, action: Action) -> Vec<String> {
    let query = AuditQuery { action: Some(action), limit: 9, ..AuditQuery::default() };
    place.ledger.entries(&query).expect("reads").entries.into_iter().map(|entry| entry.details).collect()
}

/// A channel is that of the visit: with the page that somebody arrived on goes all that they did afterwards.
#[test]
fn a_channel_is_that_of_the_visit() {
    both(|place| {
        begun(place);
        assert_eq!(keys(place), [lead_key(18), lead_key(17)]);
        let wanted = asked(0, 60, Only { channel: Some(Channel::Email), ..Only::default() });
        let (void, _, picked) = ask(place, &wanted).expect("may");
        assert_eq!((picked.events, picked.visitors), (7, 1));
        assert_eq!((picked.leads.go, picked.mqls.go, picked.worked_on), (1, 1, 0));
        assert_eq!(picked.rows.len(), 1);
        assert_eq!(picked.rows[0].channel, Channel::Email);
        assert_eq!(void.state, VoidState::Asked);
        assert!(matches!(work(place, Vec::new()), Some(Step::Done(_, adopted)) if adopted.left == 1));
        assert_eq!(keys(place), [lead_key(18)]);
        assert!(entries(place, Action::VoidAsked)[0].contains(r#""reason":"an attack""#));
        assert_eq!(entries(place, Action::EventsVoided).len(), 1);
        // The site is not tied to the model of now: it is still the collector's own.
        assert!(place.ledger.live_models().expect("reads").is_empty());
        // What is voided may be selected again, and holds no lead any more.
        let half = asked(0, 60, Only { event: Some(Text::clean("engagement")), ..Only::default() });
        let (first, _, _) = ask(place, &half).expect("may");
        work(place, Vec::new());
        let rest = asked(0, 6, Only { channel: Some(Channel::Direct), ..Only::default() });
        let picked =
            place.publisher(MODEL).pick(&place.site(), &rest.selection).expect("reads").expect("may");
        assert_eq!((picked.leads.go, picked.leads.scored_anew), (1, 0), "nothing else of it counts");
        undo(place, first.no).expect("may");
        work(place, Vec::new());
        let (second, _, _) = ask(place, &asked(0, 60, Only::default())).expect("may");
        work(place, Vec::new());
        assert!(keys(place).is_empty());
        undo(place, void.no).expect("may");
        work(place, Vec::new());
        assert!(keys(place).is_empty(), "the second has them, too");
        undo(place, second.no).expect("may");
        work(place, Vec::new());
        assert_eq!(keys(place), [lead_key(18), lead_key(17)]);
        assert_eq!(undo(place, second.no), Err(Refused::NotInForce(VoidState::Undone)));
        assert_eq!(undo(place, 99), Err(Refused::NoVoid));
    });
}

/// What sales said of a lead is asked about, kept, and stands again.
#[test]
fn what_people_said_is_not_lost() {
    both(|place| {
        begun(place);
        place.say(17, Stage::Sal);
        let before = place.of_site();
        let wanted = asked(0, 60, Only { channel: Some(Channel::Email), ..Only::default() });
        let careless = AskedVoid { worked_on: false, ..wanted.clone() };
        assert_eq!(ask(place, &careless).map(|_| ()), Err(NotVoided::WorkedOn(1)));
        assert!(place.ledger.voids(SITE).expect("reads").is_empty(), "nothing was noted");
        let (void, _, _) = ask(place, &wanted).expect("may");
        work(place, Vec::new());
        let publisher = place.publisher(MODEL);
        let gone = publisher.void_leads(&place.site(), 9).expect("reads");
        assert_eq!(gone.iter().map(|lead| lead.key).collect::<Vec<_>>(), [lead_key(17)]);
        assert_eq!(gone[0].said.iter().map(|change| change.to).collect::<Vec<_>>(), [Stage::Sal]);
        assert_eq!(gone[0].told.iter().map(|told| told.transition.to).collect::<Vec<_>>(), [Stage::Mql]);
        // Nothing was told otherwise of the other lead.
        assert!(place.ledger.earlier(SITE, lead_key(18)).expect("reads").is_empty());
        undo(place, void.no).expect("may");
        work(place, Vec::new());
        assert_eq!(place.of_site(), before);
        assert_eq!(publisher.void_leads(&place.site(), 9).expect("reads").len(), 0);
    });
}

/// While scores are being made anew nobody can say whom sales said something of, so nothing is voided by the way.
#[test]
fn what_people_said_is_asked_about_while_scores_are_made_anew() {
    both(|place| {
        begun(place);
        place.say(17, Stage::Sal);
        let by_mail = asked(0, 60, Only { channel: Some(Channel::Email), ..Only::default() });
        let careless = AskedVoid { worked_on: false, ..by_mail };
        place.clock.set(minute(600));
        place.ledger.restart(*model(MODEL).hash()).expect("begins anew");
        assert_eq!(ask(place, &careless).map(|_| ()), Err(NotVoided::Later));
        let dry = place.publisher(MODEL).pick(&place.site(), &careless.selection).expect("reads");
        assert_eq!(dry, Err(NotVoided::Later), "nor would a dry run say it");
        assert!(place.ledger.voids(SITE).expect("reads").is_empty(), "nothing was noted");
        place.score(MODEL);
        assert_eq!(ask(place, &careless).map(|_| ()), Err(NotVoided::WorkedOn(1)));
    });
}

/// Who attacks may say of events that they are old, and always has one more.
#[test]
fn an_attack_that_goes_on_keeps_nobody_from_voiding() {
    let place = Place::in_memory();
    begun(&place);
    let (end, old) = (place.events.head().expect("reads"), minute(60).plus_millis(-2 * 3_600_000));
    place.clock.set(minute(60));
    place.append(&[Event { id: EventId::from_bytes([99; 16]), ..event("pageview", "/", old) }]);
    let publisher = place.publisher(MODEL);
    let is_scored = |end| publisher.is_scored(end, std::time::Duration::ZERO).expect("reads");
    assert!(is_scored(end) && !is_scored(place.events.head().expect("reads")));
}

#[test]
fn one_that_waits_is_cancelled() {
    both(|place| {
        begun(place);
        let before = place.of_site();
        let (void, publication, _) = ask(place, &asked(0, 60, Only::default())).expect("may");
        assert_eq!(undo(place, void.no).expect("may").id, publication.id);
        assert_eq!(work(place, Vec::new()), None);
        assert_eq!(place.of_site(), before);
        assert_eq!(place.ledger.voids(SITE).expect("reads")[0].state, VoidState::Dropped);
        assert_eq!(
            ask(place, &asked(0, 61, Only::default())).map(|_| ()).map_err(|why| why.to_string()),
            Err(format!("`to` is a moment that has passed: at most {}", minute(60)))
        );
        let nothing = asked(0, 60, Only { country: Some(Text::clean("FR")), ..Only::default() });
        assert_eq!(ask(place, &nothing).map(|_| ()), Err(NotVoided::Nothing));
    });
}

/// A void that waits behind a model is scored by that one, and neither undoes the other.
#[test]
fn a_void_waits_behind_a_model() {
    both(|place| {
        begun(place);
        place.ask(OTHER, false);
        ask(place, &asked(0, 60, Only { channel: Some(Channel::Email), ..Only::default() })).expect("may");
        work(place, Vec::new());
        assert_eq!(place.ledger.live_models().expect("reads"), [(SITE, *model(OTHER).hash())].into());
        assert_eq!(keys(place), [lead_key(18)]);
        let transitions = place.of_site().transitions.concat();
        assert!(!transitions.is_empty());
        assert!(transitions.iter().all(|change| change.model == *model(OTHER).hash()));
        place.ask(&MODEL.replace("points = 2\n", "points = 1\n"), false);
        work(place, Vec::new());
        assert_eq!(keys(place), [lead_key(18)], "and stays in force");
    });
}

fn rights(place: &Place) -> Service {
    let (events, ledger) = (place.events.clone(), place.ledger.clone());
    Service::new(events, ledger, model(MODEL), place.recorder(), place.clock.clone())
}

fn erase(place: &Place, number: u8) {
    let done = rights(place).erase(&owner(), &place.site(), lead_key(number), false).expect("erases");
    assert!(done.is_some(), "lead {number} is held");
}

/// Whoever takes a lead back is told of the voids as they are in that moment.
fn told_of_voids(place: &Place) {
    let log = place.events.scan(Cursor::default(), usize::MAX).expect("scans");
    let all: Vec<Cursor> = log.iter().map(|logged| logged.cursor).collect();
    let in_force = place.ledger.voided(&all, None).expect("reads");
    assert!(!in_force.is_empty() && in_force.len() < all.len());
    let site = place.site();
    let order = TakeBack {
        site: &site,
        lead: lead_key(99),
        visitors: Vec::new(),
        withdrawn: None,
        verified: false,
        dry_run: true,
    };
    let seen = std::cell::Cell::new(false);
    let remake = |standing: &Standing<'_>| {
        assert_eq!((standing.voided)(&all).expect("reads"), in_force);
        seen.set(true);
        Ok(Remade::default())
    };
    let act = || Act {
        at: minute(0),
        actor: owner(),
        action: Action::PersonErased,
        site: None,
        subject: None,
        details: "{}".to_owned(),
    };
    place.ledger.take_back(&order, &remake, &|_| act()).expect("counts");
    assert!(seen.get());
}

/// Erasing takes out of the counts what is in them, and no more; who is erased comes back by no undoing.
#[test]
fn who_is_erased_is_erased_whatever_is_voided() {
    let by_mail = || asked(0, 60, Only { channel: Some(Channel::Email), ..Only::default() });
    for make in [Place::in_memory, Place::on_disk] {
        let (place, other) = (make(), make());
        begun(&place);
        begun(&other);
        // Half of what lead 18 did is voided, and all of 17.
        let half = asked(7, 60, Only { event: Some(Text::clean("engagement")), ..Only::default() });
        let voids = [ask(&place, &by_mail()).expect("may").0.no, ask(&place, &half).expect("may").0.no];
        place.say(17, Stage::Sal);
        work(&place, Vec::new());
        told_of_voids(&place);
        erase(&place, 18);
        let rows = |place: &Place| -> Vec<ReportRows> { place.of_site().reports };
        assert!(place.of_site().leads.is_empty());
        let leads = |place: &Place| -> i64 {
            rows(place).iter().flat_map(|report| report.days.values()).map(|day| day.leads + day.mqls).sum()
        };
        assert_eq!(leads(&place), 0, "nobody is left in the counts");
        let told = rights(&place).export(&owner(), &place.site(), lead_key(17), "json").expect("exports");
        let told = told.expect("is held").json().expect("writes");
        assert!(told.contains("\"decided\"") && told.contains("\"sal\""), "{told}");
        erase(&place, 17);
        assert_eq!(place.publisher(MODEL).void_leads(&place.site(), 9).expect("reads").len(), 0);
        for no in voids {
            undo(&place, no).expect("may");
            work(&place, Vec::new());
        }
        erase(&other, 18);
        erase(&other, 17);
        other.score(MODEL);
        assert_eq!(place.of_site().leads, other.of_site().leads);
        assert!(place.of_site().leads.is_empty());
    }
}

/// A void, and what was said of its leads, go when their time is over.
#[test]
fn a_void_ends_with_its_events() {
    both(|place| {
        begun(place);
        place.say(17, Stage::Sal);
        ask(place, &asked(0, 60, Only { channel: Some(Channel::Email), ..Only::default() })).expect("may");
        work(place, Vec::new());
        let (events, ledger) = (place.events.clone(), place.ledger.clone());
        let retention =
            crate::jobs::retention::Retention::new(events, ledger, place.recorder(), place.clock.clone());
        place.clock.set(minute(60).plus_days(20));
        retention.run(&owner(), None, false).expect("runs");
        assert_eq!(place.ledger.voids(SITE).expect("reads").len(), 1, "its events are still there");
        place.clock.set(minute(60).plus_days(5_000));
        retention.run(&owner(), None, false).expect("runs");
        assert!(place.ledger.voids(SITE).expect("reads").is_empty());
        assert!(place.publisher(MODEL).void_leads(&place.site(), 9).expect("reads").is_empty());
        assert!(place.ledger.transitions(SITE, lead_key(17)).expect("reads").is_empty());
    });
}
