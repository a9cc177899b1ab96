//! Damaged files at start. Promise: what it cannot use it refuses with the file's name and what to do, with an exit
//! status, and leaves as it is; where it starts, every acknowledged event is there, or it is said what is not.

mod logs;

use crate::{Finding, How};
use fastrand::Rng;
use mqlite_tests::{Event, SITE, Setup, mqlite, pageview, sixty_points};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

type Hurt = Box<dyn Fn(&Path)>;

/// A damage that must be refused.
struct Case {
    what: String,
    /// Done to a copy of the folder that was killed; otherwise of the one that was stopped.
    killed: bool,
    hurt: Hurt,
    /// What the refusal must name.
    names: &'static str,
    settings: Vec<(&'static str, PathBuf)>,
}

/// What says what to do next.
const NEXT: &[&str] = &[
    "newest backup",
    "mqlite check",
    "rm /",
    "--config",
    "may write",
    "to read and write",
    "run that version",
    "mqlite model check",
    "name a file",
    "download it again",
    "give the path",
];

/// Two folders as they are found at a start, and what was acknowledged.
struct Folders {
    stopped: PathBuf,
    killed: PathBuf,
    events: usize,
}

/// Damages copies of data folders and starts a collector on each.
pub(crate) fn run(how: &How) -> Result<Vec<Finding>, String> {
    let folders = Folders::fill(&how.dir);
    let mut findings = vec![refused(how, &folders)?];
    findings.extend(tolerated(how, &folders)?);
    findings.push(flipped(how, &folders, "events.db")?);
    findings.push(flipped(how, &folders, "ledger.db")?);
    findings.push(logs::flipped(how, &folders)?);
    findings.push(logs::ledger_flipped(how, &folders)?);
    findings.push(logs::accepted(how, &folders)?);
    Ok(findings)
}

impl Folders {
    fn fill(dir: &Path) -> Self {
        let events = |app: &mqlite_tests::TestApp| {
            for visitor in 0..12 {
                let pages: Vec<Event> = (0..5).map(|n| pageview(&format!("/{visitor}/{n}"))).collect();
                app.send_all_from(&format!("10.0.{visitor}.1"), &pages).assert_status(202);
            }
            let journey = sixty_points("", "jo@company.com", "A company");
            for event in &journey {
                app.send(event).assert_stored();
            }
            app.wait_for_lead("A company", |lead| lead["stage"] == "mql");
            60 + journey.len()
        };
        let (stopped, killed) = (dir.join("stopped"), dir.join("killed"));
        let mut app = Setup::default().data(&stopped).start();
        events(&app);
        assert!(app.stop().success());
        let mut app = Setup::default().data(&killed).start();
        let events = events(&app);
        app.kill9();
        Self { stopped, killed, events }
    }

    fn copy(&self, killed: bool, to: &Path) -> Result<(), String> {
        let _ = fs::remove_dir_all(to);
        copy(if killed { &self.killed } else { &self.stopped }, to).map_err(|error| error.to_string())
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?
        } else {
            let _ = fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Everything in a folder but what SQLite makes anew whenever it likes: the shared-memory index, an empty log.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            let bytes = fs::read(&path).unwrap_or_default();
            let made_anew = name.ends_with("-shm") || (name.ends_with("-wal") && bytes.is_empty());
            if !made_anew {
                found.insert(path, bytes);
            }
        }
    }
    found
}

fn setup(data: &Path) -> Setup {
    Setup::default().without_sites().data(data)
}

fn salt(folder: &Path) -> PathBuf {
    let mut entries = fs::read_dir(folder.join("salts")).expect("there are salts").flatten();
    entries.next().expect("there is a salt").path()
}

fn cut(file: &Path, length: u64) {
    fs::OpenOptions::new().write(true).open(file).and_then(|file| file.set_len(length)).expect("is cut");
}

/// Cases by the file that is damaged.
fn cases(rng: &mut Rng, long: bool) -> Vec<Case> {
    let some = |lengths: &'static [u64]| if long { lengths } else { &lengths[..lengths.len() / 2] };
    let mut cases = Vec::new();
    let mut add = |what: String, killed: bool, names: &'static str, hurt: Hurt| {
        cases.push(Case { what, killed, hurt, names, settings: Vec::new() });
    };
    for name in ["events.db", "ledger.db"] {
        for &length in some(&[0, 1, 100, 4_096, 99, 512, 8_192, 20_000]) {
            add(
                format!("{name} cut to {length} bytes"),
                false,
                name,
                Box::new(move |data| cut(&data.join(name), length)),
            );
        }
        add(format!("{name} removed"), false, name, Box::new(move |data| remove(&data.join(name))));
        add(format!("{name} a folder"), false, name, Box::new(move |data| make_folder(&data.join(name))));
        let noise: Vec<u8> = (0..70_000).map(|_| rng.u8(..)).collect();
        add(
            format!("{name} random bytes"),
            false,
            name,
            Box::new(move |data| write(&data.join(name), &noise)),
        );
        add(format!("{name} of a newer version"), false, name, Box::new(move |data| newer(&data.join(name))));
        let log = if name == "events.db" { "events.db-wal" } else { "ledger.db-wal" };
        add(
            format!("{name} removed, its log left"),
            true,
            name,
            Box::new(move |data| remove(&data.join(name))),
        );
        add(format!("{log} removed"), true, name, Box::new(move |data| remove(&data.join(log))));
        for &length in some(&[0, 100, 10, 32, 4_162]) {
            add(
                format!("{log} cut to {length} bytes"),
                true,
                name,
                Box::new(move |data| cut(&data.join(log), length)),
            );
        }
        let noise: Vec<u8> = (0..70_000).map(|_| rng.u8(..)).collect();
        add(format!("{log} random bytes"), true, name, Box::new(move |data| write(&data.join(log), &noise)));
    }
    for &length in some(&[0, 31, 1, 39]) {
        add(
            format!("the salt cut to {length} bytes"),
            false,
            ".salt",
            Box::new(move |data| cut(&salt(data), length)),
        );
    }
    let bit = rng.usize(0..40);
    add(
        "the salt with a byte changed".to_owned(),
        false,
        ".salt",
        Box::new(move |data| {
            let path = salt(data);
            let mut bytes = fs::read(&path).expect("reads");
            bytes[bit] ^= 4;
            write(&path, &bytes);
        }),
    );
    add("the salt a folder".to_owned(), false, ".salt", Box::new(|data| make_folder(&salt(data))));
    add(
        "salts/ a file".to_owned(),
        false,
        "salts",
        Box::new(|data| {
            fs::remove_dir_all(data.join("salts")).expect("removes");
            write(&data.join("salts"), b"x");
        }),
    );
    for (what, bytes) in [("cut", &b"listen = \"127"[..]), ("random bytes", &[0xff, 0xfe, 7, 0])] {
        add(
            format!("mqlite.toml {what}"),
            false,
            "mqlite.toml",
            Box::new(move |data| write(&data.join("mqlite.toml"), bytes)),
        );
    }
    add(
        "mqlite.toml a folder".to_owned(),
        false,
        "mqlite.toml",
        Box::new(|data| make_folder(&data.join("mqlite.toml"))),
    );
    add(
        "mqlite.lock a folder".to_owned(),
        false,
        "mqlite.lock",
        Box::new(|data| make_folder(&data.join("mqlite.lock"))),
    );
    add("a published model cut".to_owned(), false, "ledger.db", Box::new(publish_and_damage));
    for (name, variable) in [("model.toml", "MQLITE_MODEL"), ("geo.mmdb", "MQLITE_GEO_FILE")] {
        for what in ["missing", "empty", "random bytes", "a folder"] {
            let hurt: Hurt = Box::new(move |data| {
                let path = data.join(name);
                match what {
                    "empty" => write(&path, b""),
                    "random bytes" => write(&path, &[0x9e, 1, 2, 3, 0xff]),
                    "a folder" => make_folder(&path),
                    _ => {}
                }
            });
            let settings = vec![(variable, PathBuf::from(name))];
            cases.push(Case { what: format!("{name} {what}"), killed: false, hurt, names: name, settings });
        }
    }
    cases
}

fn remove(path: &Path) {
    fs::remove_file(path).expect("is removed");
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("is written");
}

fn make_folder(path: &Path) {
    let _ = fs::remove_file(path);
    fs::create_dir(path).expect("is made");
}

fn newer(path: &Path) {
    let database = rusqlite::Connection::open(path).expect("opens");
    database
        .execute("INSERT INTO migrations (version, name, checksum) VALUES (9999, 'of_tomorrow', x'00')", [])
        .expect("writes");
    drop(database);
}

fn publish_and_damage(data: &Path) {
    let shown = data.display().to_string();
    mqlite(["model", "publish", "saas-trial", "--site", SITE, "--data", &shown]).assert_ok();
    let database = rusqlite::Connection::open(data.join("ledger.db")).expect("opens");
    database.execute("UPDATE models SET text = substr(text, 1, 300)", []).expect("writes");
}

/// Why a start is not refused as it should be; `None` when it is.
fn unlike(case: &Case, data: &Path) -> Option<String> {
    (case.hurt)(data);
    let before = contents(data);
    let mut setup = setup(data);
    for (name, path) in &case.settings {
        setup = setup.setting(name, data.join(path).display().to_string());
    }
    let what = &case.what;
    match setup.try_start() {
        Ok(_) => Some(format!("{what}: it starts")),
        Err(why) if why.contains("panicked") => Some(format!("{what}: it panics: {why}")),
        Err(why) if !why.contains("exit status: 1") => Some(format!("{what}: {why}")),
        Err(why) if !why.contains(case.names) => Some(format!("{what}: the file is not named: {why}")),
        Err(why) if !NEXT.iter().any(|next| why.contains(next)) => {
            Some(format!("{what}: no next step: {why}"))
        }
        Err(_) if contents(data) != before => Some(format!("{what}: files were changed")),
        Err(_) => None,
    }
}

fn refused(how: &How, folders: &Folders) -> Result<Finding, String> {
    let cases = cases(&mut Rng::with_seed(how.seed), how.long);
    let data = how.dir.join("case");
    let mut wrong = Vec::new();
    for case in &cases {
        folders.copy(case.killed, &data)?;
        wrong.extend(unlike(case, &data));
    }
    Ok(Finding {
        what: "a database, write-ahead log, salt, setting, model or country file that is missing, empty, cut, of a newer \
               version, random bytes or a folder is refused at start"
            .to_owned(),
        tried: cases.len() as u64,
        lost: 0,
        doubled: 0,
        held: wrong.is_empty(),
        said: if wrong.is_empty() {
            "each ends with status 1, names the file and says what to do next, and leaves every file as it was, byte by \
             byte"
                .to_owned()
        } else {
            wrong.join("; ")
        },
    })
}

/// What is no reason not to start, if it is said.
fn tolerated(how: &How, folders: &Folders) -> Result<Vec<Finding>, String> {
    let data = how.dir.join("case");
    let mut findings = Vec::new();
    let mut add = |what: &str, killed: bool, hurt: &dyn Fn(&Path), said: &str| -> Result<(), String> {
        folders.copy(killed, &data)?;
        hurt(&data);
        let app = setup(&data).try_start()?;
        app.send(&pageview("/after")).assert_stored();
        let stored = app.export().len();
        let told = said.is_empty() || app.log().contains(said);
        findings.push(Finding {
            what: what.to_owned(),
            tried: 1,
            lost: (folders.events + 1).saturating_sub(stored) as u64,
            doubled: 0,
            said: if said.is_empty() {
                "it starts, with every event".to_owned()
            } else {
                "it starts, with every event, and the log says what that means".to_owned()
            },
            held: told && stored == folders.events + 1,
        });
        Ok(())
    };
    let no_salts = |data: &Path| fs::remove_dir_all(data.join("salts")).expect("removes");
    add("the salts are missing, as in a restored backup", false, &no_salts, "holds no salt to know them by")?;
    add("the audit log's anchor is missing", false, &|data| remove(&data.join("audit.anchor")), "")?;
    add("the anchor is random bytes", false, &|data| write(&data.join("audit.anchor"), &[7; 400]), "")?;
    add("the last frame of a log is torn, as by a power cut", true, &torn, "")?;
    let emptied = |data: &Path| write(&data.join("salts/1_2026-01-01.salt"), b"");
    add("a salt that an older version overwrote, and could not remove any more", false, &emptied, "")?;
    let cut_short = "a change of both databases was cut short before they had write-ahead logs, as in the first start on a copy";
    add(cut_short, false, &logs::half_done, "")?;
    Ok(findings)
}

/// Half a frame of zeros behind the end: a transaction that was being written, and was not acknowledged.
fn torn(data: &Path) {
    let path = data.join("events.db-wal");
    let mut bytes = fs::read(&path).expect("reads");
    bytes.extend([0; 2_000]);
    write(&path, &bytes);
}

/// A byte of a database changes, anywhere. What is broken is refused or said by `mqlite check`; a changed letter of a
/// stored text is a text, and nobody can tell.
fn flipped(how: &How, folders: &Folders, name: &str) -> Result<Finding, String> {
    let mut rng = Rng::with_seed(how.seed ^ 0xf11b);
    let data = how.dir.join("case");
    let shown = data.display().to_string();
    let tries = if how.long { 150 } else { 4 };
    let (mut refused, mut found, mut silent, mut wrong) = (0, 0, 0, Vec::new());
    for _ in 0..tries {
        folders.copy(false, &data)?;
        let path = data.join(name);
        let mut bytes = fs::read(&path).expect("reads");
        let at = rng.usize(0..bytes.len());
        bytes[at] ^= 1 << rng.u32(0..8);
        write(&path, &bytes);
        match setup(&data).try_start() {
            Err(why) if why.contains("panicked") || !why.contains("exit status: 1") => {
                wrong.push(format!("byte {at}: {why}"));
            }
            Err(_) => refused += 1,
            Ok(mut app) => {
                let checked = mqlite(["check", "--data", &shown]);
                let export = mqlite(["export", "events", "--format", "ndjson", "--data", &shown]);
                if !app.is_alive() || app.log().contains("panicked") || checked.stderr.contains("panicked") {
                    wrong.push(format!("byte {at}: it does not live on: {}", app.log()));
                } else if checked.code != Some(0) {
                    found += 1;
                } else if export.code == Some(0) && export.stdout.lines().count() < folders.events {
                    wrong.push(format!("byte {at}: events are gone, and `mqlite check` finds nothing"));
                } else {
                    silent += 1;
                }
            }
        }
    }
    Ok(Finding {
        what: format!("a bit of {name} is flipped anywhere"),
        tried: tries,
        lost: wrong.len() as u64,
        doubled: 0,
        held: wrong.is_empty(),
        said: if wrong.is_empty() {
            format!(
                "{refused} refused at start, {found} found by `mqlite check`, {silent} in free space or inside of a value, \
                 which no check of the file can tell"
            )
        } else {
            wrong.join("; ")
        },
    })
}
