//! How long things are kept, what went, and a run on command. Invariant: a dry run changes nothing.

use crate::domain::{Action, Date, Entry, RetentionKind, Timestamp};
use crate::http::auth::Auditing;
use crate::http::blocking::blocking;
use crate::http::error::Problem;
use crate::http::private::private;
use crate::http::state::State;
use crate::jobs::retention::Run;
use crate::storage::{AuditQuery, StoreError};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Runs that are shown.
const RUNS_SHOWN: usize = 100;

#[derive(Serialize)]
struct Shown {
    kinds: Vec<KindShown>,
    sites: Vec<SiteShown>,
    runs: Vec<RunShown>,
    next_run_at: Timestamp,
}

#[derive(Serialize)]
struct KindShown {
    kind: &'static str,
    title: &'static str,
    what: &'static str,
    default_days: u32,
    longest_days: u32,
}

#[derive(Serialize)]
struct SiteShown {
    site: String,
    events_days: u32,
    leads_days: u32,
    aggregates_days: u32,
}

#[derive(Serialize)]
struct RunShown {
    seq: i64,
    at: Timestamp,
    role: String,
    who: String,
    site: Option<String>,
    kind: String,
    before: Date,
    rows: u64,
}

/// What an entry of the audit log says of one kind.
#[derive(Deserialize)]
struct Went {
    before: String,
    rows: u64,
}

/// One row for each kind of which something went; a run in which nothing went has none.
fn runs(entry: &Entry) -> Vec<RunShown> {
    let kinds: BTreeMap<String, Went> = serde_json::from_str(&entry.details).unwrap_or_default();
    let shown = |(kind, went): (String, Went)| {
        Some(RunShown {
            seq: entry.seq,
            at: entry.at,
            role: entry.role.clone(),
            who: entry.who.clone(),
            site: entry.site.clone(),
            kind,
            before: Date::parse(&went.before).ok()?,
            rows: went.rows,
        })
    };
    kinds.into_iter().filter_map(shown).collect()
}

/// `GET /api/v1/audit/retention`
pub(in crate::http) async fn show(_: Auditing, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let found = blocking(move || -> Result<_, StoreError> {
        let query =
            AuditQuery { action: Some(Action::RetentionRan), limit: RUNS_SHOWN, ..AuditQuery::default() };
        Ok((state.ledger.sites()?, state.ledger.entries(&query)?.entries, state.retention.due_at()?))
    });
    let (sites, entries, next_run_at) = found.await?;
    let kind = |kind: RetentionKind| KindShown {
        kind: kind.name(),
        title: kind.title(),
        what: kind.what(),
        default_days: kind.default_days(),
        longest_days: kind.longest_days(),
    };
    let site = |site: crate::domain::Site| SiteShown {
        site: site.id.to_string(),
        events_days: site.policy.retention.days(RetentionKind::Events),
        leads_days: site.policy.retention.days(RetentionKind::Leads),
        aggregates_days: site.policy.retention.days(RetentionKind::Aggregates),
    };
    Ok(private().json(Shown {
        kinds: RetentionKind::ALL.into_iter().map(kind).collect(),
        sites: sites.into_iter().map(site).collect(),
        runs: entries.iter().flat_map(runs).collect(),
        next_run_at,
    }))
}

/// What a run is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Asked {
    dry_run: bool,
}

#[derive(Serialize)]
struct Ran {
    dry_run: bool,
    runs: Vec<Run>,
}

/// `POST /api/v1/audit/retention/run`
pub(in crate::http) async fn run(
    who: Auditing,
    asked: web::Json<Asked>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let dry_run = asked.dry_run;
    let runs = blocking(move || state.retention.run(&who.actor, None, dry_run)).await?;
    Ok(private().json(Ran { dry_run, runs }))
}
