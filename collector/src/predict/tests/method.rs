//! Invariant: on leads with a known signal the held-out AUC comes within 0.02 of the best that there is; on noise it
//! says so; too little is refused; no order of leads makes another model; contributions sum.

use super::generator::{Drawn, exactly, leads};
use crate::domain::{Points, Timestamp};
use crate::predict::holdout::auc;
use crate::predict::{Example, TooLittle, Trained, Verdict, train};
use fastrand::Rng;

/// Log-odds at which some 15 % of the generated leads are won.
const INTERCEPT: f64 = -2.3;

fn examples(drawn: &[Drawn]) -> Vec<Example> {
    drawn.iter().map(|drawn| drawn.example.clone()).collect()
}

fn trained(drawn: &[Drawn]) -> Trained {
    train(examples(drawn)).expect("there is enough")
}

/// The AUC of the true log-odds on the leads that were held out: no method can be better but by luck.
fn best(drawn: &[Drawn], trained: &Trained) -> f64 {
    let held = drawn.iter().filter(|drawn| drawn.example.at >= trained.holdout.closed.0);
    auc(held.map(|drawn| (drawn.true_milli, drawn.example.won)))
}

#[test]
fn on_a_known_signal_it_is_nearly_as_good_as_can_be() {
    let seeds = 1..=12_u64;
    let mut gaps: Vec<f64> = seeds
        .map(|seed| {
            let drawn = leads(seed, 8_000, INTERCEPT, 1.0);
            let trained = trained(&drawn);
            let (held, best) = (&trained.holdout, best(&drawn, &trained));
            let gap = best - held.measured.auc;
            eprintln!(
                "seed {seed:>2}: {} held out, {} won; AUC {:.4}, best {best:.4}, gap {gap:+.4}; rules {:.4}; log loss {:.4} \
                 (baseline {:.4})",
                held.leads, held.won, held.measured.auc, held.rules_auc, held.measured.log_loss, held.baseline.log_loss
            );
            assert!(gap <= 0.02, "seed {seed}: {gap}");
            assert_eq!(held.verdict, Verdict::Better, "seed {seed}");
            assert!(held.measured.log_loss < held.baseline.log_loss && held.measured.brier < held.baseline.brier);
            gap
        })
        .collect();
    gaps.sort_by(f64::total_cmp);
    eprintln!(
        "gap to the best: min {:+.4}, median {:+.4}, max {:+.4}",
        gaps[0],
        gaps[gaps.len() / 2],
        gaps[11]
    );
}

#[test]
fn on_noise_it_says_so() {
    for seed in (1..=10_u64).map(|seed| seed * 1_000_003) {
        let drawn = leads(seed, 2_000, -1.8, 0.0);
        let held = trained(&drawn).holdout;
        eprintln!("seed {seed}: AUC {:.4} on {} held out, {} won", held.measured.auc, held.leads, held.won);
        assert!((held.measured.auc - 0.5).abs() < 0.1, "seed {seed}: {}", held.measured.auc);
        assert_eq!(held.verdict, Verdict::NoBetterThanChance, "seed {seed}");
        assert_eq!(held.baseline.auc, 0.5);
    }
}

/// A rules' score that knows the truth is not outdone, and that is said.
#[test]
fn where_the_rules_are_as_good_it_says_so() {
    let drawn = leads(3, 4_000, INTERCEPT, 1.0);
    let knowing = drawn
        .iter()
        .map(|drawn| Example { total: Points::from_milli(drawn.true_milli), ..drawn.example.clone() });
    let held = train(knowing.collect()).expect("there is enough").holdout;
    assert_eq!(held.verdict, Verdict::NoBetterThanRules);
    assert!(held.rules_auc >= held.measured.auc);
}

#[test]
fn too_little_is_refused_and_said() {
    let refused = train(exactly(1, 200, 799)).expect_err("999 leads");
    assert_eq!(refused, TooLittle::Leads { closed: 999, won: 200 });
    let refused = train(exactly(1, 119, 1_881)).expect_err("119 won");
    assert_eq!(
        refused.to_string(),
        "Too little data: 2000 closed leads, of which 119 won; it takes at least 1000 closed leads, of which at least \
         120 won. Nothing is predicted until then."
    );
    assert!(train(exactly(1, 120, 880)).is_ok(), "1,000 leads and 120 won are enough");
    assert!(train(Vec::new()).is_err());
}

/// What was won all lies in the later part, or all closed on one day: nothing to learn from, or to measure on.
#[test]
fn one_side_alone_is_refused_and_said() {
    let mut late = exactly(2, 200, 1_000);
    for example in &mut late {
        example.at =
            Timestamp::from_millis(if example.won { 2_000_000 } else { example.at.millis() % 1_000_000 });
    }
    let refused = train(late).expect_err("none was won in the earlier part");
    assert_eq!(refused, TooLittle::OneSided { closed: 1_200, earlier: (0, 900), later: (200, 100) });
    assert!(refused.to_string().contains("0 won and 900 lost"), "{refused}");
    let mut at_once = exactly(2, 200, 1_000);
    at_once.iter_mut().for_each(|example| example.at = Timestamp::from_millis(5));
    assert!(matches!(train(at_once), Err(TooLittle::OneSided { .. })));
}

#[test]
fn no_order_makes_another_model() {
    let mut examples = exactly(5, 250, 1_250);
    // Many at the same moment, as a file of outcomes has them: time alone puts them into no order.
    let week = 7 * Timestamp::DAY_MS;
    for of in &mut examples {
        of.at = Timestamp::from_millis(of.at.millis().div_euclid(week) * week);
    }
    let one = train(examples.clone()).expect("there is enough");
    for seed in 0..3 {
        Rng::with_seed(seed).shuffle(&mut examples);
        let other = train(examples.clone()).expect("there is enough");
        assert_eq!(format!("{one:?}"), format!("{other:?}"), "to the last bit");
    }
}

/// Leads that closed at the same moment are never on both sides, and the later part is a fifth to three tenths.
#[test]
fn the_parts_are_split_by_time() {
    let mut examples = exactly(6, 250, 1_250);
    let day = Timestamp::DAY_MS;
    examples
        .iter_mut()
        .for_each(|of| of.at = Timestamp::from_millis(of.at.millis().div_euclid(7 * day) * 7 * day));
    let trained = train(examples.clone()).expect("there is enough");
    assert!(trained.closed.1 < trained.holdout.closed.0);
    assert_eq!(trained.leads + trained.holdout.leads, examples.len());
    assert!((300..=450).contains(&trained.holdout.leads), "{}", trained.holdout.leads);
    let later = examples.iter().filter(|of| of.at >= trained.holdout.closed.0).count();
    assert_eq!(later, trained.holdout.leads);
}

/// The later part tells the model nothing: its outcomes turned round, the weights are the same.
#[test]
fn nothing_is_learnt_from_what_is_held_out() {
    let examples = exactly(7, 300, 1_500);
    let one = train(examples.clone()).expect("there is enough");
    let turned =
        examples.into_iter().map(|of| Example { won: of.won != (of.at >= one.holdout.closed.0), ..of });
    let other = train(turned.collect()).expect("there is enough");
    assert_eq!(one.weights(), other.weights());
    assert!((one.holdout.measured.auc + other.holdout.measured.auc - 1.0).abs() < 1e-9);
}

#[test]
fn contributions_sum_to_the_log_odds() {
    let drawn = leads(8, 2_000, INTERCEPT, 1.0);
    let trained = trained(&drawn);
    for drawn in &drawn {
        let prediction = trained.predict(&drawn.example.features);
        let sum: i64 = prediction.contributions.iter().map(|of| of.milli).sum();
        assert_eq!(prediction.base_milli + sum, prediction.log_odds_milli);
        assert_eq!(prediction.log_odds_milli, trained.log_odds(&drawn.example.features));
        assert!((0.0..=1.0).contains(&prediction.probability()));
        assert!(prediction.contributions.iter().all(|of| of.milli != 0));
    }
    // Means are those of the earlier part: over it, what each factor adds comes to nothing.
    let earlier: Vec<_> = drawn.iter().filter(|of| of.example.at <= trained.closed.1).collect();
    let sum: i64 = earlier
        .iter()
        .flat_map(|of| trained.predict(&of.example.features).contributions)
        .map(|contribution| contribution.milli)
        .sum();
    let count = i64::try_from(earlier.len()).expect("few");
    assert!((sum / count).abs() <= 10, "{} thousandths of a lead", sum / count);
}

/// The weights that made the leads are found again, about.
#[test]
fn the_weights_are_those_of_the_generator() {
    let trained = trained(&leads(9, 12_000, INTERCEPT, 1.0));
    let weights = trained.weights();
    let weight = |id: &str| weights.iter().find(|of| of.feature.factor.id() == id).expect("is there").milli;
    for (id, is) in [("rule:demo_request", 1_100), ("rule:pricing_minute", 700), ("rule:careers", -1_200)] {
        assert!((weight(id) - is).abs() < 300, "{id}: {}", weight(id));
    }
    assert!(weight("quiet_for") < -100 && weight("rule:newsletter").abs() < 200);
}

/// `cargo test -p mqlite --lib predict::tests -- --ignored --nocapture how_long`
#[test]
#[ignore = "prints how long learning takes"]
fn how_long_it_takes() {
    for count in [1_000, 10_000, 100_000] {
        let examples = examples(&leads(10, count, INTERCEPT, 1.0));
        let start = std::time::Instant::now();
        let trained = train(examples).expect("there is enough");
        eprintln!("{count} closed leads: {:.2?}; AUC {:.4}", start.elapsed(), trained.holdout.measured.auc);
    }
}
