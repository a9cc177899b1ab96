//! The in-memory backend, for tests of what is above storage. Invariant: it keeps the same contract as
//! SQLite, but for what survives the process.

mod accounts;
mod audit;
mod events;
mod histories;
mod keeping;
mod ledger;
mod lifecycle;
mod models;
mod overdue;
mod publications;
mod rights;
mod shadows;
mod voids;

pub use events::MemoryEvents;
pub use ledger::MemoryLedger;
