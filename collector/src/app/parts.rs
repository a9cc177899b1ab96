//! What commands open of a data folder, also beside a collector that runs. Invariant: nothing here takes the
//! folder's lock, and what is only read is opened for reading only.

use super::{EVENTS, LEDGER, StartError, create_data_folder, sound};
use crate::audit::{Anchor, Recorder};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{Cursor, ModelHash, SiteNo};
use crate::jobs::models::LiveModels;
use crate::jobs::retention::Retention;
use crate::jobs::stages::Stages;
use crate::rights::Service;
use crate::scoring::{DEFAULT_MODEL, Model, Ready};
use crate::storage::sqlite::{SqliteEvents, SqliteLedger};
use crate::storage::{EventStore, Ledger};
use std::path::Path;
use std::sync::Arc;

/// Opens the ledger of a data folder, creating both; also beside a collector that runs.
///
/// # Errors
/// When the folder or the database cannot be used.
pub fn open_ledger(data: &Path) -> Result<Arc<dyn Ledger>, StartError> {
    create_data_folder(data)?;
    sound::check_ledger(data)?;
    Ok(Arc::new(SqliteLedger::open(&data.join(LEDGER))?))
}

/// Opens the event log of a data folder for writing, beside a collector that may run: for what erases and
/// prunes. Appending is the collector's alone.
///
/// # Errors
/// When there is none, or it cannot be used.
pub fn open_events(data: &Path) -> Result<Arc<dyn EventStore>, StartError> {
    open_events_for_reading(data)?;
    sound::check_events(data)?;
    Ok(Arc::new(SqliteEvents::open(&data.join(EVENTS))?))
}

/// What ends what is past its time in a data folder.
///
/// # Errors
/// When the folder cannot be used.
pub fn open_retention(config: &Config, clock: Clock) -> Result<Retention, StartError> {
    let ledger = open_ledger(&config.data)?;
    let events = open_events(&config.data)?;
    let audit = Arc::new(recorder(config, Arc::clone(&ledger), clock.clone()));
    Ok(Retention::new(events, ledger, audit, clock))
}

/// Opens the event log of a data folder for reading, beside a collector that may run.
///
/// # Errors
/// When there is none.
pub fn open_events_for_reading(data: &Path) -> Result<Arc<dyn EventStore>, StartError> {
    let path = data.join(EVENTS);
    if !path.exists() {
        let data = data.display();
        return Err(StartError(format!(
            "there are no events in {data}; name the collector's folder with --data DIR"
        )));
    }
    Ok(Arc::new(SqliteEvents::open_read_only(&path)?))
}

/// What adds to the audit log of a data folder.
pub fn recorder(config: &Config, ledger: Arc<dyn Ledger>, clock: Clock) -> Recorder {
    Recorder::new(ledger, clock, Some(Anchor::at(&config.audit_anchor)))
}

/// What answers people's requests, beside a collector that may run. `erases` opens the event log for writing.
///
/// # Errors
/// When there is no data folder, or it cannot be used.
pub fn open_rights(config: &Config, clock: Clock, erases: bool) -> Result<Service, StartError> {
    let mut events = open_events_for_reading(&config.data)?;
    let ledger = open_ledger(&config.data)?;
    if erases {
        events = open_events(&config.data)?;
    }
    let models = live_models(config)?;
    let audit = Arc::new(recorder(config, Arc::clone(&ledger), clock.clone()));
    Ok(Service::new(events, ledger, models, audit, clock))
}

/// What makes the changes of stage that people ask for, beside a collector that may run.
///
/// # Errors
/// When there is no data folder, or it cannot be used.
pub fn open_stages(config: &Config, clock: Clock) -> Result<Stages, StartError> {
    let (events, ledger) = (open_events_for_reading(&config.data)?, open_ledger(&config.data)?);
    let models = live_models(config)?;
    let audit = Arc::new(recorder(config, Arc::clone(&ledger), clock.clone()));
    Ok(Stages::new(events, ledger, models, audit, clock))
}

/// The text of a model: of the ready one of this name, or of the file. A file that is called like a ready model
/// is meant by `./`.
///
/// # Errors
/// When there is neither.
pub fn model_text(model: &Path) -> Result<String, StartError> {
    if let Some(ready) = model.to_str().and_then(Ready::named) {
        return Ok(ready.text.to_owned());
    }
    std::fs::read_to_string(model).map_err(|error| {
        let names: Vec<_> = Ready::ALL.iter().map(|ready| ready.name).collect();
        StartError(format!(
            "the model {} cannot be read: {error}; name a file, or one of {}",
            model.display(),
            names.join(", ")
        ))
    })
}

/// The model of this name or file; the built-in one when none is named.
///
/// # Errors
/// When it cannot be read or used.
pub(super) fn model(named: Option<&Path>) -> Result<Model, StartError> {
    let Some(named) = named else {
        return Model::parse(DEFAULT_MODEL)
            .map_err(|error| StartError(format!("the built-in model: {error}")));
    };
    let text = model_text(named)?;
    let name = named.display();
    Model::parse(&text).map_err(|error| {
        StartError(format!(
            "the model {name} cannot be used:\n{error}\nOnce it is mended, this says so: mqlite model check {name}"
        ))
    })
}

/// Which models score the leads of a data folder: those that were published, and for sites without one the one that
/// the settings name.
///
/// # Errors
/// When the settings' model cannot be read or used.
pub fn live_models(config: &Config) -> Result<LiveModels, StartError> {
    Ok(LiveModels::from(Arc::new(model(config.model.as_deref())?)))
}

/// The model that scores a site's leads.
///
/// # Errors
/// When it cannot be read, or the settings name another than the one that the collector runs with.
pub fn model_of(config: &Config, ledger: &dyn Ledger, site: SiteNo) -> Result<Arc<Model>, StartError> {
    let models = live_models(config)?;
    let published = ledger.live_models()?.contains_key(&site);
    let another = |(_, scored): (Cursor, ModelHash)| scored != *models.base().hash();
    if !published && ledger.progress()?.is_some_and(another) {
        return Err(StartError(
            "the leads of this folder are scored by another model; name that one with --model".to_owned(),
        ));
    }
    Ok(models.of(ledger, site)?)
}
