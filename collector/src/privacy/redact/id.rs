//! Numbers that a state or a bank gave a person. Invariant: digits without a shape of their own count only
//! with a check digit and a second tell, for a number of an order must stay.
//!
//! Decided: the Polish and the German number count as bare digits, for their check digit comes with a date of
//! birth or with a rule about repeated digits (about one random number in 140 or 260 passes). The French one
//! has a month, a place and a check of two digits. The Dutch and the Brazilian number as bare digits need a
//! word before them, and so does any number that has neither shape nor check digit.

use super::letters::{digits, shape};
use super::tell::Tell;
use super::{Place, check, ends};

/// Length of an IBAN by country, from the registry of SWIFT.
const IBANS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 \
    ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 \
    LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 \
    SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20";

type Holds = fn(&[char], &[u8]) -> bool;

/// Shapes, and what has to hold of the letters and of the digits of each.
const SHAPES: &[(&str, Holds)] = &[
    ("###-##-####", |_, digits| is_ssn(digits)),
    ("########_@", |letters, digits| is_dni(0, letters, digits)),
    ("###.###.###-##", |_, _| true),
    ("######-####", |_, digits| is_personnummer(digits)),
    ("######+####", |_, digits| is_personnummer(digits)),
    ("########-####", |_, digits| digits.get(2..).is_some_and(is_personnummer)),
    ("#### #### ####", |_, digits| is_aadhaar(digits)),
    ("####-####-####", |_, digits| is_aadhaar(digits)),
    ("756.####.####.##", |_, digits| check::gs1(digits)),
    ("756##########", |_, digits| check::gs1(digits)),
    ("##.##.##-###.##", |_, digits| is_belgian(digits)),
    ("###########", |_, digits| is_pesel(digits) || is_steuer_id(digits)),
    ("## ### ### ###", |_, digits| is_steuer_id(digits)),
    ("# ## ## ## ### ### ##", |_, digits| is_nir(digits)),
    ("# ## ## #@ ### ### ##", is_corsican_nir),
    ("###############", |_, digits| is_nir(digits)),
    ("#####_#@########", is_corsican_nir),
];

/// The same for what begins with a letter.
const LETTERED: &[(&str, Holds)] = &[
    ("@_#######_@", is_nie),
    ("@@######@", |letters, _| is_nino(letters)),
    ("@@ ## ## ## @", |letters, _| is_nino(letters)),
    ("@@@@@@##@##@###@", |letters, _| is_codice_fiscale(letters)),
];

/// Where the number ends that begins here with a digit.
pub(super) fn end(place: &Place<'_>, tell: Option<Tell>) -> Option<usize> {
    // A number of a lot or a part is written after others and a dash, a personal one is not.
    let part =
        matches!(place.before(1), Some('-' | '.')) && place.before(2).is_some_and(|c| c.is_ascii_digit());
    shaped(place, SHAPES).filter(|_| !part).or_else(|| told(place, tell))
}

/// Where the number ends that begins here with a letter.
pub(super) fn end_lettered(place: &Place<'_>) -> Option<usize> {
    shaped(place, LETTERED).or_else(|| iban(place))
}

fn shaped(place: &Place<'_>, shapes: &[(&str, Holds)]) -> Option<usize> {
    shapes.iter().find_map(|(text, holds)| {
        let to = shape(place.chars, place.at, text).filter(|to| ends(place.chars, *to))?;
        let letters: Vec<char> = place
            .chars
            .get(place.at..to)?
            .iter()
            .filter(|c| c.is_ascii_alphabetic())
            .map(char::to_ascii_uppercase)
            .collect();
        // The Italian check is over letters and digits alike.
        let whole: Vec<char> = place.chars.get(place.at..to)?.iter().map(char::to_ascii_uppercase).collect();
        let letters = if letters.len() > 5 { whole } else { letters };
        holds(&letters, &digits(place.chars, place.at, to)).then_some(to)
    })
}

/// Eight to fifteen digits behind a word that says what they are.
fn told(place: &Place<'_>, tell: Option<Tell>) -> Option<usize> {
    if tell != Some(Tell::Id) {
        return None;
    }
    let run = place.chars.get(place.at..)?.iter().take(24);
    let length = run.take_while(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '/')).count();
    let last = place.chars.get(place.at..place.at + length)?.iter().rposition(char::is_ascii_digit)?;
    let to = place.at + last + 1;
    let count = digits(place.chars, place.at, to).len();
    ((8..=15).contains(&count) && ends(place.chars, to)).then_some(to)
}

fn iban(place: &Place<'_>) -> Option<usize> {
    if !place.get(2)?.is_ascii_digit() || !place.get(3)?.is_ascii_digit() {
        return None;
    }
    let upper = |ahead: usize| place.get(ahead).map(|c| c.to_ascii_uppercase());
    let country: String = [upper(0)?, upper(1)?].iter().collect();
    let known = IBANS.split(' ').find_map(|known| known.strip_prefix(country.as_str()))?;
    let length: usize = known.parse().ok()?;
    let (mut to, mut text) = (place.at, Vec::with_capacity(length));
    while text.len() < length {
        match place.chars.get(to)? {
            ' ' | '-' if text.len() % 4 == 0 && !text.is_empty() => {}
            c if c.is_ascii_alphanumeric() => text.push(c.to_ascii_uppercase()),
            _ => return None,
        }
        to += 1;
    }
    (ends(place.chars, to) && check::iban(&text)).then_some(to)
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(*digit))
}

fn part(digits: &[u8], from: usize, to: usize) -> u64 {
    number(digits.get(from..to).unwrap_or_default())
}

/// United States: no area 000 or 666, no group 00, no serial 0000; from 900 on the number of a taxpayer.
fn is_ssn(digits: &[u8]) -> bool {
    let (area, group, serial) = (part(digits, 0, 3), part(digits, 3, 5), part(digits, 5, 9));
    let taxpayer = area < 900 || matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99);
    area != 0 && area != 666 && group != 0 && serial != 0 && taxpayer
}

/// Spain: the number modulo 23 names the letter.
fn is_dni(lead: u64, letters: &[char], digits: &[u8]) -> bool {
    let full = lead * 10_000_000 + number(digits);
    let wanted = usize::try_from(full % 23).ok().and_then(|rest| "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(rest));
    wanted.is_some() && letters.last().copied() == wanted
}

fn is_nie(letters: &[char], digits: &[u8]) -> bool {
    let lead = match letters.first() {
        Some('X') => 0,
        Some('Y') => 1,
        Some('Z') => 2,
        _ => return false,
    };
    is_dni(lead, letters, digits)
}

/// United Kingdom. `QQ` is in no real number and in every example.
fn is_nino(letters: &[char]) -> bool {
    let [first, second, last] = letters else { return false };
    let example = (*first, *second) == ('Q', 'Q');
    let given = !"DFIQUV".contains(*first) && !"DFIOQUV".contains(*second);
    let never = ["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"].contains(&format!("{first}{second}").as_str());
    (example || (given && !never)) && ('A'..='D').contains(last)
}

/// Italy: the check letter over odd and even places.
fn is_codice_fiscale(text: &[char]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let value = |c: char| c.to_digit(10).or_else(|| c.to_digit(36).map(|value| value - 10));
    let Some((check, text)) = text.split_last() else { return false };
    let sum = text.iter().enumerate().try_fold(0, |sum, (at, c)| {
        let value = value(*c)?;
        let odd = usize::try_from(value).ok().and_then(|value| ODD.get(value).copied())?;
        Some(sum + if at.is_multiple_of(2) { odd } else { value })
    });
    sum.is_some() && sum.map(|sum| sum % 26) == value(*check)
}

fn is_day(month: u64, day: u64) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// Sweden, ten digits; 60 is added to the day of those who have no number yet.
fn is_personnummer(digits: &[u8]) -> bool {
    let day = part(digits, 4, 6);
    is_day(part(digits, 2, 4), if day > 60 { day - 60 } else { day }) && check::luhn(digits)
}

fn is_aadhaar(digits: &[u8]) -> bool {
    digits.first().is_some_and(|first| *first >= 2) && check::verhoeff(digits)
}

/// Belgium: 97 less the rest by 97; from the year 2000 a 2 goes before the number.
fn is_belgian(digits: &[u8]) -> bool {
    let (body, check) = (part(digits, 0, 9), part(digits, 9, 11));
    check == 97 - body % 97 || check == 97 - (2_000_000_000 + body) % 97
}

/// Poland: a day of birth (20 is added to the month from the year 2000) and a check digit.
fn is_pesel(digits: &[u8]) -> bool {
    let (month, day) = (part(digits, 2, 4), part(digits, 4, 6));
    let born = is_day(if month > 20 { month - 20 } else { month }, day);
    born && check::weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1], 10) == 0
}

/// Germany: of the first ten digits one stands there twice or three times, the others at most once.
fn is_steuer_id(digits: &[u8]) -> bool {
    let count = |wanted: u8| digits.iter().take(10).filter(|digit| **digit == wanted).count();
    let counts: Vec<usize> = (0..10).map(count).filter(|count| *count > 1).collect();
    digits.first() != Some(&0) && matches!(counts[..], [2 | 3]) && check::mod_11_10(digits)
}

/// France: sex, year, month (from 20 on: not known), department, place, order, and 97 less the rest by 97.
fn is_nir(digits: &[u8]) -> bool {
    let Some((body, check)) = digits.split_at_checked(13) else { return false };
    let month = part(digits, 3, 5);
    let sexed =
        matches!(digits.first(), Some(1 | 2)) && ((1..=12).contains(&month) || (20..=42).contains(&month));
    sexed && u64::from(97 - check::modulo_97(body)) == number(check)
}

/// Corsica's departments 2A and 2B count as 19 and 18.
fn is_corsican_nir(letters: &[char], digits: &[u8]) -> bool {
    let department = match letters {
        ['A'] => 9,
        ['B'] => 8,
        _ => return false,
    };
    let mut full = digits.to_vec();
    if full.len() != 14 || full.get(5) != Some(&2) {
        return false;
    }
    full.splice(5..6, [1, department]);
    is_nir(&full)
}
