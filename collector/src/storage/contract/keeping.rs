//! The contract for what ends. Invariant: exactly what is past its time goes, and a dry run says how much that
//! is and changes nothing.

use super::generate::{NOON, lead_key, plain_event, plain_lead, transition, visitor};
use super::ledger::{begun, commit, cursor};
use super::{Backend, append, contract};
use crate::domain::{Cursor, Date, Event, SiteId, SiteNo, SitePolicy, Timestamp, Zone};
use crate::leads::{Dimension, Transition, Visit};
use crate::storage::{
    Attribution, Changes, EventStore, NewSite, OutcomeQuery, Prune, ReportQuery, RollupDelta, RollupKey,
    Selector,
};
use proptest::collection::vec;
use proptest::prelude::*;

contract!(
    old_events_go_and_no_other,
    old_events_behind_young_ones_go,
    leads_fall_silent_and_lose_what_is_old,
    references_of_nobody_go,
    pruned_places_are_not_used_again,
    old_outcomes_go,
    who_was_here_lately,
    leads_expire_by_their_newest_event,
    a_lead_goes_with_all_that_is_its_own,
    old_counts_go,
    counts_for_good_outlive_a_restart,
);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(NOON + ms)
}

fn all(store: &dyn EventStore) -> Vec<Event> {
    store.scan(Cursor::default(), usize::MAX).expect("scans").into_iter().map(|logged| logged.event).collect()
}

fn old_events_go_and_no_other(backend: &dyn Backend) {
    let one = (1..3_u32, -3..3_i64, any::<bool>());
    proptest!(super::ledger::cases(24), |(drafts in vec(one, 0..30), seen in 0..30_i64)| {
        let store = backend.events();
        let events: Vec<Event> = (1..).zip(&drafts).map(|(n, (site, ms, known))| Event {
            site: SiteNo::new(*site), at: at(*ms), lead: known.then(|| lead_key(1)), ..plain_event(n)
        }).collect();
        append(store.as_ref(), &events).expect("appends");
        let goes = |n: i64, event: &Event| {
            event.site == SiteNo::new(1) && event.lead.is_none() && event.at < at(0) && n <= seen
        };
        let (gone, left): (Vec<_>, Vec<_>) = (1..).zip(events).partition(|(n, event)| goes(*n, event));
        let prune = Prune { site: SiteNo::new(1), before: at(0), up_to: cursor(seen) };
        prop_assert_eq!(store.prune(&prune, true).expect("counts"), gone.len() as u64);
        prop_assert_eq!(all(store.as_ref()).len(), drafts.len());
        prop_assert_eq!(store.prune(&prune, false).expect("prunes"), gone.len() as u64);
        let left: Vec<Event> = left.into_iter().map(|(_, event)| event).collect();
        prop_assert_eq!(all(store.as_ref()), left);
        prop_assert_eq!(store.prune(&prune, false).expect("prunes"), 0);
    });
}

/// As a clock that was ahead for a while leaves them.
fn old_events_behind_young_ones_go(backend: &dyn Backend) {
    let store = backend.events();
    let young = (1..=10_001).map(|n| Event { at: at(10 * Timestamp::DAY_MS), ..plain_event(n) });
    append(store.as_ref(), &young.chain([plain_event(20_000)]).collect::<Vec<_>>()).expect("appends");
    let prune = Prune { site: SiteNo::new(1), before: at(1), up_to: store.head().expect("reads") };
    assert_eq!(store.prune(&prune, true).expect("counts"), 1);
    assert_eq!(store.prune(&prune, false).expect("prunes"), 1);
}

fn leads_fall_silent_and_lose_what_is_old(backend: &dyn Backend) {
    let store = backend.events();
    let of = |n, site, who, ms| Event {
        site: SiteNo::new(site),
        lead: Some(lead_key(who)),
        at: at(ms),
        ..plain_event(n)
    };
    let events = [of(1, 1, 1, 0), of(2, 1, 1, 5), of(3, 1, 2, 1), of(4, 2, 3, 0), plain_event(5)];
    append(store.as_ref(), &events).expect("appends");
    let silent = |site, ms| store.silent_leads(SiteNo::new(site), at(ms)).expect("reads");
    assert_eq!((silent(1, 1), silent(1, 2)), (vec![], vec![lead_key(2)]));
    assert_eq!((silent(1, 6), silent(2, 6)), (vec![lead_key(1), lead_key(2)], vec![lead_key(3)]));
    assert_eq!(store.erase(&Selector::LeadBefore(lead_key(1), at(5))).expect("erases"), 1);
    let left: Vec<_> = all(store.as_ref()).iter().map(|event| event.id).collect();
    assert_eq!(left, [2, 3, 4, 5].map(|n: u128| plain_event(n).id));
}

fn references_of_nobody_go(backend: &dyn Backend) {
    let ledger = begun(backend);
    commit(ledger.as_ref(), &Changes { leads: vec![plain_lead(1, at(0))], ..Changes::default() });
    let site = SiteNo::new(1);
    let kept = ledger.reference(site, lead_key(1)).expect("makes one");
    ledger.reference(site, lead_key(2)).expect("makes one");
    ledger.drop_stray_references().expect("drops");
    assert_eq!(ledger.known_reference(site, lead_key(1)).expect("reads"), Some(kept));
    assert_eq!(ledger.known_reference(site, lead_key(2)).expect("reads"), None);
}

fn pruned_places_are_not_used_again(backend: &dyn Backend) {
    let store = backend.events();
    append(store.as_ref(), &[plain_event(1), plain_event(2)]).expect("appends");
    let head = store.head().expect("reads");
    let prune = Prune { site: SiteNo::new(1), before: at(1), up_to: head };
    assert_eq!(store.prune(&prune, false).expect("prunes"), 2);
    append(store.as_ref(), &[plain_event(3)]).expect("appends");
    assert_eq!(store.scan(head, 9).expect("scans").len(), 1, "a follower at the old head sees the new event");
}

fn old_outcomes_go(backend: &dyn Backend) {
    let store = backend.events();
    append(store.as_ref(), &[plain_event(1)]).expect("appends");
    let (from, to) = (Date::from_days(i32::MIN), Date::from_days(i32::MAX));
    let left = || store.report(&OutcomeQuery { site: SiteNo::new(1), from, to }).expect("reports");
    let counted_as = left().len();
    let counted = store.prune_outcomes(SiteNo::new(1), Date::from_days(20_001), true).expect("counts");
    assert!(counted >= counted_as as u64 && counted_as > 0);
    // They are counted under day 20,000.
    assert_eq!(store.prune_outcomes(SiteNo::new(1), Date::from_days(20_000), false).expect("prunes"), 0);
    assert_eq!(store.prune_outcomes(SiteNo::new(2), Date::from_days(20_001), false).expect("prunes"), 0);
    assert_eq!(left().len(), counted_as);
    assert_eq!(
        store.prune_outcomes(SiteNo::new(1), Date::from_days(20_001), false).expect("prunes"),
        counted
    );
    assert_eq!(left(), []);
}

fn who_was_here_lately(backend: &dyn Backend) {
    let store = backend.events();
    assert_eq!(store.visitors_since(at(0)).expect("reads"), []);
    let seen = |n, who: Option<u8>, ms| Event { visitor: who.map(visitor), at: at(ms), ..plain_event(n) };
    let events = [
        seen(1, Some(1), -1),
        seen(2, Some(2), 0),
        seen(3, None, 5),
        seen(4, Some(2), 3),
        seen(5, Some(3), 1),
    ];
    append(store.as_ref(), &events).expect("appends");
    let mut found = store.visitors_since(at(0)).expect("reads");
    found.sort_unstable();
    assert_eq!(found, [(visitor(2), at(3)), (visitor(3), at(1))]);
}

fn leads_expire_by_their_newest_event(backend: &dyn Backend) {
    let ledger = begun(backend);
    let leads = (1..6).map(|n| plain_lead(n, at(i64::from(n)))).collect();
    commit(ledger.as_ref(), &Changes { leads, ..Changes::default() });
    let expired = |ms, limit| ledger.expired_leads(SiteNo::new(1), at(ms), limit).expect("reads");
    assert_eq!(expired(1, 9), []);
    assert_eq!(expired(4, 9), [1, 2, 3].map(lead_key));
    assert_eq!(expired(4, 2), [1, 2].map(lead_key), "the oldest first");
    assert_eq!(ledger.expired_leads(SiteNo::new(2), at(9), 9).expect("reads"), []);
}

fn a_lead_goes_with_all_that_is_its_own(backend: &dyn Backend) {
    proptest!(super::ledger::cases(8), |(changes in vec(transition(), 0..8))| {
        let ledger = begun(backend);
        let leads = (0..5).map(|n| plain_lead(n, at(0))).collect();
        let transitions: Vec<Transition> =
            changes.into_iter().map(|change| Transition { site: SiteNo::new(1), ..change }).collect();
        let visit = |n: u8| Visit {
            visitor: visitor(n),
            site: SiteNo::new(1),
            started_at: at(0),
            last_at: at(0),
            origin: plain_lead(n, at(0)).first,
            lead: (n < 5).then(|| lead_key(n)),
            proven: n.is_multiple_of(2),
            hits: Vec::new(),
        };
        let visits = (0..6).map(visit).collect();
        commit(ledger.as_ref(), &Changes { leads, transitions, visits, ..Changes::default() });
        let site = SiteNo::new(1);
        let references: Vec<_> = (0..5).map(|n| ledger.reference(site, lead_key(n)).expect("makes one")).collect();
        let before: Vec<_> = (0..5).map(|n| ledger.transitions(site, lead_key(n)).expect("reads")).collect();
        let asked = [lead_key(1), lead_key(3)];
        let generation = ledger.generation().expect("reads");
        prop_assert_eq!(ledger.forget_leads(&asked, at(0)).expect("looks"), 0, "they were here meanwhile");
        prop_assert_eq!(ledger.forget_leads(&asked, at(1)).expect("forgets"), 2);
        prop_assert!(ledger.generation().expect("reads") > generation, "whoever loaded them loads again");
        let seen = ledger.load(&(0..6).map(visitor).collect::<Vec<_>>(), &[]).expect("loads").visits;
        prop_assert_eq!(Vec::from_iter(seen.into_keys()), [0, 2, 4, 5].map(visitor), "theirs, and no other");
        for n in 0..5_u8 {
            let key = lead_key(n);
            let stays = n != 1 && n != 3;
            let kept = &before[usize::from(n)];
            prop_assert_eq!(ledger.lead(site, key).expect("reads").is_some(), stays);
            prop_assert_eq!(&ledger.transitions(site, key).expect("reads"), if stays { kept } else { &[][..] });
            let reference = ledger.known_reference(site, key).expect("reads");
            prop_assert_eq!(reference, stays.then_some(references[usize::from(n)]));
        }
    });
}

fn rollup(day: i32) -> (RollupKey, RollupDelta) {
    let key = RollupKey {
        site: SiteNo::new(1),
        day: Date::from_days(day),
        attribution: Attribution::Visit,
        dimension: Dimension::Channel,
        key: "direct".to_owned(),
    };
    (key, RollupDelta { visits: 1, ..RollupDelta::default() })
}

fn days(ledger: &dyn crate::storage::Ledger) -> Vec<i32> {
    let (from, to) = (Date::from_days(i32::MIN), Date::from_days(i32::MAX));
    let by = Dimension::Channel;
    let query = ReportQuery { site: SiteNo::new(1), from, to, by, attribution: Attribution::First };
    ledger.report(&query).expect("reports").rows.into_iter().map(|row| row.day.days()).collect()
}

fn old_counts_go(backend: &dyn Backend) {
    let ledger = begun(backend);
    commit(ledger.as_ref(), &Changes { rollups: (1..6).map(rollup).collect(), ..Changes::default() });
    let prune =
        |site, day, dry| ledger.prune_counts(SiteNo::new(site), Date::from_days(day), dry).expect("prunes");
    assert_eq!((prune(1, 1, false), prune(2, 9, false), prune(1, 3, true)), (0, 0, 2));
    assert_eq!(days(ledger.as_ref()), [1, 2, 3, 4, 5]);
    assert_eq!(prune(1, 3, false), 2);
    assert_eq!(days(ledger.as_ref()), [3, 4, 5]);
}

fn counts_for_good_outlive_a_restart(backend: &dyn Backend) {
    let ledger = begun(backend);
    let policy = SitePolicy::default();
    let new = NewSite { id: SiteId::parse("a.example").expect("valid"), zone: Zone::utc(), policy };
    let site = ledger.put_site(new.clone()).expect("puts");
    assert_eq!(site.counted_from, None);
    ledger.count_for_good(site.no, Date::from_days(3)).expect("sets");
    ledger.count_for_good(site.no, Date::from_days(2)).expect("an earlier day changes nothing");
    assert_eq!(ledger.sites().expect("reads")[0].counted_from, Some(Date::from_days(3)));
    assert_eq!(ledger.put_site(new).expect("puts").counted_from, Some(Date::from_days(3)));
    commit(ledger.as_ref(), &Changes { rollups: (1..6).map(rollup).collect(), ..Changes::default() });
    ledger.restart(super::generate::model(2)).expect("restarts");
    assert_eq!(days(ledger.as_ref()), [1, 2]);
}
