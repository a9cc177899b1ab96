//! What an event needs to be taken: two sites, a client, salts. Invariant: made once; no input changes it.

use actix_web::http::header::HeaderValue;
use actix_web::test::TestRequest;
use mqlite::domain::{Basis, Event, IdentitySecrets, Site, SiteId, SiteNo, SitePolicy, Timestamp, Zone};
use mqlite::enrich::geo::Countries;
use mqlite::ingest::{self, Refusal, Sender, Taken};
use mqlite::privacy::{Client, IdentityLimits, Privacy, Salts, TrustedProxies, V4Prefix};
use std::sync::{Arc, LazyLock};

/// A browser that no list of bots knows.
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// The two policies that differ most in what they keep.
pub(crate) struct World {
    pub(crate) privacy: Privacy,
    client: Client,
    identities: IdentityLimits,
    pub(crate) strict: Arc<Site>,
    pub(crate) lenient: Arc<Site>,
    // Salts are files; they go when the process does.
    _folder: tempfile::TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let salts = Salts::open(folder.path()).expect("opens");
    let lenient = SitePolicy {
        hosts: vec!["*".to_owned()],
        allow_automation: true,
        form_basis: Basis::LegitimateInterest,
        ..SitePolicy::default()
    };
    World {
        privacy: Privacy::new(salts, Countries::none(), V4Prefix::default()),
        client: client(FIREFOX.as_bytes()).expect("a header"),
        identities: IdentityLimits::new(u32::MAX),
        strict: Arc::new(site(1, "example.com", SitePolicy::default())),
        lenient: Arc::new(site(2, "example.org", lenient)),
        _folder: folder,
    }
});

fn site(no: u32, id: &str, policy: SitePolicy) -> Site {
    let id = SiteId::parse(id).expect("valid");
    let secret = [7; 32];
    Site {
        no: SiteNo::new(no),
        id,
        zone: Zone::utc(),
        policy,
        policy_version: 1,
        secret,
        identity: IdentitySecrets { current: Some([8; 32]), before: Some([9; 32]) },
        counted_from: None,
    }
}

/// Somebody with this user agent; `None` when no request could carry it.
pub(crate) fn client(user_agent: &[u8]) -> Option<Client> {
    let value = HeaderValue::from_bytes(user_agent).ok()?;
    let request = TestRequest::default().insert_header(("user-agent", value)).to_http_request();
    Some(Client::of(&request, &TrustedProxies::default()))
}

pub(crate) fn world() -> &'static World {
    &WORLD
}

/// The moment at which everything happens.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000)
}

impl World {
    /// What becomes of a request's body.
    pub(crate) fn take(&self, body: &[u8]) -> Result<Taken, Refusal> {
        let find = |id: &SiteId| match id.as_str() {
            "example.com" => Some(Arc::clone(&self.strict)),
            // Any other name, so that what follows a known site is reached by any body.
            _ => Some(Arc::clone(&self.lenient)),
        };
        let sender = Sender { client: &self.client, origin: None, now: now(), identities: &self.identities };
        ingest::take(body, sender, &self.privacy, &find)
    }

    /// The event that a page view of `example.com` with these further fields becomes, if it is kept.
    pub(crate) fn event(&self, fields: serde_json::Value) -> Option<Event> {
        let mut body =
            serde_json::json!({ "n": "pageview", "d": "example.com", "u": "https://example.com/" });
        if let (Some(body), serde_json::Value::Object(fields)) = (body.as_object_mut(), fields) {
            body.extend(fields);
        }
        let taken = self.take(body.to_string().as_bytes());
        taken.ok().and_then(|taken| taken.events.into_iter().next()).map(|(event, _)| event)
    }
}
