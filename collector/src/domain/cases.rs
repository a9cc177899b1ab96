//! How many cases a property is tried with. Invariant: a failure is told with its input and written to no file.

use proptest::test_runner::Config;

/// So many cases, or `MQLITE_CASES_TIMES` as many to hunt for what fails once in thousands.
pub(crate) fn cases(cases: u32) -> Config {
    let times = std::env::var("MQLITE_CASES_TIMES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    Config { cases: cases.saturating_mul(times), failure_persistence: None, ..Config::default() }
}
