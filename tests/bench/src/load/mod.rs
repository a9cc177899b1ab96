//! The load generator: many connections, one thread, bounded memory.

mod closed;
mod connection;
mod open;
mod samples;

pub(crate) use closed::closed;
pub(crate) use open::open;
pub(crate) use samples::Samples;

use crate::Failure;
use std::collections::BTreeMap;
use std::time::Duration;

/// What became of a load.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Answers in the measured time, by status.
    pub(crate) answers: BTreeMap<u16, u64>,
    /// The measured time.
    pub(crate) time: Duration,
    /// How long each answer took.
    pub(crate) latencies: Samples,
}

impl Outcome {
    /// Answers with 202 a second.
    pub(crate) fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let accepted = self.accepted() as f64;
        accepted / self.time.as_secs_f64().max(1e-9)
    }

    /// How many were answered with 202.
    pub(crate) fn accepted(&self) -> u64 {
        self.answers.get(&202).copied().unwrap_or(0)
    }

    /// Itself, when every answer was 202.
    ///
    /// # Errors
    /// When something was refused: then the figures would be of something else.
    pub(crate) fn all_accepted(self) -> Result<Self, Failure> {
        if self.answers.keys().eq([202].iter()) {
            return Ok(self);
        }
        Err(format!("every answer is to be 202; there were {:?}", self.answers).into())
    }
}

/// Runs something asynchronous on this thread, as a load does.
fn on_this_thread<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, future)
}
