//! What people make of leads: sales accepts, wins, loses, hands back. Invariant: a change is judged by where the
//! lead stands in the transaction that writes it, with the entry in the audit log; of two who change it at a time
//! one is first, and the other is told where it stands now. What somebody writes is searched for personal data.

pub use super::by_people::Gone;
use super::by_people::{AtLead, Decided};
use super::models::LiveModels;
use super::past::{Engaged, Past};
use super::standing::{Steps, Unwatched, lines};
use super::sweep::{Sweep, scored_up_to_now};
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Action, Actor, LeadKey, Money, Site, SiteId, Stage, Text, Timestamp, printable};
use crate::leads::lifecycle::{self, Illegal, Kind};
use crate::leads::{Lead, Transition};
use crate::privacy::redact;
use crate::scoring::Model;
use crate::storage::{Changes, EventStore, Ledger, StoreError};
use std::sync::Arc;

/// What somebody says of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Where it goes.
    pub to: Stage,
    /// Where they saw it; nothing asks for no comparison.
    pub seen: Option<Stage>,
    /// Why, in their words.
    pub reason: Text<300>,
    /// When; nothing is now.
    pub at: Option<Timestamp>,
    /// What was won.
    pub amount: Option<Money>,
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The lead cannot be changed at all.
    Gone(Gone),
    /// Somebody was first: it stands elsewhere.
    Elsewhere(Stage),
    /// It cannot go there.
    Illegal(Illegal),
    /// The moment cannot be.
    Moment(String),
    /// An amount is of what was won.
    Amount,
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
            Self::Elsewhere(stage) => {
                write!(f, "somebody changed it in the meantime: the lead is {} now", stage.name())
            }
            Self::Illegal(illegal) => illegal.fmt(f),
            Self::Moment(sentence) => f.write_str(sentence),
            Self::Amount => f.write_str("an amount is of what was won: only with the stage customer"),
        }
    }
}

/// A lead as it was at a moment, read before it is its turn.
struct Brought {
    generation: i64,
    lead: Lead,
    then: Lead,
}

impl Brought {
    /// Whether `lead` is still the one that was read.
    fn holds(&self, lead: &Lead, generation: i64) -> bool {
        let of = |lead: &Lead| (lead.last_seen, lead.touches.clone(), lead.last.clone());
        self.generation == generation && of(&self.lead) == of(lead)
    }
}

/// Makes the changes that people ask for.
#[derive(Clone)]
pub struct Stages {
    events: Arc<dyn EventStore>,
    pub(super) ledger: Arc<dyn Ledger>,
    models: LiveModels,
    pub(super) audit: Arc<Recorder>,
    past: Past,
    clock: Clock,
}

impl Stages {
    /// Over leads that are scored by `models`.
    pub fn new(
        events: Arc<dyn EventStore>,
        ledger: Arc<dyn Ledger>,
        models: impl Into<LiveModels>,
        audit: Arc<Recorder>,
        clock: Clock,
    ) -> Self {
        let past = Past::new(Arc::clone(&events), Arc::clone(&ledger));
        Self { events, ledger, models: models.into(), audit, past, clock }
    }

    /// What lets time pass for the same leads.
    pub fn sweep(&self) -> Sweep {
        let (events, ledger) = (Arc::clone(&self.events), Arc::clone(&self.ledger));
        Sweep::new(events, ledger, self.models.clone(), self.clock.clone())
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether changes can be made: every score is by this model and up to date.
    ///
    /// # Errors
    /// When storage fails.
    pub fn ready(&self) -> Result<bool, StoreError> {
        scored_up_to_now(self.events.as_ref(), self.ledger.as_ref(), self.models.base(), self.now())
    }

    /// The lead of this key, if it may be changed.
    ///
    /// # Errors
    /// When storage fails.
    pub fn lead(&self, site: &Site, key: LeadKey) -> Result<Result<Lead, Refused>, StoreError> {
        if self.ledger.restriction(site.no, key)?.restricted.is_some() {
            return Ok(Err(Refused::Gone(Gone::Restricted)));
        }
        Ok(self.ledger.lead(site.no, key)?.ok_or(Refused::Gone(Gone::Unknown)))
    }

    /// The site of this name.
    ///
    /// # Errors
    /// When storage fails.
    pub fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        Ok(self.ledger.sites()?.into_iter().find(|site| site.id == *id))
    }

    /// The model that scores the site's leads.
    pub(super) fn model(&self, site: &Site) -> Result<Arc<Model>, StoreError> {
        self.models.of(self.ledger.as_ref(), site.no)
    }

    /// What was made of a lead so far.
    pub(super) fn made(&self, site: &Site, key: LeadKey) -> Result<Vec<Transition>, StoreError> {
        self.ledger.transitions(site.no, key)
    }

    /// Changes a lead's stage.
    ///
    /// # Errors
    /// When storage fails, or it cannot be recorded: then nothing was changed.
    pub fn change(
        &self,
        actor: &Actor,
        site: &Site,
        key: LeadKey,
        asked: &Asked,
    ) -> Result<Result<Transition, Refused>, StoreError> {
        let brought = match self.brought(site, key, asked)? {
            Ok(brought) => brought,
            Err(refused) => return Ok(Err(refused)),
        };
        let decide = |at: AtLead<'_>| {
            let AtLead { model, mut lead, pending, generation, now } = at;
            // What was read of it before its turn holds while nothing of it was taken, remade or added.
            let brought = match &brought {
                Some(read) if !read.holds(&lead, generation) => return Err(Refused::Gone(Gone::Later)),
                read => read.as_ref().map(|read| &read.then),
            };
            let mut changes = Changes::default();
            let Changes { transitions, rollups, .. } = &mut changes;
            let mut steps = Steps { model, site, transitions, rollups, observer: &mut Unwatched };
            // Where it stands at that moment, as a replay will find it: the sweep may not have come by.
            let applied = steps.pass(&mut lead, pending, asked.at.unwrap_or(now).min(now));
            let made = self.judged(model, actor, site, &lead, asked, now)?;
            if let (None, Some(was)) = (&lead.qualified, brought) {
                lead.touches.clone_from(&was.touches);
                lead.last.clone_from(&was.last);
            }
            steps.enter(&mut lead, &made);
            steps.transitions.push(made.clone());
            steps.since(&mut lead, made.at);
            if applied > 0 {
                changes.applied.insert(key, applied);
            }
            changes.leads.push(lead);
            let details = serde_json::json!({
                "from": made.from, "to": made.to, "at": made.at,
                "amount": made.amount.as_ref().map(|amount| amount.minor),
                "currency": made.amount.as_ref().map(|amount| &amount.currency),
            });
            Ok(Decided { changes, details, answer: made })
        };
        self.decide(actor, site, key, Action::LeadStageChanged, &decide)
    }

    /// The lead as it was when it became an MQL, where that is dated back to before its newest event: what came later
    /// did not bring it. Nothing where its touches are those of now, or events of then are gone.
    fn brought(
        &self,
        site: &Site,
        key: LeadKey,
        asked: &Asked,
    ) -> Result<Result<Option<Brought>, Refused>, StoreError> {
        let (Some(at), Stage::Mql) = (asked.at, asked.to) else { return Ok(Ok(None)) };
        let generation = self.ledger.generation()?;
        let open = |lead: &Lead| lead.qualified.is_none() && at < lead.last_seen;
        let Some(lead) = self.ledger.lead(site.no, key)?.filter(open) else { return Ok(Ok(None)) };
        let (model, transitions) = (self.model(site)?, self.made(site, key)?);
        match self.past.at(&model, site, &lead, &transitions, at, self.now())? {
            Ok(then) => {
                let exact = then.lead.filter(|_| then.inexact_because.is_none());
                Ok(Ok(exact.map(|then| Brought { generation, lead, then })))
            }
            Err(Engaged) => Ok(Err(Refused::Gone(Gone::Later))),
        }
    }

    /// The change that is asked for, if `lead`, scored by `model`, may make it.
    ///
    /// # Errors
    /// Why not.
    pub fn judged(
        &self,
        model: &Model,
        actor: &Actor,
        site: &Site,
        lead: &Lead,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Transition, Refused> {
        if asked.seen.is_some_and(|seen| seen != lead.stage) {
            return Err(Refused::Elsewhere(lead.stage));
        }
        let to = asked.to;
        let words = lifecycle::check(Kind::People, lead.stage, to).map_err(Refused::Illegal)?;
        if asked.amount.is_some() && to != Stage::Customer {
            return Err(Refused::Amount);
        }
        let at = asked.at.unwrap_or(now).min(now);
        if asked.at.is_some_and(|at| at > now) {
            return Err(Refused::Moment("at: it lies in the future".to_owned()));
        }
        if at < lead.stage_at {
            let since = lead.stage_at;
            let stage = lead.stage.name();
            return Err(Refused::Moment(format!("at: the lead is {stage} since {since}, which is later")));
        }
        let said = searched(&asked.reason);
        let evaluation = model.evaluate(&lead.hits, &super::standing::profile(lead), at.max(lead.scored_at));
        Ok(Transition {
            lead: lead.key,
            site: site.no,
            at,
            from: lead.stage,
            to,
            reason: if said.is_empty() { words.to_owned() } else { format!("{words}: {said}") },
            actor: actor.clone(),
            amount: asked.amount.clone(),
            score: evaluation.score(),
            model: *model.hash(),
            lines: lines(&evaluation),
            rules: Vec::new(),
        })
    }
}

/// What somebody wrote, without what names a person.
pub(super) fn searched(words: &Text<300>) -> String {
    let printed = printable(words.as_str());
    let (said, _) = redact(&printed);
    said.trim().to_owned()
}
