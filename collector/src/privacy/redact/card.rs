//! Numbers of payment cards: 13 to 19 digits, of a known issuer, with Luhn's check. Invariant: a number that
//! is longer than a card's is no card, whatever part of it would be.

use super::letters::{digit_run, digits};
use super::{Place, check, ends};

/// First digits from and to, and the lengths (ISO/IEC 7812 ranges as the networks publish them).
const ISSUERS: &[(u32, u32, &[usize])] = &[
    (4, 4, &[13, 16, 19]),                         // Visa
    (51, 55, &[16]),                               // Mastercard
    (2_221, 2_720, &[16]),                         // Mastercard
    (34, 34, &[15]),                               // American Express
    (37, 37, &[15]),                               // American Express
    (6_011, 6_011, &[16, 19]),                     // Discover
    (644, 659, &[16, 19]),                         // Discover
    (300, 305, &[14, 16, 19]),                     // Diners Club
    (36, 36, &[14, 16, 19]),                       // Diners Club
    (38, 39, &[14, 16, 19]),                       // Diners Club
    (3_528, 3_589, &[16, 17, 18, 19]),             // JCB
    (62, 62, &[16, 17, 18, 19]),                   // UnionPay
    (2_200, 2_204, &[16, 17, 18, 19]),             // Mir
    (5_018, 5_018, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (5_020, 5_020, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (5_038, 5_038, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (5_893, 5_893, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (6_304, 6_304, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (6_759, 6_763, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
];

/// Where the card number ends that begins here: the longest, in groups of three or more digits.
pub(super) fn end(place: &Place<'_>) -> Option<usize> {
    let (mut to, mut count, mut last) = (place.at, 0, None);
    for _ in 0..6 {
        let run = digit_run(place.chars, to);
        if run < 3 || count + run > 19 {
            break;
        }
        count += run;
        to += run;
        if count >= 13 && ends(place.chars, to) && is_card(&digits(place.chars, place.at, to)) {
            last = Some(to);
        }
        if !matches!(place.chars.get(to), Some(' ' | '-' | '.')) {
            break;
        }
        to += 1;
    }
    last
}

fn is_card(digits: &[u8]) -> bool {
    let first = |count: usize| digits.iter().take(count).fold(0, |sum, digit| sum * 10 + u32::from(*digit));
    let width = |number: u32| number.to_string().len();
    let issued = ISSUERS.iter().any(|(from, to, lengths)| {
        (*from..=*to).contains(&first(width(*from))) && lengths.contains(&digits.len())
    });
    // Thirteen digits are far more often an article's EAN (all that begin with 4 are German or Japanese).
    issued && check::luhn(digits) && !(digits.len() == 13 && check::gs1(digits))
}
