//! Simulation: what another model would have made of the same events. Invariant: nothing that is live changes:
//! the draft scores into a shadow that is thrown away, and what is counted here is counted from facts of each
//! lead under both models, by one definition for every threshold.

mod changes;
mod count;
mod curve;
mod desk;
mod facts;
mod lift;
mod report;
mod run;
mod staircase;
mod watcher;

#[cfg(test)]
mod tests;

pub use changes::{ByChannel, ByWeek, Changes};
pub use count::{Confusion, Interval, Period, wilson};
pub use curve::{Curve, Point};
pub use desk::{Busy, Claim, Desk, KEPT_MAX, KEPT_MS, State, Track, Work};
pub use facts::{Facts, Mql, Outcome, RuleHit};
pub use lift::{Kind, Lift, Reading, Scored};
pub use report::{Became, Moved, NAMED_MAX, Named, Outcomes, Report};
pub use run::{Asked, DAYS_MAX, SHADOW, Simulated, check, clear, run};
pub use staircase::{Staircase, Step, Walk};
