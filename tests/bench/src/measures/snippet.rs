//! What the snippet costs a visitor: bytes, and the main thread's time in Chromium at a quarter of its speed.

use crate::Failure;
use crate::arguments::root;
use crate::bench::Bench;
use crate::figures::Goal;
use serde::Deserialize;
use std::process::{Command, Stdio};

/// What `tests/browser/snippet-cost.mjs` prints, in milliseconds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    load: Vec<f64>,
    event: Vec<f64>,
    bare_load: Vec<f64>,
    bare_event: Vec<f64>,
    beacon_load: Vec<f64>,
    beacon_event: Vec<f64>,
    browser: String,
}

pub(super) fn run(bench: &mut Bench) -> Result<(), Failure> {
    let bytes = mqlite_snippet::MQ_JS_GZIP.len();
    let bytes = f64::from(u32::try_from(bytes)?);
    bench.hold("the snippet after gzip", "bytes", &[bytes], Goal::AtMost(2_500.0));
    match cost(bench.plan.rounds) {
        Ok(cost) => {
            let browser = format!("in Chromium {}, processor time times four", cost.browser);
            let what = format!("the snippet's time on the main thread for a page load, {browser}");
            bench.hold(what, "ms", &cost.load, Goal::AtMost(5.0));
            let what = format!("the snippet's time on the main thread for an event, {browser}");
            bench.hold(what, "ms", &cost.event, Goal::AtMost(1.0));
            bench.note("of a load, what a bare fetch() takes at the same moment", "ms", &cost.bare_load);
            bench.note("of an event, what a bare fetch() takes at the same moment", "ms", &cost.bare_event);
            bench.note("a bare sendBeacon() for a load", "ms", &cost.beacon_load);
            bench.note("a bare sendBeacon() for an event", "ms", &cost.beacon_event);
        }
        Err(why) => bench.miss("the snippet's time on the main thread", &why.to_string()),
    }
    Ok(())
}

fn cost(rounds: usize) -> Result<Cost, Failure> {
    let folder = root().join("tests/browser");
    if !folder.join("node_modules").exists() {
        return Err("tests/browser has no packages; `npm ci` there installs them".into());
    }
    let snippet = tempfile::NamedTempFile::new()?;
    std::fs::write(snippet.path(), mqlite_snippet::MQ_JS)?;
    let mut command = Command::new("node");
    command.arg("snippet-cost.mjs").arg(snippet.path()).arg(rounds.to_string()).current_dir(folder);
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("node: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said
            .lines()
            .find(|line| line.contains("Error"))
            .unwrap_or("node failed")
            .to_owned()
            .into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
