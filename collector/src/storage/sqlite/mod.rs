//! The SQLite backend: two files in the data folder, `events.db` and `ledger.db`, in WAL mode with
//! `synchronous=FULL`. Invariant: this is the only module that speaks SQL, every statement is a file in
//! `queries/`, and a database that this binary does not understand is refused and left as it is.

mod accounts;
mod adopt;
mod audit;
mod census;
mod codec;
mod connect;
mod event_rows;
mod events;
mod histories;
mod inventory;
mod journeys;
mod keeping;
mod ledger;
mod lifecycle;
mod look;
mod migrate;
mod models;
mod overdue;
mod overrides;
mod packed;
mod publications;
mod recent;
mod replies;
mod reports;
mod rights;
mod scores;
mod shadows;
mod visits;
mod voids;
mod wal;
mod writer;

#[cfg(test)]
mod tampering;

pub use events::SqliteEvents;
pub use ledger::SqliteLedger;
pub use look::{Damage, EventsSeen, LedgerSeen, look_at_events, look_at_ledger, read_all, take_back};

use super::StoreError;

/// The text of a query file.
macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("queries/", $name, ".sql"))
    };
}
use sql;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::Failed(format!(
                "a database is damaged ({error}); `mqlite check` says which, and what to do"
            )),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed(format!("a stored value is not what it should be: {error}"))
    }
}
