//! What people read when a model is wrong. Invariant: each mistake is named with its place and with what
//! would be right.

use super::*;

const GOOD: &str = r#"name = "Good"
[mql]
total_gte = 10
[[group]]
id = "web"
label = "Web"
axis = "engagement"
[[group]]
id = "who"
label = "Who"
axis = "fit"
[[rule]]
id = "demo"
label = "Demo"
group = "web"
event = "demo_request"
points = 10
[[attribute]]
id = "size"
label = "Size"
group = "who"
attribute = "company_size"
bands = [{ gte = 500, points = 5 }]
"#;

fn refused(text: &str) -> String {
    Model::parse(text).err().map(|error| error.to_string()).unwrap_or_else(|| panic!("accepted: {text}"))
}

#[test]
fn each_mistake_is_named() {
    assert_eq!(model(GOOD).name(), "Good");
    for (from, to, message) in [
        (
            "points = 10",
            "pionts = 10",
            "line 17, column 1: unknown key `pionts`; allowed here: `id`, `label`, `group`, `event`, `path`, `where`, \
             `points`, `repeat`, `per`, `cap`, `window_days`, `decay`, `min_trust`, `min_rung`",
        ),
        (
            "points = 10",
            "points = 10\nwhere = 3",
            "line 18, column 9: wrong kind of value: integer `3`; write a list in [ ], or [[…]] above a table",
        ),
        (
            "[mql]\ntotal_gte = 10",
            "mql = 3",
            "line 2, column 7: wrong kind of value: integer `3`; write a table of keys",
        ),
        ("points = 10\n", "", "line 12, column 1: missing key `points`"),
        (
            "[[group]]",
            "[sla]\n[[group]]",
            "line 4, column 1: sla: say how long a lead may wait in a stage, such as mql = \"24 hours\", or leave the table out",
        ),
        (
            "[[group]]",
            "[sla]\nmql = 24\n[[group]]",
            "line 5, column 7: wrong kind of value: integer `24`; write a time limit in quotes, such as \"24 hours\" or \"7 days\", at most 3650 days",
        ),
        (
            "[[group]]",
            "[sla]\nmql = \"a day\"\n[[group]]",
            "line 5, column 7: wrong value: string \"a day\"; write a time limit in quotes, such as \"24 hours\" or \"7 days\", at most 3650 days",
        ),
        (
            "[[group]]",
            "[sla]\nlost = \"1 day\"\n[[group]]",
            "line 5, column 1: unknown key `lost`; allowed here: `mql`, `sal`, `sql`",
        ),
        (
            "points = 10",
            "points = \"ten\"",
            "line 17, column 10: wrong kind of value: string \"ten\"; write a number",
        ),
        (
            "points = 10",
            "points = 0.0001",
            "line 17, column 10: points are numbers with at most three decimals, such as 12.5",
        ),
        (
            "points = 10",
            "points = 10\nrepeat = \"twice\"",
            "line 18, column 10: unknown value `twice`; allowed here: `once`, `every`, `per_day`, `per_value`",
        ),
        (
            "\"engagement\"",
            "\"total\"",
            "line 7, column 8: unknown value `total`; allowed here: `engagement` or `fit`",
        ),
        (
            "\"web\"\nevent",
            "\"wbe\"\nevent",
            "line 12, column 1: rule.demo.group: there is no group `wbe`; there are `web`, `who`",
        ),
        (
            "\"web\"\nevent",
            "\"who\"\nevent",
            "line 12, column 1: rule.demo.group: the group `who` is on the axis fit, but rules count for engagement; choose a group on the axis engagement",
        ),
        (
            "\"size\"",
            "\"demo\"",
            "line 18, column 1: attribute.demo.id: the id `demo` is a rule's already; give this attribute an id of its own",
        ),
        (
            "\"size\"",
            "\"Size!\"",
            "line 18, column 1: attribute.Size!.id: `Size!` is not an id; use at most 40 of a-z, 0-9 and _",
        ),
        (
            "points = 10",
            "points = 10\ncap = -5",
            "line 12, column 1: rule.demo.cap: a cap is the most points either way, so -5 cannot be one; write 5",
        ),
        (
            "points = 10",
            "points = 10\npath = \"pricing\"",
            "line 12, column 1: rule.demo.path: `pricing` is not a path; start it with `/`, such as /pricing*",
        ),
        (
            "points = 10",
            "points = 10\nrepeat = \"per_value\"",
            "line 12, column 1: rule.demo.per: say whose values count, such as per = { field = \"path\" } or per = { property = \"file\" }",
        ),
        (
            "points = 10",
            "points = 10\nwhere = [{ field = \"pth\", eq = 1 }]",
            "line 18, column 20: unknown value `pth`; allowed here: `path`, `engagement_ms`, `scroll_depth`, `channel`, `source`, `medium`, `campaign`, `referrer`, `country`, `device`, `revenue_minor`",
        ),
        (
            "points = 10",
            "points = 10\nwhere = [{ field = \"path\" }]",
            "line 12, column 1: rule.demo.where[0]: give exactly one of eq, in, gte, lte, glob, with a value; two conditions are two entries",
        ),
        (
            "points = 10",
            "points = 10\ndecay = { kind = \"linear\" }",
            "line 12, column 1: rule.demo.decay: this kind of decay needs `days`, such as days = 30",
        ),
        (
            "points = 10",
            "points = 10\ndecay = { kind = \"step\", steps = [{ after_days = 1, percent = 10 }, { after_days = 2, percent = 50 }] }",
            "line 12, column 1: rule.demo.decay.steps: points never come back with age: 50 % after 2 days is more than 10 % before",
        ),
        (
            "total_gte = 10",
            "total_gte = 16",
            "line 2, column 1: mql.total_gte: 16 can never be reached: all rules and attributes together give at most 15 with their caps and clamps; lower it to 15, raise points or caps, or add to them",
        ),
        (
            "total_gte = 10",
            "total_gte = 10\nfit_gte = 6",
            "line 2, column 1: mql.fit_gte: 6 can never be reached: all attributes together give at most 5 with their caps and clamps; lower it to 5, raise points or caps, or add to them",
        ),
        (
            "total_gte = 10",
            "total_gte = 0",
            "line 2, column 1: mql.total_gte: write the points an MQL needs, more than 0, such as 60",
        ),
        (
            "total_gte = 10",
            "total_gte = 10\nexit_below = 11",
            "line 2, column 1: mql.exit_below: an MQL would fall out at once: 11 is above total_gte = 10; write at most that",
        ),
        (
            "total_gte = 10",
            "total_gte = 10\nfast_track = [\"dmeo\"]",
            "line 2, column 1: mql.fast_track: there is no rule `dmeo`",
        ),
        (
            "total_gte = 10",
            "total_gte = 10\nfast_track = [\"size\"]",
            "line 2, column 1: mql.fast_track: `size` is no behaviour rule; name the id of a [[rule]]",
        ),
        (
            "total_gte = 10",
            "total_gte = 10\nicp_required = true",
            "line 2, column 1: mql.icp_required: there is no [[icp]] table to require; add one or leave this out",
        ),
        (
            "points = 5 }",
            "points = 5 }, { gte = 600, points = 9 }",
            "line 18, column 1: attribute.size.bands: the bands from 500 and from 600 overlap; let each end (lt) where the next begins (gte)",
        ),
        (
            "bands = ",
            "map = { a = 1 }\nbands = ",
            "line 18, column 1: attribute.size: give exactly one of `bands` (for numbers), `map` (for values), `patterns` (for words)",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        assert_eq!(refused(&GOOD.replacen(from, to, 1)), message, "{to}");
    }
}

#[test]
fn all_problems_of_meaning_are_named_at_once_in_the_order_of_the_file() {
    let bad = GOOD.replace("group = \"web\"", "group = \"x\"").replace("company_size", "Company Size");
    let message = refused(&bad);
    let lines: Vec<_> = message.lines().collect();
    assert_eq!(lines.len(), 2, "{message}");
    assert!(lines[0].starts_with("line 12, column 1: rule.demo.group:"), "{message}");
    assert!(lines[1].starts_with("line 18, column 1: attribute.size.attribute:"), "{message}");
}

#[test]
fn disqualifiers_look_at_one_thing() {
    for keys in [
        "",
        "domains = []",
        "domains = [\"not a domain\"]",
        "domains = [\"a.com\"]\npath = \"/x\"",
        "attribute = \"job_title\"",
        "attribute = \"job_title\"\nin = [\"a\"]\ngte = 1",
        "attribute = \"job_title\"\nin = [\"a\"]\nevent = \"x\"",
        "event = \"x\"\ntimes = 0",
        "event = \"x\"\nin = [\"a\"]",
        "event = []",
        "event = \"\"",
    ] {
        let bad = format!("{GOOD}\n[[disqualifier]]\nid = \"dq\"\nlabel = \"DQ\"\n{keys}\n");
        assert!(refused(&bad).contains("disqualifier.dq"), "{keys}");
    }
}

#[test]
fn not_toml_is_no_model() {
    for bad in
        ["", "name", "= 1", "name = \"a\"", "[[rule]", "\u{0}", "name = 1\n", &"a = 1\n".repeat(200_000)]
    {
        assert!(Model::parse(bad).is_err());
    }
}
