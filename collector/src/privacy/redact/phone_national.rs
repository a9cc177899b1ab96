//! Telephone numbers as they are written inside their country. Invariant: a grouping counts only where
//! phones are grouped so; a date, an amount, an EAN and a part of a longer number are left.

use super::letters::{digit_run, digits, shape};
use super::{Place, check, ends};

/// Begins with a zero or has brackets, or a grouping that hardly anything else has.
const SURE: &[&str] = &[
    // France and Belgium: 06 39 98 12 34, 02 123 45 67
    "0N~##~##~##~##",
    "0N ### ## ##",
    "0N/### ## ##",
    // Italy, the Netherlands: 06 1234 5678, 06-12345678
    "0N~####~####",
    "0N-########",
    "0N ########",
    "0N-#######",
    "0N #######",
    "0N/#######",
    "0N/########",
    // Sweden, Finland, New Zealand, Austria: 08-123 456 78, 09 123 4567, 01 512 34 56
    "0N-### ### ##",
    "0N-### ## ##",
    "0N ### ####",
    "0N-### ####",
    "0N-###-####",
    "(0N) #### ####",
    "(0N) ### ## ##",
    "(0N) ### ####",
    "(0N) ########",
    "(0N)########",
    "(0N) #######",
    // North America: (415) 555-0132
    "(A##) A##~####",
    "(A##)A##~####",
    "(A##)~A##~####",
    "(A##) A######",
    "1~A##~A##~####",
    "1 (A##) A##~####",
    "1 (A##)A##~####",
    "A##/A##-####",
    // Brazil: (11) 91234-5678
    "(NN) 9####-####",
    "(NN)9####-####",
    "(NN) 9####~####",
    "(NN) C###-####",
    "(NN)C###-####",
    "NN 9####-####",
    // China: 138 1234 5678
    "13#~####~####",
    "15#~####~####",
    "18#~####~####",
    "17#~####~####",
    // Russia: 8 (912) 345-67-89
    "8 (###) ###-##-##",
    "8(###)###-##-##",
    "8 ### ###-##-##",
    "8-###-###-##-##",
    // Australia: 1300 123 456
    "1300 ### ###",
    "1800 ### ###",
];

/// Groups of digits that an amount or a list of numbers may have, too: the neighbours are looked at.
const PLAIN: &[&str] = &[
    // North America: 415-555-0132
    "A##~A##~####",
    // Spain: 612 34 56 78; with Portugal, Poland, Czechia: 612 345 678
    "M##~##~##~##",
    "B## ### ###",
    "B##-###-###",
    // Italy: 347 123 4567
    "3A# #######",
    "3A#-#######",
    "3A#/#######",
    "3A# ### ####",
    "3A#-###-####",
    "3A# ## ## ###",
    // Poland: 22 123 45 67
    "NN ### ## ##",
    "NN-###-##-##",
    // India: 98765 43210
    "M#### #####",
    "M####-#####",
];

/// Where the number ends that begins here.
pub(super) fn end(place: &Place<'_>) -> Option<usize> {
    if !begins(place) {
        return None;
    }
    let fits = |shapes: &[&str]| {
        let ends = |to: &usize| ends(place.chars, *to);
        shapes.iter().find_map(|text| shape(place.chars, place.at, text).filter(ends))
    };
    fits(SURE)
        .or_else(|| mobile(place))
        .or_else(|| zero_first(place))
        .or_else(|| fits(PLAIN).filter(|to| stands_alone(place, *to)))
}

/// Whether what stands before lets a number begin here: no part of an amount, and no number with a dash.
fn begins(place: &Place<'_>) -> bool {
    match place.before(1) {
        Some('-' | '.' | ',' | '_') => !place.before(2).is_some_and(char::is_alphanumeric),
        Some('/' | ':') => !place.before(2).is_some_and(|c| c.is_ascii_digit()),
        // A group of a longer number, unless what is before it was found to be one by itself.
        Some(' ') => !place.before(2).is_some_and(|c| c.is_ascii_digit()),
        Some('$' | '€' | '£' | '¥' | '+') => false,
        _ => true,
    }
}

/// Whether neither a further group of digits nor a currency is beside it.
fn stands_alone(place: &Place<'_>, to: usize) -> bool {
    let spaced = usize::from(place.chars.get(to) == Some(&' '));
    let number_after = spaced == 1 && place.chars.get(to + 1).is_some_and(char::is_ascii_digit);
    let after: String = place.chars.get(to + spaced..).unwrap_or_default().iter().take(4).collect();
    let before: String = (1..=4).rev().filter_map(|back| place.before(back)).collect();
    let money = |text: &str| {
        let text = text.trim();
        text.contains(['$', '€', '£', '¥', '%'])
            || ["EUR", "USD", "GBP", "CHF", "PLN", "SEK", "CZK", "zł", "Kč", "kr"].contains(&text)
    };
    !number_after && !money(&after) && !money(&before)
}

/// Mobile numbers written in one: French and Dutch, British, German. Ten and twelve digits with a zero first
/// can be an ISBN or a UPC: what has the check digit of one is left.
fn mobile(place: &Place<'_>) -> Option<usize> {
    let run = digit_run(place.chars, place.at);
    if place.get(0) != Some('0') || !(10..=12).contains(&run) {
        return None;
    }
    let to = place.at + run;
    let digits = digits(place.chars, place.at, to);
    let isbn = || check::weighted(&digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], 11) == 0;
    let known = match (digits.get(..3)?, run) {
        ([0, 6 | 7, 1..=9], 10) => !isbn(),
        ([0, 7, 1..=9], 11) | ([0, 1, 6 | 7], 11) => true,
        ([0, 1, 5..=7], 12) => !check::gs1(&digits),
        _ => false,
    };
    (known && ends(place.chars, to)).then_some(to)
}

/// A zero, an area code of two to five digits, and the rest in groups: `030/23125 000`, `044 668 18 00`,
/// `(01632) 960 123`. Nine to twelve digits in all, eight to thirteen with brackets.
fn zero_first(place: &Place<'_>) -> Option<usize> {
    let chars = place.chars;
    let open = usize::from(place.get(0) == Some('('));
    let area = digit_run(chars, place.at + open);
    let trunk = place.get(open) == Some('0') && place.get(open + 1).is_some_and(|c| matches!(c, '1'..='9'));
    let mut at = place.at + open + area;
    if !trunk || !(3..=6).contains(&area) || (open == 1 && chars.get(at) != Some(&')')) {
        return None;
    }
    at += open;
    let allowed = if open == 1 { 8..=13 } else { 9..=12 };
    let (mut count, mut groups, mut last, mut kinds) = (area, 1, None, Vec::new());
    loop {
        // Between groups: one separator, or `) `, ` / ` and ` - `.
        let gap: Vec<char> = chars
            .get(at..)?
            .iter()
            .copied()
            .take(3)
            .take_while(|c| matches!(c, ' ' | '-' | '/' | '.'))
            .collect();
        let next = at + gap.len();
        let run = digit_run(chars, next);
        let glued = gap.is_empty() && !(open == 1 && groups == 1);
        let spread = gap.len() == 2 || (gap.len() == 3 && !matches!(gap[..], [' ', '-' | '/', ' ']));
        if glued || spread || run < 2 || groups == 6 || count + run > *allowed.end() {
            break;
        }
        let year = run == 4 && matches!(digits(chars, next, next + 2)[..], [1, 9] | [2, 0]);
        if year && gap.iter().any(|c| *c != ' ') && groups > 1 {
            return None;
        }
        kinds.extend(gap.into_iter().filter(|c| *c != ' '));
        (at, count, groups) = (next + run, count + run, groups + 1);
        last = Some(at);
    }
    // Dots go through a whole number or are no part of it.
    let dots = kinds.iter().filter(|c| **c == '.').count();
    let even = dots == 0 || (dots == kinds.len() && groups > 2 && dots == groups - 1);
    last.filter(|to| even && allowed.contains(&count) && ends(chars, *to))
}
