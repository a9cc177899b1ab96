//! What a process used, as `/proc` tells it.

use crate::Failure;
use std::collections::BTreeMap;

/// Processor time in seconds, by what its threads are for.
pub(crate) type Usage = BTreeMap<&'static str, f64>;

/// Processor time that a process used so far. It grows in steps of ten milliseconds.
///
/// # Errors
/// When there is no such process.
pub(crate) fn usage(pid: u32) -> Result<Usage, Failure> {
    #[expect(clippy::cast_precision_loss, reason = "a hundred")]
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let mut usage = Usage::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let Ok(stat) = std::fs::read_to_string(entry?.path().join("stat")) else { continue };
        let (name, rest) = stat.split_once(") ").ok_or("a line of /proc that is none")?;
        let used = rest.split(' ').skip(11).take(2).filter_map(|number| number.parse::<f64>().ok());
        *usage.entry(purpose(name)).or_default() += used.sum::<f64>() / ticks;
    }
    Ok(usage)
}

/// What a thread of this name is for. Linux cuts names to fifteen bytes.
fn purpose(name: &str) -> &'static str {
    match name.split_once('(').map_or(name, |(_, name)| name) {
        "mqlite-writer" => "writer",
        "mqlite-scorer" => "scorer",
        "mqlite-housekee" => "housekeeping",
        _ => "HTTP and ingest",
    }
}

/// The most memory that a process had resident, in MiB.
///
/// # Errors
/// When there is no such process.
pub(crate) fn peak_mebibytes(pid: u32) -> Result<f64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes / 1024.0)
}
