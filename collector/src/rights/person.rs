//! Who is meant. Invariant: an address is hashed here at once, as the browser hashes it, and is nowhere kept,
//! printed or logged; what goes on is a lead's key.

use crate::domain::{Invalid, LeadKey, Site, from_hex};
use crate::privacy::{lead_key, read_token};
use sha2::{Digest, Sha256};

/// How somebody is named: by exactly one of these.
#[derive(Clone, Default)]
pub struct Naming {
    /// Their address.
    pub email: Option<String>,
    /// The SHA-256 of their trimmed, lower-cased address, as 64 hexadecimal digits.
    pub email_hash: Option<String>,
    /// The key of their lead, as 32 hexadecimal digits.
    pub key: Option<String>,
    /// A token that this site signed.
    pub token: Option<String>,
}

/// What is wrong with a naming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misnamed {
    /// The field, or nothing when it is all of them.
    pub field: &'static str,
    /// What would be right.
    pub sentence: String,
}

impl Naming {
    /// The lead that is meant.
    ///
    /// # Errors
    /// Names the field; never repeats an address.
    pub fn resolve(&self, site: &Site) -> Result<LeadKey, Misnamed> {
        let said = [&self.email, &self.email_hash, &self.key, &self.token];
        if said.iter().filter(|said| said.is_some()).count() != 1 {
            let sentence = "name the person by exactly one of: email, email_hash, key, token".to_owned();
            return Err(Misnamed { field: "", sentence });
        }
        let at = |field: &'static str| move |error: Invalid| Misnamed { field, sentence: error.0 };
        if let Some(email) = &self.email {
            return by_email(site, email).map_err(at("email"));
        }
        if let Some(hash) = &self.email_hash {
            return by_hash(site, hash).map_err(at("email_hash"));
        }
        if let Some(key) = &self.key {
            return LeadKey::parse(key.trim()).map_err(at("key"));
        }
        let token = self.token.as_deref().unwrap_or_default();
        read_token(site, token).map(|token| token.lead).map_err(at("token"))
    }
}

/// What JavaScript's `trim` takes away: white space and the byte order mark, but not U+0085.
fn blank(letter: char) -> bool {
    letter == '\u{feff}' || (letter.is_whitespace() && letter != '\u{85}')
}

fn by_email(site: &Site, email: &str) -> Result<LeadKey, Invalid> {
    let email = email.trim_matches(blank).to_lowercase();
    let whole = email.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
    if !whole {
        return Err(Invalid::new("an address has an @, such as jo@example.com"));
    }
    Ok(lead_key(site, &Sha256::digest(email.as_bytes()).into()))
}

fn by_hash(site: &Site, hash: &str) -> Result<LeadKey, Invalid> {
    let hash = from_hex(hash.trim().bytes()).ok_or_else(|| {
        Invalid::new("the hash is the SHA-256 of the trimmed, lower-cased address as 64 hexadecimal digits")
    })?;
    Ok(lead_key(site, &hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Date, to_hex};

    fn site() -> Site {
        Site::for_test("example.com", "UTC")
    }

    fn email(text: &str) -> Naming {
        Naming { email: Some(text.to_owned()), ..Naming::default() }
    }

    #[test]
    fn all_four_names_are_of_one_lead() {
        let site = site();
        let hash = Sha256::digest(b"jo@example.com");
        let key = lead_key(&site, &hash.into());
        let token = crate::privacy::mint(&site, key, Date::from_days(20_000));
        let namings = [
            email("jo@example.com"),
            email(" \u{feff}Jo@Example.COM\n"),
            Naming { email_hash: Some(to_hex(&hash)), ..Naming::default() },
            Naming { email_hash: Some(to_hex(&hash).to_uppercase()), ..Naming::default() },
            Naming { key: Some(key.to_hex()), ..Naming::default() },
            Naming { token: Some(token), ..Naming::default() },
        ];
        for naming in namings {
            assert!(naming.resolve(&site) == Ok(key));
        }
    }

    #[test]
    fn what_is_wrong_is_named_without_the_address() {
        let site = site();
        let field = |naming: Naming| naming.resolve(&site).expect_err("is wrong").field;
        assert_eq!(field(Naming::default()), "");
        assert_eq!(field(Naming { key: Some("x".to_owned()), ..email("jo@example.com") }), "");
        assert_eq!(field(Naming { key: Some("x".to_owned()), ..Naming::default() }), "key");
        assert_eq!(
            field(Naming { email_hash: Some("jo@example.com".to_owned()), ..Naming::default() }),
            "email_hash"
        );
        assert_eq!(field(Naming { token: Some("x".to_owned()), ..Naming::default() }), "token");
        let wrong = email("somebody").resolve(&site).expect_err("is wrong");
        assert!(wrong.field == "email" && !wrong.sentence.contains("somebody"), "{wrong:?}");
    }
}
