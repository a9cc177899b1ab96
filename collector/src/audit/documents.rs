//! Documents and lists that somebody takes away. Invariant: recorded before they are handed out, for they hold
//! samples of what is stored.

use super::Recorder;
use crate::domain::{Action, Actor, Entry, SiteId};
use crate::storage::StoreError;

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct DocumentAsked<'a> {
    /// The document's name.
    pub document: &'a str,
    /// In which format.
    pub format: &'a str,
    /// Of which site; of all, where none is named.
    pub site: Option<SiteId>,
}

impl DocumentAsked<'_> {
    /// Records that `actor` takes it.
    ///
    /// # Errors
    /// When it cannot be recorded: then it must not be handed out.
    pub fn record(&self, audit: &Recorder, actor: &Actor) -> Result<Entry, StoreError> {
        let details = serde_json::json!({ "document": self.document, "format": self.format });
        audit.record(actor, Action::DocumentExported, self.site.as_ref(), None, &details)
    }
}
