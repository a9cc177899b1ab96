//! Events to hits, hits to a score that explains itself. Invariant: everything here is a pure function of
//! its arguments; the same hits, profile, model and moment give the same answer on any machine, in any
//! order of arrival. Time is an argument; there is no clock, no randomness, no SQL and no HTTP.
//!
//! The path of a score:
//!
//! 1. A model file is read by `schema` (its shape), `check` (its sense) and `canon` (its hash) into a
//!    [`Model`].
//! 2. [`Model::hits`] (`matching`) filters an event by trust and consent rung and answers which rules it
//!    hits. The caller keeps these hits for each lead and lets [`Model::prune`] bound them.
//! 3. [`Model::evaluate`] chooses the hits that count (`counting`: window, repetition), lets them fade
//!    (`decay`), adds what the [`Profile`] gives (`profile`) and what people say (`overrides`), applies rule caps,
//!    group caps and clamps (`evaluate`), asks disqualifiers and ICP requirements, and decides (`predicate`).

mod answers;
mod asking;
mod canon;
mod check;
mod counting;
mod coverage;
mod decay;
mod error;
mod evaluate;
mod falling;
mod grade;
mod matching;
mod model;
mod number;
mod overrides;
mod pattern;
mod predicate;
mod profile;
mod ready;
mod schema;
mod sla;
mod words;

#[cfg(test)]
mod tests;

pub use crate::domain::{Hit, ModelHash, RuleId, Score};
pub use answers::{Answer, Question, value_in};
pub use asking::{ASKED_AT_MOST, Answers, Ask};
pub use coverage::{Counting, Known};
pub use error::{ModelError, Problem};
pub use evaluate::{Coverage, Evaluation, Line, LineKind};
pub use grade::Grade;
pub use model::{Axis, Model, Size};
pub use pattern::Glob;
pub use predicate::{GateKind, GateOutcome, GateResult};
pub use profile::Profile;
pub use ready::Ready;
pub use sla::Limit;

/// The model that a new site starts with.
pub const DEFAULT_MODEL: &str = include_str!("../../models/default-b2b.toml");

/// The most hits of one rule that count at a time, the latest first. It bounds what a lead's hits take in
/// storage; no rule of sense comes near it.
pub const MAX_COUNTED: usize = 500;
