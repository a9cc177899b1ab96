//! The command line.

use crate::measures::Measure;
use crate::servers::Yardstick;
use std::path::{Path, PathBuf};

/// Measures the collector on this machine and writes docs/PERFORMANCE.md.
#[derive(Debug, clap::Parser)]
#[command(name = "bench")]
pub(crate) struct Arguments {
    /// What to measure [default: everything; only then, and without --quick, docs/PERFORMANCE.md is written]
    #[arg(value_name = "MEASURE")]
    pub(crate) measures: Vec<Measure>,

    /// Fewer, shorter rounds and a small database: to see that it works
    #[arg(long)]
    pub(crate) quick: bool,

    /// Ten million stored events in the place of one million
    #[arg(long, conflicts_with = "quick")]
    pub(crate) full: bool,

    /// Also write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Folder for databases, on the disk that is to be measured. Filled databases stay there and are used again
    #[arg(long, value_name = "DIR", default_value_os_t = folder())]
    pub(crate) folder: PathBuf,

    /// Seed of the visits
    #[arg(long, default_value_t = 5)]
    pub(crate) seed: u64,

    /// Serve a yardstick; the bench starts itself with this
    #[arg(long, hide = true, value_name = "KIND")]
    pub(crate) yardstick: Option<Yardstick>,
}

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

fn folder() -> PathBuf {
    root().join("target/bench")
}
