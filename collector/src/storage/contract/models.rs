//! The contract for versions of models and for shadows. Invariant: a version never changes, what is live is not
//! dropped, and a shadow takes in what it is told once, and is gone when it was discarded.

use super::generate::{lead_key, model, plain_lead};
use super::ledger::begun;
use super::lifecycle::change;
use super::rights::{act, order};
use super::{Backend, contract};
use crate::domain::{Actor, Role, SiteId, SiteNo, SitePolicy, Timestamp, Zone};
use crate::storage::{Changes, Ledger, Mark, ModelVersion, NewSite, Remade, StoreError};

contract!(
    versions_are_kept_as_they_came,
    what_is_live_is_not_dropped,
    a_shadow_is_told_once,
    a_shadow_is_gone_when_it_is_discarded,
    whoever_is_taken_back_is_noticed,
    a_turn_knows_the_generation,
);

const SITE: SiteNo = SiteNo::new(1);

fn with_site(backend: &dyn Backend) -> Box<dyn Ledger> {
    let ledger = begun(backend);
    for id in ["a.example", "b.example"] {
        let zone = Zone::parse("Europe/Berlin").expect("known");
        let new = NewSite { id: SiteId::parse(id).expect("valid"), zone, policy: SitePolicy::default() };
        ledger.put_site(new).expect("puts");
    }
    ledger
}

fn commit(ledger: &dyn Ledger, changes: Changes) {
    let (from, _) = ledger.progress().expect("reads").expect("begun");
    let generation = ledger.generation().expect("reads");
    ledger.commit(from, from, &Changes { generation, ..changes }).expect("commits");
}

fn version(number: u8, at: i64) -> ModelVersion {
    ModelVersion {
        site: SITE,
        hash: model(number),
        name: format!("Model {number}"),
        text: "name = \"é\"\n".to_owned(),
        made_at: Timestamp::from_millis(at),
        made_by: Actor::account(Role::Owner),
    }
}

fn versions_are_kept_as_they_came(backend: &dyn Backend) {
    let ledger = with_site(backend);
    assert!(ledger.put_model(&version(1, 10)).expect("puts"));
    assert!(ledger.put_model(&version(2, 20)).expect("puts"));
    assert!(ledger.put_model(&ModelVersion { site: SiteNo::new(2), ..version(1, 30) }).expect("puts"));
    let again = ModelVersion { text: "another".to_owned(), ..version(1, 40) };
    assert!(!ledger.put_model(&again).expect("puts"), "it is there");
    assert_eq!(ledger.models(SITE).expect("reads"), [version(2, 20), version(1, 10)], "newest first");
    assert_eq!(ledger.model(SITE, model(1)).expect("reads"), Some(version(1, 10)));
    assert_eq!(ledger.model(SITE, model(3)).expect("reads"), None);
    assert!(ledger.drop_model(SITE, model(1)).expect("drops"));
    assert!(!ledger.drop_model(SITE, model(1)).expect("drops"), "only once");
    assert_eq!(ledger.models(SITE).expect("reads"), [version(2, 20)]);
    assert_eq!(ledger.models(SiteNo::new(2)).expect("reads").len(), 1, "another site's stays");
}

fn what_is_live_is_not_dropped(backend: &dyn Backend) {
    let ledger = with_site(backend);
    assert!(ledger.live_models().expect("reads").is_empty());
    ledger.put_model(&version(1, 10)).expect("puts");
    ledger.set_live_model(SITE, model(1)).expect("sets");
    assert_eq!(ledger.live_models().expect("reads"), [(SITE, model(1))].into());
    assert!(!ledger.drop_model(SITE, model(1)).expect("refuses"));
    assert_eq!(ledger.models(SITE).expect("reads").len(), 1);
    let site = ledger.sites().expect("reads").remove(0);
    let policy = SitePolicy { honour_dnt: true, ..site.policy };
    ledger.put_site(NewSite { id: site.id, zone: site.zone, policy }).expect("puts");
    ledger.restart(model(9)).expect("restarts");
    assert_eq!(ledger.live_models().expect("reads"), [(SITE, model(1))].into(), "it stays live");
}

fn a_shadow_is_told_once(backend: &dyn Backend) {
    let ledger = with_site(backend);
    let people = |moment| change(1, moment, Role::Owner);
    let transitions = vec![people(20), change(1, 25, Role::Collector), people(10)];
    let leads = vec![plain_lead(1, Timestamp::from_millis(1))];
    commit(ledger.as_ref(), Changes { leads, transitions, ..Changes::default() });
    ledger
        .restrict(SITE, lead_key(5), Some(Timestamp::from_millis(7)), false, &|_| act())
        .expect("restricts");
    let seed = ledger.seed(SITE, Mark::default()).expect("reads");
    assert_eq!((seed.people.len(), seed.restrictions.len()), (2, 1));
    assert!(matches!(ledger.seed(SiteNo::new(9), Mark::default()), Err(StoreError::Unusable(_))));
    assert!(ledger.seed(SiteNo::new(2), Mark::default()).expect("reads").people.is_empty(), "another site");

    let shadow = ledger.open_shadow("replay-1").expect("opens");
    assert_eq!(shadow.mark().expect("reads"), None);
    shadow.plant(&seed, model(2)).expect("plants");
    assert_eq!(shadow.mark().expect("reads"), Some(seed.mark));
    assert_eq!(
        shadow.progress().expect("reads").map(|(cursor, hash)| (cursor.raw(), hash)),
        Some((0, model(2)))
    );
    let site = shadow.sites().expect("reads").remove(0);
    assert_eq!((&site.id, site.no, &site.policy), (&seed.site.id, SITE, &seed.site.policy));
    assert_ne!(site.secret, seed.site.secret, "what makes keys of addresses stays where it is");
    let restriction = shadow.restriction(SITE, lead_key(5)).expect("reads");
    assert_eq!(restriction.restricted, Some(Timestamp::from_millis(7)));
    let pending = || {
        let loaded = shadow.load(&[], &[lead_key(1)]).expect("loads");
        let pending = loaded.pending.get(&lead_key(1)).cloned().unwrap_or_default();
        pending.iter().map(|change| change.at.millis()).collect::<Vec<_>>()
    };
    assert_eq!(pending(), [10, 20]);

    assert!(ledger.seed(SITE, seed.mark).expect("reads").people.is_empty(), "nothing is new");
    commit(ledger.as_ref(), Changes { transitions: vec![people(15)], ..Changes::default() });
    let more = ledger.seed(SITE, seed.mark).expect("reads");
    assert_eq!(more.people, [people(15)]);
    let generation = shadow.generation().expect("reads");
    shadow.plant(&more, model(2)).expect("plants");
    assert_eq!(pending(), [10, 15, 20]);
    assert!(shadow.generation().expect("reads") > generation, "who loaded before reads again");
    assert_eq!(shadow.sites().expect("reads").len(), 1);
}

fn a_shadow_is_gone_when_it_is_discarded(backend: &dyn Backend) {
    let ledger = with_site(backend);
    assert!(ledger.shadows().expect("lists").is_empty());
    let seed = ledger.seed(SITE, Mark::default()).expect("reads");
    for name in ["a", "b-2"] {
        ledger.open_shadow(name).expect("opens").plant(&seed, model(2)).expect("plants");
    }
    assert_eq!(ledger.shadows().expect("lists"), ["a", "b-2"]);
    assert!(ledger.open_shadow("a").expect("opens").mark().expect("reads").is_some(), "it is there again");
    ledger.discard_shadow("a").expect("discards");
    ledger.discard_shadow("a").expect("there is none any more");
    assert_eq!(ledger.shadows().expect("lists"), ["b-2"]);
    assert_eq!(ledger.open_shadow("a").expect("opens").mark().expect("reads"), None, "a new one");
}

fn whoever_is_taken_back_is_noticed(backend: &dyn Backend) {
    let ledger = with_site(backend);
    let leads = (1..=3).map(|number| plain_lead(number, Timestamp::from_millis(1))).collect();
    commit(ledger.as_ref(), Changes { leads, ..Changes::default() });
    let takings = || ledger.seed(SITE, Mark::default()).expect("reads").mark.takings;
    let mut seen = vec![takings()];
    ledger
        .restrict(SITE, lead_key(1), Some(Timestamp::from_millis(7)), false, &|_| act())
        .expect("restricts");
    seen.push(takings());
    let site = ledger.sites().expect("reads").remove(0);
    ledger.take_back(&order(&site, 2, &[]), &|_| Ok(Remade::default()), &|_| act()).expect("takes back");
    seen.push(takings());
    ledger.forget_leads(&[lead_key(3)], Timestamp::from_millis(i64::MAX)).expect("forgets");
    seen.push(takings());
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    ledger.forget_leads(&[lead_key(3)], Timestamp::from_millis(i64::MAX)).expect("forgets nobody");
    commit(ledger.as_ref(), Changes { transitions: vec![change(1, 9, Role::Owner)], ..Changes::default() });
    assert_eq!(takings(), seen[3], "what only changes leads is another matter");
}

fn a_turn_knows_the_generation(backend: &dyn Backend) {
    let ledger = with_site(backend);
    let leads = vec![plain_lead(1, Timestamp::from_millis(1))];
    commit(ledger.as_ref(), Changes { leads, ..Changes::default() });
    ledger.restrict(SITE, lead_key(5), None, false, &|_| act()).expect("raises it");
    let generation = ledger.generation().expect("reads");
    assert!(generation > 0);
    let mut seen = None;
    let look = &mut |loaded: crate::storage::Loaded| {
        seen = Some(loaded.generation);
        Ok(crate::storage::Turned::default())
    };
    ledger.turn(crate::storage::Due::One(SITE, lead_key(1)), look).expect("turns");
    assert_eq!(seen, Some(generation));
    assert_eq!(ledger.load(&[], &[]).expect("loads").generation, generation);
}
