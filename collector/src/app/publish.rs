//! What publishes models, by command. Invariant: it works on publications only where no collector runs that does.

use super::{LOCK, StartError, model, open_events_for_reading, open_ledger, recorder};
use crate::clock::Clock;
use crate::config::Config;
use crate::jobs::models::LiveModels;
use crate::jobs::publish::Publisher;
use std::fs::File;
use std::sync::Arc;

/// Keeps a collector from starting on a folder.
#[derive(Debug)]
pub struct Alone(#[expect(dead_code, reason = "held, and let go of when it is dropped")] File);

/// What keeps drafts and publishes models, beside a collector that may run; with it, where none does, what keeps one
/// from starting.
///
/// # Errors
/// When there is no data folder, or it cannot be used.
pub fn open_publisher(config: &Config, clock: Clock) -> Result<(Publisher, Option<Alone>), StartError> {
    let (events, ledger) = (open_events_for_reading(&config.data)?, open_ledger(&config.data)?);
    let path = config.data.join(LOCK);
    let file = File::create(&path).map_err(|error| StartError(format!("{}: {error}", path.display())))?;
    let alone = file.try_lock().is_ok().then_some(Alone(file));
    let models = LiveModels::from(Arc::new(model(config.model.as_deref())?));
    let audit = Arc::new(recorder(config, Arc::clone(&ledger), clock.clone()));
    Ok((Publisher::new(events, ledger, models, audit, clock), alone))
}
