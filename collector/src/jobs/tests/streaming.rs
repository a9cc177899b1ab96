//! Publishing while events stream in. Invariant: whatever comes in, whoever says what and whatever fails meanwhile, leads,
//! hits, changes of stage and counts end as those of a site that nobody disturbed and that had the model from the
//! beginning: nothing is lost, nothing is doubled.

use super::publish::{Place, of_site};
use super::*;
use crate::domain::{Actor, Role, Stage};
use crate::jobs::Sweep;
use crate::jobs::publish::Step;
use crate::jobs::replay::Go;
use crate::jobs::score::Running;
use crate::jobs::stages::{Asked, Gone, Refused};
use crate::storage::StoreError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A way in, a way out and a score that fades.
pub(super) fn by(demo: u32, read: u32, total: u32) -> String {
    format!(
        r#"
name = "Demo {demo}, read {read}"
[mql]
total_gte = {total}
exit_below = {exit}
cooldown_days = 1
[[group]]
id = "does"
label = "Does"
axis = "engagement"
decay = {{ kind = "step", steps = [{{ after_days = 1, percent = 50 }}] }}
[[rule]]
id = "demo"
label = "Demo"
group = "does"
event = "demo_request"
points = {demo}
[[rule]]
id = "read"
label = "Read"
group = "does"
event = "engagement"
points = {read}
repeat = "every"
[[rule]]
id = "page"
label = "Page"
group = "does"
event = "pageview"
points = 1
repeat = "per_value"
per = {{ field = "path" }}
[[disqualifier]]
id = "applied"
label = "Applied"
event = "job_application"
"#,
        exit = total / 2
    )
}

/// Of every ten leads one is worked on by sales, and does nothing more once they say something.
fn is_of_sales(lead: u32) -> bool {
    lead.is_multiple_of(10)
}

fn key(lead: u32) -> LeadKey {
    LeadKey::from_bytes(u128::from(lead + 1).to_be_bytes())
}

/// What each of them does within five days, in the order in which it happens.
fn crowd(leads: u32) -> Vec<Event> {
    let mut events = Vec::new();
    for lead in 0..leads {
        let of_lead = |day: u8, name: &str, minutes: u32, identified: bool| {
            let mut bytes = u128::from(lead + 1).to_be_bytes();
            bytes[0] = day + 1;
            let at = minute(i64::from(minutes));
            let mut done = Event {
                visitor: Some(VisitorId::from_bytes(bytes)),
                place: country(lead),
                ..event(name, &format!("/{}", minutes % 7), at)
            };
            if lead % 4 == 1 {
                done.touch = email();
            }
            if identified {
                done = Event {
                    lead: Some(key(lead)),
                    rung: Rung::Qualified,
                    domain: Some(EmailDomain::Free),
                    ..done
                };
            }
            done
        };
        let span = if is_of_sales(lead) { 2 * 1_440 } else { 4 * 1_440 };
        let begins = lead.wrapping_mul(7_919) % span;
        let first = if lead % 3 == 0 { "form_submit" } else { "demo_request" };
        events.push(of_lead(0, "pageview", begins, false));
        events.push(of_lead(0, first, begins + 1, true));
        events.extend((0..lead % 5).map(|n| of_lead(0, "engagement", begins + 2 + n, n % 2 == 0)));
        if !is_of_sales(lead) {
            events.push(of_lead(1, "pageview", begins + 1_441, true));
            let later = if lead % 17 == 0 { "job_application" } else { "engagement" };
            events.push(of_lead(1, later, begins + 1_442, true));
        }
    }
    events.sort_by_key(|event| event.at);
    numbered(events)
}

/// Countries by turns.
fn country(lead: u32) -> crate::domain::Place {
    crate::domain::Place { country: Text::non_empty(["DE", "FR", "AT", ""][lead as usize % 4]) }
}

/// What was measured.
#[derive(Debug, Default)]
struct Figures {
    steps: usize,
    failed: usize,
    said: usize,
    meanwhile: usize,
    publishing: Duration,
    longest_wait: Duration,
    entered: u64,
    left: u64,
}

/// Publishes while the rest of the log streams in, the scorer follows, sales says something, and the process is killed
/// or fails again and again.
fn publish_while_it_streams(place: &Place, log: &[Event], old: &str, new: &str) -> Figures {
    let (before, rest) = log.split_at(log.len() * 7 / 10);
    let (meanwhile, after) = rest.split_at(rest.len() * 9 / 10);
    place.clock.set(before.last().expect("some").at);
    for batch in before.chunks(5_000) {
        place.append(batch);
    }
    place.score(old);
    let asked = place.ask(new, false);
    #[expect(clippy::disallowed_types, reason = "somebody else's hand in the file")]
    let hand = rusqlite::Connection::open(place.path("ledger.db")).expect("opens");
    hand.busy_timeout(Duration::from_secs(60)).expect("sets");
    hand.execute_batch(
        "CREATE TRIGGER no_more BEFORE INSERT ON audit WHEN NEW.action = 'model.published'
         BEGIN SELECT RAISE(ABORT, 'as a test asked for'); END",
    )
    .expect("plants");
    let running =
        Running::start(Scorer::new(place.events.clone(), place.ledger.clone(), model(old))).expect("runs");
    let (done, streamed, said) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let mut figures = Figures::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for batch in meanwhile.chunks((meanwhile.len() / 200).max(1)) {
                place.append(batch);
                place.clock.set(batch.last().expect("some").at);
                if !done.load(Ordering::Acquire) {
                    streamed.fetch_add(batch.len(), Ordering::AcqRel);
                }
            }
        });
        scope.spawn(|| {
            let (stages, site) = (place.stages(old), place.site());
            let leads: Vec<u32> = (0..u32::MAX).filter(|lead| is_of_sales(*lead)).take(150).collect();
            for (number, lead) in leads.into_iter().enumerate() {
                let to = [Stage::Sal, Stage::Mql, Stage::Disqualified][number % 3];
                let asked =
                    Asked { to, seen: None, reason: Text::clean("they called"), at: None, amount: None };
                loop {
                    match stages.change(&Actor::account(Role::Owner), &site, key(lead), &asked) {
                        Ok(Ok(_)) => {
                            said.fetch_add(1, Ordering::AcqRel);
                        }
                        // The scorer is behind, or another model was made live in this very moment.
                        Ok(Err(Refused::Gone(Gone::Later))) | Err(StoreError::Conflict) => {
                            std::thread::yield_now();
                            continue;
                        }
                        Ok(Err(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                    break;
                }
            }
        });
        let longest = scope.spawn(|| {
            let mut longest = Duration::ZERO;
            while !done.load(Ordering::Acquire) {
                let began = Instant::now();
                place.ledger.forget_visits(Timestamp::from_millis(0)).expect("writes");
                longest = longest.max(began.elapsed());
                std::thread::yield_now();
            }
            longest
        });
        let began = Instant::now();
        loop {
            figures.steps += 1;
            let (mut looks, kill) = (0, figures.steps);
            let watch = &mut |_: &_, _| {
                looks += 1;
                if looks > kill && figures.steps < 6 { Go::Stop } else { Go::On }
            };
            // Another process each time.
            match place.publisher(old).step(watch) {
                Ok(Step::Stopped) => {}
                Ok(Step::Done(publication, adopted)) => {
                    assert_eq!(publication.id, asked.id);
                    (figures.entered, figures.left) = (adopted.entered, adopted.left);
                    break;
                }
                Ok(other) => panic!("{other:?}"),
                Err(_) => {
                    figures.failed += 1;
                    if figures.failed == 3 {
                        hand.execute_batch("DROP TRIGGER no_more").expect("drops");
                    }
                }
            }
        }
        figures.publishing = began.elapsed();
        done.store(true, Ordering::Release);
        figures.longest_wait = longest.join().expect("measures");
    });
    place.append(after);
    place.clock.set(after.last().expect("some").at);
    drop(running);
    place.score(old);
    (figures.meanwhile, figures.said) = (streamed.into_inner(), said.into_inner());
    figures
}

/// The same events on a site that had the new model from the beginning, with what people said.
fn undisturbed(place: &Place, log: &[Event], people: Vec<Transition>, new: &str) {
    place.begin(new, people);
    for batch in log.chunks(5_000) {
        place.append(batch);
    }
    place.score(new);
}

fn end(place: &Place, model_text: &str, end: Timestamp) -> Snapshot {
    place.clock.set(end);
    let (events, ledger) = (place.events.clone(), place.ledger.clone());
    let sweep = Sweep::new(events, ledger, model(model_text), place.clock.clone());
    while sweep.round().expect("sweeps") > 0 {}
    of_site(place.ledger.as_ref())
}

fn compare(leads: u32) -> Figures {
    let (old, new) = (by(10, 4, 16), by(15, 2, 16));
    let log = crowd(leads);
    let place = Place::on_disk();
    let figures = publish_while_it_streams(&place, &log, &old, &new);
    let at_the_end = log.last().expect("some").at.plus_days(2);
    let published = end(&place, &old, at_the_end);
    let people =
        published.transitions.iter().flatten().filter(|change| change.by_people()).cloned().collect();
    let whole = Place::on_disk();
    whole.clock.set(log.last().expect("some").at);
    undisturbed(&whole, &log, people, &new);
    let expected = end(&whole, &new, at_the_end);
    assert_eq!(published.leads.len(), expected.leads.len());
    for (place, (this, that)) in published.leads.iter().zip(&expected.leads).enumerate() {
        assert_eq!(this, that);
        assert_eq!(published.transitions[place], expected.transitions[place], "{this:?}");
    }
    assert_eq!(published.reports, expected.reports);
    let changes = expected.transitions.iter().flatten().count();
    assert!(changes > expected.leads.len() / 4, "only {changes} changes of stage: it would show nothing");
    let told = place.ledger.to_announce(0, usize::MAX).expect("reads");
    let mut numbers: Vec<_> = told.iter().map(|told| told.number).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), told.len(), "no number twice");
    #[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
    {
        println!(
            "{} events, {} leads, {changes} changes of stage: {figures:?}",
            log.len(),
            expected.leads.len()
        );
    }
    figures
}

#[test]
fn nothing_is_lost_and_nothing_doubled() {
    let figures = compare(2_000);
    assert_eq!(figures.failed, 3);
    assert!(
        figures.meanwhile > 0 && figures.said > 50 && figures.steps > 6 && figures.left > 0,
        "{figures:?}"
    );
}

/// `cargo test --release -p mqlite --lib hundred_thousand -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes; run it with --release"]
fn nothing_of_a_hundred_thousand_is_lost_and_nothing_doubled() {
    let figures = compare(100_000);
    assert!(figures.meanwhile > 0 && figures.said > 0 && figures.left > 0, "{figures:?}");
}
