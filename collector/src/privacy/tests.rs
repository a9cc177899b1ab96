//! Pseudonyms over time. Invariant: what straddles midnight is one visit, whatever the clock, the season or a
//! restart does; and once a salt is destroyed nothing that is left can make its pseudonyms again.

use super::pseudonym::{Midnight, recomputed};
use super::{Client, IdentityLimits, Privacy, Salts, V4Prefix};
use crate::app::{backup, open_events, open_ledger};
use crate::config::{Config, Settings};
use crate::domain::{Date, Site, Timestamp, VisitorId};
use crate::enrich::geo::Countries;
use crate::ingest::{Sender, take};
use crate::jobs::score::Scorer;
use crate::leads::Dimension;
use crate::scoring::{DEFAULT_MODEL, Model};
use crate::storage::{Attribution, Batch, EventStore, Ledger, NewSite, ReportQuery};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("valid")
}

fn site(zone: &str) -> Site {
    Site::for_test("example.com", zone)
}

/// The folder of salts, and what keeps them; a restart makes another of the same folder.
struct Kept {
    folder: TempDir,
}

impl Kept {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn start(&self) -> Privacy {
        let salts = Salts::open(self.folder.path()).expect("opens");
        Privacy::new(salts, Countries::none(), V4Prefix::Network24)
    }
}

fn visitor(privacy: &Privacy, site: &Site, time: &str) -> VisitorId {
    let client = Client::for_test("192.0.2.7", "Firefox");
    privacy.keep(&client, site, at(time)).expect("salts work").visitor
}

#[test]
fn a_restart_around_midnight_splits_no_visit() {
    let (kept, berlin) = (Kept::new(), site("Europe/Berlin"));
    let before = visitor(&kept.start(), &berlin, "2026-11-20T22:58:00Z");
    let restarted = kept.start();
    assert_ne!(visitor(&restarted, &berlin, "2026-11-20T23:03:00Z"), before, "nobody told it who was here");
    let restarted = kept.start();
    // As the event log tells it.
    restarted.remember([(before, at("2026-11-20T22:58:00Z"))]);
    assert_eq!(visitor(&restarted, &berlin, "2026-11-20T23:03:00Z"), before);
    assert_eq!(visitor(&restarted, &berlin, "2026-11-20T23:31:00Z"), before, "and it goes on");
}

/// 23:58 and 00:03 by the site's clock, on days on which clocks change: Berlin's of 23 and of 25 hours, and
/// Santiago's, where midnight itself is skipped and 01:00 follows 23:59.
#[test]
fn seasons_split_no_visit() {
    for (zone, before, after, day_later) in [
        ("Europe/Berlin", "2026-03-28T22:58:00Z", "2026-03-28T23:03:00Z", "2026-03-29T12:00:00Z"),
        ("Europe/Berlin", "2026-03-29T21:58:00Z", "2026-03-29T22:03:00Z", "2026-03-30T12:00:00Z"),
        ("Europe/Berlin", "2026-10-24T21:58:00Z", "2026-10-24T22:03:00Z", "2026-10-25T12:00:00Z"),
        ("Europe/Berlin", "2026-10-25T22:58:00Z", "2026-10-25T23:03:00Z", "2026-10-26T12:00:00Z"),
        ("America/Santiago", "2026-09-06T03:58:00Z", "2026-09-06T04:03:00Z", "2026-09-06T16:00:00Z"),
    ] {
        let (kept, site) = (Kept::new(), site(zone));
        let privacy = kept.start();
        assert_ne!(site.zone.date(at(before)), site.zone.date(at(after)), "{zone} {before} is another day");
        let id = visitor(&privacy, &site, before);
        assert_eq!(visitor(&privacy, &site, after), id, "{zone} {before}");
        assert_ne!(visitor(&privacy, &site, day_later), id, "{zone} {day_later}");
    }
}

#[test]
fn a_clock_that_steps_harms_nobody() {
    let (kept, utc) = (Kept::new(), site("UTC"));
    let privacy = kept.start();
    let today = visitor(&privacy, &utc, "2026-11-20T10:00:00Z");
    // Back by an hour, and into the day before, whose salt is made anew.
    assert_eq!(visitor(&privacy, &utc, "2026-11-20T09:00:00Z"), today);
    assert_ne!(visitor(&privacy, &utc, "2026-11-19T23:00:00Z"), today);
    assert_eq!(visitor(&privacy, &utc, "2026-11-20T10:01:00Z"), today, "and back to where it was");
    // Far ahead: today's salt is destroyed before its time. When the clock is right again the day goes on
    // under another: visitors are counted anew, and nothing that was promised to be gone is back.
    privacy.salts().destroy_ended(&utc, at("2026-11-25T10:00:00Z")).expect("destroys");
    assert_ne!(visitor(&privacy, &utc, "2026-11-20T10:02:00Z"), today);
    // Whatever was made for days long past goes in the next round.
    assert!(!privacy.salts().live().is_empty());
    privacy.salts().destroy_ended(&utc, at("2026-11-21T02:00:00Z")).expect("destroys");
    assert_eq!(privacy.salts().live(), []);
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("reads") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            found.push(std::fs::read(&path).expect("reads"));
        }
    }
    found
}

/// Whether somebody who has all of `files`, and knows the visitor's address, browser and site and how
/// pseudonyms are made, can make the pseudonym: any 32 bytes may be the salt.
fn can_be_recomputed(files: &[Vec<u8>], client: &Client, site: &Site, pseudonym: VisitorId) -> bool {
    let mut tried = std::collections::HashSet::new();
    files.iter().flat_map(|file| file.windows(32)).any(|key| {
        let key: [u8; 32] = key.try_into().expect("32");
        tried.insert(key) && recomputed(key, client, site, V4Prefix::Network24) == pseudonym
    })
}

/// A data folder with a site, as a collector has it.
struct Folder {
    root: TempDir,
    ledger: Arc<dyn Ledger>,
    events: Arc<dyn EventStore>,
    privacy: Privacy,
    site: Arc<Site>,
}

impl Folder {
    fn new(zone: &str) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let data = root.path().join("data");
        let ledger = open_ledger(&data).expect("opens");
        let like = site(zone);
        let new = NewSite { id: like.id, zone: like.zone, policy: like.policy };
        let site = Arc::new(ledger.put_site(new).expect("puts"));
        std::fs::write(data.join("events.db"), b"").expect("writes");
        let events = open_events(&data).expect("opens");
        let salts = Salts::open(&data.join("salts")).expect("opens");
        let privacy = Privacy::new(salts, Countries::none(), V4Prefix::Network24);
        Self { root, ledger, events, privacy, site }
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// A page view by this clock; answers the pseudonym that it was stored under, unless it was left out.
    fn page_view(&self, client: &Client, now: &str) -> Option<VisitorId> {
        let identities = IdentityLimits::new(u32::MAX);
        let sender =
            Sender { client, origin: Some("https://example.com"), now: at(now), identities: &identities };
        let body = br#"{"n":"pageview","u":"https://example.com/","d":"example.com"}"#;
        let taken = take(body, sender, &self.privacy, &|_| Some(Arc::clone(&self.site))).expect("takes");
        let visitor = taken.events.first().and_then(|(event, _)| event.visitor);
        let batch = Batch { events: taken.events, tallies: Vec::new() };
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(self.events.append(batch))
            .expect("is kept");
        visitor
    }

    fn visits(&self) -> i64 {
        let model = Arc::new(Model::parse(DEFAULT_MODEL).expect("reads"));
        Scorer::new(Arc::clone(&self.events), self.ledger.clone(), model).catch_up().expect("scores");
        let (from, to) = (Date::from_days(0), Date::from_days(i32::MAX));
        let (by, attribution) = (Dimension::Channel, Attribution::First);
        let query = ReportQuery { site: self.site.no, from, to, by, attribution };
        self.ledger.report(&query).expect("reports").days.values().map(|day| day.visits).sum()
    }
}

#[test]
fn a_visitor_from_before_to_after_midnight_is_one_visit() {
    let folder = Folder::new("Europe/Berlin");
    let client = Client::for_test("192.0.2.7", FIREFOX);
    // 23:58 and 00:03 in Berlin.
    let before = folder.page_view(&client, "2026-11-20T22:58:00Z");
    assert_eq!(folder.visits(), 1);
    assert_eq!(folder.page_view(&client, "2026-11-20T23:03:00Z"), before);
    assert_eq!(folder.visits(), 1, "one visit, of the day on which it began");
    assert_ne!(folder.page_view(&client, "2026-11-21T09:00:00Z"), before);
    assert_eq!(folder.visits(), 2, "and another in the morning");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    /// With a data folder as it is after a day of the real thing: databases, write-ahead logs, salts, backup.
    #[test]
    fn yesterdays_pseudonym_cannot_be_made_again(address in any::<[u8; 4]>(), agent in "[a-zA-Z0-9/.; ]{5,40}") {
        let folder = Folder::new("UTC");
        let (data, site) = (folder.data(), &folder.site);
        let client = Client::for_test(&address.map(|byte| byte.to_string()).join("."), &agent);
        let pseudonym = folder.page_view(&client, "2026-11-20T10:00:00Z");
        prop_assume!(pseudonym.is_some());
        let pseudonym = pseudonym.expect("it was stored");

        prop_assert!(can_be_recomputed(&files(&data), &client, site, pseudonym), "while the salt lives");
        let copy = folder.root.path().join("copy");
        let config = Config::resolve(Settings { data: Some(data.clone()), ..Settings::default() }).expect("resolves");
        backup(&config, &copy).expect("copies");
        prop_assert!(!can_be_recomputed(&files(&copy), &client, site, pseudonym), "not from a backup, ever");
        folder.privacy.salts().destroy_ended(site, at("2026-11-21T02:00:00Z")).expect("destroys");
        prop_assert!(!can_be_recomputed(&files(&data), &client, site, pseudonym));
    }
}

#[test]
fn the_bridge_is_bounded() {
    let midnight = Midnight::default();
    midnight.remember(
        (0..200_000_u128).map(|n| (VisitorId::from_bytes(n.to_be_bytes()), at("2026-11-20T22:58:00Z"))),
    );
    assert!(midnight.len() <= 100_000);
}
