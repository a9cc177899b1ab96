//! Proofs of who somebody is, made by the site's own server. Invariant: a proof that is taken was made with a secret of
//! the site for this address and is in its time; comparing takes as long for a wrong one as for a right one, and nothing
//! of a wrong one is told.
//!
//! A proof is `1.EXPIRES.SIGNATURE`: when it ends, in seconds since 1970, and the HMAC-SHA-256 in hexadecimal, under the
//! secret as it was shown, of four lines without an end: `mqlite-proof-1`, the site, the SHA-256 of the address, and
//! EXPIRES.

use crate::domain::{IdentitySecrets, Site, SiteId, Timestamp, from_hex, to_hex};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// How far ahead a proof may end: 30 days.
const AHEAD_MS: i64 = 30 * 24 * 60 * 60 * 1000;

fn signed(secret: &[u8; 32], site: &SiteId, hash: &[u8; 32], expires: &str) -> Hmac<Sha256> {
    // The key is the 64 digits as they are shown, as long as the hash's block: RFC 2104 takes it as it is.
    let mut block = Zeroizing::new([0; 64]);
    block.copy_from_slice(Zeroizing::new(to_hex(secret)).as_bytes());
    let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
    mac.update(format!("mqlite-proof-1\n{site}\n{}\n{expires}", to_hex(hash)).as_bytes());
    mac
}

/// Whether `proof` is one of a site's own server that whoever sends it has the address of this SHA-256.
pub fn proves(site: &Site, hash: &[u8; 32], proof: &str, now: Timestamp) -> bool {
    let IdentitySecrets { current, before } = &site.identity;
    let mut parts = proof.trim().split('.');
    let (Some("1"), Some(expires), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let ends = expires.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1000));
    let in_time =
        ends.is_some_and(|ends| ends > now.millis() && ends.saturating_sub(now.millis()) <= AHEAD_MS);
    let Some(signature) = from_hex::<32>(signature.bytes()).filter(|_| in_time) else { return false };
    let by = |secret: &[u8; 32]| signed(secret, &site.id, hash, expires).verify_slice(&signature).is_ok();
    // Both are tried, so that the time it takes does not tell which it was.
    [current, before].into_iter().flatten().filter(|secret| by(secret)).count() > 0
}

/// What a server of the site would sign with its newest secret.
#[cfg(test)]
pub(crate) fn prove(site: &Site, hash: &[u8; 32], expires: i64) -> String {
    let secret = site.identity.current.expect("a secret");
    let expires = expires.to_string();
    let signature = signed(&secret, &site.id, hash, &expires).finalize().into_bytes();
    format!("1.{expires}.{}", to_hex(&signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest;

    const NOW: i64 = 1_800_000_000;

    fn site(current: Option<u8>, before: Option<u8>) -> Site {
        let secret = |byte: Option<u8>| byte.map(|byte| [byte; 32]);
        let identity = IdentitySecrets { current: secret(current), before: secret(before) };
        Site { identity, ..Site::for_test("example.com", "UTC") }
    }

    fn hash(address: &str) -> [u8; 32] {
        Sha256::digest(address).into()
    }

    fn proof(secret: u8, id: &str, address: &str, expires: i64) -> String {
        let site = Site { id: SiteId::parse(id).expect("a site"), ..site(Some(secret), None) };
        prove(&site, &hash(address), expires)
    }

    fn taken(site: &Site, address: &str, proof: &str) -> bool {
        proves(site, &hash(address), proof, Timestamp::from_millis(NOW * 1000))
    }

    #[test]
    fn it_proves_one_address_of_one_site_by_either_secret_for_a_time() {
        let good = proof(1, "example.com", "ada@example.org", NOW + 60);
        for (current, before, is) in [
            (Some(1), None, true),
            (Some(2), Some(1), true),
            (None, Some(1), true),
            (Some(2), None, false),
            (None, None, false),
        ] {
            assert_eq!(taken(&site(current, before), "ada@example.org", &good), is, "{current:?} {before:?}");
        }
        let known = site(Some(1), None);
        assert!(!taken(&known, "bob@example.org", &good), "another's");
        let of = |site, expires: i64| proof(1, site, "ada@example.org", expires);
        assert!(!taken(&known, "ada@example.org", &of("example.net", NOW + 60)), "another site's");
        for (expires, is) in [
            (NOW + 1, true),
            (NOW + 30 * 86_400, true),
            (NOW, false),
            (NOW - 60, false),
            (NOW + 30 * 86_400 + 1, false),
            (i64::MAX, false),
            (i64::MIN, false),
        ] {
            assert_eq!(taken(&known, "ada@example.org", &of("example.com", expires)), is, "{expires}");
        }
    }

    #[test]
    fn any_change_is_seen() {
        let known = site(Some(1), None);
        let good = proof(1, "example.com", "ada@example.org", NOW + 60);
        assert!(taken(&known, "ada@example.org", &good));
        for at in 0..good.len() {
            let mut changed = good.clone().into_bytes();
            changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
            let changed = String::from_utf8(changed).expect("is ASCII");
            assert!(!taken(&known, "ada@example.org", &changed), "{at}: {changed}");
        }
        for bad in ["", ".", "1", "1..", "2.3.4", "1.x.y", &format!("{good}.1"), &format!("{good}0"), "ä"] {
            assert!(!taken(&known, "ada@example.org", bad), "{bad}");
        }
    }
}
