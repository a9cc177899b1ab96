//! Any text as a scoring model, and any bytes behind a null as a lead's events. Invariant: the model is refused with
//! a place and a sentence for each problem, or it can be said in words and every score by it is the sum of its lines.

use crate::input::Input;
use crate::world::{now, world};
use mqlite::domain::{
    Actor, Effect, EmailDomain, Event, EventId, EventName, Hit, Override, Points, Rung, Text, Timestamp,
    Touch, Trust,
};
use mqlite::enrich::channel::{Arrival, touch};
use mqlite::scoring::{Axis, Evaluation, LineKind, Model, ModelError, Profile};
use std::sync::LazyLock;

/// What every event of an input is changed from.
static PAGE_VIEW: LazyLock<Event> =
    LazyLock::new(|| world().event(serde_json::json!({})).expect("a page view is kept"));

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// Reads the model and scores by it.
///
/// # Panics
/// When a promise does not hold.
pub fn model(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(&bytes[..at]);
    let model = match Model::parse(&text) {
        Ok(model) => model,
        Err(error) => return check_error(&text, &error),
    };
    assert_eq!(Model::parse(&text).expect("it was read before").hash(), model.hash());
    assert!(!model.explain().trim().is_empty());
    assert!(model.changes_to(&model).is_empty(), "it changes nothing against itself");
    assert!(model.exit_below().is_none_or(|exit| exit <= model.threshold()));
    drop(model.advice());

    let mut input = Input::new(bytes.get(at + 1..).unwrap_or_default());
    let profile = profile(&mut input);
    let events: Vec<Event> =
        std::iter::from_fn(|| (!input.is_empty()).then(|| event(&mut input))).take(40).collect();
    let hits: Vec<Hit> = events.iter().flat_map(|event| model.hits(event)).collect();
    let as_of = now().plus_millis(i64::from(input.byte()) * 24 * HOUR);
    let evaluation = model.evaluate(&hits, &profile, as_of);
    check(&model, &evaluation);

    let backwards: Vec<Hit> = hits.iter().rev().chain(&hits).cloned().collect();
    assert_eq!(
        model.evaluate(&backwards, &profile, as_of),
        evaluation,
        "neither order nor repetition counts"
    );
    let mut pruned = hits.clone();
    model.prune(&mut pruned, now());
    assert_eq!(model.evaluate(&pruned, &profile, as_of), evaluation, "what was forgotten does not show");
    if let Some(out) = model.falls_out(&hits, &profile, as_of) {
        assert!(out > as_of, "what falls out does so later");
    }
    for known in model.coverage([&profile]) {
        assert!(known.leads == 1 && known.known <= 1 && known.unknown_percent() <= 100);
    }
}

fn check_error(text: &str, error: &ModelError) {
    assert!(!error.problems().is_empty());
    for problem in error.problems() {
        assert!(problem.line >= 1 && problem.line <= text.matches('\n').count() + 1, "{problem}");
        assert!(problem.column >= 1 && !problem.message.trim().is_empty(), "{problem}");
    }
}

/// Points of a piece of text among a few that models look for.
fn profile(input: &mut Input<'_>) -> Profile {
    let attributes = (0..input.below(6)).map(|_| {
        let names = ["company_size", "job_title", "industry", "country", "use_case", "budget"];
        (Text::clean(names[input.below(names.len())]), Text::clean(&input.text()))
    });
    let attributes = attributes.collect();
    let domain = match input.byte() % 3 {
        0 => None,
        1 => Some(EmailDomain::Free),
        _ => Some(EmailDomain::Company(Text::clean(&input.text()))),
    };
    let overrides = (1..=u32::from(input.byte() % 4)).map(|no| said(no, input));
    Profile { attributes, domain, overrides: overrides.collect(), ..Profile::default() }
}

fn said(no: u32, input: &mut Input<'_>) -> Override {
    let points = Points::from_milli(input.i64() % 1_000_000_000);
    let from = now().plus_millis(-i64::from(input.byte()) * HOUR);
    Override {
        no,
        effect: match input.byte() % 4 {
            0 => Effect::Engagement(points),
            1 => Effect::Fit(points),
            2 => Effect::Hold,
            _ => Effect::Qualify,
        },
        from,
        until: from.plus_millis(i64::from(input.byte()) * 24 * HOUR),
        reason: Text::clean("so"),
        actor: Actor::account(mqlite::domain::Role::Owner),
        ended: None,
    }
}

fn event(input: &mut Input<'_>) -> Event {
    let names =
        ["pageview", "engagement", "demo_request", "form_submit", "download", "unsubscribe", "signup"];
    let paths = ["/", "/pricing", "/demo", "/careers", "/blog/post", "/docs/api"];
    let name = if input.byte().is_multiple_of(4) {
        EventName::parse(&input.text()).ok()
    } else {
        EventName::parse(names[input.below(names.len())]).ok()
    };
    let path = if input.byte().is_multiple_of(4) {
        input.text()
    } else {
        paths[input.below(paths.len())].to_owned()
    };
    Event {
        id: EventId::from_bytes(input.bytes()),
        at: Timestamp::from_millis(now().millis() - i64::from(u16::from_be_bytes(input.bytes())) * HOUR / 10),
        name: name.unwrap_or_else(|| PAGE_VIEW.name.clone()),
        rung: Rung::Qualified,
        trust: Trust::from_code(input.byte() % 3).unwrap_or(Trust::Human),
        path: Text::clean(&path),
        touch: (input.byte().is_multiple_of(2)).then(|| arrived(&input.text())),
        props: (0..input.byte() % 3)
            .map(|_| (Text::clean(&input.text()), Text::clean(&input.text())))
            .collect(),
        engagement_ms: Some(u32::from_be_bytes(input.bytes()) % 86_400_000),
        scroll_depth: Some(input.byte() % 101),
        ..PAGE_VIEW.clone()
    }
}

fn arrived(source: &str) -> Touch {
    touch(&Arrival { source: Some(source), medium: Some("cpc"), ..Arrival::default() })
}

fn check(model: &Model, evaluation: &Evaluation) {
    let of = |keep: &dyn Fn(Axis) -> bool| -> Points {
        evaluation.lines.iter().filter(|line| keep(line.axis)).map(|line| line.points).sum()
    };
    assert_eq!(of(&|_| true), evaluation.total, "lines sum to the total");
    assert_eq!(of(&|axis| axis == Axis::Engagement), evaluation.engagement);
    assert_eq!(of(&|axis| axis == Axis::Fit), evaluation.fit);
    assert_eq!(evaluation.qualifies, evaluation.missing.is_empty());
    assert!(evaluation.qualifies || evaluation.fast_track.is_none());
    if let Some(up_to) = evaluation.qualifies_up_to() {
        assert_eq!(evaluation.qualifies, up_to >= model.threshold(), "the threshold decides");
    } else {
        assert!(!evaluation.qualifies);
    }
    for line in &evaluation.lines {
        let counted = matches!(line.kind, LineKind::Rule | LineKind::Attribute);
        assert!(!counted || !line.detail.is_empty(), "{line:?}");
    }
}
