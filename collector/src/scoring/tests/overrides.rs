//! What people say against a score. Invariant: it stands in lines and gates of its own for as long as it counts, and
//! leaves no trace before and after; it never makes an MQL of who is ruled out.

use super::*;
use crate::domain::{Actor, Effect, Ended, Override, Role};
use crate::scoring::{Axis, DEFAULT_MODEL, GateKind};
use proptest::prelude::*;

/// An override from so many days after noon on, for so many.
pub(super) fn given(no: u32, effect: Effect, from: i64, days: i64) -> Override {
    Override {
        no,
        effect,
        from: noon().plus_days(from),
        until: noon().plus_days(from + days),
        reason: Text::clean("they called"),
        actor: Actor::account(Role::Owner),
        ended: None,
    }
}

fn effects() -> impl Strategy<Value = Effect> {
    let points =
        || (-100..=100_i32).prop_filter("not nothing", |points| *points != 0).prop_map(Points::whole);
    prop_oneof![
        points().prop_map(Effect::Engagement),
        points().prop_map(Effect::Fit),
        Just(Effect::Hold),
        Just(Effect::Qualify),
    ]
}

/// Some that count at noon, some that did, some that will.
pub(super) fn overrides() -> impl Strategy<Value = Vec<Override>> {
    let one = (effects(), -40..10_i64, 1..60_i64, prop::option::of(1..60_i64));
    prop::collection::vec(one, 0..5).prop_map(|list| {
        let one = |(no, (effect, from, days, early)): (u32, (Effect, i64, i64, Option<i64>))| {
            let given = given(no, effect, from, days);
            let end = |early: i64| Ended { at: given.from.plus_days(early), by: Actor::account(Role::Owner) };
            Override { ended: early.filter(|early| *early < days).map(end), ..given }
        };
        (1..).zip(list).map(one).collect()
    })
}

fn with(overrides: Vec<Override>) -> Profile {
    Profile { overrides, ..profile(&[("company_size", "500")]) }
}

/// A request for a demo at noon: 35 points.
fn asked(model: &Model) -> Vec<Hit> {
    hits(model, &[event(1, "demo_request", "/", noon())])
}

#[test]
fn points_are_lines_before_the_limits_and_the_machines_score_stays() {
    let model =
        model(&DEFAULT_MODEL.replace("engagement = { min = 0 }", "engagement = { min = 0, max = 40 }"));
    let who = with(vec![
        given(2, Effect::Fit(Points::whole(-100)), 0, 9),
        given(1, Effect::Engagement(Points::whole(20)), 0, 9),
    ]);
    let evaluation = model.evaluate(&asked(&model), &who, noon());
    let adds = line(&evaluation, LineKind::Override, "override_1");
    assert_eq!((adds.points, adds.axis), (Points::whole(20), Axis::Engagement));
    assert_eq!(adds.label, "Override by the owner");
    assert_eq!(adds.detail, "until 2026-11-30: they called");
    assert_eq!(line(&evaluation, LineKind::AxisClamp, "engagement").points, Points::whole(-15));
    assert_eq!(evaluation.engagement, Points::whole(40));
    assert_eq!(evaluation.fit, Points::ZERO, "the limit of fit holds");
    assert_eq!(sum(&evaluation), evaluation.total);
    let machine = model.evaluate(&asked(&model), &who.without_overrides(), noon());
    assert_eq!(machine.engagement, Points::whole(35));
    assert!(machine.fit > Points::ZERO);
}

#[test]
fn a_hold_is_stronger_than_a_fast_track_and_says_so() {
    let model = model(&DEFAULT_MODEL.replace("# fast_track", "fast_track"));
    assert!(model.evaluate(&asked(&model), &with(Vec::new()), noon()).qualifies);
    let held = with(vec![given(1, Effect::Hold, 0, 9), given(2, Effect::Qualify, 0, 9)]);
    let evaluation = model.evaluate(&asked(&model), &held, noon());
    assert!(!evaluation.qualifies && evaluation.fast_track.is_none());
    assert_eq!(evaluation.missing, ["Held back by the owner, until 2026-11-30: they called."]);
    let gate = evaluation.held().expect("a gate");
    assert_eq!((gate.kind, gate.id.as_str()), (GateKind::Override, "override_1"));
}

#[test]
fn to_qualify_passes_all_but_what_rules_out() {
    let model = model(&DEFAULT_MODEL.replace("# icp_required", "icp_required"));
    let small = |overrides| Profile { overrides, ..profile(&[("company_size", "5")]) };
    let incomplete = model.evaluate(&[], &small(Vec::new()), noon());
    assert!(incomplete.missing.iter().any(|words| words.starts_with("Ideal customer")));
    let said = small(vec![given(1, Effect::Qualify, 0, 9)]);
    let evaluation = model.evaluate(&[], &said, noon());
    assert!(evaluation.qualifies && evaluation.missing.is_empty(), "{:?}", evaluation.missing);
    assert!(!model.evaluate(&[], &said, noon().plus_days(9)).qualifies, "no longer than it counts");
    let applied = hits(&model, &[event(2, "job_application", "/", noon())]);
    let ruled_out = model.evaluate(&applied, &said, noon());
    assert!(!ruled_out.qualifies, "who is ruled out is no MQL, whoever says so");
    assert!(ruled_out.missing[0].starts_with("Ruled out"), "{:?}", ruled_out.missing);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Before it begins and from its end on, nobody can tell that it was there.
    #[test]
    fn what_does_not_count_leaves_no_trace(overrides in overrides(), day in -60..80_i64) {
        let model = model(DEFAULT_MODEL);
        let (hits, at) = (asked(&model), noon().plus_days(day));
        let counting: Vec<Override> = overrides.iter().filter(|given| given.counts(at)).cloned().collect();
        let evaluation = model.evaluate(&hits, &with(overrides), at);
        prop_assert_eq!(&evaluation, &model.evaluate(&hits, &with(counting.clone()), at));
        let told = evaluation.lines.iter().filter(|line| line.kind == LineKind::Override).count()
            + evaluation.gates.iter().filter(|gate| gate.kind == GateKind::Override).count();
        prop_assert_eq!(told, counting.len(), "each has a line or a gate");
        if counting.is_empty() {
            prop_assert_eq!(&evaluation, &model.evaluate(&hits, &with(Vec::new()), at));
        }
    }

    /// The first day on which a lead is out is the one that is told, with what people say of it.
    #[test]
    fn the_fall_knows_what_people_said(overrides in overrides()) {
        let model = model(DEFAULT_MODEL);
        let (hits, who) = (asked(&model), with(overrides));
        // Who ends one early has not done so yet.
        let known = who.overrides.iter().filter(|given| given.counts(noon()));
        let known = known.map(|given| Override { ended: None, ..given.clone() }).collect();
        let known = Profile { overrides: known, ..who.clone() };
        let exit = model.exit_below().expect("has one");
        let did = model.evaluate(&hits, &known, noon()).engagement > Points::ZERO;
        let out = |at: Timestamp| {
            let then = model.evaluate(&hits, &known, at);
            let faded = then.total < exit || did && then.engagement <= Points::ZERO;
            then.held().is_some() || (then.qualified().is_none() && faded)
        };
        let first = (1..400_i64).map(|day| noon().plus_days(day)).find(|at| out(*at));
        match model.falls_out(&hits, &who, noon()) {
            None => prop_assert!(out(noon()) || first.is_none()),
            Some(falls) => {
                // The hit and every override end at noon, so the moment is a noon.
                prop_assert_eq!(Some(falls), first);
                prop_assert!(!out(noon()) && !out(falls.plus_millis(-1)));
            }
        }
    }
}
