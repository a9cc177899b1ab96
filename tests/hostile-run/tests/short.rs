//! The short run, with the tests: some thousand inputs, on the binary as the tests build it.

use mqlite_hostile::{How, run};

#[test]
fn hostile_requests_harm_nobody() {
    let how = How { count: 3_000, seed: 0x6d71, connections: 8, most: None, watched: false };
    let summary = run(&how).unwrap_or_else(|broken| panic!("{broken}"));
    assert_eq!(summary.inputs(), how.count);
    assert!(summary.broken() > 10, "{}", summary.json());
    // Most are refused, and some of every kind are taken: whoever only says no is not asked enough.
    let refused = summary.from_status(400);
    assert!(refused > how.count / 10 && refused < how.count * 9 / 10, "{}", summary.json());
    assert!(
        summary.json()["events_stored"].as_u64().is_some_and(|stored| stored > 100),
        "{}",
        summary.json()
    );
}
