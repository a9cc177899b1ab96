//! A collector under test, with its own data folder, port and log. Invariant: nothing is shared between two
//! of them, and nothing of it is left when it is dropped.

use crate::collector::Collector;
use crate::event::Event;
use crate::http::{Answer, Request, request};
use crate::{FIREFOX, Finished, SITE, mqlite, wait_until};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// The owner's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// The auditor's.
pub const AUDITORS_PASSWORD: &str = "another horse, another staple";

/// How to start a [`TestApp`]: [`SITE`] in UTC, this machine as a trusted proxy, and no limit to speak of.
#[derive(Debug)]
#[must_use = "nothing starts before `start`"]
pub struct Setup {
    sites: Vec<Vec<String>>,
    settings: Vec<(String, String)>,
    demo: bool,
    data: Option<PathBuf>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { sites: Vec::new(), settings: Vec::new(), demo: false, data: None }
            .setting("MQLITE_TRUSTED_PROXIES", "127.0.0.1/32")
            .setting("MQLITE_CLIENT_RATE", "1000000")
            .setting("MQLITE_CLIENT_BURST", "1000000")
            .setting("MQLITE_CLIENT_LEADS", "1000000")
            .setting("MQLITE_SITE_RATE", "1000000")
            .setting("MQLITE_SITE_BURST", "1000000")
            .site(&[SITE, "--time-zone", "UTC"])
    }
}

impl Setup {
    /// Sets a setting in the collector's environment.
    pub fn setting(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a site by `mqlite site add ARGUMENTS`; a second time, it changes the site.
    pub fn site(mut self, arguments: &[&str]) -> Self {
        self.sites.push(arguments.iter().map(|&argument| argument.to_owned()).collect());
        self
    }

    /// Runs `mqlite demo` in the place of `mqlite serve`.
    pub fn demo(mut self) -> Self {
        self.demo = true;
        self.sites.clear();
        self
    }

    /// Keeps its data in this folder, which outlives it, in the place of one of its own.
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data = Some(folder.into());
        self
    }

    /// With no site at all.
    pub fn without_sites(mut self) -> Self {
        self.sites.clear();
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not start, with what it logged.
    pub fn start(self) -> TestApp {
        self.try_start().unwrap_or_else(|why| panic!("{why}"))
    }

    /// Starts it.
    ///
    /// # Errors
    /// When it does not start, with how it ended and what it logged.
    ///
    /// # Panics
    /// When a site cannot be added.
    pub fn try_start(self) -> Result<TestApp, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let data = self.data.clone().unwrap_or_else(|| folder.path().join("data"));
        let printed = Arc::default();
        for site in &self.sites {
            add_site(&data, site).assert_ok();
        }
        let mut app = TestApp {
            collector: None,
            printed,
            log: folder.path().join("log"),
            data,
            _folder: folder,
            setup: self,
            cookie: OnceLock::new(),
        };
        app.try_restart()?;
        Ok(app)
    }
}

fn add_site(data: &Path, arguments: &[String]) -> Finished {
    let head = ["site", "add"].map(str::to_owned);
    let tail = ["--data".to_owned(), data.display().to_string()];
    mqlite(head.iter().chain(arguments).chain(&tail))
}

/// A collector under test.
pub struct TestApp {
    collector: Option<Collector>,
    printed: Arc<Mutex<String>>,
    log: PathBuf,
    data: PathBuf,
    _folder: TempDir,
    setup: Setup,
    cookie: OnceLock<String>,
}

impl TestApp {
    /// Starts one as [`Setup`] has it.
    pub fn start() -> Self {
        Setup::default().start()
    }

    /// `http://HOST:PORT`
    ///
    /// # Panics
    /// When it does not run.
    pub fn base(&self) -> &str {
        &self.collector.as_ref().expect("it runs").base
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }

    /// The number of its process.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pid(&self) -> u32 {
        self.collector.as_ref().expect("it runs").pid()
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The token of the set-up link that it printed last, if any.
    pub fn setup_token(&self) -> Option<&str> {
        self.collector.as_ref()?.setup_token.as_deref()
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What it printed so far.
    pub fn printed(&self) -> String {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Kills it as a power cut would.
    pub fn kill9(&mut self) {
        if let Some(mut collector) = self.collector.take() {
            collector.kill9();
        }
    }

    /// Asks it to stop, as an operator does, and waits for it.
    ///
    /// # Panics
    /// When it does not run.
    pub fn stop(&mut self) -> ExitStatus {
        self.collector.take().expect("it runs").stop()
    }

    /// Waits until it has ended, after it was asked to.
    ///
    /// # Panics
    /// When it does not run.
    pub fn wait(&mut self) -> ExitStatus {
        self.collector.take().expect("it runs").wait()
    }

    /// Whether its process lives.
    pub fn is_alive(&mut self) -> bool {
        self.collector.as_mut().is_some_and(Collector::is_alive)
    }

    /// Starts it again on the same data.
    ///
    /// # Panics
    /// When it does not start, with what it logged.
    pub fn restart(&mut self) {
        self.try_restart().unwrap_or_else(|why| panic!("{why}"));
    }

    /// Starts it again on the same data.
    ///
    /// # Errors
    /// When it does not start, with what it logged.
    pub fn try_restart(&mut self) -> Result<(), String> {
        self.kill9();
        let arguments = self.arguments();
        self.collector = Some(Collector::start(arguments, &self.setup.settings, &self.log, &self.printed)?);
        Ok(())
    }

    /// Starts it again on the same data and kills it after so long, ready or not.
    pub fn stumble(&mut self, after: Duration) {
        self.kill9();
        let (mut starting, _) =
            Collector::spawn(self.arguments(), &self.setup.settings, &self.log, &self.printed);
        std::thread::sleep(after);
        starting.kill9();
    }

    fn arguments(&self) -> [String; 5] {
        let command = if self.setup.demo { "demo" } else { "serve" };
        let data = self.data.display().to_string();
        [command.to_owned(), "--listen".to_owned(), "127.0.0.1:0".to_owned(), "--data".to_owned(), data]
    }

    /// Adds or changes a site beside the running collector.
    pub fn add_site(&self, arguments: &[&str]) -> Finished {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        add_site(&self.data, &arguments)
    }

    /// A request as a page of [`SITE`] sends it from a browser.
    pub fn post(&self, body: impl Into<Vec<u8>>) -> Request {
        request("POST", self.url("/api/event"))
            .header("content-type", "text/plain")
            .header("origin", format!("https://{SITE}"))
            .header("user-agent", FIREFOX)
            .body(body)
    }

    /// Sends one event from a browser.
    #[track_caller]
    pub fn send(&self, event: &Event) -> Answer {
        self.post(event.body()).send()
    }

    /// Sends several in one request.
    #[track_caller]
    pub fn send_all(&self, events: &[Event]) -> Answer {
        self.post(Event::array(events)).send()
    }

    /// Sends several in one request, from a browser at this address.
    #[track_caller]
    pub fn send_all_from(&self, address: &str, events: &[Event]) -> Answer {
        self.post(Event::array(events)).header("x-forwarded-for", address).send()
    }

    /// A request for a path, from somebody who is not logged in.
    pub fn get(&self, path: &str) -> Request {
        request("GET", self.url(path))
    }

    /// A request for a path, from the owner, who has logged in.
    pub fn look(&self, path: &str) -> Request {
        let request = self.get(path);
        if self.setup.demo { request } else { request.header("cookie", self.cookie()) }
    }

    /// The JSON at a path, as the owner sees it.
    ///
    /// # Panics
    /// When it is not there.
    #[track_caller]
    pub fn read(&self, path: &str) -> Value {
        self.look(path).send().assert_status(200).json()
    }

    /// The cookie of the owner's session; the first time, the password is set up and used.
    pub fn cookie(&self) -> &str {
        self.cookie.get_or_init(|| {
            // On data that was there before, it is set up already.
            if let Some(token) = self.setup_token() {
                self.set_up(token, PASSWORD).assert_status(200);
            }
            let answer = self.log_in(PASSWORD).assert_status(204);
            let cookie = answer.header("set-cookie").expect("a cookie");
            cookie.split(';').next().unwrap_or_default().to_owned()
        })
    }

    /// Chooses a password by a set-up link's token.
    pub fn set_up(&self, token: &str, password: &str) -> Answer {
        self.post_json("/api/v1/setup", &json!({ "token": token, "password": password })).send()
    }

    /// Logs in.
    pub fn log_in(&self, password: &str) -> Answer {
        self.post_json("/api/v1/session", &json!({ "password": password })).send()
    }

    /// Adds an auditor beside the running collector, and logs them in: their session's cookie.
    ///
    /// # Panics
    /// When it does not work.
    pub fn auditor(&self) -> String {
        let data = self.data.display().to_string();
        let link = mqlite(["user", "add-auditor", "--data", &data]).assert_ok();
        let (_, token) = link.trim().split_once("/setup#").expect("a link");
        assert_eq!(self.set_up(token, AUDITORS_PASSWORD).assert_status(200).json()["role"], "auditor");
        let body = json!({ "password": AUDITORS_PASSWORD, "role": "auditor" });
        let answer = self.post_json("/api/v1/session", &body).send().assert_status(204);
        let cookie = answer.header("set-cookie").expect("a cookie");
        cookie.split(';').next().unwrap_or_default().to_owned()
    }

    /// `mqlite audit ARGUMENTS` on its data folder.
    pub fn audit(&self, arguments: &[&str]) -> Finished {
        let data = self.data.display().to_string();
        mqlite(["audit"].iter().chain(arguments).copied().chain(["--data", &data]))
    }

    /// Every entry of the audit log with this action, oldest first, as `mqlite audit log` prints it.
    #[track_caller]
    pub fn entries(&self, action: &str) -> Vec<Value> {
        let printed = self.audit(&["log", "--format", "ndjson", "--action", action]).assert_ok();
        let entry = |line: &str| serde_json::from_str::<Value>(line).expect("a line is JSON")["entry"].take();
        printed.lines().map(entry).collect()
    }

    /// Waits until the first retention run is in the audit log: it comes some time after the start, by itself, and would
    /// else come between what a test counts.
    #[track_caller]
    pub fn wait_for_retention(&self) {
        // Not by the product, which would record that somebody looked.
        let ledger = self.data.join("ledger.db");
        let ledger =
            rusqlite::Connection::open_with_flags(ledger, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
        let ledger = ledger.expect("opens");
        let ran = "SELECT count(*) FROM audit WHERE action = 'retention.ran'";
        wait_until("the first retention run", || {
            match ledger.query_row(ran, [], |row| row.get::<_, i64>(0)) {
                Ok(1..) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
    }

    /// A request with a JSON body.
    pub fn post_json(&self, path: &str, body: &Value) -> Request {
        let request = request("POST", self.url(path)).header("content-type", "application/json");
        request.body(body.to_string())
    }

    /// The MQL report on [`SITE`] with these further parameters, such as `&by=page`.
    #[track_caller]
    pub fn report(&self, parameters: &str) -> Value {
        self.read(&format!("/api/v1/reports/mql?site={SITE}{parameters}"))
    }

    /// The leads of [`SITE`] with these further parameters.
    #[track_caller]
    pub fn leads(&self, parameters: &str) -> Value {
        self.read(&format!("/api/v1/leads?site={SITE}{parameters}"))
    }

    /// Why a lead of [`SITE`] is what it is.
    #[track_caller]
    pub fn explanation(&self, key: &str, parameters: &str) -> Value {
        self.read(&format!("/api/v1/leads/{key}/explanation?site={SITE}{parameters}"))
    }

    /// The lead of this company, as soon as it is known and `ready` says yes. The scorer follows the log in
    /// its order: what was acknowledged before the event that `ready` waits for is counted, too.
    #[track_caller]
    pub fn wait_for_lead(&self, company: &str, ready: impl Fn(&Value) -> bool) -> Value {
        wait_until(&format!("the lead of {company}"), || {
            let leads = self.leads("&limit=200");
            let lead = leads["leads"].as_array().and_then(|leads| {
                leads.iter().find(|lead| lead["attributes"]["company"] == company).cloned()
            });
            lead.filter(&ready).ok_or_else(|| leads.to_string())
        })
    }

    /// Every stored event, as `mqlite export` prints it.
    #[track_caller]
    pub fn export(&self) -> Vec<Value> {
        let data = self.data.display().to_string();
        let printed = mqlite(["export", "events", "--format", "ndjson", "--data", &data]).assert_ok();
        printed.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// How often each outcome was counted, over all sites and days. The API shows only some of them, so
    /// this looks into the database.
    ///
    /// # Panics
    /// When there is none.
    pub fn outcomes(&self) -> BTreeMap<String, i64> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let database = rusqlite::Connection::open_with_flags(self.data.join("events.db"), flags);
        let database = database.expect("a database");
        let sql = "SELECT reason, SUM(count) FROM outcomes GROUP BY reason";
        let mut statement = database.prepare(sql).expect("a table of outcomes");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
        rows.map(|row| row.expect("a row")).collect()
    }
}
