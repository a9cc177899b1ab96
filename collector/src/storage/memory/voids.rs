//! Voids in memory. Invariant: as the trait says.

use super::ledger::{MemoryLedger, State};
use crate::domain::{Cursor, Entry, LeadKey, ModelHash, SiteNo};
use crate::leads::Transition;
use crate::storage::{
    Adopt, NewPublication, NewVoid, Places, Publication, PublicationState, Say, StoreError, Void, VoidState,
    VoidStep, Voids,
};
use std::collections::BTreeSet;

/// A void with its places.
#[derive(Clone)]
pub(super) struct Kept {
    void: Void,
    places: Vec<Places>,
}

impl State {
    /// How many voids of a site came in force, and how many of them were taken back.
    pub(super) fn voids_told(&self, site: SiteNo) -> i64 {
        let of_site = self.voids.iter().map(|kept| &kept.void).filter(|void| void.asked.site == site);
        of_site
            .map(|void| match void.state {
                VoidState::InForce => 1,
                VoidState::Undone => 2,
                VoidState::Asked | VoidState::Dropped => 0,
            })
            .sum()
    }

    /// Puts a void in force or takes it back; answers whether it could be.
    pub(super) fn take_effect(&mut self, step: VoidStep, order: &Adopt<'_>) -> bool {
        let own = self.progress.map(|(_, model)| model);
        let live = self.live_models.get(&order.site.no).copied().or(own);
        let from = if step.undo { VoidState::InForce } else { VoidState::Asked };
        let is_it = |kept: &&mut Kept| kept.void.no == step.no && kept.void.state == from;
        let Some(kept) = self.voids.iter_mut().find(is_it) else { return false };
        if live != Some(order.publication.asked.model) {
            return false;
        }
        kept.void.state = if step.undo { VoidState::Undone } else { VoidState::InForce };
        kept.void.undone_at = step.undo.then_some(order.at);
        true
    }

    /// Drops the void of a publication that ended before it was done.
    pub(super) fn void_dropped(&mut self, step: Option<VoidStep>) {
        let Some(step) = step.filter(|step| !step.undo) else { return };
        let waits = |kept: &&mut Kept| kept.void.no == step.no && kept.void.state == VoidState::Asked;
        self.voids.iter_mut().filter(waits).for_each(|kept| kept.void.state = VoidState::Dropped);
    }

    /// Which of these places count for nothing.
    pub(super) fn voided(&self, places: &[Cursor], step: Option<VoidStep>) -> BTreeSet<Cursor> {
        let counts = |kept: &&Kept| match step {
            Some(step) if step.no == kept.void.no => !step.undo,
            _ => kept.void.state == VoidState::InForce,
        };
        let in_force: Vec<&Kept> = self.voids.iter().filter(counts).collect();
        let is_in = |kept: &&&Kept, place: Cursor| {
            let after = kept.places.partition_point(|(first, _)| *first <= place);
            kept.places[..after].last().is_some_and(|(_, last)| place <= *last)
        };
        let is_voided = |place: &&Cursor| in_force.iter().any(|kept| is_in(&kept, **place));
        places.iter().filter(is_voided).copied().collect()
    }

    /// Whether anything is known of a lead that is not there.
    pub(super) fn is_remembered(&self, key: LeadKey) -> bool {
        self.earlier.iter().any(|earlier| earlier.transition.lead == key)
            || self.transitions.iter().any(|change| change.lead == key)
            || self.overrides.contains_key(&key)
    }
}

impl Voids for MemoryLedger {
    fn ask_void(
        &self,
        new: &NewVoid,
        places: &[Places],
        model: ModelHash,
        say: Say<'_, i64>,
    ) -> Result<(Void, Publication, Entry), StoreError> {
        let mut state = self.state();
        state.may_append()?;
        state.last_void += 1;
        let no = state.last_void;
        let void = Void {
            no,
            asked: new.clone(),
            state: VoidState::Asked,
            last: places.last().map_or_else(Cursor::default, |(_, last)| *last),
            undone_at: None,
        };
        state.voids.push(Kept { void: void.clone(), places: places.to_vec() });
        let publication = state.ask_publication(&NewPublication {
            site: new.site,
            model,
            asked_at: new.asked_at,
            by: new.by.clone(),
            announce: false,
            void: Some(VoidStep { no, undo: false }),
        });
        let entry = state.append(&say(&no));
        Ok((void, publication, entry))
    }

    fn voids(&self, site: SiteNo) -> Result<Vec<Void>, StoreError> {
        let state = self.state();
        let all = state.voids.iter().rev().map(|kept| &kept.void);
        Ok(all.filter(|void| void.asked.site == site).cloned().collect())
    }

    fn void_leads(&self, site: SiteNo, limit: usize) -> Result<Vec<LeadKey>, StoreError> {
        let state = self.state();
        let told = state.earlier.iter().map(|earlier| &earlier.transition);
        let said = state.transitions.iter().filter(|change| change.by_people());
        let of_site = told.chain(said).filter(|change: &&Transition| change.site == site);
        let given = state.overrides.iter().filter(|(_, (no, _))| *no == site).map(|(key, _)| *key);
        let keys: BTreeSet<LeadKey> = of_site.map(|change| change.lead).chain(given).collect();
        let restricted =
            |key: &LeadKey| state.restrictions.get(key).is_some_and(|(_, asked)| asked.restricted.is_some());
        let gone = |key: &LeadKey| !state.leads.contains_key(key) && !restricted(key);
        Ok(keys.into_iter().filter(gone).take(limit).collect())
    }

    fn forget_void_lead(&self, site: SiteNo, lead: LeadKey) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.leads.get(&lead).is_some_and(|known| known.site == site) {
            return Ok(());
        }
        if state.is_remembered(lead) {
            state.raise_takings();
        }
        state.transitions.retain(|change| change.lead != lead);
        state.people.retain(|change| change.lead != lead);
        state.pending.remove(&lead);
        state.forget_changes(|change| change.lead == lead);
        state.overrides.remove(&lead);
        Ok(())
    }

    fn drop_void(&self, no: i64) -> Result<(), StoreError> {
        let mut state = self.state();
        let runs = |known: &Publication| {
            known.state == PublicationState::Running && known.asked.void.is_some_and(|step| step.no == no)
        };
        if !state.publications.iter().any(runs) {
            state.voids.retain(|kept| kept.void.no != no);
        }
        Ok(())
    }
}
