//! What is kept of a visit while its pseudonym lives, and of a lead. Invariant: a visit holds no more
//! than a day's hits and is forgotten with the day's salt; a lead holds no address.

use super::Touched;
use crate::domain::{
    Actor, Attributes, Channel, EmailDomain, Hit, LeadKey, ModelHash, Money, Override, Points, Role, RuleId,
    Score, SiteNo, Stage, Text, Timestamp, Touch, VisitorId,
};
use serde::{Deserialize, Serialize};

/// Where a visit or a lead came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// How they arrived.
    pub touch: Touch,
    /// The first page of the visit.
    pub landing: Text<500>,
    /// The country of the visit.
    pub country: Option<Text<2>>,
}

/// What reports can be grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The channel.
    Channel = 1,
    /// The source.
    Source = 2,
    /// The campaign.
    Campaign = 3,
    /// The country.
    Country = 4,
    /// The landing page.
    Page = 5,
    /// The rules that made somebody an MQL.
    Rule = 6,
}

impl Dimension {
    /// All dimensions.
    pub const ALL: [Self; 6] =
        [Self::Channel, Self::Source, Self::Campaign, Self::Country, Self::Page, Self::Rule];

    /// The stored number.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Source => "source",
            Self::Campaign => "campaign",
            Self::Country => "country",
            Self::Page => "page",
            Self::Rule => "rule",
        }
    }

    /// From the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == name)
    }
}

impl Origin {
    /// The key under which this origin is counted in a dimension; empty when it has none.
    pub fn key(&self, dimension: Dimension) -> &str {
        fn text<const N: usize>(value: Option<&Text<N>>) -> &str {
            value.map_or("", Text::as_str)
        }
        match dimension {
            Dimension::Channel => self.touch.channel.key(),
            Dimension::Source => text(self.touch.source.as_ref()),
            Dimension::Campaign => text(self.touch.campaign.as_ref()),
            Dimension::Country => text(self.country.as_ref()),
            Dimension::Page => self.landing.as_str(),
            Dimension::Rule => "",
        }
    }

    /// Whether nobody can be thanked for the visit.
    pub fn is_direct(&self) -> bool {
        self.touch.channel == Channel::Direct
    }
}

/// A pseudonym's day so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The day's pseudonym.
    pub visitor: VisitorId,
    /// The site.
    pub site: SiteNo,
    /// When the current visit began.
    pub started_at: Timestamp,
    /// The newest event.
    pub last_at: Timestamp,
    /// Where the current visit came from.
    pub origin: Origin,
    /// The lead that this pseudonym turned out to be.
    pub lead: Option<LeadKey>,
    /// Whether the site's own server proved that it is; otherwise it is what somebody said.
    pub proven: bool,
    /// What the pseudonym did that a rule matches, until it is a lead's.
    pub hits: Vec<Hit>,
}

/// One reason for a score, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule's or attribute's id.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// What it brought.
    pub points: Points,
}

/// The moment a lead became an MQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qualified {
    /// When.
    pub at: Timestamp,
    /// The score at that moment.
    pub score: Score,
}

/// A lead as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// Its key.
    pub key: LeadKey,
    /// The site.
    pub site: SiteNo,
    /// Where it stands.
    pub stage: Stage,
    /// Since when.
    pub stage_at: Timestamp,
    /// In which role somebody put it there; the collector's own is the machine's.
    pub stage_by: Role,
    /// The first event of the visit on which it became known.
    pub first_seen: Timestamp,
    /// The moment it became known: the day under which it is counted.
    pub known_at: Timestamp,
    /// The newest event.
    pub last_seen: Timestamp,
    /// When the site's own server first proved that it is them. From that event on, in the order of the log, what is
    /// said without proof adds nothing.
    pub verified_at: Option<Timestamp>,
    /// What the mail domain is.
    pub domain: Option<EmailDomain>,
    /// The newest country.
    pub country: Option<Text<2>>,
    /// The newest value of each declared field.
    pub attributes: Attributes,
    /// The first touch.
    pub first: Origin,
    /// The last touch that was not direct before it became an MQL, or the first.
    pub last: Origin,
    /// Its visits until it became an MQL, oldest first: the one that made it known, and the newest of the others.
    pub touches: Vec<Touched>,
    /// The score at `scored_at`.
    pub score: Score,
    /// The newest event, or the midnight after it at which the score was last looked at.
    pub scored_at: Timestamp,
    /// The largest positive lines of that score, at most four.
    pub reasons: Vec<Reason>,
    /// When it first became an MQL.
    pub qualified: Option<Qualified>,
    /// Every hit that can still matter.
    pub hits: Vec<Hit>,
    /// What people say against its score, by number; written by [`crate::storage`]'s changes of their own, and not
    /// with the lead.
    pub overrides: Vec<Override>,
}

/// One change of stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The lead.
    pub lead: LeadKey,
    /// The site.
    pub site: SiteNo,
    /// When: by the event that caused it, at the midnight at which it had faded, or as people said.
    pub at: Timestamp,
    /// From where.
    pub from: Stage,
    /// To where.
    pub to: Stage,
    /// In a sentence.
    pub reason: String,
    /// Who made it; the collector is the machine.
    pub actor: Actor,
    /// What was won with it.
    pub amount: Option<Money>,
    /// The score at that moment.
    pub score: Score,
    /// The model that made it.
    pub model: ModelHash,
    /// The lines of that score as a JSON array, as scoring wrote them then: hits that no later score needs
    /// are not kept, and what a lead says of itself changes.
    pub lines: String,
    /// The rules and attributes that brought points at that moment; for counting, not stored with the row.
    pub rules: Vec<RuleId>,
}

impl Transition {
    /// Whether somebody made it, so that no replay of events brings it back.
    pub fn by_people(&self) -> bool {
        self.actor.role != Role::Collector
    }
}
