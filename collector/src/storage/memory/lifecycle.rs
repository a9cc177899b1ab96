//! Changes of leads that no event makes, in memory. Invariant: as the trait says; a turn works on a copy.

use super::ledger::{MemoryLedger, State};
use crate::domain::{Entry, LeadKey};
use crate::storage::{Due, Loaded, StoreError, Turn, Turns};

impl State {
    fn due(&self, due: Due) -> Vec<LeadKey> {
        let restricted = |key: &LeadKey| {
            self.restrictions.get(key).is_some_and(|(_, restriction)| restriction.restricted.is_some())
        };
        let open = self.leads.values().filter(|lead| !restricted(&lead.key));
        match due {
            Due::One(_, key) => vec![key],
            Due::Faded(before, limit) => {
                let mut faded: Vec<_> = open
                    .filter(|lead| lead.scored_at < before)
                    .map(|lead| (lead.scored_at, lead.key))
                    .collect();
                faded.sort_unstable();
                faded.into_iter().map(|(_, key)| key).take(limit).collect()
            }
            Due::Pending(limit) => {
                open.map(|lead| lead.key).filter(|key| !self.pending(*key).is_empty()).take(limit).collect()
            }
        }
    }
}

impl Turns for MemoryLedger {
    fn turn(&self, due: Due, turn: Turn<'_>) -> Result<(usize, Option<Entry>), StoreError> {
        let mut state = self.state();
        let keys = state.due(due);
        let mut loaded = Loaded { generation: state.generation, ..Loaded::default() };
        keys.iter().for_each(|key| state.load_lead(*key, &mut loaded));
        if let Due::One(site, _) = due {
            loaded.leads.retain(|_, lead| lead.site == site);
        }
        let count = loaded.leads.len();
        if count == 0 {
            return Ok((0, None));
        }
        let turned = turn(loaded)?;
        if state.audit_fails && turned.act.is_some() {
            return Err(StoreError::Failed("as a test asked for".to_owned()));
        }
        state.write(&turned.changes);
        if !turned.changes.leads.is_empty() {
            state.raise_generation();
        }
        let entry = turned.act.map(|act| state.append(&act));
        Ok((count, entry))
    }
}
