//! Once a minute: salts whose day is over are destroyed, visits of that day and quiet clients forgotten, and
//! once a day what is past its time. Invariant: a round that fails is said in the log and tried again in the next.

use super::fold::FORGET_MS;
use super::retention::Retention;
use crate::clock::Clock;
use crate::privacy::{ClientLimits, Privacy};
use crate::storage::Ledger;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

const ROUND: Duration = Duration::from_secs(60);

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
        limits: Vec<Arc<ClientLimits>>,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("mqlite-housekeeping".to_owned()).spawn(move || {
            loop {
                destroy_salts(&privacy, ledger.as_ref(), &clock);
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
                limits.iter().for_each(|limits| limits.forget_quiet());
                let (flag, changed) = &*stopped;
                let flag = flag.lock().unwrap_or_else(PoisonError::into_inner);
                let (flag, _) = changed
                    .wait_timeout_while(flag, ROUND, |stop| !*stop)
                    .unwrap_or_else(PoisonError::into_inner);
                if *flag {
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

fn destroy_salts(privacy: &Privacy, ledger: &dyn Ledger, clock: &Clock) {
    let sites = match ledger.sites() {
        Ok(sites) => sites,
        Err(error) => return tracing::error!("salts could not be looked after: {error}"),
    };
    let destroyed = |site: &str, day| tracing::info!("the salt of {site} for {day} is destroyed");
    // A ledger that was replaced or restored may not know the site of a salt.
    match privacy.salts().destroy_orphans(&sites, clock.now()) {
        Ok(orphans) => orphans.iter().for_each(|salt| destroyed("a site that is no more", salt.day)),
        Err(error) => tracing::error!("{error}"),
    }
    for site in sites {
        match privacy.salts().destroy_ended(&site, clock.now()) {
            Ok(ended) => ended.iter().for_each(|salt| destroyed(site.id.as_str(), salt.day)),
            Err(error) => tracing::error!("{error}"),
        }
    }
}
