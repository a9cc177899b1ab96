//! The ledger in memory. Invariant: one lock around all of it, so that every call sees one moment.

use super::publications::Numbered;
use super::rights::number;
use super::voids::Kept;
use crate::domain::{
    Channel, Cursor, Date, Entry, IdentitySecrets, LeadKey, ModelHash, Override, Reference, Restriction,
    Role, Site, SiteNo, Timestamp, VisitorId,
};
use crate::leads::closed_loop::Journey;
use crate::leads::outcome::Said;
use crate::leads::{Dimension, Lead, Transition, Visit};
use crate::storage::counting::taken_back;
use crate::storage::{
    Attribution, Census, Changes, CountRow, CountedTable, Counts, Digest, Earlier, JourneyQuery, KnownQuery,
    LeadPage, LeadQuery, Ledger, Loaded, Mark, ModelVersion, NewSite, PageToken, Publication, ReportQuery,
    ReportRows, Reports, RollupDelta, RollupKey, Scores, SessionRow, SetupRow, Sites, StoreError, VoidStep,
    cmp_rows, journey, random,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default, Clone)]
pub(super) struct State {
    pub(super) sites: BTreeMap<String, Site>,
    pub(super) passwords: BTreeMap<Role, String>,
    pub(super) setups: BTreeMap<Role, SetupRow>,
    pub(super) sessions: BTreeMap<Digest, SessionRow>,
    pub(super) progress: Option<(Cursor, ModelHash)>,
    pub(super) generation: i64,
    pub(super) visits: BTreeMap<VisitorId, Visit>,
    pub(super) leads: BTreeMap<LeadKey, Lead>,
    pub(super) transitions: Vec<Transition>,
    /// Those that a replay has not come to, oldest first.
    pub(super) pending: BTreeMap<LeadKey, Vec<Transition>>,
    /// By lead and number; a lead's row has none.
    pub(super) overrides: BTreeMap<LeadKey, (SiteNo, Vec<Override>)>,
    pub(super) rollups: BTreeMap<RollupKey, RollupDelta>,
    pub(super) restrictions: BTreeMap<LeadKey, (SiteNo, Restriction)>,
    pub(super) audit: Vec<Entry>,
    /// Whether adding to the audit log fails; for tests.
    pub(super) audit_fails: bool,
    pub(super) references: BTreeMap<(SiteNo, LeadKey), Reference>,
    pub(super) models: BTreeMap<(SiteNo, ModelHash), ModelVersion>,
    pub(super) live_models: BTreeMap<SiteNo, ModelHash>,
    pub(super) shadows: BTreeMap<String, Arc<MemoryLedger>>,
    pub(super) mark: Option<Mark>,
    pub(super) takings: i64,
    /// What people made of leads, in the order in which they did.
    pub(super) people: Vec<Transition>,
    pub(super) publications: Vec<Publication>,
    /// The changes of stage as others are told of them.
    pub(super) numbered: Vec<Numbered>,
    /// Those that a publication took out, as they were.
    pub(super) gone: Vec<Numbered>,
    pub(super) last_number: i64,
    pub(super) earlier: Vec<Earlier>,
    pub(super) voids: Vec<Kept>,
    pub(super) last_void: i64,
}

impl State {
    /// Writes what follows from events, without moving the cursor.
    pub(super) fn write(&mut self, changes: &Changes) {
        for visit in &changes.visits {
            self.visits.insert(visit.visitor, visit.clone());
        }
        for lead in &changes.leads {
            let mut lead = lead.clone();
            lead.hits.sort_by(|a, b| (&a.rule, a.event).cmp(&(&b.rule, b.event)));
            lead.overrides.clear();
            self.leads.insert(lead.key, lead);
        }
        let stored = changes
            .transitions
            .iter()
            .map(|transition| Transition { rules: Vec::new(), ..transition.clone() });
        self.people.extend(changes.transitions.iter().filter(|change| change.by_people()).cloned());
        for transition in stored {
            self.number(transition.clone());
            self.transitions.push(transition);
        }
        self.transitions.sort_by_key(|transition| transition.at);
        for (lead, site, given) in &changes.overrides {
            let (_, overrides) = self.overrides.entry(*lead).or_insert((*site, Vec::new()));
            match overrides.iter_mut().find(|known| known.no == given.no) {
                Some(known) => known.ended.clone_from(&given.ended),
                None => overrides.push(given.clone()),
            }
            overrides.sort_by_key(|given| given.no);
        }
        for (lead, count) in &changes.applied {
            if let Some(pending) = self.pending.get_mut(lead) {
                pending.drain(..(*count).min(pending.len()));
            }
        }
        for (key, delta) in &changes.rollups {
            let total = self.rollups.entry(key.clone()).or_default();
            total.visits += delta.visits;
            total.leads += delta.leads;
            total.mqls += delta.mqls;
        }
    }

    /// Takes the leads that are there out of the counts that stay: they are counted again, wherever the next model
    /// puts them.
    pub(super) fn uncount_leads(&mut self, only: Option<SiteNo>) {
        let mut all = Vec::new();
        for site in self.sites.values().filter(|site| only.is_none_or(|only| site.no == only)) {
            let Some(counted_from) = site.counted_from else { continue };
            for lead in self.leads.values().filter(|lead| lead.site == site.no) {
                let of_lead =
                    |transition: &&Transition| transition.lead == lead.key && transition.site == site.no;
                let transitions: Vec<_> = self.transitions.iter().filter(of_lead).cloned().collect();
                let taken = taken_back(site, lead, &transitions).into_iter();
                all.extend(taken.filter(|(cell, _)| cell.day < counted_from));
            }
        }
        for (cell, delta) in all {
            self.take(&cell, delta);
            if self.rollups.get(&cell) == Some(&RollupDelta::default()) {
                self.rollups.remove(&cell);
            }
        }
    }

    /// What people made of a lead and a replay has not come to, oldest first.
    pub(super) fn pending(&self, key: LeadKey) -> &[Transition] {
        self.pending.get(&key).map_or(&[], Vec::as_slice)
    }

    /// What people say of a lead, by number.
    pub(super) fn overrides(&self, key: LeadKey) -> Vec<Override> {
        self.overrides.get(&key).map(|(_, overrides)| overrides.clone()).unwrap_or_default()
    }

    /// A lead, whole, with what people say of it.
    pub(super) fn lead(&self, key: LeadKey) -> Option<Lead> {
        self.leads.get(&key).map(|lead| Lead { overrides: self.overrides(key), ..lead.clone() })
    }

    /// Loads a lead and what belongs to it.
    pub(super) fn load_lead(&self, key: LeadKey, loaded: &mut Loaded) {
        match self.lead(key) {
            Some(lead) => _ = loaded.leads.insert(key, lead),
            None => {
                let overrides = self.overrides(key);
                loaded.overrides.extend((!overrides.is_empty()).then_some((key, overrides)));
            }
        }
        let restriction = self.restrictions.get(&key).map(|(_, restriction)| (key, *restriction));
        loaded.restrictions.extend(restriction);
        if !self.pending(key).is_empty() {
            loaded.pending.insert(key, self.pending(key).to_vec());
        }
    }

    /// Changes what a lead asked for; what is nothing any more is not kept.
    pub(super) fn restriction(&mut self, lead: LeadKey, change: impl FnOnce(&mut Restriction)) {
        if let Some((_, restriction)) = self.restrictions.get_mut(&lead) {
            change(restriction);
            if restriction.is_none() {
                self.restrictions.remove(&lead);
            }
        }
    }
}

/// The ledger in memory.
#[derive(Default)]
pub struct MemoryLedger(Mutex<State>);

impl MemoryLedger {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Census for MemoryLedger {
    /// Nothing is stored: it is gone with the process.
    fn census(&self) -> Result<Vec<CountedTable>, StoreError> {
        Ok(Vec::new())
    }
}

impl Ledger for MemoryLedger {
    fn settle(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Sites for MemoryLedger {
    fn sites(&self) -> Result<Vec<Site>, StoreError> {
        Ok(self.state().sites.values().cloned().collect())
    }

    fn put_site(&self, new: NewSite) -> Result<Site, StoreError> {
        let mut state = self.state();
        let no = SiteNo::new(u32::try_from(state.sites.len()).unwrap_or(u32::MAX).saturating_add(1));
        let secret = random()?;
        let site = state.sites.entry(new.id.as_str().to_owned()).or_insert_with(|| Site {
            no,
            id: new.id.clone(),
            zone: new.zone.clone(),
            policy: new.policy.clone(),
            policy_version: 1,
            secret,
            identity: IdentitySecrets::default(),
            counted_from: None,
        });
        if site.policy != new.policy {
            site.policy = new.policy;
            site.policy_version += 1;
        }
        Ok(site.clone())
    }

    fn set_identity_secrets(&self, site: SiteNo, secrets: &IdentitySecrets) -> Result<(), StoreError> {
        let mut state = self.state();
        let known = state.sites.values_mut().find(|known| known.no == site).ok_or(StoreError::Conflict)?;
        known.identity = secrets.clone();
        Ok(())
    }
}

impl Scores for MemoryLedger {
    fn progress(&self) -> Result<Option<(Cursor, ModelHash)>, StoreError> {
        Ok(self.state().progress)
    }

    fn generation(&self) -> Result<i64, StoreError> {
        Ok(self.state().generation)
    }

    fn restart(&self, model: ModelHash) -> Result<(), StoreError> {
        let mut state = self.state();
        state.uncount_leads(None);
        state.progress = Some((Cursor::default(), model));
        state.visits.clear();
        state.leads.clear();
        state.transitions.retain(Transition::by_people);
        state.numbered.retain(|numbered| numbered.change.transition.by_people());
        state.pending.clear();
        for act in state.transitions.clone() {
            state.pending.entry(act.lead).or_default().push(act);
        }
        let State { sites, rollups, .. } = &mut *state;
        rollups.retain(|key, _| {
            let site = sites.values().find(|site| site.no == key.site);
            site.and_then(|site| site.counted_from).is_some_and(|day| key.day < day)
        });
        Ok(())
    }

    fn voided(&self, places: &[Cursor], step: Option<VoidStep>) -> Result<BTreeSet<Cursor>, StoreError> {
        Ok(self.state().voided(places, step))
    }

    fn load(&self, visitors: &[VisitorId], leads: &[LeadKey]) -> Result<Loaded, StoreError> {
        let state = self.state();
        let visits: BTreeMap<_, _> =
            visitors.iter().filter_map(|id| state.visits.get(id).map(|visit| (*id, visit.clone()))).collect();
        let linked = visits.values().filter_map(|visit| visit.lead);
        let keys: BTreeSet<LeadKey> = leads.iter().copied().chain(linked).collect();
        let mut loaded = Loaded { visits, generation: state.generation, ..Loaded::default() };
        keys.iter().for_each(|key| state.load_lead(*key, &mut loaded));
        Ok(loaded)
    }

    fn commit(&self, from: Cursor, to: Cursor, changes: &Changes) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.generation != changes.generation {
            return Err(StoreError::Conflict);
        }
        match &mut state.progress {
            Some((cursor, _)) if *cursor == from => *cursor = to,
            _ => return Err(StoreError::Conflict),
        }
        state.write(changes);
        for lead in &changes.ended_withdrawals {
            state.restriction(*lead, |restriction| {
                (restriction.withdrawn, restriction.verified) = (None, false);
            });
        }
        if let Some(moment) = changes.forget_visits_before {
            state.visits.retain(|_, visit| visit.last_at >= moment);
        }
        Ok(())
    }

    fn forget_visits(&self, before: Timestamp) -> Result<(), StoreError> {
        self.state().visits.retain(|_, visit| visit.last_at >= before);
        Ok(())
    }

    fn lead(&self, site: SiteNo, key: LeadKey) -> Result<Option<Lead>, StoreError> {
        Ok(self.state().lead(key).filter(|lead| lead.site == site))
    }

    fn transitions(&self, site: SiteNo, key: LeadKey) -> Result<Vec<Transition>, StoreError> {
        let of_lead = |transition: &&Transition| transition.lead == key && transition.site == site;
        Ok(self.state().transitions.iter().filter(of_lead).cloned().collect())
    }
}

/// A lead as lists have it.
fn listed(lead: Lead) -> Lead {
    Lead { hits: Vec::new(), touches: Vec::new(), ..lead }
}

fn channel_of(lead: &Lead, attribution: Attribution) -> Channel {
    if attribution == Attribution::Last { lead.last.touch.channel } else { lead.first.touch.channel }
}

impl Reports for MemoryLedger {
    fn report(&self, query: &ReportQuery) -> Result<ReportRows, StoreError> {
        let state = self.state();
        let counted = |by: Dimension| {
            let mut rows: BTreeMap<(Date, &str), Counts> = BTreeMap::new();
            for (key, delta) in &state.rollups {
                let asked = key.site == query.site && key.dimension == by;
                if !asked || !(query.from..=query.to).contains(&key.day) {
                    continue;
                }
                let of = |attribution, count| if key.attribution == attribution { count } else { 0 };
                rows.entry((key.day, &key.key)).or_default().add(Counts {
                    visits: of(Attribution::Visit, delta.visits),
                    leads: of(query.attribution.of_leads(), delta.leads),
                    mqls: of(query.attribution, delta.mqls),
                });
            }
            rows.retain(|_, counts| *counts != Counts::default());
            rows
        };
        let mut report = ReportRows::default();
        for ((day, _), counts) in counted(Dimension::Channel) {
            report.days.entry(day).or_default().add(counts);
        }
        let row =
            |((day, key), counts): ((Date, &str), Counts)| CountRow { day, key: key.to_owned(), counts };
        report.rows = counted(query.by).into_iter().map(row).collect();
        report.rows.sort_by(cmp_rows);
        Ok(report)
    }

    fn leads(&self, query: &LeadQuery) -> Result<LeadPage, StoreError> {
        let moment = |lead: &Lead| {
            if query.mqls { lead.qualified.as_ref().map(|mql| mql.at) } else { Some(lead.last_seen) }
        };
        let state = self.state();
        let restricted = |key| {
            state.restrictions.get(key).is_some_and(|(_, restriction)| restriction.restricted.is_some())
        };
        let mut matching: Vec<(PageToken, Lead)> = state
            .leads
            .values()
            .filter(|lead| lead.site == query.site && !restricted(&lead.key))
            .filter(|lead| query.stage.is_none_or(|stage| lead.stage == stage))
            .filter(|lead| query.channel.is_none_or(|channel| channel_of(lead, query.attribution) == channel))
            .filter_map(|lead| moment(lead).map(|at| (PageToken { at, key: lead.key }, lead.clone())))
            .filter(|(token, _)| query.from.is_none_or(|from| token.at >= from))
            .filter(|(token, _)| query.before.is_none_or(|before| token.at < before))
            .collect();
        matching.sort_by_key(|(token, _)| std::cmp::Reverse((token.at, token.key)));
        let total = u64::try_from(matching.len()).unwrap_or(u64::MAX);
        if let Some(after) = query.after {
            matching.retain(|(token, _)| (token.at, token.key) < (after.at, after.key));
        }
        let more = matching.len() > query.limit;
        matching.truncate(query.limit);
        let next = matching.last().filter(|_| more).map(|(token, _)| *token);
        let leads = matching.into_iter().map(|(_, lead)| listed(lead)).collect();
        Ok(LeadPage { leads, total, next })
    }

    fn each_known(&self, query: &KnownQuery, each: &mut dyn FnMut(Lead)) -> Result<(), StoreError> {
        let mut leads: Vec<Lead> = {
            let state = self.state();
            let restricted = |key| {
                state.restrictions.get(key).is_some_and(|(_, restriction)| restriction.restricted.is_some())
            };
            let of_period =
                |lead: &&Lead| lead.site == query.site && (query.from..query.before).contains(&lead.known_at);
            state.leads.values().filter(of_period).filter(|lead| !restricted(&lead.key)).cloned().collect()
        };
        leads.sort_by_key(|lead| (lead.known_at, lead.key));
        leads.into_iter().for_each(|lead| each(Lead { hits: Vec::new(), ..lead }));
        Ok(())
    }

    fn count_claimed(&self, query: &KnownQuery, channel: Channel) -> Result<u64, StoreError> {
        let claimed = |lead: &&Lead| {
            lead.site == query.site
                && (query.from..query.before).contains(&lead.known_at)
                && lead.first.touch.channel == channel
                && lead.verified_at.is_none()
        };
        Ok(number(self.state().leads.values().filter(claimed).count()))
    }

    fn first_day(&self, site: SiteNo) -> Result<Option<Date>, StoreError> {
        let state = self.state();
        let visited = state.rollups.iter().filter(|(key, delta)| {
            let by_channel = (key.dimension, key.attribution) == (Dimension::Channel, Attribution::Visit);
            key.site == site && by_channel && delta.visits > 0
        });
        Ok(visited.map(|(key, _)| key.day).min())
    }

    fn journeys(&self, query: &JourneyQuery) -> Result<Vec<Journey>, StoreError> {
        let state = self.state();
        let within = |at: Timestamp, (from, before): (Timestamp, Timestamp)| from <= at && at < before;
        let restricted = |key: &LeadKey| {
            state.restrictions.get(key).is_some_and(|(_, restriction)| restriction.restricted.is_some())
        };
        let followed = |lead: &&Lead| {
            let mql = lead.qualified.as_ref().is_some_and(|mql| within(mql.at, query.qualified));
            lead.site == query.site && !restricted(&lead.key) && (mql || within(lead.known_at, query.known))
        };
        let of = |lead: &Lead| {
            let mql = lead.qualified.as_ref().map(|mql| mql.at);
            let since = mql.filter(|at| within(*at, query.qualified));
            let said = state.transitions.iter().filter(|made| {
                made.lead == lead.key
                    && made.site == lead.site
                    && made.by_people()
                    && since.is_some_and(|since| made.at >= since)
            });
            let said = said.map(|made| Said { at: made.at, to: made.to, amount: made.amount.clone() });
            journey(query, lead.known_at, mql, (&lead.first, &lead.last), &lead.touches, said.collect())
        };
        Ok(state.leads.values().filter(followed).map(of).collect())
    }
}
