//! The composition root. Invariant: this is the only file that names concrete backends; everything else is
//! handed traits.

mod backup;
mod parts;
mod process;
mod publish;
mod simulation;
mod sound;
mod stop;

pub use backup::backup;
use parts::model;
pub use parts::{
    live_models, model_of, model_text, open_events, open_events_for_reading, open_ledger, open_retention,
    open_rights, open_stages, recorder,
};
pub use publish::{Alone, open_publisher};
pub use simulation::{Simulation, open_simulation};
pub use sound::{Checked, accept_loss, check_all};
use stop::Stop;

use crate::audit::{Recorder, Start};
use crate::clock::Clock;
use crate::compliance::Settings;
use crate::config::Config;
use crate::domain::{Action, Actor, Invalid, Role, VISIT_MS, Zone};
use crate::enrich::geo::Countries;
use crate::http::auth::{digest, random_token};
use crate::http::{self, DemoSite, RestrictionDirectory, SiteDirectory, SiteLimits, State};
use crate::jobs::Housekeeping;
use crate::jobs::asking::Asking;
use crate::jobs::models::LiveModels;
use crate::jobs::past::Past;
use crate::jobs::predictions::Predictions;
use crate::jobs::publish::{Publisher, Publishing};
use crate::jobs::retention::Retention;
use crate::jobs::score::{Running, Scorer};
use crate::jobs::simulate::Desk;
use crate::jobs::stages::Stages;
use crate::privacy::{ClientLimits, IdentityLimits, Privacy, Salts, TrustedProxies, V4Prefix};
use crate::rights::Service;
use crate::storage::sqlite::{SqliteEvents, SqliteLedger};
use crate::storage::{EventStore, LINK_DAYS, Ledger, SetupRow, StoreError};
use actix_web::{App as ActixApp, HttpServer, web};
use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const EVENTS: &str = "events.db";
const LEDGER: &str = "ledger.db";
const SALTS: &str = "salts";
const LOCK: &str = "mqlite.lock";

/// Why the collector does not start, in words for the person who started it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl From<Invalid> for StartError {
    fn from(error: Invalid) -> Self {
        Self(error.0)
    }
}

fn create_data_folder(data: &Path) -> Result<(), StartError> {
    process::private_files();
    let failed = |error: std::io::Error| {
        StartError(format!(
            "the data folder {} cannot be created: {error}; name another with --data DIR",
            data.display()
        ))
    };
    create_private_folder(data).map_err(failed)
}

fn create_private_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }
    #[cfg(not(unix))]
    std::fs::create_dir_all(folder)
}

/// One collector a folder.
fn lock(data: &Path) -> Result<File, StartError> {
    let path = data.join(LOCK);
    let file = File::create(&path).map_err(|error| {
        StartError(format!(
            "{} cannot be written: {error}; it must be a file that the user who runs mqlite may write",
            path.display()
        ))
    })?;
    file.try_lock().map_err(|_| {
        StartError(format!(
            "another collector runs on {}; stop it first, or name another folder with --data DIR",
            data.display()
        ))
    })?;
    Ok(file)
}

/// How a collector is set, for the documents that it makes of itself.
///
/// # Errors
/// When the scoring model cannot be used.
pub fn settings(config: &Config) -> Result<Settings, StartError> {
    Ok(described(config, model(config.model.as_deref())?.name()))
}

fn described(config: &Config, model: &str) -> Settings {
    Settings {
        version: env!("CARGO_PKG_VERSION"),
        ipv4_bits: match config.ipv4_prefix {
            V4Prefix::Network24 => 24,
            V4Prefix::Whole => 32,
        },
        countries: config.geo_file.is_some(),
        https: https(config),
        proxies: config.trusted != TrustedProxies::default(),
        anchor_elsewhere: !config.audit_anchor.starts_with(&config.data),
        model: model.to_owned(),
    }
}

/// Whether people reach us by HTTPS, as far as settings tell.
fn https(config: &Config) -> bool {
    config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
}

/// A collector that is ready to serve.
pub struct App {
    state: web::Data<State>,
    scorer: Scorer,
    listen: String,
    start: Start,
    _lock: File,
}

impl App {
    /// Opens everything that `config` names.
    ///
    /// # Errors
    /// Says what cannot be used and what to do.
    pub fn open(config: &Config, clock: Clock, demo: Option<DemoSite>) -> Result<Self, StartError> {
        process::settle();
        create_data_folder(&config.data)?;
        let lock = lock(&config.data)?;
        // All that is only read comes first: what does not start changes nothing.
        let model = Arc::new(model(config.model.as_deref())?);
        let countries = match &config.geo_file {
            Some(path) => Countries::open(path).map_err(|error| StartError(error.to_string()))?,
            None => Countries::none(),
        };
        sound::check(config)?;
        let events = SqliteEvents::open(&config.data.join(EVENTS))?;
        let ledger = SqliteLedger::open(&config.data.join(LEDGER))?;
        let schema = serde_json::json!({ EVENTS: events.schema()?, LEDGER: ledger.schema()? });
        let events: Arc<dyn EventStore> = Arc::new(events);
        let ledger: Arc<dyn Ledger> = Arc::new(ledger);
        let audit = Arc::new(recorder(config, Arc::clone(&ledger), clock.clone()));
        let salts = config.data.join(SALTS);
        let sites = ledger.sites()?;
        let salts = Salts::finish_emptied(&salts, &sites, clock.now()).and_then(|()| Salts::open(&salts));
        let salts = salts.map_err(|error| StartError(error.to_string()))?;
        let privacy = Arc::new(Privacy::new(salts, countries, config.ipv4_prefix));
        let seen = events.visitors_since(clock.now().plus_millis(-VISIT_MS))?;
        if !seen.is_empty() && privacy.salts().live().is_empty() {
            tracing::warn!(
                "visitors were here within the last half hour, and {SALTS}/ holds no salt to know them by: they are \
                 counted anew. A restored backup has none, on purpose; if this is none, look for what removed them"
            );
        }
        privacy.remember(seen);
        let models = LiveModels::from(Arc::clone(&model));
        models.renew(ledger.as_ref())?;
        simulation::clear_left(&config.data, ledger.as_ref())?;
        let start = Start {
            version: env!("CARGO_PKG_VERSION"),
            schema,
            settings: config.recorded(),
            model: serde_json::json!({ "name": model.name(), "hash": model.hash().to_string() }),
        };
        let scorer = Scorer::new(Arc::clone(&events), ledger.clone(), models.clone());
        let per_event = Duration::from_secs(1) / config.client_rate;
        let retention =
            Retention::new(Arc::clone(&events), Arc::clone(&ledger), Arc::clone(&audit), clock.clone());
        let rights = Service::new(
            Arc::clone(&events),
            Arc::clone(&ledger),
            models.clone(),
            Arc::clone(&audit),
            clock.clone(),
        );
        let stages = Stages::new(
            Arc::clone(&events),
            Arc::clone(&ledger),
            models.clone(),
            Arc::clone(&audit),
            clock.clone(),
        );
        let predictions = Predictions::new(Arc::clone(&ledger), clock.clone());
        let publisher = Publisher::new(
            Arc::clone(&events),
            Arc::clone(&ledger),
            models.clone(),
            Arc::clone(&audit),
            clock.clone(),
        );
        let state = State {
            stages,
            asking: Asking::new(Arc::clone(&ledger)),
            past: Past::new(Arc::clone(&events), Arc::clone(&ledger)),
            publisher,
            predictions,
            restrictions: RestrictionDirectory::open(Arc::clone(&ledger), Arc::clone(&privacy))?,
            rights: Arc::new(rights),
            retention,
            sites: SiteDirectory::open(Arc::clone(&ledger))?,
            events,
            ledger,
            audit,
            privacy,
            settings: described(config, model.name()),
            models,
            simulations: Desk::new(clock.clone(), simulation::claim(&config.data)),
            clock,
            event_limits: Arc::new(ClientLimits::new(per_event, config.client_burst)),
            site_limits: SiteLimits::new(config.site_rate, config.site_burst),
            identity_limits: Arc::new(IdentityLimits::new(config.client_leads)),
            login_limits: Arc::new(ClientLimits::new(Duration::from_secs(10), 6)),
            trusted: config.trusted.clone(),
            demo,
            https: https(config),
        };
        Ok(Self { state: web::Data::new(state), scorer, listen: config.listen.clone(), start, _lock: lock })
    }

    /// The event log.
    pub fn events(&self) -> Arc<dyn EventStore> {
        Arc::clone(&self.state.events)
    }

    /// What adds to the audit log.
    pub fn audit(&self) -> Arc<Recorder> {
        Arc::clone(&self.state.audit)
    }

    /// The ledger.
    pub fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::clone(&self.state.ledger)
    }

    /// What makes the changes of stage that people ask for.
    pub fn stages(&self) -> Stages {
        self.state.stages.clone()
    }

    /// Scores what is in the log already.
    ///
    /// # Errors
    /// When storage fails.
    pub fn catch_up(&mut self) -> Result<usize, StartError> {
        Ok(self.scorer.catch_up()?)
    }

    /// A one-time token for choosing the owner's password, where none is chosen yet.
    ///
    /// # Errors
    /// When storage fails.
    pub fn setup_token(&self) -> Result<Option<String>, StartError> {
        let state = &self.state;
        if state.demo.is_some() || state.ledger.password(Role::Owner)?.is_some() {
            return Ok(None);
        }
        let actor = Actor::collector();
        new_setup_token(state.ledger.as_ref(), &state.clock, &state.audit, &actor, Role::Owner).map(Some)
    }

    /// Takes the port, before anything is said of it.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn bind(self) -> Result<Bound, StartError> {
        let listen = &self.listen;
        let stop = Stop::listen()
            .map_err(|error| StartError(format!("signals to stop cannot be heard: {error}")))?;
        let listener = TcpListener::bind(listen).map_err(|error| {
            StartError(format!(
                "cannot listen on {listen}: {error}; name another address with --listen HOST:PORT"
            ))
        })?;
        let port = listener.local_addr().map_err(|error| StartError(error.to_string()))?.port();
        let host = listen.rsplit_once(':').map_or("127.0.0.1", |(host, _)| host).to_owned();
        Ok(Bound { app: self, listener, host, port, stop })
    }
}

/// Makes a set-up token for a role that ends in a day, in the place of any earlier one; `actor` asked for it.
///
/// # Errors
/// When storage fails.
pub fn new_setup_token(
    ledger: &dyn Ledger,
    clock: &Clock,
    audit: &Recorder,
    actor: &Actor,
    role: Role,
) -> Result<String, StartError> {
    let token = random_token()?;
    audit.record(actor, Action::SetupLinkMade, None, None, &serde_json::json!({ "role": role }))?;
    ledger.put_setup(SetupRow {
        token: digest(&token),
        role,
        expires_at: clock.now().plus_days(LINK_DAYS),
    })?;
    Ok(token)
}

/// A collector that has its port.
pub struct Bound {
    app: App,
    listener: TcpListener,
    host: String,
    port: u16,
    stop: Stop,
}

impl Bound {
    /// The base URL that this machine reaches us by.
    pub fn local_url(&self) -> String {
        let host = match self.host.as_str() {
            "0.0.0.0" | "[::]" | "" => "127.0.0.1",
            host => host,
        };
        format!("http://{host}:{}", self.port)
    }

    /// Serves until a signal (SIGINT, SIGTERM) asks to stop; then finishes what it has begun, which a second signal
    /// cuts short.
    ///
    /// # Errors
    /// When the server cannot run.
    pub fn serve(self) -> Result<(), StartError> {
        let failed = |error: std::io::Error| StartError(format!("the server cannot run: {error}"));
        let Self { app: App { state, scorer, start, _lock, .. }, listener, stop, .. } = self;
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let audit = Arc::clone(&state.audit);
        audit.started(&start)?;
        let running = Running::start(scorer).map_err(failed)?;
        let publishing = Publishing::start(state.publisher.clone()).map_err(failed)?;
        let (clients, identities) =
            ([&state.event_limits, &state.login_limits].map(Arc::clone), Arc::clone(&state.identity_limits));
        let clock = state.clock.clone();
        let forget_quiet = move || {
            clients.iter().for_each(|limits| limits.forget_quiet());
            identities.forget_all_but(Zone::utc().date(clock.now()));
        };
        let housekeeping = Housekeeping::start(
            Arc::clone(&state.privacy),
            Arc::clone(&state.ledger),
            state.retention.clone(),
            state.stages.sweep(),
            Arc::clone(&audit),
            forget_quiet,
            state.clock.clone(),
        )
        .map_err(failed)?;
        let (events, ledger) = (Arc::clone(&state.events), Arc::clone(&state.ledger));
        let simulations = state.simulations.clone();
        let routes = http::routes::configure(state);
        let served = stop.serve(|| {
            let app = move || ActixApp::new().wrap(http::default_headers()).configure(routes.clone());
            let server = HttpServer::new(app)
                .workers(workers)
                .worker_max_blocking_threads(process::AT_ONCE)
                .max_connections(process::connections(workers))
                .keep_alive(Duration::from_secs(75))
                .client_request_timeout(Duration::from_secs(10))
                .on_connect(|connection, _| process::bound_unread(connection))
                .shutdown_timeout(stop::PATIENCE.as_secs())
                .disable_signals();
            Ok(server.listen(listener)?.run())
        });
        drop(publishing);
        simulations.close();
        drop(housekeeping);
        drop(running);
        let stopped = audit.stopped();
        events.settle()?;
        ledger.settle()?;
        stopped?;
        served.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Anchor, Verdict, verify};
    use std::sync::atomic::{AtomicBool, Ordering};

    /// What is recorded while a backup is made must not make the copy look as if its log had been cut.
    #[test]
    fn a_backup_beside_a_log_that_grows_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = Some(folder.path().join("data"));
        let config =
            Config::resolve(crate::config::Settings { data, ..Default::default() }).expect("settings");
        create_data_folder(&config.data).expect("creates");
        drop(SqliteEvents::open(&config.data.join(EVENTS)).expect("opens"));
        let audit = recorder(&config, open_ledger(&config.data).expect("opens"), Clock::system());
        let done = AtomicBool::new(false);
        let verdicts = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    audit.stopped().expect("records");
                }
            });
            let verdict = |n: usize| -> Option<Verdict> {
                let copy = folder.path().join(n.to_string());
                backup(&config, &copy).ok()?;
                let ledger = open_ledger(&copy).ok()?;
                let anchor = Anchor::at(&copy.join("audit.anchor"));
                verify(ledger.as_ref(), Some(&anchor), &[], Clock::system().now()).ok()
            };
            let verdicts: Vec<_> = (0..2).map(verdict).collect();
            done.store(true, Ordering::Relaxed);
            verdicts
        });
        for verdict in verdicts {
            let verdict = verdict.expect("copies and reads");
            assert!(verdict.ok(), "{:?}", verdict.findings);
        }
    }
}
