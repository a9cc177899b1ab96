//! Words that tell what the digits after them are. Invariant: a tell is a word of its own (`hotel=` is no
//! `tel=`), and only what follows it directly is told by it.

use super::{Kind, Place};

/// What the digits are said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tell {
    Phone,
    Id,
}

const PHONE: &[&str] = &[
    "cell",
    "cellphone",
    "fax",
    "handy",
    "handynummer",
    "mobilnummer",
    "msisdn",
    "phone",
    "phonenumber",
    "phoneno",
    "rufnummer",
    "tel",
    "telefon",
    "telefone",
    "telefono",
    "telefonnummer",
    "telefoon",
    "telephone",
    "telnr",
    "téléphone",
    "teléfono",
    "wa.me",
    "whatsapp",
];

const ID: &[&str] = &[
    "aadhaar",
    "aadhar",
    "ahv",
    "avs",
    "bsn",
    "codicefiscale",
    "cpf",
    "curp",
    "dni",
    "insee",
    "nationalid",
    "nie",
    "nif",
    "nino",
    "nir",
    "personnummer",
    "pesel",
    "rijksregisternummer",
    "socialsecurity",
    "ssn",
    "steuerid",
    "taxid",
];

/// Names of properties whose value is a secret, whatever it looks like. `token` and `session` are none: a shop
/// sells the one, a conference has the other.
const SECRETS: &[&str] = &[
    "accesstoken",
    "apikey",
    "authtoken",
    "bearertoken",
    "csrftoken",
    "idtoken",
    "jsessionid",
    "kennwort",
    "motdepasse",
    "onetimepassword",
    "otpcode",
    "passwd",
    "password",
    "passwort",
    "phpsessid",
    "pwd",
    "refreshtoken",
    "resettoken",
    "secret",
    "sessionid",
    "sessiontoken",
];

/// Names of properties that hold the address of a machine.
const MACHINES: &[&str] = &["clientip", "ip", "ipaddr", "ipaddress", "ipv4", "ipv6", "remoteaddr", "userip"];

/// As what a property of this name is replaced whole.
pub(super) fn whole(name: &str) -> Option<Kind> {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if SECRETS.contains(&plain.as_str()) {
        Some(Kind::Token)
    } else if MACHINES.contains(&plain.as_str()) {
        Some(Kind::Id)
    } else {
        None
    }
}

/// Longest of the words above, and what may stand between its parts and after it.
const REACH: usize = 28;

/// What a property's name says of its value.
pub(super) fn of_name(name: &str) -> Option<Tell> {
    let name: Vec<char> = name.chars().collect();
    ending(&name)
}

/// What stands before this place.
pub(super) fn before(place: &Place<'_>) -> Option<Tell> {
    let from = place.floor.max(place.at.saturating_sub(REACH));
    let before = place.chars.get(from..place.at)?;
    let pause = before
        .iter()
        .rev()
        .take_while(|c| matches!(c, ' ' | ':' | '=' | '.' | '/' | '#' | '"' | '-'))
        .count();
    if pause == 0 || pause > 4 {
        return None;
    }
    ending(before.get(..before.len() - pause)?)
}

/// Whether the text ends in one of the words; `_`, `-` and blanks inside of them do not count.
fn ending(text: &[char]) -> Option<Tell> {
    let ends_in = |word: &&str| {
        let mut back = text.iter().enumerate().rev().filter(|(_, c)| !matches!(c, '_' | '-' | ' '));
        let mut first = text.len();
        for wanted in word.chars().rev() {
            match back.next() {
                Some((at, c)) if c.to_lowercase().eq([wanted]) => first = at,
                _ => return false,
            }
        }
        // No part of a longer word: `hotel` is no `tel`, `userTel` is one.
        let glued = first.checked_sub(1).and_then(|at| text.get(at)).is_some_and(|c| c.is_alphanumeric());
        !glued || text.get(first).is_some_and(|c| c.is_uppercase())
    };
    if PHONE.iter().any(&ends_in) {
        Some(Tell::Phone)
    } else if ID.iter().any(ends_in) {
        Some(Tell::Id)
    } else {
        None
    }
}
