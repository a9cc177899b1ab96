//! Addresses: found by their `@`. Invariant: each character is looked at twice at most, once from the `@`
//! after it and once from the `@` before it.
//!
//! A domain has a dot and ends in a name: `package@1.2.3` and `logo@2x.png` are none. Everything that may
//! stand in a local part and separates nothing in a URL belongs to the address, so that no half of one stays.

use super::{Kind, Span};

/// Endings of files that are no top-level domains; `jo@example.com.html` is an address in a file's name.
const FILES: &[&str] = &[
    "avif", "css", "csv", "gif", "gz", "htm", "html", "jpeg", "jpg", "js", "json", "map", "min", "mjs",
    "mp4", "pdf", "php", "png", "svg", "tgz", "txt", "webp", "woff", "woff2", "xml",
];

/// The addresses of a string, from left to right.
pub(super) fn find(chars: &[char]) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    for (at, _) in chars.iter().enumerate().filter(|(_, c)| **c == '@') {
        let floor = found.last().map_or(0, |last| last.to);
        if at < floor {
            continue;
        }
        let from = local(chars, floor, at);
        if from < at
            && let Some(to) = domain(chars, at + 1)
        {
            found.push(Span { from, to, kind: Kind::Email });
        }
    }
    found
}

/// Where the local part begins that ends before `at`.
fn local(chars: &[char], floor: usize, at: usize) -> usize {
    let before = chars.get(floor..at).unwrap_or_default();
    if let Some((quote, inside)) = before.split_last()
        && *quote == '"'
    {
        // What is between quotes may hold anything, for at most the 64 characters of a local part.
        let opening = inside.iter().rev().take(64).take_while(|c| **c != '@').position(|c| *c == '"');
        return opening.map_or(at, |back| at - back - 2);
    }
    at - before.iter().rev().take_while(|c| in_local(**c)).count()
}

fn in_local(c: char) -> bool {
    c.is_alphanumeric()
        || is_mark(c)
        || matches!(
            c,
            '.' | '_' | '%' | '+' | '-' | '\'' | '!' | '$' | '*' | '^' | '`' | '{' | '|' | '}' | '~'
        )
}

/// Marks that scripts and accents need: combining ones, and the joiners.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{93c}'..='\u{94d}' | '\u{200c}' | '\u{200d}')
}

/// Where the domain ends that begins at `from`.
fn domain(chars: &[char], from: usize) -> Option<usize> {
    let rest = chars.get(from..).unwrap_or_default();
    if rest.first() == Some(&'[') {
        // An address of a machine: `jo@[192.0.2.1]`.
        let inside = rest.iter().take(50).position(|c| *c == ']')?;
        let numeric = |c: &char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | 'I' | 'P' | 'v');
        return (inside > 1 && rest.get(1..inside)?.iter().all(numeric)).then_some(from + inside + 1);
    }
    let in_host = |c: &&char| c.is_alphanumeric() || is_mark(**c) || matches!(c, '-' | '.');
    let host = rest.get(..rest.iter().take_while(in_host).count())?;
    let mut labels: Vec<&[char]> = host.split(|c| *c == '.').collect();
    while labels.last().is_some_and(|last| last.is_empty() || is_file(last)) {
        labels.pop();
    }
    let (first, others) = labels.split_first()?;
    let named = |label: &&[char]| label.iter().take_while(|c| c.is_alphabetic()).count() >= 2;
    let number = first.strip_prefix(&['v']).unwrap_or(first);
    let digit_first = |label: &&[char]| label.first().is_some_and(char::is_ascii_digit);
    let version = number.iter().all(char::is_ascii_digit) && others.first().is_some_and(digit_first);
    let length = labels.iter().map(|label| label.len() + 1).sum::<usize>() - 1;
    (!first.is_empty() && others.iter().any(named) && !version).then_some(from + length)
}

fn is_file(label: &[char]) -> bool {
    FILES.iter().any(|file| {
        file.len() == label.len() && file.chars().zip(label).all(|(a, b)| a == b.to_ascii_lowercase())
    })
}
