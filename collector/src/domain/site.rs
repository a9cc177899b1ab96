//! Sites and what their owners decided. Invariant: a [`SiteId`] is a lower-case host name without scheme,
//! port or `www.`, so that one site has one spelling.

use super::{Basis, Date, Invalid, Retention, Rung, Signal, Zone};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A site's name as the tag gives it in `data-site`: its domain, at most 253 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(String);

impl SiteId {
    /// Parses a domain, forgiving a scheme, a port, a path, `www.` and capitals; `müller.de` is
    /// `xn--mller-kva.de`.
    ///
    /// # Errors
    /// When what is left is not a host name.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let text = raw.trim().to_ascii_lowercase();
        let text = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
        let host = text.split(['/', '?', '#']).next().unwrap_or_default();
        // A port is no part of the name, and an international name has one spelling: its ASCII one.
        let host = host
            .rsplit_once(':')
            .filter(|(_, port)| port.parse::<u16>().is_ok())
            .map_or(host, |(host, _)| host);
        // What no URL can have as its host has no page.
        let ascii = url::Host::parse(host).map(|host| host.to_string());
        let whole = ascii.as_deref().unwrap_or_default();
        let host = whole.trim_end_matches('.').trim_start_matches("www.");
        // What is left of `3..` would be another's name, an address.
        let same = || url::Host::parse(host).is_ok_and(|again| again.to_string() == host);
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if host.len() <= 253 && host.split('.').all(label_ok) && (host.len() == whole.len() || same()) {
            Ok(Self(host.to_owned()))
        } else {
            let shown: String = raw.chars().take(60).collect();
            Err(Invalid::new(format!("`{shown}` is not a site; write its domain, such as example.com")))
        }
    }

    /// The domain.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for SiteId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The short number that storage knows a site by; given once, never used again for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteNo(u32);

impl SiteNo {
    /// From the stored number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The stored number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// What the operator decided for a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SitePolicy {
    /// Further hosts that may send events for this site; `*` allows any (the demo only).
    pub hosts: Vec<String>,
    /// Lets browsers through that say they are automated (`navigator.webdriver`); for tests and the demo.
    pub allow_automation: bool,
    /// Honours `DNT: 1` as a denial.
    pub honour_dnt: bool,
    /// What the same pseudonym did that day moves to the lead when its consent to be qualified is given.
    pub link_same_day: bool,
    /// The legal basis for qualifying people who ask for something by form and ticked no box.
    pub form_basis: Basis,
    /// How long each kind of data is kept.
    pub retention: Retention,
    /// By which signals a yes counts here. Only those that [can raise](Signal::can_raise) ever do.
    pub signals: Vec<Signal>,
    /// The highest rung of the site's events. Never [`Rung::Denied`]: that is no event.
    pub ceiling: Rung,
    /// The names of the properties that are kept; `None` keeps all, an empty list none.
    pub props: Option<Vec<String>>,
    /// Declared fields of which the forms of a lead that is recognised may be told that they are not known yet;
    /// none, and nobody is told anything.
    pub ask: Vec<String>,
}

impl SitePolicy {
    /// Whether a property of this name is kept.
    pub fn allows_prop(&self, name: &str) -> bool {
        self.props.as_ref().is_none_or(|allowed| allowed.iter().any(|allowed| allowed == name))
    }
}

impl Default for SitePolicy {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            allow_automation: false,
            honour_dnt: false,
            link_same_day: true,
            form_basis: Basis::Consent,
            retention: Retention::default(),
            signals: Signal::acceptable().collect(),
            ceiling: Rung::Qualified,
            props: None,
            ask: Vec::new(),
        }
    }
}

/// What a site's own server signs proofs with, that somebody is who they say: 32 random bytes each, shown once.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct IdentitySecrets {
    /// The newest; nothing when the site has none.
    pub current: Option<[u8; 32]>,
    /// The one before it, which is taken as well, so that a server may change over in its own time.
    pub before: Option<[u8; 32]>,
}

impl IdentitySecrets {
    /// With a new one; the newest so far is the one before it.
    #[must_use]
    pub const fn rotated(&self, new: [u8; 32]) -> Self {
        Self { current: Some(new), before: self.current }
    }
}

impl fmt::Debug for IdentitySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentitySecrets")
    }
}

/// A site as the collector knows it.
#[derive(Clone)]
pub struct Site {
    /// Storage's number for it.
    pub no: SiteNo,
    /// Its domain.
    pub id: SiteId,
    /// The zone its days are counted in.
    pub zone: Zone,
    /// What its operator decided.
    pub policy: SitePolicy,
    /// Which version of it this is: 1, and one more with every change.
    pub policy_version: u32,
    /// The secret that lead keys are made under: 32 random bytes, never shown.
    pub secret: [u8; 32],
    /// What its own server proves with who somebody is.
    pub identity: IdentitySecrets,
    /// Visits of days before this one are counted for good: the events that they came from are no more.
    pub counted_from: Option<Date>,
}

impl Site {
    /// Whether pages on `host` (without port) may send events for this site: its domain, any sub-domain
    /// of it, or a host the policy names.
    pub fn allows_host(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let under = |domain: &str| {
            host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
        };
        under(self.id.as_str()) || self.policy.hosts.iter().any(|allowed| allowed == "*" || under(allowed))
    }
}

#[cfg(test)]
impl Site {
    /// A site as tests need one: number 1, with the default policy.
    pub(crate) fn for_test(id: &str, zone: &str) -> Self {
        Self {
            no: SiteNo::new(1),
            id: SiteId::parse(id).expect("a domain"),
            zone: Zone::parse(zone).expect("a zone"),
            policy: SitePolicy::default(),
            policy_version: 1,
            secret: [9; 32],
            identity: IdentitySecrets::default(),
            counted_from: None,
        }
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("no", &self.no).field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_site_one_spelling() {
        for raw in
            ["example.com", "https://www.Example.com:8443/a?b", " EXAMPLE.com. ", "www.www.example.com"]
        {
            assert_eq!(SiteId::parse(raw).expect(raw).as_str(), "example.com");
        }
        assert_eq!(SiteId::parse("Müller.de").expect("international").as_str(), "xn--mller-kva.de");
        for bad in [
            "",
            "3..",
            "www.3..",
            "www.0",
            "example.1",
            "a b",
            "exa mple.com",
            "-a.com",
            "a..b",
            "<script>",
            &"a".repeat(300),
        ] {
            assert!(SiteId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_site_is_printed_without_its_secret() {
        let identity = IdentitySecrets { current: Some([0xab; 32]), before: Some([0xab; 32]) };
        let printed = format!("{identity:?} {identity:#?}");
        assert!(!printed.contains("171"), "{printed}");
        let site = Site { secret: [0xab; 32], identity, ..Site::for_test("example.com", "UTC") };
        let printed = format!("{site:?} {site:#?}");
        assert!(printed.contains("example.com") && !printed.contains("secret"), "{printed}");
        assert!(!printed.contains("171"), "{printed}");
    }

    #[test]
    fn hosts_are_matched_on_label_borders() {
        let site = Site {
            policy: SitePolicy { hosts: vec!["localhost".into()], ..SitePolicy::default() },
            ..Site::for_test("example.com", "UTC")
        };
        for yes in ["example.com", "www.example.com", "a.b.Example.com", "localhost"] {
            assert!(site.allows_host(yes), "{yes}");
        }
        for no in ["badexample.com", "example.com.evil.net", "com", ""] {
            assert!(!site.allows_host(no), "{no}");
        }
    }
}
