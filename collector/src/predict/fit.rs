//! Fits the weights. Invariant: the same rows in the same order give the same weights to the last bit; the number
//! of iterations is bounded, and no number is random.
//!
//! What is minimised is the mean log loss and a quadratic penalty on the weights, but not on the intercept. Features
//! are centred and divided by a scale first: their standard deviation, and never less than a half, so that what few
//! leads have is not believed more easily than what many have. The minimum is found by L-BFGS (smartcore).

use super::real;
use smartcore::optimization::first_order::FirstOrderOptimizer;
use smartcore::optimization::first_order::lbfgs::LBFGS;
use smartcore::optimization::line_search::Backtracking;

/// How much the penalty weighs: half of it times the squares of the weights, beside the log loss of all leads. With the
/// least scale that is a normal prior of deviation 1: before any lead was seen, a yes or no is thought to change the
/// log-odds by less than 1 in two of three cases.
const PENALTY: f64 = 4.0;
/// Iterations at most; some thirty are the rule.
const ITERATIONS: usize = 100;
/// The slope at which it is done, in log loss of one lead.
const DONE: f64 = 1e-7;
/// The least scale: that of a yes or no that half of all have.
const SCALE_LEAST: f64 = 0.5;

/// Leads as rows of numbers, most of which are zero.
#[derive(Default)]
pub(super) struct Rows {
    /// Column and number of all that are not zero, row after row.
    entries: Vec<(usize, f64)>,
    /// Where each row ends.
    ends: Vec<usize>,
    won: Vec<f64>,
}

impl Rows {
    /// Adds a row.
    pub(super) fn add(&mut self, entries: impl Iterator<Item = (usize, f64)>, won: bool) {
        self.entries.extend(entries);
        self.ends.push(self.entries.len());
        self.won.push(if won { 1.0 } else { 0.0 });
    }

    /// Hands the entries of each row and whether it was won to `each`.
    fn for_each(&self, mut each: impl FnMut(&[(usize, f64)], f64)) {
        let mut start = 0;
        for (end, won) in self.ends.iter().zip(&self.won) {
            each(&self.entries[start..*end], *won);
            start = *end;
        }
    }
}

/// A column's mean and standard deviation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

impl Spread {
    fn scale(self) -> f64 {
        self.deviation.max(SCALE_LEAST)
    }
}

/// The log-odds of a lead that is average in everything, and what a unit of each column adds.
pub(super) fn fit(rows: &Rows, columns: &[Spread]) -> (f64, Vec<f64>) {
    let count = columns.len();
    let leads = real(rows.won.len());
    // The optimiser's numbers are the weights of centred and scaled columns, and the intercept last.
    let raw = |at: &[f64]| -> (Vec<f64>, f64) {
        let weights: Vec<f64> =
            at.iter().zip(columns).map(|(weight, column)| weight / column.scale()).collect();
        let shift: f64 = weights.iter().zip(columns).map(|(weight, column)| weight * column.mean).sum();
        (weights, at[count] - shift)
    };
    let margin = |weights: &[f64], start: f64, entries: &[(usize, f64)]| {
        entries.iter().fold(start, |sum, (column, value)| sum + weights[*column] * value)
    };
    let loss = |at: &Vec<f64>| -> f64 {
        let (weights, start) = raw(at);
        let mut sum: f64 = at[..count].iter().map(|weight| weight * weight).sum::<f64>() * PENALTY / 2.0;
        rows.for_each(|entries, won| {
            let margin = margin(&weights, start, entries);
            sum += softplus(margin) - won * margin;
        });
        sum / leads
    };
    let slope = |slope: &mut Vec<f64>, at: &Vec<f64>| {
        let (weights, start) = raw(at);
        slope.iter_mut().for_each(|part| *part = 0.0);
        let mut of_intercept = 0.0;
        rows.for_each(|entries, won| {
            let over = sigmoid(margin(&weights, start, entries)) - won;
            of_intercept += over;
            for (column, value) in entries {
                slope[*column] += over * value;
            }
        });
        for (index, column) in columns.iter().enumerate() {
            let centred = (slope[index] - column.mean * of_intercept) / column.scale();
            slope[index] = (centred + PENALTY * at[index]) / leads;
        }
        slope[count] = of_intercept / leads;
    };
    let share = rows.won.iter().sum::<f64>() / leads;
    let mut begin = vec![0.0; count + 1];
    begin[count] = (share / (1.0 - share)).ln();
    let optimiser = LBFGS { max_iter: ITERATIONS, g_atol: DONE, ..LBFGS::default() };
    let found = optimiser.optimize(&loss, &slope, &begin, &Backtracking::default());
    let (weights, _) = raw(&found.x);
    (found.x[count], weights)
}

/// ln(1 + e^x), without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use smartcore::linalg::basic::matrix::DenseMatrix;
    use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

    fn sample() -> (Vec<Vec<f64>>, Vec<bool>) {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut row = || {
            let x: Vec<f64> =
                vec![rng.f64() * 3.0, f64::from(u8::from(rng.f64() < 0.4)), f64::from(rng.u8(0..4))];
            let log_odds = -1.0 + 0.8 * x[0] - 1.1 * x[1] + 0.3 * x[2];
            (x, rng.f64() < sigmoid(log_odds))
        };
        (0..400).map(|_| row()).unzip()
    }

    fn spreads(sample: &[Vec<f64>]) -> Vec<Spread> {
        let n = real(sample.len());
        let spread = |column: usize| {
            let mean = sample.iter().map(|row| row[column]).sum::<f64>() / n;
            let variance = sample.iter().map(|row| (row[column] - mean).powi(2)).sum::<f64>() / n;
            Spread { mean, deviation: variance.sqrt() }
        };
        (0..sample[0].len()).map(spread).collect()
    }

    fn fitted(sample: &[Vec<f64>], won: &[bool], columns: &[Spread]) -> (f64, Vec<f64>) {
        let mut rows = Rows::default();
        for (row, won) in sample.iter().zip(won) {
            let entries = row.iter().copied().enumerate().filter(|(_, value)| *value != 0.0);
            rows.add(entries, *won);
        }
        fit(&rows, columns)
    }

    /// The crate's own logistic regression, on columns that are centred and scaled beforehand, finds the same.
    #[test]
    fn the_same_as_the_crates_own_regression() {
        let (sample, won) = sample();
        let columns = spreads(&sample);
        let (base, weights) = fitted(&sample, &won, &columns);
        let scaled: Vec<Vec<f64>> = sample
            .iter()
            .map(|row| row.iter().zip(&columns).map(|(x, of)| (x - of.mean) / of.scale()).collect())
            .collect();
        let scaled = DenseMatrix::from_2d_vec(&scaled).expect("a matrix");
        let won: Vec<i32> = won.iter().map(|won| i32::from(*won)).collect();
        let parameters = LogisticRegressionParameters::default().with_alpha(PENALTY);
        let theirs = LogisticRegression::fit(&scaled, &won, parameters).expect("fits");
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-4, "{a} and {b}");
        close(base, *theirs.intercept().iter().next().expect("one"));
        for (index, weight) in theirs.coefficients().iter().enumerate() {
            close(weights[index], weight / columns[index].scale());
        }
    }

    /// Numbers that tell won from lost without a fault have no largest weight; the penalty keeps it small.
    #[test]
    fn what_parts_them_wholly_stays_bounded() {
        let sample: Vec<Vec<f64>> = (0..200).map(|n| vec![f64::from(u8::from(n % 4 == 0))]).collect();
        let won: Vec<bool> = (0..200).map(|n| n % 4 == 0).collect();
        let (base, weights) = fitted(&sample, &won, &spreads(&sample));
        assert!(base.is_finite() && (3.0..20.0).contains(&weights[0]), "{base} {weights:?}");
    }

    #[test]
    fn without_columns_it_is_the_share_that_was_won() {
        let (_, won) = sample();
        let (base, weights) = fitted(&vec![Vec::new(); won.len()], &won, &[]);
        let share = real(won.iter().filter(|won| **won).count()) / real(won.len());
        assert!(weights.is_empty() && (sigmoid(base) - share).abs() < 1e-9);
    }
}
