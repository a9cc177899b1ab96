//! The consent ladder's names. Invariant: a rung only ever says what was granted; higher is more, and
//! the numbers are stored, so they never change.

use serde::{Deserialize, Serialize};

/// How far consent goes. Ordered: a later rung includes the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// The page said no, or Global Privacy Control did: a counter and no event row.
    Denied = 0,
    /// Nobody said anything: an event under a pseudonym that dies with the day's salt.
    Unset = 1,
    /// Measurement granted: the same, plus campaign content and term.
    Measured = 2,
    /// Lead qualification granted and an address given: the event is tied to a lead key.
    Qualified = 3,
}

/// Which signal decided the rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// No signal was given.
    None = 0,
    /// `data-consent` on the tag.
    Tag = 1,
    /// `mq('consent', …)`.
    Api = 2,
    /// Global Privacy Control, by header or by `navigator`.
    Gpc = 3,
    /// Do Not Track, where the site honours it.
    Dnt = 4,
    /// Google Consent Mode.
    ConsentMode = 5,
    /// IAB TCF.
    Tcf = 6,
    /// A ticked `data-mq-consent="qualify"` box in the form.
    Form = 7,
    /// The operator's declared legal basis for people who ask for something by form.
    Policy = 8,
    /// A server that vouches for it with a token.
    Server = 9,
}

/// The operator's legal basis for qualifying people who ask for something by form without a box ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Only consent counts: the default.
    #[default]
    Consent,
    /// GDPR article 6(1)(f).
    LegitimateInterest,
    /// GDPR article 6(1)(b): steps before a contract, at the person's request.
    Contract,
}

/// A decision: the rung, and what decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Consent {
    /// How far it goes.
    pub rung: Rung,
    /// Which signal decided.
    pub signal: Signal,
}

impl Rung {
    /// All rungs, lowest first.
    pub const ALL: [Self; 4] = [Self::Denied, Self::Unset, Self::Measured, Self::Qualified];

    /// The stored number.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// From the stored number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The name in the API, in exports and in model files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Unset => "unset",
            Self::Measured => "measured",
            Self::Qualified => "qualified",
        }
    }

    /// From the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rung| rung.name() == name)
    }
}

impl Signal {
    /// All signals, by stored number.
    pub const ALL: [Self; 10] = [
        Self::None,
        Self::Tag,
        Self::Api,
        Self::Gpc,
        Self::Dnt,
        Self::ConsentMode,
        Self::Tcf,
        Self::Form,
        Self::Policy,
        Self::Server,
    ];

    /// The stored number.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// From the stored number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The name in the API, in exports and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tag => "tag",
            Self::Api => "api",
            Self::Gpc => "gpc",
            Self::Dnt => "dnt",
            Self::ConsentMode => "consent_mode",
            Self::Tcf => "tcf",
            Self::Form => "form",
            Self::Policy => "policy",
            Self::Server => "server",
        }
    }

    /// Whether a page may say that this signal decided. The others are found by the collector itself.
    pub const fn can_be_claimed(self) -> bool {
        !matches!(self, Self::Form | Self::Policy | Self::Server)
    }

    /// From the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.name() == name)
    }
}
