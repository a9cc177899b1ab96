//! What a run says: a line for who watches, JSON for machines, a page made from a template. Invariant: each
//! fault's figures stand beside the run that they are of; a later run of one fault leaves the others'.

use crate::machine::Machine;
use crate::{Fault, Finding};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// What came of one fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) seed: u64,
    pub(crate) long: bool,
    pub(crate) seconds: u64,
    pub(crate) machine: Machine,
    pub(crate) findings: Vec<Finding>,
}

/// By the fault's name.
pub(crate) type Outcomes = BTreeMap<String, Outcome>;

/// A finding in a line.
pub(crate) fn line(finding: &Finding) -> String {
    let Finding { what, tried, lost, doubled, said, held } = finding;
    let held = if *held { "held" } else { "NOT HELD" };
    format!("{held}: {what} ({tried} times; {lost} lost, {doubled} doubled): {said}")
}

/// Adds a long run to docs/reliability.json and makes docs/RELIABILITY.md anew.
///
/// # Errors
/// When they cannot be read or written.
pub(crate) fn write(docs: &Path, new: &Outcomes) -> Result<(), String> {
    let (json, page) = (docs.join("reliability.json"), docs.join("RELIABILITY.md"));
    let mut outcomes: Outcomes = match std::fs::read(&json) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|error| format!("{} is damaged ({error}); remove it to begin anew", json.display()))?,
        Err(_) => Outcomes::new(),
    };
    outcomes.extend(new.iter().map(|(fault, outcome)| (fault.clone(), outcome.clone())));
    let text = serde_json::to_string_pretty(&outcomes).map_err(|error| error.to_string())?;
    for (path, text) in [(json, text + "\n"), (page, self::page(&outcomes))] {
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// The page.
fn page(outcomes: &Outcomes) -> String {
    let findings = || outcomes.values().flat_map(|outcome| &outcome.findings);
    let broken = findings().filter(|finding| !finding.held).count();
    let verdict = match broken {
        0 => {
            format!("All {} promises were held: nothing that was acknowledged was lost.", findings().count())
        }
        _ => format!("**{broken} of {} promises were not held.**", findings().count()),
    };
    let template = include_str!("../page.md");
    template.replace("{{verdict}}", &verdict).replace("{{faults}}", tables(outcomes).trim_end())
}

fn tables(outcomes: &Outcomes) -> String {
    let mut out = String::new();
    let known = Fault::ALL.iter().filter_map(|fault| Some((fault, outcomes.get(fault.name())?)));
    for (fault, Outcome { seed, long, seconds, machine, findings }) in known {
        let name = fault.name();
        let long = if *long { " --long" } else { "" };
        let Machine { processor, cores, kernel, compiler, profile, commit, date } = machine;
        let _ = writeln!(
            out,
            "### {name}\n\n    cargo run --release -p mqlite-faults -- {name}{long} --seed {seed}\n\n\
             {date}, commit {commit}, {seconds} s. {processor}, {cores} cores, Linux {kernel}; {compiler}, {profile}.\n\n\
             | | what | times | lost | doubled | seen |\n| --- | --- | ---: | ---: | ---: | --- |"
        );
        for Finding { what, tried, lost, doubled, said, held } in findings {
            let held = if *held { "held" } else { "**not held**" };
            let said = said.lines().next().unwrap_or_default().replace('|', "\\|");
            let _ = writeln!(out, "| {held} | {what} | {tried} | {lost} | {doubled} | {said} |");
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_run_leaves_the_others_and_the_page_says_what_was_not_held() {
        let docs = tempfile::tempdir().expect("a folder");
        let outcome = |held: bool| {
            let finding = Finding {
                what: "it is killed".to_owned(),
                tried: 200,
                lost: u64::from(!held),
                doubled: 0,
                said: "a | b\nand more".to_owned(),
                held,
            };
            Outcome { seed: 7, long: true, seconds: 9, machine: Machine::default(), findings: vec![finding] }
        };
        write(docs.path(), &Outcomes::from([("kill".to_owned(), outcome(true))])).expect("writes");
        write(docs.path(), &Outcomes::from([("another".to_owned(), outcome(false))])).expect("writes");
        let page = std::fs::read_to_string(docs.path().join("RELIABILITY.md")).expect("reads");
        assert!(!page.contains("{{"), "{page}");
        assert!(page.contains("**1 of 2 promises were not held.**"), "{page}");
        assert!(page.contains("-- kill --long --seed 7"), "{page}");
        assert!(page.contains("| held | it is killed | 200 | 0 | 0 | a \\| b |"), "{page}");
    }
}
