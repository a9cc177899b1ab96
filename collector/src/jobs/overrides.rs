//! What people say of a lead against its score. Invariant: an override is given or ended in the transaction that
//! scores the lead with it, makes the change of stage that follows and has the entry in the audit log: of two at a
//! time both hold. What somebody writes is searched for personal data.

use super::by_people::{AtLead, Decided, Gone};
use super::stages::{Stages, searched};
use super::standing::{Steps, Unwatched};
use crate::domain::{Action, Actor, Effect, Ended, LeadKey, Override, Score, Site, Stage, Text, Timestamp};
use crate::leads::Lead;
use crate::storage::{Changes, StoreError};

/// What somebody says of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What it does.
    pub effect: Effect,
    /// When it expires.
    pub until: Timestamp,
    /// Why, in their words; never empty.
    pub reason: Text<300>,
}

/// An override that was given or ended, and where that puts the lead.
#[derive(Debug, Clone)]
pub struct Done {
    /// The override as it is now.
    pub given: Override,
    /// Where the lead stands.
    pub stage: Stage,
    /// Its score.
    pub score: Score,
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The lead cannot be changed at all.
    Gone(Gone),
    /// It is not to expire when it may.
    Until,
    /// There is no reason.
    Reason,
    /// The lead has as many as it can.
    Full,
    /// It has none of that number.
    NoSuch,
    /// It is over since this moment.
    Over(Timestamp),
}

impl From<Gone> for Refused {
    fn from(gone: Gone) -> Self {
        Self::Gone(gone)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gone(gone) => gone.fmt(f),
            Self::Until => {
                let days = Override::MOST_DAYS;
                write!(f, "until: a moment that is to come, at most {days} days from now")
            }
            Self::Reason => f.write_str("reason: say why, in a few words; it stands in the explanation"),
            Self::Full => write!(f, "a lead has at most {} overrides, and this one has them", Override::MOST),
            Self::NoSuch => f.write_str("this lead has no override of that number"),
            Self::Over(at) => write!(f, "this override is over since {at}"),
        }
    }
}

impl Stages {
    /// What people said of a lead, by number, those included that are over.
    ///
    /// # Errors
    /// When storage fails.
    pub fn overrides(&self, site: &Site, key: LeadKey) -> Result<Result<Vec<Override>, Refused>, StoreError> {
        if self.ledger.restriction(site.no, key)?.restricted.is_some() {
            return Ok(Err(Refused::Gone(Gone::Restricted)));
        }
        Ok(self.ledger.lead(site.no, key)?.map(|lead| lead.overrides).ok_or(Refused::Gone(Gone::Unknown)))
    }

    /// The same for somebody who looks at the lead, which is recorded before they see it.
    ///
    /// # Errors
    /// When storage fails, or it cannot be recorded: then nothing is shown.
    pub fn look(
        &self,
        actor: &Actor,
        site: &Site,
        key: LeadKey,
    ) -> Result<Result<Vec<Override>, Refused>, StoreError> {
        let found = self.overrides(site, key)?;
        if found.is_ok() {
            self.audit.lead_viewed(actor, site, key)?;
        }
        Ok(found)
    }

    /// Gives an override; it counts from now on.
    ///
    /// # Errors
    /// When storage fails, or it cannot be recorded: then nothing was changed.
    pub fn give(
        &self,
        actor: &Actor,
        site: &Site,
        key: LeadKey,
        asked: &Asked,
    ) -> Result<Result<Done, Refused>, StoreError> {
        let reason: Text<300> = Text::clean(&searched(&asked.reason));
        let decide = |lead: &mut Lead, now: Timestamp| {
            if asked.until <= now || asked.until > now.plus_days(Override::MOST_DAYS) {
                return Err(Refused::Until);
            }
            if reason.is_empty() {
                return Err(Refused::Reason);
            }
            if lead.overrides.len() >= Override::MOST {
                return Err(Refused::Full);
            }
            let given = Override {
                no: lead.overrides.iter().map(|given| given.no).max().unwrap_or(0) + 1,
                effect: asked.effect,
                from: now,
                until: asked.until,
                reason: reason.clone(),
                actor: actor.clone(),
                ended: None,
            };
            lead.overrides.push(given.clone());
            Ok(given)
        };
        self.say(actor, site, key, Action::LeadOverrideGiven, &decide)
    }

    /// Ends an override before its time; it stays where it is, with its end.
    ///
    /// # Errors
    /// When storage fails, or it cannot be recorded: then nothing was changed.
    pub fn end(
        &self,
        actor: &Actor,
        site: &Site,
        key: LeadKey,
        no: u32,
    ) -> Result<Result<Done, Refused>, StoreError> {
        let decide = |lead: &mut Lead, now: Timestamp| {
            let given = lead.overrides.iter_mut().find(|given| given.no == no).ok_or(Refused::NoSuch)?;
            if given.over_at() <= now {
                return Err(Refused::Over(given.over_at()));
            }
            given.ended = Some(Ended { at: now, by: actor.clone() });
            Ok(given.clone())
        };
        self.say(actor, site, key, Action::LeadOverrideEnded, &decide)
    }

    /// Lets `change` change a lead's overrides now, and scores the lead by them.
    fn say(
        &self,
        actor: &Actor,
        site: &Site,
        key: LeadKey,
        action: Action,
        change: &dyn Fn(&mut Lead, Timestamp) -> Result<Override, Refused>,
    ) -> Result<Result<Done, Refused>, StoreError> {
        let decide = |at: AtLead<'_>| {
            let AtLead { model, mut lead, pending, now, .. } = at;
            let given = change(&mut lead, now)?;
            let mut changes = Changes::default();
            let Changes { transitions, rollups, .. } = &mut changes;
            let mut steps = Steps { model, site, transitions, rollups, observer: &mut Unwatched };
            let applied = steps.pass(&mut lead, pending, now);
            let as_of = now.max(lead.scored_at);
            steps.score(&mut lead, now, as_of);
            if applied > 0 {
                changes.applied.insert(key, applied);
            }
            let answer = Done { given: given.clone(), stage: lead.stage, score: lead.score };
            let details = serde_json::json!({
                "override": given.no, "effect": given.effect, "points": given.effect.points(), "until": given.until,
            });
            changes.overrides.push((key, site.no, given));
            changes.leads.push(lead);
            Ok(Decided { changes, details, answer })
        };
        self.decide(actor, site, key, action, &decide)
    }
}
