//! What handlers share. Invariant: everything here is safe to use from any worker at any time.

use super::{RestrictionDirectory, SiteDirectory, SiteLimits};
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::compliance::Settings;
use crate::jobs::asking::Asking;
use crate::jobs::models::LiveModels;
use crate::jobs::past::Past;
use crate::jobs::predictions::Predictions;
use crate::jobs::publish::Publisher;
use crate::jobs::retention::Retention;
use crate::jobs::simulate::Desk;
use crate::jobs::stages::Stages;
use crate::privacy::{ClientLimits, IdentityLimits, Privacy, TrustedProxies};
use crate::rights::Service;
use crate::storage::{EventStore, Ledger};
use std::sync::Arc;

/// Serves the demo company's site: its page for a path below `/demo/`, with its content type.
pub type DemoSite = fn(path: &str) -> Option<(&'static str, &'static [u8])>;

/// What handlers share.
pub struct State {
    /// The event log.
    pub events: Arc<dyn EventStore>,
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// What adds to the audit log.
    pub audit: Arc<Recorder>,
    /// What ends what is past its time.
    pub retention: Retention,
    /// The keeper of addresses.
    pub privacy: Arc<Privacy>,
    /// Sites by name.
    pub sites: SiteDirectory,
    /// Who asked not to be processed further.
    pub restrictions: RestrictionDirectory,
    /// What answers people's requests.
    pub rights: Arc<Service>,
    /// What makes the changes of stage that people ask for.
    pub stages: Stages,
    /// Which scoring model is live where.
    pub models: LiveModels,
    /// What leads were at moments that have passed.
    pub past: Past,
    /// What leads may be asked for.
    pub asking: Asking,
    /// What closed leads say of open ones.
    pub predictions: Predictions,
    /// What keeps drafts and publishes models.
    pub publisher: Publisher,
    /// Where simulations of other models are asked for.
    pub simulations: Desk,
    /// The clock.
    pub clock: Clock,
    /// Events of one client.
    pub event_limits: Arc<ClientLimits>,
    /// Events of one site.
    pub site_limits: SiteLimits,
    /// People that one client may say it is.
    pub identity_limits: Arc<IdentityLimits>,
    /// Log-in attempts of one client.
    pub login_limits: Arc<ClientLimits>,
    /// Whose forwarded addresses count.
    pub trusted: TrustedProxies,
    /// Under `mqlite demo`: the demo company's site. Everybody is let in, for nothing real is there.
    pub demo: Option<DemoSite>,
    /// How the collector is set, for the documents that it makes of itself.
    pub settings: Settings,
    /// Whether people reach us by HTTPS, so that the session's cookie may ask for it.
    pub https: bool,
}
