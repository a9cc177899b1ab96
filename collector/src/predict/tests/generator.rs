//! Closed leads with a known signal. Invariant: whether a lead is won is drawn from the probability that a logistic
//! model with the weights below gives it, and from nothing else; a seed always makes the same leads.

use crate::domain::{Points, RuleId, Timestamp};
use crate::predict::features::{Factor, Feature, Level, YES, count_amount, days_amount};
use crate::predict::{Example, probability};
use crate::scoring::Answer;
use fastrand::Rng;

/// Behaviour rules: how often they are hit by the way, log-odds of each doubling, points of the rules' score.
const RULES: [(&str, f64, f64, i32); 8] = [
    ("demo_request", 0.15, 1.1, 35),
    ("pricing_minute", 0.30, 0.7, 20),
    ("case_study", 0.25, 0.4, 15),
    ("webinar", 0.15, 0.3, 20),
    ("blog_post", 0.60, 0.05, 3),
    ("product_page", 0.70, 0.15, 2),
    ("newsletter", 0.30, 0.0, 5),
    ("careers", 0.08, -1.2, -10),
];
/// Answers to two attributes, not known last: share and log-odds.
const SIZES: [(f64, f64); 5] = [(0.20, -0.6), (0.25, 0.2), (0.10, 0.7), (0.10, 0.9), (0.35, -0.1)];
const TITLES: [(f64, f64); 6] =
    [(0.05, -1.0), (0.10, 0.8), (0.15, 0.6), (0.20, 0.2), (0.20, 0.0), (0.30, -0.2)];
const CHANNELS: [(&str, f64, f64); 6] = [
    ("direct", 0.20, 0.0),
    ("organic_search", 0.35, 0.1),
    ("paid_search", 0.20, 0.2),
    ("paid_social", 0.12, -0.7),
    ("referral", 0.08, 0.6),
    ("email", 0.05, 0.1),
];
const COUNTRIES: [(&str, f64, f64); 5] =
    [("DE", 0.5, 0.1), ("AT", 0.15, 0.1), ("CH", 0.1, 0.3), ("US", 0.15, -0.3), ("IN", 0.1, -0.6)];

/// A closed lead and the log-odds that it was drawn from.
pub(super) struct Drawn {
    pub(super) example: Example,
    pub(super) true_milli: i64,
}

/// One of several by their shares.
fn one_of(rng: &mut Rng, shares: impl Iterator<Item = f64>) -> usize {
    let (mut at, mut place) = (rng.f64(), 0);
    for share in shares {
        if at < share {
            return place;
        }
        (at, place) = (at - share, place + 1);
    }
    place.saturating_sub(1)
}

fn rule(id: &str) -> Factor {
    Factor::Rule(RuleId::parse(id).expect("valid"))
}

fn attribute(id: &str, place: usize, unknown: usize) -> Feature {
    let answer = || Answer::Listed(u16::try_from(place).expect("few"));
    let level = if place == unknown { Level::Unknown } else { Level::Answer(answer()) };
    Feature { factor: Factor::Attribute(RuleId::parse(id).expect("valid")), level }
}

/// Closed leads over a year, as if `intercept` and `strength` times the weights above made them won.
pub(super) fn leads(seed: u64, count: usize, intercept: f64, strength: f64) -> Vec<Drawn> {
    let mut rng = Rng::with_seed(seed);
    let start = Timestamp::from_millis(1_763_769_600_000);
    (0..count).map(|_| lead(&mut rng, start, intercept, strength)).collect()
}

fn lead(rng: &mut Rng, start: Timestamp, intercept: f64, strength: f64) -> Drawn {
    let mut features = Vec::new();
    let (mut signal, mut points) = (0.0, 0);
    // Who is interested does more of everything.
    let interest = 0.4 + 1.2 * rng.f64();
    for (id, share, weight, worth) in RULES {
        let mut times = 0;
        while times < 12 && rng.f64() < share * interest * if times == 0 { 1.0 } else { 0.8 } {
            times += 1;
        }
        let amount = count_amount(times);
        signal += weight * f64::from(amount) / 1000.0;
        points += worth * i32::try_from(times.min(3)).expect("few");
        features.push((Feature::amount(rule(id)), amount));
    }
    let size = one_of(rng, SIZES.iter().map(|(share, _)| *share));
    let title = one_of(rng, TITLES.iter().map(|(share, _)| *share));
    signal += SIZES[size].1 + TITLES[title].1;
    features.push((attribute("company_size", size, 4), YES));
    features.push((attribute("job_title", title, 5), YES));
    for (factor, list) in [(Factor::Channel, &CHANNELS[..]), (Factor::Country, &COUNTRIES[..])] {
        let (name, _, weight) = list[one_of(rng, list.iter().map(|(_, share, _)| *share))];
        signal += weight;
        features.push((Feature { factor, level: Level::Named(name.to_owned()) }, YES));
    }
    let free = rng.f64() < 0.3;
    signal += if free { -0.5 } else { 0.2 };
    let mail = if free { "free" } else { "company" };
    features.push((Feature { factor: Factor::Mail, level: Level::Named(mail.to_owned()) }, YES));
    let known = rng.i64(0..120);
    let quiet = rng.i64(0..=known);
    let (known, quiet) = (days_amount(known), days_amount(quiet));
    signal += 0.05 * f64::from(known) / 1000.0 - 0.25 * f64::from(quiet) / 1000.0;
    features.push((Feature::amount(Factor::Known), known));
    features.push((Feature::amount(Factor::Quiet), quiet));
    features.retain(|(_, amount)| *amount != 0);
    features.sort_unstable();
    let true_milli = crate::predict::milli(intercept + strength * signal);
    let at = start.plus_millis(rng.i64(0..365 * Timestamp::DAY_MS));
    let won = rng.f64() < probability(true_milli);
    Drawn { example: Example { at, features, won, total: Points::whole(points) }, true_milli }
}

/// Leads of which exactly so many were won: of those drawn, the first that fit.
pub(super) fn exactly(seed: u64, won: usize, lost: usize) -> Vec<Example> {
    let (mut won, mut lost) = (won, lost);
    let drawn = leads(seed, 20 * (won + lost), -2.3, 1.0).into_iter().map(|drawn| drawn.example);
    let fits = |example: &Example| {
        let left = if example.won { &mut won } else { &mut lost };
        let fits = *left > 0;
        *left = left.saturating_sub(1);
        fits
    };
    drawn.filter(fits).collect()
}
