//! Makes models live: drafts, publications, and the thread that works on them. Invariant: a publication goes on where
//! its shadow is, whenever the process ended; what it makes is seen at once and whole, by [`Publications::adopt`], and
//! not before the shadow has seen every event and every change by people that the live ledger has.
//!
//! [`Publications::adopt`]: crate::storage::Publications::adopt

use super::fold::FORGET_MS;
use super::models::LiveModels;
use super::replay::{Done, Go, Progress, Replay};
use super::standing::Unwatched;
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Act, Action, Actor, Cursor, ModelHash, Site, SiteNo, Timestamp};
use crate::scoring::{Model, ModelError};
use crate::storage::{
    Adopt, Adopted, Doorbell, Ended, EventStore, Ledger, Mark, ModelVersion, NewPublication, Publication,
    PublicationState, StoreError,
};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Of so many events at most is seen what came of them while everything else waits, at the very end.
const LAST: i64 = 2_000;
/// What a publication's shadow is called, before its number.
const SHADOW: &str = "publish-";
/// How often is looked for what another process asked for.
const LOOK: Duration = Duration::from_secs(1);
/// A publication's shadow that could not be used so many times is begun anew.
const TRIES: u32 = 3;

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// Never published.
    Draft,
    /// Being published.
    Publishing,
    /// The site's leads are scored by it.
    Live,
    /// It was live.
    Past,
}

/// A version of a site's models.
#[derive(Debug, Clone)]
pub struct Version {
    /// As it was handed in.
    pub model: ModelVersion,
    /// Where it stands.
    pub state: VersionState,
    /// When it was last published.
    pub published_at: Option<Timestamp>,
}

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no such version.
    Unknown,
    /// It is live already.
    Live,
    /// It is being published.
    Publishing,
    /// It was published: it stays, so that what it made can be told.
    Published,
    /// There is no such publication.
    NoPublication,
    /// It is over.
    Over(PublicationState),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such version on this site"),
            Self::Live => f.write_str("this version is live already"),
            Self::Publishing => f.write_str("this version is being published"),
            Self::Published => {
                f.write_str("this version was published and stays, so that what it made of leads can be told; only drafts are removed")
            }
            Self::NoPublication => f.write_str("there is no such publication on this site"),
            Self::Over(state) => write!(f, "this publication is over: it is {}", state.name()),
        }
    }
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// There is nothing to do.
    Idle,
    /// It was stopped, by whoever watches or because somebody cancelled the publication.
    Stopped,
    /// A publication is done.
    Done(Publication, Adopted),
    /// A publication failed.
    Failed(Publication, String),
}

/// Keeps drafts and makes them live.
#[derive(Clone)]
pub struct Publisher {
    events: Arc<dyn EventStore>,
    ledger: Arc<dyn Ledger>,
    models: LiveModels,
    audit: Arc<Recorder>,
    clock: Clock,
    /// Rung when something is asked for.
    bell: Arc<Doorbell>,
}

fn shadow_of(publication: i64) -> String {
    format!("{SHADOW}{publication}")
}

impl Publisher {
    /// On these stores.
    pub fn new(
        events: Arc<dyn EventStore>,
        ledger: Arc<dyn Ledger>,
        models: LiveModels,
        audit: Arc<Recorder>,
        clock: Clock,
    ) -> Self {
        Self { events, ledger, models, audit, clock, bell: Arc::default() }
    }

    fn act(&self, actor: &Actor, action: Action, site: &Site, details: &serde_json::Value) -> Act {
        Act {
            at: self.clock.now(),
            actor: actor.clone(),
            action,
            site: Some(site.id.clone()),
            subject: None,
            details: details.to_string(),
        }
    }

    /// Keeps a model as a draft; answers the version and whether it is new.
    ///
    /// # Errors
    /// When storage fails; inside, what is wrong with the model, each with its line and column.
    pub fn draft(
        &self,
        actor: &Actor,
        site: &Site,
        text: &str,
    ) -> Result<Result<(Version, bool), ModelError>, StoreError> {
        let model = match Model::parse(text) {
            Ok(model) => model,
            Err(error) => return Ok(Err(error)),
        };
        let version = ModelVersion {
            site: site.no,
            hash: *model.hash(),
            name: model.name().to_owned(),
            text: text.to_owned(),
            made_at: self.clock.now(),
            made_by: actor.clone(),
        };
        let new = self.ledger.put_model(&version)?;
        if new {
            let details = json!({ "model": version.hash.to_string(), "name": version.name });
            self.audit.record(actor, Action::ModelDrafted, Some(&site.id), None, &details)?;
        }
        let kept = self.versions(site)?.into_iter().find(|kept| kept.model.hash == version.hash);
        let drafted = Version { model: version, state: VersionState::Draft, published_at: None };
        Ok(Ok((kept.unwrap_or(drafted), new)))
    }

    /// A site's versions, newest first.
    ///
    /// # Errors
    /// When storage fails.
    pub fn versions(&self, site: &Site) -> Result<Vec<Version>, StoreError> {
        let live = *self.models.of(self.ledger.as_ref(), site.no)?.hash();
        let publications = self.ledger.publications(site.no)?;
        let version = |model: ModelVersion| {
            let of_it = || publications.iter().filter(|known| known.asked.model == model.hash);
            let is = |state| of_it().any(|known| known.state == state);
            let state = if model.hash == live {
                VersionState::Live
            } else if is(PublicationState::Running) {
                VersionState::Publishing
            } else if is(PublicationState::Done) {
                VersionState::Past
            } else {
                VersionState::Draft
            };
            let done = of_it().filter(|known| known.state == PublicationState::Done);
            let published_at = done.filter_map(|known| known.ended_at).max();
            Version { model, state, published_at }
        };
        Ok(self.ledger.models(site.no)?.into_iter().map(version).collect())
    }

    /// One version of a site's.
    ///
    /// # Errors
    /// When storage fails.
    pub fn version(&self, site: &Site, hash: ModelHash) -> Result<Option<Version>, StoreError> {
        Ok(self.versions(site)?.into_iter().find(|version| version.model.hash == hash))
    }

    /// Removes a draft.
    ///
    /// # Errors
    /// When storage fails.
    pub fn remove(
        &self,
        actor: &Actor,
        site: &Site,
        hash: ModelHash,
    ) -> Result<Result<(), Refused>, StoreError> {
        let Some(version) = self.version(site, hash)? else { return Ok(Err(Refused::Unknown)) };
        match version.state {
            VersionState::Draft => {}
            VersionState::Publishing => return Ok(Err(Refused::Publishing)),
            VersionState::Live | VersionState::Past => return Ok(Err(Refused::Published)),
        }
        let details = json!({ "model": hash.to_string(), "name": version.model.name });
        self.audit.record(actor, Action::ModelDropped, Some(&site.id), None, &details)?;
        Ok(if self.ledger.drop_model(site.no, hash)? { Ok(()) } else { Err(Refused::Unknown) })
    }

    /// Asks for a version to be made live; the thread does it.
    ///
    /// # Errors
    /// When storage fails.
    pub fn ask(
        &self,
        actor: &Actor,
        site: &Site,
        hash: ModelHash,
        announce: bool,
    ) -> Result<Result<Publication, Refused>, StoreError> {
        let Some(version) = self.version(site, hash)? else { return Ok(Err(Refused::Unknown)) };
        if version.state == VersionState::Live {
            return Ok(Err(Refused::Live));
        }
        let new = NewPublication {
            site: site.no,
            model: hash,
            asked_at: self.clock.now(),
            by: actor.clone(),
            announce,
        };
        let details = json!({ "model": hash.to_string(), "name": version.model.name, "announce": announce });
        let act = self.act(actor, Action::PublishAsked, site, &details);
        match self.ledger.ask_publication(&new, &act) {
            Err(StoreError::Conflict) => Ok(Err(Refused::Publishing)),
            other => {
                let (publication, entry) = other?;
                self.audit.announce(&entry);
                self.bell.ring();
                Ok(Ok(publication))
            }
        }
    }

    /// Ends a publication before it is done; its shadow goes.
    ///
    /// # Errors
    /// When storage fails.
    pub fn cancel(
        &self,
        actor: &Actor,
        site: &Site,
        id: i64,
    ) -> Result<Result<Publication, Refused>, StoreError> {
        let found = self.ledger.publication(id)?.filter(|found| found.asked.site == site.no);
        let Some(publication) = found else { return Ok(Err(Refused::NoPublication)) };
        let details = json!({ "publication": id, "model": publication.asked.model.to_string() });
        let act = self.act(actor, Action::PublishCancelled, site, &details);
        let ended = Ended { state: PublicationState::Cancelled, at: act.at, problem: None };
        let entry = self.ledger.end_publication(id, &ended, &act)?;
        let now = self.ledger.publication(id)?.unwrap_or(publication);
        let Some(entry) = entry else { return Ok(Err(Refused::Over(now.state))) };
        self.audit.announce(&entry);
        self.ledger.discard_shadow(&shadow_of(id))?;
        Ok(Ok(now))
    }

    /// A site's publications, newest first, and of those that run how far they are.
    ///
    /// # Errors
    /// When storage fails.
    pub fn publications(&self, site: &Site) -> Result<Vec<(Publication, Option<Progress>)>, StoreError> {
        let found = self.ledger.publications(site.no)?.into_iter();
        found
            .map(|publication| {
                let progress = self.progress(&publication)?;
                Ok((publication, progress))
            })
            .collect()
    }

    /// How far a publication is, where it runs: as its shadow says, whichever process works on it.
    ///
    /// # Errors
    /// When storage fails.
    pub fn progress(&self, publication: &Publication) -> Result<Option<Progress>, StoreError> {
        if publication.state != PublicationState::Running {
            return Ok(None);
        }
        let total = self.ledger.progress()?.map_or_else(Cursor::default, |(cursor, _)| cursor);
        let name = shadow_of(publication.id);
        let begun = self.ledger.shadows()?.contains(&name);
        let done = if begun { self.ledger.open_shadow(&name)?.progress()? } else { None };
        let done = done.map_or_else(Cursor::default, |(cursor, _)| cursor.min(total));
        Ok(Some(Progress { done, total }))
    }

    fn site(&self, no: SiteNo) -> Result<Option<Site>, StoreError> {
        Ok(self.ledger.sites()?.into_iter().find(|site| site.no == no))
    }

    /// Works on whose turn it is until that is over or `watch` stops it.
    ///
    /// # Errors
    /// When storage fails: then a later call goes on.
    pub fn step(&self, watch: &mut dyn FnMut(&Publication, Progress) -> Go) -> Result<Step, StoreError> {
        self.tidy()?;
        let Some(publication) = self.ledger.next_publication()? else { return Ok(Step::Idle) };
        let Some(site) = self.site(publication.asked.site)? else { return Ok(Step::Idle) };
        let model = match self.models.read(self.ledger.as_ref(), site.no, publication.asked.model) {
            Err(StoreError::Unusable(why)) => return self.fail(&site, publication, why),
            model => model?,
        };
        let name = shadow_of(publication.id);
        let (events, live) = (Arc::clone(&self.events), Arc::clone(&self.ledger));
        let mut replay = Replay::open(events, live, &name, site.no, model)?;
        let running =
            || Ok::<_, StoreError>(self.ledger.publication(publication.id)?.map(|known| known.state));
        loop {
            let mut asked = Ok(());
            let mut go = |progress| {
                match running() {
                    Ok(Some(PublicationState::Running)) => return watch(&publication, progress),
                    Ok(_) => {}
                    Err(error) => asked = Err(error),
                }
                Go::Stop
            };
            // What comes in while the rest settles is little, and soon done.
            for _ in 0..2 {
                if replay.catch_up(&mut go, &mut Unwatched)? == Done::Stopped {
                    asked?;
                    return Ok(Step::Stopped);
                }
                replay.settle(&self.clock)?;
            }
            match self.adopt(&publication, &name, &mut replay) {
                Err(StoreError::Conflict) => {}
                other => {
                    let adopted = other?;
                    replay.discard()?;
                    return Ok(Step::Done(publication, adopted));
                }
            }
        }
    }

    fn adopt(
        &self,
        publication: &Publication,
        name: &str,
        replay: &mut Replay,
    ) -> Result<Adopted, StoreError> {
        let site = self.site(publication.asked.site)?.ok_or(StoreError::Conflict)?;
        let now = self.clock.now();
        let was = *self.models.of(self.ledger.as_ref(), site.no)?.hash();
        let say = |adopted: &Adopted| {
            let details = json!({
                "publication": publication.id, "from": was.to_string(),
                "to": publication.asked.model.to_string(), "announce": publication.asked.announce,
                "entered": adopted.entered, "left": adopted.left,
            });
            self.act(&publication.asked.by, Action::ModelPublished, &site, &details)
        };
        let order = Adopt {
            publication,
            site: &site,
            shadow: name,
            at: now,
            forget_visits_before: now.plus_millis(-FORGET_MS),
        };
        // The rest is done while nothing else is written: it must be short.
        let last = &mut || -> Result<(Cursor, Mark), StoreError> {
            let mut short = |Progress { done, total }: Progress| {
                if total.raw() - done.raw() > LAST { Go::Stop } else { Go::On }
            };
            match replay.catch_up(&mut short, &mut Unwatched)? {
                Done::CaughtUp(cursor, mark) => replay.settle(&self.clock).map(|()| (cursor, mark)),
                Done::Stopped => Err(StoreError::Conflict),
            }
        };
        let (adopted, entry) = self.ledger.adopt(&order, last, &say)?;
        self.audit.announce(&entry);
        tracing::info!(
            "the model {} is live on {}: {} leads became MQLs by it, {} are none any more",
            publication.asked.model,
            site.id,
            adopted.entered,
            adopted.left
        );
        Ok(adopted)
    }

    fn fail(&self, site: &Site, publication: Publication, why: String) -> Result<Step, StoreError> {
        tracing::error!("the model {} cannot be published on {}: {why}", publication.asked.model, site.id);
        let details = json!({ "publication": publication.id, "model": publication.asked.model.to_string() });
        let act = self.act(&Actor::collector(), Action::PublishFailed, site, &details);
        let ended = Ended { state: PublicationState::Failed, at: act.at, problem: Some(why.clone()) };
        let entry = self.ledger.end_publication(publication.id, &ended, &act)?;
        entry.iter().for_each(|entry| self.audit.announce(entry));
        Ok(Step::Failed(publication, why))
    }

    /// Removes shadows of publications that do not run any more: the process ended before it could.
    fn tidy(&self) -> Result<(), StoreError> {
        for name in self.ledger.shadows()? {
            let Some(id) = name.strip_prefix(SHADOW).and_then(|id| id.parse().ok()) else { continue };
            let runs = |known: Publication| known.state == PublicationState::Running;
            if !self.ledger.publication(id)?.is_some_and(runs) {
                self.ledger.discard_shadow(&name)?;
            }
        }
        Ok(())
    }

    /// Begins whose turn it is anew: what there is of it cannot be used.
    fn begin_anew(&self) -> Result<(), StoreError> {
        match self.ledger.next_publication()? {
            Some(publication) => self.ledger.discard_shadow(&shadow_of(publication.id)),
            None => Ok(()),
        }
    }
}

/// The publisher's thread. Dropping it stops the thread; what it was at goes on at the next start.
pub struct Publishing {
    stop: Arc<AtomicBool>,
    bell: Arc<Doorbell>,
    thread: Option<JoinHandle<()>>,
}

impl Publishing {
    /// Starts a thread that works on whatever is asked for, here or by another process.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(publisher: Publisher) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let bell = Arc::clone(&publisher.bell);
        let (stopped, rung) = (Arc::clone(&stop), Arc::clone(&bell));
        let thread = std::thread::Builder::new().name("mqlite-publisher".to_owned()).spawn(move || {
            let mut failed = 0;
            while !stopped.load(Ordering::Acquire) {
                let rings = rung.rings();
                let stops = || if stopped.load(Ordering::Acquire) { Go::Stop } else { Go::On };
                match publisher.step(&mut |_, _| stops()) {
                    Ok(Step::Idle) => failed = 0,
                    Ok(_) => {
                        failed = 0;
                        continue;
                    }
                    Err(error) => {
                        tracing::error!("publishing waits: {error}");
                        failed += 1;
                        if failed % TRIES == 0
                            && let Err(error) = publisher.begin_anew()
                        {
                            tracing::error!("publishing cannot be begun anew: {error}");
                        }
                    }
                }
                rung.wait(rings, LOOK);
            }
        })?;
        Ok(Self { stop, bell, thread: Some(thread) })
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
