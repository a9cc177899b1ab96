//! Scores the log by another model, in a shadow beside the live ledger. Invariant: nothing of it is seen elsewhere;
//! stopped or killed at any moment it goes on where its shadow is; and when somebody was taken back from the live
//! ledger meanwhile, the shadow is thrown away and begun anew, so that nobody outlives their erasure in it; so it is when
//! people say something as of a moment that it has gone past, and when other events are voided.

use super::fold::Fold;
use super::models::Current;
use super::standing::{Unwatched, was_judged_since};
use super::sweep::Sweep;
use crate::clock::Clock;
use crate::domain::{Cursor, Event, LeadKey, Override, Site, SiteNo, Timestamp, VisitorId};
use crate::leads::{Lead, Transition};
use crate::scoring::Model;
use crate::storage::{EventStore, Ledger, Mark, Seed, StoreError, VoidStep};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use super::standing::Observer;

/// Events of one transaction.
const RUN: usize = 1_000;

/// How far a replay is: by places in the log, of which each event has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Up to here.
    pub done: Cursor,
    /// Of so many.
    pub total: Cursor,
}

/// What somebody who watches wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// Go on.
    On,
    /// Stop; a later call goes on from there.
    Stop,
}

/// How a replay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It is where the live scorer was at that moment, and knows of people's changes up to there.
    CaughtUp(Cursor, Mark),
    /// It was stopped.
    Stopped,
}

/// A replay of one site's events by one model.
pub struct Replay {
    events: Arc<dyn EventStore>,
    live: Arc<dyn Ledger>,
    name: String,
    shadow: Arc<dyn Ledger>,
    site: SiteNo,
    models: Current,
    model: Arc<Model>,
    /// How much of the live ledger was looked at; the shadow keeps the last place at which there was something.
    told: Option<Mark>,
    newest: Option<Timestamp>,
    /// The void that is to be put in force, or taken back, with what comes of it.
    step: Option<VoidStep>,
}

impl Replay {
    /// Opens the shadow of this name, to go on where it is or to begin. One that belongs to another site or model
    /// is begun anew.
    ///
    /// # Errors
    /// When storage fails.
    pub fn open(
        events: Arc<dyn EventStore>,
        live: Arc<dyn Ledger>,
        name: &str,
        site: SiteNo,
        model: Arc<Model>,
    ) -> Result<Self, StoreError> {
        let shadow = live.open_shadow(name)?;
        let models = Current::from(Arc::clone(&model));
        Ok(Self {
            events,
            live,
            name: name.to_owned(),
            shadow,
            site,
            models,
            model,
            told: None,
            newest: None,
            step: None,
        })
    }

    /// As it will be once a void is in force, or taken back. The same each time the shadow is opened.
    #[must_use]
    pub fn with(mut self, step: Option<VoidStep>) -> Self {
        self.step = step;
        self
    }

    /// The shadow: a ledger of this site alone.
    pub const fn shadow(&self) -> &Arc<dyn Ledger> {
        &self.shadow
    }

    /// Replays up to where the live scorer is. `watch` is asked after each run of events, `observer` sees every
    /// score.
    ///
    /// # Errors
    /// When storage fails; what was committed stays in the shadow.
    pub fn catch_up(
        &mut self,
        watch: &mut dyn FnMut(Progress) -> Go,
        observer: &mut dyn Observer,
    ) -> Result<Done, StoreError> {
        loop {
            // The goal first: what people did until then is told before it is reached.
            let total = self.live.progress()?.map_or_else(Cursor::default, |(cursor, _)| cursor);
            let (seed, from) = self.told(total, observer)?;
            if watch(Progress { done: from.min(total), total }) == Go::Stop {
                return Ok(Done::Stopped);
            }
            let mut run = self.events.scan(from, RUN)?;
            run.retain(|logged| logged.cursor <= total);
            let Some(to) = run.last().map(|last| last.cursor) else {
                // The newest places may have been erased.
                return Ok(Done::CaughtUp(total, seed.mark));
            };
            let places: Vec<Cursor> = run.iter().map(|logged| logged.cursor).collect();
            let voided = self.live.voided(&places, self.step)?;
            run.retain(|logged| !voided.contains(&logged.cursor));
            let events: Vec<Event> = run.into_iter().map(|logged| logged.event).collect();
            self.run(&seed.site, from, to, &events, observer)?;
        }
    }

    /// Lets time pass in the shadow as the live sweep does, up to the last midnight; for when it has caught up.
    /// `observer` sees what is scored because of what people said after a lead's last event.
    ///
    /// # Errors
    /// When storage fails.
    pub fn settle(&self, clock: &Clock, observer: &mut dyn Observer) -> Result<(), StoreError> {
        let (events, shadow) = (Arc::clone(&self.events), Arc::clone(&self.shadow));
        let sweep = Sweep::new(events, shadow, Arc::clone(&self.model), clock.clone());
        while sweep.watched(observer)? > 0 {}
        Ok(())
    }

    /// Removes the shadow.
    ///
    /// # Errors
    /// When storage fails.
    pub fn discard(self) -> Result<(), StoreError> {
        let Self { live, name, shadow, .. } = self;
        drop(shadow);
        live.discard_shadow(&name)
    }

    /// Tells the shadow what is new, and begins it anew when it has to be, or was removed while it was open; answers
    /// how far it is. The live scorer is at `total`: where that is behind the shadow, it has begun anew itself.
    fn told(&mut self, total: Cursor, observer: &mut dyn Observer) -> Result<(Seed, Cursor), StoreError> {
        let known = self.shadow.mark()?;
        let since = self.told.or(known).unwrap_or_default();
        let seed = self.live.seed(self.site, since)?;
        let scored = self.shadow.progress()?.filter(|(_, model)| model == self.model.hash());
        let same = known
            .is_some_and(|known| (known.takings, known.voids) == (seed.mark.takings, seed.mark.voids))
            && self.same_site(&seed)?
            && self.live.shadows()?.contains(&self.name)
            && !self.is_past(&seed)?;
        if let Some((cursor, _)) = scored.filter(|(cursor, _)| same && *cursor <= total) {
            if !seed.people.is_empty() || seed.overrides.is_some() {
                self.shadow.plant(&seed, *self.model.hash())?;
            }
            self.told = Some(seed.mark);
            return Ok((seed, cursor));
        }
        if known.is_some() {
            self.live.discard_shadow(&self.name)?;
            self.shadow = self.live.open_shadow(&self.name)?;
        }
        let seed = self.live.seed(self.site, Mark::default())?;
        self.shadow.plant(&seed, *self.model.hash())?;
        (self.told, self.newest) = (Some(seed.mark), None);
        observer.begun();
        Ok((seed, Cursor::default()))
    }

    /// Whether people did something since the shadow was told that stands before what it made already: as of a moment
    /// that it has gone past, or in the moment in which an event was scored. Only from the beginning does that come to
    /// its place.
    ///
    /// # Errors
    /// When storage fails.
    pub(super) fn is_behind(&self) -> Result<bool, StoreError> {
        let since = self.told.or(self.shadow.mark()?).unwrap_or_default();
        self.is_past(&self.live.seed(self.site, since)?)
    }

    fn is_past(&self, seed: &Seed) -> Result<bool, StoreError> {
        let overrides = || seed.overrides.iter().flatten();
        let said = seed.people.iter().map(|change| change.lead).chain(overrides().map(|(lead, _)| *lead));
        let keys: BTreeSet<LeadKey> = said.collect();
        if keys.is_empty() {
            return Ok(false);
        }
        let leads = self.shadow.load(&[], &Vec::from_iter(keys))?.leads;
        let changed = |change: &Transition| {
            let past = |lead: &Lead| change.at < lead.stage_at || was_judged_since(lead, change.at);
            leads.get(&change.lead).is_some_and(past)
        };
        let given = |(key, given): &(LeadKey, Override)| {
            let Some(lead) = leads.get(key) else { return false };
            let since = match (lead.overrides.iter().find(|known| known.no == given.no), &given.ended) {
                (None, _) => Some(given.from),
                (Some(known), Some(ended)) if known.ended.is_none() => Some(ended.at),
                (Some(_), _) => None,
            };
            since.is_some_and(|since| since <= lead.scored_at)
        };
        Ok(seed.people.iter().any(changed) || overrides().any(given))
    }

    /// Whether the site is as the shadow knows it: what its policy links, and from which day its visits count.
    fn same_site(&self, seed: &Seed) -> Result<bool, StoreError> {
        let known = self.shadow.sites()?.into_iter().next();
        Ok(known.is_some_and(|known| {
            (known.no, &known.policy, known.counted_from)
                == (seed.site.no, &seed.site.policy, seed.site.counted_from)
        }))
    }

    fn run(
        &mut self,
        site: &Site,
        from: Cursor,
        to: Cursor,
        run: &[Event],
        observer: &mut dyn Observer,
    ) -> Result<(), StoreError> {
        let generation = self.shadow.generation()?;
        let events: Vec<&Event> = run.iter().filter(|event| event.site == self.site).collect();
        let visitors: BTreeSet<VisitorId> = events.iter().filter_map(|event| event.visitor).collect();
        let leads: BTreeSet<LeadKey> = events.iter().filter_map(|event| event.lead).collect();
        let loaded = self.shadow.load(&Vec::from_iter(visitors), &Vec::from_iter(leads))?;
        let sites = BTreeMap::from([(site.no, site.clone())]);
        let mut fold = Fold::new(&self.models, &sites, loaded, observer);
        for event in events {
            fold.event(event);
        }
        let newest = run.iter().map(|event| event.at).max();
        self.shadow.commit(from, to, &fold.finish(generation, self.newest))?;
        self.newest = self.newest.max(newest);
        Ok(())
    }
}

/// Replays without anybody who watches.
///
/// # Errors
/// As [`Replay::catch_up`].
pub fn unwatched(replay: &mut Replay) -> Result<Done, StoreError> {
    replay.catch_up(&mut |_| Go::On, &mut Unwatched)
}
