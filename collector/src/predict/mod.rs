//! What closed leads say of open ones, beside the rules and never instead. Invariant: everything here is a pure
//! function of its arguments: no SQL, no HTTP, no clock, no chance; the same leads give the same model and the same
//! numbers in any order. Nothing here is stored, and no score, stage or count depends on it.
//!
//! The path of a prediction:
//!
//! 1. [`describe`] says a lead as it was before sales took it up, or as it is now, as [`Feature`]s (`features`).
//! 2. [`train`] splits closed leads by the time at which they closed, fits a regularised logistic regression to the
//!    earlier ones (`fit`) and measures it on the later ones (`holdout`); too little data is said (`error`).
//! 3. [`Trained::predict`] answers a probability with contributions in thousandths of log-odds that sum exactly.
//!
//! The method, what it uses and its limits are in docs/PREDICTION.md.

mod describe;
mod error;
mod features;
mod fit;
mod holdout;
mod outlook;
mod train;
mod words;

#[cfg(test)]
mod tests;

pub use describe::{Described, Moment, describe};
pub use error::TooLittle;
pub use features::{Factor, Feature, Level};
pub use holdout::{Bin, Holdout, Measure, Verdict, shown};
pub use outlook::{
    ContributionShown, FactorShown, HoldoutShown, Listed, Named, OfLead, Outlook, Part, Ranked, Report, State,
};
pub use train::{Contribution, Example, Prediction, Trained, Weight, train};
pub use words::{METHOD, factor_words, feature_words, verdict_words};

/// Closed leads that it takes, as the trade asks for: below it chance speaks louder than the leads do.
pub const CLOSED_MIN: usize = 1_000;
/// Won leads among them that it takes.
pub const WON_MIN: usize = 120;
/// Closed leads that are looked at, the newest.
pub const CLOSED_MAX: usize = 100_000;
/// Open leads that are ranked, the newest.
pub const OPEN_MAX: usize = 100_000;

/// The probability, from thousandths of log-odds.
pub fn probability(milli: i64) -> f64 {
    // Beyond 700 a double knows no difference; no lead comes near it.
    #[expect(clippy::cast_precision_loss, reason = "within plus and minus 700,000, where doubles are exact")]
    let log_odds = milli.clamp(-700_000, 700_000) as f64 / 1000.0;
    1.0 / (1.0 + (-log_odds).exp())
}

/// A count as a number to divide by.
#[expect(clippy::cast_precision_loss, reason = "counts of leads are far below 2^52")]
fn real(count: usize) -> f64 {
    count as f64
}

/// In thousandths, rounded to the nearest.
#[expect(clippy::cast_possible_truncation, reason = "clamped to what an i64 holds")]
fn milli(value: f64) -> i64 {
    (value * 1000.0).round().clamp(-1e12, 1e12) as i64
}
