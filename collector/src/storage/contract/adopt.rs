//! The contract of taking over what a shadow made. Invariant: of the site all is the shadow's but what people did and
//! what they say; of other sites nothing changes; and what cannot be taken over changes nothing at all.

use super::generate::{given, lead_key, model, plain_lead, visitor};
use super::ledger::cursor;
use super::lifecycle::{act, at, change};
use super::{Backend, contract};
use crate::domain::{
    Actor, Cursor, Date, EventId, Hit, LeadKey, Role, RuleId, Score, SiteId, SiteNo, SitePolicy, Stage,
    Timestamp, Zone,
};
use crate::leads::{Dimension, Lead, Qualified, Touched, Transition, Visit};
use crate::storage::{
    Adopt, Adopted, Attribution, Changes, Counts, Ledger, Mark, NewPublication, NewSite, Publication,
    PublicationState, ReportQuery, RollupDelta, RollupKey, StoreError,
};
use std::collections::BTreeMap;
use std::sync::Arc;

contract!(
    what_a_shadow_made_is_taken_over,
    what_people_did_is_applied_where_the_shadow_has_come_to_it,
    what_cannot_be_taken_over_changes_nothing,
);

const SITE: SiteNo = SiteNo::new(1);
const OTHER: SiteNo = SiteNo::new(2);
const NAME: &str = "publish-1";

fn hit(rule: &str, event: u8) -> Hit {
    let rule = RuleId::parse(rule).expect("valid");
    Hit { rule, event: EventId::from_bytes([event; 16]), at: at(5), value: None }
}

/// A lead that was touched so often, and is an MQL since then.
fn lead(number: u8, site: SiteNo, touches: i64, mql_at: Option<i64>) -> Lead {
    let plain = plain_lead(number, at(30));
    let touched = |n| Touched { at: at(n), origin: plain.first.clone() };
    let qualified = mql_at.map(|ms| Qualified { at: at(ms), score: Score::default() });
    Lead { site, touches: (0..touches).map(touched).collect(), qualified, ..plain }
}

fn visit(number: u8, site: SiteNo, last_at: i64) -> Visit {
    Visit {
        visitor: visitor(number),
        site,
        started_at: at(1),
        last_at: at(last_at),
        origin: plain_lead(1, at(1)).first,
        lead: None,
        proven: false,
        hits: Vec::new(),
    }
}

fn cells(site: SiteNo, mqls: i64) -> BTreeMap<RollupKey, RollupDelta> {
    let cell = |attribution| RollupKey {
        site,
        day: Date::from_days(3),
        attribution,
        dimension: Dimension::Channel,
        key: "email".to_owned(),
    };
    let delta = RollupDelta { visits: 0, leads: 0, mqls };
    Attribution::OF_LEADS.into_iter().map(|attribution| (cell(attribution), delta)).collect()
}

fn machine(number: u8, moment: i64) -> Transition {
    Transition { actor: Actor::collector(), ..change(number, moment, Role::Collector) }
}

/// What sales did after that.
fn sales(number: u8, moment: i64) -> Transition {
    Transition { from: Stage::Mql, to: Stage::Sal, ..change(number, moment, Role::Owner) }
}

fn write(ledger: &dyn Ledger, to: i64, changes: Changes) {
    let (from, _) = ledger.progress().expect("reads").expect("begun");
    let generation = ledger.generation().expect("reads");
    ledger.commit(from, cursor(to), &Changes { generation, ..changes }).expect("commits");
}

/// A ledger of two sites, at place 9.
fn live(backend: &dyn Backend) -> Box<dyn Ledger> {
    let ledger = backend.ledger();
    ledger.restart(model(1)).expect("restarts");
    for id in ["a.example", "b.example"] {
        let zone = Zone::parse("UTC").expect("known");
        let new = NewSite { id: SiteId::parse(id).expect("valid"), zone, policy: SitePolicy::default() };
        ledger.put_site(new).expect("puts");
    }
    let leads = vec![
        Lead { hits: vec![hit("old", 1)], ..lead(1, SITE, 1, Some(10)) },
        Lead { hits: vec![hit("old", 2)], ..lead(2, SITE, 1, Some(5)) },
        Lead { hits: vec![hit("old", 3)], ..lead(3, OTHER, 2, Some(7)) },
        lead(5, SITE, 1, None),
    ];
    let other = |transition| Transition { site: OTHER, ..transition };
    let transitions = vec![
        machine(1, 10),
        machine(2, 5),
        sales(1, 20),
        other(machine(3, 7)),
        other(sales(3, 8)),
        sales(5, 21),
    ];
    let mut rollups = cells(SITE, 2000);
    rollups.extend(cells(OTHER, 1000));
    let changes = Changes {
        visits: vec![visit(1, SITE, 40), visit(2, OTHER, 40)],
        overrides: vec![(lead_key(1), SITE, given(1, 15, 99))],
        leads,
        transitions,
        rollups,
        ..Changes::default()
    };
    write(ledger.as_ref(), 9, changes);
    ledger
}

/// What another model made of the first site: one lead stays an MQL, one is none, one is new; the fifth it does not
/// know.
fn shadow(ledger: &dyn Ledger) -> (Arc<dyn Ledger>, Mark) {
    let seed = ledger.seed(SITE, Mark::default()).expect("reads");
    let shadow = ledger.open_shadow(NAME).expect("opens");
    shadow.plant(&seed, model(2)).expect("plants");
    let leads = vec![
        Lead { hits: vec![hit("new", 1)], ..lead(1, SITE, 3, Some(10)) },
        lead(2, SITE, 2, None),
        Lead { hits: vec![hit("new", 4)], ..lead(4, SITE, 4, Some(12)) },
    ];
    let by_other = |transition| Transition { model: model(2), ..transition };
    let changes = Changes {
        visits: vec![visit(3, SITE, 50), visit(4, SITE, 20)],
        leads,
        transitions: vec![by_other(machine(4, 12)), by_other(machine(1, 10))],
        applied: BTreeMap::from([(lead_key(1), 1)]),
        rollups: cells(SITE, 500),
        ..Changes::default()
    };
    write(shadow.as_ref(), 9, changes);
    (shadow, seed.mark)
}

fn ask(ledger: &dyn Ledger) -> Publication {
    let new = NewPublication {
        site: SITE,
        model: model(2),
        asked_at: at(60),
        by: Actor::account(Role::Owner),
        announce: false,
        void: None,
    };
    ledger.ask_publication(&new, &act()).expect("asks").0
}

fn adopt(
    ledger: &dyn Ledger,
    publication: &Publication,
    seen: (Cursor, Mark),
) -> Result<Adopted, StoreError> {
    let site = ledger.sites().expect("reads").into_iter().find(|site| site.no == SITE).expect("is there");
    let order = Adopt { publication, site: &site, shadow: NAME, at: at(70), forget_visits_before: at(30) };
    ledger.adopt(&order, &mut || Ok(seen), &|_| act()).map(|(adopted, _)| adopted)
}

/// All that is kept of both sites.
fn kept(ledger: &dyn Ledger) -> String {
    let keys: Vec<LeadKey> = (1..=5).map(lead_key).collect();
    let visitors: Vec<_> = (1..=4).map(visitor).collect();
    let loaded = ledger.load(&visitors, &keys).expect("loads");
    let (visits, leads) = (BTreeMap::from_iter(loaded.visits), BTreeMap::from_iter(loaded.leads));
    let mut kept = format!("{visits:?} {leads:?} {:?}", BTreeMap::from_iter(loaded.pending));
    for (key, site) in keys.iter().flat_map(|key| [(*key, SITE), (*key, OTHER)]) {
        let transitions = ledger.transitions(site, key).expect("reads");
        kept += &format!("{transitions:?} {:?}", ledger.earlier(site, key).expect("reads"));
    }
    let publications = ledger.publications(SITE).expect("reads");
    let told = ledger.to_announce(0, 99).expect("reads");
    kept + &format!("{told:?} {publications:?} {:?}", ledger.live_models().expect("reads"))
}

fn mqls(ledger: &dyn Ledger, site: SiteNo) -> Vec<i64> {
    let of = |attribution| {
        let day = Date::from_days(3);
        let query = ReportQuery { site, from: day, to: day, by: Dimension::Channel, attribution };
        let rows = ledger.report(&query).expect("reports").rows;
        rows.iter()
            .map(|row| row.counts)
            .fold(Counts::default(), |a, b| Counts { mqls: a.mqls + b.mqls, ..a })
            .mqls
    };
    Attribution::OF_LEADS.into_iter().map(of).collect()
}

fn what_a_shadow_made_is_taken_over(backend: &dyn Backend) {
    let ledger = live(backend);
    let ledger = ledger.as_ref();
    let others = |ledger: &dyn Ledger| {
        let lead = ledger.lead(OTHER, lead_key(3)).expect("reads").expect("is there");
        (lead, ledger.transitions(OTHER, lead_key(3)).expect("reads"), mqls(ledger, OTHER))
    };
    let (before, told, generation) =
        (others(ledger), ledger.to_announce(0, 99).expect("reads"), ledger.generation().expect("reads"));
    let earlier = ledger.transitions(SITE, lead_key(1)).expect("reads");
    assert_eq!(mqls(ledger, SITE), [2000; 4]);
    let (shadow, mark) = shadow(ledger);
    let publication = ask(ledger);
    let adopted = adopt(ledger, &publication, (cursor(9), mark)).expect("adopts");
    assert_eq!(adopted, Adopted { entered: 1, left: 1 });

    let read = |number| ledger.lead(SITE, lead_key(number)).expect("reads");
    for number in [1, 2, 4] {
        assert_eq!(read(number), shadow.lead(SITE, lead_key(number)).expect("reads"), "lead {number}");
    }
    let first = read(1).expect("is there");
    assert_eq!((first.touches.len(), first.overrides.len(), first.hits.len()), (3, 1, 1));
    assert_eq!(read(5), None, "the shadow does not know it");
    let visits = ledger.load(&[visitor(1), visitor(2), visitor(3), visitor(4)], &[]).expect("loads").visits;
    let mut seen: Vec<_> = visits.into_keys().collect();
    seen.sort();
    assert_eq!(seen, [visitor(2), visitor(3)], "another site's, and what is young enough");
    assert_eq!(mqls(ledger, SITE), [500; 4]);
    assert_eq!(others(ledger), before, "nothing of another site");

    let by_other = |transition| Transition { model: model(2), ..transition };
    assert_eq!(
        ledger.transitions(SITE, lead_key(1)).expect("reads"),
        [by_other(earlier[0].clone()), sales(1, 20)]
    );
    assert_eq!(ledger.transitions(SITE, lead_key(2)).expect("reads"), []);
    for (number, moment) in [(1, 10), (2, 5)] {
        let kept = ledger.earlier(SITE, lead_key(number)).expect("reads");
        assert_eq!(kept.len(), 1);
        assert_eq!((kept[0].publication, &kept[0].transition), (publication.id, &machine(number, moment)));
    }
    assert_eq!(ledger.earlier(OTHER, lead_key(3)).expect("reads"), []);
    // What is the same keeps its number, what the machine took back and what the publication made is not told.
    let numbers = |told: Vec<crate::storage::Announced>| -> Vec<(i64, Timestamp)> {
        told.into_iter().map(|told| (told.number, told.transition.at)).collect()
    };
    let gone = |(_, moment): &(i64, Timestamp)| *moment != at(5);
    assert_eq!(
        numbers(ledger.to_announce(0, 99).expect("reads")),
        Vec::from_iter(numbers(told).into_iter().filter(gone))
    );
    assert_eq!(ledger.live_models().expect("reads"), [(SITE, model(2))].into());
    assert!(ledger.generation().expect("reads") > generation, "who read before reads again");
    let done = ledger.publication(publication.id).expect("reads").expect("is there");
    let expected = Publication {
        state: PublicationState::Done,
        ended_at: Some(at(70)),
        entered: 1,
        left: 1,
        ..publication
    };
    assert_eq!(done, expected);
}

/// What the shadow has not come to yet is pending, and what it has is not.
fn what_people_did_is_applied_where_the_shadow_has_come_to_it(backend: &dyn Backend) {
    let ledger = live(backend);
    let ledger = ledger.as_ref();
    let pending = |number| {
        let loaded = ledger.load(&[], &[lead_key(number)]).expect("loads");
        loaded.pending.get(&lead_key(number)).cloned().unwrap_or_default()
    };
    assert!((1..=5).all(|number| pending(number).is_empty()), "all was applied when it was made");
    let (_shadow, mark) = shadow(ledger);
    let publication = ask(ledger);
    adopt(ledger, &publication, (cursor(9), mark)).expect("adopts");
    assert_eq!(pending(1), []);
    assert_eq!(pending(3), [], "another site's");
    assert_eq!(pending(5), [sales(5, 21)], "its lead comes, and then this");
}

fn what_cannot_be_taken_over_changes_nothing(backend: &dyn Backend) {
    let ledger = live(backend);
    let ledger = ledger.as_ref();
    let (_shadow, mark) = shadow(ledger);
    let publication = ask(ledger);
    let before = kept(ledger);
    let refused = |seen, why: &str| {
        assert!(matches!(adopt(ledger, &publication, seen), Err(StoreError::Conflict)), "{why}");
        assert_eq!(kept(ledger), before, "{why}");
    };
    refused((cursor(8), mark), "more events came in");
    refused((cursor(9), Mark { takings: mark.takings + 1, ..mark }), "somebody was taken back");
    refused((cursor(9), Mark { people: 0, ..mark }), "sales did something");
    refused((cursor(9), Mark { overrides: 0, ..mark }), "sales said something");
    refused((cursor(9), Mark { voids: 1, ..mark }), "events were voided");
    adopt(ledger, &publication, (cursor(9), mark)).expect("adopts");
    let after = kept(ledger);
    let again = adopt(ledger, &publication, (cursor(9), mark));
    assert!(matches!(again, Err(StoreError::Conflict)), "it is over");
    assert_eq!(kept(ledger), after);
}
