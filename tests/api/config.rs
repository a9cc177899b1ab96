//! Settings. Promise: flags go over the environment, the environment over `mqlite.toml`; what is not
//! understood stops the start with its name and what would be right.

use mqlite_tests::{Setup, TestApp, mqlite, mqlite_in, pageview};
use std::path::Path;

fn tag(folder: &Path, settings: &[(&str, &str)], flags: &[&str]) -> mqlite_tests::Finished {
    let data = folder.display().to_string();
    let arguments = ["tag", "example.com", "--data", &data];
    mqlite_in(folder, settings, arguments.iter().chain(flags))
}

#[test]
fn flags_over_environment_over_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mqlite.toml");
    std::fs::write(&file, "public_url = \"https://file.example\"").expect("writes");
    let environment = [("MQLITE_PUBLIC_URL", "https://environment.example")];
    let printed = |settings: &[(&str, &str)], flags: &[&str]| tag(folder.path(), settings, flags).assert_ok();
    assert!(printed(&[], &[]).contains("https://file.example/mq.js"));
    assert!(printed(&environment, &[]).contains("https://environment.example/mq.js"));
    let flag = ["--public-url", "https://flag.example/"];
    assert!(printed(&environment, &flag).contains("\"https://flag.example/mq.js\""), "no slash twice");

    let elsewhere = tempfile::tempdir().expect("a folder");
    let named = ["--config", file.to_str().expect("text")];
    assert!(tag(elsewhere.path(), &[], &named).assert_ok().contains("https://file.example"));
}

#[test]
fn what_is_not_understood_is_named_with_what_would_be_right() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "MQLITE_TRUSTED_PROXIES",
            "10.0.0.0/8, localhost",
            &["trusted_proxies", "`localhost`", "10.0.0.0/8"],
        ),
        ("MQLITE_PUBLIC_URL", "stats.example.com", &["public_url", "https://stats.example.com"]),
        ("MQLITE_PUBLIC_URL", "https://stats.example.com/?x", &["public_url"]),
        ("MQLITE_IPV4_PREFIX", "8", &["ipv4_prefix", "24 or 32"]),
        ("MQLITE_CLIENT_RATE", "0", &["client_rate", "at least 1"]),
        ("MQLITE_CLIENT_BURST", "many", &["MQLITE_CLIENT_BURST", "--client-burst"]),
        ("MQLITE_CONFIG", "/nonexistent/mqlite.toml", &["/nonexistent/mqlite.toml", "cannot be read"]),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (name, value, words) in cases {
        let complaint = tag(folder.path(), &[(name, value)], &[]).assert_fails();
        for word in *words {
            // clap names the flag and not the variable.
            let either =
                complaint.contains(word) || (word.starts_with("MQLITE_") && complaint.contains("--"));
            assert!(either, "`{word}` in: {complaint}");
        }
    }
    std::fs::write(folder.path().join("mqlite.toml"), "lisen = \"127.0.0.1:1\"").expect("writes");
    let complaint = tag(folder.path(), &[], &[]).assert_fails();
    assert!(complaint.contains("lisen") && complaint.contains("mqlite.toml"), "{complaint}");
}

#[test]
fn the_file_in_the_data_folder_counts_when_serving() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    std::fs::write(folder.path().join("mqlite.toml"), "geo_file = \"/nonexistent/countries.mmdb\"")
        .expect("writes");
    let complaint = mqlite(["serve", "--listen", "127.0.0.1:0", "--data", &data]).assert_fails();
    assert!(complaint.contains("/nonexistent/countries.mmdb"), "{complaint}");
}

#[test]
fn a_model_that_cannot_be_used_stops_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    let model = folder.path().join("model.toml").display().to_string();
    std::fs::write(&model, "name = \"x\"\n[mql]\ntotal_gte = 60\nspelled_wrong = 1\n").expect("writes");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", &data, "--model", &model];
    let complaint = mqlite(arguments).assert_fails();
    assert!(complaint.contains("model.toml") && complaint.contains("spelled_wrong"), "{complaint}");
}

#[test]
fn one_collector_a_folder() {
    let app = TestApp::start();
    let data = app.data().display().to_string();
    let complaint = mqlite(["serve", "--listen", "127.0.0.1:0", "--data", &data]).assert_fails();
    assert!(complaint.contains("another collector") && complaint.contains("--data"), "{complaint}");
    app.send(&pageview("/")).assert_stored();
}

#[test]
fn a_port_in_use_is_said() {
    let app = TestApp::start();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    let address = app.base().trim_start_matches("http://");
    let finished = mqlite(["serve", "--listen", address, "--data", &data]);
    assert!(
        !finished.stdout.contains("listens on"),
        "nothing is said of a port that is not ours: {finished:?}"
    );
    let complaint = finished.assert_fails();
    assert!(complaint.contains(address) && complaint.contains("--listen"), "{complaint}");
}

#[cfg(unix)]
#[test]
fn the_data_folder_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let app = TestApp::start();
    app.send(&pageview("/")).assert_stored();
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o077;
    assert_eq!(mode(app.data()), 0, "nobody else looks into it");
    assert_eq!(mode(&app.data().join("salts")), 0);
}

#[test]
fn a_database_that_is_none_is_left_as_it_is() {
    let mut app = Setup::default().start();
    app.stop();
    let path = app.data().join("events.db");
    for extra in ["events.db-wal", "events.db-shm"] {
        let _ = std::fs::remove_file(app.data().join(extra));
    }
    let garbage = "this is no database, but somebody may want it back".repeat(100);
    std::fs::write(&path, &garbage).expect("writes");
    let data = app.data().display().to_string();
    let complaint = mqlite(["serve", "--listen", "127.0.0.1:0", "--data", &data]).assert_fails();
    assert!(complaint.contains("events.db"), "{complaint}");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), garbage);
}
