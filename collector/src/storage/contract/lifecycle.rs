//! The contract of turns, and of what people did when all is made anew. Invariant: a turn is whole or not at
//! all, and what people did goes only with the lead.

use super::generate::{lead_key, model, plain_lead};
use super::ledger::{begun, commit};
use super::rights::{order, site};
use super::{Backend, contract};
use crate::domain::{Act, Action, Actor, Cursor, LeadKey, Role, SiteNo, Stage, Timestamp};
use crate::leads::{Lead, Transition};
use crate::storage::{AuditQuery, Changes, Due, Ledger, Loaded, Remade, StoreError, Turned};

contract!(
    those_that_faded_come_oldest_first,
    a_turn_is_whole_or_not_at_all,
    what_people_did_outlives_a_restart,
    what_people_did_goes_with_the_lead,
);

pub(super) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

pub(super) fn change(number: u8, moment: i64, role: Role) -> Transition {
    Transition {
        lead: lead_key(number),
        site: SiteNo::new(1),
        at: at(moment),
        from: Stage::Lead,
        to: Stage::Mql,
        reason: "because".to_owned(),
        actor: Actor::account(role),
        amount: None,
        score: crate::domain::Score::default(),
        model: model(1),
        lines: "[]".to_owned(),
        rules: Vec::new(),
    }
}

pub(super) fn act() -> Act {
    Act {
        at: at(1),
        actor: Actor::account(Role::Owner),
        action: Action::LeadStageChanged,
        site: None,
        subject: None,
        details: "{}".to_owned(),
    }
}

/// Whose turn it is; nothing is changed.
fn due(ledger: &dyn Ledger, due: Due) -> Vec<LeadKey> {
    let mut keys = Vec::new();
    let look = &mut |loaded: Loaded| {
        keys.extend(loaded.leads.into_keys());
        Ok(Turned::default())
    };
    let (count, entry) = ledger.turn(due, look).expect("turns");
    assert_eq!((count, entry), (keys.len(), None));
    keys
}

fn those_that_faded_come_oldest_first(backend: &dyn Backend) {
    let ledger = begun(backend);
    let leads = [(1, 30), (2, 10), (3, 20), (4, 40), (5, 5)]
        .map(|(number, scored)| Lead { scored_at: at(scored), ..plain_lead(number, at(1)) });
    commit(ledger.as_ref(), &Changes { leads: leads.to_vec(), ..Changes::default() });
    ledger.restrict(SiteNo::new(1), lead_key(5), Some(at(1)), false, &|_| act()).expect("restricts");
    assert_eq!(
        due(ledger.as_ref(), Due::Faded(at(40), 9)),
        [1, 2, 3].map(lead_key),
        "before, and not restricted"
    );
    assert_eq!(due(ledger.as_ref(), Due::Faded(at(40), 2)), [2, 3].map(lead_key));
    assert!(due(ledger.as_ref(), Due::Faded(at(10), 9)).is_empty());
    assert_eq!(due(ledger.as_ref(), Due::One(SiteNo::new(1), lead_key(4))), [lead_key(4)]);
    assert!(due(ledger.as_ref(), Due::One(SiteNo::new(2), lead_key(4))).is_empty(), "another site's");
    assert!(due(ledger.as_ref(), Due::One(SiteNo::new(1), lead_key(9))).is_empty());
    assert!(due(ledger.as_ref(), Due::Pending(9)).is_empty());
}

fn a_turn_is_whole_or_not_at_all(backend: &dyn Backend) {
    let ledger = begun(backend);
    commit(ledger.as_ref(), &Changes { leads: vec![plain_lead(1, at(1))], ..Changes::default() });
    let one = Due::One(SiteNo::new(1), lead_key(1));
    let generation = ledger.generation().expect("reads");
    let failed = ledger.turn(one, &mut |_| Err(StoreError::Busy));
    assert!(matches!(failed, Err(StoreError::Busy)));
    assert_eq!(ledger.generation().expect("reads"), generation);
    let made = |loaded: Loaded| {
        let moved = |lead: Lead| Lead { stage: Stage::Mql, stage_at: at(7), stage_by: Role::Owner, ..lead };
        let leads = loaded.leads.into_values().map(moved).collect();
        let transitions = vec![change(1, 7, Role::Owner)];
        Turned { changes: Changes { leads, transitions, ..Changes::default() }, act: Some(act()) }
    };
    let (count, entry) = ledger.turn(one, &mut |loaded| Ok(made(loaded))).expect("turns");
    assert_eq!((count, entry.map(|entry| entry.action)), (1, Some("lead.stage_changed".to_owned())));
    let lead = ledger.lead(SiteNo::new(1), lead_key(1)).expect("reads").expect("is there");
    assert_eq!((lead.stage, lead.stage_at, lead.stage_by), (Stage::Mql, at(7), Role::Owner));
    assert_eq!(ledger.transitions(lead.site, lead.key).expect("reads"), [change(1, 7, Role::Owner)]);
    let query = AuditQuery { action: Some(Action::LeadStageChanged), limit: 9, ..AuditQuery::default() };
    assert_eq!(ledger.entries(&query).expect("reads").total, 1);
    assert_eq!(ledger.generation().expect("reads"), generation + 1);
    let (cursor, _) = ledger.progress().expect("reads").expect("begun");
    let stale = Changes { generation, ..Changes::default() };
    assert!(matches!(ledger.commit(cursor, cursor, &stale), Err(StoreError::Conflict)), "who loaded before");
}

fn pending(ledger: &dyn Ledger, number: u8) -> Vec<i64> {
    let loaded = ledger.load(&[], &[lead_key(number)]).expect("loads");
    loaded.pending.get(&lead_key(number)).into_iter().flatten().map(|change| change.at.millis()).collect()
}

fn commit_applied(ledger: &dyn Ledger, number: u8, count: usize) {
    let generation = ledger.generation().expect("reads");
    let (cursor, _) = ledger.progress().expect("reads").expect("begun");
    let applied = [(lead_key(number), count)].into();
    let changes = Changes { generation, applied, ..Changes::default() };
    ledger.commit(cursor, cursor, &changes).expect("commits");
}

fn what_people_did_outlives_a_restart(backend: &dyn Backend) {
    let ledger = begun(backend);
    let transitions = vec![
        change(1, 30, Role::Operator),
        change(1, 10, Role::Collector),
        change(1, 20, Role::Owner),
        change(2, 5, Role::Collector),
    ];
    let leads = vec![plain_lead(1, at(1)), plain_lead(2, at(1))];
    commit(ledger.as_ref(), &Changes { leads: leads.clone(), transitions, ..Changes::default() });
    assert!(pending(ledger.as_ref(), 1).is_empty());
    ledger.restart(model(2)).expect("restarts");
    let kept = |number| ledger.transitions(SiteNo::new(1), lead_key(number)).expect("reads");
    assert_eq!(kept(1), [change(1, 20, Role::Owner), change(1, 30, Role::Operator)]);
    assert!(kept(2).is_empty());
    assert_eq!(pending(ledger.as_ref(), 1), [20, 30]);
    assert!(due(ledger.as_ref(), Due::Pending(9)).is_empty(), "not before the lead is there again");
    commit(ledger.as_ref(), &Changes { leads, ..Changes::default() });
    assert_eq!(due(ledger.as_ref(), Due::Pending(9)), [lead_key(1)]);
    commit_applied(ledger.as_ref(), 1, 1);
    assert_eq!(pending(ledger.as_ref(), 1), [30], "the oldest first");
    commit_applied(ledger.as_ref(), 1, 1);
    assert!(due(ledger.as_ref(), Due::Pending(9)).is_empty());
    assert_eq!(kept(1).len(), 2, "they stay where they are");
}

fn what_people_did_goes_with_the_lead(backend: &dyn Backend) {
    let ledger = begun(backend);
    let transitions = (1..=2).map(|number| change(number, 20, Role::Owner)).collect();
    let leads: Vec<Lead> = (1..=2).map(|number| plain_lead(number, at(1))).collect();
    commit(ledger.as_ref(), &Changes { leads: leads.clone(), transitions, ..Changes::default() });
    ledger.restart(model(2)).expect("restarts");
    let begin = Changes { generation: ledger.generation().expect("reads"), leads, ..Changes::default() };
    ledger.commit(Cursor::default(), Cursor::default(), &begin).expect("commits");
    ledger.forget_leads(&[lead_key(1)], Timestamp::from_millis(i64::MAX)).expect("forgets");
    let site = site();
    ledger.take_back(&order(&site, 2, &[]), &|_| Ok(Remade::default()), &|_| act()).expect("takes back");
    for number in [1, 2] {
        assert!(pending(ledger.as_ref(), number).is_empty(), "{number}");
        assert!(ledger.transitions(SiteNo::new(1), lead_key(number)).expect("reads").is_empty(), "{number}");
    }
}
