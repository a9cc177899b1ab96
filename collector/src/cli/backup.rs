//! `mqlite backup`. Invariant: the copy is whole and holds no salt: what it contains of pseudonyms can be tied
//! to nobody once their day is over.

use super::{Failure, operator, say};
use crate::app::{backup, open_ledger, recorder};
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::Action;
use serde_json::json;
use std::path::PathBuf;

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A folder that is new or empty
    folder: PathBuf,
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command, also beside a running collector.
///
/// # Errors
/// When there is no data folder, or the copy cannot be written.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = Config::resolve(arguments.settings)?;
    let files = backup(&config, &arguments.folder)?;
    let audit = recorder(&config, open_ledger(&config.data)?, Clock::system());
    let name = arguments.folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let details = json!({ "folder": name, "files": files });
    if let Err(error) = audit.record(&operator(), Action::BackupMade, None, None, &details) {
        // A copy that is not recorded would be named to nobody who is erased.
        for file in &files {
            let _ = std::fs::remove_file(arguments.folder.join(file));
        }
        return Err(error.into());
    }
    let folder = arguments.folder.display();
    say(format_args!("Copied {} to {folder}", files.join(", ")))?;
    say("The day's salts stay out of it. To use it: mqlite serve --data with a copy of that folder.")
}
