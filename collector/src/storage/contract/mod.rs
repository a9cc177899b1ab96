//! One contract for every backend. Invariant: a test that is listed in `contract!` runs against each of
//! them, each time on a store that nobody else has; what only SQLite promises, to survive the process, is
//! in `durable`.

mod accounts;
mod adopt;
mod audit;
mod differential;
mod durable;
mod events;
pub(in crate::storage) mod generate;
mod histories;
mod journeys;
mod keeping;
mod leads;
mod ledger;
mod lifecycle;
mod models;
mod overdue;
mod overrides;
mod publications;
mod reports;
mod rights;
mod voids;

use super::memory::{MemoryEvents, MemoryLedger};
use super::sqlite::{SqliteEvents, SqliteLedger};
use super::{Appended, Batch, EventStore, Ledger, StoreError};
use crate::domain::{Date, Event};
use std::cell::Cell;
use std::path::PathBuf;
use tempfile::TempDir;

/// Something that gives stores of its kind, each empty.
trait Backend {
    fn events(&self) -> Box<dyn EventStore>;
    fn ledger(&self) -> Box<dyn Ledger>;
}

struct Memory;

impl Backend for Memory {
    fn events(&self) -> Box<dyn EventStore> {
        Box::new(MemoryEvents::default())
    }

    fn ledger(&self) -> Box<dyn Ledger> {
        Box::new(MemoryLedger::default())
    }
}

struct Sqlite {
    folder: TempDir,
    files: Cell<u32>,
}

impl Sqlite {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), files: Cell::new(0) }
    }

    /// A path at which there is nothing yet.
    fn fresh(&self) -> PathBuf {
        self.files.set(self.files.get() + 1);
        self.folder.path().join(format!("{}.db", self.files.get()))
    }
}

impl Backend for Sqlite {
    fn events(&self) -> Box<dyn EventStore> {
        Box::new(SqliteEvents::open(&self.fresh()).expect("opens"))
    }

    fn ledger(&self) -> Box<dyn Ledger> {
        Box::new(SqliteLedger::open(&self.fresh()).expect("opens"))
    }
}

/// A `#[test]` of each function for each backend.
macro_rules! contract {
    ($($promise:ident),+ $(,)?) => {
        mod memory {
            $(#[test] fn $promise() { super::$promise(&$crate::storage::contract::Memory); })+
        }
        mod sqlite {
            $(#[test] fn $promise() { super::$promise(&$crate::storage::contract::Sqlite::new()); })+
        }
    };
}
use contract;

/// Waits for an answer, as a request's task does.
fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(answer)
}

/// Appends events, all on one day, and waits for the commit.
fn append(store: &dyn EventStore, events: &[Event]) -> Result<Appended, StoreError> {
    let day = Date::from_days(20_000);
    let events = events.iter().map(|event| (event.clone(), day)).collect();
    wait(store.append(Batch { events, tallies: Vec::new() }))
}
