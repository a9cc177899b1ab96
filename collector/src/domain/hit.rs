//! What scoring leaves behind. Invariant: a hit names the event that made it, so that the same event
//! never counts twice, and a score names the model that made it.

use super::{EventId, Invalid, Points, Text, Timestamp, from_hex, to_hex};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The id of a rule in a model: at most 40 of `a-z 0-9 _`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RuleId(String);

impl RuleId {
    /// Checks an id.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let ok = (1..=40).contains(&raw.len())
            && raw.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if ok {
            Ok(Self(raw.to_owned()))
        } else {
            let shown: String = raw.chars().take(60).collect();
            Err(Invalid::new(format!("`{shown}` is not an id; use at most 40 of a-z, 0-9 and _")))
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for RuleId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&std::borrow::Cow::<str>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One event that matched one rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hit {
    /// The rule.
    pub rule: RuleId,
    /// When the event happened.
    pub at: Timestamp,
    /// The event.
    pub event: EventId,
    /// What the rule counts once each, for rules that repeat per value.
    pub value: Option<Text<200>>,
}

/// A score and its two axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Score {
    /// Fit and engagement together, after clamps.
    pub total: Points,
    /// Who they are.
    pub fit: Points,
    /// What they did.
    pub engagement: Points,
}

/// SHA-256 of a model's canonical form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelHash([u8; 32]);

impl ModelHash {
    /// From the 32 bytes it is stored as.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes it is stored as.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From 64 hexadecimal digits.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        from_hex(raw.bytes())
            .map(Self)
            .ok_or_else(|| Invalid::new("a model's hash has 64 hexadecimal digits"))
    }
}

impl fmt::Display for ModelHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for ModelHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ModelHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
