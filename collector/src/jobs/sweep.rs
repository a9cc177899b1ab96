//! The sweep: what time does to leads that do nothing. Invariant: it makes no change that the next event would
//! not make, at the same moment and for the same reason; each of its turns is one transaction, and a turn that
//! was not finished is found again. Nothing is swept while events that happened before wait to be scored.

use super::models::{Current, LiveModels};
use super::standing::{Observer, Steps, Unwatched, midnight};
use crate::clock::Clock;
use crate::domain::{Cursor, Site, SiteNo, Timestamp};
use crate::scoring::Model;
use crate::storage::{Changes, Due, EventStore, Ledger, Loaded, StoreError, Turned};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Leads of one transaction: what scoring waits for at most.
const TURN: usize = 100;
/// Leads of one round; the rest waits for the next, a minute later.
const ROUND: usize = 20_000;
/// Events that wait to be scored and are newer do not hold a sweep up.
const FRESH_MS: i64 = 60 * 60 * 1000;

/// Re-evaluates leads whose score is of another day.
#[derive(Clone)]
pub struct Sweep {
    events: Arc<dyn EventStore>,
    ledger: Arc<dyn Ledger>,
    models: LiveModels,
    clock: Clock,
}

impl Sweep {
    /// Over what is scored by `models`.
    pub fn new(
        events: Arc<dyn EventStore>,
        ledger: Arc<dyn Ledger>,
        models: impl Into<LiveModels>,
        clock: Clock,
    ) -> Self {
        Self { events, ledger, models: models.into(), clock }
    }

    /// Brings leads up to the last midnight, at most a round's worth; answers how many those were. What people
    /// did after a lead's last event comes to its place first, where everything was scored anew.
    ///
    /// # Errors
    /// When storage fails; what was committed stays.
    pub fn round(&self) -> Result<usize, StoreError> {
        self.beside_scoring(&mut |_| true)
    }

    /// The same beside a scorer that runs: `rest` is asked between turns whether to go on, and told whether events wait to
    /// be scored. Each turn moves the ledger under the scorer, which then reads anew what it had read; without a rest it
    /// would not come to a commit before the round is over.
    ///
    /// # Errors
    /// As [`Sweep::round`].
    pub fn beside_scoring(&self, rest: &mut dyn FnMut(bool) -> bool) -> Result<usize, StoreError> {
        self.swept(&mut Unwatched, &mut || {
            let scored = self.ledger.progress()?.map_or_else(Cursor::default, |(cursor, _)| cursor);
            Ok(rest(self.events.head()? > scored))
        })
    }

    /// The same, where `observer` sees every score that a stage was judged by.
    pub(super) fn watched(&self, observer: &mut dyn Observer) -> Result<usize, StoreError> {
        self.swept(observer, &mut || Ok(true))
    }

    fn swept(
        &self,
        observer: &mut dyn Observer,
        go_on: &mut dyn FnMut() -> Result<bool, StoreError>,
    ) -> Result<usize, StoreError> {
        let now = self.clock.now();
        if !scored_up_to_now(self.events.as_ref(), self.ledger.as_ref(), self.models.base(), now)? {
            return Ok(0);
        }
        let sites: BTreeMap<SiteNo, Site> =
            self.ledger.sites()?.into_iter().map(|site| (site.no, site)).collect();
        let mut swept = 0;
        for due in [Due::Pending(TURN), Due::Faded(midnight(now), TURN)] {
            while swept < ROUND {
                // Before the models are read: another that is published from here on is found out.
                let generation = self.ledger.generation()?;
                let models = self.models.current(self.ledger.as_ref())?;
                let turn = &mut |loaded: Loaded| match loaded.generation == generation {
                    true => Ok(turned((&models, &sites), loaded, now, &mut *observer)),
                    false => Err(StoreError::Conflict),
                };
                let (count, _) = self.ledger.turn(due, turn)?;
                swept += count;
                if count < TURN {
                    break;
                }
                if !go_on()? {
                    return Ok(swept);
                }
            }
        }
        Ok(swept)
    }
}

fn turned(
    (models, sites): (&Current, &BTreeMap<SiteNo, Site>),
    loaded: Loaded,
    now: Timestamp,
    observer: &mut dyn Observer,
) -> Turned {
    let mut made = Changes::default();
    for (key, mut lead) in loaded.leads {
        // Sites are never taken away; one that is newer than the list is its own next round's.
        let Some(site) = sites.get(&lead.site) else { continue };
        let Changes { transitions, rollups, .. } = &mut made;
        let (model, observer) = (models.of(site.no), &mut *observer);
        let mut steps = Steps { model, site, transitions, rollups, observer };
        let pending = loaded.pending.get(&key).map_or(&[][..], Vec::as_slice);
        let applied = steps.pass(&mut lead, pending, now);
        if lead.scored_at < midnight(now) {
            steps.rescore(&mut lead, midnight(now));
        }
        if applied > 0 {
            made.applied.insert(key, applied);
        }
        made.leads.push(lead);
    }
    Turned { changes: made, act: None }
}

/// Whether the stored leads are by this model and all that happened is in them.
pub(super) fn scored_up_to_now(
    events: &dyn EventStore,
    ledger: &dyn Ledger,
    model: &Model,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let by_it = ledger.progress()?.is_some_and(|(_, scored)| scored == *model.hash());
    Ok(by_it && caught_up(events, ledger, now)?)
}

/// Whether all that happened is scored, by whatever model: not while scores are being made anew.
pub(super) fn caught_up(
    events: &dyn EventStore,
    ledger: &dyn Ledger,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let scored = ledger.progress()?.map_or_else(Cursor::default, |(cursor, _)| cursor);
    let next = events.scan(scored, 1)?;
    Ok(next.first().is_none_or(|next| next.event.at > now.plus_millis(-FRESH_MS)))
}
