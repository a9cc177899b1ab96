//! Faults that are planted, to see that they are found: a checker that finds nothing may be blind. Invariant: nothing
//! is planted in the product; a patch changes a copy of the source, which is built beside it, and a patch that does
//! not apply any more is a failure.

use crate::arguments::root;
use crate::page::Outcomes;
use crate::run::say;
use crate::{Fault, Finding, How};
use mqlite_tests::cargo;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A fault, its patch, and what is to find it.
const PLANTED: &[(&str, &str, Fault)] = &[
    ("acknowledge before the commit", "acknowledge-before-commit", Fault::Kill),
    ("skip the sync", "skip-the-sync", Fault::Power),
    ("drop events when the queue is full, and answer 202", "drop-when-full", Fault::Disk),
];

/// What the collector says when it starts on databases that had more in them: it goes no further by itself, and the
/// checker, which counts what a running one has, does not come to count.
const KNOWN_LOST: &str = "lost its newest commits";

/// How often a fault may look for it: where a kill hits is a matter of luck.
const RUNS: u64 = 10;

/// Plants each, and has it found.
pub(crate) fn run(how: &How) -> Result<Vec<Finding>, String> {
    let target = root().join("target/planted");
    let source = target.join("source");
    PLANTED.iter().map(|(what, patch, by)| found(how, &target, &source, what, patch, *by)).collect()
}

fn found(
    how: &How,
    target: &Path,
    source: &Path,
    what: &str,
    patch: &str,
    by: Fault,
) -> Result<Finding, String> {
    copy(source)?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("planted/{patch}.patch"));
    // Found by no repository, so that paths are those of the copy.
    let mut apply = Command::new("git");
    apply.arg("apply").arg("-C1").arg(&file).current_dir(source).env("GIT_CEILING_DIRECTORIES", target);
    succeed(&mut apply, &format!("{} does not apply any more", file.display()))?;
    say(&format!("  {what}: building"));
    let binary = build(target, source, &how.dir.join(patch))?;
    let mut finding = Finding {
        what: format!("planted: {what}; `{}` is to find it", by.name()),
        tried: 0,
        lost: 0,
        doubled: 0,
        said: format!("it was **not** found in {RUNS} runs"),
        held: false,
    };
    for run in 0..RUNS {
        finding.tried += 1;
        let outcomes = outcomes(how, &binary, by, how.seed + run)?;
        let findings = || outcomes.values().flat_map(|outcome| &outcome.findings);
        let (lost, doubled) = findings().fold((0, 0), |(l, d), of| (l + of.lost, d + of.doubled));
        let known = findings().any(|finding| !finding.held && finding.said.contains(KNOWN_LOST));
        // A run that fails for another reason has not found it.
        let counted = lost + doubled > 0 && findings().any(|finding| !finding.held);
        finding.said = match (counted, known) {
            (true, _) => format!("found: {lost} acknowledged events lost, {doubled} doubled"),
            (false, true) => {
                "found: the collector itself says what is lost, and does not start on the rest".to_owned()
            }
            (false, false) => continue,
        };
        finding.held = true;
        break;
    }
    Ok(finding)
}

/// A fault's short form on another binary.
fn outcomes(how: &How, binary: &Path, fault: Fault, seed: u64) -> Result<Outcomes, String> {
    let json = how.dir.join("planted.json");
    let ourselves = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(ourselves);
    command.args([fault.name(), "--seed", &seed.to_string(), "--json"]).arg(&json);
    command.arg("--folder").arg(&how.dir).env("MQLITE_BIN", binary);
    // Its status is 1 when it has found something.
    let output = command.output().map_err(|error| error.to_string())?;
    let text = std::fs::read(&json).map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    std::fs::remove_file(&json).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

/// Makes `source` what the working tree is; what has not changed keeps its time, and is not built again.
fn copy(source: &Path) -> Result<(), String> {
    let mut list = Command::new("git");
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root());
    let listed = succeed(&mut list, "the working tree cannot be listed")?;
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (root().join(name), source.join(name));
        let wrong = |error: std::io::Error| format!("{}: {error}", to.display());
        let Ok(bytes) = std::fs::read(&from) else { continue };
        if std::fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        std::fs::create_dir_all(to.parent().unwrap_or(source)).map_err(wrong)?;
        std::fs::write(&to, bytes).map_err(wrong)?;
    }
    Ok(())
}

/// Builds the copy as we were built, and puts the binary at `binary`.
fn build(target: &Path, source: &Path, binary: &Path) -> Result<PathBuf, String> {
    let profile = if cfg!(debug_assertions) { ("dev", "debug") } else { ("release", "release") };
    let mut build = Command::new(cargo());
    build.args(["build", "--locked", "--package", "mqlite", "--bin", "mqlite", "--profile", profile.0]);
    build.arg("--target-dir").arg(target).current_dir(source);
    succeed(&mut build, "what was planted does not build")?;
    let built = target.join(profile.1).join("mqlite");
    std::fs::copy(&built, binary).map_err(|error| format!("{}: {error}", built.display()))?;
    Ok(binary.to_owned())
}

/// What a command printed, when it succeeded.
fn succeed(command: &mut Command, otherwise: &str) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{otherwise}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{otherwise}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
