//! Telephone numbers. Invariant: written internationally they are sure: a `+` or `00`, a country code there
//! is, and as many digits as numbers have there; any other spelling needs a tell of its own (a word before
//! it, or a country's grouping: `phone_national.rs`).

use super::letters::digits;
use super::tell::Tell;
use super::{Place, ends, phone_national};

/// Country codes (ITU-T E.164) with the fewest and most digits of a number after them.
const COUNTRIES: &[(&str, usize, usize)] = &[
    ("1", 10, 10),
    ("7", 10, 10),
    ("20", 8, 10),
    ("27", 9, 9),
    ("30", 10, 10),
    ("31", 9, 9),
    ("32", 8, 9),
    ("33", 9, 9),
    ("34", 9, 9),
    ("36", 8, 9),
    ("39", 8, 11),
    ("40", 9, 9),
    ("41", 9, 9),
    ("43", 7, 13),
    ("44", 9, 10),
    ("45", 8, 8),
    ("46", 7, 10),
    ("47", 8, 8),
    ("48", 9, 9),
    ("49", 7, 12),
    ("51", 8, 9),
    ("52", 10, 11),
    ("53", 8, 8),
    ("54", 10, 11),
    ("55", 10, 11),
    ("56", 9, 9),
    ("57", 10, 10),
    ("58", 10, 10),
    ("60", 8, 10),
    ("61", 9, 9),
    ("62", 8, 12),
    ("63", 8, 10),
    ("64", 8, 10),
    ("65", 8, 8),
    ("66", 8, 9),
    ("81", 9, 10),
    ("82", 8, 10),
    ("84", 9, 10),
    ("86", 10, 11),
    ("90", 10, 10),
    ("91", 10, 10),
    ("92", 9, 10),
    ("93", 9, 9),
    ("94", 9, 9),
    ("95", 7, 10),
    ("98", 10, 10),
    ("211", 9, 9),
    ("212", 9, 9),
    ("213", 8, 9),
    ("216", 8, 8),
    ("218", 9, 9),
    ("220", 7, 7),
    ("221", 9, 9),
    ("225", 10, 10),
    ("233", 9, 9),
    ("234", 8, 10),
    ("237", 9, 9),
    ("243", 9, 9),
    ("244", 9, 9),
    ("250", 9, 9),
    ("251", 9, 9),
    ("254", 9, 9),
    ("255", 9, 9),
    ("256", 9, 9),
    ("258", 9, 9),
    ("260", 9, 9),
    ("263", 9, 9),
    ("350", 8, 8),
    ("351", 9, 9),
    ("352", 6, 11),
    ("353", 8, 9),
    ("354", 7, 9),
    ("355", 8, 9),
    ("356", 8, 8),
    ("357", 8, 8),
    ("358", 6, 11),
    ("359", 8, 9),
    ("370", 8, 8),
    ("371", 8, 8),
    ("372", 7, 8),
    ("373", 8, 8),
    ("374", 8, 8),
    ("375", 9, 9),
    ("376", 6, 9),
    ("377", 8, 9),
    ("380", 9, 9),
    ("381", 8, 9),
    ("382", 8, 8),
    ("383", 8, 8),
    ("385", 8, 9),
    ("386", 8, 8),
    ("387", 8, 8),
    ("389", 8, 8),
    ("420", 9, 9),
    ("421", 9, 9),
    ("423", 7, 9),
    ("502", 8, 8),
    ("503", 8, 8),
    ("504", 8, 8),
    ("505", 8, 8),
    ("506", 8, 8),
    ("507", 7, 8),
    ("591", 8, 8),
    ("593", 8, 9),
    ("595", 9, 9),
    ("598", 8, 8),
    ("852", 8, 8),
    ("853", 8, 8),
    ("855", 8, 9),
    ("880", 8, 10),
    ("886", 8, 9),
    ("960", 7, 7),
    ("961", 7, 8),
    ("962", 8, 9),
    ("963", 8, 9),
    ("964", 8, 10),
    ("965", 8, 8),
    ("966", 8, 9),
    ("967", 7, 9),
    ("968", 8, 8),
    ("970", 8, 9),
    ("971", 8, 9),
    ("972", 8, 9),
    ("973", 8, 8),
    ("974", 8, 8),
    ("977", 8, 10),
    ("992", 9, 9),
    ("994", 9, 9),
    ("995", 9, 9),
    ("996", 9, 9),
    ("998", 9, 9),
];

/// Where the number ends that begins here.
pub(super) fn end(place: &Place<'_>, tell: Option<Tell>) -> Option<usize> {
    international(place)
        .or_else(|| (tell == Some(Tell::Phone)).then(|| told(place)).flatten())
        .or_else(|| phone_national::end(place))
}

fn international(place: &Place<'_>) -> Option<usize> {
    let bracket = usize::from(place.get(0) == Some('('));
    // `00` inside of a number that is written in groups is no beginning.
    let inside = place.before(1) == Some(' ') && place.before(2).is_some_and(|c| c.is_ascii_digit());
    let from = match (place.get(bracket)?, place.get(bracket + 1)) {
        ('+', _) => place.at + bracket + 1,
        ('0', Some('0')) if !inside => place.at + bracket + 2,
        _ => return None,
    };
    longest(place.chars, from, is_international)
}

/// Seven to fifteen digits, however they are grouped.
fn told(place: &Place<'_>) -> Option<usize> {
    longest(place.chars, place.at, |digits| (7..=15).contains(&digits.len()))
}

/// The furthest end of a group of digits by which `holds` of all the digits so far. Up to three characters
/// that are no digits may stand between two groups, as in `+49 (0)30`; a `+` is a blank in a form's encoding.
fn longest(chars: &[char], from: usize, holds: impl Fn(&[u8]) -> bool) -> Option<usize> {
    let (mut found, mut gap) = (None, 0);
    for (at, c) in chars.iter().enumerate().skip(from).take(32) {
        if c.is_ascii_digit() {
            gap = 0;
            if ends(chars, at + 1) || matches!(chars.get(at + 1), Some('-' | '.' | '/')) {
                let so_far = digits(chars, from, at + 1);
                if holds(&so_far) && ends(chars, at + 1) {
                    found = Some(at + 1);
                }
            }
        } else if gap < 3 && matches!(c, ' ' | '+' | '-' | '.' | '/' | '(' | ')') {
            gap += 1;
        } else {
            break;
        }
    }
    found
}

fn is_international(digits: &[u8]) -> bool {
    // No number with its country's code is shorter; of what strangers send, most ends here.
    let &[first, second, third, _, _, _, _, _, ..] = digits else { return false };
    let given = [first, second, third].map(|digit| b'0' + digit);
    COUNTRIES.iter().any(|(code, fewest, most)| {
        if !given.starts_with(code.as_bytes()) {
            return false;
        }
        let rest = digits.get(code.len()..).unwrap_or_default();
        // The zero of `+49 (0)30` is dialled inside the country only; in Italy it is part of the number.
        let rest = if *code == "39" { rest } else { rest.strip_prefix(&[0]).unwrap_or(rest) };
        let north_america = *code != "1" || (rest.first() >= Some(&2) && rest.get(3) >= Some(&2));
        let begins = rest.first().is_some_and(|first| *first > 0 || *code == "39");
        (*fewest..=*most).contains(&rest.len()) && begins && north_america
    })
}
