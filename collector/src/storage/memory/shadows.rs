//! Shadows in memory. Invariant: as the trait says. A place among the changes of stage is how many there were.

use super::ledger::MemoryLedger;
use crate::domain::{Cursor, ModelHash, SiteNo};
use crate::leads::Transition;
use crate::storage::{Ledger, Mark, Seed, Shadows, StoreError};
use std::sync::Arc;

impl Shadows for MemoryLedger {
    fn open_shadow(&self, name: &str) -> Result<Arc<dyn Ledger>, StoreError> {
        let shadow: Arc<Self> = Arc::clone(self.state().shadows.entry(name.to_owned()).or_default());
        Ok(shadow)
    }

    fn discard_shadow(&self, name: &str) -> Result<(), StoreError> {
        self.state().shadows.remove(name);
        Ok(())
    }

    fn shadows(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.state().shadows.keys().cloned().collect())
    }

    fn seed(&self, site: SiteNo, since: Mark) -> Result<Seed, StoreError> {
        let state = self.state();
        let known = state.sites.values().find(|known| known.no == site).cloned();
        let of_site = state.restrictions.iter().filter(|(_, (no, _))| *no == site);
        let seen = usize::try_from(since.people).unwrap_or(usize::MAX).min(state.people.len());
        let new = state.people[seen..].iter().filter(|change| change.site == site);
        Ok(Seed {
            site: known.ok_or_else(|| StoreError::Unusable("there is no such site".to_owned()))?,
            restrictions: of_site.map(|(lead, (_, restriction))| (*lead, *restriction)).collect(),
            people: new.cloned().collect(),
            mark: Mark {
                takings: state.takings,
                people: i64::try_from(state.people.len()).unwrap_or(i64::MAX),
            },
        })
    }

    fn mark(&self) -> Result<Option<Mark>, StoreError> {
        Ok(self.state().mark)
    }

    fn plant(&self, seed: &Seed, model: ModelHash) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.mark.is_none() {
            let site = crate::domain::Site { secret: [0; 32], ..seed.site.clone() };
            state.restrictions = seed
                .restrictions
                .iter()
                .map(|(lead, restriction)| (*lead, (site.no, *restriction)))
                .collect();
            state.sites.insert(site.id.as_str().to_owned(), site);
            state.progress = Some((Cursor::default(), model));
        }
        for change in &seed.people {
            state.transitions.push(Transition { rules: Vec::new(), ..change.clone() });
            let pending = state.pending.entry(change.lead).or_default();
            pending.push(change.clone());
            pending.sort_by_key(|change| change.at);
        }
        state.transitions.sort_by_key(|transition| transition.at);
        state.mark = Some(seed.mark);
        state.raise_generation();
        Ok(())
    }
}
