//! Tests of the door. Invariant: whatever is sent, it is taken whole or refused whole with a sentence, and
//! of what is taken only what the inventory names is kept.

mod consent;
mod kept;
mod minimised;
mod proven;
mod robust;

use super::{Refusal, Sender, Taken, take};
use crate::domain::cases;
use crate::domain::{Site, SiteId, SitePolicy, Timestamp, Zone};
use crate::enrich::geo::Countries;
use crate::privacy::{Client, IdentityLimits, Privacy, Salts, TrustedProxies, V4Prefix};
use actix_web::test::TestRequest;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const HASH: &str = "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514";

/// Not the default, so that an event that has it got it from the site.
const POLICY_VERSION: u32 = 7;

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T23:30:00Z").expect("valid")
}

fn site(policy: SitePolicy) -> Arc<Site> {
    let zone = Zone::parse("Europe/Berlin").expect("known");
    Arc::new(Site { zone, policy, policy_version: POLICY_VERSION, ..Site::for_test("example.com", "UTC") })
}

/// A client with these headers besides a browser's.
fn client(headers: &[(&str, &str)]) -> Client {
    let request =
        headers.iter().fold(TestRequest::default(), |request, header| request.insert_header(*header));
    let request = if headers.iter().any(|(name, _)| *name == "user-agent") {
        request
    } else {
        request.insert_header(("user-agent", FIREFOX))
    };
    Client::of(&request.to_http_request(), &TrustedProxies::default())
}

/// The door, with salts of its own.
struct Door {
    privacy: Privacy,
    identities: IdentityLimits,
    _folder: TempDir,
}

impl Door {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let salts = Salts::open(folder.path()).expect("opens");
        let privacy = Privacy::new(salts, Countries::none(), V4Prefix::default());
        Self { privacy, identities: IdentityLimits::new(u32::MAX), _folder: folder }
    }

    fn take(&self, body: &[u8], client: &Client, policy: &SitePolicy) -> Result<Taken, Refusal> {
        self.take_from(body, client, policy, None)
    }

    fn take_from(
        &self,
        body: &[u8],
        client: &Client,
        policy: &SitePolicy,
        origin: Option<&str>,
    ) -> Result<Taken, Refusal> {
        let site = site(policy.clone());
        let find = |id: &SiteId| (*id == site.id).then(|| Arc::clone(&site));
        let sender = Sender { client, origin, now: now(), identities: &self.identities };
        take(body, sender, &self.privacy, &find)
    }
}

/// A page view, with more or other fields.
fn page_view(more: Value) -> Value {
    let mut event = json!({ "n": "pageview", "u": "https://example.com/", "d": "example.com" });
    if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
    }
    event
}

fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}
