//! Folds a run of events into visits, leads, transitions and counts. Invariant: pure, given what was
//! loaded: the same events in the same order make the same changes, however they are cut into runs.

use super::models::Current;
use super::standing::{Observer, Steps, Unwatched, is_counted};
use crate::domain::{
    Attributes, Event, EventName, LeadKey, Role, Signal, Site, SiteNo, Stage, Timestamp, Touch, Trust,
    VISIT_MS, VisitorId,
};
use crate::leads::{Lead, Origin, Touched, Transition, Visit};
use crate::scoring::Model;
use crate::storage::counting::{self, Rollups};
use crate::storage::{Attribution, Changes, Loaded, RollupDelta};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Visits whose newest event is older are forgotten: no salt is left that could recognise them.
pub(super) const FORGET_MS: i64 = 48 * 60 * 60 * 1000;
/// Declared fields of a lead: what a form may send at once. A new name beyond them is passed over.
const ATTRIBUTES_MAX: usize = 20;
/// Hits of a pseudonym that is no lead yet; a person does not do more in a day.
const VISIT_HITS_MAX: usize = 200;

/// A fold in progress.
pub(super) struct Fold<'a> {
    models: &'a Current,
    sites: &'a BTreeMap<SiteNo, Site>,
    loaded: Loaded,
    visits_touched: BTreeSet<VisitorId>,
    leads_touched: BTreeSet<LeadKey>,
    transitions: Vec<Transition>,
    applied: BTreeMap<LeadKey, usize>,
    rollups: Rollups,
    ended_withdrawals: Vec<LeadKey>,
    newest: Timestamp,
    observer: &'a mut dyn Observer,
}

impl<'a> Fold<'a> {
    /// Begins with what is known of the visitors and leads of the run; `observer` sees every score.
    pub(super) fn new(
        models: &'a Current,
        sites: &'a BTreeMap<SiteNo, Site>,
        loaded: Loaded,
        observer: &'a mut dyn Observer,
    ) -> Self {
        Self {
            models,
            observer,
            sites,
            loaded,
            visits_touched: BTreeSet::new(),
            leads_touched: BTreeSet::new(),
            transitions: Vec::new(),
            applied: BTreeMap::new(),
            rollups: Rollups::new(),
            ended_withdrawals: Vec::new(),
            newest: Timestamp::from_millis(i64::MIN),
        }
    }

    /// Folds one event in. Events of sites that are gone are passed over.
    pub(super) fn event(&mut self, event: &Event) {
        let Some(site) = self.sites.get(&event.site) else { return };
        self.newest = self.newest.max(event.at);
        let origin = event.visitor.map(|visitor| self.visit(site, event, visitor));
        let origin = origin.unwrap_or_else(|| origin_of(event, None));
        let lead = event.lead.filter(|key| self.may_count(*key, event));
        if let Some(key) = lead.filter(|key| self.doubted(*key, is_proof(event))) {
            self.pass_over(site, event, key);
            return;
        }
        if let Some(key) = lead {
            self.identify(site, event, key, &origin);
        }
        self.score(site, event, lead);
    }

    /// Whether an event may count for a lead that may have asked not to be processed. A box that is ticked
    /// after consent was taken back gives it anew.
    fn may_count(&mut self, key: LeadKey, event: &Event) -> bool {
        let doubted = self.doubted(key, is_proof(event));
        let Some(restriction) = self.loaded.restrictions.get_mut(&key) else { return true };
        let anew = event.signal == Signal::Form && event.lead == Some(key) && !doubted;
        if anew && restriction.withdrawn.is_some_and(|since| event.at >= since) {
            restriction.withdrawn = None;
            self.ended_withdrawals.push(key);
        }
        // What rested on consent went with it; what comes late from before does not bring it back.
        let consented = event.signal != Signal::Policy || event.lead != Some(key);
        restriction.allows(event.at) && !(consented && restriction.withdrawn.is_some())
    }

    /// The lead that an event's pseudonym is tied to, where it may count for it.
    fn linked(&mut self, site: &Site, event: &Event, (lead, proven): Tie) -> Option<LeadKey> {
        let lead = lead.filter(|key| site.policy.link_same_day && !self.doubted(*key, proven));
        lead.filter(|key| self.may_count(*key, event))
    }

    /// Whether something is said without proof of a lead that is verified, or was when it took its consent back.
    fn doubted(&self, key: LeadKey, proven: bool) -> bool {
        let verified = || self.loaded.leads.get(&key).is_some_and(|lead| lead.verified_at.is_some());
        let was = || self.loaded.restrictions.get(&key).is_some_and(|restriction| restriction.verified);
        !proven && (verified() || was())
    }

    /// Somebody says that they are a lead that is verified, and proves nothing: nobody gets anything of it. Their
    /// pseudonym is tied as it would be to anybody, and what it did is nobody else's: so what others get does not
    /// hang on whether this lead is verified, and is found again from their own events alone.
    fn pass_over(&mut self, site: &Site, event: &Event, key: LeadKey) {
        let visit = event.visitor.and_then(|visitor| self.loaded.visits.get_mut(&visitor));
        let Some(visit) = visit.filter(|_| site.policy.link_same_day) else { return };
        visit.hits.clear();
        if visit.lead != Some(key) {
            (visit.lead, visit.proven) = (Some(key), false);
        }
    }

    /// What is to be written; `generation` is what the ledger said before the events were read.
    pub(super) fn finish(mut self, generation: i64, previous_newest: Option<Timestamp>) -> Changes {
        let forget = hour(self.newest) != previous_newest.map_or(i64::MIN, hour);
        Changes {
            visits: self.visits_touched.iter().filter_map(|id| self.loaded.visits.remove(id)).collect(),
            leads: self.leads_touched.iter().filter_map(|key| self.loaded.leads.remove(key)).collect(),
            transitions: self.transitions,
            overrides: Vec::new(),
            applied: self.applied,
            rollups: self.rollups,
            forget_visits_before: forget.then(|| self.newest.plus_millis(-FORGET_MS)),
            ended_withdrawals: self.ended_withdrawals,
            generation,
        }
    }

    /// Opens, carries on or begins anew the visit of a pseudonym; answers where it came from. What is sent when
    /// a page is left (engagement) counts as no visit: it is the end of one whose pseudonym is no more, and what
    /// follows begins anew.
    fn visit(&mut self, site: &Site, event: &Event, visitor: VisitorId) -> Origin {
        self.visits_touched.insert(visitor);
        let known = self.loaded.visits.get_mut(&visitor);
        let late = known.is_none() && event.name.as_str() == EventName::ENGAGEMENT;
        let begins = match &known {
            None => true,
            Some(visit) => begins_anew(visit, event),
        };
        if !begins && let Some(visit) = known {
            visit.last_at = visit.last_at.max(event.at);
            return visit.origin.clone();
        }
        let origin = origin_of(event, known.as_ref().map(|visit| &visit.origin.touch));
        // An arrival that is late does not make what goes on look old.
        let last_at = known.as_ref().map_or(event.at, |visit| visit.last_at.max(event.at));
        let last_at = if late { event.at.plus_millis(-VISIT_MS - 1) } else { last_at };
        let before = known.map(|visit| ((visit.lead, visit.proven), std::mem::take(&mut visit.hits)));
        let ((lead, proven), hits) = before.unwrap_or_default();
        let visit = Visit {
            visitor,
            site: site.no,
            started_at: event.at,
            last_at,
            origin: origin.clone(),
            lead,
            proven,
            hits,
        };
        let tied = self.linked(site, event, (lead, proven));
        self.loaded.visits.insert(visitor, visit);
        if let Some(key) = tied {
            // With what was known of it until now; the event may be another lead's.
            self.pass(site, key, event.at);
            self.leads_touched.insert(key);
            self.touch_lead(site, event, key, &origin);
        }
        if !late && is_counted(site, event.at) {
            let delta = RollupDelta { visits: 1, ..RollupDelta::default() };
            counting::count(&mut self.rollups, site, event.at, Attribution::Visit, &origin, delta);
        }
        origin
    }

    /// Ties the event to its lead, and the visit to the lead where the site's policy says so.
    fn identify(&mut self, site: &Site, event: &Event, key: LeadKey, origin: &Origin) {
        if self.loaded.leads.contains_key(&key) {
            // With what was known of it until now.
            self.pass(site, key, event.at);
            self.touch_lead(site, event, key, origin);
        } else {
            let visit = event.visitor.and_then(|visitor| self.loaded.visits.get(&visitor));
            let since = visit.map(|visit| visit.started_at);
            let first_seen = since.filter(|_| site.policy.link_same_day).unwrap_or(event.at).min(event.at);
            let overrides = self.loaded.overrides.remove(&key).unwrap_or_default();
            let lead = Lead { overrides, ..new_lead(site, event, key, origin, first_seen) };
            self.loaded.leads.insert(key, lead);
            counting::count_lead(&mut self.rollups, site, event.at, origin, 1);
        }
        self.leads_touched.insert(key);
        let Some(lead) = self.loaded.leads.get_mut(&key) else { return };
        if is_proof(event) {
            lead.verified_at.get_or_insert(event.at);
        }
        for (name, value) in &event.attributes {
            if lead.attributes.len() < ATTRIBUTES_MAX || lead.attributes.contains_key(name) {
                lead.attributes.insert(name.clone(), value.clone());
            }
        }
        if event.domain.is_some() {
            lead.domain.clone_from(&event.domain);
        }
        if event.place.country.is_some() {
            lead.country.clone_from(&event.place.country);
        }
        let visit = event.visitor.and_then(|visitor| self.loaded.visits.get_mut(&visitor));
        if let Some(visit) = visit.filter(|_| site.policy.link_same_day) {
            // What the pseudonym did so far is the lead's, unless another lead was here before: then that
            // one has it already.
            (visit.lead, visit.proven) = (Some(key), is_proof(event));
            lead.hits.append(&mut visit.hits);
        }
    }

    /// Notes which rules the event matches and, if it is a lead's, scores the lead.
    fn score(&mut self, site: &Site, event: &Event, lead: Option<LeadKey>) {
        let hits = self.models.of(site.no).hits(event);
        let visit = event.visitor.and_then(|visitor| self.loaded.visits.get(&visitor));
        let tie = visit.map(|visit| (visit.lead, visit.proven)).unwrap_or_default();
        if lead.is_none() && tie.0.is_some_and(|key| self.doubted(key, tie.1)) {
            return;
        }
        let Some(key) = lead.or_else(|| self.linked(site, event, tie)) else {
            if let Some(visit) = event.visitor.and_then(|visitor| self.loaded.visits.get_mut(&visitor)) {
                let room = VISIT_HITS_MAX.saturating_sub(visit.hits.len());
                visit.hits.extend(hits.into_iter().take(room));
            }
            return;
        };
        self.leads_touched.insert(key);
        self.pass(site, key, event.at);
        let Some(lead) = self.loaded.leads.get_mut(&key) else { return };
        lead.hits.extend(hits);
        lead.last_seen = lead.last_seen.max(event.at);
        lead.first_seen = lead.first_seen.min(event.at);
        let as_of = lead.last_seen.max(lead.scored_at);
        let Self { models, transitions, rollups, observer, .. } = self;
        let model = models.of(site.no);
        model.prune(&mut lead.hits, as_of);
        Steps { model, site, transitions, rollups, observer: &mut **observer }.score(lead, event.at, as_of);
    }

    /// Lets time pass for a lead up to an event of it.
    fn pass(&mut self, site: &Site, key: LeadKey, until: Timestamp) {
        let Some(lead) = self.loaded.leads.get_mut(&key) else { return };
        let pending = self.loaded.pending.entry(key).or_default();
        let Self { models, transitions, rollups, observer, .. } = self;
        let model = models.of(site.no);
        let observer = &mut **observer;
        let done = Steps { model, site, transitions, rollups, observer }.pass(lead, pending, until);
        pending.drain(..done);
        if done > 0 {
            *self.applied.entry(key).or_default() += done;
        }
    }

    /// A lead's touches are its visits until it is an MQL, and its last touch the newest that was not direct: what
    /// comes later did not bring it, and the list of MQLs has to say what the report counted.
    fn touch_lead(&mut self, site: &Site, event: &Event, key: LeadKey, origin: &Origin) {
        let began = self.began(site, event);
        let open = |lead: &&mut Lead| lead.qualified.is_none();
        let Some(lead) = self.loaded.leads.get_mut(&key).filter(open) else { return };
        let mut changed = began.is_some_and(|at| lead.touched(at, origin));
        if !origin.is_direct() {
            lead.last = origin.clone();
            changed = true;
        }
        if changed {
            self.leads_touched.insert(key);
        }
    }

    /// When the visit that an event is of began, as far as the site's policy lets a lead know; nothing when it is of
    /// none: a page that is left the next morning, or what a server sends that names no way.
    fn began(&self, site: &Site, event: &Event) -> Option<Timestamp> {
        let Some(visitor) = event.visitor else {
            return event.touch.as_ref().filter(|touch| **touch != Touch::DIRECT).map(|_| event.at);
        };
        let visit = self.loaded.visits.get(&visitor).filter(|visit| visit.last_at >= visit.started_at)?;
        Some(if site.policy.link_same_day { visit.started_at } else { event.at })
    }
}

/// The lead that a pseudonym is tied to, and whether it was proven to be.
type Tie = (Option<LeadKey>, bool);

/// Whether the site's own server proved that an event is its lead's.
fn is_proof(event: &Event) -> bool {
    event.lead.is_some() && event.trust == Trust::Vouched
}

fn hour(at: Timestamp) -> i64 {
    at.millis().div_euclid(3_600_000)
}

/// A visit begins anew with a page view: after a pause, or when the visitor arrives by another campaign or
/// site. All else happens on a page that was viewed, and belongs to its visit, however long the page stood.
pub(super) fn begins_anew(visit: &Visit, event: &Event) -> bool {
    if event.name.as_str() != EventName::PAGEVIEW {
        return false;
    }
    let paused = event.at.millis() - visit.last_at.millis() > VISIT_MS;
    let arrived = event
        .touch
        .as_ref()
        .is_some_and(|touch| *touch != Touch::DIRECT && !same_way(touch, &visit.origin.touch));
    paused || arrived
}

/// Whether two touches are one way to arrive. The referrer beside a campaign, and what of a campaign is kept
/// only with consent, make no other way of it.
fn same_way(a: &Touch, b: &Touch) -> bool {
    a.channel == b.channel
        && a.source == b.source
        && a.medium == b.medium
        && a.campaign == b.campaign
        && a.click_id == b.click_id
}

/// Where an event's visit came from. Coming back from another page of the site after a pause is the visit
/// before, gone on.
pub(super) fn origin_of(event: &Event, before: Option<&Touch>) -> Origin {
    Origin {
        touch: event.touch.clone().or_else(|| before.cloned()).unwrap_or(Touch::DIRECT),
        landing: event.path.clone(),
        country: event.place.country.clone(),
    }
}

fn new_lead(site: &Site, event: &Event, key: LeadKey, origin: &Origin, first_seen: Timestamp) -> Lead {
    Lead {
        key,
        site: site.no,
        stage: Stage::Lead,
        stage_at: event.at,
        stage_by: Role::Collector,
        first_seen,
        known_at: event.at,
        last_seen: event.at,
        verified_at: None,
        domain: None,
        country: origin.country.clone(),
        attributes: Attributes::new(),
        first: origin.clone(),
        last: origin.clone(),
        touches: vec![Touched { at: first_seen, origin: origin.clone() }],
        score: crate::domain::Score::default(),
        scored_at: event.at,
        reasons: Vec::new(),
        qualified: None,
        hits: Vec::new(),
        overrides: Vec::new(),
    }
}

/// Folds the events of one lead anew, as if there had never been others: what remains of it after some were
/// erased. `sites` is its site alone.
pub(crate) fn refold(model: &Arc<Model>, site: &Site, events: &[Event]) -> Changes {
    folded(model, site, events, Loaded::default())
}

/// Folds events of one site, beginning with what is `loaded`.
pub(super) fn folded<'e>(
    model: &Arc<Model>,
    site: &Site,
    events: impl IntoIterator<Item = &'e Event>,
    loaded: Loaded,
) -> Changes {
    // Visits, too, of days that are otherwise counted for good.
    let sites = BTreeMap::from([(site.no, Site { counted_from: None, ..site.clone() })]);
    let models = Current::from(Arc::clone(model));
    let mut unwatched = Unwatched;
    let mut fold = Fold::new(&models, &sites, loaded, &mut unwatched);
    for event in events {
        fold.event(event);
    }
    Changes { forget_visits_before: None, ..fold.finish(0, None) }
}
