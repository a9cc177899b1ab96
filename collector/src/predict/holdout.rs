//! How good a model is on leads that closed later. Invariant: what is measured is the number that is shown, in
//! thousandths of log-odds; equal numbers are never told apart, and beside each measure stands what somebody reaches
//! who knows nothing but the share of earlier leads that was won.

use super::{milli, probability, real};
use crate::domain::Timestamp;

/// Bins of a calibration at most.
const BINS_MAX: usize = 10;
/// Leads of a bin at least, as long as there is more than one bin.
const BIN_LEADS: usize = 20;
/// By how many standard errors the AUC must be above a half, so that it is chance in one of forty cases only.
const ERRORS: f64 = 1.96;

/// Three measures.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Measure {
    /// How often a won lead is put before a lost one, of all pairs of them; a tie counts half. 0.5 is chance.
    pub auc: f64,
    /// Mean of the negative logarithm of the probability given to what came; the smaller, the better.
    pub log_loss: f64,
    /// Mean square of what the probability was off; the smaller, the better.
    pub brier: f64,
}

/// Leads of which about the same was predicted.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Bin {
    /// Leads.
    pub leads: usize,
    /// The mean of their probabilities.
    pub predicted: f64,
    /// The share of them that was won.
    pub won: f64,
}

/// What the measure says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It ranks better than the rules do.
    Better,
    /// The rules' score ranks as well.
    NoBetterThanRules,
    /// It does not rank.
    #[default]
    NoBetterThanChance,
}

/// How good a model is on leads that it has never seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Holdout {
    /// When the first of them closed, and the last.
    pub closed: (Timestamp, Timestamp),
    /// Leads.
    pub leads: usize,
    /// Won ones among them.
    pub won: usize,
    /// The model's measures.
    pub measured: Measure,
    /// Those of saying of everybody the share of earlier leads that was won.
    pub baseline: Measure,
    /// How well the rules' score ranks the same leads at the same moments.
    pub rules_auc: f64,
    /// What that says.
    pub verdict: Verdict,
    /// By rising prediction; together they are all leads.
    pub bins: Vec<Bin>,
}

/// A lead that was held out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) log_odds_milli: i64,
    pub(super) rules_milli: i64,
    pub(super) won: bool,
}

/// Measures; `share` is what of the earlier leads was won. There are won and lost ones among those held out.
pub(super) fn measure(mut held: Vec<Held>, share: f64) -> Holdout {
    held.sort_by_key(|of| (of.log_odds_milli, of.won));
    let won = held.iter().filter(|of| of.won).count();
    let predicted: Vec<(f64, bool)> =
        held.iter().map(|of| (probability(of.log_odds_milli), of.won)).collect();
    let auc = auc(held.iter().map(|of| (of.log_odds_milli, of.won)));
    let rules_auc = self::auc(held.iter().map(|of| (of.rules_milli, of.won)));
    let known: Vec<(f64, bool)> = held.iter().map(|of| (share, of.won)).collect();
    let verdict = if auc <= 0.5 + ERRORS * error_of_chance(won, held.len() - won) {
        Verdict::NoBetterThanChance
    } else if rules_auc >= auc {
        Verdict::NoBetterThanRules
    } else {
        Verdict::Better
    };
    Holdout {
        closed: Default::default(),
        leads: held.len(),
        won,
        measured: Measure { auc, log_loss: log_loss(&predicted), brier: brier(&predicted) },
        baseline: Measure { auc: 0.5, log_loss: log_loss(&known), brier: brier(&known) },
        rules_auc,
        verdict,
        bins: bins(&predicted),
    }
}

/// The area under the ROC curve by ranks (Mann and Whitney), with the mean rank for ties.
pub(super) fn auc(scores: impl Iterator<Item = (i64, bool)>) -> f64 {
    let mut scores: Vec<(i64, bool)> = scores.collect();
    scores.sort_unstable();
    // Twice the pairs that are in order, a tie counting one.
    let (mut doubled, mut lost_before, mut won_all) = (0_usize, 0_usize, 0_usize);
    for tied in scores.chunk_by(|a, b| a.0 == b.0) {
        let won = tied.iter().filter(|(_, won)| *won).count();
        let lost = tied.len() - won;
        doubled += won * (2 * lost_before + lost);
        lost_before += lost;
        won_all += won;
    }
    if won_all == 0 || lost_before == 0 {
        0.5
    } else {
        real(doubled) / 2.0 / real(won_all) / real(lost_before)
    }
}

/// The standard error of an AUC that is chance.
fn error_of_chance(won: usize, lost: usize) -> f64 {
    (real(won + lost + 1) / 12.0 / real(won.max(1)) / real(lost.max(1))).sqrt()
}

fn log_loss(of: &[(f64, bool)]) -> f64 {
    let sum: f64 = of.iter().map(|(p, won)| -(if *won { *p } else { 1.0 - *p }).max(1e-12).ln()).sum();
    sum / real(of.len())
}

fn brier(of: &[(f64, bool)]) -> f64 {
    let sum: f64 = of.iter().map(|(p, won)| (p - if *won { 1.0 } else { 0.0 }).powi(2)).sum();
    sum / real(of.len())
}

/// Bins of about the same number of leads; `sorted` is by rising prediction.
fn bins(sorted: &[(f64, bool)]) -> Vec<Bin> {
    let count = (sorted.len() / BIN_LEADS).clamp(1, BINS_MAX);
    let (mut bins, mut start) = (Vec::new(), 0);
    for index in 1..=count {
        let mut end = (sorted.len() * index / count).max(start);
        // Leads of which the same was predicted stay together.
        while end > start && end < sorted.len() && sorted[end].0.total_cmp(&sorted[end - 1].0).is_eq() {
            end += 1;
        }
        let of = &sorted[start..end];
        if !of.is_empty() {
            let predicted = of.iter().map(|(p, _)| p).sum::<f64>() / real(of.len());
            let won = real(of.iter().filter(|(_, won)| *won).count()) / real(of.len());
            bins.push(Bin { leads: of.len(), predicted, won });
        }
        start = end;
    }
    bins
}

/// A number with four digits after the point, as it is shown.
pub fn shown(value: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a measure is small")]
    let rounded = milli(value * 10.0) as f64 / 10_000.0;
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(log_odds_milli: i64, rules_milli: i64, won: bool) -> Held {
        Held { log_odds_milli, rules_milli, won }
    }

    #[test]
    fn auc_counts_pairs_and_half_of_ties() {
        let of = |scores: &[(i64, bool)]| auc(scores.iter().copied());
        assert_eq!(of(&[(1, false), (2, false), (3, true)]), 1.0);
        assert_eq!(of(&[(1, true), (2, false), (3, false)]), 0.0);
        assert_eq!(of(&[(5, true), (5, false), (5, false)]), 0.5, "all tied");
        // Pairs: (2 over 1), (2 ties 2), (3 over 1), (3 over 2).
        assert_eq!(of(&[(1, false), (2, false), (2, true), (3, true)]), 3.5 / 4.0);
        assert_eq!(of(&[(1, true)]), 0.5, "no pair");
    }

    #[test]
    fn measures_are_what_they_say() {
        // Log-odds of zero are a half for everybody.
        let one = measure(vec![held(0, 9, true), held(0, 1, false)], 0.5);
        assert_eq!((one.measured, one.rules_auc), (one.baseline, 1.0));
        assert!((one.measured.log_loss - 2_f64.ln()).abs() < 1e-12);
        assert_eq!(one.measured.brier, 0.25);
        assert_eq!(one.verdict, Verdict::NoBetterThanChance);
        let ranked: Vec<Held> = (0..100).map(|n| held(n * 10, 100 - n, n >= 50)).collect();
        assert_eq!(measure(ranked.clone(), 0.5).verdict, Verdict::Better);
        let as_good = ranked.iter().map(|of| held(of.log_odds_milli, of.log_odds_milli, of.won)).collect();
        assert_eq!(measure(as_good, 0.5).verdict, Verdict::NoBetterThanRules);
    }

    #[test]
    fn bins_hold_everybody_and_keep_ties_together() {
        for (leads, bins) in [(1, 1), (39, 1), (40, 2), (199, 9), (200, 10), (5_000, 10)] {
            let all = measure((0..leads).map(|n| held(n, 0, n % 3 == 0)).collect(), 0.3);
            assert_eq!(all.bins.len(), bins, "{leads}");
            assert_eq!(all.bins.iter().map(|bin| bin.leads).sum::<usize>(), all.leads);
            assert!(all.bins.windows(2).all(|pair| pair[0].predicted < pair[1].predicted));
            let won: f64 = all.bins.iter().map(|bin| bin.won * real(bin.leads)).sum();
            assert!((won - real(all.won)).abs() < 1e-6);
        }
        let tied = measure((0..400).map(|n| held(i64::from(n >= 300), 0, n % 2 == 0)).collect(), 0.5);
        assert_eq!(tied.bins.iter().map(|bin| bin.leads).collect::<Vec<_>>(), [300, 100]);
    }
}
