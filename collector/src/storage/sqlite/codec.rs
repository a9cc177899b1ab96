//! Values that are stored as JSON. Invariant: what is encoded is decoded, field for field.

use crate::domain::{EventId, Hit, RuleId, Text, Timestamp};
use crate::leads::{Origin, Touched};
use crate::storage::StoreError;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct StoredHit {
    rule: RuleId,
    event: String,
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Text<200>>,
}

pub(super) fn hits_to_json(hits: &[Hit]) -> Result<String, StoreError> {
    let stored: Vec<StoredHit> = hits
        .iter()
        .map(|hit| StoredHit {
            rule: hit.rule.clone(),
            event: hit.event.to_hex(),
            at: hit.at.millis(),
            value: hit.value.clone(),
        })
        .collect();
    Ok(serde_json::to_string(&stored)?)
}

pub(super) fn hits_from_json(json: &str) -> Result<Vec<Hit>, StoreError> {
    serde_json::from_str::<Vec<StoredHit>>(json)?
        .into_iter()
        .map(|hit| {
            Ok(Hit {
                rule: hit.rule,
                at: Timestamp::from_millis(hit.at),
                event: EventId::parse(&hit.event).map_err(|error| StoreError::Failed(error.to_string()))?,
                value: hit.value,
            })
        })
        .collect()
}

pub(super) fn origin_to_json(origin: &Origin) -> Result<String, StoreError> {
    Ok(serde_json::to_string(origin)?)
}

pub(super) fn origin_from_json(json: &str) -> Result<Origin, StoreError> {
    Ok(serde_json::from_str(json)?)
}

#[derive(Serialize, Deserialize)]
struct StoredTouch {
    at: i64,
    origin: Origin,
}

pub(super) fn touches_to_json(touches: &[Touched]) -> Result<String, StoreError> {
    let stored =
        touches.iter().map(|touch| StoredTouch { at: touch.at.millis(), origin: touch.origin.clone() });
    Ok(serde_json::to_string(&stored.collect::<Vec<_>>())?)
}

pub(super) fn touches_from_json(json: &str) -> Result<Vec<Touched>, StoreError> {
    let stored: Vec<StoredTouch> = serde_json::from_str(json)?;
    let touch = |StoredTouch { at, origin }| Touched { at: Timestamp::from_millis(at), origin };
    Ok(stored.into_iter().map(touch).collect())
}

/// A hit with every part that one can have.
#[cfg(test)]
pub(super) fn full_hits() -> serde_json::Value {
    let hit = StoredHit {
        rule: RuleId::parse("rule").expect("valid"),
        event: String::new(),
        at: 0,
        value: Text::non_empty("value"),
    };
    serde_json::to_value([hit]).expect("JSON")
}

/// An origin with every part that one can have.
#[cfg(test)]
pub(super) fn full_origin() -> serde_json::Value {
    let origin = Origin {
        touch: crate::domain::Touch::DIRECT,
        landing: Text::clean("/"),
        country: Text::non_empty("DE"),
    };
    serde_json::to_value(origin).expect("JSON")
}

/// A touch with every part that one can have.
#[cfg(test)]
pub(super) fn full_touches() -> serde_json::Value {
    serde_json::json!([{ "at": 0, "origin": full_origin() }])
}
