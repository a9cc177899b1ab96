//! The yardsticks: what the same web server does when it parses the same JSON by the same parser and stores
//! nothing (the ceiling), and what a simple design costs that commits each request by itself.

use super::child::Child;
use crate::Failure;
use actix_web::{App, HttpResponse, HttpServer, web};
use mqlite::http::body::whole;
use mqlite::ingest::wire;
use rusqlite::params;
use std::fs::File;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

/// As the collector's.
const BODY_MAX: usize = 256 * 1024;

/// Which yardstick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Yardstick {
    /// Parses and stores nothing.
    Parse,
    /// Commits each request by itself.
    Commit,
}

impl Yardstick {
    /// Starts it in a process of its own; `folder` is where it may store.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(self, folder: &Path) -> Result<Child, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let name = if self == Self::Parse { "parse" } else { "commit" };
        command.args(["--yardstick", name]).arg("--folder").arg(folder);
        let log = File::create(folder.join(format!("{name}.log")))?;
        Child::start(command, log, |line| line.strip_prefix("listens on ").map(str::to_owned))
    }
}

/// Serves a yardstick until it is killed.
///
/// # Errors
/// When it cannot.
pub(crate) fn serve(kind: Yardstick, folder: &Path) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut out = std::io::stdout();
    writeln!(out, "listens on {}", listener.local_addr()?)?;
    out.flush()?;
    let store = web::Data::new(Store::open(&folder.join("commit-per-request.db"))?);
    let server = HttpServer::new(move || {
        let app = App::new().app_data(store.clone());
        match kind {
            Yardstick::Parse => app.route("/api/event", web::post().to(parse)),
            Yardstick::Commit => app.route("/api/event", web::post().to(commit)),
        }
    });
    Ok(actix_web::rt::System::new().block_on(server.listen(listener)?.run())?)
}

fn accepted() -> HttpResponse {
    HttpResponse::Accepted().content_type("text/plain; charset=utf-8").body("ok")
}

async fn parse(payload: web::Payload) -> HttpResponse {
    let Ok(body) = whole(payload, BODY_MAX).await else {
        return HttpResponse::BadRequest().finish();
    };
    match wire::parse(&body) {
        Ok(events) => {
            std::hint::black_box(&events);
            accepted()
        }
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}

struct Store(Arc<Mutex<rusqlite::Connection>>);

impl Store {
    fn open(path: &Path) -> Result<Self, Failure> {
        let connection = rusqlite::Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS events (id TEXT, name TEXT, url TEXT, site TEXT, referrer TEXT, at TEXT)",
        )?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }
}

async fn commit(payload: web::Payload, store: web::Data<Store>) -> HttpResponse {
    let Ok(body) = whole(payload, BODY_MAX).await else {
        return HttpResponse::BadRequest().finish();
    };
    let connection = Arc::clone(&store.0);
    let done = web::block(move || -> Result<(), Failure> {
        let (events, _) = wire::parse(&body).map_err(|refusal| format!("{refusal:?}"))?;
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        for event in &events {
            transaction
                .prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, datetime('now'))")?
                .execute(params![event.k, event.n, event.u, event.d, event.r])?;
        }
        transaction.commit()?;
        Ok(())
    });
    match done.await {
        Ok(Ok(())) => accepted(),
        _ => HttpResponse::ServiceUnavailable().finish(),
    }
}
