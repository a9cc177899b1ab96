//! Once a minute: salts whose day is over are destroyed, visits of that day and quiet clients forgotten,
//! and once a day what is past its time; scores fade. Invariant: a round that fails is said in the log and tried again in the
//! next, and no salt is destroyed without a record.

use super::fold::FORGET_MS;
use super::retention::Retention;
use super::sweep::Sweep;
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Action, Actor, Site, SiteId};
use crate::privacy::{Destroyed, Privacy, Salts};
use crate::storage::Ledger;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

const ROUND: Duration = Duration::from_secs(60);
/// Between two turns of the sweep while events wait to be scored: several runs of the scorer, one of which the turn
/// before had it read anew.
const REST: Duration = Duration::from_secs(1);

/// The housekeeping thread. Dropping it stops the thread.
pub struct Housekeeping {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Housekeeping {
    /// Does a round at once, and one every minute from then on.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        privacy: Arc<Privacy>,
        ledger: Arc<dyn Ledger>,
        retention: Retention,
        sweep: Sweep,
        audit: Arc<Recorder>,
        forget_quiet: impl Fn() + Send + 'static,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let stopped = Arc::clone(&stop);
        let thread = crate::jobs::background::spawn("mqlite-housekeeping", move || {
            loop {
                forget_quiet();
                salts(privacy.salts(), ledger.as_ref(), &audit, &clock);
                if let Err(error) = audit.refusals_due(false) {
                    tracing::error!("refused log-ins could not be recorded: {error}");
                }
                if let Err(error) = ledger.forget_visits(clock.now().plus_millis(-FORGET_MS)) {
                    tracing::error!("visits could not be forgotten: {error}");
                }
                match retention.run_if_due() {
                    Ok(runs) => runs.iter().flatten().filter(|run| run.rows > 0).for_each(|run| {
                        tracing::info!(
                            "retention: {} {} of {} before {}",
                            run.rows,
                            run.kind,
                            run.site,
                            run.before
                        );
                    }),
                    Err(error) => tracing::error!("retention waits: {error}"),
                }
                // At the start, and whenever a midnight has passed.
                match sweep
                    .beside_scoring(&mut |busy| !wait(&stopped, if busy { REST } else { Duration::ZERO }))
                {
                    Ok(0) => {}
                    Ok(swept) => tracing::info!("{swept} leads were looked at again: scores fade by the day"),
                    Err(error) => tracing::error!("scores that fade wait: {error}"),
                }
                if wait(&stopped, ROUND) {
                    return;
                }
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Housekeeping {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits so long, or until it is to stop; answers whether it is.
fn wait((flag, changed): &(Mutex<bool>, Condvar), most: Duration) -> bool {
    let flag = flag.lock().unwrap_or_else(PoisonError::into_inner);
    let (flag, _) =
        changed.wait_timeout_while(flag, most, |stop| !*stop).unwrap_or_else(PoisonError::into_inner);
    *flag
}

/// Destroys the salts whose day is over, and records each that was.
fn salts(salts: &Salts, ledger: &dyn Ledger, audit: &Recorder, clock: &Clock) {
    let sites = match ledger.sites() {
        Ok(sites) => sites,
        Err(error) => return tracing::error!("salts could not be looked after: {error}"),
    };
    // A ledger that was replaced or restored may not know the site of a salt.
    let orphans = salts.destroy_orphans(&sites, clock.now());
    let ended = sites.iter().map(|site| salts.destroy_ended(site, clock.now()));
    for error in ended.chain([orphans]).filter_map(Result::err) {
        tracing::error!("{error}");
    }
    match salts.unrecorded() {
        Ok(gone) => gone.iter().for_each(|salt| record(salts, salt, &sites, audit)),
        Err(error) => tracing::error!("{error}"),
    }
}

/// Records that a salt is no more. What cannot be recorded now is found again in the next round.
fn record(salts: &Salts, salt: &Destroyed, sites: &[Site], audit: &Recorder) {
    let site = sites.iter().find(|site| site.no == salt.site).map(|site| &site.id);
    let name = site.map_or("a site that is no more", SiteId::as_str);
    tracing::info!("the salt of {name} for {} is destroyed", salt.day);
    let details = serde_json::json!({ "day": salt.day, "site_no": salt.site.get() });
    match audit.record(&Actor::collector(), Action::SaltDestroyed, site, None, &details) {
        Ok(_) => {
            if let Err(error) = salts.recorded(salt) {
                tracing::error!("{error}");
            }
        }
        Err(error) => {
            tracing::error!(
                "the destruction of a salt could not be recorded: {error}; tried again in a minute"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::Kit;
    use crate::domain::Timestamp;

    #[test]
    fn what_could_not_be_recorded_is_in_the_next_round() {
        let kit = Kit::default();
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["3_2026-11-20.salt", "9_2026-11-20.salt"] {
            std::fs::write(folder.path().join(name), [7; 32]).expect("writes");
        }
        let clock = Clock::fixed(Timestamp::parse("2026-11-23T12:00:00Z").expect("valid"));
        let round = || {
            let live = Salts::open(folder.path()).expect("opens");
            salts(&live, kit.ledger.as_ref(), &kit.recorder, &clock);
            live.unrecorded().expect("reads").len()
        };
        kit.fail(true);
        assert_eq!((round(), kit.count()), (2, 0), "destroyed, and not forgotten by a restart");
        kit.fail(false);
        assert_eq!((round(), kit.count()), (0, 2));
        assert_eq!((round(), kit.count()), (0, 2), "once each");
        let entries = kit.entries();
        assert_eq!(entries[1].details, r#"{"day":"2026-11-20","site_no":9}"#);
    }
}
