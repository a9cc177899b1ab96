//! The event. Invariant: an [`Event`] holds only what its consent rung allows to be kept; it is made by
//! `ingest` and changed by nobody.

use super::text::unprintable;
use super::{
    Attributes, EmailDomain, EventId, Invalid, LeadKey, Rung, Signal, SiteNo, Text, Timestamp, Touch,
    VisitorId,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What happened, in 1 to 64 printable characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct EventName(String);

impl EventName {
    /// A page was seen.
    pub const PAGEVIEW: &'static str = "pageview";
    /// How long and how far a page was read.
    pub const ENGAGEMENT: &'static str = "engagement";

    /// Checks a name. Peers' scripts send names such as `404` and `Outbound Link: Click`, so that anything
    /// printable is one, but for what only markup has: `<` and `>`.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let name = raw.trim();
        let ok = (1..=64).contains(&name.chars().count())
            && !name.chars().any(|c| unprintable(c) || "<>".contains(c));
        if ok {
            Ok(Self(name.to_owned()))
        } else {
            Err(Invalid::new("an event name has 1 to 64 printable characters, and neither < nor >"))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How sure we are that a person did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// No page vouched for it: the request named no origin.
    Unverified = 0,
    /// A browser sent it from a page of the site, and nothing says it was automated.
    Human = 1,
    /// The site's own server proved that it is the lead's.
    Vouched = 2,
}

impl Trust {
    /// From the stored number.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Unverified, Self::Human, Self::Vouched].get(usize::from(code)).copied()
    }

    /// The stored number.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// Families only: never a version that, with others, would single somebody out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Agent {
    /// Browser family, such as `Firefox`.
    pub browser: Option<Text<40>>,
    /// Operating system family, such as `Windows`.
    pub os: Option<Text<40>>,
    /// `desktop`, `mobile` or `tablet`.
    pub device: Option<Text<10>>,
}

/// Where, as coarse as consent asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: Option<Text<2>>,
}

/// An amount in minor units with its ISO 4217 code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Money {
    /// Cents, or the currency's own minor unit.
    pub minor: i64,
    /// Three capital letters.
    pub currency: Text<3>,
}

/// The greatest amount, up or down: ten thousand of them can be added, and JSON's numbers hold it exactly.
const MINOR_MAX: u64 = 1_000_000_000_000_000;

impl Money {
    /// An amount in the currency's minor unit.
    ///
    /// # Errors
    /// When it is greater than any deal: sums would not hold it.
    pub fn of(minor: i64, currency: Text<3>) -> Result<Self, Invalid> {
        if minor.unsigned_abs() > MINOR_MAX {
            return Err(Invalid::new(format!("an amount is at most {MINOR_MAX} of the minor unit")));
        }
        Ok(Self { minor, currency })
    }

    /// A currency's code.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn currency(raw: &str) -> Result<Text<3>, Invalid> {
        let currency = raw.trim().to_ascii_uppercase();
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Invalid::new("a currency is an ISO 4217 code such as EUR"));
        }
        Ok(Text::clean(&currency))
    }

    /// How many decimals amounts of its currency have.
    pub fn decimals(&self) -> usize {
        match scale(&self.currency) {
            1 => 0,
            100 => 2,
            _ => 3,
        }
    }

    /// An amount as people write it, in the currency's major unit.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn parse(amount: &str, currency: Text<3>) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("an amount is a number such as 1250.50");
        let amount: f64 = amount.trim().parse().map_err(|_| wrong())?;
        let minor = (amount * f64::from(scale(&currency))).round();
        if !minor.is_finite() || minor.abs() > 1e15 {
            return Err(wrong());
        }
        #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
        Ok(Self { minor: minor as i64, currency })
    }
}

impl std::fmt::Display for Money {
    /// As people write it, with as many decimals as the currency has: `1250.50 EUR`, `-3 JPY`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (scale, amount) = (u64::from(scale(&self.currency)), self.minor.unsigned_abs());
        let sign = if self.minor < 0 { "-" } else { "" };
        match scale {
            1 => write!(f, "{sign}{amount} {}", self.currency),
            100 => write!(f, "{sign}{}.{:02} {}", amount / scale, amount % scale, self.currency),
            _ => write!(f, "{sign}{}.{:03} {}", amount / scale, amount % scale, self.currency),
        }
    }
}

/// How many of the minor unit one is: currencies with no or with three decimals, by ISO 4217.
fn scale(currency: &Text<3>) -> u32 {
    match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 1,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 1000,
        _ => 100,
    }
}

/// At most 30 properties; names of at most 40 bytes, values of at most 300.
pub type Props = BTreeMap<Text<40>, Text<300>>;

/// One thing that happened on one site, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name, the same on a retry.
    pub id: EventId,
    /// The site.
    pub site: SiteNo,
    /// When it happened, by the collector's clock.
    pub at: Timestamp,
    /// What happened.
    pub name: EventName,
    /// How far consent went.
    pub rung: Rung,
    /// Which signal decided that.
    pub signal: Signal,
    /// Under which version of the site's policy that was decided.
    pub policy: u32,
    /// How sure we are that a person did it.
    pub trust: Trust,
    /// The day's pseudonym.
    pub visitor: Option<VisitorId>,
    /// The lead, on the rung `qualified` only.
    pub lead: Option<LeadKey>,
    /// What the lead's mail domain is, when an address was given with this event.
    pub domain: Option<EmailDomain>,
    /// Declared profile fields that came with this event.
    pub attributes: Attributes,
    /// The page's path, without query and fragment.
    pub path: Text<500>,
    /// How the visitor arrived; `None` when they came from another page of the site.
    pub touch: Option<Touch>,
    /// Browser, system, device.
    pub agent: Agent,
    /// Country.
    pub place: Place,
    /// Properties from data attributes and from the API.
    pub props: Props,
    /// Revenue, where the event has it.
    pub revenue: Option<Money>,
    /// Time the page was seen and in focus, milliseconds, at most a day.
    pub engagement_ms: Option<u32>,
    /// How far the page was scrolled, percent.
    pub scroll_depth: Option<u8>,
}

#[cfg(test)]
impl Event {
    /// A page view of site 1 with nothing but what every event has; tests say what is different.
    pub(crate) fn for_test(at: Timestamp) -> Self {
        Self {
            id: EventId::from_bytes([0; 16]),
            site: SiteNo::new(1),
            at,
            name: EventName(EventName::PAGEVIEW.to_owned()),
            rung: Rung::Unset,
            signal: Signal::None,
            policy: 1,
            trust: Trust::Human,
            visitor: None,
            lead: None,
            domain: None,
            attributes: Attributes::new(),
            path: Text::default(),
            touch: None,
            agent: Agent::default(),
            place: Place::default(),
            props: Props::new(),
            revenue: None,
            engagement_ms: None,
            scroll_depth: None,
        }
    }
}
