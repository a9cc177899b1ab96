//! Documents for compliance teams. Invariant: they are made from the declarations and settings that the
//! collector runs with, never written by hand; what only the controller can know is left as a marked blank.

mod cnil;
mod facts;
pub mod fields;
mod markdown;
mod record;
mod rungs;

#[cfg(test)]
mod tests;

pub use facts::{Days, Settings, SiteFacts};

use crate::domain::Timestamp;
use crate::storage::CountedTable;
use serde::Serialize;

/// What every document says of itself.
const NO_ADVICE: &str = "This document is made by MQLite from what it stores and how it is set. It is not legal \
    advice. What only the controller can know is left blank and marked like this: **[to fill in]**.";

/// What documents are made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Now.
    pub now: Timestamp,
    /// How the collector is set.
    pub settings: &'a Settings,
    /// The sites that the document is for.
    pub sites: &'a [SiteFacts],
    /// Everything that is stored.
    pub inventory: &'a [CountedTable],
}

/// A document that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Document {
    /// Its name in the API and on the command line.
    pub name: &'static str,
    /// What people read.
    pub title: &'static str,
    /// What it is for.
    pub about: &'static str,
}

/// All documents.
pub const DOCUMENTS: &[Document] = &[
    Document {
        name: "record-of-processing",
        title: "Record of processing activities",
        about: "GDPR Article 30(1): purposes, people, data, recipients, transfers, retention, security",
    },
    Document {
        name: "cnil-self-assessment",
        title: "CNIL audience-measurement self-assessment",
        about: "Each condition of the CNIL's consent exemption, met or not with the site's settings, and what is outside",
    },
    Document {
        name: "stored-fields",
        title: "Inventory of stored fields",
        about: "Every table and column: meaning, purpose, basis, retention, who sees it, and a sample",
    },
    Document {
        name: "consent-ladder",
        title: "The consent ladder",
        about: "From each rung of consent to what is kept and what it may be used for",
    },
];

/// The Markdown of a document; `None` when there is none of this name.
pub fn document(name: &str, inputs: &Inputs<'_>) -> Option<String> {
    match name {
        "record-of-processing" => Some(record::markdown(inputs)),
        "cnil-self-assessment" => Some(cnil::markdown(inputs)),
        "stored-fields" => Some(fields::markdown(inputs)),
        "consent-ladder" => Some(rungs::markdown()),
        _ => None,
    }
}
