//! The ledger's contract for sites and for what the scorer keeps. Invariant: `commit` is all or nothing,
//! and what was written is loaded, field for field.

use super::generate::{hits, lead, lead_key, model, plain_lead, transition, visit, visitor};
use super::{Backend, contract};
pub(super) use crate::domain::cases;
use crate::domain::{
    Basis, Cursor, Date, IdentitySecrets, Retention, Rung, Signal, Site, SiteId, SiteNo, SitePolicy,
    Timestamp, Zone,
};
use crate::leads::{Dimension, Lead, Transition, Visit};
use crate::storage::{
    Attribution, Changes, Ledger, NewSite, ReportQuery, RollupDelta, RollupKey, StoreError,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

contract!(
    a_site_keeps_its_number_and_secret,
    secrets_for_proofs_are_kept_changed_and_ended,
    a_policys_version_rises_when_it_changes,
    sites_are_listed_by_domain,
    progress_begins_with_restart,
    a_commit_from_elsewhere_writes_nothing,
    visits_and_leads_are_loaded_as_written,
    a_visit_brings_its_lead_along,
    hits_are_added_and_pruned,
    a_lead_belongs_to_its_site,
    transitions_are_appended,
    rollups_add_up,
    old_visits_are_forgotten,
    a_restart_keeps_what_does_not_follow_from_events,
);

pub(super) fn cursor(raw: i64) -> Cursor {
    Cursor::from_raw(raw)
}

/// A ledger that is ready to be committed to.
pub(super) fn begun(backend: &dyn Backend) -> Box<dyn Ledger> {
    let ledger = backend.ledger();
    ledger.restart(model(1)).expect("restarts");
    ledger
}

/// Commits `changes` after whatever was committed before.
pub(super) fn commit(ledger: &dyn Ledger, changes: &Changes) {
    let (from, _) = ledger.progress().expect("reads").expect("begun");
    ledger.commit(from, cursor(from.raw() + 1), changes).expect("commits");
}

fn new_site(id: &str, policy: SitePolicy) -> NewSite {
    NewSite {
        id: SiteId::parse(id).expect("valid"),
        zone: Zone::parse("Europe/Berlin").expect("known"),
        policy,
    }
}

fn fields(site: &Site) -> (SiteNo, &str, &str, &SitePolicy, [u8; 32]) {
    (site.no, site.id.as_str(), site.zone.name(), &site.policy, site.secret)
}

fn a_site_keeps_its_number_and_secret(backend: &dyn Backend) {
    let ledger = backend.ledger();
    assert!(ledger.sites().expect("reads").is_empty());
    let first = ledger.put_site(new_site("example.com", SitePolicy::default())).expect("puts");
    let other = ledger.put_site(new_site("example.org", SitePolicy::default())).expect("puts");
    assert_ne!(first.no, other.no);
    assert_ne!(first.secret, other.secret, "secrets are random");
    assert_ne!(first.secret, [0; 32]);
    let policy = SitePolicy {
        hosts: vec!["localhost".to_owned(), "übung.example".to_owned()],
        allow_automation: true,
        honour_dnt: true,
        link_same_day: false,
        form_basis: Basis::Contract,
        retention: Retention::default(),
        signals: vec![Signal::Api, Signal::Form],
        ceiling: Rung::Measured,
        props: Some(vec!["plan".to_owned()]),
        ask: vec!["company_size".to_owned()],
    };
    let again = NewSite { zone: Zone::utc(), ..new_site("example.com", policy.clone()) };
    let changed = ledger.put_site(again).expect("puts");
    let expected = (first.no, "example.com", "Europe/Berlin", &policy, first.secret);
    assert_eq!(fields(&changed), expected, "the policy changes, and nothing else");
    let sites = ledger.sites().expect("reads");
    assert_eq!(sites.iter().map(fields).collect::<Vec<_>>(), [expected, fields(&other)]);
}

/// One more exactly when the policy differs, whoever puts it, and for each site by itself.
fn secrets_for_proofs_are_kept_changed_and_ended(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let site = ledger.put_site(new_site("example.com", SitePolicy::default())).expect("puts");
    let other = ledger.put_site(new_site("example.org", SitePolicy::default())).expect("puts");
    assert_eq!(site.identity, IdentitySecrets::default());
    let one = site.identity.rotated([1; 32]);
    let two = one.rotated([2; 32]);
    assert_eq!(two, IdentitySecrets { current: Some([2; 32]), before: Some([1; 32]) });
    let three = two.rotated([3; 32]);
    assert_eq!(three.before, Some([2; 32]), "of the one before nothing is left");
    for secrets in [one, two, three, IdentitySecrets::default()] {
        ledger.set_identity_secrets(site.no, &secrets).expect("puts");
        let kept = ledger.sites().expect("reads");
        assert_eq!((&kept[0].identity, &kept[1].identity), (&secrets, &other.identity));
        let again = ledger.put_site(new_site("example.com", SitePolicy::default())).expect("puts");
        assert_eq!((again.identity, again.secret, again.policy_version), (secrets, site.secret, 1));
    }
    let nobody = ledger.set_identity_secrets(SiteNo::new(77), &IdentitySecrets::default());
    assert!(matches!(nobody, Err(StoreError::Conflict)));
}

fn a_policys_version_rises_when_it_changes(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let policies = [
        SitePolicy::default(),
        SitePolicy { honour_dnt: true, ..SitePolicy::default() },
        SitePolicy { ceiling: Rung::Unset, ..SitePolicy::default() },
        SitePolicy { signals: vec![Signal::Form], ..SitePolicy::default() },
    ];
    let version = |policy: &SitePolicy| {
        let put = ledger.put_site(new_site("example.com", policy.clone())).expect("puts");
        let read = ledger.sites().expect("reads").remove(0);
        assert_eq!((&put.policy, &read.policy), (policy, policy));
        assert_eq!(put.policy_version, read.policy_version);
        put.policy_version
    };
    // Which policy is put, and the version that it then has.
    for (chosen, expected) in [(0, 1), (0, 1), (1, 2), (1, 2), (0, 3), (2, 4), (3, 5), (3, 5), (2, 6)] {
        assert_eq!(version(&policies[chosen]), expected, "policy {chosen}");
    }
    let other = ledger.put_site(new_site("example.org", policies[1].clone())).expect("puts");
    assert_eq!(other.policy_version, 1);
}

fn sites_are_listed_by_domain(backend: &dyn Backend) {
    let ledger = backend.ledger();
    for id in ["b.example", "a.example", "c.example", "a-b.example", "a.example"] {
        ledger.put_site(new_site(id, SitePolicy::default())).expect("puts");
    }
    let sites = ledger.sites().expect("reads");
    let ids: Vec<&str> = sites.iter().map(|site| site.id.as_str()).collect();
    assert_eq!(ids, ["a-b.example", "a.example", "b.example", "c.example"]);
}

fn progress_begins_with_restart(backend: &dyn Backend) {
    let ledger = backend.ledger();
    assert_eq!(ledger.progress().expect("reads"), None);
    let early = ledger.commit(Cursor::default(), cursor(1), &Changes::default());
    assert!(matches!(early, Err(StoreError::Conflict)), "{early:?}");
    assert_eq!(ledger.progress().expect("reads"), None);
    ledger.restart(model(1)).expect("restarts");
    assert_eq!(ledger.progress().expect("reads"), Some((Cursor::default(), model(1))));
    ledger.commit(Cursor::default(), cursor(7), &Changes::default()).expect("commits");
    assert_eq!(ledger.progress().expect("reads"), Some((cursor(7), model(1))));
    ledger.restart(model(2)).expect("restarts");
    assert_eq!(ledger.progress().expect("reads"), Some((Cursor::default(), model(2))));
}

fn key(day: i32, attribution: Attribution, dimension: Dimension, key: &str) -> RollupKey {
    RollupKey { site: SiteNo::new(1), day: Date::from_days(day), attribution, dimension, key: key.to_owned() }
}

fn report(ledger: &dyn Ledger) -> Vec<(i32, String, i64, i64, i64)> {
    let query = ReportQuery {
        site: SiteNo::new(1),
        from: Date::from_days(0),
        to: Date::from_days(100),
        by: Dimension::Channel,
        attribution: Attribution::First,
    };
    let rows = ledger.report(&query).expect("reports").rows;
    rows.into_iter()
        .map(|row| (row.day.days(), row.key, row.counts.visits, row.counts.leads, row.counts.mqls))
        .collect()
}

fn a_transition(number: u8, reason: &str) -> Transition {
    Transition {
        lead: lead_key(number),
        site: SiteNo::new(1),
        at: Timestamp::from_millis(5),
        from: crate::domain::Stage::Lead,
        to: crate::domain::Stage::Mql,
        reason: reason.to_owned(),
        actor: crate::domain::Actor::collector(),
        amount: None,
        score: crate::domain::Score::default(),
        model: model(1),
        lines: "[]".to_owned(),
        rules: vec![crate::domain::RuleId::parse("demo_request").expect("valid")],
    }
}

fn a_commit_from_elsewhere_writes_nothing(backend: &dyn Backend) {
    let ledger = begun(backend);
    let old = plain_lead(1, Timestamp::from_millis(10));
    let delta = RollupDelta { visits: 3, leads: 0, mqls: 0 };
    let rollups = BTreeMap::from([(key(1, Attribution::Visit, Dimension::Channel, "direct"), delta)]);
    let first = Changes { leads: vec![old.clone()], rollups: rollups.clone(), ..Changes::default() };
    ledger.commit(Cursor::default(), cursor(5), &first).expect("commits");
    let changes = Changes {
        visits: vec![Visit {
            visitor: visitor(1),
            site: SiteNo::new(1),
            started_at: Timestamp::from_millis(1),
            last_at: Timestamp::from_millis(2),
            origin: old.first.clone(),
            lead: None,
            proven: false,
            hits: Vec::new(),
        }],
        leads: vec![plain_lead(1, Timestamp::from_millis(99)), plain_lead(3, Timestamp::from_millis(99))],
        transitions: vec![a_transition(1, "never")],
        rollups,
        ..Changes::default()
    };
    for (from, to) in [(0, 9), (4, 9), (6, 9), (-1, 5)] {
        let conflict = ledger.commit(cursor(from), cursor(to), &changes);
        assert!(matches!(conflict, Err(StoreError::Conflict)), "from {from}: {conflict:?}");
    }
    assert_eq!(ledger.progress().expect("reads"), Some((cursor(5), model(1))));
    let loaded = ledger.load(&[visitor(1)], &[lead_key(1), lead_key(3)]).expect("loads");
    assert!(loaded.visits.is_empty());
    assert_eq!(loaded.leads.into_values().collect::<Vec<_>>(), [old]);
    assert!(ledger.transitions(SiteNo::new(1), lead_key(1)).expect("reads").is_empty());
    assert_eq!(report(ledger.as_ref()), [(1, "direct".to_owned(), 3, 0, 0)]);
    ledger.commit(cursor(5), cursor(9), &changes).expect("commits from where it is");
    assert_eq!(report(ledger.as_ref()), [(1, "direct".to_owned(), 6, 0, 0)]);
}

fn visits_and_leads_are_loaded_as_written(backend: &dyn Backend) {
    let ledger = begun(backend);
    proptest!(cases(24), |(visits in vec(visit(), 0..4), leads in vec(lead(), 0..4))| {
        commit(ledger.as_ref(), &Changes { visits: visits.clone(), leads: leads.clone(), ..Changes::default() });
        // Of two that are written in one commit the later stays.
        let visits: BTreeMap<_, _> = visits.into_iter().map(|visit| (visit.visitor, visit)).collect();
        let leads: BTreeMap<_, _> = leads.into_iter().map(|lead| (lead.key, lead)).collect();
        let visitors: Vec<_> = visits.keys().copied().collect();
        let keys: Vec<_> = leads.keys().copied().collect();
        let loaded = ledger.load(&visitors, &keys).expect("loads");
        prop_assert_eq!(&loaded.visits, &visits);
        for (key, lead) in &leads {
            prop_assert_eq!(loaded.leads.get(key), Some(lead));
            prop_assert_eq!(&ledger.lead(lead.site, *key).expect("reads"), &Some(lead.clone()));
        }
        let only = ledger.load(&[], &keys).expect("loads");
        prop_assert_eq!(&only.leads, &leads, "nothing comes that was not asked for");
        prop_assert!(only.visits.is_empty());
    });
    let nobody = ledger.load(&[visitor(200)], &[lead_key(200)]).expect("loads");
    assert!(nobody.visits.is_empty() && nobody.leads.is_empty());
}

fn a_visit_brings_its_lead_along(backend: &dyn Backend) {
    let ledger = begun(backend);
    let lead = plain_lead(1, Timestamp::from_millis(10));
    let visit = |number, lead| Visit {
        visitor: visitor(number),
        site: SiteNo::new(1),
        started_at: Timestamp::from_millis(1),
        last_at: Timestamp::from_millis(2),
        origin: plain_lead(1, Timestamp::from_millis(0)).first,
        lead,
        proven: false,
        hits: Vec::new(),
    };
    let visits = vec![visit(1, Some(lead_key(1))), visit(2, None), visit(3, Some(lead_key(77)))];
    commit(ledger.as_ref(), &Changes { visits, leads: vec![lead.clone()], ..Changes::default() });
    let leads =
        |number| ledger.load(&[visitor(number)], &[]).expect("loads").leads.into_values().collect::<Vec<_>>();
    assert_eq!(leads(1), [lead]);
    assert_eq!(leads(2), []);
    assert_eq!(leads(3), [], "a lead that is gone is passed over");
}

fn hits_are_added_and_pruned(backend: &dyn Backend) {
    let ledger = begun(backend);
    proptest!(cases(40), |(sets in vec(hits(), 1..4))| {
        for set in sets {
            let unsorted = set.iter().rev().cloned().collect();
            let lead = Lead { hits: unsorted, ..plain_lead(1, Timestamp::from_millis(1)) };
            commit(ledger.as_ref(), &Changes { leads: vec![lead], ..Changes::default() });
            let stored = ledger.lead(SiteNo::new(1), lead_key(1)).expect("reads").expect("is there");
            prop_assert_eq!(stored.hits, set, "what is not written again is gone, what changed has changed");
        }
    });
}

fn a_lead_belongs_to_its_site(backend: &dyn Backend) {
    let ledger = begun(backend);
    let lead = plain_lead(1, Timestamp::from_millis(1));
    let transitions = vec![a_transition(1, "because")];
    commit(ledger.as_ref(), &Changes { leads: vec![lead.clone()], transitions, ..Changes::default() });
    assert_eq!(ledger.lead(SiteNo::new(1), lead_key(1)).expect("reads"), Some(lead));
    assert_eq!(ledger.lead(SiteNo::new(2), lead_key(1)).expect("reads"), None);
    assert_eq!(ledger.lead(SiteNo::new(1), lead_key(2)).expect("reads"), None);
    assert_eq!(ledger.transitions(SiteNo::new(1), lead_key(1)).expect("reads").len(), 1);
    assert!(ledger.transitions(SiteNo::new(2), lead_key(1)).expect("reads").is_empty());
}

fn transitions_are_appended(backend: &dyn Backend) {
    proptest!(cases(16), |(commits in vec(vec(transition(), 0..5), 1..4))| {
        let ledger = begun(backend);
        for transitions in &commits {
            commit(ledger.as_ref(), &Changes { transitions: transitions.clone(), ..Changes::default() });
        }
        for number in 0..5 {
            let site = SiteNo::new(if number % 2 == 1 { 1 } else { 2 });
            let of_lead = commits.iter().flatten().filter(|transition| transition.lead == lead_key(number));
            let mut of_lead: Vec<_> = of_lead.cloned().collect();
            of_lead.sort_by_key(|transition| transition.at);
            let stored = ledger.transitions(site, lead_key(number)).expect("reads");
            prop_assert_eq!(stored, of_lead, "by their moments, of one moment as they were written");
        }
    });
    let ledger = begun(backend);
    commit(ledger.as_ref(), &Changes { transitions: vec![a_transition(1, "x")], ..Changes::default() });
    let stored = ledger.transitions(SiteNo::new(1), lead_key(1)).expect("reads");
    assert_eq!(stored, [Transition { rules: Vec::new(), ..a_transition(1, "x") }], "rules are for counting");
}

fn rollups_add_up(backend: &dyn Backend) {
    let ledger = begun(backend);
    let direct = key(1, Attribution::Visit, Dimension::Channel, "direct");
    let email = key(2, Attribution::First, Dimension::Channel, "email");
    for n in 1..=3_i64 {
        let deltas = [
            (direct.clone(), RollupDelta { visits: n, leads: 0, mqls: 0 }),
            (email.clone(), RollupDelta { visits: 0, leads: 10 * n, mqls: n }),
        ];
        commit(ledger.as_ref(), &Changes { rollups: BTreeMap::from(deltas), ..Changes::default() });
    }
    assert_eq!(
        report(ledger.as_ref()),
        [(1, "direct".to_owned(), 6, 0, 0), (2, "email".to_owned(), 0, 60, 6)]
    );
    let back = RollupDelta { visits: -2, leads: 0, mqls: 0 };
    commit(ledger.as_ref(), &Changes { rollups: BTreeMap::from([(direct, back)]), ..Changes::default() });
    assert_eq!(
        report(ledger.as_ref())[0],
        (1, "direct".to_owned(), 4, 0, 0),
        "what is taken back is taken off"
    );
}

fn old_visits_are_forgotten(backend: &dyn Backend) {
    let ledger = begun(backend);
    let visit = |number: u8, last_at: i64| Visit {
        visitor: visitor(number),
        site: SiteNo::new(u32::from(number)),
        started_at: Timestamp::from_millis(0),
        last_at: Timestamp::from_millis(last_at),
        origin: plain_lead(1, Timestamp::from_millis(0)).first,
        lead: None,
        proven: false,
        hits: Vec::new(),
    };
    let visits = vec![visit(1, 99), visit(2, 100), visit(3, 101)];
    commit(ledger.as_ref(), &Changes { visits, ..Changes::default() });
    let there = || {
        let loaded = ledger.load(&[visitor(1), visitor(2), visitor(3), visitor(4)], &[]).expect("loads");
        loaded.visits.into_values().map(|visit| visit.site.get()).collect::<Vec<_>>()
    };
    assert_eq!(there(), [1, 2, 3]);
    let forget_visits_before = Some(Timestamp::from_millis(100));
    // What is written with it is looked at too.
    let visits = vec![visit(3, 98), visit(4, 102)];
    commit(ledger.as_ref(), &Changes { visits, forget_visits_before, ..Changes::default() });
    assert_eq!(there(), [2, 4]);
}

fn a_restart_keeps_what_does_not_follow_from_events(backend: &dyn Backend) {
    let ledger = begun(backend);
    let site = ledger.put_site(new_site("example.com", SitePolicy::default())).expect("puts");
    let rollup = (
        key(1, Attribution::Visit, Dimension::Channel, "direct"),
        RollupDelta { visits: 1, leads: 0, mqls: 0 },
    );
    let lead = plain_lead(1, Timestamp::from_millis(10));
    let changes = Changes {
        leads: vec![Lead { hits: Vec::new(), ..lead }],
        transitions: vec![a_transition(1, "x")],
        rollups: BTreeMap::from([rollup]),
        ..Changes::default()
    };
    commit(ledger.as_ref(), &changes);
    ledger.restart(model(2)).expect("restarts");
    assert!(ledger.load(&[], &[lead_key(1)]).expect("loads").leads.is_empty());
    assert!(ledger.transitions(SiteNo::new(1), lead_key(1)).expect("reads").is_empty());
    assert!(report(ledger.as_ref()).is_empty());
    assert_eq!(ledger.sites().expect("reads").iter().map(fields).collect::<Vec<_>>(), [fields(&site)]);
}
