//! What is known of each lead under two models. Invariant: everything that a report of a simulation counts is
//! counted from these, and they name nobody but by the lead's key.

use super::staircase::Staircase;
use crate::domain::{Channel, LeadKey, Points, RuleId, Timestamp};
use crate::leads::outcome::Closed;

/// That a lead became an MQL, for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mql {
    /// When.
    pub at: Timestamp,
    /// Its total at that moment.
    pub total: Points,
}

/// That something of the model was about a lead, for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHit {
    /// The rule or the attribute.
    pub rule: RuleId,
    /// When.
    pub at: Timestamp,
}

/// A lead's outcome, as sales reported it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Won, or else lost.
    pub won: bool,
    /// When.
    pub at: Timestamp,
}

impl From<Closed> for Outcome {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Won { at, .. } => Self { won: true, at },
            Closed::Lost { at } => Self { won: false, at },
        }
    }
}

/// One lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Who.
    pub key: LeadKey,
    /// The channel of its first touch.
    pub channel: Channel,
    /// The moment it became known.
    pub known_at: Timestamp,
    /// By the model that is live.
    pub live: Option<Mql>,
    /// By the draft.
    pub draft: Option<Mql>,
    /// By the draft with any other threshold.
    pub stairs: Staircase,
    /// What of the draft was ever about it.
    pub hits: Vec<RuleHit>,
    /// What became of it; `None` while it is open.
    pub outcome: Option<Outcome>,
}

impl Facts {
    /// The first moment of which anything is counted. An event that arrives late may make a lead an MQL at a moment
    /// before it became known.
    pub fn first_at(&self) -> Timestamp {
        let mql = [self.live, self.draft].into_iter().flatten().map(|mql| mql.at);
        mql.chain(self.stairs.steps().iter().map(|step| step.at)).fold(self.known_at, Timestamp::min)
    }
}
