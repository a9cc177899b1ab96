//! A worked example of each construct of a model. Invariant: the numbers here are the meaning of the
//! vocabulary; when one changes, the meaning does.

use super::*;
use crate::domain::{Channel, EmailDomain, Touch};
use crate::scoring::GateOutcome;

/// One engagement group, one fit group, and the given tables; a threshold of 1 point is in reach.
fn small(tables: &str) -> Model {
    model(&format!(
        "name = \"Small\"\nmql = {{ total_gte = 1 }}\n{FRAME}\n{tables}\n\
         [[rule]]\nid = \"reach\"\nlabel = \"Reach\"\ngroup = \"web\"\nevent = \"reach\"\npoints = 1000\n"
    ))
}

const FRAME: &str = r#"
[[group]]
id = "web"
label = "Web"
axis = "engagement"
[[group]]
id = "who"
label = "Who"
axis = "fit"
"#;

/// A model of one rule for the event `x`.
fn rule(keys: &str) -> Model {
    small(&format!("[[rule]]\nid = \"x\"\nlabel = \"X\"\ngroup = \"web\"\nevent = \"x\"\n{keys}"))
}

/// The points at noon for `x` at these ages, in hours.
fn points(model: &Model, ages: &[i64]) -> Points {
    let events: Vec<_> =
        (1..).zip(ages).map(|(n, age)| event(n, "x", "/", noon().plus_millis(-age * 3_600_000))).collect();
    model.evaluate(&hits(model, &events), &Profile::default(), noon()).total
}

#[test]
fn repetition() {
    // Ages in hours before noon: three on this day, one on the day before.
    let ages = [1, 2, 3, 30];
    for (repeat, expected) in [("once", 5), ("every", 20), ("per_day", 10)] {
        assert_eq!(
            points(&rule(&format!("points = 5\nrepeat = \"{repeat}\"")), &ages),
            Points::whole(expected),
            "{repeat}"
        );
    }
    let per_file = rule("points = 5\nrepeat = \"per_value\"\nper = { property = \"file\" }");
    let events = [
        with_property(event(1, "x", "/", noon()), "file", "a.pdf"),
        with_property(event(2, "x", "/", noon()), "file", "a.pdf"),
        with_property(event(3, "x", "/", noon()), "file", "b.pdf"),
        event(4, "x", "/", noon()),
        event(5, "x", "/", noon()),
    ];
    // Two files, and those without a file are one value together.
    assert_eq!(
        per_file.evaluate(&hits(&per_file, &events), &Profile::default(), noon()).total,
        Points::whole(15)
    );
}

#[test]
fn once_counts_the_latest() {
    let fading = rule("points = 10\ndecay = { kind = \"linear\", days = 10 }");
    assert_eq!(points(&fading, &[24 * 8, 24 * 2]), Points::whole(8));
}

#[test]
fn windows_end() {
    let weekly = rule("points = 5\nrepeat = \"every\"\nwindow_days = 7");
    assert_eq!(points(&weekly, &[0, 24 * 7 - 1, 24 * 7]), Points::whole(10));
}

#[test]
fn decay_in_four_kinds() {
    for (decay, milli) in [
        ("{ kind = \"none\" }", 10_000),
        ("{ kind = \"linear\", days = 30 }", 6_666),
        ("{ kind = \"half_life\", days = 10 }", 5_000),
        ("{ kind = \"step\", steps = [{ after_days = 5, percent = 30 }] }", 3_000),
    ] {
        assert_eq!(
            points(&rule(&format!("points = 10\ndecay = {decay}")), &[24 * 10 + 5]).milli(),
            milli,
            "{decay}"
        );
    }
}

#[test]
fn decay_is_inherited_from_the_group_unless_the_rule_says_otherwise() {
    let text = "name = \"A\"\nmql = { total_gte = 1 }\n[[group]]\nid = \"web\"\nlabel = \"Web\"\naxis = \"engagement\"\n\
        decay = { kind = \"linear\", days = 10 }\n\
        [[rule]]\nid = \"x\"\nlabel = \"X\"\ngroup = \"web\"\nevent = \"x\"\npoints = 10\n";
    assert_eq!(points(&model(text), &[24 * 5]), Points::whole(5));
    assert_eq!(points(&model(&format!("{text}decay = {{ kind = \"none\" }}")), &[24 * 5]), Points::whole(10));
}

#[test]
fn caps_and_clamps_are_lines() {
    let text = "name = \"A\"\nmql = { total_gte = 1 }\nclamp = { engagement = { max = 20 }, total = { max = 18 } }\n\
        [[group]]\nid = \"web\"\nlabel = \"Web\"\naxis = \"engagement\"\ncap = 25\n\
        [[rule]]\nid = \"x\"\nlabel = \"X\"\ngroup = \"web\"\nevent = \"x\"\npoints = 10\nrepeat = \"every\"\ncap = 30\n";
    let model = model(text);
    let events: Vec<_> = (1..=4).map(|n| event(n, "x", "/", noon())).collect();
    let evaluation = model.evaluate(&hits(&model, &events), &Profile::default(), noon());
    let lines: Vec<_> = evaluation
        .lines
        .iter()
        .map(|line| (line.kind, line.id.as_str(), line.points.milli() / 1000))
        .collect();
    assert_eq!(
        lines,
        [
            (LineKind::Rule, "x", 40),
            (LineKind::RuleCap, "x", -10),
            (LineKind::GroupCap, "web", -5),
            (LineKind::AxisClamp, "engagement", -5),
            (LineKind::TotalClamp, "total", -2),
        ]
    );
    assert_eq!((evaluation.engagement, evaluation.total), (Points::whole(20), Points::whole(18)));
    assert_eq!(sum(&evaluation), evaluation.total);
    assert_eq!(serde_json::to_value(evaluation.lines[1].kind).expect("serialises"), "rule_cap");
}

#[test]
fn negative_points_never_go_below_the_axis() {
    let model = rule("points = -10");
    let evaluation =
        model.evaluate(&hits(&model, &[event(1, "x", "/", noon())]), &Profile::default(), noon());
    assert_eq!(evaluation.total, Points::ZERO);
    assert_eq!(line(&evaluation, LineKind::AxisClamp, "engagement").detail, "never below 0");
}

#[test]
fn conditions_on_events() {
    let paid =
        Touch { channel: Channel::PaidSearch, campaign: Text::non_empty("Brand-2026"), ..Touch::DIRECT };
    let event = Event {
        touch: Some(paid),
        scroll_depth: Some(80),
        ..with_property(event(1, "x", "/Pricing/Team/", noon()), "plan", "Pro")
    };
    for (keys, matches) in [
        ("", true),
        ("path = \"/pricing/*\"", true),
        ("path = [\"/a\", \"/**/team\"]", true),
        ("path = \"/pricing*\"", false),
        ("where = [{ property = \"plan\", eq = \"pro\" }]", true),
        ("where = [{ property = \"plan\", in = [\"free\", \"PRO\"] }]", true),
        ("where = [{ property = \"plan\", eq = \"free\" }]", false),
        ("where = [{ property = \"none\", glob = \"*\" }]", false),
        ("where = [{ property = \"plan\", gte = 1 }]", false),
        (
            "where = [{ field = \"channel\", eq = \"paid_search\" }, { field = \"campaign\", glob = \"brand*\" }]",
            true,
        ),
        (
            "where = [{ field = \"channel\", eq = \"paid_search\" }, { field = \"campaign\", glob = \"x*\" }]",
            false,
        ),
        ("where = [{ field = \"scroll_depth\", gte = 80 }, { field = \"scroll_depth\", lte = 80.5 }]", true),
        ("where = [{ field = \"scroll_depth\", lte = 79 }]", false),
        ("where = [{ field = \"path\", glob = \"/pricing/**\" }]", true),
        ("min_rung = \"qualified\"", true),
        ("min_trust = \"vouched\"", false),
    ] {
        assert_eq!(!rule(&format!("points = 1\n{keys}")).hits(&event).is_empty(), matches, "{keys}");
    }
    let unset = Event { rung: Rung::Unset, ..event };
    assert_eq!(rule("points = 1\nmin_rung = \"measured\"").hits(&unset), []);
}

#[test]
fn events_by_name_list_or_any() {
    for (names, matches) in
        [("\"x\"", true), ("[\"y\", \"x\"]", true), ("\"*\"", true), ("\"y\"", false), ("\"X\"", false)]
    {
        let model = small(&format!(
            "[[rule]]\nid = \"r\"\nlabel = \"R\"\ngroup = \"web\"\nevent = {names}\npoints = 1"
        ));
        assert_eq!(!model.hits(&event(1, "x", "/", noon())).is_empty(), matches, "{names}");
    }
}

#[test]
fn attributes_are_read_as_they_are_now() {
    let model = small(
        r#"
        [[attribute]]
        id = "size"
        label = "Size"
        group = "who"
        attribute = "company_size"
        bands = [{ lt = 50, points = 1 }, { gte = 50, lt = 500, points = 5 }, { gte = 500, points = 15 }]
        unknown_points = 2
        [[attribute]]
        id = "land"
        label = "Land"
        group = "who"
        attribute = "country"
        map = { DE = 10, at = 7 }
        [[attribute]]
        id = "mail"
        label = "Mail"
        group = "who"
        attribute = "email_class"
        map = { free = -3, company = 4 }
        [[attribute]]
        id = "title"
        label = "Title"
        group = "who"
        attribute = "job_title"
        patterns = [{ any = ["intern"], points = -5 }, { any = ["head of*", "cto"], points = 20 }]
        "#,
    );
    let fit = |who: &Profile| model.evaluate(&[], who, noon()).fit;
    let company = Some(EmailDomain::Company(Text::clean("acme.com")));
    for (who, points) in [
        (Profile::default(), 2),
        (profile(&[("company_size", "some")]), 2),
        (profile(&[("company_size", "10")]), 1),
        (profile(&[("company_size", "50")]), 5),
        (profile(&[("company_size", "499")]), 5),
        (profile(&[("company_size", "500-1000")]), 15),
        (Profile { country: Text::non_empty("DE"), ..Profile::default() }, 12),
        (Profile { country: Text::non_empty("DE"), ..profile(&[("country", "AT")]) }, 9),
        (Profile { domain: company, ..Profile::default() }, 6),
        (profile(&[("job_title", "HEAD OF IT"), ("company_size", "500")]), 35),
        (profile(&[("job_title", "Intern of the CTO"), ("company_size", "500")]), 10),
    ] {
        assert_eq!(fit(&who), Points::whole(points), "{who:?}");
    }
    let evaluation =
        model.evaluate(&[], &profile(&[("job_title", "Gardener"), ("company_size", "?")]), noon());
    assert_eq!(evaluation.coverage.known, ["title"]);
    assert_eq!(evaluation.coverage.unknown, ["land", "mail", "size"]);
    assert_eq!(line(&evaluation, LineKind::Attribute, "title").detail, "job_title is \"Gardener\"");
    assert_eq!(line(&evaluation, LineKind::Attribute, "size").detail, "company_size is not known");
}

#[test]
fn disqualifiers_of_each_kind() {
    let dq = |keys: &str| small(&format!("[[disqualifier]]\nid = \"dq\"\nlabel = \"DQ\"\n{keys}"));
    let acme = Profile {
        domain: Some(EmailDomain::Company(Text::clean("shop.acme.com"))),
        ..profile(&[("n", "4")])
    };
    let mut events = vec![event(1, "reach", "/", noon())];
    events.extend((2..=3).map(|n| event(n, "pageview", "/jobs/a", noon().plus_days(-5))));
    for (keys, ruled_out) in [
        ("domains = \"acme.com\"", true),
        ("domains = [\"me.com\"]", false),
        ("attribute = \"n\"\nin = [\"4\"]", true),
        ("attribute = \"n\"\npatterns = [\"5\"]", false),
        ("attribute = \"n\"\nlt = 5", true),
        ("attribute = \"unknown\"\nlt = 5", false),
        ("event = \"pageview\"\npath = \"/jobs/**\"", true),
        ("event = \"pageview\"\npath = \"/jobs/**\"\ntimes = 2", true),
        ("event = \"pageview\"\npath = \"/jobs/**\"\ntimes = 3", false),
        ("event = \"pageview\"\npath = \"/jobs/**\"\nwindow_days = 5", false),
    ] {
        let model = dq(keys);
        let evaluation = model.evaluate(&hits(&model, &events), &acme, noon());
        assert_eq!(evaluation.total, Points::whole(1000), "points are not touched");
        assert_eq!(!evaluation.qualifies, ruled_out, "{keys}");
        assert_eq!(evaluation.gates[0].outcome == GateOutcome::Fail, ruled_out, "{keys}");
    }
}

/// A model with `[mql]` keys, a rule of 10 points for `x` and one of 50 for `y`, fit 20 for `n` from 1 on.
fn mql(keys: &str) -> Model {
    model(&format!(
        "name = \"A\"\n[mql]\n{keys}\n{FRAME}\n\
         [[rule]]\nid = \"x\"\nlabel = \"X\"\ngroup = \"web\"\nevent = \"x\"\npoints = 10\nrepeat = \"every\"\n\
         [[rule]]\nid = \"y\"\nlabel = \"Y\"\ngroup = \"web\"\nevent = \"y\"\npoints = 50\n\
         decay = {{ kind = \"linear\", days = 10 }}\n\
         [[attribute]]\nid = \"n\"\nlabel = \"N\"\ngroup = \"who\"\nattribute = \"n\"\nbands = [{{ gte = 1, points = 20 }}]\n\
         [[icp]]\nid = \"icp\"\nlabel = \"Big\"\nattribute = \"n\"\ngte = 5\n"
    ))
}

/// What is missing for `n`, with events of these names and ages in days.
fn missing(model: &Model, n: &str, events: &[(&str, i64)]) -> Vec<String> {
    let events: Vec<_> =
        (1..).zip(events).map(|(id, (name, age))| event(id, name, "/", noon().plus_days(-age))).collect();
    let who = if n.is_empty() { Profile::default() } else { profile(&[("n", n)]) };
    let evaluation = model.evaluate(&hits(model, &events), &who, noon());
    assert_eq!(evaluation.qualifies, evaluation.missing.is_empty());
    evaluation.missing
}

#[test]
fn the_predicate_says_what_is_missing() {
    let nothing: [&str; 0] = [];
    let both = mql("total_gte = 40\nfit_gte = 20\nengagement_gte = 20");
    assert_eq!(missing(&both, "1", &[("x", 0), ("x", 0)]), nothing);
    assert_eq!(missing(&both, "", &[("y", 0)]), ["20 more points of fit: it is 0, an MQL needs 20."]);
    assert_eq!(
        missing(&both, "1", &[("x", 0)]),
        [
            "10 more points: the total is 30, an MQL needs 40.",
            "10 more points of engagement: it is 10, an MQL needs 20."
        ]
    );
    let often = mql("total_gte = 20\nmin_engagements = { count = 3, within_days = 30 }");
    assert_eq!(missing(&often, "", &[("x", 0), ("x", 1), ("y", 29)]), nothing);
    assert_eq!(
        missing(&often, "", &[("x", 0), ("x", 1), ("y", 30)]),
        ["More engagement: 2 of 3 within the last 30 days."]
    );
    let lately = mql("total_gte = 20\nactive_within_days = 7");
    assert_eq!(missing(&lately, "1", &[("x", 6)]), nothing);
    assert_eq!(missing(&lately, "1", &[("x", 7)]), ["A sign of life: no engagement within the last 7 days."]);
}

#[test]
fn the_ideal_customer_decides_where_required() {
    let nothing: [&str; 0] = [];
    let required = mql("total_gte = 20\nicp_required = true");
    assert_eq!(missing(&required, "5", &[]), nothing);
    assert_eq!(
        missing(&required, "4", &[]),
        ["Ideal customer, \"Big\": n must be at least 5, and is \"4\"."]
    );
    let unknown = "Ideal customer, \"Big\": n must be at least 5, and is not known yet.";
    assert_eq!(missing(&required, "", &[("y", 0)]), [unknown]);
    assert_eq!(missing(&mql("total_gte = 20"), "4", &[]), nothing);
}

#[test]
fn a_fast_track_needs_no_points_but_passes_the_gates() {
    let nothing: [&str; 0] = [];
    let fast = mql("total_gte = 60\nfast_track = [\"y\"]\nmin_engagements = { count = 3, within_days = 30 }");
    assert_eq!(missing(&fast, "", &[("y", 0)]), nothing);
    // Faded to nothing, it is no fast track any more.
    assert_eq!(missing(&fast, "", &[("y", 10)]).len(), 2);
    let gated = mql("total_gte = 60\nfast_track = [\"y\"]\nicp_required = true");
    assert_eq!(missing(&gated, "1", &[("y", 0)]).len(), 1);
    let evaluation = fast.evaluate(&hits(&fast, &[event(1, "y", "/", noon())]), &Profile::default(), noon());
    assert_eq!(evaluation.fast_track.map(|rule| rule.to_string()).as_deref(), Some("y"));
}

#[test]
fn at_most_so_many_hits_of_a_rule_count() {
    let model = rule("points = 1\nrepeat = \"every\"");
    let id = |n: u32| EventId::from_bytes(u128::from(n).to_be_bytes());
    let hit = |n| Hit { event: id(n), ..model.hits(&event(1, "x", "/", noon())).remove(0) };
    let mut many: Vec<Hit> = (0..600).map(hit).collect();
    let before = model.evaluate(&many, &Profile::default(), noon());
    assert_eq!(before.total, Points::whole(500));
    model.prune(&mut many, noon());
    assert_eq!(many.len(), 500);
    assert_eq!(model.evaluate(&many, &Profile::default(), noon()), before);
}
