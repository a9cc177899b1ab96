//! The binary under measure: built from this working tree in the profile that the bench was built in;
//! `MQLITE_BIN` names another one.

use crate::Failure;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// `mqlite`, with nothing of our environment that it would take for a setting.
///
/// # Errors
/// When it does not build.
pub(super) fn command() -> Result<Command, Failure> {
    let mut command = Command::new(path()?);
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("MQLITE_")) {
        command.env_remove(name);
    }
    Ok(command)
}

fn path() -> Result<&'static Path, Failure> {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = BINARY.get() {
        return Ok(path);
    }
    let found = std::env::var_os("MQLITE_BIN").map_or_else(build, |named| Ok(PathBuf::from(named)))?;
    Ok(BINARY.get_or_init(|| found))
}

fn build() -> Result<PathBuf, Failure> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--package", "mqlite", "--bin", "mqlite", "--message-format", "json"]);
    command.args(["--profile", if cfg!(debug_assertions) { "dev" } else { "release" }]);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output()?;
    if !output.status.success() {
        return Err("the collector does not build".into());
    }
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let binary = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "mqlite")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    binary.ok_or_else(|| "cargo names no binary".into())
}
