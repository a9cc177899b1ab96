//! What a process holds, as `/proc` tells it. Invariant: it only looks.

use std::collections::BTreeMap;

/// Memory that is resident, in KiB; 0 where there is no `/proc`.
pub(crate) fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Open files and connections; 0 where there is no `/proc`.
pub(crate) fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// The open files by name, and how many of each: for whoever wonders why there are many.
pub(crate) fn named(pid: u32) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for open in std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
        let target = std::fs::read_link(open.path()).unwrap_or_default();
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        *names.entry(name.split(':').next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    names
}
