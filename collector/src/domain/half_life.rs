//! Halving with age. Invariant: computed in integers, so that it is the same on any machine; it never grows with
//! age.

/// What a half-life leaves of something that has no age: one, in fixed point with 32 binary places.
pub const FULL: u64 = 1 << 32;

/// `2^(-age / period)` in fixed point with 32 binary places, rounded down. Both are in the same unit; a period of 0
/// counts as 1.
///
/// The whole part of the exponent is a shift. Its fraction, cut to 16 binary places, is multiplied in bit
/// by bit: the weights of the bits are `2^(-1/2)`, `2^(-1/4)`, …, each the integer square root of the one
/// before. The error is below 2^-15 of the value.
pub fn half_life(age: u64, period: u64) -> u64 {
    let period = period.max(1);
    let (halvings, rest) = (age / period, age % period);
    let fraction = (u128::from(rest) << 16) / u128::from(period);
    let (mut weight, mut root) = (FULL, FULL / 2);
    for bit in (0..16).rev() {
        root = (root << 32).isqrt();
        if fraction & (1 << bit) != 0 {
            weight = (weight * root) >> 32;
        }
    }
    if halvings < 64 { weight >> halvings } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_lives_never_grow_and_stay_close_to_the_real_thing() {
        for days in [1, 2, 3, 7, 30, 90, 365, 3650] {
            let mut before = u64::MAX;
            for age in 0..days * 34 {
                let weight = half_life(age, days);
                assert!(weight <= before, "{age} of {days}");
                before = weight;
                #[expect(clippy::cast_precision_loss, reason = "a test of closeness")]
                let (got, real) = (weight as f64 / FULL as f64, 2_f64.powf(-(age as f64) / days as f64));
                assert!((got - real).abs() < 2e-5, "{age} of {days}: {got} {real}");
            }
            assert_eq!(half_life(days * 33, days), 0);
        }
    }
}
