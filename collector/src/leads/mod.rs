//! Leads and where they stand between marketing and sales. Invariant: a stage changes only by a
//! [`Transition`], and the machine makes only those that [`lifecycle::next`] allows.

pub mod lifecycle;
pub mod outcome;
mod reading;
mod record;

pub use reading::rules_in;
pub use record::{Dimension, Lead, Origin, Qualified, Reason, Transition, Visit};
