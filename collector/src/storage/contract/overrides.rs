//! The contract of what people say against a score. Invariant: it is with the lead wherever the lead is loaded,
//! outlives a restart, changes only by its end, and goes with the lead.

use super::generate::{given, lead_key, model, plain_lead};
use super::ledger::{begun, commit};
use super::rights::{order, site};
use super::{Backend, contract};
use crate::domain::{Act, Action, Actor, Ended, LeadKey, Override, Role, SiteNo, Text, Timestamp};
use crate::storage::{Changes, Due, Held, LeadQuery, Ledger, Remade, Standing, Turned};

contract!(
    it_is_with_the_lead_wherever_that_is_loaded,
    it_changes_by_its_end_alone,
    it_outlives_a_restart_and_is_come_to,
    it_goes_with_the_lead,
);

const SITE: SiteNo = SiteNo::new(1);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// Two leads, the first with two overrides.
fn begin(backend: &dyn Backend) -> (Box<dyn Ledger>, [Override; 2]) {
    let ledger = begun(backend);
    let overrides = [given(1, 10, 50), given(2, 20, 40)];
    let changes = Changes {
        leads: vec![plain_lead(1, at(1)), plain_lead(2, at(30))],
        overrides: overrides.clone().map(|given| (lead_key(1), SITE, given)).to_vec(),
        ..Changes::default()
    };
    commit(ledger.as_ref(), &changes);
    (ledger, overrides)
}

fn of(ledger: &dyn Ledger, number: u8) -> Vec<Override> {
    ledger.lead(SITE, lead_key(number)).expect("reads").map(|lead| lead.overrides).unwrap_or_default()
}

fn due(ledger: &dyn Ledger, due: Due) -> Vec<(LeadKey, usize)> {
    let mut keys = Vec::new();
    let look = &mut |loaded: crate::storage::Loaded| {
        keys.extend(loaded.leads.into_values().map(|lead| (lead.key, lead.overrides.len())));
        Ok(Turned::default())
    };
    ledger.turn(due, look).expect("turns");
    keys
}

fn it_is_with_the_lead_wherever_that_is_loaded(backend: &dyn Backend) {
    let (ledger, overrides) = begin(backend);
    assert_eq!(of(ledger.as_ref(), 1), overrides);
    assert!(of(ledger.as_ref(), 2).is_empty());
    let loaded = ledger.load(&[], &[lead_key(1), lead_key(2)]).expect("loads");
    assert_eq!(loaded.leads[&lead_key(1)].overrides, overrides);
    assert!(loaded.overrides.is_empty(), "those of a lead that is there are with it");
    assert_eq!(due(ledger.as_ref(), Due::One(SITE, lead_key(1))), [(lead_key(1), 2)]);
    assert_eq!(due(ledger.as_ref(), Due::Faded(at(99), 9)), [(lead_key(1), 2), (lead_key(2), 0)]);
    // A lead that is written without them, as one that was loaded elsewhere, does not take them away.
    commit(ledger.as_ref(), &Changes { leads: vec![plain_lead(1, at(2))], ..Changes::default() });
    assert_eq!(of(ledger.as_ref(), 1), overrides);
}

fn it_changes_by_its_end_alone(backend: &dyn Backend) {
    let (ledger, [first, second]) = begin(backend);
    let by = Actor { role: Role::Operator, who: Text::clean("jo (uid 7)") };
    let ended = Override { ended: Some(Ended { at: at(30), by }), ..first };
    let altered = Override { until: at(999), reason: Text::clean("else"), ..ended.clone() };
    let overrides = vec![(lead_key(1), SITE, altered)];
    commit(ledger.as_ref(), &Changes { overrides, ..Changes::default() });
    assert_eq!(of(ledger.as_ref(), 1), [ended, second]);
}

fn it_outlives_a_restart_and_is_come_to(backend: &dyn Backend) {
    let (ledger, overrides) = begin(backend);
    assert_eq!(due(ledger.as_ref(), Due::Pending(9)), [(lead_key(1), 2)], "given after the score");
    ledger.restart(model(2)).expect("restarts");
    let loaded = ledger.load(&[], &[lead_key(1), lead_key(2)]).expect("loads");
    assert!(loaded.leads.is_empty());
    assert_eq!(loaded.overrides.into_iter().collect::<Vec<_>>(), [(lead_key(1), overrides.to_vec())]);
    commit(ledger.as_ref(), &Changes { leads: vec![plain_lead(1, at(19))], ..Changes::default() });
    assert_eq!(due(ledger.as_ref(), Due::Pending(9)), [(lead_key(1), 2)], "the second is from 20 on");
    commit(ledger.as_ref(), &Changes { leads: vec![plain_lead(1, at(20))], ..Changes::default() });
    assert!(due(ledger.as_ref(), Due::Pending(9)).is_empty(), "the score is of then");
    let ended = Override {
        ended: Some(Ended { at: at(21), by: Actor::account(Role::Owner) }),
        ..overrides[0].clone()
    };
    commit(ledger.as_ref(), &Changes { overrides: vec![(lead_key(1), SITE, ended)], ..Changes::default() });
    assert_eq!(due(ledger.as_ref(), Due::Pending(9)), [(lead_key(1), 2)], "its end is to be looked at");
}

fn it_goes_with_the_lead(backend: &dyn Backend) {
    let act = || Act {
        at: at(1),
        actor: Actor::account(Role::Owner),
        action: Action::PersonErased,
        site: None,
        subject: None,
        details: "{}".to_owned(),
    };
    let (ledger, _) = begin(backend);
    let held = ledger.held(SITE, lead_key(1), &[]).expect("counts");
    assert_eq!(held, Held { leads: 1, overrides: 2, ..Held::default() });
    assert_eq!(ledger.held(SiteNo::new(2), lead_key(1), &[]).expect("counts"), Held::default());
    let site = site();
    // Also when the lead itself waits to be made anew.
    ledger.restart(model(2)).expect("restarts");
    let remake = |_: &Standing<'_>| {
        let changes = Changes { leads: vec![plain_lead(1, at(1))], ..Changes::default() };
        Ok(Remade { changes, ..Remade::default() })
    };
    let (taken, _) = ledger.take_back(&order(&site, 1, &[]), &remake, &|_| act()).expect("takes back");
    assert_eq!(taken.held.overrides, 2);
    assert!(of(ledger.as_ref(), 1).is_empty(), "what remains of the lead is without them");
    let (ledger, _) = begin(backend);
    ledger.forget_leads(&[lead_key(1)], at(99)).expect("forgets");
    let generation = ledger.generation().expect("reads");
    let again = Changes { leads: vec![plain_lead(1, at(100))], generation, ..Changes::default() };
    commit(ledger.as_ref(), &again);
    assert!(of(ledger.as_ref(), 1).is_empty(), "who comes again is another");
    let everyone = LeadQuery {
        site: SITE,
        mqls: false,
        stage: None,
        from: None,
        before: None,
        channel: None,
        attribution: crate::storage::Attribution::First,
        limit: 9,
        after: None,
    };
    assert_eq!(ledger.leads(&everyone).expect("lists").total, 2);
}
