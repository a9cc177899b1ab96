//! Bounded strings. Invariant: a [`Text`] holds no control characters (nor those that turn the direction of
//! writing, or that nobody can see), no leading or trailing white
//! space, and at most `MAX` bytes; what is longer was cut at a character boundary, never in it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Why a value was refused: what was wrong and what would be right, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

impl Invalid {
    /// A refusal with this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

/// A cleaned string of at most `MAX` bytes of UTF-8.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Cleans `raw`: control characters become spaces, ends are trimmed, the rest is cut to `MAX` bytes.
    pub fn clean(raw: &str) -> Self {
        Self(cut(printable(raw).trim(), MAX).trim_end().to_owned())
    }

    /// The string itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `None` when nothing is left after cleaning.
    pub fn non_empty(raw: &str) -> Option<Self> {
        let text = Self::clean(raw);
        (!text.is_empty()).then_some(text)
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> AsRef<str> for Text<MAX> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> std::borrow::Borrow<str> for Text<MAX> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Serialize for Text<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::clean(&Cow::<str>::deserialize(deserializer)?))
    }
}

/// Controls, and what changes how the text around it is shown: directional marks and overrides, zero-width
/// spaces, line and paragraph separators. The joiners U+200C and U+200D stay: scripts and emoji need them.
pub(super) fn unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// What nobody sees between two letters: marks of direction, zero-width spaces, a hyphen that shows at the end of a
/// line only. Not the joiners U+200C and U+200D, which scripts need.
pub fn unseen(c: char) -> bool {
    c == '\u{ad}' || (unprintable(c) && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}'))
}

/// With a blank in place of each character that is not printed.
pub fn printable(raw: &str) -> Cow<'_, str> {
    // Nearly everything is ASCII, and looked at bytewise.
    if raw.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        Cow::Borrowed(raw)
    } else if raw.chars().any(unprintable) {
        Cow::Owned(raw.chars().map(|c| if unprintable(c) { ' ' } else { c }).collect())
    } else {
        Cow::Borrowed(raw)
    }
}

/// The longest prefix of `text` that is at most `max` bytes and ends between two characters.
fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans_and_cuts_between_characters() {
        assert_eq!(Text::<8>::clean("  a\u{0}b\n ").as_str(), "a b");
        assert_eq!(Text::<4>::clean("äöü").as_str(), "äö");
        assert_eq!(Text::<3>::clean("äöü").as_str(), "ä");
        assert_eq!(Text::<8>::non_empty(" \t "), None);
        assert_eq!(Text::<20>::clean("a\u{202e}b\u{feff}").as_str(), "a b");
    }
}
