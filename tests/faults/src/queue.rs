//! More events than may wait, before a disk that is too slow for them. Promise: what does not fit is refused at once
//! with 503 and Retry-After; whatever was answered with 202 is kept.

use crate::load::Told;
use crate::mains::trouble;
use crate::scored::{kept, setup};
use crate::shim::{Shim, Wrong};
use crate::{Finding, How};
use mqlite_tests::{Event, pageview, wait_until};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Requests at once, and events in each: more than the 20,000 that may wait and the 2,000 that are being written.
const REQUESTS: usize = 280;
const EVENTS: usize = 100;

/// Fills the queue, sees it refuse, and lets it drain.
pub(crate) fn run(how: &How) -> Result<Finding, String> {
    let dir = how.dir.join("queue");
    std::fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let shim = Shim::new(&dir)?;
    let app = shim.behind(setup()).start();
    app.send(&pageview("/first")).assert_stored();
    let rounds = if how.long { 5 } else { 1 };
    let mut told = Told::default();
    for _ in 0..rounds {
        shim.set(Wrong::Slow, "events.db", Duration::from_millis(500));
        let (say, hear) = channel();
        std::thread::scope(|scope| {
            for _ in 0..REQUESTS {
                let (say, app) = (say.clone(), &app);
                scope.spawn(move || {
                    let events: Vec<Event> = (0..EVENTS).map(|n| pageview(&format!("/{n}"))).collect();
                    // Nobody hears it when the others have panicked.
                    let _ = say.send((app.send_all(&events), events));
                });
            }
            drop(say);
            // The first that is answered is one that found no place; the writer is still at its first group.
            wait_until("slow writes", || if shim.hits() > 0 { Ok(()) } else { Err("none".to_owned()) });
            for nth in 0..REQUESTS {
                let (answer, events) = hear.recv().expect("an answer to each");
                if nth == 0 {
                    shim.set(Wrong::Nothing, "", Duration::ZERO);
                }
                told.requests += 1;
                if answer.status == 503 {
                    assert!(answer.header("retry-after").is_some(), "503 without Retry-After");
                    told.refused += 1;
                } else {
                    answer.assert_stored();
                    told.acknowledged.extend(events.iter().map(|event| event.id().to_owned()));
                }
            }
        });
    }
    let kept = kept(&app, &told);
    drop(app);
    let wrong = trouble(&shim.data, &dir.join("copy"));
    let whole = wrong.is_empty() && kept.stored == told.acknowledged.len() + 1;
    Ok(Finding {
        what: format!("{REQUESTS} requests of {EVENTS} events at once while each write takes half a second"),
        tried: rounds,
        lost: kept.lost,
        doubled: kept.doubled,
        held: whole && (kept.lost, kept.doubled) == (0, 0) && told.refused > 0,
        said: wrong.into_iter().next().unwrap_or_else(|| {
            let (refused, requests) = (told.refused, told.requests);
            format!(
                "{refused} of {requests} requests found no place and were answered with 503; {} events were acknowledged",
                told.acknowledged.len()
            )
        }),
    })
}
