//! Any bytes as the body of `POST /api/event`. Invariant: they are refused with a sentence, or every event in
//! them has exactly one outcome and what is stored keeps its bounds and its consent.

use crate::world::{now, world};
use mqlite::domain::{Event, Outcome, Rung};
use mqlite::ingest::{self, Refusal};

/// Takes them as a browser's request.
///
/// # Panics
/// When a promise does not hold.
pub fn wire(body: &[u8]) {
    let parsed = match ingest::wire::parse(body) {
        Ok((events, single)) => {
            assert!((1..=ingest::BATCH_MAX).contains(&events.len()));
            assert!(!single || events.len() == 1);
            Some(events.len())
        }
        Err(refusal) => {
            check_refusal(&refusal);
            None
        }
    };
    match world().take(body) {
        Err(refusal) => check_refusal(&refusal),
        Ok(taken) => {
            assert_eq!(Some(taken.outcomes.len()), parsed, "one outcome an event");
            let stored = taken.outcomes.iter().filter(|outcome| **outcome == Outcome::Stored).count();
            assert_eq!(taken.events.len(), stored);
            taken.events.iter().for_each(|(event, _)| check_event(event));
        }
    }
}

fn check_refusal(refusal: &Refusal) {
    assert!(!refusal.detail.is_empty());
    assert!(refusal.detail.len() <= 2_000, "a refusal is a sentence: {}", refusal.detail.len());
    assert!(refusal.pointer.is_empty() || refusal.pointer.starts_with('/'));
}

/// What holds of every event that is kept.
pub(crate) fn check_event(event: &Event) {
    let now = now();
    assert!(event.rung > Rung::Denied, "a denial leaves no event");
    assert_eq!(event.lead.is_some(), event.rung == Rung::Qualified);
    assert!(event.lead.is_some() || (event.domain.is_none() && event.attributes.is_empty()));
    assert!(event.attributes.values().all(|value| !value.as_str().contains('@')));
    assert!(event.attributes.len() <= 20 && event.props.len() <= 30);
    assert!(event.path.as_str().len() <= 500 && !event.path.as_str().contains(char::is_control));
    assert!(event.at <= now && event.at >= now.plus_millis(-12 * 3_600_000));
    assert!(event.scroll_depth.is_none_or(|percent| percent <= 100));
    assert!(event.engagement_ms.is_none_or(|ms| ms <= 86_400_000));
}
