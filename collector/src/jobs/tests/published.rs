//! What publishing leaves readable, what it has others told, and what it does not let outlive an erasure. Invariant:
//! what had happened already is not told again, what the publication alone made only when it was asked for, and what
//! failed at the last moment changed nothing.

use super::publish::{Place, SITE, both};
use super::*;
use crate::domain::{Actor, Role, Stage};
use crate::jobs::publish::{Refused, Step, VersionState};
use crate::jobs::replay::Go;
use crate::rights::Service;
use crate::storage::{Announced, PublicationState};
use std::path::Path;

/// As the first, with twelve points needed and a demo request worth no more than that.
const LOWER: &str = r#"
name = "Lower"
[mql]
total_gte = 12
[[group]]
id = "does"
label = "Does"
axis = "engagement"
[[rule]]
id = "demo"
label = "Demo"
group = "does"
event = "demo_request"
points = 12
[[rule]]
id = "read"
label = "Read"
group = "does"
event = "engagement"
points = 6
repeat = "every"
"#;

/// One lead that is an MQL by both models at one moment, one by the lower one alone, one by the first alone.
fn begun(place: &Place) {
    let of = |lead: u8, event: Event| known(lead, Event { visitor: Some(visitor(lead)), ..event });
    let mut log = vec![
        of(17, event("demo_request", "/", minute(0))),
        of(18, event("demo_request", "/", minute(2))),
        of(19, event("pageview", "/a", minute(3))),
    ];
    log.extend((0..4).map(|n| of(17, event("engagement", "/", minute(10 + n)))));
    for path in ["/b", "/c"] {
        log.push(of(19, event("pageview", path, minute(20))));
    }
    log.push(of(19, event("engagement", "/", minute(21))));
    log.extend((0..7).map(|n| of(20, event("engagement", "/", minute(30 + n)))));
    place.append(&numbered(log));
    place.clock.set(minute(60));
    place.score(MODEL);
}

fn told(place: &Place) -> Vec<Announced> {
    place.ledger.to_announce(0, 99).expect("reads")
}

fn work(place: &Place) -> Step {
    place.publisher(MODEL).step(&mut |_, _| Go::On).expect("works")
}

fn stage(place: &Place, lead: u8) -> Stage {
    place.ledger.lead(SITE, lead_key(lead)).expect("reads").expect("is there").stage
}

#[test]
fn what_a_publication_alone_makes_is_told_only_when_asked_for() {
    for announce in [false, true] {
        both(|place| {
            begun(place);
            let before = told(place);
            assert_eq!(
                [17, 18, 19, 20].map(|lead| stage(place, lead)),
                [Stage::Mql, Stage::Lead, Stage::Lead, Stage::Lead]
            );
            place.ask(LOWER, announce);
            let Step::Done(_, adopted) = work(place) else { panic!("is done") };
            assert_eq!(
                [17, 18, 19, 20].map(|lead| stage(place, lead)),
                [Stage::Mql, Stage::Mql, Stage::Lead, Stage::Mql]
            );
            assert_eq!((adopted.entered, adopted.left), (2, 0));
            let after = told(place);
            // The first becomes an MQL at another moment by the other model: that is another change.
            let new = after.iter().filter(|told| before.iter().all(|known| known.number != told.number));
            assert_eq!(new.count(), if announce { 3 } else { 0 });
            assert!(before.iter().all(|known| known.transition.lead == lead_key(17)));
            // And back again: what was told stays told under its number.
            let hash = *model(MODEL).hash();
            let back = place.ask(MODEL, announce);
            assert_eq!(back.asked.model, hash);
            assert!(matches!(work(place), Step::Done(..)));
            let highest = after.iter().chain(&before).map(|told| told.number).max().expect("some");
            let again: Vec<_> = told(place).into_iter().filter(|told| told.number > highest).collect();
            assert_eq!(again.len(), usize::from(announce), "{again:?}");
        });
    }
}

/// The same change by another model is known under its number, and what comes after a publication is told like ever.
#[test]
fn the_same_change_is_the_same() {
    both(|place| {
        begun(place);
        let before = told(place);
        assert_eq!(before.len(), 1);
        // The same but for what one page is worth: the MQL is one at the same moment.
        place.ask(&MODEL.replace("points = 2\n", "points = 1\n"), false);
        assert!(matches!(work(place), Step::Done(..)));
        let after = told(place);
        assert_eq!(after.len(), 1);
        assert_eq!((after[0].number, after[0].transition.at), (before[0].number, before[0].transition.at));
        assert_ne!(after[0].transition.model, before[0].transition.model);
        let earlier = place.ledger.earlier(SITE, lead_key(17)).expect("reads");
        assert_eq!(earlier.len(), 1);
        assert_eq!(earlier[0].transition, before[0].transition, "what sales was told stays readable");
        place.append(&[Event {
            id: EventId::from_bytes([9; 16]),
            ..known(18, Event { visitor: Some(visitor(18)), ..event("engagement", "/", minute(50)) })
        }]);
        let four = (1..4_u8).map(|n| Event {
            id: EventId::from_bytes([10 + n; 16]),
            ..known(18, Event { visitor: Some(visitor(18)), ..event("engagement", "/", minute(51)) })
        });
        place.append(&four.collect::<Vec<_>>());
        place.score(MODEL);
        let new = told(place);
        assert_eq!(new.len(), 2);
        assert!(new[1].number > before[0].number && new[1].transition.lead == lead_key(18));
    });
}

#[test]
fn versions_say_where_they_stand() {
    both(|place| {
        begun(place);
        let (publisher, owner, site) = (place.publisher(MODEL), Actor::account(Role::Owner), place.site());
        let wrong = publisher.draft(&owner, &site, "name = 3").expect("judges").expect_err("is no model");
        assert_eq!(wrong.problems()[0].line, 1);
        let (draft, new) = publisher.draft(&owner, &site, LOWER).expect("keeps").expect("a model");
        assert_eq!((draft.state, new), (VersionState::Draft, true));
        let hash = draft.model.hash;
        assert!(!publisher.draft(&owner, &site, LOWER).expect("keeps").expect("a model").1, "the same again");
        let state = |hash| publisher.version(&site, hash).expect("reads").map(|version| version.state);
        let asked = publisher.ask(&owner, &site, hash, false).expect("asks").expect("may be");
        assert_eq!(state(hash), Some(VersionState::Publishing));
        assert_eq!(publisher.ask(&owner, &site, hash, false).expect("judges"), Err(Refused::Publishing));
        assert_eq!(publisher.remove(&owner, &site, hash).expect("judges"), Err(Refused::Publishing));
        let cancelled = publisher.cancel(&owner, &site, asked.id).expect("cancels").expect("runs");
        assert_eq!((cancelled.state, state(hash)), (PublicationState::Cancelled, Some(VersionState::Draft)));
        let over = publisher.cancel(&owner, &site, asked.id).expect("judges");
        assert_eq!(over, Err(Refused::Over(PublicationState::Cancelled)));
        assert_eq!(work(place), Step::Idle);
        publisher.ask(&owner, &site, hash, false).expect("asks").expect("may be");
        assert!(matches!(work(place), Step::Done(..)));
        let live = publisher.version(&site, hash).expect("reads").expect("is there");
        assert_eq!((live.state, live.published_at), (VersionState::Live, Some(minute(60))));
        assert_eq!(publisher.ask(&owner, &site, hash, false).expect("judges"), Err(Refused::Live));
        assert_eq!(publisher.remove(&owner, &site, hash).expect("judges"), Err(Refused::Published));
        place.ask(OTHER, false);
        assert!(matches!(work(place), Step::Done(..)));
        assert_eq!(state(hash), Some(VersionState::Past));
        let other = publisher.draft(&owner, &site, MODEL).expect("keeps").expect("a model").0.model.hash;
        assert_eq!(publisher.remove(&owner, &site, other).expect("removes"), Ok(()));
        assert_eq!(publisher.remove(&owner, &site, other).expect("judges"), Err(Refused::Unknown));
    });
}

/// Cancelled while it is worked on, it stops at the next look, and its shadow goes.
#[test]
fn cancelled_it_stops() {
    both(|place| {
        begun(place);
        let before = place.of_site();
        let asked = place.ask(LOWER, false);
        let (publisher, site) = (place.publisher(MODEL), place.site());
        let mut looks = 0;
        let stopped = place.publisher(MODEL).step(&mut |_, _| {
            looks += 1;
            publisher.cancel(&Actor::account(Role::Owner), &site, asked.id).expect("cancels").expect("runs");
            Go::On
        });
        assert_eq!((stopped.expect("stops"), looks), (Step::Stopped, 1));
        assert_eq!(work(place), Step::Idle);
        assert!(place.ledger.shadows().expect("lists").is_empty());
        assert_eq!(place.of_site(), before);
    });
}

/// The last statement fails, so that nothing of all that went before it stays; then it goes on.
#[test]
fn what_fails_at_the_last_moment_changes_nothing() {
    let place = Place::on_disk();
    begun(&place);
    let asked = place.ask(LOWER, false);
    let before = (place.of_site(), told(&place));
    #[expect(clippy::disallowed_types, reason = "somebody else's hand in the file")]
    let hand = rusqlite::Connection::open(place.path("ledger.db")).expect("opens");
    hand.execute_batch(
        "CREATE TRIGGER no_more BEFORE INSERT ON audit WHEN NEW.action = 'model.published'
         BEGIN SELECT RAISE(ABORT, 'as a test asked for'); END",
    )
    .expect("plants");
    for _ in 0..3 {
        assert!(place.publisher(MODEL).step(&mut |_, _| Go::On).is_err());
        assert_eq!((place.of_site(), told(&place)), before);
        let running = place.ledger.publication(asked.id).expect("reads").expect("is there");
        assert_eq!(running.state, PublicationState::Running);
        assert!(place.ledger.earlier(SITE, lead_key(17)).expect("reads").is_empty());
    }
    hand.execute_batch("DROP TRIGGER no_more").expect("drops");
    drop(hand);
    assert!(matches!(work(&place), Step::Done(..)));
    assert_eq!(stage(&place, 18), Stage::Mql);
}

fn holds(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("lists") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path).expect("reads").windows(needle.len()).any(|part| part == needle) {
                found.push(path.file_name().expect("a name").to_string_lossy().into_owned());
            }
        }
    }
    found
}

/// Who is erased while a model is published is in no shadow from then on, and the publication begins anew.
#[test]
fn nobody_outlives_an_erasure_in_a_shadow() {
    let place = Place::on_disk();
    begun(&place);
    let mut marked = known(21, event("demo_request", "/", minute(40)));
    marked.id = EventId::from_bytes([77; 16]);
    marked.visitor = Some(visitor(21));
    marked.attributes.insert(Text::clean("company"), Text::clean("Quetzalcoatlus Ltd"));
    place.append(&[marked]);
    place.score(MODEL);
    let asked = place.ask(LOWER, false);
    let mut looks = 0;
    let stopped = place.publisher(MODEL).step(&mut |_, _| {
        looks += 1;
        if looks == 2 { Go::Stop } else { Go::On }
    });
    assert_eq!(stopped.expect("stops"), Step::Stopped);
    let shadow = format!("publish-{}", asked.id);
    let in_shadow =
        |needle: &[u8]| holds(place.folder(), needle).iter().any(|name| name.starts_with(&shadow));
    assert!(in_shadow(b"Quetzalcoatlus"), "it was there to be erased");
    let rights = Service::new(
        place.events.clone(),
        place.ledger.clone(),
        model(MODEL),
        place.recorder(),
        place.clock.clone(),
    );
    let (owner, site) = (Actor::account(Role::Owner), place.site());
    rights.erase(&owner, &site, lead_key(21), false).expect("erases").expect("is found");
    assert!(place.ledger.shadows().expect("lists").is_empty());
    for needle in [b"Quetzalcoatlus".as_slice(), &[21; 16]] {
        assert_eq!(holds(place.folder(), needle), Vec::<String>::new());
    }
    assert!(matches!(work(&place), Step::Done(..)));
    for needle in [b"Quetzalcoatlus".as_slice(), &[21; 16]] {
        assert_eq!(holds(place.folder(), needle), Vec::<String>::new());
    }
    assert_eq!(stage(&place, 18), Stage::Mql);
    // What earlier models made of somebody goes with them, too.
    assert!(!place.ledger.earlier(SITE, lead_key(17)).expect("reads").is_empty());
    rights.erase(&owner, &site, lead_key(17), false).expect("erases").expect("is found");
    assert!(place.ledger.earlier(SITE, lead_key(17)).expect("reads").is_empty());
    assert!(told(&place).iter().all(|told| told.transition.lead != lead_key(17)));
}

/// A site's first model is no other than the next.
#[test]
fn publishing_before_anything_is_scored_is_fine() {
    both(|place| {
        place.ask(LOWER, false);
        assert!(matches!(work(place), Step::Done(..)));
        begun(place);
        assert_eq!(stage(place, 18), Stage::Mql, "by the published model");
    });
}
