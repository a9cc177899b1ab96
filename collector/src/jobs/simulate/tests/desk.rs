//! Simulations of a collector. Invariant: one runs at a time, and is told of while it is kept.

use super::*;
use crate::clock::Clock;
use crate::domain::SiteNo;
use std::sync::mpsc;
use std::time::Duration;

const SITE: SiteNo = SiteNo::new(1);

fn anybody() -> Claim {
    std::sync::Arc::new(|| Ok(Some(Box::new(()))))
}

/// Waits until one has ended.
fn ended(desk: &Desk, id: u64) -> State {
    for _ in 0..2_000 {
        match desk.state(SITE, id) {
            Some(State::Running { .. }) => std::thread::sleep(Duration::from_millis(5)),
            Some(state) => return state,
            None => panic!("{id} is not there"),
        }
    }
    panic!("{id} does not end")
}

/// Runs until it is stopped, or told to go on.
fn waits(told: mpsc::Receiver<()>) -> Work {
    Box::new(move |track| {
        while track.says(3, 10) {
            if told.recv_timeout(Duration::from_millis(5)).is_ok() {
                return Err(crate::storage::StoreError::Failed("the disk".to_owned()));
            }
        }
        Ok(None)
    })
}

#[test]
fn one_runs_and_the_next_is_told_so() {
    let desk = Desk::new(Clock::fixed(hour(0)), anybody());
    let (tell, told) = mpsc::channel();
    let first = desk.start(SITE, waits(told)).expect("a thread").expect("none runs");
    let second = || desk.start(SITE, Box::new(|_| Ok(None))).expect("a thread");
    assert_eq!(second(), Err(Busy::Here(first)));
    assert_eq!(desk.state(SiteNo::new(2), first), None, "it is another site's");
    assert!(!desk.stop(SiteNo::new(2), first));
    for _ in 0..1_000 {
        if matches!(desk.state(SITE, first), Some(State::Running { done: 3, total: 10, .. })) {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(matches!(desk.state(SITE, first), Some(State::Running { done: 3, total: 10, .. })));
    assert!(desk.stop(SITE, first));
    assert_eq!(ended(&desk, first), State::Stopped);
    drop(tell);
    let third = second().expect("none runs any more");
    assert!(third > first);
    assert_eq!(ended(&desk, third), State::Stopped);
}

#[test]
fn what_failed_is_said_and_what_is_old_is_forgotten() {
    let clock = Clock::fixed(hour(0));
    let desk = Desk::new(clock.clone(), anybody());
    let (tell, told) = mpsc::channel();
    let failed = desk.start(SITE, waits(told)).expect("a thread").expect("none runs");
    tell.send(()).expect("it listens");
    assert_eq!(ended(&desk, failed), State::Failed);
    let mut last = failed;
    for _ in 0..KEPT_MAX {
        last = desk.start(SITE, Box::new(|_| Ok(None))).expect("a thread").expect("none runs");
        ended(&desk, last);
    }
    assert_eq!(desk.state(SITE, failed), None, "ten came after it");
    clock.set(hour(0).plus_millis(KEPT_MS - 1));
    assert_eq!(desk.state(SITE, last), Some(State::Stopped));
    clock.set(hour(0).plus_millis(KEPT_MS));
    assert_eq!(desk.state(SITE, last), None);
}

#[test]
fn closing_waits_until_the_one_that_runs_has_cleared_up() {
    let desk = Desk::new(Clock::fixed(hour(0)), anybody());
    let (tell, told) = mpsc::channel::<()>();
    let cleared = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (on, inner) = (std::sync::Arc::clone(&cleared), waits(told));
    let work: Work = Box::new(move |track| {
        let done = inner(track);
        std::thread::sleep(Duration::from_millis(50));
        on.store(true, std::sync::atomic::Ordering::SeqCst);
        done
    });
    desk.start(SITE, work).expect("a thread").expect("none runs");
    desk.close();
    assert!(cleared.load(std::sync::atomic::Ordering::SeqCst));
    desk.close();
    drop(tell);
}

#[test]
fn it_waits_for_the_turn_and_gives_it_back() {
    struct Turn(std::sync::Arc<std::sync::atomic::AtomicBool>);
    impl Drop for Turn {
        fn drop(&mut self) {
            self.0.store(false, std::sync::atomic::Ordering::SeqCst);
        }
    }
    let taken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let of = std::sync::Arc::clone(&taken);
    let claim: Claim = std::sync::Arc::new(move || {
        let free = !of.swap(true, std::sync::atomic::Ordering::SeqCst);
        Ok(free.then(|| Box::new(Turn(std::sync::Arc::clone(&of))) as Box<dyn Send>))
    });
    let desk = Desk::new(Clock::fixed(hour(0)), claim);
    let start = || desk.start(SITE, Box::new(|_| Ok(None))).expect("a thread");
    assert_eq!(start(), Err(Busy::Elsewhere));
    taken.store(false, std::sync::atomic::Ordering::SeqCst);
    let first = start().expect("it is free");
    ended(&desk, first);
    assert!(start().is_ok(), "given back before the answer");
}
