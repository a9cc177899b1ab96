//! The shape of a model file. Invariant: every key a model may have stands here once and nowhere else; an
//! unknown key is an error. What the values mean together is `check`'s business.

use super::{
    grade::{EngagementGrades, FitGrades},
    model::{Axis, Field, Repeat},
    number::Number,
    sla::Sla,
};
use crate::domain::{Points, Rung, Trust};
use serde::{Deserialize, Deserializer, de};
use std::{collections::BTreeMap, fmt};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawModel {
    pub(super) name: String,
    pub(super) mql: Spanned<RawMql>,
    #[serde(default)]
    pub(super) clamp: Option<Spanned<RawClamps>>,
    #[serde(default)]
    pub(super) grades: Option<Spanned<RawGrades>>,
    #[serde(default)]
    pub(super) sla: Option<Spanned<Sla>>,
    #[serde(default)]
    pub(super) group: Vec<Spanned<RawGroup>>,
    #[serde(default)]
    pub(super) rule: Vec<Spanned<RawRule>>,
    #[serde(default)]
    pub(super) attribute: Vec<Spanned<RawAttribute>>,
    #[serde(default)]
    pub(super) disqualifier: Vec<Spanned<RawDisqualifier>>,
    #[serde(default)]
    pub(super) icp: Vec<Spanned<RawIcp>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawMql {
    pub(super) total_gte: Points,
    pub(super) fit_gte: Option<Points>,
    pub(super) engagement_gte: Option<Points>,
    pub(super) min_engagements: Option<RawMinEngagements>,
    pub(super) active_within_days: Option<u32>,
    #[serde(default)]
    pub(super) fast_track: Vec<String>,
    #[serde(default)]
    pub(super) icp_required: bool,
    pub(super) exit_below: Option<Points>,
    pub(super) cooldown_days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawMinEngagements {
    pub(super) count: u32,
    pub(super) within_days: u32,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawClamps {
    pub(super) engagement: Option<RawClamp>,
    pub(super) fit: Option<RawClamp>,
    pub(super) total: Option<RawClamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawClamp {
    pub(super) min: Option<Points>,
    pub(super) max: Option<Points>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawGrades {
    pub(super) fit: FitGrades,
    pub(super) engagement: EngagementGrades,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawGroup {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) axis: Axis,
    pub(super) cap: Option<Points>,
    pub(super) decay: Option<RawDecay>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawDecay {
    pub(super) kind: DecayKind,
    pub(super) days: Option<u32>,
    pub(super) steps: Option<Vec<RawStep>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum DecayKind {
    None,
    Linear,
    HalfLife,
    Step,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawStep {
    pub(super) after_days: u32,
    pub(super) percent: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawRule {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) group: String,
    pub(super) event: Texts,
    pub(super) path: Option<Texts>,
    #[serde(default, rename = "where")]
    pub(super) conditions: Vec<RawWhere>,
    pub(super) points: Points,
    pub(super) repeat: Option<Repeat>,
    pub(super) per: Option<RawSource>,
    pub(super) cap: Option<Points>,
    pub(super) window_days: Option<u32>,
    pub(super) decay: Option<RawDecay>,
    pub(super) min_trust: Option<Trust>,
    pub(super) min_rung: Option<Rung>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawSource {
    pub(super) field: Option<Field>,
    pub(super) property: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawWhere {
    pub(super) field: Option<Field>,
    pub(super) property: Option<String>,
    pub(super) eq: Option<Scalar>,
    #[serde(rename = "in")]
    pub(super) one_of: Option<Vec<Scalar>>,
    pub(super) gte: Option<Number>,
    pub(super) lte: Option<Number>,
    pub(super) glob: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawAttribute {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) group: String,
    pub(super) attribute: String,
    pub(super) bands: Option<Vec<RawBand>>,
    pub(super) map: Option<BTreeMap<String, Points>>,
    pub(super) patterns: Option<Vec<RawPattern>>,
    pub(super) unknown_points: Option<Points>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawBand {
    pub(super) gte: Option<Number>,
    pub(super) lt: Option<Number>,
    pub(super) points: Points,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawPattern {
    pub(super) any: Texts,
    pub(super) points: Points,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawDisqualifier {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) domains: Option<Texts>,
    pub(super) attribute: Option<String>,
    #[serde(rename = "in")]
    pub(super) one_of: Option<Texts>,
    pub(super) patterns: Option<Texts>,
    pub(super) gte: Option<Number>,
    pub(super) lt: Option<Number>,
    pub(super) event: Option<Texts>,
    pub(super) path: Option<Texts>,
    #[serde(default, rename = "where")]
    pub(super) conditions: Vec<RawWhere>,
    pub(super) times: Option<u32>,
    pub(super) window_days: Option<u32>,
    pub(super) min_trust: Option<Trust>,
    pub(super) min_rung: Option<Rung>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct RawIcp {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) attribute: String,
    #[serde(rename = "in")]
    pub(super) one_of: Option<Texts>,
    pub(super) patterns: Option<Texts>,
    pub(super) gte: Option<Number>,
    pub(super) lt: Option<Number>,
}

/// One text, or a list of texts.
#[derive(Clone)]
pub(super) struct Texts(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Texts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes, or a list of texts")
            }
            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A text, a number or a truth value, held as the text that properties have.
pub(super) struct Scalar(pub(super) String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes, a number, true or false")
            }
            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Scalar, E> {
                Ok(Scalar(n.to_string()))
            }
            fn visit_f64<E>(self, n: f64) -> Result<Scalar, E> {
                Ok(Scalar(n.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
