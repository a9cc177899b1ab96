//! Signed lead tokens: a lead's key that somebody can carry about, in the link of a mail. Invariant: a token that
//! is read was made by this site under its secret and names one of its leads; comparing takes as long for a wrong
//! one as for a right one.

use super::pseudonym::{hmac, keyed};
use crate::domain::{Date, Invalid, LeadKey, Site};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as BASE64, Engine as _};
use hmac::Mac;

const VERSION: u8 = 1;
/// Version, key and day.
const SIGNED: usize = 1 + 16 + 4;
const WHOLE: usize = SIGNED + 16;

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// The lead.
    pub lead: LeadKey,
    /// When it was made, by the site's calendar. Rights do not end; who follows a link may ask how old it is.
    pub issued: Date,
}

fn parts<'a>(site: &'a Site, signed: &'a [u8]) -> [&'a [u8]; 3] {
    [b"lead token", site.id.as_str().as_bytes(), signed]
}

/// Makes a token: 50 characters that may stand in a URL.
pub fn mint(site: &Site, lead: LeadKey, issued: Date) -> String {
    let mut bytes = [0; WHOLE];
    bytes[0] = VERSION;
    bytes[1..17].copy_from_slice(lead.bytes());
    bytes[17..SIGNED].copy_from_slice(&issued.days().to_be_bytes());
    let tag = hmac(&site.secret, &parts(site, &bytes[..SIGNED]));
    bytes[SIGNED..].copy_from_slice(&tag);
    BASE64.encode(bytes)
}

/// Reads a token that `site` made.
///
/// # Errors
/// Says what is wrong with it, never what it would say.
pub fn read(site: &Site, text: &str) -> Result<Token, Invalid> {
    let wrong = || Invalid::new("a token is 50 letters, digits, - and _, as `find` shows it");
    let bytes: [u8; WHOLE] =
        BASE64.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)?;
    let (signed, tag) = bytes.split_at(SIGNED);
    if signed[0] != VERSION {
        return Err(Invalid::new("the token is of a newer kind than this mqlite knows"));
    }
    keyed(&site.secret, &parts(site, signed)).verify_truncated_left(tag).map_err(|_| {
        Invalid::new(format!("the token was not made for {}, or was changed on its way", site.id))
    })?;
    let mut key = [0; 16];
    key.copy_from_slice(&signed[1..17]);
    let mut day = [0; 4];
    day.copy_from_slice(&signed[17..]);
    Ok(Token { lead: LeadKey::from_bytes(key), issued: Date::from_days(i32::from_be_bytes(day)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(id: &str, secret: u8) -> Site {
        Site { secret: [secret; 32], ..Site::for_test(id, "UTC") }
    }

    #[test]
    fn what_was_made_is_read_by_its_site_alone() {
        let (lead, day) = (LeadKey::from_bytes([7; 16]), Date::parse("2026-11-22").expect("valid"));
        let token = mint(&site("example.com", 1), lead, day);
        assert_eq!(token.len(), 50);
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{token}");
        assert_eq!(read(&site("example.com", 1), &token), Ok(Token { lead, issued: day }));
        for other in [site("example.com", 2), site("example.org", 1)] {
            assert!(
                read(&other, &token).is_err_and(|error| error.0.contains("not made for")),
                "{:?}",
                other.id
            );
        }
    }

    #[test]
    fn any_change_is_seen() {
        let site = site("example.com", 1);
        let token = mint(&site, LeadKey::from_bytes([7; 16]), Date::from_days(20_000));
        let bytes = BASE64.decode(&token).expect("is base64");
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert!(read(&site, &BASE64.encode(changed)).is_err(), "bit {bit} of byte {at}");
            }
        }
        for bad in ["", "x", &token[1..], &format!("{token}A"), &token.replace('A', "+"), "ä"] {
            let read = read(&site, bad);
            assert!(bad == token || read.is_err(), "{bad}");
        }
    }
}
