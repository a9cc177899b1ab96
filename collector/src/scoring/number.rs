//! Numbers in models and in what people typed. Invariant: a [`Number`] is an integer of a thousandth;
//! reading one never uses floating point, except where a model file itself says `12.5`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A number in thousandths, between minus and plus 10^15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(i64);

const MOST: i64 = 1_000_000_000_000_000_000;

impl Number {
    /// A whole number.
    pub(super) fn whole(n: i64) -> Self {
        Self(n.saturating_mul(1000).clamp(-MOST, MOST))
    }

    /// Reads a plain decimal number, such as `60000` or `-1.5`; digits after the third are cut off.
    pub(super) fn parse_plain(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(rest) || whole.len() > 15 {
            return None;
        }
        let thousandths: i64 = format!("{rest:0<3}")[..3].parse().ok()?;
        let value = whole.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(thousandths)?;
        Some(Self(if negative { -value } else { value }))
    }

    /// Reads an amount as people type it into forms, and answers its lower bound.
    ///
    /// `500`, `201-500`, `500–1000`, `1,000+`, `1.000`, `1 000`, `over 500`, `51 to 200 employees`,
    /// `10k`, `€5M`, `10-50M`, `1.5 bn`. Separators count as thousands when exactly three digits follow.
    /// `<50`, `under 50`, `less than 50`, `fewer than 50` and `up to 50` are 0. Without a digit: `None`.
    pub(super) fn parse_amount(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let before = text[..start].trim_end_matches(|c: char| !c.is_alphanumeric() && c != '<');
        if ["<", "under", "less than", "fewer than", "up to"].iter().any(|word| before.ends_with(word)) {
            return Some(Self(0));
        }
        let (lower, rest) = Self::leading(&text[start..])?;
        if let Some(factor) = unit(rest) {
            return Some(lower.times(factor));
        }
        // A range with one unit at its end, `10-50M`: the unit is meant for both.
        let upper =
            rest.trim_start().strip_prefix(['-', '–', '—']).map(str::trim_start).and_then(Self::leading);
        if let Some((upper, rest)) = upper
            && lower <= upper
            && let Some(factor) = unit(rest)
        {
            return Some(lower.times(factor));
        }
        Some(lower)
    }

    /// The number that `text` starts with, and what follows it.
    fn leading(text: &str) -> Option<(Self, &str)> {
        let digits_at = |at: usize| text[at..].bytes().take_while(u8::is_ascii_digit).count();
        let mut end = digits_at(0);
        let mut whole = text[..end].to_owned();
        if end == 0 {
            return None;
        }
        while let Some(separator) = text[end..].chars().next().filter(|c| ",.'’ \u{a0}\u{202f}".contains(*c))
        {
            let next = end + separator.len_utf8();
            let group = digits_at(next);
            if group == 3 && whole.len() < 16 {
                whole.push_str(&text[next..next + 3]);
                end = next + 3;
            } else if (1..=2).contains(&group) && (separator == '.' || separator == ',') {
                let number = Self::parse_plain(&format!("{whole}.{}", &text[next..next + group]))?;
                return Some((number, &text[next + group..]));
            } else {
                break;
            }
        }
        let whole = if whole.len() > 15 { "999999999999999" } else { whole.as_str() };
        Some((Self::parse_plain(whole)?, &text[end..]))
    }

    fn times(self, factor: i64) -> Self {
        Self(self.0.saturating_mul(factor).min(MOST))
    }
}

/// The factor that the word at the start of `text` stands for, as in `5M` or `5 million`.
fn unit(text: &str) -> Option<i64> {
    let word: String = text.trim_start().chars().take_while(|c| c.is_alphabetic()).collect();
    match word.as_str() {
        "k" | "thousand" => Some(1_000),
        "m" | "mn" | "mio" | "million" => Some(1_000_000),
        "b" | "bn" | "mrd" | "billion" => Some(1_000_000_000),
        _ => None,
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::domain::Points::from_milli(self.0).fmt(f)
    }
}

impl Serialize for Number {
    /// Text, so that the canonical form holds no floating point.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number with at most three decimals")
            }
            fn visit_i64<E>(self, n: i64) -> Result<Number, E> {
                Ok(Number::whole(n))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Number, E> {
                Ok(Number::whole(i64::try_from(n).unwrap_or(i64::MAX)))
            }
            fn visit_f64<E: serde::de::Error>(self, n: f64) -> Result<Number, E> {
                let milli = n * 1000.0;
                if !milli.is_finite() || milli.abs() > 1e15 || (milli - milli.round()).abs() > 1e-3 {
                    return Err(E::custom("expected a number with at most three decimals"));
                }
                #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
                Ok(Number(milli.round() as i64))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_type_them() {
        for (text, lower) in [
            ("500", 500),
            ("201-500", 201),
            ("201 – 500 employees", 201),
            ("500–1000", 500),
            ("1,000+", 1000),
            ("1.000", 1000),
            ("1 000", 1000),
            ("1'234'567", 1_234_567),
            ("over 500", 500),
            (">500", 500),
            ("51 to 200", 51),
            ("500 Mitarbeiter", 500),
            ("10k", 10_000),
            ("€5M", 5_000_000),
            ("10-50M", 10_000_000),
            ("500-1k", 500),
            ("1,5 Mio", 1_500_000),
            ("1.5 bn", 1_500_000_000),
            ("<50", 0),
            ("under 50", 0),
            ("Up to 10", 0),
            ("1-10", 1),
            ("12 34", 12),
        ] {
            assert_eq!(Number::parse_amount(text), Some(Number::whole(lower)), "{text}");
        }
        for none in ["", "many", "–", "k"] {
            assert_eq!(Number::parse_amount(none), None, "{none}");
        }
        assert!(Number::parse_amount(&"9".repeat(400)).is_some());
        assert!(Number::parse_amount(&"9,999".repeat(100)).is_some());
    }

    #[test]
    fn plain_numbers_are_exact() {
        assert_eq!(Number::parse_plain("60000"), Some(Number::whole(60_000)));
        assert_eq!(Number::parse_plain("-1.5"), Some(Number(-1500)));
        assert_eq!(Number::parse_plain("0.12345"), Some(Number(123)));
        for bad in ["", "-", ".", "1.", ".5", "1e3", "NaN", "1,000", &"9".repeat(30)] {
            assert_eq!(Number::parse_plain(bad), None, "{bad}");
        }
    }
}
