//! Leads that wait for longer than they should, by HTTP. Invariant: nobody is listed who asked not to be processed,
//! and that somebody looks at the list is recorded first.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::Problem;
use super::leads::page_token;
use super::private::private;
use super::reports::{attribution, site};
use super::state::State;
use crate::domain::{Channel, EmailDomain, Score, Stage, Timestamp};
use crate::jobs::overdue::Waiting;
use crate::leads::Lead;
use crate::scoring::{Grade, Limit, Model};
use crate::storage::{Attribution, StoreError};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long a lead may stand in its stage, and since when it should not any more.
#[derive(Serialize)]
pub(super) struct Sla {
    limit_hours: u32,
    due_at: Timestamp,
    overdue: bool,
}

/// The time limit of a lead's stage at a moment, where the model has one.
pub(super) fn sla(model: &Model, lead: &Lead, now: Timestamp) -> Option<Sla> {
    let limit_hours = model.limit(lead.stage)?.hours();
    let due_at = model.due_at(lead.stage, lead.stage_at)?;
    Some(Sla { limit_hours, due_at, overdue: due_at <= now })
}

/// The query.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    site: String,
    attribution: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Listed {
    site: String,
    as_of: Timestamp,
    model: serde_json::Value,
    /// Hours of the clock on the wall: nobody's business hours are known here.
    clock: &'static str,
    limits: Vec<Limited>,
    leads: Vec<Shown>,
    total: u64,
    next: Option<String>,
}

#[derive(Serialize)]
struct Limited {
    stage: Stage,
    limit_hours: u32,
}

/// A lead that waits, as the API shows it.
#[derive(Serialize)]
struct Shown {
    key: String,
    stage: Stage,
    stage_since: Timestamp,
    limit_hours: u32,
    due_at: Timestamp,
    /// Whole hours since then.
    overdue_hours: i64,
    became_mql_at: Option<Timestamp>,
    /// When the site's own server first proved that it is them.
    verified_at: Option<Timestamp>,
    domain: Option<EmailDomain>,
    attribution: &'static str,
    channel: Channel,
    channel_label: &'static str,
    score: Score,
    grade: Option<Grade>,
}

fn shown(waiting: Waiting, by: Attribution) -> Shown {
    let Waiting { lead, limit, due_at, overdue_hours, grade } = waiting;
    let channel = if by == Attribution::Last { lead.last.touch.channel } else { lead.first.touch.channel };
    Shown {
        key: lead.key.to_hex(),
        stage: lead.stage,
        stage_since: lead.stage_at,
        limit_hours: limit.hours(),
        due_at,
        overdue_hours,
        became_mql_at: lead.qualified.as_ref().map(|mql| mql.at),
        verified_at: lead.verified_at,
        domain: lead.domain,
        attribution: by.name(),
        channel,
        channel_label: channel.label(),
        score: lead.score,
        grade,
    }
}

/// `GET /api/v1/leads/overdue`
pub(super) async fn list(
    viewer: Viewer,
    query: web::Query<ListQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let by = attribution(query.attribution.as_deref())?;
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let after = query.cursor.as_deref().map(page_token).transpose()?;
    let of = Arc::clone(&site);
    let listed = move || -> Result<_, StoreError> {
        let model = state.models.of(state.ledger.as_ref(), of.no)?;
        Ok((state.stages.overdue(&viewer.actor, &of, limit, after)?, model))
    };
    let (page, model) = blocking(listed).await?;
    let limited = |(stage, limit): (Stage, Limit)| Limited { stage, limit_hours: limit.hours() };
    Ok(private().json(Listed {
        site: site.id.to_string(),
        as_of: page.as_of,
        model: serde_json::json!({ "name": model.name(), "hash": model.hash().to_string() }),
        clock: "wall",
        limits: page.limits.into_iter().map(limited).collect(),
        leads: page.waiting.into_iter().map(|waiting| shown(waiting, by)).collect(),
        total: page.total,
        next: page.next.map(|token| format!("{}.{}", token.at.millis(), token.key.to_hex())),
    }))
}
