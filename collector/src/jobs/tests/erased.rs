//! Erasure beside a scorer that is at work. Invariant: whatever it had read when somebody was erased, it does not
//! write them back.

use super::*;
use crate::domain::{Act, Action, Actor, IdentitySecrets, ModelHash, Site};
use crate::storage::{
    Changes, EraseEvents, Loaded, ModelVersion, Models, Remade, Rights, StoreError, TakeBack, VoidStep,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU8, Ordering};

/// When the erasure happens, seen from the scorer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Between its reading the events and its loading the leads.
    Load = 1,
    /// Between its loading the leads and its commit.
    Commit = 2,
}

/// A ledger whose lead 1 is erased, once, at a moment.
struct Erasing {
    world: Arc<World>,
    at: AtomicU8,
}

impl Erasing {
    fn maybe_erase(&self, moment: Moment) {
        if self.at.compare_exchange(moment as u8, 0, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return;
        }
        let (ledger, lead) = (&self.world.ledger, lead_key(1));
        let order = EraseEvents { lead, consented_only: false, unproven: false, dry_run: false };
        let erased = self.world.events.erase_person(&order).expect("erases");
        let sites = ledger.sites().expect("reads");
        let order = TakeBack {
            site: &sites[0],
            lead,
            visitors: erased.visitors,
            withdrawn: None,
            verified: false,
            dry_run: false,
        };
        let act = Act {
            at: minute(0),
            actor: Actor::collector(),
            action: Action::PersonErased,
            site: None,
            subject: None,
            details: "{}".to_owned(),
        };
        ledger.take_back(&order, &|_| Ok(Remade::default()), &|_| act.clone()).expect("takes back");
    }
}

impl Scores for Erasing {
    fn progress(&self) -> Result<Option<(Cursor, ModelHash)>, StoreError> {
        self.world.ledger.progress()
    }

    fn generation(&self) -> Result<i64, StoreError> {
        self.world.ledger.generation()
    }

    fn restart(&self, model: ModelHash) -> Result<(), StoreError> {
        self.world.ledger.restart(model)
    }

    fn voided(&self, places: &[Cursor], step: Option<VoidStep>) -> Result<BTreeSet<Cursor>, StoreError> {
        self.world.ledger.voided(places, step)
    }

    fn load(&self, visitors: &[VisitorId], leads: &[LeadKey]) -> Result<Loaded, StoreError> {
        self.maybe_erase(Moment::Load);
        self.world.ledger.load(visitors, leads)
    }

    fn commit(&self, from: Cursor, to: Cursor, changes: &Changes) -> Result<(), StoreError> {
        self.maybe_erase(Moment::Commit);
        self.world.ledger.commit(from, to, changes)
    }

    fn forget_visits(&self, before: Timestamp) -> Result<(), StoreError> {
        self.world.ledger.forget_visits(before)
    }

    fn lead(&self, site: SiteNo, key: LeadKey) -> Result<Option<Lead>, StoreError> {
        self.world.ledger.lead(site, key)
    }

    fn transitions(&self, site: SiteNo, key: LeadKey) -> Result<Vec<Transition>, StoreError> {
        self.world.ledger.transitions(site, key)
    }
}

impl Models for Erasing {
    fn models(&self, site: SiteNo) -> Result<Vec<ModelVersion>, StoreError> {
        self.world.ledger.models(site)
    }

    fn model(&self, site: SiteNo, hash: ModelHash) -> Result<Option<ModelVersion>, StoreError> {
        self.world.ledger.model(site, hash)
    }

    fn put_model(&self, model: &ModelVersion) -> Result<bool, StoreError> {
        self.world.ledger.put_model(model)
    }

    fn drop_model(&self, site: SiteNo, hash: ModelHash) -> Result<bool, StoreError> {
        self.world.ledger.drop_model(site, hash)
    }

    fn live_models(&self) -> Result<BTreeMap<SiteNo, ModelHash>, StoreError> {
        self.world.ledger.live_models()
    }

    fn set_live_model(&self, site: SiteNo, hash: ModelHash) -> Result<(), StoreError> {
        self.world.ledger.set_live_model(site, hash)
    }
}

impl Sites for Erasing {
    fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.world.ledger.sites()
    }

    fn put_site(&self, site: NewSite) -> Result<Site, StoreError> {
        self.world.ledger.put_site(site)
    }

    fn set_identity_secrets(&self, site: SiteNo, secrets: &IdentitySecrets) -> Result<(), StoreError> {
        self.world.ledger.set_identity_secrets(site, secrets)
    }
}

#[test]
fn who_is_erased_while_they_are_scored_does_not_come_back() {
    for moment in [Moment::Load, Moment::Commit] {
        let other = |event| Event { visitor: Some(visitor(2)), ..event };
        let log = numbered(vec![
            event("pageview", "/a", minute(0)),
            known(1, event("demo_request", "/", minute(1))),
            known(2, other(event("demo_request", "/", minute(2)))),
            event("engagement", "/", minute(3)),
        ]);
        let world = Arc::new(World::new());
        world.append(&log);
        let ledger = Arc::new(Erasing { world: Arc::clone(&world), at: AtomicU8::new(moment as u8) });
        let mut scorer = Scorer::new(world.events.clone(), ledger, model(MODEL));
        let first = scorer.catch_up();
        assert!(matches!(first, Err(StoreError::Conflict)), "{moment:?}: {first:?}");
        assert_eq!(scorer.catch_up().expect("goes round again"), 1, "the one event that is left");
        let leads = world.snapshot().leads;
        assert_eq!(leads.iter().map(|lead| lead.key).collect::<Vec<_>>(), [lead_key(2)], "{moment:?}");
        let scored_alone = World::after(vec![log[2].clone()]).snapshot();
        assert_eq!(world.snapshot().reports, scored_alone.reports);
    }
}
