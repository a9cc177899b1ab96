//! Tests of the module as a whole. Invariant: what the documentation of `scoring` promises is tried here
//! against random input, and the default model against the trade's examples.

mod asking;
mod default_model;
mod generated;
mod grades;
mod messages;
mod overrides;
mod properties;
mod ready;
mod seeds;
mod vocabulary;
mod worked;

use super::{Evaluation, Hit, Line, LineKind, Model, Profile};
use crate::domain::{
    Agent, Event, EventId, EventName, Place, Points, Rung, Signal, SiteNo, Text, Timestamp, Trust,
};
use std::collections::BTreeMap;

/// 2026-11-21T12:00:00Z.
fn noon() -> Timestamp {
    Timestamp::parse("2026-11-21T12:00:00Z").expect("valid")
}

fn model(text: &str) -> Model {
    Model::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// An event of a person on `path`, `number` telling it from others.
fn event(number: u8, name: &str, path: &str, at: Timestamp) -> Event {
    Event {
        id: EventId::from_bytes([number; 16]),
        site: SiteNo::new(1),
        at,
        name: EventName::parse(name).expect("valid"),
        rung: Rung::Qualified,
        signal: Signal::Form,
        trust: Trust::Human,
        visitor: None,
        lead: None,
        domain: None,
        attributes: BTreeMap::new(),
        path: Text::clean(path),
        touch: None,
        agent: Agent::default(),
        place: Place::default(),
        props: BTreeMap::new(),
        revenue: None,
        engagement_ms: None,
        scroll_depth: None,
        policy: 1,
    }
}

fn with_property(mut event: Event, name: &str, value: &str) -> Event {
    event.props.insert(Text::clean(name), Text::clean(value));
    event
}

fn profile(attributes: &[(&str, &str)]) -> Profile {
    let attributes = attributes.iter().map(|(name, value)| (Text::clean(name), Text::clean(value))).collect();
    Profile { attributes, ..Profile::default() }
}

fn hits(model: &Model, events: &[Event]) -> Vec<Hit> {
    events.iter().flat_map(|event| model.hits(event)).collect()
}

fn line<'e>(evaluation: &'e Evaluation, kind: LineKind, id: &str) -> &'e Line {
    let found = evaluation.lines.iter().find(|line| line.kind == kind && line.id == id);
    found.unwrap_or_else(|| panic!("no {kind:?} {id} in {:#?}", evaluation.lines))
}

fn sum(evaluation: &Evaluation) -> Points {
    evaluation.lines.iter().map(|line| line.points).sum()
}
