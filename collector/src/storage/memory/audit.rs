//! The audit log in memory. Invariant: as the trait says.

use super::ledger::{MemoryLedger, State};
use crate::domain::{Act, Entry, Head, LeadKey, Reference, SiteNo};
use crate::storage::{AuditLog, AuditPage, AuditQuery, StoreError, random};

fn matches(entry: &Entry, query: &AuditQuery) -> bool {
    query.action.is_none_or(|action| entry.action == action.name())
        && query.role.is_none_or(|role| entry.role == role.name())
        && query.site.as_ref().is_none_or(|site| entry.site.as_deref() == Some(site.as_str()))
        && query.subject.is_none_or(|subject| entry.subject == Some(subject.to_string()))
        && query.from.is_none_or(|from| entry.at >= from)
        && query.until.is_none_or(|until| entry.at < until)
}

#[cfg(test)]
impl MemoryLedger {
    /// From now on, adding an entry fails, or works again.
    pub(crate) fn fail_entries(&self, fails: bool) {
        self.state().audit_fails = fails;
    }
}

impl State {
    /// Adds an entry after the newest.
    pub(super) fn append(&mut self, act: &Act) -> Entry {
        let entry = Entry::after(self.audit.last().map(Entry::head), act);
        self.audit.push(entry.clone());
        entry
    }
}

impl AuditLog for MemoryLedger {
    fn append_entry(&self, act: &Act) -> Result<Entry, StoreError> {
        let mut state = self.state();
        if state.audit_fails {
            return Err(StoreError::Failed("as a test asked for".to_owned()));
        }
        Ok(state.append(act))
    }

    fn entries(&self, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        let state = self.state();
        let matching = || state.audit.iter().rev().filter(|entry| matches(entry, query));
        let entries = matching()
            .filter(|entry| query.before.is_none_or(|before| entry.seq < before))
            .take(query.limit)
            .cloned()
            .collect();
        Ok(AuditPage { entries, total: u64::try_from(matching().count()).unwrap_or(u64::MAX) })
    }

    fn entries_after(&self, seq: i64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        Ok(self.state().audit.iter().filter(|entry| entry.seq > seq).take(limit).cloned().collect())
    }

    fn audit_head(&self) -> Result<Option<Head>, StoreError> {
        Ok(self.state().audit.last().map(Entry::head))
    }

    fn reference(&self, site: SiteNo, lead: LeadKey) -> Result<Reference, StoreError> {
        let fresh = random()?;
        let mut state = self.state();
        Ok(*state.references.entry((site, lead)).or_insert_with(|| Reference::from_bytes(fresh)))
    }

    fn known_reference(&self, site: SiteNo, lead: LeadKey) -> Result<Option<Reference>, StoreError> {
        Ok(self.state().references.get(&(site, lead)).copied())
    }
}
