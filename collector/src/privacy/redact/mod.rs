//! Personal data in what a site's pages send by mistake: found and replaced by a marker. Invariant: pure
//! and linear in the length of the string; what comes out holds nothing that a second pass would find, so
//! that redacting twice is redacting once; what is innocent and can be printed comes out untouched and is not
//! copied.
//!
//! Own code instead of a crate for phone numbers: such a crate judges one number whose country is given, and
//! does not find numbers of any country in a text. Precision counts here as much as recall, for a path that
//! is redacted is a page that reports no longer tell from others. What is found, left and missed is written
//! down in `corpus.tsv`.

mod card;
mod check;
mod email;
mod id;
mod letters;
mod phone;
mod phone_national;
mod tell;
mod token;

#[cfg(test)]
mod tests;

use crate::domain::printable;
use letters::Letters;
use std::borrow::Cow;
use tell::Tell;

/// Passes over one string. Two do for anything that was not made to need more.
const PASSES: usize = 6;
/// How often something is percent-encoded at most: a mail's link in a login's in a proxy's, and some more.
const ENCODED_MAX: usize = 8;
/// Fewer digits make no number of a person.
const DIGITS_MIN: usize = 6;

/// An IBAN in groups of four.
const NUMBER_MAX: usize = 42;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Email,
    Phone,
    Card,
    Id,
    Token,
}

impl Kind {
    const fn marker(self) -> &'static str {
        match self {
            Self::Email => "[email]",
            Self::Phone => "[phone]",
            Self::Card => "[card]",
            Self::Id => "[id]",
            Self::Token => "[token]",
        }
    }
}

/// From which character to which one (exclusive), and what it is.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: usize,
    to: usize,
    kind: Kind,
}

/// Replaces addresses, phone numbers, card numbers, national ids and long tokens by markers; answers how
/// many were found.
pub fn redact(raw: &str) -> (Cow<'_, str>, usize) {
    shown(raw, None)
}

/// The same for a value that has a name: what the name says (`phone`, `ssn`) is a tell for its digits, and what
/// is named as a secret (`password`, `access_token`) or as an address of a machine goes whole.
pub fn redact_value<'a>(name: &str, value: &'a str) -> (Cow<'a, str>, usize) {
    match tell::whole(name) {
        Some(kind) if value != kind.marker() && !value.trim().is_empty() => (Cow::Borrowed(kind.marker()), 1),
        Some(_) => (Cow::Borrowed(value), 0),
        None => shown(value, tell::of_name(name)),
    }
}

/// As it is kept: without what is not printed. What nobody sees is searched as if it were not there, and again
/// as the blank that is kept in its place.
fn shown(raw: &str, tell: Option<Tell>) -> (Cow<'_, str>, usize) {
    let (clean, found) = redact_as(raw, tell);
    match printable(&clean) {
        Cow::Borrowed(_) => (clean, found),
        Cow::Owned(printed) => {
            let (again, more) = redact_as(&printed, tell);
            (Cow::Owned(again.into_owned()), found + more)
        }
    }
}

fn redact_as(raw: &str, tell: Option<Tell>) -> (Cow<'_, str>, usize) {
    if is_plain(raw) {
        return (Cow::Borrowed(raw), 0);
    }
    let mut text = Cow::Borrowed(raw);
    let mut found = 0;
    for _ in 0..PASSES {
        let Some((next, count)) = pass(&text, tell) else { return (text, found) };
        found += count;
        text = Cow::Owned(next);
    }
    // Something that was built to look different after each pass: nothing of it stays.
    (Cow::Borrowed(Kind::Token.marker()), found)
}

/// Whether nothing can be found, told by one look at each byte: most paths and values end here.
fn is_plain(raw: &str) -> bool {
    let (mut digits, mut run) = (0, 0);
    for byte in raw.bytes() {
        match byte {
            // `&`, `(` and `[` begin other spellings of `@`; 0xef begins the full-width forms, 0xd9 and 0xdb the digits of Arabic and Persian.
            b'@' | b'%' | b'&' | b'(' | b'[' | 0xef | 0xd9 | 0xdb => return false,
            _ => {}
        }
        digits += usize::from(byte.is_ascii_digit());
        run = if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') { run + 1 } else { 0 };
        if digits >= DIGITS_MIN || run >= token::SHORTEST {
            return false;
        }
    }
    true
}

/// One pass: `None` when nothing is found, in the string as it is and percent-decoded.
fn pass(text: &str, tell: Option<Tell>) -> Option<(String, usize)> {
    let plain = once(text, tell);
    let inside = decoded(text).and_then(|decoded| once(&decoded, tell));
    match (plain, inside) {
        (Some(plain), Some(inside)) => Some(if inside.1 > plain.1 { inside } else { plain }),
        (plain, inside) => plain.or(inside),
    }
}

/// Percent-decoded as often as it was encoded, up to [`ENCODED_MAX`] times; `None` when it was not.
fn decoded(text: &str) -> Option<String> {
    let mut decoded: Option<String> = None;
    for _ in 0..ENCODED_MAX {
        let current = decoded.as_deref().unwrap_or(text);
        if !current.contains('%') {
            break;
        }
        match text_of(&Cow::from(percent_encoding::percent_decode_str(current))) {
            next if next != current => decoded = Some(next),
            _ => break,
        }
    }
    decoded
}

/// As text, with what is none left encoded: one byte of an older encoding must not hide an address beside it.
fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let encoded = chunk.invalid().iter().map(|byte| percent_encoding::percent_encode_byte(*byte));
        text.extend(encoded);
    }
    text
}

fn once(text: &str, tell: Option<Tell>) -> Option<(String, usize)> {
    let letters = Letters::of(text);
    let spans = spans(&letters, tell);
    if spans.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for span in &spans {
        out.push_str(text.get(done..letters.offset(span.from)).unwrap_or_default());
        out.push_str(span.kind.marker());
        done = letters.offset(span.to);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Some((out, spans.len()))
}

/// Everything found, from left to right and without overlap.
fn spans(letters: &Letters, tell: Option<Tell>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut from = 0;
    // An address is told by its `@`, all else by how it begins.
    for address in email::find(letters.chars()) {
        between(letters.chars(), from, address.from, tell, &mut spans);
        spans.push(address);
        from = address.to;
    }
    between(letters.chars(), from, letters.chars().len(), tell, &mut spans);
    spans
}

fn between(chars: &[char], from: usize, to: usize, tell: Option<Tell>, spans: &mut Vec<Span>) {
    let chars = chars.get(..to).unwrap_or_default();
    let mut place = Place { chars, floor: from, at: from };
    while place.at < to {
        if let Some(span) = place.begins().then(|| place.span(tell)).flatten() {
            spans.push(span);
            place.floor = span.to;
            place.at = span.to;
        } else {
            place.at += 1;
        }
    }
}

/// A place in a string from which something may begin.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    chars: &'a [char],
    /// Nothing before this belongs to what is looked at.
    floor: usize,
    at: usize,
}

impl Place<'_> {
    /// The character `back` before this place.
    fn before(&self, back: usize) -> Option<char> {
        let at = self.at.checked_sub(back)?;
        (at >= self.floor).then(|| self.chars.get(at).copied()).flatten()
    }

    /// The character here and on.
    fn get(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// Whether a word, a number, or a number's `+` or bracket begins here.
    fn begins(&self) -> bool {
        let here = self.get(0).is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '('));
        here && !self.before(1).is_some_and(char::is_alphanumeric)
    }

    fn span(&self, named: Option<Tell>) -> Option<Span> {
        let to = |to: usize, kind| Span { from: self.at, to, kind };
        // Most words are only looked at for a token: of numbers there are enough digits, and of all but a few
        // ids the first character is no letter.
        if !self.is_near_digits() {
            return token::span(self);
        }
        if self.get(0).is_some_and(|c| c.is_ascii_alphabetic()) {
            return id::end_lettered(self).map(|end| to(end, Kind::Id)).or_else(|| token::span(self));
        }
        let tell = tell::before(self).or(named.filter(|_| self.at == 0));
        id::end(self, tell)
            .map(|end| to(end, Kind::Id))
            .or_else(|| card::end(self).map(|end| to(end, Kind::Card)))
            .or_else(|| token::span(self))
            .or_else(|| phone::end(self, tell).map(|end| to(end, Kind::Phone)))
    }

    /// Whether enough digits follow, no further away than the longest number is long.
    fn is_near_digits(&self) -> bool {
        let near = self.chars.iter().skip(self.at).take(NUMBER_MAX);
        near.filter(|c| c.is_ascii_digit()).take(DIGITS_MIN).count() == DIGITS_MIN
    }
}

/// Whether a number that ends before `to` ends there: no letter or digit follows, and no further group.
fn ends(chars: &[char], to: usize) -> bool {
    match chars.get(to) {
        None => true,
        Some(c) if c.is_alphanumeric() => false,
        Some('-' | '.' | ',' | '/') => !chars.get(to + 1).is_some_and(char::is_ascii_digit),
        Some(_) => true,
    }
}
