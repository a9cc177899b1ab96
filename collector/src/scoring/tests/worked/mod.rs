//! The examples of docs/SCORING.md, run. Invariant: the page's models and numbers are the test's; a table that is
//! not understood, and an example that claims nothing, fail.

mod page;

use super::*;
use crate::domain::{Channel, Effect, EmailDomain, Override, Stage, Touch};
use crate::scoring::{Evaluation, GateOutcome};
use page::{Example, Table};

const PAGE: &str = include_str!("../../../../../docs/SCORING.md");

/// `k=v, k=v`.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let each = text.split(", ").filter(|pair| !pair.is_empty());
    each.map(|pair| pair.split_once('=').unwrap_or_else(|| panic!("`{pair}` is no name=value")))
}

fn events(table: &Table) -> Vec<Event> {
    table.expect(&["event", "days ago", "path", "with"]);
    let read = |(number, row): (u8, &Vec<String>)| {
        let days: i64 = row[1].parse().expect("a number of days");
        let mut event = event(number, &row[0], &row[2], noon().plus_days(-days));
        for (name, value) in pairs(&row[3]) {
            match name {
                "engagement_ms" => event.engagement_ms = Some(value.parse().expect("milliseconds")),
                "scroll_depth" => event.scroll_depth = Some(value.parse().expect("percent")),
                "channel" => {
                    let channel = Channel::from_key(value).expect("a channel");
                    event.touch = Some(Touch { channel, ..Touch::DIRECT });
                }
                "campaign" => {
                    event.touch.as_mut().expect("a channel before").campaign = Text::non_empty(value);
                }
                "trust" => event.trust = serde_json::from_value(value.into()).expect("a trust"),
                "rung" => event.rung = serde_json::from_value(value.into()).expect("a rung"),
                property => event = with_property(event, property, value),
            }
        }
        event
    };
    (1..).zip(&table.rows).map(read).collect()
}

fn known(table: &Table) -> Profile {
    table.expect(&["known", "value"]);
    let mut who = Profile::default();
    for row in &table.rows {
        match row[0].as_str() {
            "network country" => who.country = Text::non_empty(&row[1]),
            "mail domain" => who.domain = Some(EmailDomain::Company(Text::clean(&row[1]))),
            field => _ = who.attributes.insert(Text::clean(field), Text::clean(&row[1])),
        }
    }
    who
}

/// What can be asked of an evaluation, as the page writes it.
fn answers(model: &Model, hits: &[Hit], who: &Profile, evaluation: &Evaluation, asked: &str) -> Vec<String> {
    let one = |text: String| vec![text];
    match asked {
        "engagement" => one(evaluation.engagement.to_string()),
        "fit" => one(evaluation.fit.to_string()),
        "total" => one(evaluation.total.to_string()),
        "machine's total" => {
            one(model.evaluate(hits, &who.without_overrides(), evaluation.as_of).total.to_string())
        }
        "MQL" => one(if evaluation.qualifies { "yes" } else { "no" }.to_owned()),
        "grade" => evaluation.grade.iter().map(ToString::to_string).collect(),
        "missing" => evaluation.missing.clone(),
        "known" => one(evaluation.coverage.known.join(", ")),
        "unknown" => one(evaluation.coverage.unknown.join(", ")),
        "fast track" => evaluation.fast_track.iter().map(ToString::to_string).collect(),
        "falls out after" => {
            let falls = model.falls_out(hits, who, evaluation.as_of);
            let days = |at: Timestamp| (at.millis() - evaluation.as_of.millis()) / Timestamp::DAY_MS;
            falls.map(|at| format!("{} days", days(at))).into_iter().collect()
        }
        other => panic!("nobody knows the answer `{other}`"),
    }
}

fn override_of(no: u32, row: &[String]) -> Override {
    let days = |cell: &str| cell.parse::<i64>().expect("a number of days");
    let points = Some(row[1].as_str()).filter(|points| !points.is_empty());
    let points = points.map(|points| points.parse().expect("whole points"));
    let effect = Effect::parse(&row[0], points).unwrap_or_else(|error| panic!("{row:?}: {error}"));
    overrides::given(no, effect, -days(&row[2]), days(&row[3]))
}

fn outcome(outcome: GateOutcome) -> &'static str {
    match outcome {
        GateOutcome::Pass => "pass",
        GateOutcome::Fail => "fail",
        GateOutcome::Incomplete => "incomplete",
    }
}

/// Runs one example; answers how many tables claimed something.
fn run(example: &Example) -> usize {
    let title = &example.title;
    let model =
        Model::parse(&example.model).unwrap_or_else(|error| panic!("{title}: {error}\n{}", example.model));
    let (mut who, mut hits, mut leads, mut claims) = (Profile::default(), Vec::new(), Vec::new(), 0);
    for table in &example.tables {
        let evaluation = model.evaluate(&hits, &who, noon());
        assert_eq!(sum(&evaluation), evaluation.total, "{title}");
        claims += 1;
        match table.head[0].as_str() {
            "event" | "known" | "lead" | "override" => claims -= 1,
            _ => {}
        }
        match table.head[0].as_str() {
            "event" => hits = super::hits(&model, &events(table)),
            "known" => who = known(table),
            "lead" => leads = table.rows.iter().map(|row| lead(table, row)).collect(),
            "line" => {
                table.expect(&["line", "points", "why"]);
                let lines = evaluation.lines.iter();
                let lines =
                    lines.map(|line| vec![line.label.clone(), line.points.to_string(), line.detail.clone()]);
                assert_eq!(lines.collect::<Vec<_>>(), table.rows, "{title}");
            }
            "gate" => {
                table.expect(&["gate", "outcome", "why"]);
                let gates = evaluation.gates.iter();
                let gates = gates
                    .map(|gate| vec![gate.label.clone(), outcome(gate.outcome).into(), gate.detail.clone()]);
                assert_eq!(gates.collect::<Vec<_>>(), table.rows, "{title}");
            }
            "answer" => {
                table.expect(&["answer", "value"]);
                for row in &table.rows {
                    let said = table.rows.iter().filter(|other| other[0] == row[0]).map(|row| row[1].clone());
                    let asked = answers(&model, &hits, &who, &evaluation, &row[0]);
                    assert_eq!(asked, said.collect::<Vec<_>>(), "{title}: {}", row[0]);
                }
            }
            "days later" => {
                for row in &table.rows {
                    let days: i64 = row[0].parse().expect("a number of days");
                    let then = model.evaluate(&hits, &who, noon().plus_days(days));
                    for (asked, said) in table.head.iter().zip(row).skip(1) {
                        let asked = answers(&model, &hits, &who, &then, asked);
                        assert_eq!(asked, std::slice::from_ref(said), "{title}: {days} days later");
                    }
                }
            }
            "coverage" => {
                table.expect(&["coverage", "known of", "unknown"]);
                let rows = model.coverage(&leads).into_iter().map(|of| {
                    let known = format!("{} of {}", of.known, of.leads);
                    vec![of.label.clone(), known, format!("{} %", of.unknown_percent())]
                });
                assert_eq!(rows.collect::<Vec<_>>(), table.rows, "{title}");
            }
            "stands in" => {
                table.expect(&["stands in", "for hours", "limit", "overdue"]);
                for row in &table.rows {
                    let stage = Stage::parse(&row[0]).unwrap_or_else(|error| panic!("{title}: {error}"));
                    let hours: i64 = row[1].parse().expect("a number of hours");
                    let limit = model.limit(stage).map_or("none".to_owned(), |limit| limit.to_string());
                    let due = model.due_at(stage, noon().plus_millis(-hours * 3_600_000));
                    let late = due.filter(|due| *due <= noon());
                    let late =
                        late.map(|due| format!("for {} hours", (noon().millis() - due.millis()) / 3_600_000));
                    assert_eq!([limit, late.unwrap_or("no".to_owned())], row[2..], "{title}: {row:?}");
                }
            }
            "override" => {
                table.expect(&["override", "points", "days ago", "for days"]);
                who.overrides = (1..).zip(&table.rows).map(|(no, row)| override_of(no, row)).collect();
            }
            other => panic!("{title}: nobody knows the table `{other}`"),
        }
    }
    claims
}

/// A row of leads: the head names the fields.
fn lead(table: &Table, row: &[String]) -> Profile {
    let fields = table.head.iter().zip(row).skip(1).filter(|(_, value)| !value.is_empty());
    profile(&fields.map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>())
}

#[test]
fn what_the_page_says_comes_out() {
    let examples = page::examples(PAGE);
    assert!(examples.len() >= 20, "only {} examples were found", examples.len());
    for example in &examples {
        assert!(run(example) > 0, "{} claims nothing", example.title);
    }
}

/// Everything that a model may say is said by some example: the keys are those that the reader would accept.
#[test]
fn every_key_of_the_vocabulary_has_an_example() {
    let shown: String = page::examples(PAGE).into_iter().map(|example| example.model).collect();
    let group = "[[group]]\nid = \"g\"\nlabel = \"G\"\naxis = \"engagement\"\n";
    let rule = "[[rule]]\nid = \"r\"\nlabel = \"R\"\ngroup = \"g\"\nevent = \"x\"\npoints = 1\n";
    let (mut count, mut without) = (0, Vec::new());
    for text in [
        "zz = 1\n".to_owned(),
        "[mql]\nzz = 1\n".to_owned(),
        "[mql]\ntotal_gte = 1\nmin_engagements = { zz = 1 }\n".to_owned(),
        "[clamp]\nzz = 1\n".to_owned(),
        "[clamp]\ntotal = { zz = 1 }\n".to_owned(),
        "[grades]\nzz = 1\n".to_owned(),
        "[grades]\nfit = { zz = 1 }\n".to_owned(),
        "[grades]\nengagement = { zz = 1 }\n".to_owned(),
        "[sla]\nzz = 1\n".to_owned(),
        "[[group]]\nzz = 1\n".to_owned(),
        format!("{group}decay = {{ zz = 1 }}\n"),
        format!("{group}decay = {{ kind = \"step\", steps = [{{ zz = 1 }}] }}\n"),
        format!("{group}decay = {{ kind = \"zz\" }}\n"),
        "[[rule]]\nzz = 1\n".to_owned(),
        format!("{rule}where = [{{ zz = 1 }}]\n"),
        format!("{rule}per = {{ zz = 1 }}\n"),
        format!("{rule}repeat = \"zz\"\n"),
        "[[attribute]]\nzz = 1\n".to_owned(),
        "[[attribute]]\nbands = [{ zz = 1 }]\n".to_owned(),
        "[[attribute]]\npatterns = [{ zz = 1 }]\n".to_owned(),
        "[[disqualifier]]\nzz = 1\n".to_owned(),
        "[[icp]]\nzz = 1\n".to_owned(),
    ] {
        let error = Model::parse(&format!("name = \"A\"\n{text}")).expect_err(&text).to_string();
        let (_, allowed) = error.split_once("allowed here: ").unwrap_or_else(|| panic!("{error}"));
        for key in allowed.split('`').skip(1).step_by(2) {
            let said = [format!("{key} = "), format!("[{key}]"), format!("[[{key}]]"), format!("\"{key}\"")];
            if !said.iter().any(|said| shown.contains(said)) {
                without.push(format!("{key} in {text}"));
            }
            count += 1;
        }
    }
    assert!(without.is_empty(), "docs/SCORING.md has no example of: {without:#?}");
    assert!(count > 80, "only {count} keys were looked for");
}
