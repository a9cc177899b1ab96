//! Shadows in memory. Invariant: as the trait says. A place among the changes of stage is how many there were.

use super::ledger::{MemoryLedger, State};
use crate::domain::{Cursor, ModelHash, Override, SiteNo};
use crate::leads::Transition;
use crate::storage::{Ledger, Mark, Seed, Shadows, StoreError};
use std::sync::Arc;

impl State {
    /// How many overrides a site has, and of how many of them the end.
    pub(super) fn overrides_told(&self, site: SiteNo) -> i64 {
        let of_site = self.overrides.values().filter(|(no, _)| *no == site);
        let count = |given: &Override| 1 + i64::from(given.ended.is_some());
        of_site.flat_map(|(_, given)| given.iter().map(count)).sum()
    }
}

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
        let asked = state.restrictions.iter().filter(|(_, (no, _))| *no == site);
        let seen = usize::try_from(since.people).unwrap_or(usize::MAX).min(state.people.len());
        let new = state.people[seen..].iter().filter(|change| change.site == site);
        let told = state.overrides_told(site);
        let of_site = state.overrides.iter().filter(|(_, (no, _))| *no == site);
        let given = of_site.flat_map(|(lead, (_, given))| given.iter().map(|given| (*lead, given.clone())));
        Ok(Seed {
            overrides: (told != since.overrides).then(|| given.collect()),
            site: known.ok_or_else(|| StoreError::Unusable("there is no such site".to_owned()))?,
            restrictions: asked.map(|(lead, (_, restriction))| (*lead, *restriction)).collect(),
            people: new.cloned().collect(),
            mark: Mark {
                takings: state.takings,
                people: i64::try_from(state.people.len()).unwrap_or(i64::MAX),
                overrides: told,
                voids: state.voids_told(site),
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
        for (lead, given) in seed.overrides.iter().flatten() {
            let (_, all) = state.overrides.entry(*lead).or_insert((seed.site.no, Vec::new()));
            all.retain(|known| known.no != given.no);
            all.push(given.clone());
            all.sort_by_key(|given| given.no);
        }
        state.transitions.sort_by_key(|transition| transition.at);
        state.mark = Some(seed.mark);
        state.raise_generation();
        Ok(())
    }
}
