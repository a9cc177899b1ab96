//! Promises against random input. Invariant: order, batches and repetition of hits never matter; lines
//! sum; caps hold; forgetting what was pruned never shows; no text makes the parser panic.

use super::*;
use crate::domain::{EmailDomain, RuleId};
use crate::scoring::{Axis, DEFAULT_MODEL};
use proptest::prelude::*;

/// Every construct that chooses, fades or limits.
const ALL: &str = r#"
name = "All"
[mql]
total_gte = 20
fit_gte = 1
min_engagements = { count = 3, within_days = 20 }
active_within_days = 30
fast_track = ["linear"]
[clamp]
engagement = { min = -5, max = 70 }
total = { max = 75 }
[[group]]
id = "a"
label = "A"
axis = "engagement"
cap = 60
decay = { kind = "step", steps = [{ after_days = 10, percent = 33 }, { after_days = 40, percent = 0 }] }
[[group]]
id = "b"
label = "B"
axis = "engagement"
cap = 25.5
[[group]]
id = "who"
label = "Who"
axis = "fit"
cap = 20
[[rule]]
id = "once"
label = "Once"
group = "a"
event = "once"
points = 7
[[rule]]
id = "every"
label = "Every"
group = "a"
event = "every"
points = 3.333
repeat = "every"
cap = 12
[[rule]]
id = "per_day"
label = "Per day"
group = "b"
event = "*"
points = 2
repeat = "per_day"
window_days = 25
[[rule]]
id = "per_value"
label = "Per value"
group = "b"
event = "per_value"
points = 4
repeat = "per_value"
per = { property = "v" }
decay = { kind = "half_life", days = 2 }
[[rule]]
id = "linear"
label = "Linear"
group = "a"
event = "linear"
points = 11
repeat = "every"
decay = { kind = "linear", days = 30 }
[[rule]]
id = "against"
label = "Against"
group = "b"
event = "against"
points = -9
repeat = "every"
cap = 30
[[attribute]]
id = "size"
label = "Size"
group = "who"
attribute = "size"
bands = [{ gte = 10, lt = 100, points = 8 }, { gte = 100, points = 30 }]
unknown_points = 1
[[disqualifier]]
id = "gone"
label = "Gone"
event = "gone"
times = 2
window_days = 15
[[icp]]
id = "icp"
label = "ICP"
attribute = "size"
gte = 50
"#;

const NAMES: [&str; 7] = ["once", "every", "per_value", "linear", "against", "gone", "other"];
/// The time in which random events happen, and a day more.
const HOURS: i64 = 24 * 61;

fn after(hours: i64) -> Timestamp {
    noon().plus_millis(hours * 3_600_000)
}

fn events(most: usize) -> impl Strategy<Value = Vec<Event>> {
    let one = (0..NAMES.len(), 0..24_i64 * 60, 0..4_u8);
    prop::collection::vec(one, 0..most).prop_map(|list| {
        let event = |(n, (name, hour, value)): (u8, (usize, i64, u8))| {
            with_property(event(n, NAMES[name], "/", after(hour)), "v", &value.to_string())
        };
        (0..).zip(list).map(event).collect()
    })
}

fn profiles() -> impl Strategy<Value = Profile> {
    let size = prop::option::of(prop::sample::select(vec!["5", "10-99", "50", "1,000+", "many"]));
    (size, any::<bool>()).prop_map(|(size, company)| Profile {
        domain: company.then(|| EmailDomain::Company(Text::clean("acme.com"))),
        ..profile(&size.map(|size| ("size", size)).into_iter().collect::<Vec<_>>())
    })
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(
        (events, shuffled) in events(60).prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
        who in profiles(),
        hour in 0..HOURS,
    ) {
        let model = model(ALL);
        let once = model.evaluate(&hits(&model, &events), &who, after(hour));
        let mut twice = hits(&model, &shuffled);
        twice.extend(hits(&model, &events));
        prop_assert_eq!(once, model.evaluate(&twice, &who, after(hour)));
    }

    #[test]
    fn explanations_sum_and_caps_hold(events in events(60), who in profiles(), hour in 0..HOURS) {
        let model = model(ALL);
        let evaluation = model.evaluate(&hits(&model, &events), &who, after(hour));
        prop_assert_eq!(sum(&evaluation), evaluation.total);
        let of = |keep: &dyn Fn(&Line) -> bool| -> Points {
            evaluation.lines.iter().filter(|line| keep(line)).map(|line| line.points).sum()
        };
        prop_assert_eq!(of(&|line| line.axis == Axis::Engagement), evaluation.engagement);
        prop_assert_eq!(of(&|line| line.axis == Axis::Fit), evaluation.fit);
        prop_assert_eq!(evaluation.score().total, evaluation.fit + evaluation.engagement + of(&|line| line.axis == Axis::Total));
        for (rule, cap) in [("every", 12), ("against", 30)] {
            let points = of(&|line| line.id == rule && matches!(line.kind, LineKind::Rule | LineKind::RuleCap));
            prop_assert!(points <= Points::whole(cap) && points >= -Points::whole(cap));
        }
        for (group, cap) in [("a", 60_000), ("b", 25_500), ("who", 20_000)] {
            let points = of(&|line| line.group == group);
            prop_assert!(points.milli().abs() <= cap);
        }
        prop_assert!(evaluation.engagement >= Points::whole(-5) && evaluation.engagement <= Points::whole(70));
        prop_assert!(evaluation.total <= Points::whole(75));
        prop_assert_eq!(evaluation.qualifies, evaluation.missing.is_empty());
    }

    #[test]
    fn what_happens_later_does_not_matter(events in events(60), who in profiles(), hour in 0..HOURS) {
        let model = model(ALL);
        let past: Vec<Event> = events.iter().filter(|event| event.at <= after(hour)).cloned().collect();
        prop_assert_eq!(
            model.evaluate(&hits(&model, &events), &who, after(hour)),
            model.evaluate(&hits(&model, &past), &who, after(hour))
        );
    }

    /// Events arrive in any order and in batches, and after each batch hits are forgotten as of some
    /// moment: from that moment on the score is that of all events at once.
    #[test]
    fn batches_and_pruning_do_not_show(
        events in events(80),
        cuts in prop::collection::vec((1..20_usize, 0..HOURS), 0..6),
        who in profiles(),
        later in 0..HOURS,
    ) {
        let model = model(ALL);
        let (mut kept, mut rest, mut now) = (Vec::new(), events.as_slice(), after(0));
        for (size, hour) in cuts {
            let (batch, more) = rest.split_at(size.min(rest.len()));
            rest = more;
            kept.extend(hits(&model, batch));
            now = now.max(after(hour));
            model.prune(&mut kept, now);
            let as_of = now.plus_millis(later * 3_600_000);
            let seen = hits(&model, &events[..events.len() - rest.len()]);
            prop_assert_eq!(model.evaluate(&kept, &who, as_of), model.evaluate(&seen, &who, as_of));
        }
        kept.extend(hits(&model, rest));
        let all = hits(&model, &events);
        for as_of in [now, now.plus_millis(later * 3_600_000)] {
            prop_assert_eq!(model.evaluate(&kept, &who, as_of), model.evaluate(&all, &who, as_of));
        }
    }

    #[test]
    fn pruning_twice_is_pruning_once(events in events(60), hour in 0..HOURS) {
        let model = model(ALL);
        let mut once = hits(&model, &events);
        model.prune(&mut once, after(hour));
        let mut twice = once.clone();
        model.prune(&mut twice, after(hour));
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn nothing_grows_by_waiting(events in events(40), first in 24 * 60..HOURS, days in 0..400_i64) {
        let only_for = hits(&model(ALL), &events).into_iter().filter(|hit| hit.rule.as_str() != "against").collect::<Vec<_>>();
        let total = |as_of| model(ALL).evaluate(&only_for, &Profile::default(), as_of).total;
        prop_assert!(total(after(first).plus_days(days)) <= total(after(first)));
    }

    /// The tables of the default model in any order, comments and blank lines between them.
    #[test]
    fn the_order_of_tables_does_not_change_the_hash(
        tables in Just(DEFAULT_MODEL.split("\n[[").skip(1).map(str::to_owned).collect::<Vec<_>>()).prop_shuffle(),
        comment in "[ -~]{0,20}",
    ) {
        let head = DEFAULT_MODEL.split("\n[[").next().expect("a first part");
        let text = tables.iter().fold(head.to_owned(), |text, table| format!("{text}\n# {comment}\n\n  [[{table}"));
        let (moved, original) = (model(&text), model(DEFAULT_MODEL));
        prop_assert_eq!(moved.hash(), original.hash());
        prop_assert!(moved.rules().eq(original.rules()));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}", table in "(name|\\[mql\\]|\\[\\[rule\\]\\]|[a-z_]{1,8} = [0-9\\[\\]{}\".,a-z=-]{0,20}|\n){0,20}") {
        _ = Model::parse(&text);
        _ = Model::parse(&table);
    }

    /// A model with a piece cut out, or put elsewhere, is refused or read, and what is read evaluates.
    #[test]
    fn damaged_models_are_refused_or_read(at in 0..DEFAULT_MODEL.len(), length in 0..60_usize, insert in "[ -~\n]{0,6}", events in events(5)) {
        let start = (0..=at).rev().find(|at| DEFAULT_MODEL.is_char_boundary(*at)).unwrap_or(0);
        let end = (start + length..DEFAULT_MODEL.len()).find(|at| DEFAULT_MODEL.is_char_boundary(*at)).unwrap_or(DEFAULT_MODEL.len());
        let text = format!("{}{insert}{}", &DEFAULT_MODEL[..start], &DEFAULT_MODEL[end..]);
        match Model::parse(&text) {
            Ok(model) => {
                let evaluation = model.evaluate(&hits(&model, &events), &Profile::default(), noon());
                prop_assert_eq!(sum(&evaluation), evaluation.total);
            }
            Err(error) => {
                prop_assert!(!error.problems().is_empty());
                prop_assert!(error.problems().iter().all(|problem| problem.line > 0 && problem.column > 0));
            }
        }
    }

    /// Hits that no event made, of any rule, with one event under two times among them.
    #[test]
    fn malformed_hits_are_harmless(
        list in prop::collection::vec((0..8_usize, any::<i64>(), 0..5_u8), 0..30),
        as_of in any::<i64>(),
    ) {
        let ids = ["once", "every", "per_day", "per_value", "linear", "against", "gone", "unknown"];
        let hit = |(rule, at, event): (usize, i64, u8)| Hit {
            rule: RuleId::parse(ids[rule]).expect("valid"),
            at: Timestamp::from_millis(at),
            event: EventId::from_bytes([event; 16]),
            value: None,
        };
        let (model, mut hits) = (model(ALL), list.into_iter().map(hit).collect::<Vec<_>>());
        let evaluation = model.evaluate(&hits, &Profile::default(), Timestamp::from_millis(as_of));
        prop_assert_eq!(sum(&evaluation), evaluation.total);
        model.prune(&mut hits, Timestamp::from_millis(as_of));
        prop_assert_eq!(model.evaluate(&hits, &Profile::default(), Timestamp::from_millis(as_of)), evaluation);
    }
}
