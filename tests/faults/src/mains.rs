//! A data folder on a disk that can lose its power. Invariant: what the collector finds afterwards is what the disk
//! had, and nothing of what was only in memory.

use crate::platter::{Cut, Platter};
use crate::scored::setup;
use crate::shim::Shim;
use fastrand::Rng;
use mqlite_tests::{SITE, TestApp, mqlite, zone_where_it_is};
use std::path::Path;
use std::time::Duration;

/// How long a played sync takes: what many a disk needs.
const SYNC: Duration = Duration::from_millis(1);

/// A data folder, and the disk below it.
pub(crate) struct Mains {
    pub(crate) shim: Shim,
    platter: Platter,
    /// Cuts so far.
    pub(crate) cuts: usize,
    /// Syncs so far.
    pub(crate) syncs: u64,
    /// Writes and names that were not synced when the power went.
    pub(crate) taken: usize,
}

impl Mains {
    /// With one site.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn new(dir: &Path) -> Result<Self, String> {
        let wrong = |error: std::io::Error| format!("{}: {error}", dir.display());
        std::fs::create_dir_all(dir).map_err(wrong)?;
        let shim = Shim::new(dir)?;
        let data = shim.data.display().to_string();
        mqlite(["site", "add", SITE, "--time-zone", &zone_where_it_is(12), "--data", &data]).assert_ok();
        let platter = Platter::of(&shim.data).map_err(wrong)?;
        Ok(Self { shim, platter, cuts: 0, syncs: 0, taken: 0 })
    }

    /// A collector on it.
    pub(crate) fn start(&self) -> TestApp {
        self.shim.tracing(setup().without_sites(), SYNC).start()
    }

    /// Ends the process and makes the folder what the disk has of it.
    pub(crate) fn cut(&mut self, app: &mut TestApp, cut: Cut, rng: &mut Rng) {
        app.kill9();
        let mut platter = std::mem::take(&mut self.platter);
        platter.play(&self.shim.take_trace());
        self.syncs += platter.syncs;
        self.taken += platter.unsynced();
        self.cuts += 1;
        platter.cut(cut, rng, &self.shim.data).expect("the folder can be written");
        self.platter = Platter::of(&self.shim.data).expect("the folder can be read");
    }
}

/// What is wrong with a data folder that nobody uses, looked at in a copy.
pub(crate) fn trouble(data: &Path, copy: &Path) -> Vec<String> {
    copy_folder(data, copy).expect("the folder can be copied");
    let mut wrong = Vec::new();
    for name in ["events.db", "ledger.db"] {
        let database = rusqlite::Connection::open(copy.join(name));
        let answer = database.and_then(|database| {
            database.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))
        });
        if answer.as_deref() != Ok("ok") {
            wrong.push(format!("{name}: {answer:?}"));
        }
    }
    let verified = mqlite(["audit", "verify", "--data", &copy.display().to_string()]);
    if verified.code != Some(0) {
        wrong.push(format!("the audit log does not verify: {verified:?}"));
    }
    wrong
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
