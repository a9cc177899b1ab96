//! The working tree. Invariant: what is generated, installed or vendored is not ours and is not looked at.

use crate::tokens::test_modules;
use std::path::{Path, PathBuf};

/// A file of ours.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// From the repository's root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// A file that a test makes up.
    pub(crate) fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The path below a folder, if it is there.
    pub(crate) fn below(&self, folder: &str) -> Option<&str> {
        self.path.strip_prefix(folder)?.strip_prefix('/')
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests are in the repository").to_owned()
}

/// Every text file of the four members, with one of these extensions.
pub(crate) fn sources(extensions: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for member in ["collector", "snippet", "dashboard", "tests"] {
        walk(&root(), &root().join(member), extensions, &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The Rust files that end up in what is shipped: those of modules for tests are left out.
pub(crate) fn shipped() -> Vec<Source> {
    let all = sources(&["rs"]);
    let tests: Vec<String> = all.iter().flat_map(|source| test_modules(&source.path, &source.text)).collect();
    let is_test = |path: &str| {
        tests
            .iter()
            .any(|test| path.strip_prefix(test).is_some_and(|rest| rest == ".rs" || rest.starts_with('/')))
    };
    all.into_iter().filter(|source| !is_test(&source.path)).collect()
}

fn walk(root: &Path, folder: &Path, extensions: &[&str], found: &mut Vec<Source>) {
    const NOT_OURS: [&str; 6] = ["target", "node_modules", "data", "corpus", "artifacts", "dist"];
    for entry in std::fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || NOT_OURS.contains(&name.as_ref()) {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, extensions, found);
        } else if extensions.iter().any(|extension| name.ends_with(&format!(".{extension}"))) {
            let relative = path.strip_prefix(root).expect("below the root");
            let path_text = relative.to_string_lossy().replace('\\', "/");
            let text = std::fs::read_to_string(&path).expect("a file of ours is text");
            found.push(Source { path: path_text, text });
        }
    }
}
