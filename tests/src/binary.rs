//! The binary under test. Invariant: it is built from this working tree, once a test process, in the
//! profile that the tests themselves are built in; `MQLITE_BIN` names another one.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Where the binary under test is; built when first asked for.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("MQLITE_BIN") {
        Some(named) => PathBuf::from(named),
        None => build(),
    })
}

/// The cargo that started this program, or the one of the path: only these know which toolchain is meant.
#[must_use]
pub fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Builds it where this test was built: `TARGET/[TRIPLE/]PROFILE/deps/test`; or this program, which is not in `deps`.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test.parent().expect("a test is in a folder");
    let profile = if folder.ends_with("deps") { folder.parent().expect("a profile") } else { folder };
    let mut target = profile.parent().expect("a profile is in a target folder");
    let mut command = Command::new(cargo());
    command.args(["build", "--package", "mqlite", "--bin", "mqlite", "--message-format", "json"]);
    if !target.join("CACHEDIR.TAG").exists() {
        let triple = target.file_name().expect("a target has a name");
        command.arg("--target").arg(triple);
        target = target.parent().unwrap_or(target);
    }
    let profile = match profile.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    command.args(["--profile", profile]).arg("--target-dir").arg(target);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    let output = command.output().expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the binary does not build:\n{errors}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "mqlite")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .unwrap_or_else(|| panic!("cargo names no binary:\n{errors}"))
}

/// The binary, with nothing of our environment that it would take for a setting.
pub(crate) fn command() -> Command {
    let mut command = Command::new(binary());
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("MQLITE_")) {
        command.env_remove(name);
    }
    for name in ["RUST_LOG", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

impl Finished {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// What it printed, when it succeeded.
    ///
    /// # Panics
    /// When it failed.
    #[track_caller]
    pub fn assert_ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// What it complained of, when it failed and printed no panic.
    ///
    /// # Panics
    /// When it succeeded, or panicked.
    #[track_caller]
    pub fn assert_fails(self) -> String {
        assert!(self.code.is_some_and(|code| code != 0), "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        assert!(!self.stderr.trim().is_empty(), "it fails without a word: {self:?}");
        self.stderr
    }
}

/// Runs `mqlite ARGUMENTS` to its end, outside of any folder of ours.
///
/// # Panics
/// When the binary cannot be run.
pub fn mqlite<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Finished {
    mqlite_in(&std::env::temp_dir(), &[], arguments)
}

/// Runs `mqlite ARGUMENTS` to its end with `input` on its standard input.
///
/// # Panics
/// When the binary cannot be run.
pub fn mqlite_fed<S: AsRef<OsStr>>(input: &str, arguments: impl IntoIterator<Item = S>) -> Finished {
    let mut command = command();
    command.current_dir(std::env::temp_dir()).args(arguments).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    Finished::of(&child.wait_with_output().expect("it ends"))
}

/// Runs `mqlite ARGUMENTS` in `folder` with `settings` in its environment.
///
/// # Panics
/// When the binary cannot be run.
pub fn mqlite_in<S: AsRef<OsStr>>(
    folder: &Path,
    settings: &[(&str, &str)],
    arguments: impl IntoIterator<Item = S>,
) -> Finished {
    let mut command = command();
    command.current_dir(folder).args(arguments).envs(settings.iter().copied());
    Finished::of(&command.output().expect("the binary runs"))
}
