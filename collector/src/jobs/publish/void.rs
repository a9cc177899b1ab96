//! Voiding what came from an attack. Invariant: which events a void takes out is settled when it is asked for; it
//! comes in force, and is taken back, by a publication of the model that is live.

use super::picked::{Picked, pick};
use super::{Publisher, Refused};
use crate::domain::{Action, Actor, Cursor, Invalid, LeadKey, Selection, Site, Text};
use crate::jobs::stages::searched;
use crate::jobs::sweep::caught_up;
use crate::leads::Transition;
use crate::storage::{
    Earlier, NewPublication, NewVoid, Publication, PublicationState, StoreError, Void, VoidState, VoidStep,
};
use serde_json::json;
use std::time::{Duration, Instant};

/// So long it is waited for the scorer to come to what has just arrived: it looks ten times a second.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(20);

/// What is asked for.
#[derive(Debug, Clone)]
pub struct AskedVoid {
    /// Which events.
    pub selection: Selection,
    /// Why.
    pub reason: Text<300>,
    /// Whether leads may go that people said something of.
    pub worked_on: bool,
}

/// Why events are not voided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotVoided {
    /// The selection is wrong.
    Selection(Invalid),
    /// There is no such event.
    Nothing,
    /// Leads would go that people said something of, so many.
    WorkedOn(u64),
    /// Scores are being made anew: whom it would take out is not known.
    Later,
}

impl std::fmt::Display for NotVoided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Selection(wrong) => write!(f, "{}", wrong.0),
            Self::Nothing => f.write_str("no stored event is like that"),
            Self::WorkedOn(leads) => write!(
                f,
                "{leads} of the leads that would go are such as people said something of; look at them, or say that \
                 they may go, too: what was said of them is kept, and stands again if the void is taken back"
            ),
            Self::Later => f.write_str(
                "scores are being made anew, so whom this would take out is not known yet; try again in a minute",
            ),
        }
    }
}

/// A lead of which nothing counts any more.
#[derive(Debug, Clone)]
pub struct VoidLead {
    /// Its key.
    pub key: LeadKey,
    /// What sales was told of it.
    pub told: Vec<Earlier>,
    /// What people made of it.
    pub said: Vec<Transition>,
}

impl Publisher {
    /// What a selection means.
    ///
    /// # Errors
    /// When storage fails; inside, what is wrong with the selection, or that nobody can say yet.
    pub fn pick(&self, site: &Site, selection: &Selection) -> Result<Result<Picked, NotVoided>, StoreError> {
        let (events, ledger, now) = (self.events.as_ref(), self.ledger.as_ref(), self.clock.now());
        let end = events.head()?;
        let first = self.is_scored(end, PATIENCE)?;
        let picked = pick(events, ledger, site, selection, now)?;
        // After what was read, too: leads that are not made again yet were missed.
        if picked.is_ok() && !(first && self.is_scored(end, Duration::ZERO)?) {
            return Ok(Err(NotVoided::Later));
        }
        Ok(picked.map_err(NotVoided::Selection))
    }

    /// Whether what lies up to `end` is scored, or will be in so much time. Under an attack there is always something that
    /// is not, and how old that is was said by whoever sent it; so it is asked by place.
    pub(in crate::jobs) fn is_scored(&self, end: Cursor, patience: Duration) -> Result<bool, StoreError> {
        let began = Instant::now();
        loop {
            let scored = self.ledger.progress()?.is_some_and(|(cursor, _)| cursor >= end);
            if scored || caught_up(self.events.as_ref(), self.ledger.as_ref(), self.clock.now())? {
                return Ok(true);
            }
            if began.elapsed() >= patience {
                return Ok(false);
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Asks for events to be voided; the thread scores everything else anew.
    ///
    /// # Errors
    /// When storage fails: then nothing was noted.
    pub fn void(
        &self,
        actor: &Actor,
        site: &Site,
        asked: &AskedVoid,
    ) -> Result<Result<(Void, Publication, Picked), NotVoided>, StoreError> {
        let picked = match self.pick(site, &asked.selection)? {
            Err(why) => return Ok(Err(why)),
            Ok(picked) if picked.events == 0 => return Ok(Err(NotVoided::Nothing)),
            Ok(picked) if picked.worked_on > 0 && !asked.worked_on => {
                return Ok(Err(NotVoided::WorkedOn(picked.worked_on)));
            }
            Ok(picked) => picked,
        };
        let new = NewVoid {
            site: site.no,
            selection: asked.selection.clone(),
            reason: Text::clean(&searched(&asked.reason)),
            asked_at: self.clock.now(),
            by: actor.clone(),
            events: picked.events,
        };
        let say = |no: &i64| {
            let details = json!({
                "void": no, "reason": new.reason, "from": new.selection.from, "to": new.selection.to,
                "only": new.selection.only, "events": picked.events, "visitors": picked.visitors,
                "leads": picked.leads, "mqls": picked.mqls, "worked_on": picked.worked_on,
            });
            self.act(actor, Action::VoidAsked, site, &details)
        };
        let live = self.live_hash(site)?;
        let (void, publication, entry) = self.ledger.ask_void(&new, &picked.places, live, &say)?;
        self.audit.announce(&entry);
        self.bell.ring();
        Ok(Ok((void, publication, picked)))
    }

    /// Takes a void back: one that waits is cancelled, one in force goes by another publication. Answers that
    /// publication.
    ///
    /// # Errors
    /// When storage fails: then nothing was changed.
    pub fn undo_void(
        &self,
        actor: &Actor,
        site: &Site,
        no: i64,
    ) -> Result<Result<Publication, Refused>, StoreError> {
        let Some(void) = self.ledger.voids(site.no)?.into_iter().find(|void| void.no == no) else {
            return Ok(Err(Refused::NoVoid));
        };
        match void.state {
            VoidState::Undone | VoidState::Dropped => return Ok(Err(Refused::NotInForce(void.state))),
            VoidState::Asked => {
                let of_it = |known: &Publication| known.asked.void.is_some_and(|step| step.no == no);
                let publications = self.ledger.publications(site.no)?;
                let running = |known: &Publication| known.state == PublicationState::Running;
                return match publications.into_iter().find(|known| of_it(known) && running(known)) {
                    Some(known) => self.cancel(actor, site, known.id),
                    // It came in force this moment.
                    None => Ok(Err(Refused::Publishing)),
                };
            }
            VoidState::InForce => {}
        }
        let new = NewPublication {
            site: site.no,
            model: self.live_hash(site)?,
            asked_at: self.clock.now(),
            by: actor.clone(),
            announce: false,
            void: Some(VoidStep { no, undo: true }),
        };
        let act = self.act(actor, Action::VoidUndoAsked, site, &json!({ "void": no }));
        match self.ledger.ask_publication(&new, &act) {
            Err(StoreError::Conflict) => Ok(Err(Refused::Publishing)),
            other => {
                let (publication, entry) = other?;
                self.audit.announce(&entry);
                self.bell.ring();
                Ok(Ok(publication))
            }
        }
    }

    /// A site's voids, newest first, each with its newest publication.
    ///
    /// # Errors
    /// When storage fails.
    pub fn voids(&self, site: &Site) -> Result<Vec<(Void, Option<Publication>)>, StoreError> {
        let publications = self.ledger.publications(site.no)?;
        let newest = |no: i64| {
            let of_it = |known: &&Publication| known.asked.void.is_some_and(|step| step.no == no);
            publications.iter().find(of_it).cloned()
        };
        Ok(self
            .ledger
            .voids(site.no)?
            .into_iter()
            .map(|void| (newest(void.no), void))
            .map(|(p, v)| (v, p))
            .collect())
    }

    /// Leads of which nothing counts any more, and what was told and said of them; at most `limit`.
    ///
    /// # Errors
    /// When storage fails.
    pub fn void_leads(&self, site: &Site, limit: usize) -> Result<Vec<VoidLead>, StoreError> {
        let keys = self.ledger.void_leads(site.no, limit)?.into_iter();
        let read = keys.map(|key| {
            let mut said = self.ledger.transitions(site.no, key)?;
            said.retain(Transition::by_people);
            Ok(VoidLead { key, told: self.ledger.earlier(site.no, key)?, said })
        });
        read.collect()
    }
}
