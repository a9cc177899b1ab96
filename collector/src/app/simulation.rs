//! Simulations over a data folder. Invariant: one at a time, whoever asks for it, a collector or a command; what
//! one that was killed left behind is removed by the next, and when a collector starts.

use super::{LEDGER, StartError, model, open_events_for_reading, open_ledger, recorder};
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::config::Config;
use crate::jobs::models::LiveModels;
use crate::jobs::simulate::{Claim, clear};
use crate::storage::{EventStore, Ledger};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SIMULATION_LOCK: &str = "simulation.lock";

/// What a simulation on the command line works with.
pub struct Simulation {
    /// The event log.
    pub events: Arc<dyn EventStore>,
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// Which model is live where.
    pub models: LiveModels,
    /// What adds to the audit log.
    pub audit: Recorder,
    _turn: File,
}

/// Opens a data folder for a simulation, beside a collector that may run.
///
/// # Errors
/// When there is no data folder, it cannot be used, or another simulation runs on it.
pub fn open_simulation(config: &Config, clock: Clock) -> Result<Simulation, StartError> {
    let events = open_events_for_reading(&config.data)?;
    if !config.data.join(LEDGER).exists() {
        let data = config.data.display();
        return Err(StartError(format!("nothing is scored yet in {data}; start `mqlite serve` once")));
    }
    let models = LiveModels::from(Arc::new(model(config.model.as_deref())?));
    let ledger = open_ledger(&config.data)?;
    let failed = |error: io::Error| StartError(format!("{SIMULATION_LOCK} cannot be used: {error}"));
    let turn = turn(&config.data).map_err(failed)?.ok_or_else(|| {
        StartError("another simulation runs on this data folder; wait for it, or stop it".to_owned())
    })?;
    let audit = recorder(config, Arc::clone(&ledger), clock);
    Ok(Simulation { events, ledger, models, audit, _turn: turn })
}

/// Takes the turn to simulate on a data folder, if nobody has it. It ends with the file, or with the process.
fn turn(data: &Path) -> io::Result<Option<File>> {
    let file = File::create(data.join(SIMULATION_LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

/// How a collector takes the turn.
pub(super) fn claim(data: &Path) -> Claim {
    let data: PathBuf = data.to_owned();
    Arc::new(move || Ok(turn(&data)?.map(|file| Box::new(file) as Box<dyn Send>)))
}

/// Removes what a simulation that was killed left behind; one that runs is let be.
pub(super) fn clear_left(data: &Path, ledger: &dyn Ledger) -> Result<(), StartError> {
    match turn(data) {
        Ok(Some(_turn)) => Ok(clear(ledger)?),
        Ok(None) => Ok(()),
        Err(error) => Err(StartError(format!("{SIMULATION_LOCK} cannot be used: {error}"))),
    }
}

#[cfg(test)]
mod tests;
