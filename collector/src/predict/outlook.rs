//! What is answered: how good the model is, what it says of a lead, and the leads it would call first. Invariant:
//! beside a number stand its measure on held-out leads and the model of scores whose words it uses; what is shown of
//! a lead sums as it is shown.

use super::{
    CLOSED_MIN, Described, Example, Holdout, METHOD, Measure, Moment, Prediction, TooLittle, Trained,
    Verdict, WON_MIN, feature_words, holdout::shown, train, verdict_words,
};
use crate::domain::{LeadKey, ModelHash, Points, Stage, Timestamp};
use crate::scoring::Model;
use serde::Serialize;

/// An open lead in the ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranked {
    /// Whose.
    pub lead: LeadKey,
    /// In thousandths.
    pub log_odds_milli: i64,
}

/// What was learnt of a site's leads at a moment.
#[derive(Debug)]
pub struct Outlook {
    /// When.
    pub at: Timestamp,
    /// Closed leads that could be used.
    pub closed: usize,
    /// Won ones among them.
    pub won: usize,
    /// The model, or why there is none.
    pub trained: Result<Trained, TooLittle>,
    /// Open leads, the likeliest first; none without a model.
    pub open: Vec<Ranked>,
}

impl Outlook {
    /// Learns from closed leads and ranks open ones.
    pub fn new(at: Timestamp, examples: Vec<Example>, open: Vec<(LeadKey, Described)>) -> Self {
        let (closed, won) = (examples.len(), examples.iter().filter(|example| example.won).count());
        let trained = train(examples);
        let mut ranked: Vec<Ranked> = match &trained {
            Ok(trained) => open
                .into_iter()
                .map(|(lead, described)| Ranked {
                    lead,
                    log_odds_milli: trained.log_odds(&described.features),
                })
                .collect(),
            Err(_) => Vec::new(),
        };
        ranked.sort_by_key(|of| (std::cmp::Reverse(of.log_odds_milli), of.lead));
        Self { at, closed, won, trained, open: ranked }
    }

    /// The place of these log-odds among open leads, from 1; equal ones share the first place of theirs.
    pub fn rank(&self, log_odds_milli: i64) -> usize {
        self.open.partition_point(|of| of.log_odds_milli > log_odds_milli) + 1
    }

    /// How good the model is, and what weighs, for a site.
    pub fn report(&self, site: &str, model: &Model) -> Report {
        let trained = self.trained.as_ref().ok();
        Report {
            site: site.to_owned(),
            model: Named::of(model),
            state: self.state(),
            sentence: self.sentence(),
            method: METHOD,
            trained_at: self.trained_at(),
            leads: Leads {
                closed: self.closed,
                won: self.won,
                closed_needed: CLOSED_MIN,
                won_needed: WON_MIN,
                open_ranked: self.open.len(),
            },
            learnt_from: trained.map(|of| Part::new(of.closed, of.leads, of.won)),
            holdout: trained.map(|of| HoldoutShown::of(&of.holdout)),
            calibration: trained.map(|of| calibration(&of.holdout)).unwrap_or_default(),
            factors: trained.map(|of| factors(model, of)).unwrap_or_default(),
        }
    }

    /// What is said of one lead that is open.
    pub fn of_lead(&self, model: &Model, described: &Described) -> Option<OfLead> {
        let trained = self.trained.as_ref().ok()?;
        let prediction = trained.predict(&described.features);
        Some(OfLead {
            probability: shown(prediction.probability()),
            log_odds_milli: prediction.log_odds_milli,
            base_milli: prediction.base_milli,
            contributions: contributions(model, &prediction),
            rank: self.rank(prediction.log_odds_milli),
            of: self.open.len(),
            described_at: described.at,
            described_as: described.moment,
        })
    }

    /// Whether there is a model, in a word.
    pub const fn state(&self) -> State {
        if self.trained.is_ok() { State::Trained } else { State::TooLittleData }
    }

    /// How good it is, or why there is none, in a sentence.
    pub fn sentence(&self) -> String {
        match &self.trained {
            Ok(trained) => verdict_words(trained.holdout.verdict).to_owned(),
            Err(little) => little.to_string(),
        }
    }

    /// When it learnt, if it did.
    pub fn trained_at(&self) -> Option<Timestamp> {
        self.trained.as_ref().ok().map(|_| self.at)
    }
}

/// Whether there is a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is.
    Trained,
    /// There is not.
    TooLittleData,
}

/// The model of scores whose rules and attributes the features are.
#[derive(Debug, Serialize)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its hash.
    pub hash: ModelHash,
}

impl Named {
    /// Of a model.
    pub fn of(model: &Model) -> Self {
        Self { name: model.name().to_owned(), hash: *model.hash() }
    }
}

/// How many leads there are, and how many it takes.
#[derive(Debug, Serialize)]
pub struct Leads {
    /// Closed ones that can be used.
    pub closed: usize,
    /// Won ones among them.
    pub won: usize,
    /// Closed ones that it takes.
    pub closed_needed: usize,
    /// Won ones that it takes.
    pub won_needed: usize,
    /// Open ones that are ranked.
    pub open_ranked: usize,
}

/// A part of the closed leads.
#[derive(Debug, Serialize)]
pub struct Part {
    /// When the first closed.
    pub from: Timestamp,
    /// When the last closed.
    pub to: Timestamp,
    /// How many there are.
    pub leads: usize,
    /// Won ones among them.
    pub won: usize,
}

impl Part {
    const fn new((from, to): (Timestamp, Timestamp), leads: usize, won: usize) -> Self {
        Self { from, to, leads, won }
    }
}

/// Measures on leads that were held out, beside those of knowing nothing and of the rules.
#[derive(Debug, Serialize)]
pub struct HoldoutShown {
    /// Which leads.
    #[serde(flatten)]
    pub part: Part,
    /// The model's measures.
    pub measured: Measure,
    /// Those of saying of everybody the share of earlier leads that was won.
    pub baseline: Measure,
    /// How well the rules' score ranks the same leads.
    pub rules_auc: f64,
    /// What that says.
    pub verdict: Verdict,
}

impl HoldoutShown {
    fn of(holdout: &Holdout) -> Self {
        let measure = |of: Measure| Measure {
            auc: shown(of.auc),
            log_loss: shown(of.log_loss),
            brier: shown(of.brier),
        };
        Self {
            part: Part::new(holdout.closed, holdout.leads, holdout.won),
            measured: measure(holdout.measured),
            baseline: measure(holdout.baseline),
            rules_auc: shown(holdout.rules_auc),
            verdict: holdout.verdict,
        }
    }
}

fn calibration(holdout: &Holdout) -> Vec<super::Bin> {
    let bins = holdout.bins.iter();
    bins.map(|bin| super::Bin { leads: bin.leads, predicted: shown(bin.predicted), won: shown(bin.won) })
        .collect()
}

/// What weighs for any lead.
#[derive(Debug, Serialize)]
pub struct FactorShown {
    /// Its name, such as `rule:demo_request`.
    pub factor: String,
    /// For people.
    pub label: String,
    /// In thousandths of log-odds.
    pub weight_milli: i64,
    /// Leads it was learnt from that have it.
    pub leads: usize,
}

fn factors(model: &Model, trained: &Trained) -> Vec<FactorShown> {
    let factor = |of: super::Weight| FactorShown {
        factor: of.feature.factor.id(),
        label: feature_words(model, &of.feature, None),
        weight_milli: of.milli,
        leads: of.leads,
    };
    trained.weights().into_iter().map(factor).collect()
}

/// How good a model is, and what weighs.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names are those of the API, which docs/PREDICTION.md describes")]
pub struct Report {
    pub site: String,
    pub model: Named,
    pub state: State,
    pub sentence: String,
    pub method: &'static str,
    pub trained_at: Option<Timestamp>,
    pub leads: Leads,
    pub learnt_from: Option<Part>,
    pub holdout: Option<HoldoutShown>,
    pub calibration: Vec<super::Bin>,
    pub factors: Vec<FactorShown>,
}

/// What one factor adds for a lead.
#[derive(Debug, Clone, Serialize)]
pub struct ContributionShown {
    /// Its name, such as `rule:demo_request`.
    pub factor: String,
    /// For people, with the lead's own value.
    pub label: String,
    /// In thousandths of log-odds, against a lead that is average in it.
    pub milli: i64,
}

fn contributions(model: &Model, prediction: &Prediction) -> Vec<ContributionShown> {
    let contribution = |of: &super::Contribution| ContributionShown {
        factor: of.feature.factor.id(),
        label: feature_words(model, &of.feature, of.amount),
        milli: of.milli,
    };
    prediction.contributions.iter().map(contribution).collect()
}

/// What is said of an open lead.
#[derive(Debug, Serialize)]
pub struct OfLead {
    /// That it will be won.
    pub probability: f64,
    /// The same in thousandths of log-odds: the sum of the base and the contributions.
    pub log_odds_milli: i64,
    /// Of a lead that is average in everything.
    pub base_milli: i64,
    /// The largest first.
    pub contributions: Vec<ContributionShown>,
    /// Its place among open leads, from 1.
    pub rank: usize,
    /// How many open leads are ranked.
    pub of: usize,
    /// The moment that it is described at.
    pub described_at: Timestamp,
    /// Which moment that is.
    pub described_as: Moment,
}

/// An open lead in a list.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Where it stands.
    pub stage: Stage,
    /// The rules' score, which this changes nothing of.
    pub score: Points,
    /// What is predicted.
    #[serde(flatten)]
    pub predicted: OfLead,
}
