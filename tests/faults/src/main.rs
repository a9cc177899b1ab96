//! Hurts the collector in every way we know, and writes docs/RELIABILITY.md.
//!
//! `cargo run --release -p mqlite-faults` does all of it in a short form; `-- --long` as often as it takes to trust
//! it; `-- kill power` some of it. The exit status is 1 when a promise was not held.

use clap::Parser;
use mqlite_faults::arguments::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    mqlite_faults::main(&Arguments::parse())
}
