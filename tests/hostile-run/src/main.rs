//! The command; docs/SECURITY.md has what it is for.

use clap::Parser;
use mqlite_hostile::{How, run};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Sends hostile requests to a collector of its own and says what became of them.
#[derive(Debug, Parser)]
#[command(name = "mqlite-hostile")]
struct Arguments {
    /// How many inputs
    #[arg(long, default_value_t = 100_000)]
    count: u64,

    /// What they are made from; the same seed makes the same inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Connections at once
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    connections: u32,

    /// Stop after so many minutes, whatever is left
    #[arg(long, value_name = "N")]
    minutes: Option<u64>,

    /// Also write the summary to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Arguments { count, seed, connections, minutes, json } = Arguments::parse();
    let most = minutes.map(|minutes| Duration::from_secs(60 * minutes));
    let summary = match run(&How { count, seed, connections, most, watched: true }) {
        Ok(summary) => summary,
        Err(broken) => {
            let _ = writeln!(std::io::stderr(), "hostile: {broken}");
            return ExitCode::FAILURE;
        }
    };
    let text = summary.json().to_string();
    let _ = writeln!(std::io::stdout(), "{text}");
    if let Some(path) = json
        && let Err(error) = std::fs::write(&path, text + "\n")
    {
        let _ = writeln!(std::io::stderr(), "hostile: {} cannot be written: {error}", path.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
