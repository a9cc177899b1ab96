//! Sums, shares and curves. Invariant: whatever the leads did, the parts are the whole.

use super::*;
use std::collections::BTreeSet;

/// The draft's own threshold.
const OWN: Points = Points::from_milli(30_500);

fn moments() -> impl Strategy<Value = Timestamp> {
    (0..24 * 28_i64).prop_map(hour)
}

fn stairs() -> impl Strategy<Value = Staircase> {
    let up_to = prop_oneof![9 => (-5_000..60_000_i64).prop_map(Points::from_milli), 1 => Just(Points::MAX)];
    prop::collection::vec((up_to, 0..40_i64), 0..6).prop_map(|steps| {
        let (mut stairs, mut now) = (Staircase::default(), 0);
        for (up_to, later) in steps {
            now += later;
            stairs.climb(up_to, hour(now));
        }
        stairs
    })
}

fn leads() -> impl Strategy<Value = Vec<Facts>> {
    let channel = prop::sample::select(vec![Channel::Direct, Channel::Email, Channel::PaidSearch]);
    let hits = prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), moments(), 0..3);
    let outcome = prop::option::of((any::<bool>(), moments()));
    let one = (channel, moments(), prop::option::of(moments()), stairs(), hits, outcome).prop_map(
        |(channel, known_at, live, stairs, hits, outcome)| Facts {
            channel,
            known_at,
            live: live.map(mql),
            draft: stairs.first_at(OWN).map(mql),
            stairs,
            hits: hits.into_iter().map(|(name, at)| RuleHit { rule: rule(name), at }).collect(),
            outcome: outcome.map(|(won, at)| Outcome { won, at }),
            ..lead(0)
        },
    );
    prop::collection::vec(one, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn entering_less_leaving_is_the_change_and_parts_sum(leads in leads()) {
        let changes = Changes::of(&leads, &period());
        let all = changes.counts;
        prop_assert_eq!(all.draft + all.leaving, all.live + all.entering);
        prop_assert_eq!(all.live - all.leaving, changes.staying);
        prop_assert!(changes.earlier + changes.later <= changes.staying);
        let inside = |at: Option<Mql>| at.is_some_and(|mql| hour(48) <= mql.at && mql.at < hour(22 * 24));
        let live = leads.iter().filter(|lead| inside(lead.live)).count();
        let draft = leads.iter().filter(|lead| inside(lead.draft)).count();
        prop_assert_eq!((all.live, all.draft), (live as u64, draft as u64));
        for part in [
            changes.by_channel.iter().map(|row| row.counts).collect::<Vec<_>>(),
            changes.by_week.iter().map(|row| row.counts).collect(),
        ] {
            let sum = |of: fn(&changes::Counts) -> u64| part.iter().map(of).sum::<u64>();
            prop_assert_eq!(sum(|c| c.live), all.live);
            prop_assert_eq!(sum(|c| c.draft), all.draft);
            prop_assert_eq!(sum(|c| c.entering), all.entering);
            prop_assert_eq!(sum(|c| c.leaving), all.leaving);
        }
        for row in &changes.by_channel {
            prop_assert_eq!(row.counts.draft + row.counts.leaving, row.counts.live + row.counts.entering);
        }
        let weeks: Vec<Date> = changes.by_week.iter().map(|row| row.week).collect();
        prop_assert_eq!(weeks, [0, 7, 14, 21].map(|days| Date::from_days(MONDAY + days)));
    }

    #[test]
    fn the_curve_says_at_the_own_threshold_what_the_draft_made_and_falls(leads in leads()) {
        let (period, curve) = (period(), Curve::of(&leads, &period(), OWN));
        let changes = Changes::of(&leads, &period);
        let own = curve.own().expect("is there");
        prop_assert_eq!(own.mqls, changes.counts.draft);
        prop_assert_eq!(own.outcomes, curve::against(&leads, &period, |lead| Some(lead.draft?.at)));
        prop_assert!(curve.points.is_sorted_by(|a, b| a.threshold < b.threshold && a.leads >= b.leads));
        let closed: Vec<u64> = curve.points.iter().map(|point| point.outcomes.closed()).collect();
        prop_assert!(closed.windows(2).all(|pair| pair[0] == pair[1]), "the same leads are closed whatever the threshold");
        // Between two points the greater one holds; beyond the last nothing changes.
        for threshold in (1..70).map(Points::whole) {
            let point = Point::of(&leads, &period, threshold);
            let mut whole = curve.points.iter().filter(|shown| shown.threshold.milli() % 1_000 == 0);
            let last = whole.clone().next_back();
            let next = whole.find(|shown| shown.threshold >= threshold).or(last).expect("some");
            prop_assert_eq!(Point { threshold: next.threshold, own: next.own, ..point }, *next);
        }
    }

    #[test]
    fn with_and_without_a_hit_are_all_closed_leads(leads in leads()) {
        let scored = ["a", "b", "c", "never"].map(|name| Scored { id: rule(name), label: name.to_owned(), kind: Kind::Rule });
        let lifts = Lift::of(&leads, &period(), &scored);
        let closed: Vec<(&Facts, Outcome)> = leads
            .iter()
            .filter_map(|lead| Some((lead, lead.outcome?)))
            .filter(|(_, outcome)| hour(48) <= outcome.at && outcome.at < hour(22 * 24))
            .collect();
        let won = closed.iter().filter(|(_, outcome)| outcome.won).count() as u64;
        prop_assert_eq!(lifts.len(), 4);
        for lift in &lifts {
            prop_assert_eq!(lift.with + lift.without, closed.len() as u64);
            prop_assert_eq!(lift.with_won + lift.without_won, won);
            let had = |(lead, outcome): &&(&Facts, Outcome)| {
                lead.hits.iter().any(|hit| hit.rule == lift.id && hit.at <= outcome.at)
            };
            prop_assert_eq!(lift.with, closed.iter().filter(had).count() as u64);
            prop_assert_eq!(lift.lift.is_some(), lift.with > 0 && won > 0);
            if let (Some(share), Some(interval)) = (lift.share, lift.interval) {
                prop_assert!(interval.low <= share + 1e-4 && share <= interval.high + 1e-4);
            }
            if lift.with.min(lift.without) < 30 {
                prop_assert_eq!(lift.reading, Reading::TooLittle);
            }
        }
    }
}

/// Ten leads of one channel; by the draft two more, one less, one earlier.
#[test]
fn a_worked_example() {
    let won = |at| Some(Outcome { won: true, at: hour(at) });
    let lost = |at| Some(Outcome { won: false, at: hour(at) });
    let fact = |n, live: Option<i64>, steps: &[(i32, i64)], outcome| {
        let mut stairs = Staircase::default();
        for (up_to, at) in steps {
            stairs.climb(Points::whole(*up_to), hour(*at));
        }
        let draft = stairs.first_at(Points::whole(50)).map(mql);
        Facts { live: live.map(|at| mql(hour(at))), draft, stairs, outcome, ..lead(n) }
    };
    let leads = [
        fact(1, Some(100), &[(20, 80), (70, 100)], won(200)),
        fact(2, Some(110), &[(55, 90), (70, 110)], lost(210)),
        fact(3, Some(120), &[(40, 120)], lost(220)),
        fact(4, None, &[(50, 300)], won(400)),
        fact(5, None, &[(52, 310)], None),
        // Won before the draft noticed it.
        fact(6, None, &[(30, 72), (10, 80)], won(200)),
    ];
    let changes = Changes::of(&leads, &period());
    let counts = changes.counts;
    assert_eq!((counts.live, counts.draft, counts.entering, counts.leaving), (3, 4, 2, 1));
    assert_eq!((changes.staying, changes.earlier, changes.later), (2, 1, 0));
    let curve = Curve::of(&leads, &period(), Points::whole(50));
    let at: Vec<(String, u64)> =
        curve.points.iter().map(|point| (point.threshold.to_string(), point.mqls)).collect();
    let expected = [("20", 6), ("30", 6), ("40", 5), ("50", 4), ("52", 3), ("55", 2), ("70", 2), ("71", 0)];
    assert_eq!(at, expected.map(|(threshold, mqls)| (threshold.to_owned(), mqls)));
    let own = curve.own().expect("is there");
    assert_eq!(own.outcomes, Confusion { mql_won: 2, mql_lost: 1, other_won: 1, other_lost: 1 });
    let ratios = (own.outcomes.precision(), own.outcomes.recall(), own.outcomes.lift());
    assert_eq!(ratios, (Some(0.6667), Some(0.6667), Some(1.1111)));
    assert_eq!((own.share_of_leads, own.mqls_per_week), (Some(0.6667), 1.4));
}

#[test]
fn bounds_of_a_share_are_those_of_the_tables() {
    let bounds = |part, of| wilson(part, of).map(|interval| (interval.low, interval.high));
    assert_eq!(bounds(10, 20), Some((0.2993, 0.7007)));
    assert_eq!(bounds(0, 10), Some((0.0, 0.2775)));
    assert_eq!(bounds(1, 10), Some((0.0179, 0.4042)));
    assert_eq!(bounds(0, 0), None);
}

#[test]
fn a_rule_is_read_as_chance_allows_and_not_at_all_where_little_is_known() {
    let leads = |with: u64, with_won: u64, without: u64, without_won: u64| -> Vec<Facts> {
        let one = |hit: bool, won: bool| Facts {
            hits: if hit { vec![RuleHit { rule: rule("a"), at: hour(72) }] } else { Vec::new() },
            outcome: Some(Outcome { won, at: hour(100) }),
            ..lead(1)
        };
        let side = |all, won, hit| (0..all).map(move |n| one(hit, n < won));
        side(with, with_won, true).chain(side(without, without_won, false)).collect()
    };
    let scored = [Scored { id: rule("a"), label: "A".to_owned(), kind: Kind::Rule }];
    let read = |leads: &[Facts]| Lift::of(leads, &period(), &scored)[0].clone();
    let lift = read(&leads(40, 20, 160, 16));
    assert_eq!((lift.share, lift.lift, lift.reading), (Some(0.5), Some(2.7778), Reading::MoreOften));
    assert_eq!(read(&leads(100, 2, 100, 40)).reading, Reading::LessOften);
    assert_eq!(read(&leads(40, 9, 160, 30)).reading, Reading::Unclear);
    assert_eq!(read(&leads(29, 29, 160, 0)).reading, Reading::TooLittle);
    assert_eq!(read(&leads(160, 100, 29, 0)).reading, Reading::TooLittle);
    assert_eq!(read(&[]).reading, Reading::TooLittle);
}

#[test]
fn a_curve_has_a_bounded_number_of_points_and_its_ends() {
    let climb = |n: i32| {
        let mut stairs = Staircase::default();
        stairs.climb(Points::whole(n), hour(72));
        Facts { stairs, ..lead(1) }
    };
    let leads: Vec<Facts> = (1..1_000).map(climb).collect();
    let own = Points::from_milli(333_500);
    let curve = Curve::of(&leads, &period(), own);
    assert!(curve.thinned && curve.points.len() <= 202, "{}", curve.points.len());
    let shown: BTreeSet<Points> = curve.points.iter().map(|point| point.threshold).collect();
    assert!(
        shown.contains(&Points::whole(1)) && shown.contains(&Points::whole(1_000)) && shown.contains(&own)
    );
    assert!(!Curve::of(&leads[..100], &period(), own).thinned);
}

#[test]
fn days_that_cannot_be_counted_are_refused() {
    let day = |text: &str| Date::parse(text).expect("valid");
    let today = day("2026-11-22");
    let asked = |from: Option<&str>, to: Option<&str>| check(from.map(day), to.map(day), today);
    for (from, to) in [
        (None, None),
        (None, Some("2020-01-01")),
        (Some("2026-11-22"), None),
        (Some("2026-12-01"), Some("2026-12-01")),
        (Some("2016-11-15"), None),
    ] {
        assert_eq!(asked(from, to), Ok(()), "{from:?} {to:?}");
    }
    // After today; after the last; more weeks than anybody could read.
    for (from, to) in
        [(Some("2026-11-23"), None), (Some("2026-11-02"), Some("2026-11-01")), (Some("0001-01-01"), None)]
    {
        assert!(asked(from, to).is_err(), "{from:?} {to:?}");
    }
}
