//! Identifiers. Invariant: what identifies a person or a visit (visitor, lead) never shows in `Debug`
//! output, so that no log line can carry it by accident.

use super::{Invalid, from_hex, to_hex};
use std::fmt;

/// 16 bytes from 32 hexadecimal digits; the hyphens of a UUID are allowed.
fn unhex(text: &str) -> Option<[u8; 16]> {
    from_hex(text.bytes().filter(|byte| *byte != b'-')).filter(|_| text.len() <= 36)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// From the 16 bytes it is stored as.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes it is stored as.
            pub const fn bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Parses 32 hexadecimal digits; the hyphens of a UUID are allowed.
            ///
            /// # Errors
            /// When `text` is anything else.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                unhex(text).map(Self).ok_or_else(|| Invalid::new(concat!($what, " is 32 hexadecimal digits")))
            }

            /// 32 lower-case hexadecimal digits.
            pub fn to_hex(self) -> String {
                to_hex(&self.0)
            }
        }
    };
}

id!(
    /// Names one event; made where the event happened, so that a retry is recognised.
    EventId,
    "an event id"
);
id!(
    /// A visitor's pseudonym for one site and one day: HMAC-SHA-256 under the day's salt, cut to 128 bits.
    VisitorId,
    "a visitor id"
);
id!(
    /// A lead: HMAC-SHA-256 under the site's secret over the SHA-256 of the normalised address, cut to 128 bits.
    LeadKey,
    "a lead key"
);

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for VisitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisitorId(…)")
    }
}

impl fmt::Debug for LeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeadKey(…)")
    }
}

/// A place in the event log: everything up to and including it has been seen. Opaque above storage; the
/// default is the place before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Cursor(i64);

impl Cursor {
    /// From the number that a backend stores.
    pub const fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    /// The number that a backend stores.
    pub const fn raw(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_hex_and_uuid_and_nothing_else() {
        let id = EventId::parse("00112233445566778899aabbccddeeff").expect("hex");
        assert_eq!(EventId::parse("00112233-4455-6677-8899-aabbccddeeff").expect("uuid"), id);
        assert_eq!(EventId::parse(&id.to_hex()), Ok(id));
        for bad in ["", "00", "zz112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff0", "é"] {
            assert!(EventId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_hides_people() {
        let text = format!("{:?} {:?}", VisitorId::from_bytes([7; 16]), LeadKey::from_bytes([7; 16]));
        assert!(!text.contains("07"), "{text}");
    }
}
