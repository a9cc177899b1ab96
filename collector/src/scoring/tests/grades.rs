//! Grades, coverage and the day a score falls. Invariant: a grade never gets worse by points, coverage counts
//! every lead once an attribute, and no moment before the day that is named is below.

use super::*;
use crate::domain::Score;
use crate::scoring::Known;
use proptest::prelude::*;

const GRADED: &str = r#"name = "Graded"
[mql]
total_gte = 10
exit_below = 6
[grades]
fit = { A = 30, B = 20, C = 10 }
engagement = { 1 = 40, 2 = 15 }
[[group]]
id = "web"
label = "Web"
axis = "engagement"
[[group]]
id = "who"
label = "Who"
axis = "fit"
[[rule]]
id = "x"
label = "X"
group = "web"
event = "x"
points = 10
repeat = "every"
decay = { kind = "linear", days = 10 }
[[rule]]
id = "against"
label = "Against"
group = "web"
event = "against"
points = -3
repeat = "every"
window_days = 4
[[attribute]]
id = "size"
label = "Size"
group = "who"
attribute = "size"
bands = [{ gte = 50, points = 30 }]
[[attribute]]
id = "title"
label = "Title"
group = "who"
attribute = "title"
patterns = [{ any = "cto", points = 10 }]
[[icp]]
id = "icp"
label = "ICP"
attribute = "size"
gte = 50
"#;

fn grade(fit: i64, engagement: i64) -> String {
    let score = Score {
        fit: Points::from_milli(fit),
        engagement: Points::from_milli(engagement),
        total: Points::from_milli(fit + engagement),
    };
    model(GRADED).grade(score).expect("it has grades").to_string()
}

#[test]
fn a_letter_for_fit_and_a_number_for_engagement() {
    for (fit, engagement, expected) in [
        (30_000, 40_000, "A1"),
        (29_999, 39_999, "B2"),
        (20_000, 15_000, "B2"),
        (19_999, 14_999, "C3"),
        (10_000, 0, "C3"),
        (9_999, 99_000, "D1"),
        (-5_000, -5_000, "D3"),
    ] {
        assert_eq!(grade(fit, engagement), expected, "{fit} {engagement}");
    }
    let evaluation = model(GRADED).evaluate(&[], &profile(&[("size", "80")]), noon());
    assert_eq!(serde_json::to_value(evaluation.grade).expect("serialises"), "A3");
}

#[test]
fn without_thresholds_there_are_no_grades_and_the_hash_stays() {
    let (head, rest) = GRADED.split_once("[grades]").expect("grades");
    let (_, tables) = rest.split_once("[[group]]").expect("groups");
    let plain = model(&format!("{head}[[group]]{tables}"));
    assert_eq!(plain.evaluate(&[], &Profile::default(), noon()).grade, None);
    assert_ne!(plain.hash(), model(GRADED).hash());
    let moved = GRADED.replace("{ 1 = 40, 2 = 15 }", "{ 2 = 15.0, 1 = 40.0 }");
    assert_eq!(model(&moved).hash(), model(GRADED).hash(), "the order of keys is no other model");
    assert_ne!(model(&GRADED.replace("2 = 15", "2 = 16")).hash(), model(GRADED).hash());
}

#[test]
fn grades_that_cannot_be_are_named() {
    for (from, to, message) in [
        (
            "B = 20",
            "B = 30",
            "line 5, column 1: grades.fit: A is the better grade, so it takes more points: A = 30 has to be above B = 30",
        ),
        ("C = 10", "C = 21", "B = 20 has to be above C = 21"),
        (
            "2 = 15",
            "2 = 50",
            "grades.engagement: 1 is the better grade, so it takes more points: 1 = 40 has to be above 2 = 50",
        ),
        (
            "A = 30",
            "A = 41",
            "grades.fit.A: 41 can never be reached: all attributes together give at most 40",
        ),
        ("A = 30, ", "", "missing key `A`"),
        ("A = 30", "E = 1, A = 30", "unknown key `E`; allowed here: `A`, `B`, `C`"),
    ] {
        let text = GRADED.replacen(from, to, 1);
        let error = Model::parse(&text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn coverage_counts_those_who_could_be_scored() {
    let model = model(GRADED);
    let leads = [
        profile(&[("size", "80"), ("title", "Gardener")]),
        profile(&[("size", "some")]),
        profile(&[("title", "CTO")]),
        Profile::default(),
        profile(&[("size", "10"), ("title", "")]),
    ];
    let coverage = model.coverage(&leads);
    let told: Vec<_> =
        coverage.iter().map(|of| (of.id.as_str(), of.known, of.leads, of.unknown_percent())).collect();
    // A value that gives no points is known; one that is no number where numbers are asked is not.
    assert_eq!(told, [("size", 2, 5, 60), ("title", 2, 5, 60), ("icp", 2, 5, 60)]);
    assert_eq!(model.coverage([]).iter().map(Known::unknown_percent).max(), Some(0));
    for lead in &leads {
        let single = model.evaluate(&[], lead, noon()).coverage;
        let of = model.coverage([lead]);
        for known in of.iter().filter(|known| known.id.as_str() != "icp") {
            assert_eq!(known.known == 1, single.known.contains(&known.id.to_string()));
        }
    }
}

#[test]
fn the_moment_of_the_fall() {
    let model = model(GRADED);
    let at = noon().plus_days(-2).plus_millis(-3_600_000);
    let one = hits(&model, &[event(1, "x", "/", at)]);
    let falls = |hits: &[Hit], who: &Profile| model.falls_out(hits, who, noon());
    // Ten points lose one a day: eight now, five when it is five days old.
    assert_eq!(falls(&one, &Profile::default()), Some(at.plus_days(5)));
    assert_eq!(falls(&one[..0], &Profile::default()), None, "it is out already");
    let big = profile(&[("size", "80")]);
    assert_eq!(falls(&one, &big), Some(at.plus_days(10)), "thirty points of fit do not keep it");
    assert_eq!(falls(&one[..0], &big), None, "it did nothing before");
    let later = hits(&model, &[event(1, "x", "/", at), event(2, "x", "/", noon().plus_days(1))]);
    assert_eq!(falls(&later, &Profile::default()), Some(at.plus_days(5)), "what happens later is not known");
    let mut against = hits(&model, &[event(3, "against", "/", at)]);
    against.extend(one.clone());
    against.extend(hits(&model, &[event(4, "x", "/", at)]));
    // Sixteen less three; the sign against ends after four days, when twelve are left.
    assert_eq!(falls(&against, &Profile::default()), Some(at.plus_days(8)));
    let forever = Model::parse(&GRADED.replace("exit_below = 6\n", "")).expect("reads");
    assert_eq!(forever.falls_out(&one, &big, noon()), None, "there is no way out");
}

proptest! {
    #[test]
    fn more_points_never_make_a_worse_grade(fit in -9_i64..60_000, engagement in -9_i64..60_000, more in 0_i64..50_000) {
        let (before, after) = (grade(fit, engagement), grade(fit + more, engagement + more));
        prop_assert!(after.as_bytes()[0] <= before.as_bytes()[0] && after.as_bytes()[1] <= before.as_bytes()[1]);
    }

    /// Without signs against a lead, the moment is exact: at it the total is below, a millisecond before it is not.
    #[test]
    fn the_fall_is_exact(hours in prop::collection::vec(0_i64..600, 1..8), floor in 1_i32..10) {
        let model = model(&GRADED.replace("exit_below = 6", &format!("exit_below = {floor}")));
        let events: Vec<_> = (1..).zip(&hours).map(|(n, hour)| event(n, "x", "/", noon().plus_millis(-hour * 3_600_000))).collect();
        let (hits, floor) = (hits(&model, &events), Points::whole(floor));
        let total = |at| model.evaluate(&hits, &Profile::default(), at).total;
        match model.falls_out(&hits, &Profile::default(), noon()) {
            Some(falls) => {
                prop_assert!(falls > noon() && total(falls) < floor);
                prop_assert!(total(falls.plus_millis(-1)) >= floor);
            }
            None => prop_assert!(total(noon()) < floor),
        }
    }
}
