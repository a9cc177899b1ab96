//! Publications in memory. Invariant: as the trait says.

use super::ledger::{MemoryLedger, State};
use super::rights::number;
use crate::domain::{Act, Cursor, Entry, LeadKey, SiteNo};
use crate::leads::{Lead, Transition, Visit};
use crate::storage::publications::same_site;
use crate::storage::{
    Adopt, Adopted, Announced, Earlier, Ended, Last, Mark, NewPublication, Publication, PublicationState,
    Publications, RollupKey, Say, StoreError,
};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// A change of stage with the number it is known by.
#[derive(Clone)]
pub(super) struct Numbered {
    pub(super) announce: bool,
    pub(super) change: Announced,
}

/// Takes the first of which `is` says so.
fn take(changes: &mut Vec<Numbered>, is: impl Fn(&Numbered) -> bool) -> Option<Numbered> {
    changes.iter().position(is).map(|place| changes.remove(place))
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
        self.gone.retain(|numbered| !gone(&numbered.change.transition));
    }

    fn running(&mut self, id: i64) -> Option<&mut Publication> {
        self.publications
            .iter_mut()
            .find(|publication| publication.id == id && publication.state == PublicationState::Running)
    }

    /// Whether all is as the shadow has seen it, and the shadow what it is said to be.
    fn is_same(&self, order: &Adopt<'_>, (cursor, mark): (Cursor, Mark), shadow: &Self) -> bool {
        let site = order.site;
        let known = self.progress.map_or(Cursor::default(), |(cursor, _)| cursor);
        let seen = usize::try_from(mark.people).unwrap_or(usize::MAX).min(self.people.len());
        shadow.mark.is_some_and(|told| told.takings == mark.takings)
            && self.takings == mark.takings
            && self.overrides_told(site.no) == mark.overrides
            && self.voids_told(site.no) == mark.voids
            && !self.people[seen..].iter().any(|change| change.site == site.no)
            && cursor == known
            && self.sites.values().any(|known| same_site(known, site))
    }

    fn take_over(&mut self, order: &Adopt<'_>, shadow: Self) -> Option<Adopted> {
        let (no, id) = (order.site.no, order.publication.id);
        let mqls = |state: &Self| -> BTreeSet<LeadKey> {
            let of_site = |lead: &&Lead| lead.site == no && lead.qualified.is_some();
            state.leads.values().filter(of_site).map(|lead| lead.key).collect()
        };
        let (before, after) = (mqls(self), mqls(&shadow));
        let adopted = Adopted {
            entered: number(after.difference(&before).count()),
            left: number(before.difference(&after).count()),
        };
        self.running(id)?;
        let void = order.publication.asked.void;
        if let Some(step) = void
            && !self.take_effect(step, order)
        {
            return None;
        }
        let publication = self.running(id)?;
        publication.state = PublicationState::Done;
        publication.ended_at = Some(order.at);
        (publication.entered, publication.left) = (adopted.entered, adopted.left);
        let announce = publication.asked.announce;
        self.uncount_leads(Some(no));
        self.take_over_changes(order.publication, announce, &shadow);
        self.leads.retain(|_, lead| lead.site != no);
        self.leads.extend(shadow.leads);
        self.visits.retain(|_, visit| visit.site != no);
        let young = |visit: &Visit| visit.last_at >= order.forget_visits_before;
        self.visits.extend(shadow.visits.into_iter().filter(|(_, visit)| young(visit)));
        let for_good = |key: &RollupKey| order.site.counted_from.is_some_and(|day| key.day < day);
        self.rollups.retain(|key, _| key.site != no || for_good(key));
        for (key, delta) in shadow.rollups {
            self.add(&key, delta);
        }
        if void.is_none() {
            self.live_models.insert(no, order.publication.asked.model);
        }
        self.raise_generation();
        Some(adopted)
    }

    /// Puts the shadow's changes of stage by the machine in the place of those there are, which are kept apart.
    fn take_over_changes(&mut self, publication: &Publication, announce: bool, shadow: &Self) {
        let (id, site) = (publication.id, publication.asked.site);
        let machines = |change: &Transition| change.site == site && !change.by_people();
        let numbered = std::mem::take(&mut self.numbered);
        let (mut old, stay): (Vec<_>, Vec<_>) =
            numbered.into_iter().partition(|numbered| machines(&numbered.change.transition));
        self.numbered = stay;
        // What the same model makes again as it was is nobody's earlier one.
        let again =
            |change: &Transition| publication.asked.void.is_some() && shadow.transitions.contains(change);
        for transition in self.transitions.iter().filter(|change| machines(change) && !again(change)) {
            self.earlier.push(Earlier { publication: id, transition: transition.clone() });
        }
        self.transitions.retain(|change| !machines(change));
        let made: Vec<&Transition> = shadow.transitions.iter().filter(|change| !change.by_people()).collect();
        let void = publication.asked.void.is_some();
        let back = |numbered: &Numbered| void && numbered.change.transition.site == site;
        let (mut gone, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.gone).into_iter().partition(back);
        self.gone = others;
        let what = |change: &Transition| (change.lead, change.at, change.from, change.to);
        let mut known: Vec<Option<Numbered>> = Vec::new();
        for change in &made {
            let same = |known: &Numbered| what(&known.change.transition) == what(change);
            known.push(take(&mut old, same).or_else(|| take(&mut gone, same)));
        }
        // By a void also a change of which only the moment moved: of several the newest.
        let mut rest: Vec<usize> = (0..made.len()).filter(|place| void && known[*place].is_none()).collect();
        rest.sort_by_key(|place| Reverse((made[*place].at, *place)));
        for changes in [&mut old, &mut gone] {
            changes.sort_by_key(|known| Reverse((known.change.transition.at, known.change.number)));
        }
        for place in rest {
            let moved = |known: &Numbered| {
                let (old, new) = (&known.change.transition, made[place]);
                (old.lead, old.from, old.to) == (new.lead, new.from, new.to)
            };
            known[place] = take(&mut old, moved).or_else(|| take(&mut gone, moved));
        }
        for mut changes in [old, gone] {
            changes.sort_by_key(|known| known.change.number);
            self.gone.append(&mut changes);
        }
        for (transition, known) in made.into_iter().zip(known) {
            self.transitions.push(transition.clone());
            if let Some(mut known) = known {
                known.change.transition = transition.clone();
                self.numbered.push(known);
                continue;
            }
            // What time did to a lead since it was last scored was only about to be made here.
            let lead = self.leads.get(&transition.lead);
            let to_come = lead.is_some_and(|lead| transition.at > lead.scored_at.max(lead.stage_at));
            self.number(transition.clone());
            if let Some(newest) = self.numbered.last_mut() {
                newest.announce = announce || to_come;
            }
        }
        self.transitions.sort_by_key(|transition| transition.at);
        self.pending.retain(|_, changes| changes.first().is_some_and(|change| change.site != site));
        self.pending.extend(shadow.pending.clone());
    }

    /// Takes note of a publication.
    pub(super) fn ask_publication(&mut self, new: &NewPublication) -> Publication {
        let publication = Publication {
            id: self.publications.last().map_or(1, |newest| newest.id + 1),
            asked: new.clone(),
            state: PublicationState::Running,
            ended_at: None,
            entered: 0,
            left: 0,
            problem: None,
        };
        self.publications.push(publication.clone());
        publication
    }

    /// Whether the audit log can be added to.
    ///
    /// # Errors
    /// When a test asked for that.
    pub(super) fn may_append(&self) -> Result<(), StoreError> {
        if self.audit_fails { Err(StoreError::Failed("as a test asked for".to_owned())) } else { Ok(()) }
    }
}

impl Publications for MemoryLedger {
    fn ask_publication(&self, new: &NewPublication, act: &Act) -> Result<(Publication, Entry), StoreError> {
        let mut state = self.state();
        let same = |publication: &Publication| {
            let void = publication.asked.void.map(|step| step.no);
            publication.state == PublicationState::Running
                && publication.asked.site == new.site
                && void == new.void.map(|step| step.no)
                && (void.is_some() || publication.asked.model == new.model)
        };
        if state.publications.iter().any(same) {
            return Err(StoreError::Conflict);
        }
        state.may_append()?;
        let publication = state.ask_publication(new);
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
        let void = publication.asked.void;
        state.void_dropped(void);
        Ok(Some(state.append(act)))
    }

    fn adopt(
        &self,
        order: &Adopt<'_>,
        last: Last<'_>,
        say: Say<'_, Adopted>,
    ) -> Result<(Adopted, Entry), StoreError> {
        // It reads from here, and one lock is around all: what is written meanwhile is a conflict.
        let seen = last()?;
        let mut state = self.state();
        let shadow = state.shadows.get(order.shadow).cloned().ok_or(StoreError::Conflict)?;
        state.may_append()?;
        let shadow = shadow.state().clone();
        if !state.is_same(order, seen, &shadow) {
            return Err(StoreError::Conflict);
        }
        let adopted = state.take_over(order, shadow).ok_or(StoreError::Conflict)?;
        let entry = state.append(&say(&adopted));
        Ok((adopted, entry))
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
