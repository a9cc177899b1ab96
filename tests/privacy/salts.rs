//! The salts. Promise: the salt of a day that is over is in no file, in no backup and in no process.

use crate::haystack::Haystack;
use mqlite_tests::{SITE, Setup, TestApp, mqlite, pageview, wait_until};
use std::fs;
use std::path::{Path, PathBuf};

/// 32 bytes that nothing else holds.
const SALT: [u8; 32] = *b"\xa5SALT-of-a-day-that-is-over\xf0\x9d\xc3\x5a\xff";

fn needles() -> Vec<(String, Vec<u8>)> {
    let hex: String = SALT.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![("the salt".to_owned(), SALT.to_vec()), ("the salt as text".to_owned(), hex.into_bytes())]
}

fn folder(path: &Path) -> Haystack {
    let mut haystack = Haystack::default();
    haystack.folder(path);
    haystack
}

/// All memory of a process that it may read itself: what a core file would hold.
#[cfg(target_os = "linux")]
fn memory(pid: u32) -> Vec<u8> {
    use std::os::unix::fs::FileExt;
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("its maps");
    let file = fs::File::open(format!("/proc/{pid}/mem")).expect("a parent may read its child's memory");
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw")))
    {
        let (from, to) = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
        let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).expect("an address"));
        let mut part = vec![0; usize::try_from(to - from).expect("fits")];
        // A mapping may go between the list and the look.
        if file.read_exact_at(&mut part, from).is_ok() {
            all.append(&mut part);
        }
    }
    all
}

fn salts(app: &TestApp) -> PathBuf {
    app.data().join("salts")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_salt_of_a_past_day_is_nowhere() {
    let mut app = Setup::default().start();
    app.send(&pageview("/")).assert_stored();
    app.stop();
    let past = salts(&app).join("1_2026-01-02.salt");
    fs::write(&past, SALT).expect("writes");
    assert_eq!(folder(app.data()).find(&needles()).len(), 1, "the search finds it while it is there");

    app.restart();
    wait_until("its end", || if past.exists() { Err("it lives".to_owned()) } else { Ok(()) });
    let live = names(&salts(&app)).into_iter().filter(|name| name.ends_with(".salt")).count();
    assert_eq!(live, 1, "today's is left");
    app.send(&pageview("/")).assert_stored();
    folder(app.data()).assert_without(&needles());
    let copy = app.data().with_file_name("copy");
    let (data, target) = (app.data().display().to_string(), copy.display().to_string());
    mqlite(["backup", &target, "--data", &data]).assert_ok();
    let mut files = names(&copy);
    files.sort_unstable();
    assert_eq!(files, ["audit.anchor", "events.db", "ledger.db"]);
    let mut all = folder(&copy);
    all.add("the log", app.log());
    #[cfg(target_os = "linux")]
    {
        let seen = memory(app.pid());
        assert!(seen.len() > 1_000_000, "only {} bytes of memory were looked at", seen.len());
        all.add("memory of the process that destroyed it", seen);
        app.restart();
        app.send(&pageview("/")).assert_stored();
        all.add("memory of a fresh process", memory(app.pid()));
    }
    all.assert_without(&needles());
}

/// The search itself: it finds what is in memory, such as the salt of today.
#[cfg(target_os = "linux")]
#[test]
fn the_salt_of_today_is_in_memory_and_in_no_backup() {
    let app = TestApp::start();
    app.send(&pageview("/")).assert_stored();
    let name = names(&salts(&app)).remove(0);
    let mut today = fs::read(salts(&app).join(name)).expect("reads");
    // Behind the salt stands what shows that its file is damaged.
    today.truncate(32);
    let needle = vec![("today's salt".to_owned(), today)];
    let mut seen = Haystack::default();
    seen.add("memory", memory(app.pid()));
    assert_eq!(seen.find(&needle).len(), 1, "it is needed there");
    let copy = app.data().with_file_name("copy");
    let (data, target) = (app.data().display().to_string(), copy.display().to_string());
    mqlite(["backup", &target, "--data", &data]).assert_ok();
    folder(&copy).assert_without(&needle);
}

/// A backup is a data folder: a collector starts on it and has what was there.
#[test]
fn a_backup_is_whole() {
    let mut app = TestApp::start();
    app.send(&pageview("/pricing")).assert_stored();
    let copy = app.data().with_file_name("copy");
    let (data, target) = (app.data().display().to_string(), copy.display().to_string());
    let said = mqlite(["backup", &target, "--data", &data]).assert_ok();
    assert!(said.contains("ledger.db, events.db"), "{said}");
    let again = mqlite(["backup", &target, "--data", &data]);
    assert!(again.code == Some(1) && again.stderr.contains("is not empty"), "{}", again.stderr);
    let exported = mqlite(["export", "events", "--data", &target]).assert_ok();
    assert!(exported.contains("/pricing") && exported.contains(SITE), "{exported}");
    app.stop();
    let missing = app.data().with_file_name("missing").display().to_string();
    let none = mqlite(["backup", &target, "--data", &missing]);
    assert!(none.code == Some(1) && none.stderr.contains("--data"), "{}", none.stderr);
    let verified = mqlite(["audit", "verify", "--data", &target]).assert_ok();
    assert!(!verified.contains("cut"), "{verified}");
}

/// Nobody but the owner reads a copy, and none lies where an erasure would not find it.
#[cfg(unix)]
#[test]
fn a_backup_is_private_and_outside() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let app = TestApp::start();
    app.send(&pageview("/")).assert_stored();
    let data = app.data().display().to_string();
    let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    let settings = app.data().join("mqlite.toml");
    fs::write(&settings, "").expect("writes");
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o644)).expect("sets");
    let open = app.data().with_file_name("open");
    fs::create_dir(&open).expect("creates");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).expect("sets");
    let (new, link) = (app.data().with_file_name("new"), app.data().with_file_name("link"));
    symlink(app.data(), &link).expect("links");
    for copy in [&open, &new] {
        mqlite(["backup", &copy.display().to_string(), "--data", &data]).assert_ok();
        for name in ["events.db", "ledger.db", "audit.anchor", "mqlite.toml"] {
            assert_eq!(mode(&copy.join(name)), 0o600, "{name}");
        }
    }
    assert_eq!(mode(&new), 0o700);
    for inside in [app.data().join("copy/of/it"), app.data().join("salts/../copy"), link.join("copy")] {
        let refused = mqlite(["backup", &inside.display().to_string(), "--data", &data]).assert_fails();
        assert!(refused.contains("in the data folder"), "{refused}");
        assert!(!app.data().join("copy").exists());
    }
}
