//! What a lead was at a moment that has passed. Invariant: it is what the scorer would have made of the log up to
//! that moment, by the model of today, with what people had done by then; where events are gone it says so, and
//! answers with what is left. Looking changes nothing.

use super::fold::folded;
use super::standing::{Steps, Unwatched, profile};
use crate::domain::{Action, Event, LeadKey, ModelHash, Restriction, Role, Site, Stage, Timestamp};
use crate::leads::{Lead, Qualified, Transition};
use crate::scoring::Model;
use crate::storage::counting::Rollups;
use crate::storage::{AuditQuery, Changes, EventStore, Ledger, Loaded, Logged, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Reading one lead's events goes through the whole log; so many do that at a time.
const AT_A_TIME: usize = 2;
/// How often a lead that changes while its events are read is read again.
const ATTEMPTS: usize = 3;

/// Answers what leads were.
#[derive(Clone)]
pub struct Past {
    events: Arc<dyn EventStore>,
    ledger: Arc<dyn Ledger>,
    slots: Arc<Semaphore>,
}

/// Others are reading the log already: ask again in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engaged;

/// What a lead was at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Then {
    /// The lead with its stage, profile and hits of then; nothing when it was not known yet.
    pub lead: Option<Lead>,
    /// Why that may not be all that counted then; nothing when it is.
    pub inexact_because: Option<String>,
}

/// The change of stage that is made at a moment, where what was seen then is the answer: the machine's own, by the model
/// of today. What people did says nothing of the score of that moment: it may be dated back, and keeps the model of its
/// day.
pub fn seen_at(transitions: &[Transition], model: ModelHash, at: Timestamp) -> Option<&Transition> {
    let made = transitions.iter().rev().find(|made| made.at == at);
    made.filter(|made| !made.by_people() && made.model == model)
}

/// What the log holds of a lead, up to where scoring has come.
struct History {
    events: Vec<Event>,
    restrictions: BTreeMap<LeadKey, Restriction>,
}

impl Past {
    /// Over these stores.
    pub fn new(events: Arc<dyn EventStore>, ledger: Arc<dyn Ledger>) -> Self {
        Self { events, ledger, slots: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// What `lead`, as the ledger holds it with all its changes of stage, was at `as_of`. For a moment yet to
    /// come it stands as it does `now`.
    ///
    /// From the newest event on the ledger alone answers; for earlier moments the lead's events are read and
    /// folded again. So what arrives out of order within one pseudonym stays where it was put when it arrived: with the visit
    /// that had gone on meanwhile, or the other lead that the pseudonym was by then.
    ///
    /// # Errors
    /// When storage fails.
    pub fn at(
        &self,
        model: &Arc<Model>,
        site: &Site,
        lead: &Lead,
        transitions: &[Transition],
        as_of: Timestamp,
        now: Timestamp,
    ) -> Result<Result<Then, Engaged>, StoreError> {
        let until = as_of.min(now);
        if until >= lead.last_seen.max(lead.scored_at) {
            // Only what people did since has to be undone: what arrived late stands before what was made of it.
            let later = transitions.iter().any(|made| made.at > until);
            let mut then = if later { stood(lead, transitions, until) } else { lead.clone() };
            pass(model, site, &mut then, &[], until);
            let inexact_because = if until < now { self.withdrawn(site, lead, until)? } else { None };
            return Ok(Ok(Then { lead: Some(then), inexact_because }));
        }
        let Ok(_slot) = self.slots.try_acquire() else { return Ok(Err(Engaged)) };
        self.replayed(model, site, lead, transitions, until).map(Ok)
    }

    fn replayed(
        &self,
        model: &Arc<Model>,
        site: &Site,
        lead: &Lead,
        transitions: &[Transition],
        until: Timestamp,
    ) -> Result<Then, StoreError> {
        let (mut lead, mut transitions) = (lead.clone(), transitions.to_vec());
        let mut attempts = 1;
        let (history, whole) = loop {
            let history = self.history(site, lead.key)?;
            let whole = history.makes(model, site, &lead);
            // Something new of it may have been scored between the two reads.
            let newest = if whole { None } else { self.ledger.lead(site.no, lead.key)? };
            match newest.filter(|newest| *newest != lead && attempts < ATTEMPTS) {
                Some(newest) => (lead, attempts) = (newest, attempts + 1),
                None => break (history, whole),
            }
            transitions = self.ledger.transitions(site.no, lead.key)?;
        };
        let then = history.replay(model, site, &lead, &transitions, until);
        let inexact_because = self.gone(site, &lead, &history, whole, until)?;
        let then = match &inexact_because {
            Some(_) => left(&lead, then, &transitions, until),
            None => then,
        };
        Ok(Then { lead: then, inexact_because })
    }

    /// The events of a lead and of everybody under its pseudonyms, as far as they are scored.
    fn history(&self, site: &Site, key: LeadKey) -> Result<History, StoreError> {
        let scored = self.ledger.progress()?.map(|(cursor, _)| cursor).unwrap_or_default();
        let logged = self.events.events_of(key)?;
        let voided =
            self.ledger.voided(&logged.iter().map(|logged| logged.cursor).collect::<Vec<_>>(), None)?;
        let counts = |logged: &Logged| logged.cursor <= scored && !voided.contains(&logged.cursor);
        let events: Vec<Event> = logged
            .into_iter()
            .filter(|logged| counts(logged) && logged.event.site == site.no)
            .map(|logged| logged.event)
            .collect();
        let keys: BTreeSet<LeadKey> = events.iter().filter_map(|event| event.lead).chain([key]).collect();
        let restrictions = keys.into_iter().map(|key| Ok((key, self.ledger.restriction(site.no, key)?)));
        Ok(History { restrictions: restrictions.collect::<Result<_, StoreError>>()?, events })
    }

    /// Whether consent was taken back after `until`, and what rested on it then is gone.
    fn withdrawn(&self, site: &Site, lead: &Lead, until: Timestamp) -> Result<Option<String>, StoreError> {
        let Some(subject) = self.ledger.known_reference(site.no, lead.key)? else { return Ok(None) };
        let later = AuditQuery {
            action: Some(Action::PersonWithdrew),
            subject: Some(subject),
            from: Some(until.plus_millis(1)),
            limit: 1,
            ..AuditQuery::default()
        };
        let entries = self.ledger.entries(&later)?.entries;
        Ok(entries.first().map(|entry| {
            format!(
                "consent was taken back on {}: what rested on it before is erased, and this is what remains",
                site.zone.date(entry.at)
            )
        }))
    }

    /// Which events that counted at `until` may be gone.
    fn gone(
        &self,
        site: &Site,
        lead: &Lead,
        history: &History,
        whole: bool,
        until: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        if let Some(because) = self.withdrawn(site, lead, until)? {
            return Ok(Some(because));
        }
        // Events of nobody go before those of leads do, also such as a lead's pseudonym made that day.
        let first = site.counted_from.filter(|_| site.policy.link_same_day);
        let aged = |event: &&Event| {
            let old = first.is_some_and(|first| site.zone.date(event.at) < first);
            old && event.lead == Some(lead.key) && event.visitor.is_some() && event.at <= until
        };
        if let (Some(first), true) = (first, history.events.iter().any(|event| aged(&event))) {
            return Ok(Some(format!(
                "what its pseudonyms did before it said who it is was kept up to {first} only, by the site's retention; \
                 older events of that kind are missing"
            )));
        }
        let sentence = "the log does not hold all events, and only those, that its score was made from: some are \
                        erased, or were passed over while it asked for its processing to be restricted";
        Ok((!whole).then(|| sentence.to_owned()))
    }
}

impl History {
    /// What the scorer and the sweep would have made of these events up to a moment.
    fn replay(
        &self,
        model: &Arc<Model>,
        site: &Site,
        now: &Lead,
        transitions: &[Transition],
        until: Timestamp,
    ) -> Option<Lead> {
        let key = now.key;
        let by_people = transitions.iter().filter(|act| act.by_people() && act.at <= until);
        let people: Vec<Transition> = by_people.cloned().collect();
        let loaded = Loaded {
            restrictions: self.restrictions.clone(),
            pending: BTreeMap::from([(key, people.clone())]),
            overrides: BTreeMap::from([(key, now.overrides.clone())]),
            ..Loaded::default()
        };
        let past = self.events.iter().filter(|event| event.at <= until);
        let mut changes = folded(model, site, past, loaded);
        let done = changes.applied.get(&key).copied().unwrap_or_default();
        let mut lead = taken(&mut changes, key)?;
        pass(model, site, &mut lead, people.get(done..).unwrap_or_default(), until);
        Some(lead)
    }

    /// Whether these events, in the order in which they arrived, make the lead that the ledger holds: then none
    /// that matters is missing.
    fn makes(&self, model: &Arc<Model>, site: &Site, lead: &Lead) -> bool {
        let overrides = BTreeMap::from([(lead.key, lead.overrides.clone())]);
        let loaded = Loaded { restrictions: self.restrictions.clone(), overrides, ..Loaded::default() };
        let mut changes = folded(model, site, &self.events, loaded);
        let Some(made) = taken(&mut changes, lead.key) else { return false };
        let until = lead.last_seen.max(lead.scored_at);
        let moments = |lead: &Lead| (lead.first_seen, lead.known_at, lead.last_seen, lead.verified_at);
        let explained = |lead: &Lead| model.evaluate(&lead.hits, &profile(lead), until);
        moments(&made) == moments(lead)
            && profile(&made) == profile(lead)
            && explained(&made) == explained(lead)
    }
}

fn taken(changes: &mut Changes, key: LeadKey) -> Option<Lead> {
    let place = changes.leads.iter().position(|lead| lead.key == key)?;
    Some(changes.leads.swap_remove(place))
}

/// Lets time pass, and people do what they did, up to a moment.
fn pass(model: &Arc<Model>, site: &Site, lead: &mut Lead, people: &[Transition], until: Timestamp) {
    let (mut transitions, mut rollups) = (Vec::new(), Rollups::new());
    let (transitions, rollups) = (&mut transitions, &mut rollups);
    Steps { model, site, transitions, rollups, observer: &mut Unwatched }.pass(lead, people, until);
}

/// A lead as it stood at a moment, by the changes of stage that are stored.
fn stood(lead: &Lead, transitions: &[Transition], until: Timestamp) -> Lead {
    let past = || transitions.iter().filter(|made| made.at <= until);
    let first = past().find(|made| made.to == Stage::Mql);
    let (stage, stage_at, stage_by) = past()
        .next_back()
        .map_or((Stage::Lead, lead.known_at, Role::Collector), |made| (made.to, made.at, made.actor.role));
    let qualified = first.map(|made| Qualified { at: made.at, score: made.score });
    Lead { stage, stage_at, stage_by, qualified, ..lead.clone() }
}

/// What is left of a lead where events are gone: what was stored of its stage, and of its hits those that are
/// still kept besides those that the log still gives.
fn left(lead: &Lead, replayed: Option<Lead>, transitions: &[Transition], until: Timestamp) -> Option<Lead> {
    if replayed.is_none() && until < lead.known_at {
        return None;
    }
    let then = replayed.unwrap_or_else(|| lead.clone());
    let stood = stood(lead, transitions, until);
    let kept = lead.hits.iter().filter(|hit| hit.at <= until).cloned();
    // One event counts once for a rule, however often it is given.
    let verified_at = then.verified_at.filter(|at| *at <= until);
    let hits = then.hits.iter().cloned().chain(kept).collect();
    Some(Lead {
        hits,
        stage: stood.stage,
        stage_at: stood.stage_at,
        stage_by: stood.stage_by,
        qualified: stood.qualified,
        verified_at,
        ..then
    })
}

#[cfg(test)]
impl Past {
    /// As if others asked.
    pub(super) fn take_all_slots(&self) -> Vec<tokio::sync::SemaphorePermit<'_>> {
        (0..AT_A_TIME).filter_map(|_| self.slots.try_acquire().ok()).collect()
    }
}
