//! `POST /api/event`. Invariant: 202 is answered after the commit, and only then; what was left out on
//! purpose is named in `x-mqlite-dropped`.

use super::body::{Unread, whole};
use super::error::Problem;
use super::pulse;
use super::state::State;
use super::timely::BODY_TIME;
use crate::domain::{Date, Event, Outcome, SiteNo, Timestamp};
use crate::ingest::{self, Sender, Taken};
use crate::privacy::Client;
use crate::storage::{Batch, Tally};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Bytes of a body: a hundred full events.
const BODY_MAX: usize = 256 * 1024;
/// Takes events.
pub(super) async fn collect(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, CorsProblem> {
    taken(&request, payload, &state).await.map_err(CorsProblem)
}

async fn taken(request: &HttpRequest, payload: web::Payload, state: &State) -> Result<HttpResponse, Problem> {
    let client = Client::of(request, &state.trusted);
    state.event_limits.take(&client, 1)?;
    check_type(request)?;
    let body = body(request, payload).await?;
    // After the body: a connection is closed on which one is left unread, and the answer may be lost with it.
    pulse::admit()?;
    let origin = request.headers().get(header::ORIGIN).map(|value| value.to_str().unwrap_or("null"));
    let sender =
        Sender { client: &client, origin, now: state.clock.now(), identities: &state.identity_limits };
    state.restrictions.refresh();
    let rehearsal = request.query_string() == "dry-run=1";
    let take = if rehearsal { ingest::rehearse } else { ingest::take };
    let taken = take(&body, sender, &state.privacy, &|id| state.sites.find(id))?;
    // It would be held until the commit, and with it what the connection read it into.
    drop(body);
    let more = u32::try_from(taken.outcomes.len()).unwrap_or(u32::MAX).saturating_sub(1);
    if more > 0 {
        state.event_limits.take_more(&client, more)?;
    }
    if rehearsal {
        return Ok(dry_run(&taken));
    }
    for (site, events) in of_sites(&taken.events) {
        state.site_limits.take(site, events)?;
    }
    let dropped = dropped(&taken.outcomes);
    let batch = batch(taken);
    if !(batch.events.is_empty() && batch.tallies.is_empty()) {
        state.events.append(batch).await?;
    }
    let mut response = HttpResponse::Accepted();
    cors(&mut response);
    if let Some(reasons) = dropped {
        response.insert_header(("x-mqlite-dropped", reasons));
    }
    response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")));
    Ok(response.body("ok"))
}

/// How many of the events are of which site.
fn of_sites(events: &[(Event, Date)]) -> BTreeMap<SiteNo, u32> {
    let mut of_sites: BTreeMap<SiteNo, u32> = BTreeMap::new();
    for (event, _) in events {
        *of_sites.entry(event.site).or_default() += 1;
    }
    of_sites
}

/// Answers a preflight, for callers that send JSON by its own name. The snippet never causes one.
pub(super) async fn preflight() -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    cors(&mut response);
    response
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "POST"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

/// Any page may ask, none with credentials; whether it may send for a site is for `ingest` to say.
pub(super) fn cors(response: &mut actix_web::HttpResponseBuilder) {
    // Made of what is static, they are not copied.
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "x-mqlite-dropped, retry-after"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"),
    ];
    for (name, value) in headers {
        response.insert_header((name, HeaderValue::from_static(value)));
    }
}

/// A problem that a page of another origin may read.
#[derive(Debug)]
pub(super) struct CorsProblem(pub(super) Problem);

impl std::fmt::Display for CorsProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl actix_web::ResponseError for CorsProblem {
    fn status_code(&self) -> actix_web::http::StatusCode {
        self.0.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.0.error_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        let exposed = HeaderValue::from_static("x-mqlite-dropped, retry-after");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        let anybody = HeaderValue::from_static("cross-origin");
        headers.insert(header::CROSS_ORIGIN_RESOURCE_POLICY, anybody);
        response
    }
}

pub(super) fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let value = |name| request.headers().get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    let essence = value(header::CONTENT_TYPE).map(|text| text.split(';').next().unwrap_or_default().trim());
    let known = ["text/plain", "application/json"];
    if essence.is_some_and(|essence| !known.iter().any(|known| essence.eq_ignore_ascii_case(known))) {
        return Err(Problem::unsupported("send text/plain or application/json"));
    }
    if value(header::CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Problem::unsupported("send the body as it is, without a content-encoding"));
    }
    Ok(())
}

pub(super) async fn body(request: &HttpRequest, payload: web::Payload) -> Result<web::Bytes, Problem> {
    let declared =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > BODY_MAX) {
        return Err(Problem::too_large(BODY_MAX));
    }
    let mut reading = pin!(whole(payload, BODY_MAX));
    // An event's body has arrived with its head, and needs no timer.
    let at_once = poll_fn(|context| match reading.as_mut().poll(context) {
        Poll::Ready(read) => Poll::Ready(Some(read)),
        Poll::Pending => Poll::Ready(None),
    });
    let read = match at_once.await {
        Some(read) => read,
        None => tokio::time::timeout(BODY_TIME, reading).await.map_err(|_| Problem::too_slow())?,
    };
    read.map_err(|unread| match unread {
        Unread::TooLarge => Problem::too_large(BODY_MAX),
        Unread::Broken => Problem::bad("", "the body ended before it was whole"),
    })
}

fn batch(taken: Taken) -> Batch {
    let tallies = taken.tallies.into_iter().map(|(site, day, reason)| Tally { site, day, reason });
    Batch { events: taken.events, tallies: tallies.collect() }
}

/// The reasons of events that were left out, once each.
fn dropped(outcomes: &[Outcome]) -> Option<String> {
    let reasons: BTreeSet<&str> = outcomes
        .iter()
        .filter(|outcome| **outcome != Outcome::Stored)
        .map(|outcome| outcome.reason())
        .collect();
    (!reasons.is_empty()).then(|| Vec::from_iter(reasons).join(", "))
}

/// What `mqlite verify` asks for: what would become of an event by what it says, and nothing is kept. Anybody may ask,
/// so it is the same whoever the event is said to be of.
fn dry_run(taken: &Taken) -> HttpResponse {
    #[derive(Serialize)]
    struct Verdict {
        outcomes: Vec<&'static str>,
        stored: Vec<Stored>,
    }
    #[derive(Serialize)]
    struct Stored {
        name: String,
        path: String,
        rung: &'static str,
        channel: Option<&'static str>,
        at: Timestamp,
    }
    let stored = taken.events.iter().map(|(event, _)| Stored {
        name: event.name.as_str().to_owned(),
        path: event.path.to_string(),
        rung: event.rung.name(),
        channel: event.touch.as_ref().map(|touch| touch.channel.key()),
        at: event.at,
    });
    let outcomes = taken.outcomes.iter().map(|outcome| outcome.reason()).collect();
    let mut response = HttpResponse::Ok();
    cors(&mut response);
    response.json(Verdict { outcomes, stored: stored.collect() })
}
