//! Long tokens: what opens a session, resets a password or names a record nobody can guess. Invariant: words
//! stay, however long and however many: a slug, a name in camel case, a German compound.
//!
//! A UUID is redacted: in a path it names one order, one invitation or one user, and a report of pages has
//! no use for a page that one person saw. The same goes for other ids of 24 and more mixed characters
//! (database keys, ULIDs). Hashes of fewer than 32 hexadecimal digits in names of assets stay.

use super::{Kind, Place, Span};

/// Fewer characters are no token, but behind one of the prefixes.
pub(super) const SHORTEST: usize = 16;
/// Characters of a token that is told by its looks alone.
const LONG: usize = 24;
/// Digits of a hexadecimal token.
const HEX: usize = 32;

/// What makers put before their keys, so that they are found.
const PREFIXES: &[&str] = &[
    "sk_live_",
    "sk_test_",
    "pk_live_",
    "pk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "cs_live_",
    "cs_test_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxr-",
    "xoxs-",
    "AKIA",
    "ASIA",
    "AIza",
    "npm_",
    "pypi-",
    "shpat_",
    "shpss_",
    "dop_v1_",
    "hf_",
    "sk-ant-",
    "sk-proj-",
];

/// The token in the run of characters that begins here.
pub(super) fn span(place: &Place<'_>) -> Option<Span> {
    let token = |from: usize, to: usize| Some(Span { from, to, kind: Kind::Token });
    // Only at the beginning of a run, so that each character is looked at once.
    if place.before(1).is_some_and(in_run) {
        return None;
    }
    let rest = place.chars.get(place.at..)?;
    let run = rest.get(..rest.iter().take_while(|c| in_run(**c)).count())?;
    if starts(run, "eyJ") && run.len() >= 10 && rest.get(run.len()) == Some(&'.') {
        // A JSON Web Token: base64url of `{"`, and further parts behind dots.
        return token(place.at, place.at + rest.iter().take_while(|c| in_run(**c) || **c == '.').count());
    }
    if run.len() < SHORTEST {
        return None;
    }
    if PREFIXES.iter().any(|prefix| starts(run, prefix)) && run.iter().any(char::is_ascii_digit) {
        return token(place.at, place.at + run.len());
    }
    let (from, to) = uuid(run).or_else(|| hexadecimal(run)).or_else(|| scrambled(run))?;
    let padding = rest.get(to..).unwrap_or_default().iter().take(2).take_while(|c| **c == '=').count();
    token(place.at + from, place.at + to + padding)
}

fn in_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn starts(run: &[char], prefix: &str) -> bool {
    run.len() >= prefix.len() && prefix.chars().zip(run).all(|(a, b)| a == *b)
}

/// The pieces between `-` and `_`, each with where it begins.
fn pieces(run: &[char]) -> Vec<(usize, &[char])> {
    let mut from = 0;
    run.split(|c| matches!(c, '-' | '_'))
        .map(|piece| {
            let at = from;
            from += piece.len() + 1;
            (at, piece)
        })
        .collect()
}

fn is_hex(piece: &[char]) -> bool {
    piece.iter().all(char::is_ascii_hexdigit)
}

/// RFC 9562: 8-4-4-4-12.
fn uuid(run: &[char]) -> Option<(usize, usize)> {
    let pieces = pieces(run);
    pieces.windows(5).find_map(|five| {
        let shaped = five.iter().map(|(_, piece)| piece.len()).eq([8, 4, 4, 4, 12]);
        let hex = five.iter().all(|(_, piece)| is_hex(piece));
        let from = five.first()?.0;
        (shaped && hex).then_some((from, from + 36))
    })
}

fn hexadecimal(run: &[char]) -> Option<(usize, usize)> {
    let found = pieces(run).into_iter().find(|(_, piece)| piece.len() >= HEX && is_hex(piece));
    found.map(|(from, piece)| (from, from + piece.len()))
}

/// From the first to the last piece that is no word and no number, if that is long and mostly such.
fn scrambled(run: &[char]) -> Option<(usize, usize)> {
    let pieces: Vec<(usize, &[char])> =
        pieces(run).into_iter().filter(|(_, piece)| is_scrambled(piece)).collect();
    let (from, (last, piece)) = (pieces.first()?.0, *pieces.last()?);
    let (to, mixed) = (last + piece.len(), pieces.iter().map(|(_, piece)| piece.len()).sum::<usize>());
    (to - from >= LONG && mixed * 10 >= (to - from) * 6).then_some((from, to))
}

/// Whether capitals, small letters and digits take turns as they do in no word: `a1b2c3`, not `hdr10`.
fn is_scrambled(piece: &[char]) -> bool {
    let class = |c: char| if c.is_ascii_digit() { 0 } else { 1 + u8::from(c.is_ascii_uppercase()) };
    let turn = |pair: &[char]| match pair {
        // A capital before a small letter begins a word.
        [a, b] => class(*a) != class(*b) && !(a.is_ascii_uppercase() && b.is_ascii_lowercase()),
        _ => false,
    };
    let turns = piece.windows(2).filter(|pair| turn(pair)).count();
    let has_digit = piece.iter().any(char::is_ascii_digit);
    let enough = match (piece.len(), has_digit) {
        (..8, digit) => digit && turns >= 2,
        (_, true) => turns >= 3,
        // Without a digit, only capitals in odd places tell: `aBcDeF`, not `ProxyFactoryBean`.
        (length, false) => length >= LONG && turns * 5 >= length,
    };
    enough && in_words(piece) * 2 < piece.len()
}

/// How many letters stand in what may be words: four or more, small but for the first, with a vowel.
fn in_words(piece: &[char]) -> usize {
    let vowel = |c: &char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u');
    let mut sum = 0;
    // A word begins at a capital, or where small letters begin.
    for word in piece.chunk_by(|a, b| b.is_ascii_lowercase() && a.is_ascii_alphabetic()) {
        let capital = usize::from(word.first().is_some_and(char::is_ascii_uppercase));
        let small = word.get(capital..).unwrap_or_default();
        if word.len() >= 4 && small.iter().all(char::is_ascii_lowercase) && small.iter().any(vowel) {
            sum += word.len();
        }
    }
    sum
}
