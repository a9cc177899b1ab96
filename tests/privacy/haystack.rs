//! Where the sentinel is looked for. Invariant: every byte of every file and answer is looked at, letters in
//! either case, and what is found is named with its place.

use std::path::Path;

/// Named bytes.
#[derive(Default)]
pub(crate) struct Haystack(Vec<(String, Vec<u8>)>);

impl Haystack {
    /// Adds bytes.
    pub(crate) fn add(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.0.push((name.to_owned(), bytes.into()));
    }

    /// Adds every file in a folder, and its name.
    pub(crate) fn folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            let name = path.display().to_string();
            self.add("a file's name", name.clone());
            if path.is_dir() {
                self.folder(&path);
            } else {
                self.add(&name, std::fs::read(&path).expect("it can be read"));
            }
        }
    }

    /// Which needles are found, and where.
    pub(crate) fn find(&self, needles: &[(String, Vec<u8>)]) -> Vec<String> {
        let lower = |bytes: &[u8]| bytes.to_ascii_lowercase();
        let needles: Vec<(&String, Vec<u8>)> =
            needles.iter().map(|(name, needle)| (name, lower(needle))).collect();
        let mut found = Vec::new();
        for (place, bytes) in &self.0 {
            let bytes = lower(bytes);
            for (name, needle) in &needles {
                if let Some(at) = position(&bytes, needle) {
                    let around = &bytes[at.saturating_sub(60)..(at + needle.len() + 60).min(bytes.len())];
                    found.push(format!("{name} in {place} at {at}: {}", String::from_utf8_lossy(around)));
                }
            }
        }
        found
    }

    /// Asserts that none is found; answers how many bytes were looked at.
    #[track_caller]
    pub(crate) fn assert_without(&self, needles: &[(String, Vec<u8>)]) -> usize {
        let found = self.find(needles);
        assert!(found.is_empty(), "{}", found.join("\n"));
        self.0.iter().map(|(_, bytes)| bytes.len()).sum()
    }
}

/// Where `needle` begins in `bytes`: by its first byte, then by all of it.
fn position(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        if bytes[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}
