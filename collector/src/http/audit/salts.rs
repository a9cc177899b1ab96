//! Which salts live, and which are no more. Invariant: days and ages only; never a byte of a salt.

use crate::domain::{Action, Date, Site, Timestamp};
use crate::http::auth::Auditing;
use crate::http::blocking::blocking;
use crate::http::error::Problem;
use crate::http::private::private;
use crate::http::state::State;
use crate::privacy::GRACE_MS;
use crate::storage::{AuditQuery, StoreError};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

/// Destroyed salts that are shown.
const DESTROYED_SHOWN: usize = 100;

#[derive(Serialize)]
struct Shown {
    grace_ms: i64,
    live: Vec<LiveShown>,
    destroyed: Vec<DestroyedShown>,
}

#[derive(Serialize)]
struct LiveShown {
    /// `None` for a site that is no more.
    site: Option<String>,
    day: Date,
    made_at: Option<Timestamp>,
    destroyed_after: Option<Timestamp>,
}

#[derive(Serialize)]
struct DestroyedShown {
    seq: i64,
    at: Timestamp,
    site: Option<String>,
    day: Option<String>,
}

/// What the audit log says of a salt.
#[derive(Deserialize)]
struct Details {
    day: String,
}

/// `GET /api/v1/audit/salts`
pub(in crate::http) async fn show(_: Auditing, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let found = blocking(move || -> Result<_, StoreError> {
        let query = AuditQuery {
            action: Some(Action::SaltDestroyed),
            limit: DESTROYED_SHOWN,
            ..AuditQuery::default()
        };
        let live = state.privacy.salts().live();
        Ok((state.ledger.sites()?, live, state.ledger.entries(&query)?.entries))
    });
    let (sites, live, entries) = found.await?;
    let live = live.into_iter().map(|salt| {
        let site: Option<&Site> = sites.iter().find(|site| site.no == salt.site);
        LiveShown {
            site: site.map(|site| site.id.to_string()),
            day: salt.day,
            made_at: salt.made_at,
            destroyed_after: site.map(|site| site.zone.start_of(salt.day.plus(1)).plus_millis(GRACE_MS)),
        }
    });
    let destroyed = entries.into_iter().map(|entry| DestroyedShown {
        seq: entry.seq,
        at: entry.at,
        site: entry.site,
        day: serde_json::from_str::<Details>(&entry.details).ok().map(|details| details.day),
    });
    Ok(private().json(Shown { grace_ms: GRACE_MS, live: live.collect(), destroyed: destroyed.collect() }))
}
