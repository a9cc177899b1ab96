//! The audit log's storage. Invariant: entries are only ever added, one after the other, each in a transaction
//! that read the one before; a lead's reference can be forgotten without touching an entry.

use super::StoreError;
use crate::domain::{Act, Action, Entry, Head, LeadKey, Reference, Role, SiteId, SiteNo, Timestamp};

/// Which entries to show.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Only this action.
    pub action: Option<Action>,
    /// Only what was done in this role.
    pub role: Option<Role>,
    /// Only what was done on this site.
    pub site: Option<SiteId>,
    /// Only what was done to this lead.
    pub subject: Option<Reference>,
    /// From this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// Only places below this one.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// Entries, newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// How many match in all, whatever `before` and `limit` say.
    pub total: u64,
}

/// Keeps the audit log.
pub trait AuditLog: Send + Sync + 'static {
    /// Adds an entry after the newest.
    ///
    /// # Errors
    /// When the engine fails: then nothing was added.
    fn append_entry(&self, act: &Act) -> Result<Entry, StoreError>;

    /// Entries that match, newest first.
    ///
    /// # Errors
    /// When the engine fails.
    fn entries(&self, query: &AuditQuery) -> Result<AuditPage, StoreError>;

    /// Entries after a place, oldest first, as they are stored.
    ///
    /// # Errors
    /// When the engine fails.
    fn entries_after(&self, seq: i64, limit: usize) -> Result<Vec<Entry>, StoreError>;

    /// The newest entry's place and hash, kept beside the log, so that a cut tail is found.
    ///
    /// # Errors
    /// When the engine fails.
    fn audit_head(&self) -> Result<Option<Head>, StoreError>;

    /// The reference that stands for a lead, made when there is none.
    ///
    /// # Errors
    /// When the engine fails.
    fn reference(&self, site: SiteNo, lead: LeadKey) -> Result<Reference, StoreError>;

    /// The reference that stands for a lead, if there is one.
    ///
    /// # Errors
    /// When the engine fails.
    fn known_reference(&self, site: SiteNo, lead: LeadKey) -> Result<Option<Reference>, StoreError>;
}
