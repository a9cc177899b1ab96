//! Both backends, side by side. Invariant: whatever is done to them in whatever order, they give the same
//! answers.

use super::generate::{event, lead, lead_key, model, overrides, transition, visit, visitor};
use super::ledger::{cases, cursor};
use super::{Backend, Memory, Sqlite, append, leads, reports, rights};
use crate::domain::{
    Cursor, Date, Event, EventId, ModelHash, Role, SiteId, SiteNo, SitePolicy, Timestamp, Zone,
};
use crate::leads::Visit;
use crate::storage::{
    Changes, EraseEvents, EventStore, LeadQuery, Ledger, NewSite, OutcomeQuery, Remade, ReportQuery,
    Selector, SessionRow, SetupRow, Standing, TakeBack,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum LogStep {
    Append(Vec<Event>),
    Scan(i64, usize),
    EraseLead(u8),
    EraseVisitor(u8),
    EraseUnproven(u8, i64),
    ErasePerson(EraseEvents),
    Outcomes(u32),
}

/// Few ids, sites, leads and visitors, so that they meet.
fn log_step() -> impl Strategy<Value = LogStep> {
    let event = (event(), 0..40_u8, 1..3_u32, prop::option::of(0..3_u8), prop::option::of(0..3_u8)).prop_map(
        |(event, id, site, lead, person)| Event {
            id: EventId::from_bytes([id; 16]),
            site: SiteNo::new(site),
            lead: lead.map(lead_key),
            visitor: person.map(visitor),
            ..event
        },
    );
    prop_oneof![
        4 => vec(event, 0..6).prop_map(LogStep::Append),
        3 => (0..30_i64, 0..12_usize).prop_map(|(after, limit)| LogStep::Scan(after, limit)),
        1 => (0..3_u8).prop_map(LogStep::EraseLead),
        1 => (0..3_u8).prop_map(LogStep::EraseVisitor),
        1 => (0..3_u8, 0..30_i64).prop_map(|(number, up_to)| LogStep::EraseUnproven(number, up_to)),
        2 => (0..3_u8, any::<[bool; 3]>()).prop_map(|(number, [consented_only, unproven, dry_run])| {
            LogStep::ErasePerson(EraseEvents { lead: lead_key(number), consented_only, unproven, dry_run })
        }),
        1 => (1..3_u32).prop_map(LogStep::Outcomes),
    ]
}

/// What a step answers, whole, as text.
fn log_answer(store: &dyn EventStore, step: &LogStep) -> String {
    let said = match step {
        LogStep::Append(events) => format!("{:?}", append(store, events)),
        LogStep::Scan(after, limit) => {
            let log = store.scan(Cursor::from_raw(*after), *limit).expect("scans");
            // Debug output hides who it was, so that is said besides.
            let who: Vec<_> = log
                .iter()
                .map(|logged| {
                    (logged.event.visitor.map(|id| id.to_hex()), logged.event.lead.map(|key| key.to_hex()))
                })
                .collect();
            format!("{log:?} {who:?}")
        }
        LogStep::EraseLead(number) => format!("{:?}", store.erase(&Selector::Lead(lead_key(*number)))),
        LogStep::EraseUnproven(number, up_to) => {
            format!("{:?}", store.erase(&Selector::Unproven(lead_key(*number), cursor(*up_to))))
        }
        LogStep::EraseVisitor(number) => format!("{:?}", store.erase(&Selector::Visitor(visitor(*number)))),
        LogStep::ErasePerson(order) => {
            let (of_them, erased) = (store.events_of(order.lead), store.erase_person(order).expect("erases"));
            let visitors: Vec<_> = erased.visitors.iter().map(|id| id.to_hex()).collect();
            format!("{of_them:?} {erased:?} {visitors:?}")
        }
        LogStep::Outcomes(site) => {
            let (from, to) = (Date::from_days(0), Date::from_days(50_000));
            let query = OutcomeQuery { site: SiteNo::new(*site), from, to };
            format!("{:?} {:?}", store.report(&query), store.daily(&query))
        }
    };
    format!("{said} head {:?}", store.head())
}

#[test]
fn logs_answer_alike() {
    let sqlite = Sqlite::new();
    proptest!(cases(48), |(steps in vec(log_step(), 1..16))| {
        let (memory, sqlite) = (Memory.events(), sqlite.events());
        for step in &steps {
            prop_assert_eq!(log_answer(memory.as_ref(), step), log_answer(sqlite.as_ref(), step));
        }
    });
}

#[derive(Debug)]
enum Step {
    Commit(i64, i64, Changes),
    Restart(u8),
    TakeBack(u8, Vec<u8>, bool, bool),
    Restrict(u8, Option<i64>, bool),
    Load(Vec<u8>, Vec<u8>),
    Report(ReportQuery),
    Leads(LeadQuery),
    PutSite(&'static str, bool),
    PutSetup(u8, i64),
    SetUp(u8, i64),
    RemoveAccount(bool),
    PutSession(u8, i64, i64),
    EndSession(u8),
    Session(u8, i64),
}

fn changes() -> impl Strategy<Value = Changes> {
    let forget = prop::option::weighted(0.2, super::generate::moment());
    let people = (vec(transition(), 0..3), vec(overrides(), 0..3));
    let parts = (vec(visit(), 0..3), vec(lead(), 0..3), people, reports::rollups(), forget);
    parts.prop_map(|(visits, leads, (transitions, overrides), rollups, forget_visits_before)| Changes {
        visits: one_each(visits),
        leads,
        transitions,
        overrides,
        rollups,
        forget_visits_before,
        ..Changes::default()
    })
}

/// A commit has one visit of a visitor.
fn one_each(visits: Vec<Visit>) -> Vec<Visit> {
    let of: BTreeMap<_, _> = visits.into_iter().map(|visit| (visit.visitor, visit)).collect();
    of.into_values().collect()
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        // Mostly from where the cursor is: commits count up by one.
        5 => (prop::option::weighted(0.2, 0..9_i64), changes())
            .prop_map(|(from, changes)| Step::Commit(from.unwrap_or(-1), 1, changes)),
        1 => (0..3_u8).prop_map(Step::Restart),
        2 => (0..6_u8, vec(0..6_u8, 0..2), any::<bool>(), any::<bool>())
            .prop_map(|(key, visitors, keeps, dry)| Step::TakeBack(key, visitors, keeps, dry)),
        1 => (0..6_u8, prop::option::of(0..9_i64), any::<bool>())
            .prop_map(|(key, since, dry)| Step::Restrict(key, since, dry)),
        2 => (vec(0..6_u8, 0..4), vec(0..6_u8, 0..4)).prop_map(|(visitors, keys)| Step::Load(visitors, keys)),
        2 => reports::query().prop_map(Step::Report),
        2 => leads::query().prop_map(Step::Leads),
        1 => (prop::sample::select(vec!["example.com", "a.example", "b.example"]), any::<bool>())
            .prop_map(|(id, flag)| Step::PutSite(id, flag)),
        1 => (0..3_u8, 0..9_i64).prop_map(|(token, ends)| Step::PutSetup(token, ends)),
        1 => (0..3_u8, 0..9_i64).prop_map(|(token, now)| Step::SetUp(token, now)),
        1 => (0..3_u8, 0..9_i64, 0..9_i64).prop_map(|(token, ends, now)| Step::PutSession(token, ends, now)),
        1 => any::<bool>().prop_map(Step::RemoveAccount),
        1 => (0..3_u8).prop_map(Step::EndSession),
        1 => (0..3_u8, 0..9_i64).prop_map(|(token, now)| Step::Session(token, now)),
    ]
}

fn clone(changes: &Changes) -> Changes {
    Changes {
        visits: changes.visits.clone(),
        leads: changes.leads.clone(),
        transitions: changes.transitions.clone(),
        rollups: changes.rollups.clone(),
        forget_visits_before: changes.forget_visits_before,
        ..Changes::default()
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// Tokens of both roles, by turns.
fn role(token: u8) -> Role {
    if token % 2 == 1 { Role::Auditor } else { Role::Owner }
}

fn who(visit: &Visit) -> (String, Option<String>) {
    (visit.visitor.to_hex(), visit.lead.map(|key| key.to_hex()))
}

fn answer(ledger: &dyn Ledger, step: &Step) -> String {
    let said = match step {
        Step::Commit(from, by, changes) => {
            let now: Option<(Cursor, ModelHash)> = ledger.progress().expect("reads");
            let from = if *from < 0 { now.map_or(0, |(cursor, _)| cursor.raw()) } else { *from };
            let mut changes = Changes { generation: ledger.generation().expect("reads"), ..clone(changes) };
            changes.ended_withdrawals = changes.leads.iter().map(|lead| lead.key).collect();
            format!("{:?}", ledger.commit(cursor(from), cursor(from + by), &changes))
        }
        Step::TakeBack(key, visitors, keeps, dry_run) => {
            let site = rights::site();
            let held = ledger.held(site.no, lead_key(*key), &[visitor(1), visitor(2)]);
            let order = TakeBack {
                withdrawn: keeps.then(|| at(5)),
                dry_run: *dry_run,
                ..rights::order(&site, *key, visitors)
            };
            let lead = ledger.lead(site.no, lead_key(*key)).expect("reads").filter(|_| *keeps);
            let made = |standing: &Standing<'_>| {
                let known = lead.iter().any(|lead| lead.verified_at.is_some());
                assert!(standing.verified || !known);
                let changes = Changes { leads: lead.iter().cloned().collect(), ..Changes::default() };
                Ok(Remade { changes, ..Remade::default() })
            };
            let taken = ledger.take_back(&order, &made, &|_| rights::act()).expect("takes back");
            format!("{held:?} {taken:?} {:?}", ledger.restricted())
        }
        Step::Restrict(key, since, dry_run) => {
            let done =
                ledger.restrict(SiteNo::new(1), lead_key(*key), since.map(at), *dry_run, &|_| rights::act());
            format!("{done:?} {:?}", ledger.restricted())
        }
        Step::Restart(hash) => format!("{:?}", ledger.restart(model(*hash))),
        Step::Load(visitors, keys) => {
            let visitors: Vec<_> = visitors.iter().copied().map(visitor).collect();
            let keys: Vec<_> = keys.iter().copied().map(lead_key).collect();
            let loaded = ledger.load(&visitors, &keys).expect("loads");
            let visits: Vec<_> = loaded.visits.values().map(who).collect();
            let leads: Vec<_> = loaded.leads.keys().map(|key| key.to_hex()).collect();
            let singly: Vec<_> = keys
                .iter()
                .map(|key| (ledger.lead(SiteNo::new(1), *key), ledger.transitions(SiteNo::new(2), *key)))
                .collect();
            format!("{loaded:?} {visits:?} {leads:?} {singly:?}")
        }
        Step::Report(query) => format!("{:?}", ledger.report(query)),
        Step::Leads(query) => {
            let page = ledger.leads(query).expect("lists");
            let keys: Vec<_> = page.leads.iter().map(|lead| lead.key.to_hex()).collect();
            format!("{page:?} {keys:?} {:?}", page.next.map(|next| next.key.to_hex()))
        }
        Step::PutSite(id, flag) => {
            let policy = SitePolicy { honour_dnt: *flag, ..SitePolicy::default() };
            let id = SiteId::parse(id).expect("valid");
            ledger.put_site(NewSite { id, zone: Zone::utc(), policy }).expect("puts");
            let sites = ledger.sites().expect("reads");
            let sites: Vec<_> =
                sites.iter().map(|site| (site.id.as_str(), site.zone.name(), &site.policy)).collect();
            format!("{sites:?}")
        }
        Step::PutSetup(token, ends) => {
            let row = SetupRow { token: [*token; 32], role: role(*token), expires_at: at(*ends) };
            format!("{:?}", ledger.put_setup(row))
        }
        Step::SetUp(token, now) => {
            let whose = ledger.setup(&[*token; 32], at(*now));
            let result = ledger.set_up(&[*token; 32], &format!("{token} at {now}"), at(*now));
            let passwords = (ledger.password(Role::Owner), ledger.password(Role::Auditor));
            format!("{whose:?} {result:?} {passwords:?}")
        }
        Step::PutSession(token, ends, now) => {
            let row = SessionRow { token: [*token; 32], role: role(*token), expires_at: at(*ends) };
            format!("{:?}", ledger.put_session(row, at(*now)))
        }
        Step::RemoveAccount(auditor) => format!("{:?}", ledger.remove_account(role((*auditor).into()))),
        Step::EndSession(token) => format!("{:?}", ledger.end_session(&[*token; 32])),
        Step::Session(token, now) => format!("{:?}", ledger.session(&[*token; 32], at(*now))),
    };
    format!("{said} at {:?} {:?} {:?}", ledger.progress(), ledger.generation(), ledger.audit_head())
}

#[test]
fn ledgers_answer_alike() {
    let sqlite = Sqlite::new();
    proptest!(cases(48), |(steps in vec(step(), 1..20))| {
        let (memory, sqlite) = (Memory.ledger(), sqlite.ledger());
        for step in &steps {
            prop_assert_eq!(answer(memory.as_ref(), step), answer(sqlite.as_ref(), step), "{:?}", step);
        }
    });
}
