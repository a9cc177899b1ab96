//! Check digits. Invariant: each function is the published rule and nothing else; digits are 0 to 9.

/// Luhn, ISO/IEC 7812-1: cards, Swedish personal numbers.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(*digit);
            if at % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The sum of products modulo `modulus`.
pub(super) fn weighted(digits: &[u8], weights: &[u32], modulus: u32) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum::<u32>() % modulus
}

/// GS1: EAN, GTIN and UPC, of any length.
pub(super) fn gs1(digits: &[u8]) -> bool {
    let weight = |at: usize| if at.is_multiple_of(2) { 1 } else { 3 };
    let sum: u32 = digits.iter().rev().enumerate().map(|(at, digit)| u32::from(*digit) * weight(at)).sum();
    sum.is_multiple_of(10)
}

/// The digits as one number modulo 97.
pub(super) fn modulo_97(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |rest, digit| (rest * 10 + u32::from(*digit)) % 97)
}

/// IBAN, ISO 13616: the first four characters to the end, letters as 10 to 35, modulo 97 is 1.
pub(super) fn iban(text: &[char]) -> bool {
    let (head, tail) = text.split_at(text.len().min(4));
    let rest = tail.iter().chain(head).try_fold(0_u32, |rest, c| {
        let value = c.to_digit(36)?;
        Some((rest * if value > 9 { 100 } else { 10 } + value) % 97)
    });
    rest == Some(1)
}

/// ISO/IEC 7064 mod 11,10: the German tax id.
pub(super) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((check, digits)) = digits.split_last() else { return false };
    let product = digits.iter().fold(10_u32, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == u32::from(*check)
}

/// Verhoeff's scheme over the dihedral group of ten: Aadhaar.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    const PERMUTED: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    // In the group, 0-4 are turns and 5-9 are turns of the mirrored pentagon.
    let times = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a - 5 + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let sum = digits.iter().rev().enumerate().try_fold(0_u8, |sum, (at, digit)| {
        Some(times(sum, *PERMUTED.get(at % 8)?.get(usize::from(*digit))?))
    });
    sum == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<u8> {
        text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect()
    }

    /// The makers' and authorities' own examples pass; with any one digit changed they do not.
    #[test]
    fn examples_pass_and_any_wrong_digit_fails() {
        type Holds = fn(&[u8]) -> bool;
        let numbers: [(&str, Holds); 6] = [
            ("4111111111111111", luhn),
            ("4006381333931", gs1),
            ("012345678905", gs1),
            ("86095742719", mod_11_10),
            ("999941057058", verhoeff),
            ("2363", verhoeff),
        ];
        for (number, holds) in numbers {
            let digits = of(number);
            assert!(holds(&digits), "{number}");
            for at in 0..digits.len() {
                let mut wrong = digits.clone();
                wrong[at] = (wrong[at] + 1) % 10;
                assert!(!holds(&wrong), "{number} wrong at {at}");
            }
        }
        let account: Vec<char> = "GB29NWBK60161331926819".chars().collect();
        assert!(iban(&account) && !iban(&account[..20]));
        assert_eq!(97 - modulo_97(&of("2550814168025")), 38);
    }
}
