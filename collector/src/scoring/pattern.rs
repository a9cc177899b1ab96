//! Patterns. Invariant: a match takes time proportional to pattern times text, whatever they hold, and
//! capitals never matter.

use crate::domain::Invalid;
use serde::{Serialize, Serializer};

/// The most characters a pattern has.
const LONGEST: usize = 200;

/// A pattern with stars over a whole text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glob {
    /// Lower case, as the canonical form has it.
    source: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// This character.
    One(char),
    /// Any characters but `/`.
    InSegment,
    /// Any characters.
    Any,
}

impl Glob {
    /// For paths: `*` stands for anything within a segment, `**` for anything at all.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn path(raw: &str) -> Result<Self, Invalid> {
        if !raw.starts_with(['/', '*']) {
            return Err(Invalid::new(format!(
                "`{}` is not a path; start it with `/`, such as /pricing*",
                short(raw)
            )));
        }
        Self::compile(raw, Part::InSegment)
    }

    /// For other text: `*` stands for anything.
    pub(super) fn text(raw: &str) -> Result<Self, Invalid> {
        Self::compile(raw, Part::Any)
    }

    fn compile(raw: &str, star: Part) -> Result<Self, Invalid> {
        let source = raw.trim().to_lowercase();
        if source.is_empty() || source.chars().count() > LONGEST {
            return Err(Invalid::new(format!("a pattern has 1 to {LONGEST} characters")));
        }
        if source.contains("***") {
            return Err(Invalid::new(format!(
                "`{}`: write `*` or `**`, not more stars in a row",
                short(raw)
            )));
        }
        let mut parts = Vec::with_capacity(source.len());
        let mut chars = source.chars().peekable();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '*' if chars.next_if_eq(&'*').is_some() => Part::Any,
                '*' => star,
                c => Part::One(c),
            });
        }
        Ok(Self { source, parts })
    }

    /// As it stands in the canonical form.
    pub(super) fn source(&self) -> String {
        self.source.clone()
    }

    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        // What stands before the first star is compared as it is: most texts end here, at no cost.
        let star = self.parts.iter().position(|part| !matches!(part, Part::One(_)));
        let (plain, parts) = self.parts.split_at(star.unwrap_or(self.parts.len()));
        // Letters beyond ASCII may become several, or ASCII, in lower case.
        if text.is_ascii() {
            let wanted =
                |(part, byte): (&Part, &u8)| *part == Part::One(char::from(byte.to_ascii_lowercase()));
            let Some((head, rest)) = text.as_bytes().split_at_checked(plain.len()) else { return false };
            plain.iter().zip(head).all(wanted)
                && rest_matches(parts, rest.iter().map(|byte| char::from(byte.to_ascii_lowercase())))
        } else {
            let mut chars = text.chars().flat_map(char::to_lowercase);
            plain.iter().all(|part| chars.next().is_some_and(|c| *part == Part::One(c)))
                && rest_matches(parts, chars)
        }
    }
}

/// Whether all of `chars` match `parts`, which begin with a star or are none.
fn rest_matches(parts: &[Part], mut chars: impl Iterator<Item = char>) -> bool {
    match parts {
        [] => return chars.next().is_none(),
        [Part::Any] => return true,
        [Part::InSegment] => return chars.all(|c| c != '/'),
        _ => {}
    }
    // `reached[i]`: the parts before `i` match what was read so far.
    let mut reached = vec![false; parts.len() + 1];
    let mut next = reached.clone();
    reached[0] = true;
    skip_stars(parts, &mut reached);
    for c in chars {
        next.fill(false);
        for (index, part) in parts.iter().enumerate().filter(|(index, _)| reached[*index]) {
            match part {
                Part::One(wanted) => next[index + 1] |= *wanted == c,
                Part::InSegment => next[index] |= c != '/',
                Part::Any => next[index] = true,
            }
        }
        skip_stars(parts, &mut next);
        if !next.contains(&true) {
            return false;
        }
        std::mem::swap(&mut reached, &mut next);
    }
    reached.last().copied().unwrap_or(false)
}

/// A star may stand for nothing.
fn skip_stars(parts: &[Part], reached: &mut [bool]) {
    for (index, part) in parts.iter().enumerate() {
        if reached[index] && !matches!(part, Part::One(_)) {
            reached[index + 1] = true;
        }
    }
}

impl Serialize for Glob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

/// A pattern over what people write about themselves: with a star it is a [`Glob`] over the whole text;
/// without one it is a run of whole words anywhere in it, so that `cto` finds "CTO & founder" and not
/// "director".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phrase {
    /// With stars.
    Glob(Glob),
    /// Words in a row, in lower case.
    Words(Vec<String>),
}

impl Phrase {
    /// Checks and compiles.
    pub(super) fn parse(raw: &str) -> Result<Self, Invalid> {
        let glob = Glob::text(raw)?;
        if raw.contains('*') {
            return Ok(Self::Glob(glob));
        }
        let words = words(raw);
        if words.is_empty() {
            return Err(Invalid::new(format!("`{}` holds no word", short(raw))));
        }
        Ok(Self::Words(words))
    }

    /// Whether it is found in `text`.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Glob(glob) => glob.matches(text.trim()),
            Self::Words(wanted) => words(text).windows(wanted.len()).any(|run| run == wanted.as_slice()),
        }
    }

    /// As it stands in the canonical form.
    pub(super) fn source(&self) -> String {
        match self {
            Self::Glob(glob) => glob.source.clone(),
            Self::Words(words) => words.join(" "),
        }
    }
}

impl Serialize for Phrase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source())
    }
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// The start of something, to quote in a message.
pub(super) fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_know_segments() {
        for (glob, yes, no) in [
            ("/pricing*", ["/pricing", "/Pricing-2026"], ["/pricing/team", "/a/pricing"]),
            ("/blog/**", ["/blog/a", "/blog/a/b"], ["/blog", "/blogs/a"]),
            ("**/demo", ["/demo", "/de/demo"], ["/demo/x", "/a-demo2"]),
            ("/*/x", ["/a/x", "//x"], ["/a/b/x", "/x"]),
        ] {
            let compiled = Glob::path(glob).expect(glob);
            assert!(yes.iter().all(|path| compiled.matches(path)), "{glob}");
            assert!(!no.iter().any(|path| compiled.matches(path)), "{glob}");
        }
        for bad in ["", "pricing", "/a***", &format!("/{}", "a".repeat(200))] {
            assert!(Glob::path(bad).is_err(), "{bad}");
        }
    }

    /// By the definition, a letter and a star at a time.
    fn by_definition(parts: &[Part], text: &[char]) -> bool {
        match (parts.split_first(), text.split_first()) {
            (None, first) => first.is_none(),
            (Some((Part::One(wanted), parts)), Some((c, text))) => wanted == c && by_definition(parts, text),
            (Some((Part::One(_), _)), None) => false,
            (Some((star, rest)), first) => {
                let more = first
                    .is_some_and(|(c, text)| (*star == Part::Any || *c != '/') && by_definition(parts, text));
                more || by_definition(rest, text)
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn every_way_to_match_is_the_definition(pattern in "[/*aBé]{1,7}", text in "[/aAbBéÉKİ]{0,8}") {
            if let Ok(glob) = Glob::path(&format!("/{pattern}")).or_else(|_| Glob::text(&pattern)) {
                for text in [text.clone(), format!("/{text}")] {
                    let lower: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
                    proptest::prop_assert_eq!(glob.matches(&text), by_definition(&glob.parts, &lower), "{} {}", pattern, text);
                }
            }
        }
    }

    #[test]
    fn many_stars_stay_fast() {
        let glob = Glob::text(&"*a".repeat(60)).expect("valid");
        assert!(!glob.matches(&"a".repeat(59)));
        assert!(!glob.matches(&format!("{}b", "a".repeat(300))));
        assert!(glob.matches(&"a".repeat(300)));
    }

    #[test]
    fn phrases_find_words_and_globs() {
        let finds = |pattern: &str, text: &str| Phrase::parse(pattern).expect(pattern).matches(text);
        assert!(finds("cto", "Founder & CTO"));
        assert!(!finds("cto", "Director"));
        assert!(finds("head of", "Deputy Head  of IT"));
        assert!(!finds("head of", "Ahead of"));
        assert!(finds("head of*", "Head of Marketing"));
        assert!(!finds("head of*", "Deputy Head of IT"));
        assert!(finds("*director*", "Art Director"));
        assert!(finds("geschäftsführer*", "GESCHÄFTSFÜHRERIN"));
        assert!(Phrase::parse("&").is_err());
    }
}
