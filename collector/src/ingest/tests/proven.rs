//! Tests of proofs at the door. Invariant: a proof that holds makes an event vouched and nothing else; any other changes
//! nothing, and none is kept.

use super::*;
use crate::domain::{Event, IdentitySecrets, Trust, from_hex};
use crate::ingest::IDENTITY_LIMITED;
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
    let door = Door { identities: IdentityLimits::new(most), ..Door::new() };
    let site = known();
    let find = |id: &SiteId| (*id == site.id).then(|| Arc::clone(&site));
    let client = client(&[]);
    let sender = Sender { client: &client, origin: Some(ORIGIN), now: now(), identities: &door.identities };
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
