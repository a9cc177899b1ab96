//! The contract for people's rights. Invariant: who is taken back is gone with all that follows from them and
//! nobody else is touched; whoever read before cannot write them back; a dry run answers alike and changes nothing.

use super::events::{all, events_of};
use super::generate::{given, lead_key, model, plain_event, plain_lead, visitor};
use super::ledger::{begun, commit, cursor};
use super::{Backend, append, contract};
use crate::domain::{
    Act, Action, Actor, Date, Event, Hit, LeadKey, RuleId, Signal, Site, SiteNo, Stage, Text, Timestamp,
    Touch, Trust,
};
use crate::leads::{Dimension, Lead, Origin, Touched, Transition, Visit};
use crate::storage::counting::{self, Rollups};
use crate::storage::{
    Attribution, Changes, EraseEvents, ErasedEvents, Held, LeadQuery, Ledger, NewSite, Remade, ReportQuery,
    RollupDelta, Selector, Standing, StoreError, TakeBack, TakenBack,
};

contract!(
    a_person_is_erased_from_the_log,
    what_rests_on_another_basis_stays,
    what_nobody_proved_goes,
    a_dry_run_erases_nothing,
    who_is_taken_back_is_gone_and_nobody_else,
    a_dry_run_takes_nothing_back,
    what_remains_is_written_in_their_place,
    whoever_read_before_conflicts,
    a_restriction_is_found_until_it_is_lifted,
    a_withdrawal_ends_with_a_commit,
    a_withdrawal_keeps_who_was_verified,
    a_single_visit_does_not_stand_by_itself,
);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

pub(super) fn site() -> Site {
    Site::for_test("example.com", "UTC")
}

pub(super) fn act() -> Act {
    Act {
        at: at(7),
        actor: Actor::collector(),
        action: Action::PersonErased,
        site: None,
        subject: None,
        details: "{}".to_owned(),
    }
}

pub(super) fn order<'a>(site: &'a Site, lead: u8, visitors: &[u8]) -> TakeBack<'a> {
    TakeBack {
        site,
        lead: lead_key(lead),
        visitors: visitors.iter().copied().map(visitor).collect(),
        withdrawn: None,
        verified: false,
        dry_run: false,
    }
}

pub(super) fn take_back(ledger: &dyn Ledger, order: &TakeBack<'_>) -> TakenBack {
    let (taken, entry) = ledger.take_back(order, &|_| Ok(Remade::default()), &|_| act()).expect("takes back");
    assert_eq!(entry.is_some(), !order.dry_run, "an entry says so");
    taken
}

/// Two leads and a stranger under pseudonym 1, the first lead and a stranger under 2, a stranger under 3.
fn shared_pseudonyms() -> Vec<Event> {
    let event = |number: u128, who: u8, lead: Option<u8>| Event {
        visitor: Some(visitor(who)),
        lead: lead.map(lead_key),
        path: Text::clean(&format!("/{number}")),
        ..plain_event(number)
    };
    vec![
        event(1, 1, None),
        event(2, 1, Some(1)),
        Event { signal: Signal::Policy, ..event(3, 1, Some(1)) },
        event(4, 1, Some(2)),
        event(5, 2, None),
        event(6, 2, Some(1)),
        event(7, 3, None),
        Event { visitor: None, ..event(8, 1, Some(1)) },
        Event { visitor: None, ..event(9, 1, None) },
    ]
}

fn erase(consented_only: bool, dry_run: bool) -> EraseEvents {
    EraseEvents { lead: lead_key(1), consented_only, unproven: false, dry_run }
}

/// Which events are left, and under which pseudonym.
fn left(log: &[Event]) -> Vec<(u128, Option<u8>)> {
    let number = |event: &Event| u128::from_be_bytes(*event.id.bytes());
    log.iter().map(|event| (number(event), event.visitor.map(|id| id.bytes()[0]))).collect()
}

fn a_person_is_erased_from_the_log(backend: &dyn Backend) {
    let store = backend.events();
    append(store.as_ref(), &shared_pseudonyms()).expect("appends");
    let of_them = left(&events_of(store.events_of(lead_key(1)).expect("reads")));
    assert_eq!(of_them.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 8]);
    let before = store.head().expect("reads");
    let erased = store.erase_person(&erase(false, false)).expect("erases");
    let visitors = vec![visitor(1), visitor(2)];
    assert_eq!(erased, ErasedEvents { events: 4, same_pseudonym: 2, unlinked: 1, visitors });
    assert_eq!(left(&events_of(all(store.as_ref()))), [(4, None), (7, Some(3)), (9, None)]);
    assert_eq!(store.erase_person(&erase(false, false)).expect("erases"), ErasedEvents::default());
    assert!(store.compact().expect("compacts"));
    append(store.as_ref(), &[Event { path: Text::clean("/1"), ..plain_event(20) }]).expect("appends");
    let after = store.scan(before, 10).expect("scans");
    assert_eq!(after[0].event.path.as_str(), "/1", "a name that went is stored anew");
}

fn what_rests_on_another_basis_stays(backend: &dyn Backend) {
    let store = backend.events();
    append(store.as_ref(), &shared_pseudonyms()).expect("appends");
    let erased = store.erase_person(&erase(true, false)).expect("erases");
    assert_eq!((erased.events, erased.same_pseudonym, erased.unlinked), (3, 2, 1));
    assert_eq!(left(&events_of(all(store.as_ref()))), [(3, None), (4, None), (7, Some(3)), (9, None)]);
    let kept = events_of(store.events_of(lead_key(1)).expect("reads"));
    assert_eq!(left(&kept), [(3, None)], "and it is tied to nothing else any more");
}

fn what_nobody_proved_goes(backend: &dyn Backend) {
    let of = |number: u128, who: u8, signal: Signal, trust: Trust| Event {
        lead: Some(lead_key(who)),
        signal,
        trust,
        ..plain_event(number)
    };
    let log = [
        of(1, 1, Signal::Form, Trust::Vouched),
        of(2, 1, Signal::Policy, Trust::Vouched),
        of(3, 1, Signal::Policy, Trust::Human),
        of(4, 1, Signal::Policy, Trust::Unverified),
        of(5, 2, Signal::Policy, Trust::Human),
        plain_event(6),
    ];
    let numbers = |store: &dyn crate::storage::EventStore| -> Vec<u128> {
        left(&events_of(all(store))).into_iter().map(|(number, _)| number).collect()
    };
    let store = backend.events();
    append(store.as_ref(), &log).expect("appends");
    let order = EraseEvents { unproven: true, ..erase(true, false) };
    assert_eq!(store.erase_person(&order).expect("erases").events, 3);
    assert_eq!(numbers(store.as_ref()), [2, 5, 6]);
    let store = backend.events();
    append(store.as_ref(), &log).expect("appends");
    let unproven = |up_to| store.erase(&Selector::Unproven(lead_key(1), cursor(up_to))).expect("erases");
    assert_eq!((unproven(3), numbers(store.as_ref())), (1, vec![1, 2, 4, 5, 6]));
    assert_eq!((unproven(99), unproven(99), numbers(store.as_ref())), (1, 0, vec![1, 2, 5, 6]));
}

fn a_dry_run_erases_nothing(backend: &dyn Backend) {
    for consented_only in [false, true] {
        let store = backend.events();
        append(store.as_ref(), &shared_pseudonyms()).expect("appends");
        let before = all(store.as_ref());
        let dry = store.erase_person(&erase(consented_only, true)).expect("counts");
        assert_eq!(all(store.as_ref()), before);
        append(store.as_ref(), &[Event { path: Text::clean("/1"), ..plain_event(30) }]).expect("goes on");
        assert_eq!(store.erase_person(&erase(consented_only, false)).expect("erases"), dry);
    }
}

fn origin(source: &str) -> Origin {
    Origin {
        touch: Touch { source: Text::non_empty(source), ..Touch::DIRECT },
        landing: Text::clean("/landing"),
        country: Text::non_empty("DE"),
    }
}

fn touched(millis: i64, source: &str) -> Touched {
    let origin = Origin {
        touch: Touch { channel: crate::domain::Channel::Email, ..origin(source).touch },
        ..origin(source)
    };
    Touched { at: at(millis), origin }
}

const LINES: &str = r#"[{"kind":"rule","id":"demo","points":20},{"kind":"rule","id":"faded","points":0}]"#;

fn mql(number: u8, source: &str) -> (Lead, Transition, Visit) {
    let hit = |event: u8| Hit {
        rule: RuleId::parse("demo").expect("valid"),
        at: at(5),
        event: crate::domain::EventId::from_bytes([event; 16]),
        value: None,
    };
    let lead = Lead {
        stage: Stage::Mql,
        qualified: Some(crate::leads::Qualified { at: at(5), score: crate::domain::Score::default() }),
        first: origin(source),
        last: origin(source),
        // Credit that is shared: what is taken back is these parts.
        touches: vec![touched(2, "elsewhere"), touched(3, source), touched(4, "elsewhere")],
        hits: vec![hit(number), hit(number + 100)],
        ..plain_lead(number, at(5))
    };
    let transition = Transition {
        lead: lead.key,
        site: lead.site,
        at: at(5),
        from: Stage::Lead,
        to: Stage::Mql,
        reason: "enough".to_owned(),
        actor: Actor::collector(),
        amount: None,
        score: lead.score,
        model: model(1),
        lines: LINES.to_owned(),
        rules: Vec::new(),
    };
    let visit = Visit {
        visitor: visitor(number),
        site: lead.site,
        started_at: at(1),
        last_at: at(5),
        origin: lead.first.clone(),
        lead: Some(lead.key),
        proven: false,
        hits: Vec::new(),
    };
    (lead, transition, visit)
}

/// A ledger with these MQLs, counted as the scorer counts them.
fn with_mqls(backend: &dyn Backend, who: &[(u8, &str)]) -> Box<dyn Ledger> {
    let ledger = begun(backend);
    for (number, source) in who {
        commit(ledger.as_ref(), &changes_of(*number, source));
        ledger.reference(SiteNo::new(1), lead_key(*number)).expect("makes one");
    }
    ledger
}

fn changes_of(number: u8, source: &str) -> Changes {
    let site = site();
    let (lead, transition, visit) = mql(number, source);
    let mut rollups = Rollups::new();
    let one = RollupDelta { visits: 1, ..RollupDelta::default() };
    counting::count(&mut rollups, &site, at(1), Attribution::Visit, &lead.first, one);
    counting::count_lead(&mut rollups, &site, at(5), &lead.first, 1);
    let rules = [RuleId::parse("demo").expect("valid")];
    counting::count_mql(&mut rollups, &site, at(5), &lead, &rules, 1);
    Changes {
        leads: vec![lead],
        transitions: vec![transition],
        overrides: vec![(lead_key(number), site.no, given(1, 5, 9))],
        visits: vec![visit],
        rollups,
        ..Changes::default()
    }
}

/// Every row of every report: dimension, touch, key, visits, leads, MQLs.
fn reports(ledger: &dyn Ledger) -> Vec<(&'static str, &'static str, String, i64, i64, i64)> {
    let mut found = Vec::new();
    for by in Dimension::ALL {
        for attribution in Attribution::OF_LEADS {
            let (from, to) = (Date::from_days(0), Date::from_days(9));
            let query = ReportQuery { site: SiteNo::new(1), from, to, by, attribution };
            found.extend(ledger.report(&query).expect("reports").rows.into_iter().map(|row| {
                let counts = row.counts;
                (by.name(), attribution.name(), row.key, counts.visits, counts.leads, counts.mqls)
            }));
        }
    }
    found
}

fn snapshot(ledger: &dyn Ledger, key: LeadKey) -> String {
    let site = SiteNo::new(1);
    let loaded = ledger.load(&[1, 2, 3].map(visitor), &[1, 2, 3].map(lead_key)).expect("loads");
    format!(
        "{loaded:?} {:?} {:?} {:?} {:?} {:?}",
        ledger.transitions(site, key),
        ledger.known_reference(site, key).expect("reads"),
        ledger.restricted().expect("reads").len(),
        ledger.progress(),
        reports(ledger),
    )
}

fn who_is_taken_back_is_gone_and_nobody_else(backend: &dyn Backend) {
    let ledger = with_mqls(backend, &[(1, "a"), (2, "a"), (3, "b")]);
    let never = with_mqls(backend, &[(2, "a"), (3, "b")]);
    let site = site();
    let held = Held { leads: 1, hits: 2, transitions: 1, visits: 2, overrides: 1 };
    assert_eq!(ledger.held(site.no, lead_key(1), &[visitor(3), visitor(9)]).expect("counts"), held);
    assert_eq!(ledger.held(SiteNo::new(2), lead_key(1), &[]).expect("counts"), Held::default());
    let others = |ledger: &dyn Ledger| {
        [2, 3].map(|n| (ledger.lead(site.no, lead_key(n)), ledger.transitions(site.no, lead_key(n))))
    };
    let before = format!("{:?}", others(ledger.as_ref()));
    let taken = take_back(ledger.as_ref(), &order(&site, 1, &[3]));
    assert_eq!(taken.held, held);
    assert_eq!(ledger.held(site.no, lead_key(1), &[visitor(3)]).expect("counts"), Held::default());
    assert_eq!(ledger.lead(site.no, lead_key(1)).expect("reads"), None);
    assert_eq!(
        ledger.known_reference(site.no, lead_key(1)).expect("reads"),
        None,
        "it stands for nobody now"
    );
    assert!(ledger.known_reference(site.no, lead_key(2)).expect("reads").is_some());
    assert_eq!(format!("{:?}", others(ledger.as_ref())), before);
    // The visits are still counted; all else is as if they had never said who they are.
    let without_visits = |ledger: &dyn Ledger| {
        let rows =
            reports(ledger).into_iter().map(|(by, touch, key, _, leads, mqls)| (by, touch, key, leads, mqls));
        rows.collect::<Vec<_>>()
    };
    assert_eq!(without_visits(ledger.as_ref()), without_visits(never.as_ref()));
    let entry = ledger.entries_after(0, 10).expect("reads").pop().expect("an entry");
    assert_eq!(entry.action, "person.erased");
    assert!(ledger.compact().expect("compacts"));
    assert_eq!(take_back(ledger.as_ref(), &order(&site, 1, &[3])), TakenBack::default(), "once more");
}

fn a_dry_run_takes_nothing_back(backend: &dyn Backend) {
    let ledger = with_mqls(backend, &[(1, "a"), (2, "a")]);
    let site = site();
    let before = snapshot(ledger.as_ref(), lead_key(1));
    let dry = TakeBack { dry_run: true, withdrawn: Some(at(9)), ..order(&site, 1, &[1]) };
    let counted = take_back(ledger.as_ref(), &dry);
    assert_eq!(snapshot(ledger.as_ref(), lead_key(1)), before);
    assert!(ledger.audit_head().expect("reads").is_none());
    let (untied, entry) =
        ledger.restrict(site.no, lead_key(1), Some(at(9)), true, &|_| act()).expect("counts");
    assert_eq!((untied, entry.is_some()), (1, false));
    assert_eq!(snapshot(ledger.as_ref(), lead_key(1)), before);
    assert_eq!(take_back(ledger.as_ref(), &TakeBack { dry_run: false, ..dry }), counted);
}

fn what_remains_is_written_in_their_place(backend: &dyn Backend) {
    let ledger = with_mqls(backend, &[(1, "a"), (2, "a")]);
    let site = site();
    let rest = Lead { first: origin("b"), last: origin("b"), ..plain_lead(1, at(4)) };
    let remake = |standing: &Standing<'_>| {
        assert_eq!(standing.until, cursor(2), "as far as scoring has come");
        let mut rollups = Rollups::new();
        counting::count_lead(&mut rollups, &site, at(4), &rest.first, 1);
        let changes = Changes { leads: vec![rest.clone()], rollups, ..Changes::default() };
        Ok(Remade { changes, ..Remade::default() })
    };
    let order = TakeBack { withdrawn: Some(at(9)), ..order(&site, 1, &[]) };
    let (taken, _) = ledger.take_back(&order, &remake, &|_| act()).expect("takes back");
    assert_eq!(taken.held, Held { leads: 0, hits: 2, transitions: 1, visits: 1, overrides: 1 });
    assert_eq!(ledger.lead(site.no, lead_key(1)).expect("reads"), Some(rest.clone()));
    assert!(ledger.known_reference(site.no, lead_key(1)).expect("reads").is_some(), "they are still a lead");
    assert_eq!(ledger.restriction(site.no, lead_key(1)).expect("reads").withdrawn, Some(at(9)));
    let by_source: Vec<_> = reports(ledger.as_ref())
        .into_iter()
        .filter(|(by, touch, ..)| (*by, *touch) == ("source", "first"))
        .map(|(_, _, key, visits, leads, mqls)| (key, visits, leads, mqls))
        .collect();
    assert_eq!(by_source, [("a".to_owned(), 2, 1, 1), ("b".to_owned(), 0, 1, 0)]);
    let failing = ledger.take_back(&order, &|_| Err(StoreError::Busy), &|_| act());
    assert!(matches!(failing, Err(StoreError::Busy)));
    assert_eq!(ledger.lead(site.no, lead_key(1)).expect("reads"), Some(rest), "nothing of it happened");
}

fn whoever_read_before_conflicts(backend: &dyn Backend) {
    let ledger = with_mqls(backend, &[(1, "a")]);
    let site = site();
    let (from, _) = ledger.progress().expect("reads").expect("begun");
    let generation = ledger.generation().expect("reads");
    take_back(ledger.as_ref(), &order(&site, 1, &[]));
    let back = Changes { generation, ..changes_of(1, "a") };
    let written = ledger.commit(from, cursor(from.raw() + 1), &back);
    assert!(matches!(written, Err(StoreError::Conflict)), "{written:?}");
    assert_eq!(ledger.lead(site.no, lead_key(1)).expect("reads"), None);
    let now = ledger.generation().expect("reads");
    assert!(now > generation);
    ledger.restrict(site.no, lead_key(1), Some(at(9)), false, &|_| act()).expect("restricts");
    assert!(ledger.generation().expect("reads") > now, "who is restricted is not scored on, either");
    let back = Changes { generation: ledger.generation().expect("reads"), ..back };
    ledger.commit(from, cursor(from.raw() + 1), &back).expect("whoever read it since");
}

fn a_restriction_is_found_until_it_is_lifted(backend: &dyn Backend) {
    let ledger = with_mqls(backend, &[(1, "a"), (2, "a")]);
    let site = site();
    let restrict = |since: Option<i64>| {
        ledger.restrict(site.no, lead_key(1), since.map(at), false, &|_| act()).expect("restricts").0
    };
    let listed = |mqls| {
        let query = LeadQuery {
            site: site.no,
            mqls,
            stage: None,
            from: None,
            before: None,
            channel: None,
            attribution: Attribution::First,
            limit: 9,
            after: None,
        };
        let page = ledger.leads(&query).expect("lists");
        assert_eq!(page.leads.len() as u64, page.total);
        page.total
    };
    let counted = reports(ledger.as_ref());
    assert_eq!((restrict(Some(9)), restrict(Some(11))), (1, 0), "its visit is tied to it no more");
    assert_eq!(listed(false), 1);
    assert_eq!(reports(ledger.as_ref()), counted, "counts stay");
    let restriction = ledger.restriction(site.no, lead_key(1)).expect("reads");
    assert_eq!((restriction.restricted, restriction.withdrawn), (Some(at(9)), None), "since the first time");
    assert!(ledger.restriction(SiteNo::new(2), lead_key(1)).expect("reads").is_none());
    let loaded = ledger.load(&[visitor(1)], &[lead_key(1), lead_key(2)]).expect("loads");
    assert_eq!(loaded.restrictions.into_iter().collect::<Vec<_>>(), [(lead_key(1), restriction)]);
    assert_eq!(loaded.visits[&visitor(1)].lead, None);
    let all = ledger.restricted().expect("reads");
    assert_eq!(all.iter().map(|row| (row.site, row.lead)).collect::<Vec<_>>(), [(site.no, lead_key(1))]);
    restrict(None);
    assert!(ledger.restricted().expect("reads").is_empty());
    assert_eq!(listed(false), 2);
}

fn a_withdrawal_ends_with_a_commit(backend: &dyn Backend) {
    let ledger = with_mqls(backend, &[(1, "a")]);
    let site = site();
    take_back(ledger.as_ref(), &TakeBack { withdrawn: Some(at(9)), ..order(&site, 1, &[]) });
    ledger.restrict(site.no, lead_key(1), Some(at(10)), false, &|_| act()).expect("restricts");
    let both = ledger.restriction(site.no, lead_key(1)).expect("reads");
    assert_eq!((both.restricted, both.withdrawn), (Some(at(10)), Some(at(9))));
    let generation = ledger.generation().expect("reads");
    let ended =
        Changes { ended_withdrawals: vec![lead_key(1), lead_key(7)], generation, ..Changes::default() };
    let (from, _) = ledger.progress().expect("reads").expect("begun");
    ledger.commit(from, cursor(from.raw() + 1), &ended).expect("commits");
    let one = ledger.restriction(site.no, lead_key(1)).expect("reads");
    assert_eq!((one.restricted, one.withdrawn), (Some(at(10)), None));
    take_back(ledger.as_ref(), &order(&site, 1, &[]));
    assert!(ledger.restricted().expect("reads").is_empty(), "erasure leaves no restriction");
}

fn a_withdrawal_keeps_who_was_verified(backend: &dyn Backend) {
    let site = site();
    for (verified_at, told, was) in [(None, false, false), (Some(at(3)), false, true), (None, true, true)] {
        let ledger = begun(backend);
        commit(
            ledger.as_ref(),
            &Changes { leads: vec![Lead { verified_at, ..plain_lead(1, at(4)) }], ..Changes::default() },
        );
        let new = NewSite { id: site.id.clone(), zone: site.zone.clone(), policy: site.policy.clone() };
        ledger.put_site(new).expect("puts");
        let withdraw = |since| {
            let remake = |standing: &Standing<'_>| {
                assert_eq!(standing.verified, was);
                Ok(Remade::default())
            };
            let order =
                TakeBack { withdrawn: Some(at(since)), verified: told && since == 9, ..order(&site, 1, &[]) };
            ledger.take_back(&order, &remake, &|_| act()).expect("takes back");
            ledger.restriction(site.no, lead_key(1)).expect("reads")
        };
        let first = withdraw(9);
        assert_eq!((first.withdrawn, first.verified), (Some(at(9)), was));
        let second = withdraw(10);
        assert_eq!((second.withdrawn, second.verified), (Some(at(10)), was), "also when they are gone");
        assert_eq!(ledger.restricted().expect("reads")[0].restriction, second);
        assert_eq!(ledger.load(&[], &[lead_key(1)]).expect("loads").restrictions[&lead_key(1)], second);
        // A replay knows it, too.
        let shadow = ledger.open_shadow("verified").expect("opens");
        shadow.plant(&ledger.seed(site.no, Default::default()).expect("reads"), model(1)).expect("plants");
        assert_eq!(shadow.restriction(site.no, lead_key(1)).expect("reads"), second);
        ledger.discard_shadow("verified").expect("discards");
        ledger.restrict(site.no, lead_key(1), Some(at(11)), false, &|_| act()).expect("restricts");
        let generation = ledger.generation().expect("reads");
        let ended = Changes { ended_withdrawals: vec![lead_key(1)], generation, ..Changes::default() };
        let (from, _) = ledger.progress().expect("reads").expect("begun");
        ledger.commit(from, cursor(from.raw() + 1), &ended).expect("commits");
        assert!(!ledger.restriction(site.no, lead_key(1)).expect("reads").verified, "it ends with it");
    }
}

fn a_single_visit_does_not_stand_by_itself(backend: &dyn Backend) {
    let ledger = with_mqls(backend, &[(1, "mine"), (2, "ours"), (3, "ours")]);
    let site = site();
    let ways = vec![(Date::from_days(0), origin("ours")), (Date::from_days(3), origin("mine"))];
    let remake = |_: &Standing<'_>| Ok(Remade { ways: ways.clone(), ..Remade::default() });
    ledger.take_back(&order(&site, 1, &[]), &remake, &|_| act()).expect("takes back");
    let visits = |dimension| {
        let rows = reports(ledger.as_ref())
            .into_iter()
            .filter(|(by, touch, ..)| (*by, *touch) == (dimension, "first"));
        rows.map(|(_, _, key, visits, ..)| (key, visits)).collect::<Vec<_>>()
    };
    assert_eq!(visits("source"), [(String::new(), 1), ("ours".to_owned(), 2)], "what several did stays");
    assert_eq!(visits("page"), [("/landing".to_owned(), 3)]);
    assert_eq!(visits("channel"), [("direct".to_owned(), 3)], "and totals stay");
}
