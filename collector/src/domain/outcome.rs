//! What became of an event. Invariant: every event that reaches the collector has exactly one outcome,
//! and outcomes are counted by reason; none of them carries what the event said.

use super::Signal;

/// What became of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Committed.
    Stored,
    /// Committed earlier under the same id.
    Duplicate,
    /// Somebody asked not to be measured; only this count is kept.
    Suppressed(Signal),
    /// Left out on purpose.
    Dropped(DropReason),
}

/// Why an event was left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// The user agent is a known bot's.
    Bot,
    /// The browser says it is automated.
    Automation,
    /// The referrer is on the spam list.
    ReferrerSpam,
}

impl Outcome {
    /// What the reasons of [`Outcome::Suppressed`] begin with; the signal follows.
    pub const SUPPRESSED: &'static str = "suppressed:";
    /// What the reasons of [`Outcome::Dropped`] begin with.
    pub const DROPPED: &'static str = "dropped:";

    /// The word in `x-mqlite-dropped`, in counters and in exports.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
            Self::Suppressed(signal) => match signal {
                Signal::Gpc => "suppressed:gpc",
                Signal::Dnt => "suppressed:dnt",
                Signal::Tag => "suppressed:tag",
                Signal::Api => "suppressed:api",
                Signal::ConsentMode => "suppressed:consent_mode",
                Signal::Tcf => "suppressed:tcf",
                _ => "suppressed:other",
            },
            Self::Dropped(DropReason::Bot) => "dropped:bot",
            Self::Dropped(DropReason::Automation) => "dropped:automation",
            Self::Dropped(DropReason::ReferrerSpam) => "dropped:referrer_spam",
        }
    }
}
