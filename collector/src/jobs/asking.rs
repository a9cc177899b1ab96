//! What a lead may be asked for. Invariant: asking writes nothing; what a site's leads answered is counted at most
//! once in ten minutes, however often somebody asks.

use super::standing::profile;
use crate::domain::{ModelHash, Site, SiteNo, Timestamp};
use crate::leads::Lead;
use crate::scoring::{Answers, Ask, Model};
use crate::storage::{KnownQuery, Ledger, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Days of leads whose answers are counted.
const DAYS: i64 = 90;
/// How long a count is good for.
const FRESH_MS: i64 = 10 * 60 * 1000;

/// Says what is worth asking.
#[derive(Clone)]
pub struct Asking {
    ledger: Arc<dyn Ledger>,
    counted: Arc<Mutex<BTreeMap<SiteNo, Counted>>>,
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
        Self { ledger, counted: Arc::default() }
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
        let answers = self.answers(model, site, now)?;
        Ok(model.worth_asking(&lead.hits, &profile(lead), now, &answers))
    }

    /// What the leads of the last ninety days answered. Who asks while it is counted waits for it.
    fn answers(&self, model: &Model, site: &Site, now: Timestamp) -> Result<Arc<Answers>, StoreError> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let good = |known: &&Counted| {
            known.model == *model.hash() && (0..FRESH_MS).contains(&(now.millis() - known.at.millis()))
        };
        if let Some(known) = counted.get(&site.no).filter(good) {
            return Ok(Arc::clone(&known.answers));
        }
        let mut answers = model.answers();
        let from = now.plus_days(-DAYS);
        let query = KnownQuery { site: site.no, from, before: now.plus_millis(1) };
        self.ledger.each_known(&query, &mut |lead| model.add_answers(&mut answers, &profile(&lead)))?;
        let answers = Arc::new(answers);
        let known = Counted { model: *model.hash(), at: now, answers: Arc::clone(&answers) };
        counted.insert(site.no, known);
        Ok(answers)
    }
}
