//! Kill -9 under load. Promise: every event that was answered with 202 is stored, exactly once, and the
//! scorer's totals are those of a run that nobody disturbed.

use crate::load::{self, Disturb};
use crate::plan::Plan;
use crate::scored::{Scored, kept, setup};
use crate::{Finding, How};
use std::time::Duration;

/// How much is sent, and how often it is killed.
struct Measure {
    events: usize,
    connections: usize,
    kills: usize,
}

/// Kills it again and again on the same data folder.
pub(crate) fn run(how: &How) -> Result<Vec<Finding>, String> {
    let measure = if how.long {
        Measure { events: 120_000, connections: 32, kills: 200 }
    } else {
        Measure { events: 5_000, connections: 32, kills: 5 }
    };
    let plan = Plan::new(how.seed, measure.events, measure.connections);
    let expected = undisturbed(&plan);

    let mut rng = fastrand::Rng::with_seed(how.seed);
    let moments = moments(&mut rng, measure.events, measure.kills);
    let mut killed = setup().start();
    let mut again = 0;
    let told = load::send(&mut killed, &plan, &moments, &mut |app| {
        app.kill9();
        // Now and then once more, while it starts.
        if rng.usize(0..8) == 0 {
            app.stumble(starting(&mut rng));
            again += 1;
        }
        app.restart();
    });
    let found = Scored::of(&killed);
    let kept = kept(&killed, &told);
    let difference = found.difference(&expected);
    let whole = told.acknowledged.len() == plan.events && kept.stored == plan.events + 1;
    let same = difference.is_none();
    let said = difference.unwrap_or_else(|| {
        format!(
            "{again} times once more while it started; {} events in {} requests, {} of them unanswered; scores, stages, changes of stage and reports of {} leads \
             are those of the undisturbed run",
            plan.events,
            told.requests,
            told.unanswered,
            plan.scores.len(),
        )
    });
    Ok(vec![Finding {
        what: "kill -9 at a random moment under load, the same data folder through all".to_owned(),
        tried: (measure.kills + again) as u64,
        lost: kept.lost,
        doubled: kept.doubled,
        said,
        held: whole && same && (kept.lost, kept.doubled) == (0, 0) && told.unanswered >= measure.kills / 2,
    }])
}

/// A moment of a start: it takes a few hundredths of a second until it is ready.
pub(crate) fn starting(rng: &mut fastrand::Rng) -> Duration {
    Duration::from_millis(rng.u64(0..80))
}

/// What the plan comes to when nobody disturbs it.
pub(crate) fn undisturbed(plan: &Plan) -> Scored {
    let mut app = setup().start();
    let told = load::send(&mut app, plan, &[], &mut |_| {});
    assert_eq!((told.acknowledged.len(), told.unanswered), (plan.events, 0));
    let scored = Scored::of(&app);
    scored.assert_as_planned(plan);
    scored
}

/// So many moments among so many acknowledgements, in their order: anywhere, some of them close together.
pub(crate) fn moments(rng: &mut fastrand::Rng, events: usize, count: usize) -> Vec<Disturb> {
    let mut after: Vec<usize> = (0..count).map(|_| rng.usize(1..events * 19 / 20)).collect();
    after.sort_unstable();
    let moment = |acknowledged| Disturb { acknowledged, then: Duration::from_micros(rng.u64(0..20_000)) };
    after.into_iter().map(moment).collect()
}
