//! Works on publications. Invariant: each step goes on where the shadow is, and ends with the live ledger as it was or
//! with all of the publication in it.

use super::{Publisher, SHADOW, Step, named, shadow_of};
use crate::domain::{Action, Actor, Cursor, Site};
use crate::jobs::fold::FORGET_MS;
use crate::jobs::replay::{Done, Go, Progress, Replay};
use crate::jobs::standing::Unwatched;
use crate::scoring::Model;
use crate::storage::{Adopt, Adopted, Ended, Mark, Publication, PublicationState, StoreError};
use serde_json::json;
use std::sync::Arc;

/// Of so many events at most is seen what came of them while everything else waits, at the very end.
const LAST: i64 = 2_000;

impl Publisher {
    /// Works on whose turn it is until that is over or `watch` stops it.
    ///
    /// # Errors
    /// When storage fails: then a later call goes on.
    pub fn step(&self, watch: &mut dyn FnMut(&Publication, Progress) -> Go) -> Result<Step, StoreError> {
        self.tidy()?;
        let Some(mut publication) = self.ledger.next_publication()? else { return Ok(Step::Idle) };
        let Some(site) = self.site(publication.asked.site)? else { return Ok(Step::Idle) };
        if publication.asked.void.is_some() {
            // By the model of now, whatever was live when it was asked for.
            publication.asked.model = self.live_hash(&site)?;
        }
        let model = match self.model_of(&site, &publication) {
            Err(StoreError::Unusable(why)) => return self.fail(&site, publication, why),
            model => model?,
        };
        let name = shadow_of(publication.id);
        let open = || {
            let (events, live) = (Arc::clone(&self.events), Arc::clone(&self.ledger));
            let replay = Replay::open(events, live, &name, site.no, Arc::clone(&model));
            replay.map(|replay| replay.with(publication.asked.void))
        };
        let mut replay = open()?;
        let running =
            || Ok::<_, StoreError>(self.ledger.publication(publication.id)?.map(|known| known.state));
        loop {
            let mut asked = Ok(());
            let mut go = |progress| {
                self.is_at(publication.id, progress);
                match running() {
                    Ok(Some(PublicationState::Running)) => return watch(&publication, progress),
                    Ok(_) => {}
                    Err(error) => asked = Err(error),
                }
                Go::Stop
            };
            // What comes in while the rest settles is little, and soon done.
            for _ in 0..2 {
                if replay.catch_up(&mut go, &mut Unwatched)? == Done::Stopped {
                    asked?;
                    return Ok(Step::Stopped);
                }
                replay.settle(&self.clock, &mut Unwatched)?;
            }
            match self.adopt(&publication, &name, &mut replay) {
                // What is there by the shadow's name now may be another than the one that is open.
                Err(StoreError::Conflict) if self.is_of_another_model(&site, &publication)? => {
                    return Ok(Step::Stopped);
                }
                Err(StoreError::Conflict) => replay = open()?,
                other => {
                    let adopted = other?;
                    replay.discard()?;
                    return Ok(Step::Done(publication, adopted));
                }
            }
        }
    }

    /// The model that a publication scores by.
    fn model_of(&self, site: &Site, publication: &Publication) -> Result<Arc<Model>, StoreError> {
        let base = self.models.base();
        let published = self.ledger.live_models()?.contains_key(&site.no);
        match publication.asked.void {
            Some(_) if !published && *base.hash() == publication.asked.model => Ok(Arc::clone(base)),
            // No version of the site's: another process has another one of its own.
            Some(_) if !published => Err(StoreError::Failed(
                "the collector scores by another model than this one; name its file with --model FILE"
                    .to_owned(),
            )),
            _ => self.models.read(self.ledger.as_ref(), site.no, publication.asked.model),
        }
    }

    /// Whether a void was scored by a model that is not live any more: the next step takes the one that is.
    fn is_of_another_model(&self, site: &Site, publication: &Publication) -> Result<bool, StoreError> {
        Ok(publication.asked.void.is_some() && self.live_hash(site)? != publication.asked.model)
    }

    fn adopt(
        &self,
        publication: &Publication,
        name: &str,
        replay: &mut Replay,
    ) -> Result<Adopted, StoreError> {
        let site = self.site(publication.asked.site)?.ok_or(StoreError::Conflict)?;
        let now = self.clock.now();
        let was = self.live_hash(&site)?;
        let say = |adopted: &Adopted| {
            if let Some(step) = publication.asked.void {
                let action = if step.undo { Action::VoidUndone } else { Action::EventsVoided };
                let details = json!({
                    "void": step.no, "publication": publication.id, "entered": adopted.entered, "left": adopted.left,
                });
                return self.act(&publication.asked.by, action, &site, &details);
            }
            let details = json!({
                "publication": publication.id, "from": was.to_string(),
                "to": publication.asked.model.to_string(), "announce": publication.asked.announce,
                "entered": adopted.entered, "left": adopted.left,
            });
            self.act(&publication.asked.by, Action::ModelPublished, &site, &details)
        };
        let order = Adopt {
            publication,
            site: &site,
            shadow: name,
            at: now,
            forget_visits_before: now.plus_millis(-FORGET_MS),
        };
        // The rest is done while nothing else is written: it must be short.
        let last = &mut || -> Result<(Cursor, Mark), StoreError> {
            let mut short = |Progress { done, total }: Progress| {
                if total.raw() - done.raw() > LAST { Go::Stop } else { Go::On }
            };
            // To begin anew is not short, and not while the shadow is held.
            if replay.is_behind()? {
                return Err(StoreError::Conflict);
            }
            let taken = Arc::clone(replay.shadow());
            match replay.catch_up(&mut short, &mut Unwatched)? {
                // One that was begun anew is not the one that is to be taken over.
                Done::CaughtUp(..) if !Arc::ptr_eq(&taken, replay.shadow()) => Err(StoreError::Conflict),
                Done::CaughtUp(cursor, mark) => {
                    replay.settle(&self.clock, &mut Unwatched).map(|()| (cursor, mark))
                }
                Done::Stopped => Err(StoreError::Conflict),
            }
        };
        let (adopted, entry) = self.ledger.adopt(&order, last, &say)?;
        self.audit.announce(&entry);
        if let Some(step) = publication.asked.void {
            let what = if step.undo { "taken back" } else { "in force" };
            tracing::info!(
                "the void {} of {} is {what}: {} leads became MQLs by it, {} are none any more",
                step.no,
                site.id,
                adopted.entered,
                adopted.left
            );
            return Ok(adopted);
        }
        tracing::info!(
            "the model {} is live on {}: {} leads became MQLs by it, {} are none any more",
            publication.asked.model,
            site.id,
            adopted.entered,
            adopted.left
        );
        Ok(adopted)
    }

    fn fail(&self, site: &Site, publication: Publication, why: String) -> Result<Step, StoreError> {
        let what = named(&publication);
        tracing::error!("{what} cannot be published on {}: {why}", site.id);
        let act = self.act(&Actor::collector(), Action::PublishFailed, site, &what);
        let ended = Ended { state: PublicationState::Failed, at: act.at, problem: Some(why.clone()) };
        let entry = self.ledger.end_publication(publication.id, &ended, &act)?;
        entry.iter().for_each(|entry| self.audit.announce(entry));
        Ok(Step::Failed(publication, why))
    }

    /// Removes shadows of publications that do not run any more: the process ended before it could.
    fn tidy(&self) -> Result<(), StoreError> {
        for name in self.ledger.shadows()? {
            let Some(id) = name.strip_prefix(SHADOW).and_then(|id| id.parse().ok()) else { continue };
            let runs = |known: Publication| known.state == PublicationState::Running;
            if !self.ledger.publication(id)?.is_some_and(runs) {
                self.ledger.discard_shadow(&name)?;
            }
        }
        Ok(())
    }

    /// Begins whose turn it is anew: what there is of it cannot be used.
    pub(super) fn begin_anew(&self) -> Result<(), StoreError> {
        match self.ledger.next_publication()? {
            Some(publication) => self.ledger.discard_shadow(&shadow_of(publication.id)),
            None => Ok(()),
        }
    }

    /// Ends whose turn it is as one that cannot be done, and makes room: first that, so that the end can be written.
    pub(super) fn give_up(&self, why: &StoreError) -> Result<(), StoreError> {
        let Some(publication) = self.ledger.next_publication()? else { return Ok(()) };
        let Some(site) = self.site(publication.asked.site)? else { return Ok(()) };
        let discarded = self.ledger.discard_shadow(&shadow_of(publication.id));
        self.fail(&site, publication, format!("storage failed again and again: {why}"))?;
        discarded
    }
}
