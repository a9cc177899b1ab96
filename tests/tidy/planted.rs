//! Violations, planted on purpose. Promise: each rule catches what breaks it, however it is written, and lets
//! pass what does not.

use crate::tokens::test_modules;
use crate::tree::{Source, root};
use crate::{edges, rules};

fn edge(path: &str, code: &str) -> Vec<String> {
    edges::violations(&Source::planted(&format!("collector/src/{path}"), code))
}

#[test]
fn an_edge_broken_on_purpose_is_caught() {
    let broken = [
        ("domain/event.rs", "use crate::clock::Clock;", "`domain` imports `clock::Clock`"),
        ("scoring/evaluate.rs", "use crate::storage::Ledger;", "`scoring` imports"),
        (
            "scoring/evaluate.rs",
            "use crate::{domain::Event, clock::Clock};",
            "`scoring` imports `clock::Clock`",
        ),
        (
            "scoring/evaluate.rs",
            "fn f() { let _ = crate::clock::Clock::system(); }",
            "`scoring` imports `clock::Clock",
        ),
        ("leads/record.rs", "use super::super::storage::Ledger;", "`leads` imports `storage::Ledger`"),
        ("leads/mod.rs", "use super::storage::Ledger;", "`leads` imports `storage::Ledger`"),
        ("leads/mod.rs", "mod inner { use super::super::http::State; }", "`leads` imports `http::State`"),
        (
            "privacy/client.rs",
            "use crate::storage::{EventStore, Ledger as L};",
            "`privacy` imports `storage::EventStore`",
        ),
        ("ingest/mod.rs", "type T = crate :: storage :: Batch;", "`ingest` imports `storage::Batch`"),
        ("ingest/mod.rs", "fn f() { println!(\"{}\", crate::http::x()) }", "`ingest` imports `http::x`"),
        ("storage/events.rs", "pub use crate::ingest::Taken;", "`storage` imports `ingest::Taken`"),
        ("storage/mod.rs", "use crate::*;", "`storage` imports `*`"),
        ("jobs/score.rs", "use crate::http::State;", "`jobs` imports `http::State`"),
        ("jobs/score.rs", "use crate::storage::sqlite::SqliteLedger;", "`jobs` names the backend"),
        (
            "http/leads.rs",
            "use crate::storage::{Ledger, sqlite::{self, SqliteLedger}};",
            "`http` names the backend",
        ),
        ("http/leads.rs", "use crate::jobs::Housekeeping;", "`http` imports `jobs::Housekeeping`"),
        ("cli/site.rs", "use crate::storage::memory::MemoryLedger;", "`cli` names the backend"),
        ("main.rs", "use mqlite::storage::Ledger;", "`main` imports `storage::Ledger`"),
        ("handoff/mod.rs", "use crate::domain::Event;", "`handoff` has no rule"),
        (
            "domain.rs",
            "#[cfg(test)] mod tests { use crate::http; } use crate::http::State;",
            "`domain` imports `http::State`",
        ),
    ];
    for (path, code, expected) in broken {
        let found = edge(path, code);
        assert!(
            found.iter().any(|sentence| sentence.contains(expected)),
            "{path}: `{code}` brings {found:?}"
        );
    }
}

#[test]
fn an_edge_broken_in_the_real_code_is_caught() {
    let path = root().join("collector/src/scoring/evaluate.rs");
    let text = std::fs::read_to_string(path).expect("the scorer is there");
    assert_eq!(edge("scoring/evaluate.rs", &text), Vec::<String>::new());
    let broken = text.replacen("use crate::domain::", "use crate::storage::Ledger;\nuse crate::domain::", 1);
    assert_ne!(broken, text);
    assert_eq!(edge("scoring/evaluate.rs", &broken).len(), 1, "one edge too many");
}

#[test]
fn edges_that_may_be_are_let_pass() {
    let fine = [
        (
            "scoring/evaluate.rs",
            "use crate::domain::{Event, Hit}; use super::Model; use crate::scoring::Line;",
        ),
        (
            "scoring/evaluate.rs",
            "// use crate::storage::Ledger;\n/// See [`crate::storage::Ledger`].\nfn f() {}",
        ),
        ("scoring/evaluate.rs", "const TEXT: &str = \"use crate::storage::Ledger;\";"),
        ("scoring/evaluate.rs", "#[cfg(test)]\nmod tests { use super::*; use crate::storage::Ledger; }"),
        ("scoring/evaluate.rs", "pub(crate) struct S; pub(in crate::scoring) struct T;"),
        ("http/leads.rs", "use crate::jobs::score::profile; use crate::storage::{Ledger, LeadQuery};"),
        ("http/leads.rs", "use super::state::State; mod inner { use super::super::error::Problem; }"),
        ("app.rs", "use crate::storage::sqlite::{SqliteEvents, SqliteLedger};"),
        ("storage/sqlite/events.rs", "use super::super::{Batch, Doorbell}; use crate::storage::sqlite::sql;"),
        ("lib.rs", "pub mod storage; pub use crate::storage::sqlite;"),
        ("main.rs", "use mqlite::cli; use mqlite::config::Settings;"),
    ];
    for (path, code) in fine {
        assert_eq!(edge(path, code), Vec::<String>::new(), "{path}: `{code}`");
    }
}

#[test]
fn files_of_test_modules_are_known() {
    let declared = "#[cfg(test)]\nmod tests;\n#[cfg(test)]\n#[path = \"geo_tests.rs\"]\npub(super) mod more;\nmod real;\n\
                    #[cfg(test)]\nmod inline { mod x; }";
    let found = |path: &str| test_modules(path, declared);
    assert_eq!(
        found("collector/src/jobs/mod.rs"),
        ["collector/src/jobs/tests", "collector/src/jobs/geo_tests"]
    );
    assert_eq!(
        found("collector/src/jobs/a.rs"),
        ["collector/src/jobs/a/tests", "collector/src/jobs/geo_tests"]
    );
}

type Rule = fn(&Source) -> Vec<String>;

#[test]
fn each_other_rule_catches_what_breaks_it() {
    let long = "//! Something long enough.\n".repeat(501);
    let broken: &[(Rule, &str, &str)] = &[
        (rules::says_what_it_is_for, "snippet/build.rs", "fn main() {}"),
        (rules::says_what_it_is_for, "snippet/build.rs", "\n//! Too late to be the first.\n"),
        (rules::says_what_it_is_for, "tests/src/lib.rs", "//! x"),
        (rules::says_what_it_is_for, "collector/src/a.rs", "//! It promises nothing at all.\n"),
        (rules::is_short, "dashboard/static/js/a.js", &long),
        (rules::allows_nothing, "tests/a.rs", "#[allow(dead_code)] fn f() {}"),
        (rules::allows_nothing, "tests/a.rs", "#![allow(clippy::all)]"),
        (rules::allows_nothing, "tests/a.rs", "mod m { #[ allow ( x ) ] fn f() {} }"),
        (rules::allows_nothing, "tests/a.rs", "#[cfg_attr(test, allow(x))] fn f() {}"),
        (rules::allows_nothing, "tests/a.rs", "#[expect(dead_code)] fn f() {}"),
        (rules::leaves_headers_to_privacy, "collector/src/http/a.rs", "fn f() { g(\"X-Forwarded-For\") }"),
        (rules::leaves_headers_to_privacy, "collector/src/cli/a.rs", "const H: &[u8] = b\"user-agent\";"),
        (rules::leaves_headers_to_privacy, "collector/src/http/a.rs", "fn f() { get(header::USER_AGENT) }"),
        (rules::leaves_headers_to_privacy, "collector/src/ingest/a.rs", "const DO_NOT: &str = \"dnt\";"),
        (rules::keeps_owners, "collector/src/http/a.rs", "use rusqlite::params;"),
        (rules::keeps_owners, "collector/src/storage/a.rs", "use rusqlite::params;"),
        (rules::keeps_owners, "collector/src/ingest/a.rs", "fn f(a: std::net::IpAddr) {}"),
        (rules::keeps_owners, "collector/src/scoring/a.rs", "fn f() { std::time::SystemTime::now() }"),
        (rules::keeps_owners, "collector/src/ingest/a.rs", "use actix_web::HttpRequest;"),
    ];
    for (rule, path, text) in broken {
        assert!(!rule(&Source::planted(path, text)).is_empty(), "{path}: `{text}` is let pass");
    }
    let fine: &[(Rule, &str, &str)] = &[
        (rules::says_what_it_is_for, "snippet/build.rs", "//! Builds the snippet.\nfn main() {}"),
        (
            rules::says_what_it_is_for,
            "collector/src/a.rs",
            "//! Keeps things. Invariant: none is\n//! lost.\n",
        ),
        (rules::is_short, "tests/a.rs", "//! Short.\n"),
        (
            rules::allows_nothing,
            "tests/a.rs",
            "// #[allow(x)]\n#[expect(x, reason = \"y\")] fn f() { allow(x) }",
        ),
        (rules::allows_nothing, "tests/a.rs", "const T: &str = \"#[allow(x)]\";"),
        (
            rules::leaves_headers_to_privacy,
            "collector/src/privacy/a.rs",
            "const H: &str = \"x-forwarded-for\";",
        ),
        (
            rules::leaves_headers_to_privacy,
            "collector/src/config.rs",
            "/// X-Forwarded-For counts.\nfn f() {}",
        ),
        (
            rules::leaves_headers_to_privacy,
            "collector/src/http/a.rs",
            "#[cfg(test)] mod tests { const A: &str = \"dnt\"; }",
        ),
        (rules::keeps_owners, "collector/src/storage/sqlite/a.rs", "use rusqlite::params;"),
        (rules::keeps_owners, "collector/src/privacy/a.rs", "use std::net::IpAddr;"),
    ];
    for (rule, path, text) in fine {
        assert_eq!(rule(&Source::planted(path, text)), Vec::<String>::new(), "{path}: `{text}`");
    }
}
