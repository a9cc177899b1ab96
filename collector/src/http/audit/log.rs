//! The audit log, in pages and as a whole. Invariant: an export is recorded before its first byte, holds every
//! entry in its canonical form, and is read page by page as it is sent.

use crate::audit::{export_line, title};
use crate::domain::{Action, Date, Entry, Role, SiteId, Timestamp, Zone, to_hex};
use crate::http::auth::Auditing;
use crate::http::blocking::blocking;
use crate::http::error::{Problem, parameter};
use crate::http::private::private;
use crate::http::state::State;
use crate::storage::{AuditQuery, StoreError};
use actix_web::body::{BodySize, MessageBody};
use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, http::header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Entries of an export that are read at once.
const PAGE: usize = 1_000;

/// The query of the log.
#[derive(Deserialize)]
pub(in crate::http) struct LogQuery {
    action: Option<String>,
    role: Option<String>,
    site: Option<String>,
    from: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
    before: Option<i64>,
    format: Option<String>,
}

#[derive(Serialize)]
struct Log {
    entries: Vec<Shown>,
    total: u64,
    next: Option<i64>,
    actions: Vec<ActionShown>,
    head: Option<HeadShown>,
}

#[derive(Serialize)]
struct Shown {
    seq: i64,
    at: Timestamp,
    role: String,
    who: String,
    action: String,
    title: String,
    site: Option<String>,
    subject: Option<String>,
    /// An object; text where tampering made it something else.
    details: Value,
    previous: String,
    hash: String,
}

#[derive(Serialize)]
struct ActionShown {
    action: &'static str,
    title: &'static str,
}

/// An entry's place and hash.
#[derive(Serialize)]
pub(super) struct HeadShown {
    pub(super) seq: i64,
    pub(super) hash: String,
}

fn shown(entry: Entry) -> Shown {
    Shown {
        seq: entry.seq,
        at: entry.at,
        title: title(&entry.action),
        role: entry.role,
        who: entry.who,
        action: entry.action,
        site: entry.site,
        subject: entry.subject,
        details: serde_json::from_str(&entry.details).unwrap_or(Value::String(entry.details)),
        previous: to_hex(&entry.previous),
        hash: to_hex(&entry.hash),
    }
}

/// A moment, or a day: of the site that is asked for, else of UTC. `days` are added to a day.
fn moment(name: &str, text: &str, zone: &Zone, days: i32) -> Result<Timestamp, Problem> {
    match Date::parse(text) {
        Ok(day) if text.len() <= 10 => Ok(zone.start_of(day.plus(days))),
        _ => Timestamp::parse(text).map_err(|error| parameter(name, &error)),
    }
}

impl LogQuery {
    fn parse(&self, state: &State) -> Result<AuditQuery, Problem> {
        // The log outlives its sites.
        let site = self.site.as_deref().map(SiteId::parse).transpose();
        let site = site.map_err(|error| parameter("site", &error))?;
        let known = site.as_ref().and_then(|site| state.sites.find(site));
        let zone = known.map_or_else(Zone::utc, |site| site.zone.clone());
        let action = self.action.as_deref().map(|name| {
            Action::from_name(name)
                .ok_or_else(|| Problem::bad("?action", "action: one of `actions`, such as lead.viewed"))
        });
        let role = self.role.as_deref().map(|name| {
            let names = Role::ALL.map(Role::name).join(", ");
            Role::from_name(name).ok_or_else(|| Problem::bad("?role", format!("role: one of {names}")))
        });
        let from = self.from.as_deref().map(|text| moment("from", text, &zone, 0)).transpose()?;
        let until = self.to.as_deref().map(|text| moment("to", text, &zone, 1)).transpose()?;
        Ok(AuditQuery {
            action: action.transpose()?,
            role: role.transpose()?,
            site,
            subject: None,
            from,
            until,
            before: self.before,
            limit: self.limit.unwrap_or(50).clamp(1, 200),
        })
    }
}

/// `GET /api/v1/audit/log`
pub(in crate::http) async fn show(
    auditing: Auditing,
    query: web::Query<LogQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    match query.format.as_deref().unwrap_or("json") {
        "json" => {}
        "ndjson" => return export(auditing, state).await,
        _ => return Err(Problem::bad("?format", "format: one of json, ndjson")),
    }
    let query = query.parse(&state)?;
    let page = blocking(move || -> Result<_, StoreError> {
        Ok((state.ledger.entries(&query)?, state.ledger.audit_head()?, query.limit))
    });
    let (page, head, limit) = page.await?;
    let next = page.entries.last().filter(|last| page.entries.len() == limit && last.seq > 1);
    let next = next.map(|last| last.seq);
    Ok(private().json(Log {
        entries: page.entries.into_iter().map(shown).collect(),
        total: page.total,
        next,
        actions: Action::ALL
            .iter()
            .map(|action| ActionShown { action: action.name(), title: action.title() })
            .collect(),
        head: head.map(|head| HeadShown { seq: head.seq, hash: to_hex(&head.hash) }),
    }))
}

async fn export(auditing: Auditing, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let shared = state.clone();
    let recorded = move || {
        let details = serde_json::json!({ "format": "ndjson" });
        shared.audit.record(&auditing.actor, Action::AuditExported, None, None, &details)
    };
    // Its own entry is the last: what comes after it is another export's.
    let last = blocking(recorded).await?.seq;
    Ok(private()
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"mqlite-audit.ndjson\""))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("application/x-ndjson")
        .body(Export { state, last, at: i64::MIN, page: None }))
}

type Page = Pin<Box<dyn Future<Output = Result<Vec<Entry>, Problem>>>>;

/// The log as it is sent.
struct Export {
    state: web::Data<State>,
    last: i64,
    at: i64,
    page: Option<Page>,
}

impl MessageBody for Export {
    type Error = actix_web::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.at >= self.last {
            return Poll::Ready(None);
        }
        let (state, at) = (self.state.clone(), self.at);
        let page =
            self.page.get_or_insert_with(|| Box::pin(blocking(move || state.ledger.entries_after(at, PAGE))));
        let page = ready!(page.as_mut().poll(context));
        self.page = None;
        let entries = match page {
            Ok(entries) => entries,
            // The connection breaks off, so that nobody takes half a log for the whole.
            Err(problem) => return Poll::Ready(Some(Err(problem.into()))),
        };
        let Some(end) = entries.last() else { return Poll::Ready(None) };
        self.at = end.seq;
        let lines: String = entries
            .iter()
            .filter(|entry| entry.seq <= self.last)
            .map(|entry| export_line(entry) + "\n")
            .collect();
        Poll::Ready(Some(Ok(Bytes::from(lines))))
    }
}
