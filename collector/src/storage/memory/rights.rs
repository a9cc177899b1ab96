//! People's rights in memory. Invariant: as the trait says; a dry run works on a copy.

use super::ledger::{MemoryLedger, State};
use crate::domain::{Cursor, Entry, LeadKey, Restricted, Restriction, SiteNo, Timestamp, VisitorId};
use crate::leads::Transition;
use crate::storage::counting::{taken_back, telling};
use crate::storage::{Held, Remake, Rights, RollupDelta, Say, Standing, StoreError, TakeBack, TakenBack};
use std::collections::BTreeSet;

pub(super) fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl State {
    fn held(&self, site: SiteNo, lead: LeadKey, visitors: &[VisitorId]) -> Held {
        let known = self.leads.get(&lead).filter(|known| known.site == site);
        let of_lead = |transition: &&Transition| transition.lead == lead && transition.site == site;
        let of_them = |id: &VisitorId, tied: Option<LeadKey>| tied == Some(lead) || visitors.contains(id);
        Held {
            leads: number(usize::from(known.is_some())),
            hits: number(known.map_or(0, |known| known.hits.len())),
            transitions: number(
                self.transitions
                    .iter()
                    .chain(self.earlier.iter().map(|earlier| &earlier.transition))
                    .filter(of_lead)
                    .count(),
            ),
            visits: number(
                self.visits
                    .iter()
                    .filter(|(id, visit)| visit.site == site && of_them(id, visit.lead))
                    .count(),
            ),
            overrides: number(
                self.overrides.get(&lead).filter(|(of, _)| *of == site).map_or(0, |(_, given)| given.len()),
            ),
        }
    }

    fn take_back(&mut self, order: &TakeBack<'_>, remake: Remake<'_>) -> Result<TakenBack, StoreError> {
        let key = order.lead;
        let held = self.held(order.site.no, key, &order.visitors);
        let cursor = self.progress.map_or(Cursor::default(), |(cursor, _)| cursor);
        let verified = order.verified
            || self.leads.get(&key).is_some_and(|lead| lead.verified_at.is_some())
            || self.restrictions.get(&key).is_some_and(|(_, restriction)| restriction.verified);
        let voided = |places: &[Cursor]| Ok(self.voided(places, None));
        let remade = remake(&Standing { until: cursor, verified, voided: &voided })?;
        let made = &remade.changes;
        self.raise_takings();
        let lead = self.leads.remove(&key);
        let (of_lead, others) =
            std::mem::take(&mut self.transitions).into_iter().partition(|transition| transition.lead == key);
        self.transitions = others;
        self.people.retain(|change| change.lead != key);
        self.forget_changes(|transition| transition.lead == key);
        self.pending.remove(&key);
        self.overrides.remove(&key);
        self.visits.retain(|id, visit| visit.lead != Some(key) && !order.visitors.contains(id));
        if made.leads.is_empty() {
            self.references.retain(|(_, lead), _| *lead != key);
        }
        match order.withdrawn {
            Some(_) => {
                let (_, restriction) =
                    self.restrictions.entry(key).or_insert((order.site.no, Restriction::default()));
                (restriction.withdrawn, restriction.verified) = (order.withdrawn, verified);
            }
            None => {
                self.restrictions.remove(&key);
            }
        }
        let mut touched = BTreeSet::new();
        let back = lead.as_ref().map(|lead| taken_back(order.site, lead, &of_lead)).unwrap_or_default();
        for (key, delta) in back {
            self.take(&key, delta);
            touched.insert(key);
        }
        touched.extend(made.rollups.keys().cloned());
        self.write(made);
        for (key, own) in telling(order.site, &remade, lead.as_ref()) {
            let visits = self.rollups.get(&key).map_or(0, |cell| cell.visits);
            if (1..=own).contains(&visits) {
                self.add(&key, RollupDelta { visits: -visits, ..RollupDelta::default() });
                let nameless = crate::storage::RollupKey { key: String::new(), ..key.clone() };
                self.add(&nameless, RollupDelta { visits, ..RollupDelta::default() });
                touched.extend([key, nameless]);
            }
        }
        self.rollups.retain(|key, cell| *cell != RollupDelta::default() || !touched.contains(key));
        Ok(TakenBack { held: held.less(made), rollup_cells: number(touched.len()) })
    }

    /// Before the first commit there is nobody who could have read.
    pub(super) fn raise_generation(&mut self) {
        self.generation += i64::from(self.progress.is_some());
    }

    /// The same, and whoever copied leads before must begin anew.
    pub(super) fn raise_takings(&mut self) {
        self.raise_generation();
        self.takings += i64::from(self.progress.is_some());
    }

    pub(super) fn add(&mut self, key: &crate::storage::RollupKey, delta: RollupDelta) {
        let total = self.rollups.entry(key.clone()).or_default();
        total.visits += delta.visits;
        total.leads += delta.leads;
        total.mqls += delta.mqls;
    }

    /// Adds to a count if it is still there, and never below zero: one whose time is over is no more, and is not
    /// taken from.
    pub(super) fn take(&mut self, key: &crate::storage::RollupKey, delta: RollupDelta) {
        if let Some(total) = self.rollups.get_mut(key) {
            total.visits = (total.visits + delta.visits).max(0);
            total.leads = (total.leads + delta.leads).max(0);
            total.mqls = (total.mqls + delta.mqls).max(0);
        }
    }

    fn restrict(&mut self, site: SiteNo, lead: LeadKey, since: Option<Timestamp>) -> u64 {
        self.raise_takings();
        if since.is_some() {
            self.restrictions.entry(lead).or_insert((site, Restriction::default()));
        }
        self.restriction(lead, |restriction| {
            restriction.restricted = since.map(|since| restriction.restricted.unwrap_or(since));
        });
        let mut untied = 0;
        for visit in self.visits.values_mut().filter(|visit| visit.lead == Some(lead) && since.is_some()) {
            (visit.lead, visit.proven) = (None, false);
            untied += 1;
        }
        untied
    }
}

impl Rights for MemoryLedger {
    fn held(&self, site: SiteNo, lead: LeadKey, visitors: &[VisitorId]) -> Result<Held, StoreError> {
        Ok(self.state().held(site, lead, visitors))
    }

    fn restricted(&self) -> Result<Vec<Restricted>, StoreError> {
        let row = |(lead, (site, restriction)): (&LeadKey, &(SiteNo, Restriction))| Restricted {
            site: *site,
            lead: *lead,
            restriction: *restriction,
        };
        Ok(self.state().restrictions.iter().map(row).collect())
    }

    fn restriction(&self, site: SiteNo, lead: LeadKey) -> Result<Restriction, StoreError> {
        let state = self.state();
        let of_site = state.restrictions.get(&lead).filter(|(known, _)| *known == site);
        Ok(of_site.map(|(_, restriction)| *restriction).unwrap_or_default())
    }

    fn restrict(
        &self,
        site: SiteNo,
        lead: LeadKey,
        since: Option<Timestamp>,
        dry_run: bool,
        say: Say<'_, u64>,
    ) -> Result<(u64, Option<Entry>), StoreError> {
        let mut state = self.state();
        if dry_run {
            return Ok((state.clone().restrict(site, lead, since), None));
        }
        let untied = state.restrict(site, lead, since);
        let entry = state.append(&say(&untied));
        Ok((untied, Some(entry)))
    }

    fn take_back(
        &self,
        order: &TakeBack<'_>,
        remake: Remake<'_>,
        say: Say<'_, TakenBack>,
    ) -> Result<(TakenBack, Option<Entry>), StoreError> {
        let mut state = self.state();
        let mut copy = state.clone();
        let taken = copy.take_back(order, remake)?;
        if order.dry_run {
            return Ok((taken, None));
        }
        let entry = copy.append(&say(&taken));
        *state = copy;
        Ok((taken, Some(entry)))
    }

    fn compact(&self) -> Result<bool, StoreError> {
        Ok(true)
    }
}
