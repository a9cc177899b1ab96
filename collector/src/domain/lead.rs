//! What is known of a lead. Invariant: no address is ever here; a mail domain is kept only when it is a
//! company's.

use super::{Invalid, LeadKey, Text};
use serde::Serialize;
use std::collections::BTreeMap;

/// Declared profile fields by name, such as `job_title`; at most 20, the newest value of each.
pub type Attributes = BTreeMap<Text<40>, Text<200>>;

/// What the part after the `@` tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EmailDomain {
    /// A free-mail provider; which one is not kept.
    Free,
    /// A company's own domain.
    Company(Text<253>),
}

impl EmailDomain {
    /// The stored and shown form: `free`, or the domain.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Free => "free",
            Self::Company(domain) => domain.as_str(),
        }
    }

    /// From the stored form.
    pub fn from_stored(text: &str) -> Self {
        if text == "free" { Self::Free } else { Self::Company(Text::clean(text)) }
    }
}

impl Serialize for EmailDomain {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Who a form says somebody is, before consent decides whether it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The key under the site's secret.
    pub key: LeadKey,
    /// What the mail domain is.
    pub domain: EmailDomain,
    /// The declared fields.
    pub attributes: Attributes,
}

/// Where a lead stands between us and sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Known, not qualified.
    Lead = 1,
    /// Marketing qualified lead.
    Mql = 2,
    /// Accepted by sales.
    Sal = 3,
    /// Qualified by sales.
    Sql = 4,
    /// Bought.
    Customer = 5,
    /// Handed back to marketing.
    Recycled = 6,
    /// Ruled out.
    Disqualified = 7,
    /// Lost to somebody else, or to nobody.
    Lost = 8,
}

impl Stage {
    /// All stages, by stored number.
    pub const ALL: [Self; 8] = [
        Self::Lead,
        Self::Mql,
        Self::Sal,
        Self::Sql,
        Self::Customer,
        Self::Recycled,
        Self::Disqualified,
        Self::Lost,
    ];

    /// The stored number.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// From the stored number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.code() == code)
    }

    /// The name in the API and in exports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Mql => "mql",
            Self::Sal => "sal",
            Self::Sql => "sql",
            Self::Customer => "customer",
            Self::Recycled => "recycled",
            Self::Disqualified => "disqualified",
            Self::Lost => "lost",
        }
    }

    /// From the name.
    ///
    /// # Errors
    /// Names the stages there are.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|stage| stage.name() == name).ok_or_else(|| {
            Invalid::new("a stage is one of lead, mql, sal, sql, customer, recycled, disqualified, lost")
        })
    }
}

impl Stage {
    /// From the name, or from the lead event of Google Analytics 4 that says the same.
    ///
    /// # Errors
    /// Names both.
    pub fn from_outcome(name: &str) -> Result<Self, Invalid> {
        Ok(match name {
            "generate_lead" => Self::Lead,
            "working_lead" => Self::Sal,
            "qualify_lead" => Self::Sql,
            "disqualify_lead" => Self::Disqualified,
            "close_convert_lead" => Self::Customer,
            "close_unconvert_lead" => Self::Lost,
            name => Self::parse(name).map_err(|error| {
                Invalid::new(format!(
                    "{error}, or one of generate_lead, working_lead, qualify_lead, disqualify_lead, \
                     close_convert_lead, close_unconvert_lead"
                ))
            })?,
        })
    }
}

impl Serialize for Stage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
