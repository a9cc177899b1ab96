//! Promises that hold for any model, not only for ours. Invariant: models are made at random from the whole
//! vocabulary; whatever a model says, scores are exact, explained, and independent of order and batches.

use super::*;
use crate::scoring::Axis;
use proptest::prelude::*;

const NAMES: [&str; 4] = ["a", "b", "c", "gone"];

/// `key = value` on a line, or nothing.
fn key<T: std::fmt::Display + std::fmt::Debug>(
    name: &'static str,
    values: impl Strategy<Value = T>,
) -> impl Strategy<Value = String> {
    prop::option::of(values)
        .prop_map(move |value| value.map(|value| format!("{name} = {value}\n")).unwrap_or_default())
}

fn key_of(name: &str, value: Option<String>) -> String {
    value.map(|value| format!("{name} = {value}\n")).unwrap_or_default()
}

fn decays() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{ kind = \"none\" }".to_owned()),
        (1..60_u32).prop_map(|days| format!("{{ kind = \"linear\", days = {days} }}")),
        (1..40_u32).prop_map(|days| format!("{{ kind = \"half_life\", days = {days} }}")),
        (0..20_u32, 1..30_u32, 50..101_u32, 0..50_u32).prop_map(|(first, more, percent, less)| format!(
            "{{ kind = \"step\", steps = [{{ after_days = {first}, percent = {percent} }}, {{ after_days = {}, percent = {less} }}] }}",
            first + more
        )),
    ]
}

fn points() -> impl Strategy<Value = String> {
    (-20_000..40_000_i32)
        .prop_filter("not nothing", |milli| *milli != 0)
        .prop_map(|milli| Points::from_milli(i64::from(milli)).to_string())
}

fn rules() -> impl Strategy<Value = String> {
    let repeats = prop::sample::select(vec!["once", "every", "per_day", "per_value"]);
    let events = prop::sample::subsequence(&NAMES[..3], 1..=3);
    let limits = (key("cap", 0..50_u32), key("window_days", 1..50_u32), key("decay", decays()));
    let groups = prop::sample::select(vec!["g0", "g1"]);
    let rule = (points(), repeats, events, groups, limits).prop_map(|(points, repeat, events, group, limits)| {
        let per = if repeat == "per_value" { "per = { property = \"v\" }\n" } else { "" };
        format!(
            "label = \"Rule\"\ngroup = \"{group}\"\nevent = {events:?}\npoints = {points}\nrepeat = \"{repeat}\"\n\
             {per}{}{}{}",
            limits.0, limits.1, limits.2
        )
    });
    prop::collection::vec(rule, 1..6).prop_map(|rules| {
        let numbered = rules.into_iter().enumerate();
        numbered.map(|(n, rule)| format!("[[rule]]\nid = \"r{n}\"\n{rule}")).collect()
    })
}

fn models() -> impl Strategy<Value = String> {
    let caps = (key("cap", 0..60_u32), key("cap", 0..60_u32), key("cap", 0..60_u32));
    let decays = (key("decay", decays()), key("decay", decays()));
    let clamps = (key("max", 1..80_u32), key("max", 1..80_u32), key("max", 1..80_u32));
    let mql = (
        key("fit_gte", -5..1),
        key("exit_below", -5..1),
        key("active_within_days", 1..60_u32),
        key("cooldown_days", 1..60_u32),
    );
    let who = (points(), points(), points(), 1..4_u32);
    (rules(), caps, decays, clamps, mql, who).prop_map(|(rules, caps, decays, clamps, mql, who)| {
        let braces = |clamp: String| format!("{{ {} }}", clamp.trim());
        format!(
            "name = \"Random\"\n[mql]\ntotal_gte = 0.001\n{}{}{}{}\
             [clamp]\nengagement = {}\nfit = {}\ntotal = {}\n\
             [[group]]\nid = \"g0\"\nlabel = \"G0\"\naxis = \"engagement\"\n{}{}\
             [[group]]\nid = \"g1\"\nlabel = \"G1\"\naxis = \"engagement\"\n{}{}\
             [[group]]\nid = \"free\"\nlabel = \"Free\"\naxis = \"engagement\"\n\
             [[group]]\nid = \"is\"\nlabel = \"Is\"\naxis = \"fit\"\n{}\
             [[rule]]\nid = \"reach\"\nlabel = \"Reach\"\ngroup = \"free\"\nevent = \"reach\"\npoints = 1\n\
             [[attribute]]\nid = \"size\"\nlabel = \"Size\"\ngroup = \"is\"\nattribute = \"size\"\n\
             bands = [{{ lt = 50, points = {} }}, {{ gte = 50, points = {} }}]\nunknown_points = {}\n\
             [[disqualifier]]\nid = \"gone\"\nlabel = \"Gone\"\nevent = \"gone\"\ntimes = {}\n{rules}",
            mql.0,
            mql.1,
            mql.2,
            mql.3,
            braces(clamps.0),
            braces(clamps.1),
            braces(clamps.2),
            caps.0,
            decays.0,
            caps.1,
            decays.1,
            caps.2,
            who.0,
            who.1,
            who.2,
            who.3,
        )
    })
}

fn happens() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec((0..NAMES.len(), 0..24_i64 * 60, 0..3_u8), 0..40).prop_map(|list| {
        let event = |(n, (name, hour, value)): (u8, (usize, i64, u8))| {
            let at = noon().plus_millis(-hour * 3_600_000);
            with_property(event(n, NAMES[name], "/", at), "v", &value.to_string())
        };
        (0..).zip(list).map(event).collect()
    })
}

fn leads() -> impl Strategy<Value = Profile> {
    let sizes = prop::sample::select(vec![None, Some("10"), Some("50-99"), Some("many")]);
    (sizes, overrides::overrides()).prop_map(|(size, overrides)| Profile {
        overrides,
        ..profile(&size.map(|size| ("size", size)).into_iter().collect::<Vec<_>>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_order_and_any_batches_give_one_score(
        text in models(),
        (events, shuffled) in happens().prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
        who in leads(),
        batch in 1..9_usize,
        back in 0..70_i64,
    ) {
        let (model, as_of) = (model(&text), noon().plus_days(10 - back));
        let once = model.evaluate(&hits(&model, &events), &who, as_of);
        let backwards = Profile { overrides: who.overrides.iter().rev().cloned().collect(), ..who.clone() };
        prop_assert_eq!(&once, &model.evaluate(&hits(&model, &shuffled), &backwards, as_of));
        // In batches of one scorer, which forgets after each what cannot count from then on any more.
        let mut kept = Vec::new();
        for batch in shuffled.chunks(batch) {
            kept.extend(hits(&model, batch));
            model.prune(&mut kept, as_of.plus_days(-1));
        }
        prop_assert_eq!(&once, &model.evaluate(&kept, &who, as_of));
        // As of then is a replay up to then.
        let replay: Vec<Event> = events.iter().filter(|event| event.at <= as_of).cloned().collect();
        prop_assert_eq!(&once, &model.evaluate(&hits(&model, &replay), &who, as_of));
    }

    #[test]
    fn every_explanation_sums_and_every_cap_holds(text in models(), events in happens(), who in leads()) {
        let model = model(&text);
        let evaluation = model.evaluate(&hits(&model, &events), &who, noon());
        prop_assert_eq!(sum(&evaluation), evaluation.total);
        let of = |keep: &dyn Fn(&Line) -> bool| -> Points {
            evaluation.lines.iter().filter(|line| keep(line)).map(|line| line.points).sum()
        };
        prop_assert_eq!(of(&|line| line.axis == Axis::Engagement), evaluation.engagement);
        prop_assert_eq!(of(&|line| line.axis == Axis::Fit), evaluation.fit);
        for rule in &model.spec.rules {
            let points = of(&|line| line.id == rule.id.as_str() && matches!(line.kind, LineKind::Rule | LineKind::RuleCap));
            prop_assert!(rule.cap.is_none_or(|cap| points <= cap && points >= -cap), "{text}");
        }
        for (id, group) in &model.spec.groups {
            let points = of(&|line| line.group == *id);
            prop_assert!(group.cap.is_none_or(|cap| points <= cap && points >= -cap), "{text}");
        }
        let clamp = &model.spec.clamp;
        for (clamp, points) in [(clamp.engagement, evaluation.engagement), (clamp.fit, evaluation.fit), (clamp.total, evaluation.total)] {
            prop_assert_eq!(clamp.apply(points), points);
        }
        let gone = evaluation.gates.iter().any(|gate| gate.id == "gone" && gate.outcome == crate::scoring::GateOutcome::Fail);
        prop_assert!(!(gone && evaluation.qualifies), "whatever the points");
        prop_assert!(!(evaluation.held().is_some() && evaluation.qualifies), "nor who is held back");
        let said = evaluation.qualified().is_some() && evaluation.held().is_none() && !gone;
        prop_assert!(!said || evaluation.qualifies, "who is said to qualify");
        let given = |line: &Line| line.kind == LineKind::Override;
        let machine = model.evaluate(&hits(&model, &events), &who.without_overrides(), noon());
        prop_assert!(!machine.lines.iter().any(given));
        if model.spec.clamp.total.max.is_none() && model.spec.clamp.engagement.max.is_none() && model.spec.clamp.fit.max.is_none() {
            let floors = |evaluation: &Evaluation| evaluation.lines.iter().any(|line| line.kind == LineKind::AxisClamp);
            if !floors(&machine) && !floors(&evaluation) {
                prop_assert_eq!(machine.total + of(&given), evaluation.total, "the machine's score and what people add");
            }
        }
        prop_assert_eq!(evaluation.qualifies, evaluation.missing.is_empty());
    }

    /// What holds but for the total is an MQL of the model with any threshold up to it, and with none above.
    #[test]
    fn what_would_qualify_is_what_qualifies_with_another_threshold(
        text in models(),
        events in happens(),
        who in leads(),
        at in 0..90_i64,
        fast in prop::option::of(prop::sample::select(vec!["reach", "r0"])),
        engagements in prop::option::of((1..5_u32, 1..40_u32)),
        threshold in 1..40_i64,
    ) {
        let more = key_of("fast_track", fast.map(|rule| format!("[\"{rule}\"]")))
            + &key_of("min_engagements", engagements.map(|(count, within)| format!("{{ count = {count}, within_days = {within} }}")));
        let with = |threshold: Points| text.replace("total_gte = 0.001\n", &format!("total_gte = {threshold}\n{more}"));
        let (as_of, own) = (noon().plus_days(at), Points::from_milli(1));
        let (own, other) = (with(own), with(Points::from_milli(threshold * 1000)));
        // A threshold that the model cannot reach is refused, and so is a rule that takes points on the fast track.
        let (Ok(own), Ok(other)) = (Model::parse(&own), Model::parse(&other)) else { return Ok(()) };
        let of = |model: &Model| model.evaluate(&hits(model, &events), &who, as_of);
        let up_to = of(&own).qualifies_up_to();
        prop_assert_eq!(up_to, of(&other).qualifies_up_to());
        for model in [&own, &other] {
            prop_assert_eq!(of(model).qualifies, up_to.is_some_and(|most| most >= model.threshold()));
        }
    }

    /// A comparison is silent exactly when both are the same model; and every model can be told.
    #[test]
    fn a_comparison_misses_nothing(one in models(), other in models()) {
        let (one, other) = (model(&one), model(&other));
        prop_assert!(one.changes_to(&one).is_empty());
        prop_assert_eq!(one.changes_to(&other).is_empty(), one.hash() == other.hash());
        let both = one.changes_to(&other).len() == other.changes_to(&one).len();
        prop_assert!(both, "there and back are as many changes");
        prop_assert!(one.explain().contains("day 180"));
    }
}
