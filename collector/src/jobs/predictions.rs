//! Predictions on demand. Invariant: they are read from the ledger and never written to it; what is kept in memory
//! of a site is thrown away as soon as people change a lead, somebody is erased or restricted, the scores are by
//! another model, or a day ends.

use super::standing::profile;
use crate::clock::Clock;
use crate::domain::{Cursor, LeadKey, ModelHash, Site, SiteNo, Stage, Timestamp};
use crate::leads::outcome::{Closed, closed};
use crate::leads::{Lead, Transition};
use crate::predict::{CLOSED_MAX, Described, Example, Listed, OPEN_MAX, OfLead, Outlook, describe};
use crate::scoring::Model;
use crate::storage::{Acted, Ledger, StoreError};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

/// For how long an outlook is good while nothing but events came: those of open leads are in the next one.
const FRESH_MS: i64 = 60 * 1000;

/// What an outlook rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Basis {
    generation: i64,
    model: ModelHash,
    /// The day (UTC).
    day: i64,
}

struct Kept {
    basis: Basis,
    cursor: Option<Cursor>,
    outlook: Arc<Outlook>,
}

/// Whether something can be predicted of a lead.
#[derive(Debug)]
pub enum Predicted {
    /// It can.
    Open(Box<OfLead>),
    /// It was won or lost: there is nothing to predict.
    Closed(Closed),
    /// The model of scores rules it out, whatever else is known.
    RuledOut,
    /// It took its consent back: it is neither used nor ranked.
    Withdrawn,
    /// There is too little to learn from.
    TooLittle,
}

/// Predicts, and keeps what it learnt.
#[derive(Clone)]
pub struct Predictions {
    ledger: Arc<dyn Ledger>,
    clock: Clock,
    kept: Arc<Mutex<BTreeMap<SiteNo, Kept>>>,
}

impl Predictions {
    /// From what this ledger keeps.
    pub fn new(ledger: Arc<dyn Ledger>, clock: Clock) -> Self {
        Self { ledger, clock, kept: Arc::default() }
    }

    /// What is known of a site's leads now, in the words of `model`. It learns when that is needed, which may take
    /// seconds; whoever asks at the same time waits for the same answer.
    ///
    /// # Errors
    /// When storage fails.
    pub fn outlook(&self, site: &Site, model: &Model) -> Result<Arc<Outlook>, StoreError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        // Read before the leads are: what changes from here on is another basis.
        let basis = Basis {
            generation: self.ledger.generation()?,
            model: *model.hash(),
            day: now.millis().div_euclid(Timestamp::DAY_MS),
        };
        let cursor = self.ledger.progress()?.map(|(cursor, _)| cursor);
        if let Some(known) = kept.get(&site.no).filter(|known| known.basis == basis) {
            let age = now.millis() - known.outlook.at.millis();
            if known.cursor == cursor || (0..FRESH_MS).contains(&age) {
                return Ok(Arc::clone(&known.outlook));
            }
        }
        let outlook = Arc::new(self.learn(site, model, now)?);
        kept.insert(site.no, Kept { basis, cursor, outlook: Arc::clone(&outlook) });
        Ok(outlook)
    }

    fn learn(&self, site: &Site, model: &Model, now: Timestamp) -> Result<Outlook, StoreError> {
        let (mut examples, mut open) = (Vec::new(), Vec::new());
        let add_open = |open: &mut Vec<(LeadKey, Described)>, lead: &Lead, transitions: &[Transition]| {
            // What the model rules out is not ranked; what people ruled out is closed.
            if lead.stage != Stage::Disqualified && open.len() < OPEN_MAX {
                open.push((lead.key, describe(model, lead, &profile(lead), transitions, now)));
            }
        };
        let by_people = &mut |lead: Lead, transitions: Vec<Transition>| {
            match closed(&transitions) {
                Some(closed) => examples.push(example(model, &lead, &transitions, &closed, now)),
                None => add_open(&mut open, &lead, &transitions),
            }
            if examples.len() < CLOSED_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        self.ledger.histories(site.no, Acted::ByPeople, by_people)?;
        let by_nobody = &mut |lead: Lead, transitions: Vec<Transition>| {
            add_open(&mut open, &lead, &transitions);
            if open.len() < OPEN_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        self.ledger.histories(site.no, Acted::ByNobody, by_nobody)?;
        Ok(Outlook::new(now, examples, open))
    }

    /// What is predicted of one lead, with the outlook that says so.
    ///
    /// # Errors
    /// When storage fails.
    pub fn of_lead(
        &self,
        site: &Site,
        model: &Model,
        lead: &Lead,
        transitions: &[Transition],
    ) -> Result<(Arc<Outlook>, Predicted), StoreError> {
        let outlook = self.outlook(site, model)?;
        let predicted = if let Some(closed) = closed(transitions) {
            Predicted::Closed(closed)
        } else if !self.ledger.restriction(site.no, lead.key)?.is_none() {
            Predicted::Withdrawn
        } else if lead.stage == Stage::Disqualified {
            Predicted::RuledOut
        } else {
            let described = describe(model, lead, &profile(lead), transitions, self.clock.now());
            let of_lead = outlook.of_lead(model, &described);
            of_lead.map_or(Predicted::TooLittle, |of_lead| Predicted::Open(Box::new(of_lead)))
        };
        Ok((outlook, predicted))
    }

    /// The open leads that are likeliest to be won, at most so many, with the outlook that says so.
    ///
    /// # Errors
    /// When storage fails.
    pub fn first(
        &self,
        site: &Site,
        model: &Model,
        limit: usize,
    ) -> Result<(Arc<Outlook>, Vec<Listed>), StoreError> {
        let outlook = self.outlook(site, model)?;
        let mut listed = Vec::new();
        for ranked in outlook.open.iter().take(limit) {
            // One that went or closed since is the next outlook's.
            let Some(lead) = self.ledger.lead(site.no, ranked.lead)? else { continue };
            let transitions = self.ledger.transitions(site.no, ranked.lead)?;
            if closed(&transitions).is_some() || !self.ledger.restriction(site.no, ranked.lead)?.is_none() {
                continue;
            }
            // As it was when it was ranked: what it did since is the next outlook's, too.
            let described = describe(model, &lead, &profile(&lead), &transitions, outlook.at);
            let Some(mut predicted) = outlook.of_lead(model, &described) else { continue };
            predicted.rank = outlook.rank(ranked.log_odds_milli);
            let (key, stage, score) = (lead.key.to_hex(), lead.stage, lead.score.total);
            listed.push(Listed { key, stage, score, predicted });
        }
        Ok((outlook, listed))
    }
}

fn example(
    model: &Model,
    lead: &Lead,
    transitions: &[Transition],
    closed: &Closed,
    now: Timestamp,
) -> Example {
    let (at, won) = match closed {
        Closed::Won { at, .. } => (*at, true),
        Closed::Lost { at } => (*at, false),
    };
    let Described { features, total, .. } = describe(model, lead, &profile(lead), transitions, now);
    Example { at, features, won, total }
}
