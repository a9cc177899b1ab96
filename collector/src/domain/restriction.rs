//! What somebody asked not to be done with their data. Invariant: it is known by the lead's key alone; no event
//! and no field of a profile is needed to honour it.

use super::{LeadKey, SiteNo, Timestamp};

/// Since when somebody does not want to be processed further; nothing is the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Restriction {
    /// They asked for a restriction (GDPR article 18): what is there is kept, and nothing is done with it.
    pub restricted: Option<Timestamp>,
    /// They took their consent back: only a box that they tick anew ends it.
    pub withdrawn: Option<Timestamp>,
    /// Whether it had been proven by then that they are who they say. What proved it may be gone with the consent;
    /// whoever proves nothing still neither ends the withdrawal nor adds anything to them.
    pub verified: bool,
}

impl Restriction {
    /// Whether there is none.
    pub const fn is_none(&self) -> bool {
        self.restricted.is_none() && self.withdrawn.is_none()
    }

    /// Whether what happens at `at` may still be counted for the lead. A withdrawal that a ticked box ended is no
    /// longer here.
    pub fn allows(&self, at: Timestamp) -> bool {
        self.restricted.is_none_or(|since| at < since) && self.withdrawn.is_none_or(|since| at < since)
    }
}

/// A restriction and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restricted {
    /// The site.
    pub site: SiteNo,
    /// The lead.
    pub lead: LeadKey,
    /// What they asked for.
    pub restriction: Restriction,
}
