//! Whether the audit log and a receipt are what they should be. Invariant: asking changes nothing.

use super::log::HeadShown;
use crate::audit::{Finding, Verdict, verify_receipt};
use crate::domain::{Receipt, Timestamp, to_hex};
use crate::http::auth::Auditing;
use crate::http::blocking::blocking;
use crate::http::error::Problem;
use crate::http::private::private;
use crate::http::state::State;
use actix_web::{HttpResponse, web};
use serde::Serialize;

#[derive(Serialize)]
struct Shown {
    ok: bool,
    checked_at: Timestamp,
    entries: u64,
    head: Option<HeadShown>,
    anchor: Option<AnchorShown>,
    findings: Vec<FindingShown>,
}

#[derive(Serialize)]
struct AnchorShown {
    path: String,
    lines: u64,
    seq: Option<i64>,
}

#[derive(Serialize)]
struct FindingShown {
    seq: Option<i64>,
    kind: &'static str,
    sentence: String,
}

fn shown(verdict: Verdict) -> Shown {
    let finding = |Finding { seq, kind, sentence }| FindingShown { seq, kind: kind.name(), sentence };
    Shown {
        ok: verdict.ok(),
        checked_at: verdict.checked_at,
        entries: verdict.entries,
        head: verdict.head.map(|head| HeadShown { seq: head.seq, hash: to_hex(&head.hash) }),
        anchor: verdict.anchor.map(|seen| AnchorShown {
            path: seen.path.display().to_string(),
            lines: seen.lines,
            seq: seen.seq,
        }),
        findings: verdict.findings.into_iter().map(finding).collect(),
    }
}

/// `GET /api/v1/audit/verify`
pub(in crate::http) async fn show(_: Auditing, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let verdict = blocking(move || state.audit.verify(&[])).await?;
    Ok(private().json(shown(verdict)))
}

/// `POST /api/v1/privacy/receipt`
pub(in crate::http) async fn receipt(
    _: Auditing,
    state: web::Data<State>,
    body: web::Json<Receipt>,
) -> Result<HttpResponse, Problem> {
    let verdict = blocking(move || verify_receipt(state.ledger.as_ref(), &body)).await?;
    Ok(private().json(serde_json::json!({ "valid": verdict.valid, "sentence": verdict.sentence })))
}
