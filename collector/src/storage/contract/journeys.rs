//! The contract of leads on their way to a customer, and the example of docs/REPORTS.md on both backends. Invariant: the
//! page's leads and numbers are the test's; a column that is not understood fails.

use super::generate::{lead_key, model, plain_lead};
use super::ledger::{begun, commit};
use super::{Backend, contract};
use crate::domain::{
    Act, Action, Actor, Channel, Date, Money, Role, Score, Site, SiteNo, Stage, Text, Thousandths, Timestamp,
    Touch,
};
use crate::leads::closed_loop::{Ask, Numbers, report};
use crate::leads::{Lead, Origin, Qualified, Touched, Transition};
use crate::storage::{Attribution, Changes, JourneyQuery, Ledger};

contract!(the_worked_example, what_is_followed);

const PAGE: &str = include_str!("../../../../docs/REPORTS.md");

/// The rows of the table with this head.
fn table(head: &[&str]) -> Vec<Vec<&'static str>> {
    let cells = |line: &'static str| -> Vec<&'static str> {
        line.trim_start_matches("| ").trim_end_matches('|').split('|').map(str::trim).collect()
    };
    let mut lines = PAGE.lines().skip_while(|line| !line.starts_with('|') || cells(line) != head);
    assert!(lines.next().is_some(), "the page has a table {head:?}");
    let rows: Vec<_> = lines.skip(1).take_while(|line| line.starts_with('|')).map(cells).collect();
    assert!(rows.len() > 5 && rows.iter().all(|row| row.len() == head.len()), "{rows:?}");
    rows
}

fn site(number: u32) -> Site {
    Site { no: SiteNo::new(number), ..Site::for_test("example.com", "UTC") }
}

/// Noon of a day as the page writes it: `2026-01-05`, or `12-30` and `01-05` around the new year of 2026.
fn noon(text: &str) -> Timestamp {
    let year = if text.starts_with("12-") { "2025-" } else { "2026-" };
    let date = if text.len() == 5 { format!("{year}{text}") } else { text.to_owned() };
    Timestamp::parse(&format!("{date}T12:00:00Z")).expect("a day")
}

fn origin(channel: &str) -> Origin {
    let channel = Channel::from_key(channel).unwrap_or_else(|| panic!("`{channel}` is no channel"));
    Origin { touch: Touch { channel, ..Touch::DIRECT }, landing: Text::clean("/"), country: None }
}

fn said(lead: &Lead, at: Timestamp, to: Stage, amount: Option<Money>) -> Transition {
    Transition {
        lead: lead.key,
        site: lead.site,
        at,
        from: Stage::Mql,
        to,
        reason: String::new(),
        actor: Actor::account(Role::Owner),
        amount,
        score: Score::default(),
        model: model(1),
        lines: "[]".to_owned(),
        rules: Vec::new(),
    }
}

/// The leads of the page.
fn written(ledger: &dyn Ledger) {
    let mut changes = Changes::default();
    for (number, row) in (1..).zip(table(&["lead", "known", "touches", "MQL", "what people said"])) {
        let [_, known, touches, mql, people] = row[..] else { panic!("{row:?}") };
        let touch = |text: &str| {
            let (at, channel) = text.split_once(' ').expect("a day and a channel");
            Touched { at: noon(at), origin: origin(channel) }
        };
        let touches: Vec<Touched> = touches.split(", ").map(touch).collect();
        let newest = touches.iter().rev().find(|touch| !touch.origin.is_direct());
        let qualified = (mql != "never").then(|| Qualified { at: noon(mql), score: Score::default() });
        let lead = Lead {
            known_at: noon(known),
            first: touches[0].origin.clone(),
            last: newest.unwrap_or(&touches[0]).origin.clone(),
            touches,
            qualified,
            ..plain_lead(number, noon("2026-04-30"))
        };
        for change in people.split(", ").filter(|text| !text.is_empty()) {
            let words: Vec<&str> = change.split(' ').collect();
            let amount = words.get(3).map(|currency| {
                Money::parse(words[2], Money::currency(currency).expect("valid")).expect("an amount")
            });
            changes.transitions.push(said(
                &lead,
                noon(words[0]),
                Stage::parse(words[1]).expect("a stage"),
                amount,
            ));
        }
        changes.leads.push(lead);
    }
    commit(ledger, &changes);
}

/// Numbers as the page writes them, from its fourth column on.
fn shown(numbers: &Numbers) -> Vec<String> {
    let or_nothing =
        |number: Option<Thousandths>| number.map(|number| number.to_string()).unwrap_or_default();
    let deals = numbers.deals.iter().map(|deals| {
        format!("{} × {} {}, {}", deals.customers, deals.currency, deals.total_minor, deals.average_minor)
    });
    vec![
        numbers.leads.to_string(),
        numbers.leads_qualified.to_string(),
        or_nothing(numbers.mql_rate),
        numbers.mqls.to_string(),
        numbers.accepted.to_string(),
        numbers.sqls.to_string(),
        numbers.customers.to_string(),
        or_nothing(numbers.conversion_rate),
        or_nothing(numbers.days_to_customer.map(|days| days.median)),
        or_nothing(numbers.days_to_customer.map(|days| days.p90)),
        numbers.lost.to_string(),
        numbers.recycled.to_string(),
        deals.collect::<Vec<_>>().join("; "),
    ]
}

fn the_worked_example(backend: &dyn Backend) {
    let ledger = begun(backend);
    written(ledger.as_ref());
    let site = site(1);
    let head = [
        "attribution",
        "group",
        "leads",
        "qualified",
        "MQL rate",
        "MQLs",
        "accepted",
        "SQLs",
        "customers",
        "rate",
        "median",
        "90th",
        "lost",
        "recycled",
        "deals",
    ];
    for row in table(&head) {
        let attribution = Attribution::parse(row[0]).expect("an attribution");
        let cohorts = row[1].starts_with("2026-") || row[1] == "total";
        let by = if cohorts { "cohort" } else { "channel" };
        let today = Date::parse("2026-06-30").expect("valid");
        let ask = Ask::parse((Some("2026-01-01"), Some("2026-03-31")), Some(by), None, today).expect("right");
        let journeys = ledger.journeys(&JourneyQuery::of(&site, &ask, attribution)).expect("reads");
        let made = report(&site, &ask, &journeys);
        let cohort = made.cohorts.iter().find(|cohort| cohort.from.to_string().starts_with(row[1]));
        let group = made.rows.iter().find(|group| group.key == row[1]);
        let total = (row[1] == "total").then_some(&made.totals);
        let numbers = group.map(|group| &group.numbers).or(cohort.map(|cohort| &cohort.numbers)).or(total);
        assert_eq!(shown(numbers.expect("there is such a group")), row[2..], "{} {}", row[0], row[1]);
        let sum: Thousandths = made.rows.iter().map(|row| row.numbers.mqls).sum();
        assert!(cohorts || sum == made.totals.mqls, "groups sum to the total");
        assert!(made.cohorts.iter().all(|cohort| cohort.mature), "{:?}", made.maturity);
    }
}

fn what_is_followed(backend: &dyn Backend) {
    let ledger = begun(backend);
    let day = |day: i64| Timestamp::from_millis(0).plus_days(day);
    let lead = |number: u8, known: i64, mql: Option<i64>| Lead {
        known_at: day(known),
        qualified: mql.map(|at| Qualified { at: day(at), score: Score::default() }),
        ..plain_lead(number, day(200))
    };
    let leads = vec![
        lead(1, 10, Some(20)),
        lead(2, 10, None),
        lead(3, 9, Some(20)),
        lead(4, 20, Some(30)),
        lead(5, 9, None),
        lead(6, 10, Some(20)),
        Lead { site: SiteNo::new(2), ..lead(7, 10, Some(20)) },
        lead(8, 9, Some(30)),
    ];
    let of_one = |at: i64, to: Stage| said(&leads[0], day(at), to, None);
    let machine = Transition { actor: Actor::collector(), ..of_one(20, Stage::Mql) };
    let transitions = vec![
        machine,
        of_one(19, Stage::Sal),
        of_one(25, Stage::Sql),
        of_one(20, Stage::Sal),
        said(&leads[3], day(40), Stage::Sal, None),
    ];
    commit(ledger.as_ref(), &Changes { leads, transitions, ..Changes::default() });
    let act = Act {
        at: day(1),
        actor: Actor::collector(),
        action: Action::PersonRestricted,
        site: None,
        subject: None,
        details: String::new(),
    };
    ledger.restrict(SiteNo::new(1), lead_key(6), Some(day(1)), false, &|_| act.clone()).expect("restricts");
    let query = JourneyQuery {
        site: SiteNo::new(1),
        known: (day(10), day(20)),
        qualified: (day(20), day(30)),
        by: None,
        attribution: Attribution::Linear,
    };
    let mut found: Vec<_> = ledger
        .journeys(&query)
        .expect("reads")
        .into_iter()
        .map(|journey| {
            let since = |at: Timestamp| at.millis() / Timestamp::DAY_MS;
            let said: Vec<_> = journey.said.iter().map(|said| (since(said.at), said.to)).collect();
            (since(journey.known_at), journey.qualified.map(since), journey.credits.len(), said)
        })
        .collect();
    found.sort();
    let expected = [
        (9, Some(20), 1, vec![]),
        (10, None, 0, vec![]),
        (10, Some(20), 1, vec![(20, Stage::Sal), (25, Stage::Sql)]),
    ];
    assert_eq!(
        found, expected,
        "ends excluded, each once, nobody of another site, nobody who asked not to be"
    );
}
