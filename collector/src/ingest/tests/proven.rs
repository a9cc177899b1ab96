//! Tests of proofs at the door. Invariant: a proof that holds makes an event vouched and nothing else; any other changes
//! nothing, and none is kept.

use super::*;
use crate::domain::{Event, IdentitySecrets, Trust, from_hex};
use crate::ingest::{IDENTITY_LIMITED, IDENTITY_RESTRICTED, IDENTITY_UNPROVEN, rehearse};
use crate::privacy::prove;

const ORIGIN: &str = "https://example.com";

fn known() -> Arc<Site> {
    let identity = IdentitySecrets { current: Some([7; 32]), before: None };
    Arc::new(Site { identity, ..(*site(SitePolicy::default())).clone() })
}

fn proof(seconds: i64) -> String {
    let hash = from_hex(HASH.bytes()).expect("a hash");
    prove(&known(), &hash, now().millis() / 1000 + seconds)
}

/// Somebody who says who they are, with a box ticked, these fields and these properties.
fn says(fields: &Value, props: &Value, consent: &Value) -> Value {
    page_view(
        json!({ "n": "form_submit", "l": { "h": HASH, "d": "acme.com", "f": fields, "q": 1 }, "p": props, "c": consent }),
    )
}

fn taken(body: &Value, most: u32) -> Taken {
    through(&Door { identities: IdentityLimits::new(most), ..Door::new() }, body, false)
}

fn through(door: &Door, body: &Value, only_asked: bool) -> Taken {
    let site = known();
    let find = |id: &SiteId| (*id == site.id).then(|| Arc::clone(&site));
    let client = client(&[]);
    let sender = Sender { client: &client, origin: Some(ORIGIN), now: now(), identities: &door.identities };
    let take = if only_asked { rehearse } else { take };
    take(&bytes(body), sender, &door.privacy, &find).expect("is taken")
}

fn one(body: &Value) -> Event {
    taken(body, 9).events.remove(0).0
}

#[test]
fn one_that_holds_vouches_and_any_other_changes_nothing() {
    let plain = one(&says(&json!({ "company": "Acme" }), &json!({}), &json!({ "m": 1 })));
    assert_eq!(plain.trust, Trust::Human);
    let same = |event: Event, trust: Trust| {
        assert_eq!(Event { id: plain.id, visitor: plain.visitor, ..event }, Event { trust, ..plain.clone() });
    };
    let with = |proof: Value| {
        one(&says(&json!({ "company": "Acme", "mq_proof": proof }), &json!({}), &json!({ "m": 1 })))
    };
    same(with(json!(proof(60))), Trust::Vouched);
    same(with(json!(format!(" {} ", proof(30 * 86_400)))), Trust::Vouched);
    for bad in [
        json!(proof(-1)),
        json!(proof(30 * 86_400 + 1)),
        json!(proof(60).replace("1.", "2.")),
        json!("x"),
        json!(1),
        json!(true),
        json!(null),
    ] {
        same(with(bad), Trust::Human);
    }
    // By the wrong way it proves nothing, and is not kept either.
    same(
        one(&says(&json!({ "company": "Acme" }), &json!({ "mq_proof": proof(60) }), &json!({ "m": 1 }))),
        Trust::Human,
    );
    same(
        one(&says(
            &json!({ "company": "Acme", "mq_proof ": proof(60) }),
            &json!({ " mq_proof": "x" }),
            &json!({ "m": 1 }),
        )),
        Trust::Vouched,
    );
}

#[test]
fn it_is_no_consent() {
    let refused = says(&json!({ "mq_proof": proof(60) }), &json!({}), &json!({ "m": 1, "q": 0, "s": "gpc" }));
    let events = taken(&refused, 9).events;
    assert!(
        events.iter().all(|(event, _)| event.lead.is_none() && event.trust != Trust::Vouched),
        "{events:?}"
    );
}

#[test]
fn who_is_proven_is_not_made_up() {
    let claim = says(&json!({}), &json!({}), &json!({ "m": 1 }));
    let limited = taken(&claim, 0);
    assert!(
        limited.events[0].0.lead.is_none()
            && limited.tallies.iter().any(|(.., word)| *word == IDENTITY_LIMITED)
    );
    let proven = taken(&says(&json!({ "mq_proof": proof(60) }), &json!({}), &json!({ "m": 1 })), 0);
    assert!(proven.events[0].0.lead.is_some() && proven.tallies.is_empty(), "{:?}", proven.tallies);
}

fn words(taken: &Taken) -> Vec<&'static str> {
    taken.tallies.iter().map(|(.., word)| *word).collect()
}

#[test]
fn what_came_without_a_proof_is_counted_where_there_are_proofs() {
    let says = |proof: &str| says(&json!({ "mq_proof": proof }), &json!({}), &json!({ "m": 1 }));
    assert_eq!(words(&taken(&says("1.1.00"), 9)), [IDENTITY_UNPROVEN]);
    assert!(words(&taken(&says(&proof(60)), 9)).is_empty());
    let nobody = page_view(json!({ "n": "form_submit" }));
    assert!(words(&taken(&nobody, 9)).is_empty());
    let elsewhere =
        Door::new().take(&bytes(&says("x")), &client(&[]), &SitePolicy::default()).expect("takes");
    assert!(words(&elsewhere).is_empty(), "on a site without");
}

/// Somebody who was verified took their consent back. A stranger's box is a claim, and their own is proven.
#[test]
fn a_strangers_box_does_not_end_the_withdrawal_of_somebody_verified() {
    let site = known();
    let lead = crate::privacy::lead_key(&site, &from_hex(HASH.bytes()).expect("a hash"));
    let claim = says(&json!({ "company": "Acme" }), &json!({}), &json!({ "m": 1 }));
    let proof = says(&json!({ "company": "Acme", "mq_proof": proof(60) }), &json!({}), &json!({ "m": 1 }));
    for (verified, claimed) in [(false, Some(lead)), (true, None)] {
        let door = Door::new();
        let withdrawn = Some(now().plus_millis(-60_000));
        let restriction = crate::domain::Restriction { withdrawn, verified, ..Default::default() };
        door.privacy.restrictions().set([crate::domain::Restricted { site: site.no, lead, restriction }]);
        let stranger = through(&door, &claim, false);
        assert_eq!(stranger.events[0].0.lead, claimed, "{verified}");
        assert_eq!(words(&stranger).contains(&IDENTITY_RESTRICTED), verified);
        let theirs = through(&door, &proof, false).events.remove(0).0;
        assert_eq!((theirs.lead, theirs.trust), (Some(lead), Trust::Vouched));
    }
}

/// Whoever only asks what would be learns of an address what is so of every other.
#[test]
fn a_rehearsal_does_not_know_who_asked_for_what() {
    let site = known();
    let lead = crate::privacy::lead_key(&site, &from_hex(HASH.bytes()).expect("a hash"));
    // Without a box the page's word decides, which is not enough after a withdrawal.
    let claim =
        page_view(json!({ "n": "form_submit", "l": { "h": HASH }, "c": { "m": 1, "q": 1, "s": "tag" } }));
    let since = Some(now().plus_millis(-60_000));
    let nothing = crate::domain::Restriction::default();
    let said = |restriction, only_asked| {
        let door = Door { identities: IdentityLimits::new(1), ..Door::new() };
        door.privacy.restrictions().set([crate::domain::Restricted { site: site.no, lead, restriction }]);
        let mut taken = through(&door, &claim, only_asked);
        let event = taken.events.remove(0).0;
        (event.rung, event.signal, event.lead, taken.outcomes, taken.tallies)
    };
    let anybody = said(nothing, true);
    assert_eq!(anybody, said(nothing, false), "it is what would be");
    for restriction in [
        crate::domain::Restriction { restricted: since, ..nothing },
        crate::domain::Restriction { withdrawn: since, ..nothing },
        crate::domain::Restriction { withdrawn: since, verified: true, ..nothing },
    ] {
        assert_eq!(said(restriction, true), anybody, "{restriction:?}");
        assert_ne!(said(restriction, false), anybody, "{restriction:?}");
    }
    // Nor is it one of the people that a client says it is.
    let door = Door { identities: IdentityLimits::new(0), ..Door::new() };
    assert_eq!(through(&door, &claim, true).events[0].0.lead, Some(lead));
}
