//! Pseudonyms. Invariant: a pseudonym can be computed only with a salt that is destroyed when its day and
//! the grace after it are over; a lead key only with the site's secret.
#![expect(clippy::disallowed_types, reason = "hashes the network prefix of an address")]

use super::salts::{GRACE_MS, Salt, SaltError, Salts};
use super::{Client, V4Prefix};
use crate::domain::{LeadKey, Site, Timestamp, VISIT_MS, VisitorId};
use hmac::{Hmac, KeyInit, Mac};
use quick_cache::sync::Cache;
use sha2::Sha256;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// The key of a lead under the site's secret, from the SHA-256 that the browser made of the address.
pub fn lead_key(site: &Site, address_hash: &[u8; 32]) -> LeadKey {
    LeadKey::from_bytes(hmac(&site.secret, &[b"lead", site.id.as_str().as_bytes(), address_hash]))
}

/// HMAC-SHA-256 over the parts, each with its length in front so that no two lists read the same.
pub(super) fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    // A key shorter than the hash's block is padded with zeros, as RFC 2104 has it.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac
}

/// The same, cut to 128 bits.
pub(super) fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 16] {
    let full = keyed(key, parts).finalize().into_bytes();
    let mut cut = [0; 16];
    cut.copy_from_slice(&full[..16]);
    cut
}

/// The network that the address is in, by family.
fn prefix(address: IpAddr, v4: V4Prefix) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => match v4 {
            V4Prefix::Network24 => address.octets()[..3].to_vec(),
            V4Prefix::Whole => address.octets().to_vec(),
        },
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

fn visitor(salt: &Salt, client: &Client, site: &Site, v4: V4Prefix) -> VisitorId {
    let network = prefix(client.address(), v4);
    VisitorId::from_bytes(hmac(
        salt.bytes(),
        &[site.id.as_str().as_bytes(), &network, client.user_agent().as_bytes()],
    ))
}

/// Keeps a visit that straddles midnight in one piece while both days' salts are alive. Remembers who was
/// there around midnight, in memory only and bounded; what a restart forgets, the event log still tells.
pub(super) struct Midnight {
    seen: Cache<VisitorId, Timestamp>,
}

impl Default for Midnight {
    fn default() -> Self {
        Self { seen: Cache::new(100_000) }
    }
}

impl Midnight {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    pub(super) fn remember(&self, seen: impl IntoIterator<Item = (VisitorId, Timestamp)>) {
        seen.into_iter().for_each(|(visitor, at)| self.seen.insert(visitor, at));
    }

    /// The pseudonym that [`Self::pseudonym`] would give, where that takes no new salt; leaves no trace.
    pub(super) fn recognised(
        &self,
        salts: &Salts,
        client: &Client,
        site: &Site,
        v4: V4Prefix,
        now: Timestamp,
    ) -> Option<VisitorId> {
        let today = site.zone.date(now);
        if now.millis() - site.zone.start_of(today).millis() < GRACE_MS
            && let Some(yesterdays) = salts.existing(site.no, today.plus(-1))
        {
            let id = visitor(yesterdays.as_ref(), client, site, v4);
            if self.seen.get(&id).is_some_and(|seen| now.millis() - seen.millis() <= VISIT_MS) {
                return Some(id);
            }
        }
        salts.existing(site.no, today).map(|salt| visitor(salt.as_ref(), client, site, v4))
    }

    pub(super) fn pseudonym(
        &self,
        salts: &Salts,
        client: &Client,
        site: &Site,
        v4: V4Prefix,
        now: Timestamp,
    ) -> Result<VisitorId, SaltError> {
        let today = site.zone.date(now);
        let since_midnight = now.millis() - site.zone.start_of(today).millis();
        let until_midnight = site.zone.start_of(today.plus(1)).millis() - now.millis();
        if since_midnight < GRACE_MS
            && let Some(yesterdays) = salts.existing(site.no, today.plus(-1))
        {
            let id = visitor(yesterdays.as_ref(), client, site, v4);
            let going_on = self.seen.get(&id).is_some_and(|seen| now.millis() - seen.millis() <= VISIT_MS);
            if going_on {
                self.seen.insert(id, now);
                return Ok(id);
            }
        }
        let id = visitor(salts.get(site.no, today)?.as_ref(), client, site, v4);
        if until_midnight <= VISIT_MS {
            self.seen.insert(id, now);
        }
        Ok(id)
    }
}

/// The pseudonym that a client would have under `key`.
#[cfg(test)]
pub(super) fn recomputed(key: [u8; 32], client: &Client, site: &Site, v4: V4Prefix) -> VisitorId {
    visitor(&Salt::for_test(key), client, site, v4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(id: &str) -> Site {
        Site::for_test(id, "Europe/Berlin")
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("valid")
    }

    #[test]
    fn one_visitor_one_day_one_pseudonym() {
        let folder = tempfile::tempdir().expect("a folder");
        let salts = Salts::open(folder.path()).expect("opens");
        let midnight = Midnight::default();
        let id = |address: &str, agent: &str, host: &str, time: &str| {
            let client = Client::for_test(address, agent);
            midnight
                .pseudonym(&salts, &client, &site(host), V4Prefix::Network24, at(time))
                .expect("salts work")
        };
        let base = id("192.0.2.7", "Firefox", "example.com", "2026-11-20T10:00:00Z");
        assert_eq!(base, id("192.0.2.9", "Firefox", "example.com", "2026-11-20T20:00:00Z"), "the same /24");
        assert_ne!(
            base,
            id("192.0.3.7", "Firefox", "example.com", "2026-11-20T10:00:00Z"),
            "another network"
        );
        assert_ne!(base, id("192.0.2.7", "Safari", "example.com", "2026-11-20T10:00:00Z"), "another browser");
        assert_ne!(base, id("192.0.2.7", "Firefox", "example.org", "2026-11-20T10:00:00Z"), "another site");
        assert_ne!(base, id("192.0.2.7", "Firefox", "example.com", "2026-11-21T10:00:00Z"), "another day");
        let v6 = id("2001:db8:1:2::1", "Firefox", "example.com", "2026-11-20T10:00:00Z");
        assert_eq!(
            v6,
            id("2001:db8:1:2:ffff::2", "Firefox", "example.com", "2026-11-20T10:00:00Z"),
            "the same /64"
        );
    }

    #[test]
    fn to_recognise_leaves_no_trace() {
        let folder = tempfile::tempdir().expect("a folder");
        let salts = Salts::open(folder.path()).expect("opens");
        let midnight = Midnight::default();
        let (client, site) = (Client::for_test("192.0.2.7", "Firefox"), site("example.com"));
        let known = |time: &str| midnight.recognised(&salts, &client, &site, V4Prefix::Whole, at(time));
        let id = |time: &str| {
            midnight.pseudonym(&salts, &client, &site, V4Prefix::Whole, at(time)).expect("salts work")
        };
        assert_eq!(known("2026-11-20T10:00:00Z"), None, "nobody was here today");
        assert!(
            salts.existing(site.no, site.zone.date(at("2026-11-20T10:00:00Z"))).is_none(),
            "and no salt is made"
        );
        // Berlin's midnight is 23:00 UTC in winter.
        let before = id("2026-11-20T22:50:00Z");
        assert_eq!(known("2026-11-20T22:59:00Z"), Some(before));
        assert_eq!(known("2026-11-20T23:10:00Z"), Some(before), "the visit goes on");
        assert_eq!(known("2026-11-20T23:25:00Z"), None, "and is not carried on by asking");
    }

    #[test]
    fn a_visit_across_midnight_is_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let salts = Salts::open(folder.path()).expect("opens");
        let midnight = Midnight::default();
        let client = Client::for_test("192.0.2.7", "Firefox");
        let id = |time: &str| {
            midnight
                .pseudonym(&salts, &client, &site("example.com"), V4Prefix::Whole, at(time))
                .expect("salts work")
        };
        // Berlin's midnight is 23:00 UTC in winter.
        let before = id("2026-11-20T22:58:00Z");
        assert_eq!(before, id("2026-11-20T23:03:00Z"));
        assert_eq!(before, id("2026-11-20T23:30:00Z"), "each event carries the visit on");
        let next = id("2026-11-21T00:10:00Z");
        assert_ne!(before, next, "after a pause of thirty minutes it is another day's visitor");
    }

    #[test]
    fn lead_keys_differ_by_site() {
        let other = Site { secret: [8; 32], ..site("example.com") };
        assert_ne!(lead_key(&site("example.com"), &[1; 32]), lead_key(&other, &[1; 32]));
        assert_ne!(lead_key(&site("example.com"), &[1; 32]), lead_key(&site("example.com"), &[2; 32]));
    }
}
