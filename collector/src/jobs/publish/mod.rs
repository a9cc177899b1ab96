//! Makes models live: drafts, publications, and the thread that works on them. Invariant: a publication goes on where
//! its shadow is, whenever the process ended; what it makes is seen at once and whole, by [`Publications::adopt`], and
//! not before the shadow has seen every event and every change by people that the live ledger has.
//!
//! [`Publications::adopt`]: crate::storage::Publications::adopt

mod picked;
mod thread;
mod void;
mod work;

pub use picked::{Picked, Row, Touched};
pub use thread::Publishing;
pub use void::{AskedVoid, NotVoided, VoidLead};

use super::models::LiveModels;
pub use super::replay::{Go, Progress};
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Act, Action, Actor, Cursor, ModelHash, Site, SiteId, SiteNo, Timestamp};
use crate::scoring::{Model, ModelError};
use crate::storage::{
    Adopted, Doorbell, Ended, EventStore, Ledger, ModelVersion, NewPublication, Publication,
    PublicationState, StoreError, VoidState,
};
use serde::Serialize;
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};

/// What a publication's shadow is called, before its number.
const SHADOW: &str = "publish-";

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
    /// There is no such void.
    NoVoid,
    /// The void is not in force.
    NotInForce(VoidState),
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
            Self::NoVoid => f.write_str("there is no such void on this site"),
            Self::NotInForce(state) => write!(f, "this void is not in force: it is {}", state.name()),
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
    /// Which publication this process works on, and how far it is.
    at: Arc<Mutex<Option<(i64, Progress)>>>,
}

/// A publication, as the audit log names it.
fn named(publication: &Publication) -> serde_json::Value {
    let model = publication.asked.model.to_string();
    match publication.asked.void {
        None => json!({ "publication": publication.id, "model": model }),
        Some(step) => json!({ "publication": publication.id, "void": step.no, "undo": step.undo }),
    }
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
        Self { events, ledger, models, audit, clock, bell: Arc::default(), at: Arc::default() }
    }

    /// The site of this name.
    ///
    /// # Errors
    /// When storage fails.
    pub fn named_site(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        Ok(self.ledger.sites()?.into_iter().find(|site| site.id == *id))
    }

    /// The model that a site's leads are scored by.
    ///
    /// # Errors
    /// When storage fails.
    pub fn live(&self, site: &Site) -> Result<Arc<Model>, StoreError> {
        self.models.of(self.ledger.as_ref(), site.no)
    }

    /// Which model a site's leads are scored by: the ledger says so, whatever model this process was told of.
    ///
    /// # Errors
    /// When storage fails.
    pub fn live_hash(&self, site: &Site) -> Result<ModelHash, StoreError> {
        if let Some(hash) = self.ledger.live_models()?.get(&site.no) {
            return Ok(*hash);
        }
        Ok(self.ledger.progress()?.map_or(*self.models.base().hash(), |(_, base)| base))
    }

    /// A publication that was asked for.
    ///
    /// # Errors
    /// When storage fails, or there is none of this number.
    pub fn found(&self, id: i64) -> Result<Publication, StoreError> {
        let gone = || StoreError::Failed(format!("the publication {id} is no more"));
        self.ledger.publication(id)?.ok_or_else(gone)
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
        let live = self.live_hash(site)?;
        let publications = self.ledger.publications(site.no)?;
        let version = |model: ModelVersion| {
            let of_it = || {
                publications
                    .iter()
                    .filter(|known| known.asked.void.is_none() && known.asked.model == model.hash)
            };
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
            void: None,
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
        let act = self.act(actor, Action::PublishCancelled, site, &named(&publication));
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

    /// How far a publication is, where it runs; of one that waits, or that another process works on, how far it has
    /// to come.
    ///
    /// # Errors
    /// When storage fails.
    pub fn progress(&self, publication: &Publication) -> Result<Option<Progress>, StoreError> {
        if publication.state != PublicationState::Running {
            return Ok(None);
        }
        let at = *self.at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, progress)) = at.filter(|(id, _)| *id == publication.id) {
            return Ok(Some(progress));
        }
        let total = self.ledger.progress()?.map_or_else(Cursor::default, |(cursor, _)| cursor);
        Ok(Some(Progress { done: Cursor::default(), total }))
    }

    /// The same of one that another process may work on, by its shadow, as far as that can be read just now.
    ///
    /// # Errors
    /// When storage fails.
    pub fn progress_elsewhere(&self, publication: &Publication) -> Result<Option<Progress>, StoreError> {
        let Some(Progress { total, .. }) = self.progress(publication)? else { return Ok(None) };
        let name = shadow_of(publication.id);
        let begun = self.ledger.shadows()?.contains(&name);
        let shadow = begun.then(|| self.ledger.open_shadow(&name).ok()).flatten();
        let done = shadow.and_then(|shadow| shadow.progress().ok()).flatten();
        let done = done.map_or_else(Cursor::default, |(cursor, _)| cursor.min(total));
        Ok(Some(Progress { done, total }))
    }

    fn is_at(&self, id: i64, progress: Progress) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = Some((id, progress));
    }

    fn site(&self, no: SiteNo) -> Result<Option<Site>, StoreError> {
        Ok(self.ledger.sites()?.into_iter().find(|site| site.no == no))
    }
}
