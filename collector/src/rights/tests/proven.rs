//! Rights of somebody who was verified. Invariant: whoever proves nothing gives no consent for them, adds nothing to
//! what is left of them, and is told apart from them in what they are handed.

use super::*;
use crate::domain::Restriction;

/// With a proof of the site's own server.
fn proven(event: Event) -> Event {
    Event { trust: Trust::Vouched, ..event }
}

/// Somebody who is proven to be lead 1 by consent, and strangers under pseudonyms 7 and 8, one of whom says so before
/// that; who says it ticks a box or asks for something.
fn claimed() -> Vec<Event> {
    vec![
        event(1, 8, "pageview", "/early", 0),
        known(1, Signal::Policy, "3", event(2, 8, "demo_request", "/early-claim", 1)),
        event(3, 1, "pageview", "/mine", 2),
        proven(known(1, Signal::Form, "5", event(4, 1, "demo_request", "/proof", 3))),
        event(5, 7, "pageview", "/strangers-way", 4),
        known(1, Signal::Policy, "999", event(6, 7, "demo_request", "/claim", 5)),
        event(7, 7, "pageview", "/strangers-way-on", 6),
        event(8, 8, "pageview", "/early-on", 7),
        event(9, 1, "pageview", "/mine-again", 8),
    ]
}

impl World {
    fn withdraw(&self) {
        self.rights.withdraw(&actor(), &self.site, key(1), false).expect("withdraws").expect("is there");
    }

    fn restriction(&self) -> Restriction {
        self.ledger.restriction(self.site.no, key(1)).expect("reads")
    }

    /// Lead 1 as it is, and as scoring everything anew has it.
    fn live_and_anew(&self) -> [Option<Lead>; 2] {
        let live = self.lead(1);
        self.ledger.restart(*self.model.hash()).expect("restarts");
        self.score();
        [live, self.lead(1)]
    }
}

#[test]
fn only_a_proven_box_ends_the_withdrawal_of_somebody_verified() {
    // Also one that is taken back while scores are being made anew: the proof is in the log.
    let world = World::after(&claimed());
    world.ledger.restart(*world.model.hash()).expect("begins anew");
    world.withdraw();
    assert!(world.restriction().verified);
    world.score();
    assert_eq!(world.live_and_anew(), [None, None]);

    let world = World::after(&claimed());
    world.withdraw();
    assert!(world.restriction().verified);
    assert_eq!(world.live_and_anew(), [None, None], "nobody is made of what strangers claimed");
    let soon = 5 * 1_440 + 1;
    world.append(&[
        known(1, Signal::Form, "999", event(20, 20, "demo_request", "/claim", soon)),
        event(21, 20, "pageview", "/on", soon + 1),
    ]);
    world.score();
    assert_eq!(world.live_and_anew(), [None, None]);
    assert!(world.restriction().withdrawn.is_some(), "a stranger's box ends nothing");
    // Asked for once more, it is known still.
    world.withdraw();
    assert!(world.restriction().verified);
    world.append(&[proven(known(1, Signal::Form, "6", event(22, 21, "pageview", "/back", soon + 2)))]);
    world.score();
    assert!(world.restriction().is_none(), "their own does");
    let [live, anew] = world.live_and_anew();
    let lead = live.clone().expect("is there");
    assert_eq!((lead.score.total.to_string(), lead.attributes["size"].as_str()), ("4".to_owned(), "6"));
    assert_eq!(live, anew, "and what was claimed before does not come alive");
}

/// What was proven on another basis than consent stays, and nothing that was not.
#[test]
fn what_is_left_of_somebody_verified_was_proven() {
    let mut log = claimed();
    log.push(proven(known(1, Signal::Policy, "7", event(10, 1, "demo_request", "/order", 9))));
    let world = World::after(&log);
    world.withdraw();
    let left: Vec<String> = world
        .log()
        .iter()
        .filter(|event| event.lead == Some(key(1)))
        .map(|event| event.path.to_string())
        .collect();
    assert_eq!(left, ["/order"]);
    let [live, anew] = world.live_and_anew();
    assert_eq!(live.as_ref().expect("is there").attributes["size"].as_str(), "7");
    assert_eq!(live, anew);
}

#[test]
fn the_export_tells_what_strangers_claimed_and_erasure_takes_it() {
    let world = World::after(&claimed());
    let export = || world.rights.export(&actor(), &world.site, key(1), "json").expect("exports");
    let told = export().expect("is there");
    let events: Vec<(&str, bool)> = told
        .events
        .iter()
        .map(|told| (told.stored["path"].as_str().expect("a path"), told.unproven_claim))
        .collect();
    // What the strangers did besides is theirs; before the proof, whoever said so counted.
    let expected = [
        ("/early", false),
        ("/early-claim", false),
        ("/mine", false),
        ("/proof", false),
        ("/claim", true),
        ("/mine-again", false),
    ];
    assert_eq!(events, expected);
    assert!(told.csv().contains("did not prove to be you"));
    // A proof that is void proves nothing, and what was said without one counts.
    let logged = world.events.events_of(key(1)).expect("reads");
    let proof = logged.iter().find(|logged| logged.event.path.as_str() == "/proof").expect("is there").cursor;
    let whose = super::super::whose(&logged, key(1), false, &[proof].into());
    assert!(whose.claims.is_empty() && whose.others.is_empty());
    world.withdraw();
    let told = export().expect("is there");
    assert!(
        told.requests.withdrawn_as_verified && told.csv().contains("verified by the website's server then")
    );
    world.append(&[known(1, Signal::Form, "9", event(30, 30, "pageview", "/claim-then", 5 * 1_440 + 1))]);
    world.score();
    assert!(export().expect("is there").events.iter().all(|told| told.unproven_claim));
    world.rights.erase(&actor(), &world.site, key(1), false).expect("erases").expect("is there");
    assert!(world.log().iter().all(|event| event.lead != Some(key(1))));
    assert!(world.restriction().is_none() && !world.restriction().verified);
}
