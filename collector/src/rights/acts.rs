//! Restrict, withdraw, erase. Invariant: events go first and the ledger after them, in one transaction with the
//! entry that says so; done twice, an act finishes what the first left; a dry run is the same act, rolled back.

use super::{Counts, Known, Unreached, counted, counts, not_consented, reach};
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{
    Act, Action, Actor, Date, Entry, LeadKey, Receipt, ReceiptEntry, Reference, Site, SiteId, Timestamp,
    Touch, to_hex,
};
use crate::jobs::models::LiveModels;
use crate::jobs::score::refold;
use crate::leads::Origin;
use crate::scoring::Model;
use crate::storage::counting::Rollups;
use crate::storage::{
    Attribution, Changes, EraseEvents, ErasedEvents, EventStore, Ledger, Logged, Remade, Standing,
    StoreError, TakeBack, TakenBack, random,
};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

/// Answers people's requests.
pub struct Service {
    pub(super) events: Arc<dyn EventStore>,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) models: LiveModels,
    pub(super) audit: Arc<Recorder>,
    pub(super) clock: Clock,
}

/// What was done, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct Done {
    /// What.
    pub action: &'static str,
    /// Whether it was only counted.
    pub dry_run: bool,
    /// The site.
    pub site: String,
    /// What stood for the lead in the audit log.
    pub reference: Option<String>,
    /// How much of what went.
    pub counts: Counts,
    /// What still holds the person, or may.
    pub cannot_reach: Vec<Unreached>,
    /// What proves it; none of a dry run.
    pub receipt: Option<Receipt>,
}

/// What taking back leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaves {
    /// Nothing at all.
    Nothing,
    /// What rests on another basis than consent, and that consent was taken back.
    OtherBases,
}

/// Who does what to whom.
struct Request<'a> {
    actor: &'a Actor,
    site: &'a Site,
    action: Action,
    receipt: String,
    reference: Option<Reference>,
    now: Timestamp,
    dry_run: bool,
}

impl Request<'_> {
    /// The entry to be.
    fn act(&self, counts: &Counts) -> Act {
        Act {
            at: self.now,
            actor: self.actor.clone(),
            action: self.action,
            site: Some(self.site.id.clone()),
            subject: self.reference,
            details: json!({ "receipt": self.receipt, "counts": counts }).to_string(),
        }
    }

    fn done(&self, counts: Counts, entry: Option<Entry>, cannot_reach: Vec<Unreached>) -> Done {
        let receipt = entry.map(|entry| Receipt {
            receipt: self.receipt.clone(),
            action: entry.action,
            site: self.site.id.to_string(),
            at: entry.at,
            counts: counts.clone(),
            entry: ReceiptEntry { seq: entry.seq, hash: to_hex(&entry.hash) },
        });
        Done {
            action: self.action.name(),
            dry_run: self.dry_run,
            site: self.site.id.to_string(),
            reference: self.reference.map(|reference| reference.to_string()),
            counts,
            cannot_reach,
            receipt,
        }
    }
}

impl Service {
    /// On these stores, by these models.
    pub fn new(
        events: Arc<dyn EventStore>,
        ledger: Arc<dyn Ledger>,
        models: impl Into<LiveModels>,
        audit: Arc<Recorder>,
        clock: Clock,
    ) -> Self {
        Self { events, ledger, models: models.into(), audit, clock }
    }

    /// The site of this name.
    ///
    /// # Errors
    /// When storage fails.
    pub fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        Ok(self.ledger.sites()?.into_iter().find(|site| site.id == *id))
    }

    /// What is known, and the request that is made of it; nothing when nobody is found.
    fn request<'a>(
        &self,
        actor: &'a Actor,
        site: &'a Site,
        lead: LeadKey,
        action: Action,
        dry_run: bool,
    ) -> Result<Option<(Known, Request<'a>)>, StoreError> {
        let known = self.known(site, lead)?;
        if !known.is_there() {
            return Ok(None);
        }
        let reference = match known.reference {
            None if !dry_run => Some(self.ledger.reference(site.no, lead)?),
            known => known,
        };
        let (receipt, now) = (to_hex(&random::<16>()?), self.clock.now());
        Ok(Some((known, Request { actor, site, action, receipt, reference, now, dry_run })))
    }

    /// Restricts a person's processing, or lifts the restriction. Answers nothing when nobody is found.
    ///
    /// # Errors
    /// When storage fails: then nothing was changed.
    pub fn restrict(
        &self,
        actor: &Actor,
        site: &Site,
        lead: LeadKey,
        restricted: bool,
        dry_run: bool,
    ) -> Result<Option<Done>, StoreError> {
        let action = if restricted { Action::PersonRestricted } else { Action::PersonUnrestricted };
        let Some((known, request)) = self.request(actor, site, lead, action, dry_run)? else {
            return Ok(None);
        };
        let of = |visits: u64| all(&ErasedEvents::default(), &TakenBack::default(), visits);
        let since = restricted.then_some(request.now);
        let say = |untied: &u64| request.act(&of(*untied));
        let (untied, entry) = self.ledger.restrict(site.no, lead, since, dry_run, &say)?;
        entry.iter().for_each(|entry| self.audit.announce(entry));
        let cannot_reach = self.unreached(site, &known, request.reference)?;
        Ok(Some(request.done(of(untied), entry, cannot_reach)))
    }

    /// Takes a person's consent back: what rests on it is erased, what rests on another declared basis stays and
    /// is scored anew. From then on a page's general consent does not qualify them again; a box that they tick
    /// does. Answers nothing when nobody is found.
    ///
    /// # Errors
    /// When storage fails; repeating it finishes what was begun.
    pub fn withdraw(
        &self,
        actor: &Actor,
        site: &Site,
        lead: LeadKey,
        dry_run: bool,
    ) -> Result<Option<Done>, StoreError> {
        let other = |scored: crate::domain::ModelHash| scored != *self.models.base().hash();
        let published = self.ledger.live_models()?.contains_key(&site.no);
        if !published && self.ledger.progress()?.is_some_and(|(_, scored)| other(scored)) {
            return Err(StoreError::Unusable(
                "the collector scores by another model, by which what remains has to be scored anew; name its file \
                 with --model FILE"
                    .to_owned(),
            ));
        }
        self.take_back(actor, site, lead, Action::PersonWithdrew, Leaves::OtherBases, dry_run)
    }

    /// Erases a person: in both stores, in every count, and from the files. Answers nothing when nobody is found.
    ///
    /// # Errors
    /// When storage fails; repeating it finishes what was begun.
    pub fn erase(
        &self,
        actor: &Actor,
        site: &Site,
        lead: LeadKey,
        dry_run: bool,
    ) -> Result<Option<Done>, StoreError> {
        self.take_back(actor, site, lead, Action::PersonErased, Leaves::Nothing, dry_run)
    }

    fn take_back(
        &self,
        actor: &Actor,
        site: &Site,
        lead: LeadKey,
        action: Action,
        leaves: Leaves,
        dry_run: bool,
    ) -> Result<Option<Done>, StoreError> {
        let Some((known, request)) = self.request(actor, site, lead, action, dry_run)? else {
            return Ok(None);
        };
        let mut cannot_reach = self.unreached(site, &known, request.reference)?;
        let model = self.models.of(self.ledger.as_ref(), site.no)?;
        let consented_only = leaves == Leaves::OtherBases;
        // Also when the ledger does not know it yet, or not any more: scores may be being made anew.
        let unproven = known.is_verified();
        let erased = self.events.erase_person(&EraseEvents { lead, consented_only, unproven, dry_run })?;
        let order = TakeBack {
            site,
            lead,
            visitors: erased.visitors.clone(),
            withdrawn: consented_only.then_some(request.now),
            verified: unproven,
            dry_run,
        };
        let remake = |standing: &Standing<'_>| {
            let was_counted = counted(&known.events, standing)?;
            let changes = match leaves {
                Leaves::Nothing => Changes::default(),
                Leaves::OtherBases => {
                    refold(&model, site, &not_consented(self.events.as_ref(), standing, lead)?)
                }
            };
            let (ways, visits) = (ways(site, &was_counted), visits(&model, site, &was_counted));
            Ok(Remade { changes, ways, visits })
        };
        let say = |taken: &TakenBack| request.act(&all(&erased, taken, taken.held.visits));
        let (taken, entry) = self.ledger.take_back(&order, &remake, &say)?;
        entry.iter().for_each(|entry| self.audit.announce(entry));
        if !dry_run && !self.compact() {
            cannot_reach.insert(0, reach::not_compacted());
        }
        Ok(Some(request.done(all(&erased, &taken, taken.held.visits), entry, cannot_reach)))
    }

    /// Whether nothing of what was erased is left in the files.
    fn compact(&self) -> bool {
        let done = |result: Result<bool, StoreError>| {
            result.unwrap_or_else(|error| {
                tracing::error!("a file could not be written anew after an erasure: {error}");
                false
            })
        };
        let events = done(self.events.compact());
        let shadows = done(self.discard_shadows().map(|()| true));
        done(self.ledger.compact()) && events && shadows
    }

    /// What was scored anew beside the ledger may hold whom it holds no more; whoever works on it begins anew.
    fn discard_shadows(&self) -> Result<(), StoreError> {
        self.ledger.shadows()?.iter().try_for_each(|name| self.ledger.discard_shadow(name))
    }

    fn unreached(
        &self,
        site: &Site,
        known: &Known,
        reference: Option<Reference>,
    ) -> Result<Vec<Unreached>, StoreError> {
        reach::unreached(self.ledger.as_ref(), site, reference, known.first_seen())
    }
}

/// The visits that the person's events began, by count.
fn visits(model: &Arc<Model>, site: &Site, counted: &[Logged]) -> Rollups {
    let events: Vec<_> = counted.iter().map(|logged| logged.event.clone()).collect();
    let mut visits = refold(model, site, &events).rollups;
    visits.retain(|key, delta| key.attribution == Attribution::Visit && delta.visits > 0);
    visits
}

/// Every count by its name in the API.
fn all(erased: &ErasedEvents, taken: &TakenBack, visits: u64) -> Counts {
    counts([
        ("events", erased.events),
        ("same_pseudonym_events", erased.same_pseudonym),
        ("hits", taken.held.hits),
        ("transitions", taken.held.transitions),
        ("overrides", taken.held.overrides),
        ("visits", visits),
        ("leads", taken.held.leads),
        ("rollup_cells", taken.rollup_cells),
    ])
}

/// Days and origins of the pages that the person looked at: a visit could have begun with each.
fn ways(site: &Site, counted: &[Logged]) -> Vec<(Date, Origin)> {
    let pages = counted.iter().map(|logged| &logged.event);
    let way = |event: &crate::domain::Event| {
        let origin = Origin {
            touch: event.touch.clone().unwrap_or(Touch::DIRECT),
            landing: event.path.clone(),
            country: event.place.country.clone(),
        };
        (site.zone.date(event.at), origin)
    };
    pages.filter(|event| event.name.as_str() == crate::domain::EventName::PAGEVIEW).map(way).collect()
}
