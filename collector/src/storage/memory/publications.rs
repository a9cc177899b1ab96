//! Publications in memory. Invariant: as the trait says.

use super::ledger::{MemoryLedger, State};
use crate::domain::{Act, Entry, LeadKey, SiteNo};
use crate::leads::Transition;
use crate::storage::{
    Announced, Earlier, Ended, NewPublication, Publication, PublicationState, Publications, StoreError,
};

/// A change of stage with the number it is known by.
#[derive(Clone)]
pub(super) struct Numbered {
    pub(super) announce: bool,
    pub(super) change: Announced,
}

impl State {
    /// Gives a change of stage the next number.
    pub(super) fn number(&mut self, transition: Transition) {
        self.last_number += 1;
        let change = Announced { number: self.last_number, transition };
        self.numbered.push(Numbered { announce: true, change });
    }

    /// Forgets changes of stage of which `gone` says so, for good.
    pub(super) fn forget_changes(&mut self, gone: impl Fn(&Transition) -> bool) {
        self.numbered.retain(|numbered| !gone(&numbered.change.transition));
        self.earlier.retain(|earlier| !gone(&earlier.transition));
    }

    fn running(&mut self, id: i64) -> Option<&mut Publication> {
        self.publications
            .iter_mut()
            .find(|publication| publication.id == id && publication.state == PublicationState::Running)
    }

    fn may_append(&self) -> Result<(), StoreError> {
        if self.audit_fails { Err(StoreError::Failed("as a test asked for".to_owned())) } else { Ok(()) }
    }
}

impl Publications for MemoryLedger {
    fn ask_publication(&self, new: &NewPublication, act: &Act) -> Result<(Publication, Entry), StoreError> {
        let mut state = self.state();
        let same = |publication: &Publication| {
            publication.state == PublicationState::Running
                && (publication.asked.site, publication.asked.model) == (new.site, new.model)
        };
        if state.publications.iter().any(same) {
            return Err(StoreError::Conflict);
        }
        state.may_append()?;
        let publication = Publication {
            id: state.publications.last().map_or(1, |newest| newest.id + 1),
            asked: new.clone(),
            state: PublicationState::Running,
            ended_at: None,
            entered: 0,
            left: 0,
            problem: None,
        };
        state.publications.push(publication.clone());
        let entry = state.append(act);
        Ok((publication, entry))
    }

    fn publications(&self, site: SiteNo) -> Result<Vec<Publication>, StoreError> {
        let state = self.state();
        Ok(state.publications.iter().rev().filter(|known| known.asked.site == site).cloned().collect())
    }

    fn publication(&self, id: i64) -> Result<Option<Publication>, StoreError> {
        Ok(self.state().publications.iter().find(|known| known.id == id).cloned())
    }

    fn next_publication(&self) -> Result<Option<Publication>, StoreError> {
        let state = self.state();
        Ok(state.publications.iter().find(|known| known.state == PublicationState::Running).cloned())
    }

    fn end_publication(&self, id: i64, ended: &Ended, act: &Act) -> Result<Option<Entry>, StoreError> {
        let mut state = self.state();
        state.may_append()?;
        let Some(publication) = state.running(id) else { return Ok(None) };
        publication.state = ended.state;
        publication.ended_at = Some(ended.at);
        publication.problem.clone_from(&ended.problem);
        Ok(Some(state.append(act)))
    }

    fn earlier(&self, site: SiteNo, key: LeadKey) -> Result<Vec<Earlier>, StoreError> {
        let of_lead = |earlier: &&Earlier| earlier.transition.lead == key && earlier.transition.site == site;
        Ok(self.state().earlier.iter().filter(of_lead).cloned().collect())
    }

    fn to_announce(&self, after: i64, limit: usize) -> Result<Vec<Announced>, StoreError> {
        let state = self.state();
        let mut found: Vec<Announced> = state
            .numbered
            .iter()
            .filter(|numbered| numbered.announce && numbered.change.number > after)
            .map(|numbered| numbered.change.clone())
            .collect();
        found.sort_by_key(|change| change.number);
        found.truncate(limit);
        Ok(found)
    }
}
