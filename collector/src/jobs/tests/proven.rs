//! Leads that the site's own server proved. Invariant: once somebody is verified, nobody adds anything to them by saying
//! that they are them.

use super::*;
use crate::domain::{Restriction, Signal};
use crate::jobs::fold::refold;
use crate::storage::sqlite::SqliteLedger;

/// Of somebody with another pseudonym.
fn other(event: Event) -> Event {
    Event { visitor: Some(visitor(9)), ..event }
}

fn size(text: &str, mut event: Event) -> Event {
    event.attributes.insert(Text::clean("size"), Text::clean(text));
    event
}

#[test]
fn before_it_claims_count_and_after_it_they_do_not() {
    let claim = || size("500", other(known(1, event("demo_request", "/x", minute(1)))));
    let before = World::after(vec![claim()]);
    assert!(before.lead(1).verified_at.is_none() && before.lead(1).score.total > Default::default());
    let mut log = vec![size("7", proven(1, event("identify", "/", minute(0))))];
    let alone = World::after(log.clone());
    assert_eq!(alone.lead(1).verified_at, Some(minute(0)));
    log.extend([claim(), other(event("engagement", "/", minute(2)))]);
    let world = World::after(log.clone());
    assert_eq!(world.lead(1), alone.lead(1), "neither the claim nor what its pseudonym does then");
    assert_eq!(world.visits(), [("direct".to_owned(), 2)], "it counts as a visit");
    // What the proven pseudonym does counts, and so does the other once it is proven.
    log.push(event("engagement", "/", minute(3)));
    let more = World::after(log.clone()).lead(1);
    assert!(more.score.total > alone.lead(1).score.total && more.last_seen == minute(3));
    log.extend([
        other(proven(1, event("identify", "/", minute(4)))),
        other(event("engagement", "/", minute(5))),
    ]);
    let most = World::after(log).lead(1);
    assert!(most.score.total > more.score.total);
    assert_eq!((most.verified_at, most.last_seen), (Some(minute(0)), minute(5)));
}

/// A pseudonym that was tied by what somebody said is no longer when the lead is proven on another.
#[test]
fn a_tie_that_was_only_said_ends_with_the_proof() {
    let mut log = vec![
        other(known(1, event("pageview", "/a", minute(0)))),
        proven(1, event("identify", "/", minute(1))),
    ];
    let alone = World::after(log.clone()).lead(1);
    let later = || other(event("pageview", "/new", minute(60)));
    log.extend([later(), other(event("engagement", "/new", minute(61)))]);
    assert_eq!(World::after(log.clone()).lead(1), alone);
    // Nor is what it did somebody else's then.
    log.push(other(known(2, event("identify", "/", minute(62)))));
    assert_eq!(World::after(log).lead(2).hits, []);
}

/// Whoever took consent back gives it anew by a box that they tick, and nobody else for them.
#[test]
fn nobody_else_gives_consent_anew() {
    let boxed = |event| Event { signal: Signal::Form, ..event };
    for (says, ended) in [
        (boxed(known(1, other(event("x", "/", minute(9))))), 0),
        (boxed(proven(1, event("x", "/", minute(9)))), 1),
    ] {
        let lead = World::after(vec![proven(1, event("identify", "/", minute(0)))]).lead(1);
        let world = World::new();
        let site = world.ledger.sites().expect("reads").remove(0);
        let withdrawn = Restriction { withdrawn: Some(minute(5)), ..Restriction::default() };
        let loaded = crate::storage::Loaded {
            leads: [(lead.key, lead.clone())].into(),
            restrictions: [(lead.key, withdrawn)].into(),
            ..Default::default()
        };
        let changes = super::super::fold::folded(&model(MODEL), &site, &[says], loaded);
        assert_eq!(changes.ended_withdrawals.len(), ended);
    }
    assert!(refold(&model(MODEL), &World::new().ledger.sites().expect("reads")[0], &[]).leads.is_empty());
}

/// A log, and claims on its leads by pseudonyms of their own at places in it.
fn mixed() -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    let claim =
        (0..60_usize, 0..3_u8, 0..2_u32, 0..6_u8, prop::sample::select(DOINGS.to_vec()), any::<bool>());
    (log(0), prop::collection::vec(claim, 1..20)).prop_map(|(log, claims)| {
        // On each site somebody is proven first of all.
        let first = |site: u32| {
            let number = u8::try_from(site * 16).expect("few");
            let event = Event {
                site: SiteNo::new(site),
                visitor: Some(visitor(number)),
                ..event("identify", "/", minute(-1))
            };
            proven(number, event)
        };
        let mut alone = vec![first(1), first(2)];
        alone.extend(log);
        let alone = numbered(alone);
        let mut log = alone.clone();
        for (number, (place, who, site, day, name, says)) in claims.into_iter().enumerate() {
            let place = place.min(log.len() - 1).max(1);
            let base = event(name, "/claimed", log[place].at);
            let stranger = Event {
                id: EventId::from_bytes((1_000_000 + number as u128).to_be_bytes()),
                site: SiteNo::new(site + 1),
                visitor: Some(visitor(200 + who * 6 + day)),
                touch: email(),
                ..base
            };
            let key = u8::try_from((site + 1) * 16).expect("few");
            let says = if says { size("999", known(key, stranger)) } else { stranger };
            log.insert(place + 1, says);
        }
        (alone, log)
    })
}

/// What is known of the two leads that are verified from the start.
fn verified(ledger: &dyn Ledger) -> Vec<(Lead, Vec<Transition>)> {
    let of = |number: u8| {
        let site = SiteNo::new(u32::from(number / 16));
        let lead = ledger.lead(site, lead_key(number)).expect("reads").expect("is there");
        (lead, ledger.transitions(site, lead_key(number)).expect("reads"))
    };
    [16, 32].map(of).into()
}

proptest! {
    #![proptest_config(cases(48))]

    /// Whatever strangers claim in between, a verified lead is what it would be without them, on both backends.
    #[test]
    fn claims_add_nothing_to_who_is_verified((alone, mixed) in mixed()) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut seen = Vec::new();
        for (number, log) in [&alone, &mixed].into_iter().enumerate() {
            let world = World::new();
            world.append(log);
            world.score(MODEL);
            let disk = SqliteLedger::open(&folder.path().join(format!("{number}.db"))).expect("opens");
            sites(&disk);
            let disk: Arc<SqliteLedger> = Arc::new(disk);
            Scorer::new(world.events.clone(), disk.clone(), model(MODEL)).catch_up().expect("scores");
            prop_assert_eq!(verified(world.ledger.as_ref()), verified(disk.as_ref()));
            seen.push(verified(disk.as_ref()));
        }
        prop_assert_eq!(&seen[0], &seen[1]);
    }
}
