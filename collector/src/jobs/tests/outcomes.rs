//! What sales reports. Invariant: a wrong line is named by its number and nothing of it is repeated that names
//! a person; the same file twice is the same as once.

use super::*;
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Actor, Role, Site, Stage};
use crate::jobs::outcomes::{Outcome, Plan, Wrong, read};
use crate::jobs::stages::Stages;

fn now() -> Timestamp {
    morning().plus_days(9)
}

fn resolve(column: &str, value: &str) -> Result<LeadKey, String> {
    match (column, value.parse()) {
        ("key", Ok(number)) => Ok(lead_key(number)),
        _ => Err("a key has 32 hexadecimal digits".to_owned()),
    }
}

/// Leads 1 and 2, both MQLs on the first day.
fn world() -> (World, Site, Stages) {
    let mut events = Vec::new();
    for number in [1, 2] {
        for doing in ["demo_request", "engagement", "engagement", "engagement", "engagement"] {
            let at = minute(i64::try_from(events.len()).expect("few"));
            let event = Event { visitor: Some(visitor(number)), ..event(doing, "/", at) };
            events.push(known(number, event));
        }
    }
    let world = World::after(events);
    assert_eq!([1, 2].map(|number| world.lead(number).stage), [Stage::Mql; 2]);
    let ledger: Arc<dyn Ledger> = world.ledger.clone();
    let audit = Arc::new(Recorder::new(Arc::clone(&ledger), Clock::fixed(now()), None));
    let site = world.ledger.sites().expect("reads").remove(0);
    let stages = Stages::new(world.events.clone(), ledger, model(MODEL), audit, Clock::fixed(now()));
    (world, site, stages)
}

fn wrong(csv: &str) -> Vec<(u64, String)> {
    let (_, site, stages) = world();
    let (outcomes, wrong) = read(csv, &site, now(), &resolve);
    let unfit = stages.plan(&Actor::account(Role::Operator), &site, outcomes).expect("plans").wrong;
    wrong.into_iter().chain(unfit).map(|Wrong { line, sentence }| (line, sentence)).collect()
}

#[track_caller]
fn assert_wrong(csv: &str, line: u64, sentence: &str) {
    let found = wrong(csv);
    assert!(
        matches!(&found[..], [(at, said)] if *at == line && said.contains(sentence)),
        "{csv:?}: {found:?} and not line {line}: {sentence}"
    );
}

#[test]
fn every_wrong_line_is_named() {
    assert_wrong("key,state\n1,sal\n", 1, "`state` is no column; there are: key, email_hash or email; stage");
    assert_wrong("key,key,stage\n", 1, "the column key is there twice");
    assert_wrong("", 1, "the first line names the columns");
    assert_wrong("key,stage\n1,sal\n2\n", 3, "not as many columns as the head (2 expected)");
    assert_wrong("key,email,stage\n1,a@b.c,sal\n", 2, "exactly one of key, email_hash, email");
    assert_wrong("key,stage\njo@acme.com,sal\n", 2, "key: a key has 32 hexadecimal digits");
    assert_wrong("key,stage\n1,won\n", 2, "close_convert_lead");
    assert_wrong("key,stage,at\n1,sal,yesterday\n", 2, "or a date such as 2026-11-22");
    assert_wrong("key,stage,at\n1,sal,2026-11-30\n", 2, "at: it lies in the future");
    assert_wrong("key,stage,at\n1,sal,2026-11-19\n", 2, "at: the lead is mql since 2026-11-20T08:04:00.000Z");
    assert_wrong("key,stage,amount\n1,customer,5\n", 2, "amount and currency go together");
    assert_wrong("key,stage,amount,currency\n1,customer,much,EUR\n", 2, "amount: an amount is a number");
    for amount in ["1.250", "-12.500", "999.000"] {
        let line = format!("key,stage,amount,currency\n1,customer,{amount},EUR\n");
        assert_wrong(&line, 2, "amount: the dot may part thousands here");
    }
    for (amount, currency) in [("1.250", "KWD"), ("1.25", "EUR"), ("1250.500", "EUR"), ("0.125", "EUR")] {
        assert_eq!(wrong(&format!("key,stage,amount,currency\n1,customer,{amount},{currency}\n")), []);
    }
    assert_wrong("key,stage,amount,currency\n1,sal,5,EUR\n", 2, "only with the stage customer");
    assert_wrong("key,stage\n1,lead\n", 2, "from mql a lead does not become lead; it may become sal (");
    assert_wrong("key,stage\n9,sal\n", 2, "there is no such lead");
    let all: Vec<u64> =
        wrong("key,stage\n9,sal\n1,sal\n1,nonsense\n").into_iter().map(|(line, _)| line).collect();
    assert_eq!(all, [4, 2], "each of them");
}

/// A spreadsheet on Windows ends lines by two characters, people leave lines empty, and a quoted cell may hold some.
#[test]
fn lines_are_numbered_as_an_editor_numbers_them() {
    assert_wrong("key,stage\r\n1,sal\r\n2\r\n", 3, "not as many columns");
    assert_wrong("key,stage\r\n1,won\r\n", 2, "stage");
    assert_wrong("key,stage\n\n\n1,won\n", 4, "stage");
    assert_wrong("key,stage\r1,won\r", 2, "stage");
    assert_wrong("key,stage,reason\n1,sal,\"so\nand so\"\n1,won,\n", 4, "stage");
    let csv = "key,stage\r\n9,sal\r\n\r\n1,nonsense\r\n2\r\n";
    assert_eq!(wrong(csv).into_iter().map(|(line, _)| line).collect::<Vec<_>>(), [4, 5, 2], "each its own");
}

#[test]
fn a_file_is_taken_in_by_time_and_once() {
    let (world, site, stages) = world();
    let actor = Actor::account(Role::Operator);
    let csv = "stage,key,at,amount,currency,reason\n\
        close_convert_lead,1,2026-11-25,\"1250,50\",EUR,\n\
        working_lead,1,2026-11-20,,,nice people\n\
        qualify_lead,1,2026-11-24T10:00:00Z,,,\n\
        disqualify_lead,2,,,,\"a student, it seems\"\n";
    let (_, bad) = read(csv, &site, now(), &resolve);
    assert_eq!(bad.iter().map(|wrong| wrong.line).collect::<Vec<_>>(), [2], "a comma makes no decimals");
    let csv = csv.replace("\"1250,50\"", "1250.50");
    let plan = || {
        let (outcomes, wrong) = read(&csv, &site, now(), &resolve);
        assert_eq!(wrong, []);
        stages.plan(&actor, &site, outcomes).expect("plans")
    };
    let Plan { changes, known, wrong } = plan();
    assert_eq!((known, wrong), (0, vec![]));
    assert_eq!(changes.iter().map(|change| change.line).collect::<Vec<_>>(), [3, 4, 2, 5], "as it happened");
    for Outcome { lead, asked, .. } in &changes {
        stages.change(&actor, &site, *lead, asked).expect("answers").expect("is legal");
    }
    let lead = world.lead(1);
    assert_eq!((lead.stage, lead.stage_by), (Stage::Customer, Role::Operator));
    let made = world.transitions(&lead);
    let told: Vec<(String, String)> =
        made[1..].iter().map(|made| (made.at.to_string(), made.reason.clone())).collect();
    let expected = [
        ("2026-11-20T22:59:59.999Z", "accepted by sales: nice people"),
        ("2026-11-24T10:00:00.000Z", "qualified by sales"),
        ("2026-11-25T22:59:59.999Z", "won"),
    ];
    assert_eq!(told, expected.map(|(at, reason)| (at.to_owned(), reason.to_owned())), "a day ends in Berlin");
    let amount = made[3].amount.clone().expect("is there");
    assert_eq!((amount.minor, amount.currency.as_str()), (125_050, "EUR"));
    assert_eq!(world.lead(2).stage, Stage::Disqualified);
    let again = plan();
    assert_eq!((again.changes.len(), again.known, again.wrong.len()), (0, 4, 0), "twice is once");
}
