//! The checked model. Invariant: a [`Model`] that exists holds together (every group it names exists, ids
//! are unique, its threshold can be reached), and its tables are sorted by id, so that neither their order
//! in the file nor a comment changes a score, an explanation or the hash.

use super::{
    ModelError, canon, check,
    decay::Decay,
    grade::Grades,
    number::Number,
    pattern::{Glob, Phrase},
    sla::Sla,
};
use crate::domain::{ModelHash, Points, RuleId, Rung, Trust};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// What a group of points says something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// What the lead did: interest.
    Engagement,
    /// What the lead is: how well it suits.
    Fit,
    /// Both together. Only the line of a total clamp has it; no group does.
    #[serde(skip_deserializing)]
    Total,
}

impl Axis {
    /// The name in the API and in model files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Engagement => "engagement",
            Self::Fit => "fit",
            Self::Total => "total",
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A scoring model: parsed, checked, ready to evaluate. Cheap to share behind an `Arc`.
#[derive(Debug, Clone)]
pub struct Model {
    pub(super) spec: Spec,
    hash: ModelHash,
}

impl Model {
    /// Reads a model file.
    ///
    /// # Errors
    /// Names line and column and what would be right: for an unknown key the keys that are allowed there,
    /// for a file that reads but does not hold together every problem at once.
    pub fn parse(toml: &str) -> Result<Self, ModelError> {
        let spec = check::check(toml)?;
        let hash = canon::hash(&spec);
        Ok(Self { spec, hash })
    }

    /// Which model this is: SHA-256 of the canonical form, the same whatever the file's comments, white
    /// space, order of keys and order of tables.
    pub const fn hash(&self) -> &ModelHash {
        &self.hash
    }

    /// Its name, for people.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// `[mql] total_gte`: the total from which a lead is an MQL.
    pub const fn threshold(&self) -> Points {
        self.spec.mql.total_gte
    }

    /// `[mql] exit_below`: an MQL whose total falls below it is one no longer. Never above the threshold.
    pub const fn exit_below(&self) -> Option<Points> {
        self.spec.mql.exit_below
    }

    /// `[mql] cooldown_days`: days after falling out before a lead may become MQL again.
    pub const fn cooldown_days(&self) -> Option<u32> {
        self.spec.mql.cooldown_days
    }

    /// How many tables of each kind it has.
    pub const fn size(&self) -> Size {
        Size {
            rules: self.spec.rules.len(),
            attributes: self.spec.attributes.len(),
            disqualifiers: self.spec.disqualifiers.len(),
            icp: self.spec.icp.len(),
        }
    }

    /// What a behaviour rule or an attribute is called; for reports by rule.
    pub fn label(&self, id: &str) -> Option<&str> {
        let rule = self.spec.rules.iter().find(|rule| rule.id.as_str() == id).map(|rule| rule.label.as_str());
        let attribute = || self.spec.attributes.iter().find(|attribute| attribute.id.as_str() == id);
        rule.or_else(|| attribute().map(|attribute| attribute.label.as_str()))
    }

    /// Which field of a profile an attribute of the model reads.
    pub fn field_of(&self, attribute: &str) -> Option<&str> {
        let of_id = self.spec.attributes.iter().find(|known| known.id.as_str() == attribute);
        of_id.map(|known| known.attribute.as_str())
    }

    /// The behaviour rules by id: id, label, axis, group.
    pub fn rules(&self) -> impl Iterator<Item = (&RuleId, &str, Axis, &str)> {
        self.spec
            .rules
            .iter()
            .map(|rule| (&rule.id, rule.label.as_str(), Axis::Engagement, rule.group.as_str()))
    }

    /// The attributes that give points, by id: id, label.
    pub fn attributes(&self) -> impl Iterator<Item = (&RuleId, &str)> {
        self.spec.attributes.iter().map(|attribute| (&attribute.id, attribute.label.as_str()))
    }
}

/// How many tables of each kind a model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Behaviour rules.
    pub rules: usize,
    /// Attributes.
    pub attributes: usize,
    /// Disqualifiers.
    pub disqualifiers: usize,
    /// Requirements of the ideal customer profile.
    pub icp: usize,
}

/// What the file says, with every default filled in; serialised, it is the canonical form.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) mql: Mql,
    pub(super) clamp: Clamps,
    pub(super) grades: Option<Grades>,
    pub(super) sla: Option<Sla>,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) rules: Vec<Rule>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) disqualifiers: Vec<Disqualifier>,
    pub(super) icp: Vec<Icp>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Mql {
    pub(super) total_gte: Points,
    pub(super) fit_gte: Option<Points>,
    pub(super) engagement_gte: Option<Points>,
    pub(super) min_engagements: Option<MinEngagements>,
    pub(super) active_within_days: Option<u32>,
    pub(super) fast_track: BTreeSet<RuleId>,
    pub(super) icp_required: bool,
    pub(super) exit_below: Option<Points>,
    pub(super) cooldown_days: Option<u32>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct MinEngagements {
    pub(super) count: u32,
    pub(super) within_days: u32,
}

/// Least and most points; `None` is no limit.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Clamp {
    pub(super) min: Option<Points>,
    pub(super) max: Option<Points>,
}

impl Clamp {
    pub(super) fn apply(self, points: Points) -> Points {
        let points = self.max.map_or(points, |max| points.min(max));
        self.min.map_or(points, |min| points.max(min))
    }
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Clamps {
    pub(super) engagement: Clamp,
    pub(super) fit: Clamp,
    pub(super) total: Clamp,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Group {
    pub(super) label: String,
    pub(super) axis: Axis,
    pub(super) cap: Option<Points>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Rule {
    pub(super) id: RuleId,
    pub(super) label: String,
    pub(super) group: String,
    #[serde(rename = "match")]
    pub(super) matcher: EventMatch,
    pub(super) points: Points,
    pub(super) repeat: Repeat,
    pub(super) per: Option<Source>,
    pub(super) cap: Option<Points>,
    pub(super) window_days: Option<u32>,
    pub(super) decay: Decay,
}

/// How often a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Repeat {
    /// The latest hit.
    Once,
    /// Every hit.
    Every,
    /// The latest hit of each UTC day.
    PerDay,
    /// The latest hit of each value of `per`.
    PerValue,
}

/// Which events a rule or a disqualifier is about.
#[derive(Debug, Clone, Serialize)]
pub(super) struct EventMatch {
    /// Empty: any event.
    pub(super) events: BTreeSet<String>,
    /// Empty: any path.
    pub(super) paths: BTreeSet<Glob>,
    /// All of these.
    pub(super) conditions: Vec<Where>,
    pub(super) min_trust: Trust,
    pub(super) min_rung: Rung,
}

/// Where a value of an event comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    Field(Field),
    Property(String),
}

/// What every event has by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Field {
    /// The page's path without a slash at its end.
    Path,
    /// Milliseconds.
    EngagementMs,
    /// Percent.
    ScrollDepth,
    /// Of the touch, if the event has one: the channel's key, such as `paid_search`.
    Channel,
    Source,
    Medium,
    Campaign,
    /// The referrer's host.
    Referrer,
    /// ISO 3166-1 alpha-2.
    Country,
    /// `desktop`, `mobile` or `tablet`.
    Device,
    /// Minor units, whatever the currency.
    RevenueMinor,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Where {
    pub(super) of: Source,
    pub(super) test: Test,
}

/// Text is compared without regard to capitals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Test {
    In(BTreeSet<String>),
    Gte(Number),
    Lte(Number),
    Glob(Glob),
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Attribute {
    pub(super) id: RuleId,
    pub(super) label: String,
    pub(super) group: String,
    pub(super) attribute: String,
    pub(super) scale: Scale,
    pub(super) unknown_points: Points,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scale {
    /// Do not overlap; sorted.
    Bands(Vec<Band>),
    /// By value in lower case.
    Map(BTreeMap<String, Points>),
    /// The first that matches counts.
    Patterns(Vec<(Vec<Phrase>, Points)>),
}

/// From `gte` to below `lt`.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Band {
    pub(super) gte: Option<Number>,
    pub(super) lt: Option<Number>,
    pub(super) points: Points,
}

impl Band {
    pub(super) fn holds(&self, number: Number) -> bool {
        self.gte.is_none_or(|gte| number >= gte) && self.lt.is_none_or(|lt| number < lt)
    }
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Disqualifier {
    pub(super) id: RuleId,
    pub(super) label: String,
    pub(super) when: When,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum When {
    /// The mail domain is one of these or under it.
    Domains(BTreeSet<String>),
    Attribute {
        attribute: String,
        is: Condition,
    },
    Event {
        #[serde(rename = "match")]
        matcher: EventMatch,
        times: u32,
        window_days: Option<u32>,
    },
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Icp {
    pub(super) id: RuleId,
    pub(super) label: String,
    pub(super) attribute: String,
    pub(super) is: Condition,
}

/// A condition on an attribute's value.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Condition {
    /// In lower case.
    In(BTreeSet<String>),
    Patterns(Vec<Phrase>),
    /// From `gte` to below `lt`.
    Range {
        gte: Option<Number>,
        lt: Option<Number>,
    },
}
