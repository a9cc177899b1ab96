//! What is known of a lead, read by the model. Invariant: fit is a function of the profile as it is now;
//! nothing accrues, and what is not known is never taken for a value.

use super::{
    model::{Attribute, Condition, Scale},
    number::Number,
    pattern::Phrase,
};
use crate::domain::{Attributes, EmailDomain, Override, Points, Text};

/// What is known of a lead at the moment of evaluation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Declared fields, the newest value of each.
    pub attributes: Attributes,
    /// What the mail domain is, when an address was given.
    pub domain: Option<EmailDomain>,
    /// ISO 3166-1 alpha-2, from the network; a declared `country` goes before it.
    pub country: Option<Text<2>>,
    /// What people say against the score, whenever that counts.
    pub overrides: Vec<Override>,
}

impl Profile {
    /// As it is without what people say against the score: what the machine's own score is of.
    #[must_use]
    pub fn without_overrides(&self) -> Self {
        Self { overrides: Vec::new(), ..self.clone() }
    }

    /// The value of an attribute as models name it: a declared field by its name; `country`;
    /// `email_domain` (the company's domain, or `free`); `email_class` (`company` or `free`).
    pub(super) fn value(&self, attribute: &str) -> Option<&str> {
        let declared = self.attributes.get(attribute).map(Text::as_str).filter(|value| !value.is_empty());
        match attribute {
            "country" => declared.or(self.country.as_ref().map(Text::as_str)),
            "email_domain" => self.domain.as_ref().map(EmailDomain::as_str),
            "email_class" => self.domain.as_ref().map(|domain| match domain {
                EmailDomain::Free => "free",
                EmailDomain::Company(_) => "company",
            }),
            _ => declared,
        }
    }

    /// Whether the mail domain is `domain` or one under it.
    pub(super) fn is_under(&self, domain: &str) -> bool {
        let Some(EmailDomain::Company(own)) = &self.domain else { return false };
        let own = own.as_str().to_ascii_lowercase();
        own == domain || own.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
    }
}

impl Attribute {
    /// The value and its points; `None` when it is not known, or is no number where the scale has bands.
    pub(super) fn score<'p>(&self, profile: &'p Profile) -> Option<(&'p str, Points)> {
        let value = profile.value(&self.attribute)?;
        let points = match &self.scale {
            Scale::Bands(bands) => {
                let number = Number::parse_amount(value)?;
                bands.iter().find(|band| band.holds(number)).map(|band| band.points)
            }
            Scale::Map(map) => map.get(value.trim().to_lowercase().as_str()).copied(),
            Scale::Patterns(list) => {
                let found =
                    list.iter().find(|(phrases, _)| phrases.iter().any(|phrase| phrase.matches(value)));
                found.map(|(_, points)| *points)
            }
        };
        Some((value, points.unwrap_or_default()))
    }
}

impl Condition {
    /// Whether `value` meets it; `None` when it is no number where one is compared.
    pub(super) fn holds(&self, value: &str) -> Option<bool> {
        match self {
            Self::In(values) => Some(values.contains(value.trim().to_lowercase().as_str())),
            Self::Patterns(phrases) => Some(phrases.iter().any(|phrase| phrase.matches(value))),
            Self::Range { gte, lt } => {
                let number = Number::parse_amount(value)?;
                Some(gte.is_none_or(|gte| number >= gte) && lt.is_none_or(|lt| number < lt))
            }
        }
    }

    /// In words, to follow "must be".
    pub(super) fn words(&self) -> String {
        let list = |items: Vec<String>| {
            let more = items.len().saturating_sub(5);
            let shown = items.into_iter().take(5).collect::<Vec<_>>().join(", ");
            if more > 0 { format!("{shown} or {more} more") } else { shown }
        };
        match self {
            Self::In(values) => format!("one of: {}", list(values.iter().cloned().collect())),
            Self::Patterns(phrases) => {
                format!("like: {}", list(phrases.iter().map(Phrase::source).collect()))
            }
            Self::Range { gte: Some(gte), lt: None } => format!("at least {gte}"),
            Self::Range { gte: None, lt: Some(lt) } => format!("below {lt}"),
            Self::Range { gte, lt } => {
                let bound =
                    |bound: &Option<Number>| bound.map_or("any".to_owned(), |number| number.to_string());
                format!("from {} to below {}", bound(gte), bound(lt))
            }
        }
    }
}
