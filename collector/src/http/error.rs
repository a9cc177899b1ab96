//! Problems (RFC 9457). Invariant: every error answer is `application/problem+json` with `type`, `title`,
//! `status` and `detail`, and a `pointer` where a field is to blame; the engine's words go to the log only.

use crate::domain::Invalid;
use crate::ingest::{Refusal, RefusalKind};
use crate::jobs::retention::Undone;
use crate::privacy::Limited;
use crate::storage::StoreError;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;

/// An error answer.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Problem {
    r#type: String,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Members of its own, as RFC 9457 allows.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    more: Option<Box<serde_json::Value>>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    fn new(status: StatusCode, slug: &str, title: &'static str, detail: impl Into<String>) -> Self {
        let r#type = format!("urn:mqlite:problem:{slug}");
        Self { r#type, title, status, detail: detail.into(), pointer: None, more: None, retry_after: None }
    }

    /// 400: a field of the body or of the query is wrong.
    pub(super) fn bad(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut problem =
            Self::new(StatusCode::BAD_REQUEST, "invalid", "The request is not what it should be", detail);
        problem.pointer = Some(pointer.into());
        problem
    }

    /// With members of its own.
    pub(super) fn with(self, more: serde_json::Value) -> Self {
        Self { more: Some(Box::new(more)), ..self }
    }

    pub(super) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "log-in", "Log in first", detail)
    }

    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 409: it is not as the request has it; `more` says how it is.
    pub(super) fn conflict(detail: impl Into<String>, more: serde_json::Value) -> Self {
        let problem = Self::new(StatusCode::CONFLICT, "conflict", "Not as it was", detail);
        Self { more: Some(Box::new(more)), ..problem }
    }

    pub(super) fn too_slow() -> Self {
        let detail = "the body did not arrive within ten seconds";
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "Too slow", detail)
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let detail = format!("a body holds at most {limit} bytes; send fewer events at once");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
    }

    pub(super) fn unsupported(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Not a type we read", detail)
    }

    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        let title = "Cannot be taken now";
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, detail);
        problem.retry_after = Some(1);
        problem
    }
}

impl From<Limited> for Problem {
    fn from(limited: Limited) -> Self {
        let detail = format!("try again in {} seconds", limited.retry_after);
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "limited", "Too many requests", detail);
        problem.retry_after = Some(limited.retry_after);
        problem
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal.kind {
            RefusalKind::Bad => Self::bad(refusal.pointer, refusal.detail),
            RefusalKind::Forbidden => {
                let pointer = Some(refusal.pointer).filter(|pointer| !pointer.is_empty());
                Self { pointer, ..Self::forbidden(refusal.detail) }
            }
            RefusalKind::Unavailable => Self::unavailable(refusal.detail),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => {
                Self::unavailable("more events are waiting than can be kept safe; try again in a second")
            }
            StoreError::Conflict => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "Changed in the meantime",
                "load it again and repeat",
            ),
            StoreError::Failed(_) | StoreError::Unusable(_) => {
                // A damaged database is for the operator to know; what else fails is said where it fails.
                if matches!(error, StoreError::Unusable(_)) {
                    tracing::error!("{error}");
                } else {
                    tracing::debug!("{error}");
                }
                Self::unavailable("storage cannot be used now; nothing was kept, try again")
            }
        }
    }
}

impl From<Undone> for Problem {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Unscored => Self::unavailable(
                "events that are past their time are yet to be scored; nothing went, try again in a second",
            ),
            Undone::Store(error) => error.into(),
        }
    }
}

/// For query parameters: the parameter's name in front.
pub(super) fn parameter(name: &str, error: &Invalid) -> Problem {
    Problem::bad(format!("?{name}"), format!("{name}: {error}"))
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.body(serde_json::to_string(self).unwrap_or_default())
    }
}

/// Answers a JSON body that cannot be read.
pub(super) fn json(error: actix_web::error::JsonPayloadError, _: &HttpRequest) -> actix_web::Error {
    use actix_web::error::JsonPayloadError as E;
    match error {
        E::Overflow { limit } | E::OverflowKnownLength { limit, .. } => Problem::too_large(limit),
        E::ContentType => Problem::unsupported("send application/json"),
        E::Deserialize(error) => Problem::bad("", error.to_string().chars().take(160).collect::<String>()),
        _ => Problem::bad("", "the body could not be read"),
    }
    .into()
}

/// Answers a query that cannot be read.
#[expect(clippy::needless_pass_by_value, reason = "the signature is actix's")]
pub(super) fn query(error: actix_web::error::QueryPayloadError, _: &HttpRequest) -> actix_web::Error {
    let sentence: String = error.to_string().chars().take(160).collect();
    Problem::bad("?", sentence).into()
}

/// Answers a URL that does not exist, or a method that it does not take.
pub(super) async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("there is nothing at this address"))
}
