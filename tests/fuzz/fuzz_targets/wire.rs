//! Any bytes as the body of `POST /api/event`. Invariant: they never panic; they are refused with a
//! sentence, or every event in them has exactly one outcome and what is stored keeps its bounds.
#![no_main]

use actix_web::test::TestRequest;
use libfuzzer_sys::fuzz_target;
use mqlite::domain::{Basis, Outcome, Rung, Site, SiteId, SiteNo, SitePolicy, Timestamp, Zone};
use mqlite::enrich::geo::Countries;
use mqlite::ingest::{self, Refusal, Sender};
use mqlite::privacy::{Client, IdentityLimits, Privacy, Salts, TrustedProxies, V4Prefix};
use std::sync::{Arc, LazyLock};

/// The two policies that differ most in what they keep.
struct World {
    privacy: Privacy,
    client: Client,
    identities: IdentityLimits,
    strict: Arc<Site>,
    lenient: Arc<Site>,
    // Salts are files; they go when the process does.
    _folder: tempfile::TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let salts = Salts::open(folder.path()).expect("opens");
    let request = TestRequest::default().insert_header((
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ));
    let lenient = SitePolicy {
        hosts: vec!["*".to_owned()],
        allow_automation: true,
        form_basis: Basis::LegitimateInterest,
        ..SitePolicy::default()
    };
    World {
        privacy: Privacy::new(salts, Countries::none(), V4Prefix::default()),
        client: Client::of(&request.to_http_request(), &TrustedProxies::default()),
        identities: IdentityLimits::new(u32::MAX),
        strict: Arc::new(site(1, "example.com", SitePolicy::default())),
        lenient: Arc::new(site(2, "example.org", lenient)),
        _folder: folder,
    }
});

fn site(no: u32, id: &str, policy: SitePolicy) -> Site {
    let id = SiteId::parse(id).expect("valid");
    let secret = [7; 32];
    Site { no: SiteNo::new(no), id, zone: Zone::utc(), policy, policy_version: 1, secret, counted_from: None }
}

fn check_refusal(refusal: &Refusal) {
    assert!(!refusal.detail.is_empty());
    assert!(refusal.detail.len() <= 2_000, "a refusal is a sentence: {}", refusal.detail.len());
    assert!(refusal.pointer.is_empty() || refusal.pointer.starts_with('/'));
}

fuzz_target!(|body: &[u8]| {
    let parsed = match ingest::wire::parse(body) {
        Ok((events, single)) => {
            assert!((1..=ingest::BATCH_MAX).contains(&events.len()));
            assert!(!single || events.len() == 1);
            Some(events.len())
        }
        Err(refusal) => {
            check_refusal(&refusal);
            None
        }
    };
    let world = &*WORLD;
    let now = Timestamp::from_millis(1_795_000_000_000);
    let find = |id: &SiteId| match id.as_str() {
        "example.com" => Some(Arc::clone(&world.strict)),
        // Any other name, so that what follows a known site is reached by any body.
        _ => Some(Arc::clone(&world.lenient)),
    };
    let sender = Sender { client: &world.client, origin: None, now, identities: &world.identities };
    match ingest::take(body, sender, &world.privacy, &find) {
        Err(refusal) => check_refusal(&refusal),
        Ok(taken) => {
            assert_eq!(Some(taken.outcomes.len()), parsed, "one outcome an event");
            let stored = taken.outcomes.iter().filter(|outcome| **outcome == Outcome::Stored).count();
            assert_eq!(taken.events.len(), stored);
            for (event, _) in &taken.events {
                assert!(event.rung > Rung::Denied, "a denial leaves no event");
                assert_eq!(event.lead.is_some(), event.rung == Rung::Qualified);
                assert!(event.lead.is_some() || (event.domain.is_none() && event.attributes.is_empty()));
                assert!(event.attributes.values().all(|value| !value.as_str().contains('@')));
                assert!(event.attributes.len() <= 20 && event.props.len() <= 30);
                assert!(event.path.as_str().len() <= 500 && !event.path.as_str().contains(char::is_control));
                assert!(event.at <= now && event.at >= now.plus_millis(-12 * 3_600_000));
                assert!(event.scroll_depth.is_none_or(|percent| percent <= 100));
                assert!(event.engagement_ms.is_none_or(|ms| ms <= 86_400_000));
            }
        }
    }
});
