//! Any cut of a log into runs. Invariant: it does not show; and what the ledger then says of leads and of
//! channels agrees with itself.

use super::*;
use crate::domain::Stage;
use crate::jobs::score::Running;
use std::collections::BTreeMap;
use std::time::Duration;

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn no_cut_shows(log in log(720), cuts in prop::collection::vec((0..30_usize, any::<bool>()), 0..8)) {
        let whole = World::new();
        whole.append(&log);
        prop_assert_eq!(whole.score(MODEL), log.len());
        let cut = World::new();
        let (mut scorer, mut rest) = (cut.scorer(MODEL), log.as_slice());
        for (size, restarts) in cuts {
            let (run, more) = rest.split_at(size.min(rest.len()));
            rest = more;
            cut.append(run);
            if restarts {
                scorer = cut.scorer(MODEL);
            }
            prop_assert_eq!(scorer.catch_up().expect("scores"), run.len());
        }
        cut.append(rest);
        prop_assert_eq!(scorer.catch_up().expect("scores"), rest.len());
        prop_assert_eq!(scorer.catch_up().expect("scores"), 0, "nothing is left");
        prop_assert_eq!(cut.snapshot(), whole.snapshot());
    }

    #[test]
    fn another_model_scores_all_of_it_anew(log in log(720), at in 0..60_usize) {
        let world = World::new();
        let (before, after) = log.split_at(at.min(log.len()));
        world.append(before);
        world.score(MODEL);
        world.append(after);
        prop_assert_eq!(world.score(OTHER), log.len());
        let fresh = World::new();
        fresh.append(&log);
        fresh.score(OTHER);
        prop_assert_eq!(world.snapshot(), fresh.snapshot());
        prop_assert_eq!(world.ledger.progress().expect("reads").map(|(_, hash)| hash), Some(*model(OTHER).hash()));
        for lead in world.snapshot().leads {
            prop_assert!(world.transitions(&lead).iter().all(|transition| transition.model == *model(OTHER).hash()));
        }
        prop_assert_eq!(world.score(MODEL), log.len());
        let back = World::new();
        back.append(&log);
        back.score(MODEL);
        prop_assert_eq!(world.snapshot(), back.snapshot(), "and back");
    }

    #[test]
    fn a_lead_becomes_an_mql_once(log in log(720)) {
        let world = World::new();
        world.append(&log);
        world.score(MODEL);
        for lead in world.snapshot().leads {
            let (out, transitions): (Vec<_>, Vec<_>) = world
                .transitions(&lead)
                .into_iter()
                .partition(|transition| transition.to == Stage::Disqualified);
            prop_assert!(transitions.len() <= 1 && out.len() <= 1);
            let qualified = if transitions.is_empty() { Stage::Lead } else { Stage::Mql };
            prop_assert_eq!(lead.stage, if out.is_empty() { qualified } else { Stage::Disqualified });
            prop_assert!(out.iter().all(|out| out.reason.starts_with("ruled out: Applied: it happened")));
            let Some(transition) = transitions.first() else {
                prop_assert_eq!(lead.qualified, None);
                continue;
            };
            prop_assert_eq!((transition.from, transition.to), (Stage::Lead, Stage::Mql));
            prop_assert!(transition.score.total >= model(MODEL).threshold());
            prop_assert!(transition.reason.contains("reached the threshold of 30"), "{}", transition.reason);
            let qualified = lead.qualified.expect("an MQL has a moment");
            prop_assert_eq!((qualified.at, qualified.score), (transition.at, transition.score));
            prop_assert!(lead.first_seen <= transition.at && transition.at <= lead.last_seen);
        }
    }

    /// A report's rows sum to its totals, which count each visit, lead and MQL once.
    #[test]
    fn totals_are_sums(log in log(720)) {
        let world = World::new();
        world.append(&log);
        world.score(MODEL);
        let leads = world.snapshot().leads;
        for site in [1, 2, 3] {
            let of_site = || leads.iter().filter(|lead| lead.site == SiteNo::new(site));
            let mqls = of_site().filter(|lead| lead.qualified.is_some()).count();
            for by in Dimension::ALL.into_iter().filter(|by| *by != Dimension::Rule) {
                let mut all = Vec::new();
                for attribution in Attribution::OF_LEADS {
                    let report = world.report(site, by, attribution);
                    let mut days: BTreeMap<Date, crate::storage::Counts> = BTreeMap::new();
                    for row in &report.rows {
                        days.entry(row.day).or_default().add(row.counts);
                    }
                    prop_assert_eq!(&days, &report.days, "{:?} of site {}", by, site);
                    let sum = |count: fn(&crate::storage::Counts) -> i64| days.values().map(count).sum::<i64>();
                    prop_assert_eq!(sum(|counts| counts.leads), i64::try_from(of_site().count()).expect("few"));
                    let mqls = i64::try_from(mqls).expect("few");
                    prop_assert_eq!(sum(|counts| counts.mqls), mqls * attribution.per_mql(), "{:?}", attribution);
                    days.values_mut().for_each(|counts| counts.mqls /= attribution.per_mql());
                    all.push(days);
                }
                let same = all.iter().all(|days| *days == all[0]);
                prop_assert!(same, "attribution moves counts between rows only");
            }
        }
        prop_assert!(world.report(3, Dimension::Channel, Attribution::First).rows.is_empty(), "a site that is not there");
    }
}

/// More events than one run holds.
#[test]
fn a_long_log_is_one() {
    let mut events = Vec::new();
    for n in 0..2_500_i64 {
        let person = u8::try_from(n % 50).expect("few");
        let event = Event {
            visitor: Some(visitor(person)),
            ..event("pageview", &format!("/{}", n % 7), minute(n / 10))
        };
        events.push(if n % 11 == 0 { known(person, event) } else { event });
    }
    let events = numbered(events);
    let (whole, cut) = (World::new(), World::new());
    whole.append(&events);
    assert_eq!(whole.score(MODEL), 2_500);
    for run in events.chunks(333) {
        cut.append(run);
        cut.score(MODEL);
    }
    assert_eq!(whole.snapshot(), cut.snapshot());
    assert_eq!(whole.snapshot().leads.len(), 50);
}

#[test]
fn the_thread_scores_what_is_appended() {
    let world = World::new();
    let running = Running::start(world.scorer(MODEL)).expect("starts");
    let scored = |number: i64| {
        (0..1_000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            let progress = world.ledger.progress().expect("reads");
            progress.is_some_and(|(cursor, _)| cursor == Cursor::from_raw(number))
        })
    };
    let events =
        numbered(vec![event("pageview", "/", minute(0)), known(1, event("demo_request", "/", minute(1)))]);
    world.append(&events[..1]);
    assert!(scored(1));
    world.append(&events[1..]);
    assert!(scored(2));
    drop(running);
    world.append(&numbered(vec![event("pageview", "/", minute(0)); 3]));
    assert_eq!(world.ledger.progress().expect("reads").map(|(cursor, _)| cursor), Some(Cursor::from_raw(2)));
    assert_eq!(world.score(MODEL), 1, "what came after it stopped is scored by the next");
}
