//! Every fault in its short form. Promise: what was acknowledged is kept, whatever happens.

use mqlite_faults::{Fault, run};

/// Another seed each day would find more, and fail on another's change; the long form takes any.
const SEED: u64 = 5;

#[track_caller]
fn assert_held(fault: Fault) {
    let findings = run(fault, &std::env::temp_dir(), SEED, false).expect("it can be run here");
    assert!(!findings.is_empty(), "{} has found nothing", fault.name());
    for finding in &findings {
        assert!(finding.held, "{finding:#?}");
    }
}

#[test]
fn killed() {
    assert_held(Fault::Kill);
}

#[test]
fn without_power() {
    assert_held(Fault::Power);
}

#[test]
fn on_failing_disks() {
    assert_held(Fault::Disk);
}

#[test]
fn damaged_at_start() {
    assert_held(Fault::Start);
}

#[test]
fn asked_to_stop() {
    assert_held(Fault::Stop);
}

#[test]
fn restored() {
    assert_held(Fault::Restore);
}

#[test]
fn under_a_clock_that_steps() {
    assert_held(Fault::Clock);
}

#[test]
fn overloaded() {
    assert_held(Fault::Overload);
}

#[test]
fn among_slow_clients() {
    assert_held(Fault::Slow);
}

#[test]
fn with_neighbours_that_fail() {
    assert_held(Fault::Neighbours);
}
