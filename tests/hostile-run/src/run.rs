//! The run: a collector of its own, many connections, and what is looked at before, while and after. Promise: it
//! succeeds only when every answer kept its promises and the process, its memory, its files and its databases did.

use crate::connection::{Exchanged, exchange};
use crate::inputs::{Framing, Input, Maker};
use crate::requests::Who;
use crate::usage::{descriptors, named, resident_kib};
use mqlite_tests::{Event, SITE, Setup, TestApp, pageview, person, wait_until};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// Inputs that are sent on a connection before an answer is read.
const DEPTH: usize = 16;
/// Memory is compared with what it was after so many inputs, or after a tenth of them.
const WARM: u64 = 1_000_000;
/// What memory may grow by from there on: a quarter, and what allocators and caches keep.
const SPARE_KIB: u64 = 64 * 1024;
/// Open files that may remain of closed connections for a moment.
const SPARE_FILES: usize = 16;
/// Databases that may be open for each client's connection, for good: SQLite keeps the file of one that it closes for
/// the next to open it, while another has it open (os_unix.c, `findReusableFd`), so there are as many as ever read at once;
/// and a request may read both, one of them twice.
const READ_AT_ONCE: usize = 3;

/// What to run.
#[derive(Debug, Clone)]
pub struct How {
    /// Inputs.
    pub count: u64,
    /// What they are made from.
    pub seed: u64,
    /// Connections at once, at least 1.
    pub connections: u32,
    /// How long at most.
    pub most: Option<Duration>,
    /// Whether somebody watches.
    pub watched: bool,
}

/// What became of it.
#[derive(Debug)]
pub struct Summary {
    how: How,
    seconds: u64,
    tally: Tally,
    files: [usize; 2],
    log_bytes: usize,
    stored: u64,
}

/// What was counted.
#[derive(Debug, Default)]
struct Tally {
    sent: u64,
    statuses: BTreeMap<u16, u64>,
    broken: u64,
    refused: BTreeMap<u16, u64>,
    unread: u64,
    connections: u64,
    /// Resident memory in KiB, by inputs sent.
    memory: Vec<(u64, u64)>,
}

impl Summary {
    /// For a file.
    pub fn json(&self) -> Value {
        let Self { how, seconds, tally, files, log_bytes, stored } = self;
        let classes = |statuses: &BTreeMap<u16, u64>| {
            let mut classes: BTreeMap<String, u64> = BTreeMap::new();
            for (status, count) in statuses {
                *classes.entry(format!("{}xx", status / 100)).or_default() += count;
            }
            classes
        };
        json!({
            "seed": how.seed, "inputs": tally.sent, "connections": tally.connections, "seconds": seconds,
            "answers": classes(&tally.statuses), "statuses": text_keys(&tally.statuses),
            "unread_and_not_counted": tally.unread, "no_requests": tally.broken, "no_requests_answered": text_keys(&tally.refused),
            "memory_kib": tally.memory.iter().map(|(at, kib)| json!({ "inputs": at, "kib": kib })).collect::<Vec<_>>(),
            "open_files": { "before": files[0], "after": files[1] },
            "log_bytes": log_bytes, "events_stored": stored,
        })
    }

    /// How many answers had a status from this one up.
    pub fn from_status(&self, status: u16) -> u64 {
        self.tally.statuses.range(status..).map(|(_, count)| count).sum()
    }

    /// How many inputs were sent.
    pub fn inputs(&self) -> u64 {
        self.tally.sent
    }

    /// How many inputs were no requests.
    pub fn broken(&self) -> u64 {
        self.tally.broken
    }
}

fn text_keys(statuses: &BTreeMap<u16, u64>) -> BTreeMap<String, u64> {
    statuses.iter().map(|(status, count)| (status.to_string(), *count)).collect()
}

/// Runs it.
///
/// # Errors
/// Says which promise was broken, and by which input.
///
/// # Panics
/// When the collector cannot be started.
pub fn run(how: &How) -> Result<Summary, String> {
    let began = Instant::now();
    let mut app = Setup::default()
        .site(&["example.org", "--time-zone", "Europe/Berlin", "--host", "*", "--allow-automation", "yes"])
        .start();
    let who = let_in(&app);
    let address: SocketAddr = app
        .base()
        .trim_start_matches("http://")
        .parse()
        .map_err(|error| format!("{} is no address: {error}", app.base()))?;
    let pid = app.pid();
    let before = descriptors(pid);
    let tally = send(how, address, pid, &who)?;
    let after = wait_until("connections to be closed", || {
        let names = named(pid);
        let (open, databases) = (
            names.values().sum::<usize>(),
            names.iter().filter(|(name, _)| name.ends_with(".db")).map(|(_, count)| count).sum::<usize>(),
        );
        let most = READ_AT_ONCE * usize::try_from(how.connections).unwrap_or(0);
        if databases <= most && open <= before + SPARE_FILES + databases {
            Ok(open)
        } else {
            Err(format!("{open} open files, {before} before: {names:?}"))
        }
    });
    bounded(&tally.memory)?;
    let (log_bytes, stored) = sound(&mut app)?;
    let seconds = began.elapsed().as_secs();
    Ok(Summary { how: how.clone(), seconds, tally, files: [before, after], log_bytes, stored })
}

/// Sessions that live and leads that are there, so that what is behind a log-in is reached.
fn let_in(app: &TestApp) -> Who {
    let cookies = vec![app.cookie().to_owned(), app.auditor()];
    let mut known = Vec::new();
    for company in ["Acme", "Globex", "Initech"] {
        let address = format!("jo@{}.example", company.to_lowercase());
        app.send(&mqlite_tests::event("demo_request", "/demo").identify(&address, person(company), true))
            .assert_stored();
        let lead = app.wait_for_lead(company, |_| true);
        known.extend(lead["key"].as_str().map(str::to_owned));
    }
    let models = app.read(&format!("/api/v1/models?site={SITE}"));
    let versions = models["versions"].as_array().into_iter().flatten();
    known.extend(versions.filter_map(|version| version["hash"].as_str()).map(str::to_owned));
    Who { cookies, known }
}

fn send(how: &How, address: SocketAddr, pid: u32, who: &Who) -> Result<Tally, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let tally = Rc::new(RefCell::new(Tally::default()));
    let tasks = LocalSet::new();
    let connections = u64::from(how.connections.max(1));
    runtime.block_on(tasks.run_until(async {
        let each = (0..connections).map(|n| {
            let share = how.count / connections + u64::from(n < how.count % connections);
            let maker = Maker::new(how.seed.wrapping_mul(1_000_003).wrapping_add(n), who.clone());
            let (tally, how) = (Rc::clone(&tally), how.clone());
            tokio::task::spawn_local(drive(address, maker, share, how, pid, tally))
        });
        let each: Vec<_> = each.collect();
        for task in each {
            task.await.map_err(|error| format!("the run itself failed: {error}"))??;
        }
        Ok::<(), String>(())
    }))?;
    let mut tally = tally.take();
    tally.memory.push((tally.sent, resident_kib(pid)));
    Ok(tally)
}

/// One connection after the other, until its share is sent.
async fn drive(
    address: SocketAddr,
    mut maker: Maker,
    mut left: u64,
    how: How,
    pid: u32,
    tally: Rc<RefCell<Tally>>,
) -> Result<(), String> {
    let mut stream: Option<TcpStream> = None;
    let (mut next, mut silent): (Option<Input>, u32) = (None, 0);
    let began = Instant::now();
    while left > 0 && how.most.is_none_or(|most| began.elapsed() < most) {
        let mut inputs: Vec<Input> = Vec::with_capacity(DEPTH);
        while inputs.len() < DEPTH && u64::try_from(inputs.len()).is_ok_and(|made| made < left) {
            let input = next.take().unwrap_or_else(|| maker.make());
            if input.head && !inputs.is_empty() {
                next = Some(input);
                break;
            }
            let alone = input.head || input.framing == Framing::Broken;
            inputs.push(input);
            if alone {
                break;
            }
        }
        let mut open = match stream.take() {
            Some(open) => open,
            None => {
                tally.borrow_mut().connections += 1;
                TcpStream::connect(address)
                    .await
                    .map_err(|error| format!("nobody listens any more: {error}"))?
            }
        };
        let exchanged = exchange(&mut open, &inputs).await?;
        let sent = u64::try_from(inputs.len() - exchanged.unread).unwrap_or(0);
        left -= sent.min(left);
        // A connection may have been ended while it was idle; a new one is not.
        silent = if sent == 0 { silent + 1 } else { 0 };
        if silent > 1 {
            return Err("a new connection was ended without a word".to_owned());
        }
        if exchanged.open {
            stream = Some(open);
        }
        let broken =
            inputs.last().is_some_and(|input| input.framing == Framing::Broken) && exchanged.unread == 0;
        tally.borrow_mut().add(&how, pid, sent, broken, &exchanged);
    }
    Ok(())
}

impl Tally {
    fn add(&mut self, how: &How, pid: u32, sent: u64, broken: bool, exchanged: &Exchanged) {
        let before = self.sent;
        self.sent += sent;
        self.broken += u64::from(broken);
        for status in &exchanged.statuses {
            *self.statuses.entry(*status).or_default() += 1;
        }
        for status in &exchanged.refused {
            *self.refused.entry(*status).or_default() += 1;
        }
        self.unread += u64::try_from(exchanged.unread).unwrap_or(0);
        let step = WARM.min(how.count / 10).max(1);
        if before / step != self.sent / step {
            let kib = resident_kib(pid);
            self.memory.push((self.sent, kib));
            if how.watched {
                let open = descriptors(pid);
                let _ = writeln!(
                    std::io::stderr(),
                    "hostile: {} inputs, {kib} KiB resident, {open} open files",
                    self.sent
                );
            }
        }
    }
}

/// Whether memory stayed what it was once everything had been asked for.
fn bounded(memory: &[(u64, u64)]) -> Result<(), String> {
    let (Some((at, warm)), Some(most)) = (memory.first(), memory.iter().map(|(_, kib)| *kib).max()) else {
        return Ok(());
    };
    if most > warm + warm / 4 + SPARE_KIB {
        return Err(format!("memory grew from {warm} KiB after {at} inputs to {most} KiB: {memory:?}"));
    }
    Ok(())
}

/// Whether it works as before, and left nothing behind: bytes of the log, and events stored.
fn sound(app: &mut TestApp) -> Result<(usize, u64), String> {
    if !app.is_alive() {
        return Err(format!("the collector has ended; it logged:\n{}", tail(&app.log())));
    }
    let good: &Event = &pageview("/good");
    app.send(good).assert_stored();
    let log = app.log();
    if let Some(at) = log.find("panicked") {
        return Err(format!("it panicked: {}", tail(&log[..(at + 2_000).min(log.len())])));
    }
    let ended = app.stop();
    if !ended.success() {
        return Err(format!("it ended with {ended}"));
    }
    let mut stored = 0;
    for name in ["events.db", "ledger.db"] {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let ask = |sql: &str| -> Result<String, String> {
            let database = rusqlite::Connection::open_with_flags(app.data().join(name), flags);
            let database = database.map_err(|error| format!("{name}: {error}"))?;
            let value = database.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0));
            match value.map_err(|error| format!("{name}: {error}"))? {
                rusqlite::types::Value::Integer(number) => Ok(number.to_string()),
                rusqlite::types::Value::Text(text) => Ok(text),
                other => Err(format!("{name}: {other:?}")),
            }
        };
        let verdict = ask("PRAGMA integrity_check")?;
        if verdict != "ok" {
            return Err(format!("{name} is damaged: {verdict}"));
        }
        if name == "events.db" {
            stored = ask("SELECT count(*) FROM events")?.parse().unwrap_or(0);
        }
    }
    let verified = app.audit(&["verify"]);
    if verified.code != Some(0) {
        return Err(format!("the audit log does not hold: {}{}", verified.stdout, verified.stderr));
    }
    Ok((log.len(), stored))
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::bounded;

    #[test]
    fn memory_that_grows_is_told() {
        let mib = 1024;
        assert!(bounded(&[(1, 50 * mib), (2, 90 * mib)]).is_ok());
        assert!(bounded(&[(1, 50 * mib), (2, 140 * mib), (3, 60 * mib)]).is_err());
        assert!(bounded(&[]).is_ok());
    }
}
