//! The contract of publications. Invariant: one at a time for a site and a model, the oldest first, and each ends
//! once, with its entry.

use super::generate::{lead_key, model, plain_lead};
use super::ledger::{begun, commit};
use super::lifecycle::{act, at, change};
use super::rights::{order, site};
use super::{Backend, contract};
use crate::domain::{Act, Action, Actor, Role, SiteNo, Timestamp};
use crate::storage::{
    AuditQuery, Changes, Ended, Ledger, NewPublication, Publication, PublicationState, Remade, StoreError,
};

contract!(publications_wait_in_order, a_publication_ends_once, what_is_to_be_told_has_a_number,);

fn asked(site: u32, number: u8, moment: i64) -> NewPublication {
    NewPublication {
        site: SiteNo::new(site),
        model: model(number),
        asked_at: at(moment),
        by: Actor::account(Role::Owner),
        announce: number == 2,
        void: None,
    }
}

fn said(action: Action) -> Act {
    Act { action, ..act() }
}

fn ask(ledger: &dyn Ledger, new: &NewPublication) -> Publication {
    ledger.ask_publication(new, &said(Action::PublishAsked)).expect("asks").0
}

fn entries(ledger: &dyn Ledger, action: Action) -> u64 {
    let query = AuditQuery { action: Some(action), limit: 9, ..AuditQuery::default() };
    ledger.entries(&query).expect("reads").total
}

fn publications_wait_in_order(backend: &dyn Backend) {
    let ledger = begun(backend);
    let ledger = ledger.as_ref();
    assert_eq!(ledger.next_publication().expect("reads"), None);
    let first = ask(ledger, &asked(1, 2, 5));
    let expected = Publication {
        id: first.id,
        asked: asked(1, 2, 5),
        state: PublicationState::Running,
        ended_at: None,
        entered: 0,
        left: 0,
        problem: None,
    };
    assert_eq!(first, expected);
    let again = ledger.ask_publication(&asked(1, 2, 6), &said(Action::PublishAsked));
    assert!(matches!(again, Err(StoreError::Conflict)), "it is being published");
    let elsewhere = ask(ledger, &asked(2, 2, 6));
    let other = ask(ledger, &asked(1, 3, 7));
    assert!(first.id < elsewhere.id && elsewhere.id < other.id);
    assert_eq!(entries(ledger, Action::PublishAsked), 3, "none for what was refused");
    assert_eq!(ledger.publications(SiteNo::new(1)).expect("reads"), [other.clone(), first.clone()]);
    assert_eq!(ledger.publication(elsewhere.id).expect("reads"), Some(elsewhere.clone()));
    assert_eq!(ledger.publication(other.id + 1).expect("reads"), None);
    for next in [first, elsewhere, other] {
        assert_eq!(ledger.next_publication().expect("reads"), Some(next.clone()));
        let cancelled = Ended { state: PublicationState::Cancelled, at: at(9), problem: None };
        ledger.end_publication(next.id, &cancelled, &said(Action::PublishCancelled)).expect("ends");
    }
    assert_eq!(ledger.next_publication().expect("reads"), None);
}

fn a_publication_ends_once(backend: &dyn Backend) {
    let ledger = begun(backend);
    let ledger = ledger.as_ref();
    let publication = ask(ledger, &asked(1, 2, 5));
    let failed =
        Ended { state: PublicationState::Failed, at: at(9), problem: Some("the disk is full".to_owned()) };
    let entry = ledger.end_publication(publication.id, &failed, &said(Action::PublishFailed)).expect("ends");
    assert_eq!(entry.map(|entry| entry.action), Some("model.publish_failed".to_owned()));
    let cancelled = Ended { state: PublicationState::Cancelled, at: at(10), problem: None };
    let again = ledger.end_publication(publication.id, &cancelled, &said(Action::PublishCancelled));
    assert_eq!(again.expect("is no failure"), None);
    assert_eq!(entries(ledger, Action::PublishCancelled), 0);
    let ended = Publication {
        state: PublicationState::Failed,
        ended_at: Some(at(9)),
        problem: Some("the disk is full".to_owned()),
        ..publication
    };
    assert_eq!(ledger.publication(ended.id).expect("reads"), Some(ended));
    // And may be asked for anew.
    ask(ledger, &asked(1, 2, 11));
}

fn moments(ledger: &dyn Ledger, after: i64, limit: usize) -> Vec<(i64, i64)> {
    let found = ledger.to_announce(after, limit).expect("reads");
    found.into_iter().map(|told| (told.number, told.transition.at.millis())).collect()
}

fn what_is_to_be_told_has_a_number(backend: &dyn Backend) {
    let ledger = begun(backend);
    let ledger = ledger.as_ref();
    assert!(moments(ledger, 0, 9).is_empty());
    let leads = vec![plain_lead(1, at(1)), plain_lead(2, at(1)), plain_lead(3, at(1))];
    let transitions =
        vec![change(1, 30, Role::Collector), change(2, 10, Role::Collector), change(3, 20, Role::Owner)];
    commit(ledger, &Changes { leads, transitions: transitions.clone(), ..Changes::default() });
    let told = moments(ledger, 0, 9);
    assert_eq!(told.iter().map(|(_, at)| *at).collect::<Vec<_>>(), [30, 10, 20], "as they were written");
    assert!(told.is_sorted());
    assert_eq!(ledger.to_announce(0, 1).expect("reads")[0].transition, transitions[0]);
    assert_eq!(moments(ledger, told[0].0, 1), told[1..2]);
    assert!(moments(ledger, told[2].0, 9).is_empty());
    let site = site();
    ledger.take_back(&order(&site, 2, &[]), &|_| Ok(Remade::default()), &|_| act()).expect("takes back");
    ledger.forget_leads(&[lead_key(3)], Timestamp::from_millis(i64::MAX)).expect("forgets");
    assert_eq!(moments(ledger, 0, 9), told[..1], "who is gone is not told of");
}
