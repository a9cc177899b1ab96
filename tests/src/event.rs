//! Events on the wire. Invariant: they are built key by key as the wire format names them, so that a test
//! can also get one wrong.

use crate::SITE;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// An event as it will be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Event(Value);

/// An event of this name on a page of [`SITE`], under a fresh id.
pub fn event(name: &str, path: &str) -> Event {
    Event(json!({ "n": name, "u": format!("https://{SITE}{path}"), "d": SITE, "k": fresh_id() }))
}

/// A page view on a page of [`SITE`].
pub fn pageview(path: &str) -> Event {
    event("pageview", path)
}

/// 32 random hexadecimal digits.
pub fn fresh_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// What the browser makes of an address: the SHA-256 of its trimmed, lower-cased form.
pub fn address_hash(address: &str) -> String {
    let hash = Sha256::digest(address.trim().to_lowercase().as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Event {
    /// With this key set.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0[key] = value.into();
        self
    }

    /// Without this key.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        if let Some(event) = self.0.as_object_mut() {
            event.remove(key);
        }
        self
    }

    /// For another site, on a page of it.
    #[must_use]
    pub fn of_site(self, site: &str, path: &str) -> Self {
        self.with("d", site).with("u", format!("https://{site}{path}"))
    }

    /// As sent from a page that was reached from within the site.
    #[must_use]
    pub fn from_within(self) -> Self {
        self.with("r", format!("https://{SITE}/"))
    }

    /// Carrying an identity, with the form's consent box ticked or not.
    #[must_use]
    pub fn identify(self, address: &str, fields: impl Into<Value>, ticked: bool) -> Self {
        let domain = address.rsplit('@').next().unwrap_or("free").to_owned();
        let mut lead = json!({ "h": address_hash(address), "d": domain, "f": fields.into() });
        if ticked {
            lead["q"] = json!(1);
        }
        self.with("l", lead)
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.0["k"].as_str().unwrap_or_default()
    }

    /// As JSON.
    pub fn json(&self) -> &Value {
        &self.0
    }

    /// The bytes of one event.
    pub fn body(&self) -> String {
        self.0.to_string()
    }

    /// The bytes of several.
    pub fn array(events: &[Self]) -> String {
        Value::Array(events.iter().map(|event| event.0.clone()).collect()).to_string()
    }
}
