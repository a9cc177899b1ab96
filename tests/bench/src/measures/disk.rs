//! How much room an event takes, everything included: events, dictionaries, leads, hits, counts, indexes, logs.

use crate::Failure;
use crate::bench::Bench;
use crate::figures::{Goal, number};
use std::path::Path;

pub(super) fn run(bench: &mut Bench) -> Result<(), Failure> {
    let data = bench.filled()?;
    let database = rusqlite::Connection::open(data.join("events.db"))?;
    let events: f64 = database.query_row("SELECT count(*) FROM events", [], |row| row.get(0))?;
    let ledger = rusqlite::Connection::open(data.join("ledger.db"))?;
    let leads: f64 = ledger.query_row("SELECT count(*) FROM leads", [], |row| row.get(0))?;
    drop((database, ledger));
    let share = |bytes: u64| bytes as f64 / events.max(1.0);
    let of = |prefix: &str| folder_bytes(&data, prefix).map(share);
    let what = format!("bytes on disk an event, at {} events and {} leads", number(events), number(leads));
    bench.hold(what, "bytes", &[of("")?], Goal::AtMost(100.0));
    bench.note("of these, the event log", "bytes", &[of("events.db")?]);
    bench.note("of these, leads, scores, visits and counts", "bytes", &[of("ledger.db")?]);
    Ok(())
}

/// Bytes of the files below a folder whose names begin with `prefix`.
fn folder_bytes(folder: &Path, prefix: &str) -> Result<u64, Failure> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        let about = entry.metadata()?;
        bytes += if about.is_dir() { folder_bytes(&entry.path(), "")? } else { about.len() };
    }
    Ok(bytes)
}
