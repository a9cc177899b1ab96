//! What runs beside the requests. Invariant: every job can be killed at any moment and finds, when it
//! starts again, all it needs in storage.

pub mod anomalies;
pub mod asking;
mod background;
mod by_people;
pub mod coverage;
mod fold;
mod housekeeping;
pub mod models;
pub mod outcomes;
pub mod overdue;
pub mod overrides;
pub mod past;
pub mod predictions;
pub mod publish;
pub mod replay;
pub mod retention;
pub mod score;
pub mod simulate;
pub mod stages;
mod standing;
mod sweep;

#[cfg(test)]
mod tests;

pub use housekeeping::Housekeeping;
pub use sweep::Sweep;
