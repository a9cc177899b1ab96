//! One lead, changed by somebody. Invariant: what is decided is decided by where the lead stands in the transaction
//! that writes it, by the model that scores it then, with the entry in the audit log; what is refused writes nothing.

use super::stages::Stages;
use crate::domain::{Act, Action, Actor, LeadKey, Site, Timestamp};
use crate::leads::{Lead, Transition};
use crate::scoring::Model;
use crate::storage::{Changes, Due, Loaded, StoreError, Turned};

/// How often a change is tried again when another was made at the same moment.
const TRIES: usize = 20;

/// Why a lead cannot be changed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// There is no such lead.
    Unknown,
    /// It asked not to be processed.
    Restricted,
    /// Scores are being made anew.
    Later,
}

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no such lead",
            Self::Restricted => "this lead asked for its processing to be restricted",
            Self::Later => "scores are being made anew; try again in a minute",
        })
    }
}

/// A lead whose turn it is.
pub(super) struct AtLead<'a> {
    pub(super) model: &'a Model,
    pub(super) lead: Lead,
    /// What people did and a replay has not come to yet, oldest first.
    pub(super) pending: &'a [Transition],
    /// Of the ledger that it was read from: whoever read something of it before asks whether that still holds.
    pub(super) generation: i64,
    pub(super) now: Timestamp,
}

/// What was decided of a lead.
pub(super) struct Decided<T> {
    pub(super) changes: Changes,
    /// What the audit log says of it, besides who and when.
    pub(super) details: serde_json::Value,
    pub(super) answer: T,
}

impl Stages {
    /// Lets `decide` change a lead in the name of `actor`; tried again when another change came between.
    ///
    /// # Errors
    /// When storage fails, or it cannot be recorded: then nothing was changed.
    pub(super) fn decide<T, R: From<Gone>>(
        &self,
        actor: &Actor,
        site: &Site,
        key: LeadKey,
        action: Action,
        decide: &dyn Fn(AtLead<'_>) -> Result<Decided<T>, R>,
    ) -> Result<Result<T, R>, StoreError> {
        for _ in 0..TRIES {
            match self.decide_once(actor, site, key, action, decide) {
                Err(StoreError::Conflict) => {}
                done => return done,
            }
        }
        Ok(Err(Gone::Later.into()))
    }

    /// Whether a lead may be changed, as far as can be told before its turn.
    fn gone(&self, site: &Site, key: LeadKey) -> Result<Option<Gone>, StoreError> {
        if !self.ready()? {
            return Ok(Some(Gone::Later));
        }
        if self.ledger.restriction(site.no, key)?.restricted.is_some() {
            return Ok(Some(Gone::Restricted));
        }
        Ok(self.ledger.lead(site.no, key)?.is_none().then_some(Gone::Unknown))
    }

    fn decide_once<T, R: From<Gone>>(
        &self,
        actor: &Actor,
        site: &Site,
        key: LeadKey,
        action: Action,
        decide: &dyn Fn(AtLead<'_>) -> Result<Decided<T>, R>,
    ) -> Result<Result<T, R>, StoreError> {
        if let Some(gone) = self.gone(site, key)? {
            return Ok(Err(gone.into()));
        }
        let now = self.now();
        let reference = self.ledger.reference(site.no, key)?;
        // Before the model is read: another that is published from here on is found out.
        let generation = self.ledger.generation()?;
        let model = self.model(site)?;
        let mut answer = Err(Gone::Unknown.into());
        let turn = &mut |loaded: Loaded| {
            let Loaded { leads, restrictions, pending, generation: found, .. } = loaded;
            if found != generation {
                return Err(StoreError::Conflict);
            }
            let restricted = restrictions.get(&key).is_some_and(|asked| asked.restricted.is_some());
            let pending = pending.get(&key).map_or(&[][..], Vec::as_slice);
            let lead = leads.into_values().next().filter(|_| !restricted);
            let decided = lead
                .ok_or_else(|| Gone::Restricted.into())
                .and_then(|lead| decide(AtLead { model: &model, lead, pending, generation, now }));
            match decided {
                Ok(Decided { changes, details, answer: made }) => {
                    answer = Ok(made);
                    let act = Act {
                        at: now,
                        actor: actor.clone(),
                        action,
                        site: Some(site.id.clone()),
                        subject: Some(reference),
                        details: details.to_string(),
                    };
                    Ok(Turned { changes, act: Some(act) })
                }
                Err(refused) => {
                    answer = Err(refused);
                    Ok(Turned::default())
                }
            }
        };
        let (_, entry) = self.ledger.turn(Due::One(site.no, key), turn)?;
        entry.iter().for_each(|entry| self.audit.announce(entry));
        Ok(answer)
    }
}
