//! Learns from closed leads and predicts open ones. Invariant: what is measured is what predicts; no lead of the
//! later part has told the model anything; contributions sum to the log-odds in thousandths, exactly.

use super::features::{Factor, Feature, Level};
use super::fit::{Rows, Spread, fit};
use super::holdout::{Held, Holdout, measure};
use super::{CLOSED_MIN, TooLittle, WON_MIN, milli, probability, real};
use crate::domain::{Points, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The part of closed leads to learn from, in percent; the later rest is to measure on.
const EARLIER_PERCENT: usize = 75;
/// Leads that must have a feature, and lack it, before it counts: what fewer have says too little, and says it of
/// too few people.
const SUPPORT: usize = 10;

/// A closed lead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    /// When it closed.
    pub at: Timestamp,
    /// What is told of it, ascending, in thousandths.
    pub features: Vec<(Feature, i32)>,
    /// Whether it was won.
    pub won: bool,
    /// The rules' score at the moment that it is described at.
    pub total: Points,
}

#[derive(Debug, Clone)]
struct Column {
    feature: Feature,
    mean: f64,
    /// Log-odds of one unit.
    weight: f64,
    /// Leads of the earlier part that have it.
    leads: usize,
}

/// A model that was learnt and measured.
#[derive(Debug, Clone)]
pub struct Trained {
    columns: Vec<Column>,
    base: f64,
    /// Leads that it was learnt from.
    pub leads: usize,
    /// Won ones among them.
    pub won: usize,
    /// When the first of them closed, and the last.
    pub closed: (Timestamp, Timestamp),
    /// How good it is on later leads.
    pub holdout: Holdout,
}

/// What one factor adds for a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// The lead's own value of the factor.
    pub feature: Feature,
    /// For amounts, in thousandths.
    pub amount: Option<i32>,
    /// In thousandths of log-odds, against a lead that is average in it.
    pub milli: i64,
}

/// What is predicted of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// The log-odds of a lead that is average in everything, in thousandths.
    pub base_milli: i64,
    /// The largest first, those that add nothing left out; they and the base sum to the log-odds.
    pub contributions: Vec<Contribution>,
    /// In thousandths.
    pub log_odds_milli: i64,
}

impl Prediction {
    /// That it will be won, between 0 and 1.
    pub fn probability(&self) -> f64 {
        probability(self.log_odds_milli)
    }
}

/// What a value of a factor weighs for any lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    /// The factor and its value.
    pub feature: Feature,
    /// In thousandths of log-odds: for a value, against a lead that is average in the factor; for an amount, of each
    /// doubling.
    pub milli: i64,
    /// Leads it was learnt from that have it.
    pub leads: usize,
}

/// Learns from closed leads, in whatever order they come.
///
/// # Errors
/// When there is too little to learn from or to measure on.
pub fn train(mut examples: Vec<Example>) -> Result<Trained, TooLittle> {
    let (closed, won) = (examples.len(), count_won(&examples));
    if closed < CLOSED_MIN || won < WON_MIN {
        return Err(TooLittle::Leads { closed, won });
    }
    examples.sort_unstable();
    let (earlier, later) = examples.split_at(split(&examples));
    let parts = |of: &[Example]| (count_won(of), of.len() - count_won(of));
    let (of_earlier, of_later) = (parts(earlier), parts(later));
    if [of_earlier.0, of_earlier.1, of_later.0, of_later.1].contains(&0) {
        return Err(TooLittle::OneSided { closed, earlier: of_earlier, later: of_later });
    }
    let (columns, spreads) = columns(earlier);
    let places: BTreeMap<&Feature, usize> =
        columns.iter().enumerate().map(|(place, column)| (&column.feature, place)).collect();
    let mut rows = Rows::default();
    for example in earlier {
        let entries = example.features.iter();
        let entries = entries.filter_map(|(feature, amount)| Some((*places.get(feature)?, unit(*amount))));
        rows.add(entries, example.won);
    }
    let (base, weights) = fit(&rows, &spreads);
    let columns =
        columns.into_iter().zip(weights).map(|(column, weight)| Column { weight, ..column }).collect();
    let ends = |of: &[Example]| {
        let at = |example: Option<&Example>| example.map_or(Timestamp::from_millis(0), |example| example.at);
        (at(of.first()), at(of.last()))
    };
    let mut trained = Trained {
        columns,
        base,
        leads: earlier.len(),
        won: of_earlier.0,
        closed: ends(earlier),
        holdout: Holdout::default(),
    };
    let held: Vec<Held> = later
        .iter()
        .map(|example| Held {
            log_odds_milli: trained.log_odds(&example.features),
            rules_milli: example.total.milli(),
            won: example.won,
        })
        .collect();
    let share = real(trained.won) / real(trained.leads);
    trained.holdout = Holdout { closed: ends(later), ..measure(held, share) };
    Ok(trained)
}

fn count_won(examples: &[Example]) -> usize {
    examples.iter().filter(|example| example.won).count()
}

/// An amount in units.
fn unit(amount: i32) -> f64 {
    f64::from(amount) / 1000.0
}

/// Where the later part begins: no moment is in both parts.
fn split(sorted: &[Example]) -> usize {
    let wanted = sorted.len() * EARLIER_PERCENT / 100;
    let Some(at) = sorted.get(wanted).map(|example| example.at) else { return sorted.len() };
    let before = sorted.partition_point(|example| example.at < at);
    let after = sorted.partition_point(|example| example.at <= at);
    if after - wanted < wanted - before { after } else { before }
}

/// The features that enough leads have and lack, ascending, with their means and deviations.
fn columns(examples: &[Example]) -> (Vec<Column>, Vec<Spread>) {
    // In integers, so that no order of leads makes another sum.
    let mut sums: BTreeMap<&Feature, (usize, i64, i64)> = BTreeMap::new();
    for (feature, amount) in examples.iter().flat_map(|example| &example.features) {
        let (leads, sum, squares) = sums.entry(feature).or_default();
        *leads += 1;
        *sum += i64::from(*amount);
        *squares += i64::from(*amount) * i64::from(*amount);
    }
    let count = real(examples.len());
    let column = |(feature, (leads, sum, squares)): (&Feature, (usize, i64, i64))| {
        #[expect(clippy::cast_precision_loss, reason = "sums of bounded amounts, far below 2^52")]
        let (mean, square) = (sum as f64 / 1e3 / count, squares as f64 / 1e6 / count);
        let deviation = (square - mean * mean).max(0.0).sqrt();
        let lacking = examples.len() - leads;
        // Everybody has been known for some time: an amount need not be lacking, if it is not always the same.
        let told = lacking >= SUPPORT || (feature.level == Level::Amount && deviation > 0.01);
        (leads >= SUPPORT && told).then(|| {
            (Column { feature: feature.clone(), mean, weight: 0.0, leads }, Spread { mean, deviation })
        })
    };
    sums.into_iter().filter_map(column).unzip()
}

impl Trained {
    /// Predicts a lead of these features, ascending.
    pub fn predict(&self, features: &[(Feature, i32)]) -> Prediction {
        let base_milli = milli(self.base);
        let mut contributions: Vec<Contribution> =
            self.by_factor().map(|columns| contribution(columns, features)).collect();
        contributions.retain(|contribution| contribution.milli != 0);
        contributions
            .sort_by(|a, b| (Reverse(a.milli.abs()), &a.feature).cmp(&(Reverse(b.milli.abs()), &b.feature)));
        let log_odds_milli = base_milli + contributions.iter().map(|of| of.milli).sum::<i64>();
        Prediction { base_milli, contributions, log_odds_milli }
    }

    /// The log-odds of a lead of these features, in thousandths: what [`Trained::predict`] answers, and no more.
    pub fn log_odds(&self, features: &[(Feature, i32)]) -> i64 {
        let of_factors = self.by_factor().map(|columns| milli(added(columns, features)));
        milli(self.base) + of_factors.sum::<i64>()
    }

    /// What each value weighs: by factor, and in it the largest first.
    pub fn weights(&self) -> Vec<Weight> {
        let mut weights: Vec<Weight> = Vec::new();
        for columns in self.by_factor() {
            // What a lead adds that is average in the factor.
            let average: f64 = columns
                .iter()
                .filter(|column| column.feature.level != Level::Amount)
                .map(|column| column.weight * column.mean)
                .sum();
            let weight = |column: &Column| Weight {
                feature: column.feature.clone(),
                milli: milli(column.weight - average),
                leads: column.leads,
            };
            weights.extend(columns.iter().map(weight));
        }
        weights
            .sort_by(|a, b| (Reverse(a.milli.abs()), &a.feature).cmp(&(Reverse(b.milli.abs()), &b.feature)));
        weights
    }

    fn by_factor(&self) -> impl Iterator<Item = &[Column]> {
        self.columns.chunk_by(|a, b| a.feature.factor == b.feature.factor)
    }
}

fn amount_of(features: &[(Feature, i32)], feature: &Feature) -> i32 {
    let place = features.binary_search_by(|(known, _)| known.cmp(feature));
    place.ok().and_then(|place| features.get(place)).map_or(0, |(_, amount)| *amount)
}

/// What the columns of one factor add for a lead.
fn added(columns: &[Column], features: &[(Feature, i32)]) -> f64 {
    columns.iter().map(|of| of.weight * (unit(amount_of(features, &of.feature)) - of.mean)).sum()
}

fn contribution(columns: &[Column], features: &[(Feature, i32)]) -> Contribution {
    // A factor's columns are never empty.
    let factor = columns.first().map_or(Factor::Channel, |column| column.feature.factor.clone());
    let own =
        features.iter().find(|(feature, _)| feature.factor == factor).map(|(feature, _)| feature.clone());
    let amounts = columns.iter().any(|column| column.feature.level == Level::Amount);
    let absent = if amounts { Level::Amount } else { Level::Unknown };
    let feature = own.unwrap_or(Feature { factor, level: absent });
    let amount = amounts.then(|| amount_of(features, &feature));
    Contribution { feature, amount, milli: milli(added(columns, features)) }
}
