//! The rules of docs/ARCHITECTURE.md, held. Promise: the code and the page tell the same story, and a rule
//! that is broken names the file, the line and what would be right.

mod edges;
mod planted;
mod rules;
mod tokens;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use tree::{Source, root, shipped, sources};

/// Asserts that no source breaks the rule, and that there were sources to look at.
fn assert_kept(sources: &[Source], rule: impl Fn(&Source) -> Vec<String>) {
    assert!(sources.len() > 20, "only {} files were looked at", sources.len());
    let wrong: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn modules_import_what_they_may() {
    let sources = shipped();
    let edges: usize = sources.iter().map(|source| edges::edges(source).len()).sum();
    assert!(edges > 100, "only {edges} edges were found");
    assert_kept(&sources, edges::violations);
}

#[test]
fn names_of_others_stand_where_they_belong() {
    assert_kept(&shipped(), rules::keeps_owners);
}

#[test]
fn headers_of_people_are_read_in_privacy_only() {
    assert_kept(&shipped(), rules::leaves_headers_to_privacy);
}

#[test]
fn every_file_says_what_it_is_for() {
    assert_kept(&sources(&["rs"]), rules::says_what_it_is_for);
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    assert_kept(&sources(&["rs", "js", "mjs", "css", "html", "sql"]), rules::is_short);
}

#[test]
fn no_lint_is_allowed_in_silence() {
    assert_kept(&sources(&["rs"]), rules::allows_nothing);
}

fn architecture() -> String {
    std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("docs/ARCHITECTURE.md is there")
}

/// The modules at the top of the collector: its folders and files.
fn modules() -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join("collector/src")).expect("the collector is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.map(|name| name.trim_end_matches(".rs").to_owned()).collect()
}

/// The words of a text, as names are written.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}

#[test]
fn the_architecture_page_names_every_module_and_no_other() {
    let page = architecture();
    let named = words(&page);
    for module in modules().iter().filter(|module| !matches!(module.as_str(), "lib" | "main")) {
        assert!(named.contains(module.as_str()), "docs/ARCHITECTURE.md does not name `{module}`");
        assert!(edges::RULES.iter().any(|(ruled, _)| ruled == module), "`{module}` has no rule");
    }
    for (ruled, _) in edges::RULES {
        assert!(modules().contains(*ruled), "the rule is about `{ruled}`, which is not there");
    }
    for member in ["snippet", "collector", "dashboard", "tests"] {
        assert!(page.contains(&format!("`{member}`")), "docs/ARCHITECTURE.md does not name `{member}`");
    }
}

#[test]
fn the_architecture_page_has_the_rules_that_are_held() {
    let page = architecture();
    let modules = modules();
    let rows: BTreeMap<&str, BTreeSet<&str>> = page
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split('|');
            let module = cells.next()?.trim().strip_suffix('`')?;
            let may = words(cells.next()?).into_iter().filter(|word| modules.contains(*word));
            // The domain is everybody's.
            Some((module, may.filter(|word| *word != "domain").collect()))
        })
        .collect();
    let ruled = edges::RULES
        .iter()
        .filter(|(module, _)| !matches!(*module, "app" | "cli" | "config" | "clock" | "main"));
    for (module, allowed) in ruled {
        let top = allowed.iter().map(|name| name.split("::").next().unwrap_or(name));
        let held: BTreeSet<&str> = top.filter(|name| *name != "domain").collect();
        assert_eq!(
            rows.get(module),
            Some(&held),
            "what `{module}` may import, on the page and in tests/tidy"
        );
    }
}

#[test]
fn the_files_that_the_architecture_page_walks_through_are_there() {
    let page = architecture();
    let quoted = page.split('`').skip(1).step_by(2);
    let files =
        quoted.filter(|text| text.ends_with(".rs") && text.contains('/') && !text.contains(['*', '<', ' ']));
    let mut count = 0;
    for file in files {
        let below = [root().join("collector/src").join(file), root().join(file)];
        assert!(
            below.iter().any(|path| path.exists()),
            "docs/ARCHITECTURE.md names {file}, which is not there"
        );
        count += 1;
    }
    assert!(count >= 10, "only {count} files are named");
}
