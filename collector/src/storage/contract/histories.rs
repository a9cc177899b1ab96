//! The contract of leads with their past. Invariant: each lead comes once, in order, with all its hits and changes;
//! nobody comes who asked not to be processed.

use super::generate::{lead, lead_key, model, plain_lead, transition};
use super::ledger::{begun, cases, commit};
use super::rights::{order, site};
use super::{Backend, contract};
use crate::domain::{Act, Action, Actor, Hit, LeadKey, Role, RuleId, Score, SiteNo, Stage, Timestamp};
use crate::leads::{Lead, Transition};
use crate::storage::{Acted, Changes, Ledger, Remade, Standing, TakeBack};
use proptest::collection::vec;
use proptest::prelude::*;
use std::cmp::Reverse;
use std::ops::ControlFlow;

contract!(
    those_acted_on_come_by_the_newest_act,
    who_asked_not_to_be_processed_does_not_come,
    reading_stops_when_told,
    any_past_comes_whole,
);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn change(number: u8, moment: i64, role: Role) -> Transition {
    Transition {
        lead: lead_key(number),
        site: SiteNo::new(1),
        at: at(moment),
        from: Stage::Lead,
        to: Stage::Mql,
        reason: "because".to_owned(),
        actor: Actor::account(role),
        amount: None,
        score: Score::default(),
        model: model(1),
        lines: "[]".to_owned(),
        rules: Vec::new(),
    }
}

fn act() -> Act {
    Act {
        at: at(1),
        actor: Actor::account(Role::Owner),
        action: Action::LeadStageChanged,
        site: None,
        subject: None,
        details: "{}".to_owned(),
    }
}

fn read(ledger: &dyn Ledger, site: u32, acted: Acted) -> Vec<(Lead, Vec<Transition>)> {
    let mut all = Vec::new();
    let each = &mut |lead, transitions| {
        all.push((lead, transitions));
        ControlFlow::Continue(())
    };
    ledger.histories(SiteNo::new(site), acted, each).expect("reads");
    all
}

fn keys(ledger: &dyn Ledger, acted: Acted) -> Vec<LeadKey> {
    read(ledger, 1, acted).into_iter().map(|(lead, _)| lead.key).collect()
}

/// Leads 1 to 6: people acted on 2, 4 and 5; the collector alone on 3; 6 is another site's.
fn some(backend: &dyn Backend) -> Box<dyn Ledger> {
    let ledger = begun(backend);
    let mut leads: Vec<Lead> = (1..=6).map(|number| plain_lead(number, at(i64::from(number)))).collect();
    leads[5].site = SiteNo::new(2);
    let hit = |event: u8| Hit {
        rule: RuleId::parse("demo_request").expect("valid"),
        at: at(i64::from(event)),
        event: crate::domain::EventId::from_bytes([event; 16]),
        value: None,
    };
    leads[1].hits = vec![hit(1), hit(2)];
    let transitions = vec![
        change(2, 10, Role::Collector),
        change(5, 20, Role::Owner),
        change(2, 30, Role::Operator),
        change(4, 30, Role::Owner),
        change(3, 40, Role::Collector),
    ];
    commit(ledger.as_ref(), &Changes { leads, transitions, ..Changes::default() });
    ledger
}

fn those_acted_on_come_by_the_newest_act(backend: &dyn Backend) {
    let ledger = some(backend);
    assert_eq!(
        keys(ledger.as_ref(), Acted::ByPeople),
        [4, 2, 5].map(lead_key),
        "of equal moments the greater"
    );
    assert_eq!(keys(ledger.as_ref(), Acted::ByNobody), [3, 1].map(lead_key), "the newest event first");
    assert_eq!(read(ledger.as_ref(), 2, Acted::ByNobody).len(), 1);
    assert!(read(ledger.as_ref(), 2, Acted::ByPeople).is_empty());
    let (lead, transitions) = &read(ledger.as_ref(), 1, Acted::ByPeople)[1];
    assert_eq!(lead.hits.len(), 2);
    assert_eq!(
        transitions.iter().map(|of| of.at).collect::<Vec<_>>(),
        [at(10), at(30)],
        "the collector's too"
    );
}

fn who_asked_not_to_be_processed_does_not_come(backend: &dyn Backend) {
    let ledger = some(backend);
    ledger.restrict(SiteNo::new(1), lead_key(4), Some(at(1)), false, &|_| act()).expect("restricts");
    ledger.restrict(SiteNo::new(1), lead_key(1), Some(at(1)), false, &|_| act()).expect("restricts");
    assert_eq!(keys(ledger.as_ref(), Acted::ByPeople), [2, 5].map(lead_key));
    assert_eq!(keys(ledger.as_ref(), Acted::ByNobody), [3].map(lead_key));
    ledger.restrict(SiteNo::new(1), lead_key(4), None, false, &|_| act()).expect("lifts");
    assert_eq!(keys(ledger.as_ref(), Acted::ByPeople), [4, 2, 5].map(lead_key));
    // Who took their consent back, and of whom what rests on another basis is still there.
    let site = site();
    let withdrawn = TakeBack { withdrawn: Some(at(2)), ..order(&site, 3, &[]) };
    let rest = |_: &Standing<'_>| {
        let changes = Changes { leads: vec![plain_lead(3, at(3))], ..Changes::default() };
        Ok(Remade { changes, ..Remade::default() })
    };
    ledger.take_back(&withdrawn, &rest, &|_| act()).expect("takes back");
    assert!(ledger.lead(SiteNo::new(1), lead_key(3)).expect("reads").is_some());
    assert!(keys(ledger.as_ref(), Acted::ByNobody).is_empty());
}

fn reading_stops_when_told(backend: &dyn Backend) {
    let ledger = some(backend);
    let mut seen = 0;
    let each = &mut |_, _| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    ledger.histories(SiteNo::new(1), Acted::ByPeople, each).expect("reads");
    assert_eq!(seen, 2);
}

fn any_past_comes_whole(backend: &dyn Backend) {
    proptest!(cases(24), |(written in vec(lead(), 0..6), mut changes in vec(transition(), 0..8))| {
        let ledger = begun(backend);
        let mut leads: Vec<Lead> = Vec::new();
        for lead in &written {
            leads.retain(|earlier| earlier.key != lead.key);
            leads.push(lead.clone());
        }
        commit(ledger.as_ref(), &Changes { leads: written, transitions: changes.clone(), ..Changes::default() });
        changes.sort_by_key(|change| change.at);
        for (site, acted) in [(1, Acted::ByPeople), (1, Acted::ByNobody), (2, Acted::ByPeople), (2, Acted::ByNobody)] {
            let mut expected: Vec<(Timestamp, Lead, Vec<Transition>)> = Vec::new();
            for lead in leads.iter().filter(|lead| lead.site == SiteNo::new(site)) {
                let own = changes.iter().filter(|of| of.lead == lead.key && of.site == lead.site);
                let own: Vec<Transition> = own.cloned().collect();
                let newest = own.iter().filter(|of| of.by_people()).map(|of| of.at).max();
                let moment = match acted {
                    Acted::ByPeople => newest,
                    Acted::ByNobody => newest.is_none().then_some(lead.last_seen),
                };
                let lead = Lead { touches: Vec::new(), ..lead.clone() };
                expected.extend(moment.map(|moment| (moment, lead, own)));
            }
            expected.sort_by_key(|(moment, lead, _)| Reverse((*moment, lead.key)));
            let expected: Vec<_> = expected.into_iter().map(|(_, lead, own)| (lead, own)).collect();
            prop_assert_eq!(read(ledger.as_ref(), site, acted), expected);
        }
    });
}
