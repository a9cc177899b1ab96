//! A string as characters of one spelling. Invariant: every character keeps the place in the string that it
//! came from, and what looks the same to a reader (full-width digits, other spaces and dashes, what nobody sees
//! between two letters) is the same.

use crate::domain::unseen;

/// The characters and where each begins.
pub(super) struct Letters {
    chars: Vec<char>,
    offsets: Vec<usize>,
    len: usize,
}

impl Letters {
    pub(super) fn of(text: &str) -> Self {
        let (mut chars, mut offsets) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len()));
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if unseen(c) {
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
                continue;
            }
            let sign = matches!(c, '(' | '[' | '&' | ' ').then(|| at_sign(rest)).flatten();
            chars.push(if sign.is_some() { '@' } else { one_spelling(c) });
            offsets.push(text.len() - rest.len());
            rest = rest.get(sign.unwrap_or(c.len_utf8())..).unwrap_or_default();
        }
        Self { chars, offsets, len: text.len() }
    }

    pub(super) fn chars(&self) -> &[char] {
        &self.chars
    }

    /// Where the character at `index` begins in the string; its end after the last one.
    pub(super) fn offset(&self, index: usize) -> usize {
        self.offsets.get(index).copied().unwrap_or(self.len)
    }
}

/// The length of an `@` that is written otherwise: ` (at) `, `[AT]`, `&#64;`.
fn at_sign(text: &str) -> Option<usize> {
    let word = text.strip_prefix(' ').unwrap_or(text);
    let begins = |sign: &&str| word.get(..sign.len()).is_some_and(|start| start.eq_ignore_ascii_case(sign));
    let sign = ["(at)", "[at]", "&#64;", "&#x40;", "&commat;"].into_iter().find(begins)?;
    let after = word.get(sign.len()..).unwrap_or_default();
    Some(text.len() - after.strip_prefix(' ').unwrap_or(after).len())
}

fn one_spelling(c: char) -> char {
    let shifted = |first: u32, ascii: char| char::from_u32(u32::from(c) - first + u32::from(ascii));
    let spelled = match c {
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => Some(' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        // Between the labels of a domain (UTS 46), and the small form of `@`.
        '\u{3002}' | '\u{ff61}' => Some('.'),
        '\u{fe6b}' => Some('@'),
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => Some(' '),
        '\u{ff01}'..='\u{ff5e}' => shifted(0xff01, '!'),
        '\u{660}'..='\u{669}' => shifted(0x660, '0'),
        '\u{6f0}'..='\u{6f9}' => shifted(0x6f0, '0'),
        _ => None,
    };
    spelled.unwrap_or(c)
}

/// Where `shape` ends if it stands at `from`. In a shape `#` is a digit, `N` one of 1-9, `A` of 2-9, `B` of
/// 5-9, `M` of 6-9, `C` of 3-9, `@` a letter, `~` one separator (blank, `-`, `.` or `/`) that is the same
/// each time, `_` a blank, a `-` or nothing; all else is itself.
pub(super) fn shape(chars: &[char], from: usize, shape: &str) -> Option<usize> {
    let mut at = from;
    let mut separator = None;
    for wanted in shape.chars() {
        let c = chars.get(at).copied();
        if wanted == '_' {
            at += usize::from(matches!(c, Some(' ' | '-')));
            continue;
        }
        let c = c?;
        let fits = match wanted {
            '#' => c.is_ascii_digit(),
            'N' => matches!(c, '1'..='9'),
            'A' => matches!(c, '2'..='9'),
            'C' => matches!(c, '3'..='9'),
            'B' => matches!(c, '5'..='9'),
            'M' => matches!(c, '6'..='9'),
            '@' => c.is_ascii_alphabetic(),
            '~' => matches!(c, ' ' | '-' | '.' | '/') && *separator.get_or_insert(c) == c,
            same => c == same,
        };
        if !fits {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// The digits between two places, as numbers.
pub(super) fn digits(chars: &[char], from: usize, to: usize) -> Vec<u8> {
    let digit = |c: &char| c.to_digit(10).and_then(|digit| u8::try_from(digit).ok());
    chars.get(from..to).unwrap_or_default().iter().filter_map(digit).collect()
}

/// How many digits stand side by side at `from`.
pub(super) fn digit_run(chars: &[char], from: usize) -> usize {
    chars.get(from..).unwrap_or_default().iter().take_while(|c| c.is_ascii_digit()).count()
}
