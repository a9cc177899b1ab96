//! Copies of a data folder. Invariant: a copy is whole, for its owner only, never in the data folder itself, and
//! without the day's salts.

use super::{EVENTS, LEDGER, StartError, create_private_folder, open_events_for_reading, open_ledger, sound};
use crate::config::Config;
use std::fs::File;
use std::path::Path;

/// Copies the databases, the settings file and the audit log's anchor to `folder`, which must be new or empty,
/// and answers the names of the files. The day's salts are never copied.
///
/// The anchor is copied first, for it may know less of the log than the ledger's copy holds, but never more. Of the
/// databases the ledger is first: a copy of the event log that is newer only has more for it to score.
///
/// # Errors
/// When there is no data folder, an older version wrote it, or the copy cannot be written.
pub fn backup(config: &Config, folder: &Path) -> Result<Vec<String>, StartError> {
    let failed = |error: std::io::Error| StartError(format!("{}: {error}", folder.display()));
    let events = open_events_for_reading(&config.data)?;
    sound::check_version(&config.data)?;
    sound::check_events(&config.data)?;
    let ledger = open_ledger(&config.data)?;
    // An erasure reaches every file of the data folder: there must be no copy in it that it does not know.
    if is_inside(folder, &config.data).map_err(failed)? {
        return Err(StartError(format!(
            "{} is in the data folder, in which erased people must be in no file; name a folder elsewhere",
            folder.display()
        )));
    }
    create_private_folder(folder).map_err(failed)?;
    if std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(StartError(format!(
            "{} is not empty; name a new folder for each backup",
            folder.display()
        )));
    }
    let mut files = vec![LEDGER.to_owned(), EVENTS.to_owned()];
    for path in [config.data.join("mqlite.toml"), config.audit_anchor.clone()] {
        let Some(name) = path.file_name().filter(|_| path.exists()) else { continue };
        copy_private(&path, &folder.join(name)).map_err(failed)?;
        files.push(name.to_string_lossy().into_owned());
    }
    ledger.ledger_backup(&folder.join(LEDGER))?;
    events.backup(&folder.join(EVENTS))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(files)
}

/// Whether a folder, which need not be there yet, is or would be in `data`, whatever links lead there.
fn is_inside(folder: &Path, data: &Path) -> std::io::Result<bool> {
    let whole = std::path::absolute(folder)?;
    let there = whole.ancestors().find(|part| part.exists()).unwrap_or(&whole);
    Ok(there.canonicalize()?.starts_with(data.canonicalize()?))
}

/// Copies a file for its owner only, whoever may read the original, and syncs it.
fn copy_private(from: &Path, to: &Path) -> std::io::Result<()> {
    // Made under our umask; `fs::copy` would take the original's mode along.
    let mut copy = File::create_new(to)?;
    std::io::copy(&mut File::open(from)?, &mut copy)?;
    copy.sync_all()
}
