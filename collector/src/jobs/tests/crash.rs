//! Crashes and rivals. Invariant: whenever a scorer dies, and whoever scores beside it, the ledger ends as
//! if nothing had happened: nothing is lost and nothing counted twice.

use super::crashing::{Crashing, Fate};
use super::*;
use crate::storage::StoreError;

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop::sample::select(vec![Fate::Happens, Fate::DiesBefore, Fate::DiesAfter, Fate::Overtaken]);
    prop::collection::vec(fate, 0..10)
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_crash_repeats_work_and_doubles_nothing(log in log(720), sizes in prop::collection::vec(1..20_usize, 1..12), plan in fates()) {
        let undisturbed = World::new();
        undisturbed.append(&log);
        undisturbed.score(MODEL);

        let world = Arc::new(World::new());
        let ledger = Arc::new(Crashing::new(Arc::clone(&world), plan.iter().copied()));
        let start = || Scorer::new(world.events.clone(), ledger.clone(), model(MODEL));
        let (mut scorer, mut rest, mut deaths) = (start(), log.as_slice(), 0);
        for size in sizes.into_iter().cycle() {
            let (run, more) = rest.split_at(size.min(rest.len()));
            rest = more;
            world.append(run);
            while let Err(error) = scorer.catch_up() {
                deaths += 1;
                if matches!(error, StoreError::Failed(_)) {
                    // The process is gone, and what it held in memory with it.
                    scorer = start();
                } else {
                    prop_assert!(matches!(error, StoreError::Conflict), "{:?}", error);
                }
            }
            if rest.is_empty() {
                break;
            }
        }
        prop_assert!(deaths <= plan.len());
        prop_assert_eq!(world.snapshot(), undisturbed.snapshot());
    }
}

#[test]
fn a_commit_that_was_not_told_of_is_not_repeated() {
    let world = Arc::new(World::new());
    world.append(&numbered(vec![known(1, event("demo_request", "/", minute(0)))]));
    let ledger = Arc::new(Crashing::new(Arc::clone(&world), [Fate::DiesAfter]));
    let start = || Scorer::new(world.events.clone(), ledger.clone(), model(MODEL));
    assert!(matches!(start().catch_up(), Err(StoreError::Failed(_))));
    assert_eq!(start().catch_up().expect("scores"), 0);
    assert_eq!(world.visits(), [("direct".to_owned(), 1)]);
}

#[test]
fn of_two_scorers_one_wins() {
    let world = Arc::new(World::new());
    world.append(&numbered(vec![known(1, event("demo_request", "/", minute(0)))]));
    let ledger = Arc::new(Crashing::new(Arc::clone(&world), [Fate::Overtaken]));
    let mut slower = Scorer::new(world.events.clone(), ledger, model(MODEL));
    assert!(matches!(slower.catch_up(), Err(StoreError::Conflict)));
    assert_eq!(slower.catch_up().expect("scores"), 0);
    assert_eq!(world.visits(), [("direct".to_owned(), 1)]);
}
