//! Measures the collector on this machine and writes docs/PERFORMANCE.md.
//!
//! `cargo run --release -p mqlite-bench` runs everything; `-- throughput latency` some of it. Figures are ratios
//! and medians of interleaved rounds, for machines are noisy; nothing here passes or fails a test.

mod arguments;
mod bench;
mod figures;
mod fill;
mod load;
mod machine;
mod measures;
mod page;
mod pipeline;
mod servers;
mod traffic;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Anything that went wrong, in words.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let done = match arguments.yardstick {
        Some(kind) => servers::serve(kind, &arguments.folder),
        None => bench::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Says something to whoever watches. Nobody may be there.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
