//! Cohorts, maturity and guard rails by hand. Invariant: groups and cohorts sum to the totals, whatever the journeys.

use super::*;
use crate::domain::{Money, Stage, Text};
use proptest::prelude::*;

fn site() -> Site {
    Site::for_test("example.com", "Europe/Berlin")
}

/// Noon of a day of 2026, counted from 0.
fn day(number: i64) -> Timestamp {
    Timestamp::parse("2026-01-01T12:00:00Z").expect("valid").plus_days(number)
}

fn ask(from: &str, to: &str, today: &str) -> Ask {
    let today = Date::parse(today).expect("valid");
    Ask::parse((Some(from), Some(to)), Some("channel"), None, today).expect("right")
}

/// An MQL of a day, and after how many days people did what.
fn mql(on: i64, people: &[(i64, Stage)]) -> Journey {
    Journey {
        known_at: day(on),
        known_by: "email".to_owned(),
        qualified: Some(day(on)),
        credits: vec![("email".to_owned(), Thousandths::ONE)],
        said: people.iter().map(|(after, to)| Said { at: day(on + after), to: *to, amount: None }).collect(),
    }
}

fn lead(on: i64) -> Journey {
    Journey { qualified: None, credits: Vec::new(), ..mql(on, &[]) }
}

#[test]
fn a_cohort_is_mature_when_nine_of_ten_had_the_time() {
    // Customers after 1 to 20 days: the 18th of 20 is the 90th percentile by nearest rank.
    let won: Vec<_> = (1..=20).map(|after| mql(0, &[(after, Stage::Customer)])).collect();
    let today = |today: &str| {
        let made = report(&site(), &ask("2026-01-01", "2026-02-28", today), &won);
        (
            made.maturity.days,
            made.cohorts.iter().map(|cohort| (cohort.age_days, cohort.mature)).collect::<Vec<_>>(),
        )
    };
    assert_eq!(today("2026-02-17"), (18, vec![(17, false), (-11, false)]));
    assert_eq!(today("2026-02-18"), (18, vec![(18, true), (-10, false)]));
    let made = report(&site(), &ask("2026-01-01", "2026-02-28", "2026-04-01"), &won[1..]);
    assert_eq!((made.maturity.days, made.maturity.customers), (MATURE_DAYS, 19), "one too few to tell");
    assert_eq!(
        made.cohorts.iter().map(|cohort| cohort.mature).collect::<Vec<_>>(),
        [true, false],
        "60 and 32 days"
    );
    assert!(made.maturity.sentence.contains("19 customers are too few"), "{}", made.maturity.sentence);
    // What was won before the period tells, too; after 365 days no more.
    let next_year = report(&site(), &ask("2026-11-01", "2026-12-31", "2026-12-31"), &won);
    assert_eq!((next_year.maturity.days, next_year.totals.mqls), (18, Thousandths::ZERO));
    let later = report(&site(), &ask("2026-12-02", "2027-01-01", "2027-01-01"), &won);
    assert_eq!((later.maturity.days, later.maturity.customers), (MATURE_DAYS, 0));
}

#[test]
fn days_are_the_sites_own() {
    // Half past eleven in the evening (UTC) of the last of January is February in Berlin.
    let late = Timestamp::parse("2026-01-31T23:30:00Z").expect("valid");
    let one = Journey { known_at: late, qualified: Some(late), ..mql(0, &[]) };
    let made = report(&site(), &ask("2026-01-01", "2026-02-28", "2026-03-01"), &[one]);
    let cohorts: Vec<_> = made
        .cohorts
        .iter()
        .map(|cohort| (cohort.from.to_string(), cohort.to.to_string(), cohort.numbers.leads))
        .collect();
    assert_eq!(
        cohorts,
        [("2026-02-01".to_owned(), "2026-02-28".to_owned(), 1)],
        "the empty beginning is left out"
    );
}

#[test]
fn guard_rails_at_their_ends() {
    // Of 100 leads so many MQLs, so many taken up.
    let rails = |mqls: i64, accepted: i64| {
        let all = (0..100).map(|n| match n {
            n if n < accepted => mql(0, &[(1, Stage::Sal)]),
            n if n < mqls => mql(0, &[]),
            _ => lead(0),
        });
        let made = report(&site(), &ask("2026-01-01", "2026-01-31", "2026-12-31"), &all.collect::<Vec<_>>());
        made.guard_rails.into_iter().map(|rail| rail.verdict).collect::<Vec<_>>()
    };
    use Verdict::{Above, Below, TooLittleData, Within};
    for (mqls, verdict) in [(14, Below), (15, Within), (30, Within), (31, Above)] {
        assert_eq!(rails(mqls, 0)[0], verdict, "{mqls} of 100");
    }
    for (accepted, verdict) in [(39, Below), (40, Within), (45, Within), (46, Above)] {
        assert_eq!(rails(50, accepted)[1], verdict, "{accepted} of 50");
    }
    assert_eq!(rails(49, 49)[1], TooLittleData, "49 MQLs");
    assert_eq!(rails(99, 99)[2], TooLittleData, "99 MQLs say nothing of conversion");
}

#[test]
fn a_report_up_to_the_last_date_there_is_ends() {
    let ask = ask("9999-11-01", "9999-12-31", "2026-06-01");
    let made = report(
        &site(),
        &ask,
        &[Journey { known_at: Timestamp::parse("9999-11-03T12:00:00Z").expect("valid"), ..lead(0) }],
    );
    let spans: Vec<_> =
        made.cohorts.iter().map(|cohort| (cohort.from.to_string(), cohort.to.to_string())).collect();
    let span = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(spans, [span("9999-11-01", "9999-11-30"), span("9999-12-01", "9999-12-31")]);
}

#[test]
fn customers_of_more_than_a_year_before_the_end_do_not_tell_how_long_it_takes() {
    // Twenty of the year before, who took ten days each; the report goes further back than what tells.
    let old: Vec<_> = (0..20).map(|_| mql(-400, &[(10, Stage::Customer)])).collect();
    let made = report(&site(), &ask("2024-06-01", "2026-01-31", "2026-06-01"), &old);
    assert_eq!(made.totals.customers, Thousandths::whole(20), "they are in the report");
    assert_eq!((made.maturity.days, made.maturity.customers), (MATURE_DAYS, 0));
    let newer: Vec<_> = (0..20).map(|_| mql(-333, &[(10, Stage::Customer)])).collect();
    let made = report(&site(), &ask("2024-06-01", "2026-01-31", "2026-06-01"), &newer);
    assert_eq!(
        (made.maturity.days, made.maturity.customers),
        (10, 20),
        "the first day of the year up to the end"
    );
}

#[test]
fn what_takes_time_is_judged_by_mature_cohorts() {
    // A hundred MQLs of January, 12 of them won after 40 days; a hundred of March that had no time yet.
    let january = (0..100).map(|n| mql(0, if n < 12 { &[(40, Stage::Customer)] } else { &[] }));
    let march = (0..100).map(|_| mql(60, &[]));
    let all: Vec<_> = january.chain(march).collect();
    let made = report(&site(), &ask("2026-01-01", "2026-03-31", "2026-04-15"), &all);
    assert_eq!(made.totals.conversion_rate, Some(Thousandths::new(60)));
    let conversion = &made.guard_rails[2];
    assert_eq!((conversion.value, conversion.counted), (Some(Thousandths::new(120)), 100));
    assert_eq!(conversion.verdict, Verdict::Within);
    assert_eq!(conversion.sentence, "12 % of MQLs became customers; 10 % to 15 % are usual.");
    let time = &made.guard_rails[3];
    assert_eq!((time.value, time.verdict), (Some(Thousandths::whole(40)), Verdict::TooLittleData));
    assert_eq!(
        time.sentence,
        "Too little to tell: 12 customers of mature cohorts; it takes 20, and a cohort is mature after 60 days."
    );
}

#[test]
fn days_are_rounded_half_up_to_a_tenth() {
    let hour = 60 * 60 * 1_000;
    for (ms, shown) in [(0, "0"), (hour, "0"), (6 * hour, "0.3"), (36 * hour, "1.5"), (30 * 24 * hour, "30")]
    {
        assert_eq!(tally::days(ms).to_string(), shown);
    }
    let rank = |percent| nearest_rank(&mut [(50, 1), (15, 1), (40, 1), (20, 1), (35, 1)], percent);
    assert_eq!((rank(30), rank(40), rank(50), rank(90)), (Some(20), Some(20), Some(35), Some(50)));
    assert_eq!(nearest_rank(&mut [], 50), None);
}

#[test]
fn wrong_questions_are_told_what_would_be_right() {
    let today = Date::parse("2026-11-22").expect("valid");
    let wrong = |period, by, cohort| Ask::parse(period, by, cohort, today).expect_err("is wrong");
    assert_eq!(wrong((Some("x"), None), None, None).0, "from");
    assert_eq!(wrong((Some("2026-11-23"), None), None, None).0, "from");
    assert_eq!(wrong((None, Some("2026")), None, None).0, "to");
    assert_eq!(wrong((None, None), Some("rule"), None).0, "by");
    assert_eq!(wrong((None, None), None, Some("day")).0, "cohort");
    let usual = Ask::parse((None, None), None, None, today).expect("right");
    assert_eq!((usual.from.to_string(), usual.to), ("2025-11-23".to_owned(), today));
}

fn journey() -> impl Strategy<Value = Journey> {
    let stages = prop::sample::select(Stage::ALL.to_vec());
    let amount = prop::option::of((-5_000..100_000_i64, prop::sample::select(vec!["EUR", "USD"])));
    let said = prop::collection::vec((0..90_i64, stages, amount), 0..5);
    let weights = prop::collection::vec(0..9_u64, 1..4);
    (0..120_i64, prop::option::of(0..60_i64), weights, said).prop_map(|(known, mql, weights, said)| {
        let group = |number: usize| format!("group {number}");
        let parts = crate::domain::apportion(1_000, &weights);
        let credits = parts.into_iter().enumerate().map(|(at, part)| (group(at), Thousandths::new(part)));
        let mut said: Vec<Said> = said
            .into_iter()
            .map(|(after, to, amount)| Said {
                at: day(known + mql.unwrap_or(0) + after),
                to,
                amount: amount
                    .filter(|_| to == Stage::Customer)
                    .map(|(minor, currency)| Money { minor, currency: Text::clean(currency) }),
            })
            .collect();
        said.sort_by_key(|said| said.at);
        Journey {
            known_at: day(known),
            known_by: group(weights.len()),
            qualified: mql.map(|after| day(known + after)),
            credits: credits.filter(|_| mql.is_some()).collect(),
            said,
        }
    })
}

proptest! {
    #[test]
    fn groups_and_cohorts_sum_to_the_totals(journeys in prop::collection::vec(journey(), 0..40)) {
        let made = report(&site(), &ask("2026-01-15", "2026-05-20", "2026-06-01"), &journeys);
        let rows: Vec<&Numbers> = made.rows.iter().map(|row| &row.numbers).collect();
        let cohorts: Vec<&Numbers> = made.cohorts.iter().map(|cohort| &cohort.numbers).collect();
        for parts in [rows, cohorts] {
            let total = |of: fn(&Numbers) -> Thousandths| (parts.iter().copied().map(of).sum::<Thousandths>(), of(&made.totals));
            for of in [
                |numbers: &Numbers| numbers.mqls,
                |numbers: &Numbers| numbers.accepted,
                |numbers: &Numbers| numbers.sqls,
                |numbers: &Numbers| numbers.customers,
                |numbers: &Numbers| numbers.lost,
                |numbers: &Numbers| numbers.recycled,
                |numbers: &Numbers| Thousandths::new(numbers.leads),
                |numbers: &Numbers| Thousandths::new(numbers.leads_qualified),
            ] {
                let (sum, total) = total(of);
                prop_assert_eq!(sum, total);
            }
            for deals in &made.totals.deals {
                let of_currency = parts.iter().flat_map(|numbers| &numbers.deals).filter(|part| part.currency == deals.currency);
                prop_assert_eq!(of_currency.map(|part| part.total_minor).sum::<i64>(), deals.total_minor, "to the cent");
            }
            for numbers in &parts {
                prop_assert!(numbers.customers <= numbers.sqls && numbers.sqls <= numbers.accepted);
                prop_assert!(numbers.accepted <= numbers.mqls && numbers.leads_qualified <= numbers.leads);
            }
        }
    }
}
