//! The command line.

use crate::Fault;
use std::path::{Path, PathBuf};

/// Hurts the collector and says what was lost.
#[derive(Debug, clap::Parser)]
#[command(name = "faults")]
pub struct Arguments {
    /// How to hurt it [default: every way]
    #[arg(value_name = "FAULT")]
    pub faults: Vec<Fault>,

    /// As often as it takes to trust it; docs/RELIABILITY.md then has what was found
    #[arg(long)]
    pub long: bool,

    /// Seed of what is sent, and of when it is hurt
    #[arg(long, default_value_t = 5)]
    pub seed: u64,

    /// Also write what was found to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Folder for data folders
    #[arg(long, value_name = "DIR", default_value_os_t = std::env::temp_dir())]
    pub folder: PathBuf,
}

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}
