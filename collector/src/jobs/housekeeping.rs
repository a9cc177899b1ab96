//! Once a minute: salts whose day is over are destroyed, visits of that day and quiet clients forgotten, and
//! once a day what is past its time. Invariant: a round that fails is said in the log and tried again in the
//! next, and no salt is destroyed without a record.

use super::fold::FORGET_MS;
use super::retention::Retention;
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Action, Actor, SiteId};
use crate::privacy::{ClientLimits, Destroyed, Privacy};
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
        audit: Arc<Recorder>,
        limits: Vec<Arc<ClientLimits>>,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("mqlite-housekeeping".to_owned()).spawn(move || {
            let mut unrecorded = Vec::new();
            loop {
                unrecorded.extend(destroy_salts(&privacy, ledger.as_ref(), &clock));
                record(&audit, &mut unrecorded);
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

/// A salt that is no more and its site's name, if the ledger knows it.
type Gone = (Option<SiteId>, Destroyed);

fn destroy_salts(privacy: &Privacy, ledger: &dyn Ledger, clock: &Clock) -> Vec<Gone> {
    let sites = match ledger.sites() {
        Ok(sites) => sites,
        Err(error) => {
            tracing::error!("salts could not be looked after: {error}");
            return Vec::new();
        }
    };
    let mut gone = Vec::new();
    let mut destroyed = |site: Option<&SiteId>, salt: Destroyed| {
        let name = site.map_or("a site that is no more", SiteId::as_str);
        tracing::info!("the salt of {name} for {} is destroyed", salt.day);
        gone.push((site.cloned(), salt));
    };
    // A ledger that was replaced or restored may not know the site of a salt.
    match privacy.salts().destroy_orphans(&sites, clock.now()) {
        Ok(orphans) => orphans.into_iter().for_each(|salt| destroyed(None, salt)),
        Err(error) => tracing::error!("{error}"),
    }
    for site in sites {
        match privacy.salts().destroy_ended(&site, clock.now()) {
            Ok(ended) => ended.into_iter().for_each(|salt| destroyed(Some(&site.id), salt)),
            Err(error) => tracing::error!("{error}"),
        }
    }
    gone
}

/// Records what was destroyed; what cannot be recorded now stays for the next round.
fn record(audit: &Recorder, unrecorded: &mut Vec<Gone>) {
    unrecorded.retain(|(site, salt)| {
        let details = serde_json::json!({ "day": salt.day, "site_no": salt.site.get() });
        let recorded =
            audit.record(&Actor::collector(), Action::SaltDestroyed, site.as_ref(), None, &details);
        if let Err(error) = &recorded {
            tracing::error!(
                "the destruction of a salt could not be recorded: {error}; tried again in a minute"
            );
        }
        recorded.is_err()
    });
    if let Err(error) = audit.refusals_due(false) {
        tracing::error!("refused log-ins could not be recorded: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::Kit;
    use crate::domain::{Date, SiteNo};

    #[test]
    fn what_could_not_be_recorded_is_in_the_next_round() {
        let kit = Kit::default();
        let site = SiteId::parse("example.com").expect("valid");
        let salt =
            |no: u32| Destroyed { site: SiteNo::new(no), day: Date::parse("2026-11-20").expect("valid") };
        let mut unrecorded = vec![(Some(site), salt(3)), (None, salt(9))];
        kit.fail(true);
        record(&kit.recorder, &mut unrecorded);
        assert_eq!((kit.count(), unrecorded.len()), (0, 2));
        kit.fail(false);
        record(&kit.recorder, &mut unrecorded);
        record(&kit.recorder, &mut unrecorded);
        assert_eq!((kit.count(), unrecorded.len()), (2, 0));
        let entries = kit.entries();
        assert_eq!(entries[0].site.as_deref(), Some("example.com"));
        assert_eq!(
            (entries[1].site.as_deref(), entries[1].details.as_str()),
            (None, r#"{"day":"2026-11-20","site_no":9}"#)
        );
    }
}
