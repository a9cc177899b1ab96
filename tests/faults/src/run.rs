//! A run: which faults, and what becomes of what they found.

use crate::arguments::{Arguments, root};
use crate::machine::Machine;
use crate::page::{self, Outcome, Outcomes};
use crate::{Fault, Finding, How};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// Runs what was asked for; fails when a promise was not held.
pub fn main(arguments: &Arguments) -> ExitCode {
    match all(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("faults: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs one fault in a folder of its own below `folder`. What panics is a promise that was not held.
///
/// # Errors
/// When it cannot be run here.
pub fn run(fault: Fault, folder: &Path, seed: u64, long: bool) -> Result<Vec<Finding>, String> {
    let dir = tempfile::Builder::new().prefix("mqlite-faults-").tempdir_in(folder);
    let dir = dir.map_err(|error| format!("no folder in {}: {error}", folder.display()))?;
    let binary = mqlite_tests::binary().to_owned();
    let how = How { seed, long, binary, dir: dir.path().to_owned() };
    catch_unwind(AssertUnwindSafe(|| fault.hurt(&how))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        Ok(vec![Finding {
            what: "all of it runs to its end".to_owned(),
            tried: 1,
            lost: 0,
            doubled: 0,
            said: text.unwrap_or_else(|| "it panicked".to_owned()),
            held: false,
        }])
    })
}

fn all(arguments: &Arguments) -> Result<bool, String> {
    let machine = Machine::look();
    let asked = |fault: Fault| match arguments.faults.is_empty() {
        true => arguments.long || !fault.is_long(),
        false => arguments.faults.contains(&fault),
    };
    let mut outcomes = Outcomes::new();
    for &fault in Fault::ALL.iter().filter(|fault| asked(**fault)) {
        say(&format!("{}:", fault.name()));
        let began = Instant::now();
        let findings = run(fault, &arguments.folder, arguments.seed, arguments.long)
            .map_err(|why| format!("{} cannot be run: {why}", fault.name()))?;
        for finding in &findings {
            say(&format!("  {}", page::line(finding)));
        }
        let outcome = Outcome {
            seed: arguments.seed,
            long: arguments.long,
            seconds: began.elapsed().as_secs(),
            machine: machine.clone(),
            findings,
        };
        outcomes.insert(fault.name().to_owned(), outcome);
        // What a long run has found is kept, whatever becomes of the next fault.
        if arguments.long {
            page::write(&root().join("docs"), &outcomes)?;
        }
    }
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&outcomes).map_err(|error| error.to_string())?;
        std::fs::write(file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))?;
    }
    if arguments.long {
        say("docs/RELIABILITY.md and docs/reliability.json are written.");
    }
    Ok(outcomes.values().flat_map(|outcome| &outcome.findings).all(|finding| finding.held))
}

/// Says something to whoever watches. Nobody may be there.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
