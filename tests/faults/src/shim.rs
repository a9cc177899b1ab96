//! What stands between the collector and its files: shim/shim.c, compiled here and preloaded. Invariant: the
//! binary is the real one; what goes wrong is changed while it runs, by a file that both have mapped or written.

use mqlite_tests::Setup;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What goes wrong with what is written. The numbers are those of shim.c.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Nothing.
    Nothing = 0,
    /// ENOSPC, after half of it.
    Full = 1,
    /// EROFS.
    ReadOnly = 2,
    /// EIO on writing.
    WriteFails = 3,
    /// EIO on syncing; what it was to sync never arrives.
    SyncFails = 4,
    /// Each write and sync takes its time.
    Slow = 5,
}

/// A shim, ready to be preloaded.
#[derive(Debug)]
pub(crate) struct Shim {
    library: PathBuf,
    control: PathBuf,
    trace: PathBuf,
    /// The data folder that it is about.
    pub(crate) data: PathBuf,
}

/// Bytes of the control file, and where the count of hits is.
const CONTROL_BYTES: usize = 64;
const HITS_AT: u64 = 8;

impl Shim {
    /// Compiles it in `dir`, for a data folder in there.
    ///
    /// # Errors
    /// When there is no C compiler.
    pub(crate) fn new(dir: &Path) -> Result<Self, String> {
        let wrong = |error: std::io::Error| format!("no shim in {}: {error}", dir.display());
        // Paths are compared as the system knows them.
        let dir = dir.canonicalize().map_err(wrong)?;
        let library = dir.join("shim.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("shim/shim.c");
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let mut command = Command::new(compiler);
        command.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]);
        let output = command.arg(&library).arg(source).output().map_err(wrong)?;
        if !output.status.success() {
            return Err(format!("the shim does not compile: {}", String::from_utf8_lossy(&output.stderr)));
        }
        let shim =
            Self { library, control: dir.join("control"), trace: dir.join("trace"), data: dir.join("data") };
        std::fs::write(&shim.control, [0; CONTROL_BYTES]).map_err(wrong)?;
        Ok(shim)
    }

    /// A collector on its data folder behind it.
    pub(crate) fn behind(&self, setup: Setup) -> Setup {
        setup
            .data(&self.data)
            .setting("LD_PRELOAD", self.library.display().to_string())
            .setting("FAULTS_FOLDER", self.data.display().to_string())
            .setting("FAULTS_CONTROL", self.control.display().to_string())
    }

    /// The same, with a record of everything that is written, in which syncs are played and take this long.
    pub(crate) fn tracing(&self, setup: Setup, sync: Duration) -> Setup {
        let micros = u32::try_from(sync.as_micros()).unwrap_or(u32::MAX);
        self.put(12, &micros.to_le_bytes());
        self.behind(setup).setting("FAULTS_TRACE", self.trace.display().to_string())
    }

    /// The record so far; a new one begins. Only while the collector does not run.
    pub(crate) fn take_trace(&self) -> Vec<u8> {
        let trace = std::fs::read(&self.trace).unwrap_or_default();
        std::fs::write(&self.trace, []).expect("the trace can be emptied");
        trace
    }

    /// From now on this goes wrong, with files that have `which` in their path.
    pub(crate) fn set(&self, wrong: Wrong, which: &str, slow: Duration) {
        let mut part = [0; 16];
        part[..which.len()].copy_from_slice(which.as_bytes());
        let millis = u32::try_from(slow.as_millis()).unwrap_or(u32::MAX);
        self.put(0, &(Wrong::Nothing as u32).to_le_bytes());
        self.put(HITS_AT, &0_u32.to_le_bytes());
        self.put(16, &part);
        self.put(4, &millis.to_le_bytes());
        self.put(0, &(wrong as u32).to_le_bytes());
    }

    /// How often something went wrong since it was set.
    pub(crate) fn hits(&self) -> u32 {
        let mut bytes = [0; 4];
        let mut file = std::fs::File::open(&self.control).expect("the control file is there");
        file.seek(SeekFrom::Start(HITS_AT)).and_then(|_| file.read_exact(&mut bytes)).expect("it is whole");
        u32::from_le_bytes(bytes)
    }

    fn put(&self, at: u64, bytes: &[u8]) {
        let mut file = OpenOptions::new().write(true).open(&self.control).expect("the control file is there");
        file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(bytes)).expect("it can be written");
    }
}
