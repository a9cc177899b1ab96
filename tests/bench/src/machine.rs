//! The machine and the code that figures are of.

use crate::Failure;
use crate::arguments::root;
use serde::Serialize;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// What somebody needs to know to judge a figure.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    /// A four-kibibyte write with its sync, median in milliseconds.
    pub(crate) sync_ms: f64,
    pub(crate) compiler: String,
    pub(crate) profile: &'static str,
    pub(crate) commit: String,
    pub(crate) date: String,
    /// Load averages when the run began: what else the machine was doing.
    pub(crate) load: String,
    pub(crate) countries: bool,
}

impl Machine {
    /// Looks at the machine; `folder` is on the disk that is measured.
    ///
    /// # Errors
    /// When that disk cannot be written to.
    pub(crate) fn look(folder: &Path) -> Result<Self, Failure> {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.map(|line| line.trim_start_matches([' ', '\t', ':']).trim().to_owned()).unwrap_or_default()
        };
        let memory: u64 =
            field(&read("/proc/meminfo"), "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
        let changed = output("git", &["status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs"]);
        Ok(Self {
            processor: field(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: memory.div_ceil(1024 * 1024),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            sync_ms: sync_time(folder)?,
            compiler: output("rustc", &["--version"]),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" },
            commit: output("git", &["rev-parse", "--short=12", "HEAD"])
                + if changed.is_empty() { "" } else { ", with changes that are not committed" },
            date: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
            load: read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" "),
            countries: crate::servers::countries().is_some(),
        })
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn sync_time(folder: &Path) -> Result<f64, Failure> {
    let path = folder.join("sync-test");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let began = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    fs::remove_file(path)?;
    Ok(crate::figures::Spread::of(&times).median)
}
