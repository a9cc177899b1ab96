//! What is said of an audit anchor that does not fit. Invariant: whoever reads it learns whose anchor it is, and what
//! to do.

use super::*;
use crate::config::Settings;
use std::path::PathBuf;
use tempfile::TempDir;

/// A data folder, and an anchor outside of it.
fn config(folder: &TempDir, data: &str) -> Config {
    let (data, audit_anchor) = (Some(folder.path().join(data)), Some(folder.path().join("the.anchor")));
    Config::resolve(Settings { data, audit_anchor, ..Settings::default() }).expect("settings")
}

fn record(config: &Config, times: usize) {
    create_data_folder(&config.data).expect("creates");
    let ledger = crate::app::open_ledger(&config.data).expect("opens");
    let audit = recorder(config, ledger, Clock::system());
    for _ in 0..times {
        audit.stopped().expect("records");
    }
}

fn refusal(config: &Config) -> String {
    check(config).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn an_anchor_that_is_anothers_is_called_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, other) = (config(&folder, "ours"), config(&folder, "other"));
    record(&Config { audit_anchor: folder.path().join("elsewhere"), ..config(&folder, "other") }, 2);
    record(&ours, 5);
    assert_eq!(refusal(&ours), "");
    let why = refusal(&config(&folder, "new"));
    assert!(why.contains("holds no databases") && why.contains("knows entry 5"), "{why}");
    assert!(why.contains("MQLITE_AUDIT_ANCHOR") && why.contains("newest backup"), "{why}");
    let why = refusal(&other);
    assert!(
        why.contains("is of another audit log: its entry 2") && why.contains("MQLITE_AUDIT_ANCHOR"),
        "{why}"
    );
    assert!(!why.contains("--accept-loss"), "nothing is lost: {why}");
}

/// An older copy of the ledger, and the same beside a collector that writes to the same anchor.
#[test]
fn an_older_copy_is_a_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, copy) = (config(&folder, "ours"), config(&folder, "copy"));
    record(&ours, 2);
    create_data_folder(&copy.data).expect("creates");
    let copied = |file: &str| -> PathBuf { copy.data.join(file) };
    crate::app::open_ledger(&ours.data).expect("opens").ledger_backup(&copied(LEDGER)).expect("copies");
    record(&ours, 2);
    let why = refusal(&copy);
    assert!(
        why.contains("ends at entry 2") && why.contains("older copy") && why.contains("--accept-loss"),
        "{why}"
    );
    assert!(why.contains("aside") && !why.contains("another collector"), "{why}");
    record(&config(&folder, "other"), 2);
    record(&ours, 1);
    let why = refusal(&copy);
    assert!(why.contains("older copy") && why.contains("another collector writes to that anchor"), "{why}");
}
