//! Publishing while the ground moves: a shadow that is removed, a site that changes at the last moment, a ledger that
//! begins anew. Invariant: it ends, and what it adopts was made of the site as it is.

use super::publish::{Place, SITE};
use super::*;
use crate::domain::{Action, Actor, Role};
use crate::jobs::publish::{Step, VersionState};
use crate::jobs::replay::{Go, Progress};
use crate::storage::{AuditQuery, Publication, PublicationState};

/// A page view on each of three days, and a lead that asks for a demo on the last.
fn log() -> Vec<Event> {
    let view = |day: i64, n: u8| Event {
        at: minute(0).plus_days(day),
        visitor: Some(visitor(n)),
        ..event("pageview", "/a", minute(0))
    };
    let mut log = vec![view(0, 1), view(1, 2), view(2, 3)];
    log.push(known(17, Event { at: minute(5).plus_days(2), ..view(2, 3) }));
    log.push(known(17, Event { name: event("demo_request", "/", minute(0)).name, ..view(2, 3) }));
    numbered(log)
}

fn begun(place: &Place) {
    place.append(&log());
    place.clock.set(minute(60).plus_days(2));
    place.score(MODEL);
    place.ask(OTHER, false);
}

/// One step, in which `disturb` is told at the how many-th look it is that everything was seen; fewer looks than an
/// endless loop has.
fn step(place: &Place, mut disturb: impl FnMut(usize)) -> Step {
    let (mut looks, mut ends) = (0, 0);
    let watch = &mut |_: &Publication, Progress { done, total }: Progress| {
        looks += 1;
        if done == total {
            ends += 1;
            disturb(ends);
        }
        if looks > 100 { Go::Stop } else { Go::On }
    };
    place.publisher(MODEL).step(watch).expect("works")
}

fn both(test: impl Fn(&Place, Place)) {
    test(&Place::in_memory(), Place::in_memory());
    test(&Place::on_disk(), Place::on_disk());
}

/// An erasure removes all shadows last, after a publication has seen of it and begun anew.
#[test]
fn a_shadow_that_is_removed_while_it_is_open_is_begun_anew() {
    for end in [1, 2] {
        both(|place, whole| {
            begun(place);
            begun(&whole);
            let disturb = |ends| {
                if ends == end {
                    place.ledger.shadows().expect("lists").iter().for_each(|name| {
                        place.ledger.discard_shadow(name).expect("discards");
                    });
                }
            };
            assert!(matches!(step(place, disturb), Step::Done(..)), "it does not end");
            assert!(matches!(step(&whole, |_| {}), Step::Done(..)));
            assert_eq!(place.of_site(), whole.of_site());
            assert!(place.ledger.shadows().expect("lists").is_empty());
        });
    }
}

/// Another process that looks how far it is may make an empty file where the shadow was.
#[test]
fn a_stray_in_the_place_of_the_shadow_is_not_adopted() {
    both(|place, whole| {
        begun(place);
        begun(&whole);
        let disturb = |ends| {
            if ends == 2 {
                for name in place.ledger.shadows().expect("lists") {
                    place.ledger.discard_shadow(&name).expect("discards");
                    place.ledger.open_shadow(&name).expect("opens");
                }
            }
        };
        assert!(matches!(step(place, disturb), Step::Done(..)), "it does not end");
        assert!(matches!(step(&whole, |_| {}), Step::Done(..)));
        assert_eq!(place.of_site(), whole.of_site());
    });
}

/// Days that are counted for good after everything was seen are not counted twice.
#[test]
fn a_site_that_changes_at_the_last_moment_is_scored_as_it_is() {
    both(|place, whole| {
        let day = whole.site().zone.date(minute(0).plus_days(2));
        begun(place);
        begun(&whole);
        let disturb = |ends| {
            if ends == 2 {
                place.ledger.count_for_good(SITE, day).expect("sets");
            }
        };
        assert!(matches!(step(place, disturb), Step::Done(..)));
        whole.ledger.count_for_good(SITE, day).expect("sets");
        assert!(matches!(step(&whole, |_| {}), Step::Done(..)));
        assert_eq!(place.of_site(), whole.of_site());
    });
}

/// Another base model at a start scores everything anew: a shadow that has seen more waits for nobody.
#[test]
fn a_ledger_that_begins_anew_is_not_overtaken() {
    both(|place, whole| {
        begun(place);
        begun(&whole);
        let base = MODEL.replace("points = 2\n", "points = 1\n");
        let seen = &mut |_: &Publication, Progress { done, total }: Progress| {
            if done == total { Go::Stop } else { Go::On }
        };
        assert_eq!(place.publisher(MODEL).step(seen).expect("begins"), Step::Stopped);
        place.ledger.restart(*model(&base).hash()).expect("begins anew");
        assert!(matches!(step(place, |_| {}), Step::Done(..)));
        place.score(&base);
        whole.score(&base);
        assert!(matches!(step(&whole, |_| {}), Step::Done(..)));
        place.sweep(&base);
        assert_eq!(place.of_site(), whole.of_site());
    });
}

/// A command may be told of another model than the collector: what is live is what the ledger says.
#[test]
fn what_is_live_does_not_depend_on_who_asks() {
    both(|place, _| {
        place.append(&log());
        place.clock.set(minute(60).plus_days(2));
        place.score(MODEL);
        let (publisher, owner, site) = (place.publisher(OTHER), Actor::account(Role::Owner), place.site());
        for text in [MODEL, OTHER] {
            publisher.draft(&owner, &site, text).expect("keeps").expect("is a model");
        }
        let state = |text: &str| {
            let version = publisher.version(&site, *model(text).hash()).expect("reads");
            version.expect("is there").state
        };
        assert_eq!((state(MODEL), state(OTHER)), (VersionState::Live, VersionState::Draft));
        let asked = publisher.ask(&owner, &site, *model(OTHER).hash(), false).expect("asks");
        assert!(asked.is_ok(), "{asked:?}");
        assert!(matches!(publisher.step(&mut |_, _| Go::On).expect("works"), Step::Done(..)));
        let query = AuditQuery { action: Some(Action::ModelPublished), limit: 1, ..AuditQuery::default() };
        let entry = place.ledger.entries(&query).expect("reads").entries.remove(0);
        assert!(
            entry.details.contains(&format!("\"from\":\"{}\"", model(MODEL).hash())),
            "{}",
            entry.details
        );
    });
}

/// What fails for good, such as on a disk that is full, does not go on for ever, nor keep others waiting.
#[test]
fn what_fails_again_and_again_is_given_up() {
    let place = Place::on_disk();
    begun(&place);
    let before = place.of_site();
    std::fs::write(place.path("shadow"), "in the way").expect("writes");
    let (publisher, mut failures) = (place.publisher(MODEL), 0);
    let state = || place.ledger.publication(1).expect("reads").expect("is there");
    for _ in 0..8 {
        assert!(!publisher.attempt(&mut failures, &mut |_, _| Go::On));
        assert_eq!(state().state, PublicationState::Running, "it may be over soon");
    }
    publisher.attempt(&mut failures, &mut |_, _| Go::On);
    assert_eq!(state().state, PublicationState::Failed);
    assert!(state().problem.is_some_and(|why| why.contains("again and again")));
    assert_eq!(place.of_site(), before);
    std::fs::remove_file(place.path("shadow")).expect("removes");
    place.ask(OTHER, false);
    assert!(publisher.attempt(&mut failures, &mut |_, _| Go::On), "the next has its turn");
    assert_eq!(state().state, PublicationState::Failed);
    assert_eq!(place.ledger.publication(2).expect("reads").expect("is there").state, PublicationState::Done);
}
