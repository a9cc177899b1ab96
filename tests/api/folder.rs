//! The data folder. Promise: after a clean stop the databases' own files are whole without anything beside
//! them; what the collector creates is for its owner only, also in a folder that was there before.

use mqlite_tests::{TestApp, mqlite, pageview};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn export(data: &Path) -> usize {
    let data = data.display().to_string();
    mqlite(["export", "events", "--data", data.as_str()]).assert_ok().lines().count()
}

#[test]
fn a_copy_of_the_databases_after_a_clean_stop_is_whole() {
    let mut app = TestApp::start();
    for n in 0..20 {
        app.send(&pageview(&format!("/{n}"))).assert_stored();
    }
    assert!(app.stop().success());
    let copy = tempfile::tempdir().expect("a folder");
    for file in ["events.db", "ledger.db"] {
        std::fs::copy(app.data().join(file), copy.path().join(file)).expect("copies");
    }
    assert_eq!(export(copy.path()), 20);
}

#[test]
fn files_are_the_owners_only_in_a_folder_that_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("creates");
    std::fs::set_permissions(&data, PermissionsExt::from_mode(0o755)).expect("sets");
    let shown = data.display().to_string();
    mqlite(["site", "add", "example.com", "--data", shown.as_str()]).assert_ok();
    for entry in std::fs::read_dir(&data).expect("reads") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("exists").permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{} has {mode:o}", entry.path().display());
    }
}
