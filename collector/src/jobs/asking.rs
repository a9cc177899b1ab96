//! What a lead may be asked for. Invariant: asking writes nothing; what a site's leads answered is counted at most
//! once in ten minutes, however often somebody asks.

use super::standing::profile;
use crate::domain::{LeadKey, ModelHash, Site, SiteNo, Timestamp, VisitorId};
use crate::leads::Lead;
use crate::scoring::{Answers, Ask, Model};
use crate::storage::{KnownQuery, Ledger, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// Days of leads whose answers are counted.
const DAYS: i64 = 90;
/// How long a count is good for.
const FRESH_MS: i64 = 10 * 60 * 1000;

/// Says what is worth asking.
#[derive(Clone)]
pub struct Asking {
    ledger: Arc<dyn Ledger>,
    counted: Arc<Mutex<BTreeMap<SiteNo, Counted>>>,
    /// Held by whoever counts.
    counting: Arc<Mutex<()>>,
}

/// By what somebody may be recognised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recognised {
    /// The lead of a token that the site signed.
    pub lead: Option<LeadKey>,
    /// The day's pseudonym.
    pub visitor: Option<VisitorId>,
}

/// What a site's leads answered, as it stood at a moment.
struct Counted {
    model: ModelHash,
    at: Timestamp,
    answers: Arc<Answers>,
}

impl Asking {
    /// Over these leads.
    pub fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self { ledger, counted: Arc::default(), counting: Arc::default() }
    }

    /// What to ask `lead` for: see [`Model::worth_asking`].
    ///
    /// # Errors
    /// When storage fails.
    pub fn of(
        &self,
        model: &Model,
        site: &Site,
        lead: &Lead,
        now: Timestamp,
    ) -> Result<Vec<Ask>, StoreError> {
        let answers = match self.known(model, site, now) {
            Some(known) => known,
            None => {
                self.count(self.counting.lock().unwrap_or_else(PoisonError::into_inner), model, site, now)?
            }
        };
        Ok(model.worth_asking(&lead.hits, &profile(lead), now, &answers, &|_| true))
    }

    /// The fields that a form of whoever this is may ask for, of those that the site lets forms ask for: nothing
    /// unless it is a lead that asked for nothing against it. What is read is the same for everybody, so that the
    /// time it takes tells next to nothing of who was recognised. While somebody counts what leads answered, forms
    /// ask for nothing and do not wait: strangers send them, as many as they like.
    ///
    /// # Errors
    /// When storage fails.
    pub fn of_form(
        &self,
        model: &Model,
        site: &Site,
        who: Recognised,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        if site.policy.ask.is_empty() {
            return Ok(Vec::new());
        }
        let answers = match self.known(model, site, now) {
            Some(known) => known,
            None => match self.counting.try_lock() {
                Ok(turn) => self.count(turn, model, site, now)?,
                Err(TryLockError::Poisoned(turn)) => self.count(turn.into_inner(), model, site, now)?,
                Err(TryLockError::WouldBlock) => return Ok(Vec::new()),
            },
        };
        let loaded = self.ledger.load(&Vec::from_iter(who.visitor), &Vec::from_iter(who.lead))?;
        let visit = who.visitor.and_then(|visitor| loaded.visits.get(&visitor));
        // Whoever only said that they are a lead that is verified is told nothing of it.
        let verified = |key: &LeadKey| loaded.leads.get(key).is_some_and(|lead| lead.verified_at.is_some());
        let tied = visit.and_then(|visit| visit.lead.filter(|key| visit.proven || !verified(key)));
        let tied = tied.filter(|_| site.policy.link_same_day);
        let Some(key) = who.lead.or(tied) else { return Ok(Vec::new()) };
        let asked = loaded.restrictions.get(&key).is_some_and(|restriction| !restriction.is_none());
        let lead = loaded.leads.get(&key).filter(|lead| lead.site == site.no && !asked);
        let Some(lead) = lead else { return Ok(Vec::new()) };
        let among = |field: &str| site.policy.ask.iter().any(|allowed| allowed == field);
        let asks = model.worth_asking(&lead.hits, &profile(lead), now, &answers, &among);
        Ok(asks.into_iter().map(|ask| ask.attribute).collect())
    }

    /// What was counted by this model within [`FRESH_MS`].
    fn known(&self, model: &Model, site: &Site, now: Timestamp) -> Option<Arc<Answers>> {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let good = |known: &&Counted| {
            known.model == *model.hash() && (0..FRESH_MS).contains(&(now.millis() - known.at.millis()))
        };
        counted.get(&site.no).filter(good).map(|known| Arc::clone(&known.answers))
    }

    /// Counts what the leads of the last ninety days answered, in `turn`, unless that was done while it was waited for.
    fn count(
        &self,
        _turn: MutexGuard<'_, ()>,
        model: &Model,
        site: &Site,
        now: Timestamp,
    ) -> Result<Arc<Answers>, StoreError> {
        if let Some(known) = self.known(model, site, now) {
            return Ok(known);
        }
        let mut answers = model.answers();
        let from = now.plus_days(-DAYS);
        let query = KnownQuery { site: site.no, from, before: now.plus_millis(1) };
        self.ledger.each_known(&query, &mut |lead| model.add_answers(&mut answers, &profile(&lead)))?;
        let answers = Arc::new(answers);
        let known = Counted { model: *model.hash(), at: now, answers: Arc::clone(&answers) };
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).insert(site.no, known);
        Ok(answers)
    }
}

#[cfg(test)]
impl Asking {
    /// As if somebody counted.
    pub(super) fn take_turn(&self) -> MutexGuard<'_, ()> {
        self.counting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
