//! Entries that were put elsewhere. Invariant: an entry is called misplaced only when it fits another place to
//! the last bit; everything else stays a change.

use super::finding::{Finding, Findings, Kind, described, entry_no};
use crate::domain::Entry;
use crate::storage::{AuditLog, StoreError};

/// How many changed entries are looked at for where they belong.
const MOST: usize = 64;

/// Entries whose hash does not fit, to be tried at each other's places.
#[derive(Default)]
pub(super) struct Misplaced {
    changed: Vec<Entry>,
}

impl Misplaced {
    pub(super) fn add(&mut self, entry: &Entry) {
        if self.changed.len() < MOST {
            self.changed.push(entry.clone());
        }
    }

    /// Says of those that belong elsewhere where.
    pub(super) fn explain<L: AuditLog + ?Sized>(
        &self,
        log: &L,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        for entry in &self.changed {
            // As a whole: from any other changed place, or moved along by one when another was removed or put in.
            let places = self
                .changed
                .iter()
                .map(|other| other.seq)
                .chain([entry.seq.saturating_sub(1), entry.seq.saturating_add(1)]);
            let whole = places
                .filter(|seq| *seq != entry.seq)
                .find(|seq| Entry { seq: *seq, ..entry.clone() }.computed_hash() == entry.hash);
            // Or what it says alone, with the hashes left where they were.
            let said = || {
                let fits = |other: &&Entry| {
                    let there = Entry { seq: other.seq, previous: other.previous, ..entry.clone() };
                    other.seq != entry.seq && there.computed_hash() == other.hash
                };
                self.changed.iter().find(fits).map(|other| other.seq)
            };
            if let Some(seq) = whole.or_else(said) {
                let there = log
                    .entries_after(seq.saturating_sub(1), 1)?
                    .first()
                    .is_some_and(|there| there.seq == seq);
                let hint = if there { "" } else { ", where none is now" };
                let sentence = format!(
                    "{} stands at the wrong place: it was written as {}{hint} {}",
                    entry_no(entry.seq),
                    entry_no(seq),
                    described(entry)
                );
                findings.replace(entry.seq, Finding::new(Some(entry.seq), Kind::Reordered, sentence));
            }
        }
        Ok(())
    }
}
