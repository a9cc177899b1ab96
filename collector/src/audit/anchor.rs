//! The chain's witness outside the database: a file to which each new head is added. Invariant: it is only
//! ever added to, a line at a time: `<seq> <hash> <time>`. Kept on another disk or sent to another machine,
//! it shows a log that was rewritten as a whole.

use crate::domain::Entry;
use crate::domain::to_hex;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file.
#[derive(Debug, Clone)]
pub struct Anchor(PathBuf);

impl Anchor {
    /// At `path`; made with the first entry.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Adds an entry's place, hash and time.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.0)?;
        file.write_all(format!("{} {} {}\n", entry.seq, to_hex(&entry.hash), entry.at).as_bytes())
    }
}
