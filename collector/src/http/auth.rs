//! Who may look: the owner and the auditor, by password, with a session in an HttpOnly, SameSite=Strict cookie.
//! Invariant: tokens and passwords are compared as hashes, never logged, wrong ones are limited per client, and
//! whoever comes in, is refused or leaves is recorded.

use super::blocking::blocking;
use super::error::Problem;
use super::passwords::{hash, is_common, is_right};
use super::state::State;
use super::timely::Timely;
use crate::audit::Refused;
use crate::domain::{Action, Actor, Role, Timestamp, to_hex};
use crate::http::private::private;
use crate::privacy::Client;
use crate::storage::{Digest, SESSION_DAYS, SessionRow, StoreError, random};
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::future::Future;
use std::pin::Pin;

const COOKIE: &str = "mqlite_session";
/// Under HTTPS: the prefix keeps other hosts of the domain, and whoever can answer for one by HTTP, from putting a
/// cookie of theirs in its place (RFC 6265bis, 4.1.3.2).
const HOST_COOKIE: &str = "__Host-mqlite_session";
const PASSWORD_MIN: usize = 12;
const PASSWORD_MAX: usize = 256;

/// Proof that the request came from somebody who may look at everything.
#[derive(Debug)]
pub(super) struct Viewer {
    /// Who.
    pub(super) actor: Actor,
}

/// Proof that the request came from somebody who may look at the audit page and answer people's requests: the
/// auditor or the owner.
#[derive(Debug)]
pub(super) struct Auditing {
    /// Who.
    pub(super) actor: Actor,
}

impl FromRequest for Auditing {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self { actor: Actor::account(somebody(&request).await?) }) })
    }
}

impl FromRequest for Viewer {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let role = somebody(&request).await?;
            if role == Role::Owner {
                return Ok(Self { actor: Actor::account(role) });
            }
            if let Some(state) = request.app_data::<web::Data<State>>() {
                refuse(state, Refused::BeyondRole(role)).await;
            }
            Err(Problem::forbidden(
                "an auditor sees the audit page and answers people's requests; reports and leads are the owner's",
            ))
        })
    }
}

/// Who is logged in.
async fn somebody(request: &HttpRequest) -> Result<Role, Problem> {
    let state =
        request.app_data::<web::Data<State>>().ok_or_else(|| Problem::unavailable("starting"))?.clone();
    role_of(request, state).await?.ok_or_else(|| Problem::unauthorized("open the dashboard and log in"))
}

/// Who is logged in, if somebody is.
async fn role_of(request: &HttpRequest, state: web::Data<State>) -> Result<Option<Role>, Problem> {
    if state.demo.is_some() {
        return Ok(Some(Role::Owner));
    }
    let Some(token) = token_of(request, state.https) else { return Ok(None) };
    blocking(move || state.ledger.session(&token, state.clock.now())).await
}

fn cookie_name(https: bool) -> &'static str {
    if https { HOST_COOKIE } else { COOKIE }
}

fn token_of(request: &HttpRequest, https: bool) -> Option<Digest> {
    request.cookie(cookie_name(https)).map(|cookie| digest(cookie.value()))
}

/// The hash that a token is known by.
pub(crate) fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

/// 256 random bits, as 64 hexadecimal digits.
///
/// # Errors
/// When the system gives no random bytes.
pub(crate) fn random_token() -> Result<String, StoreError> {
    Ok(to_hex(&random::<32>()?))
}

#[derive(Serialize)]
struct Shown {
    authenticated: bool,
    demo: bool,
    setup_required: bool,
    version: &'static str,
    role: Option<Role>,
    /// The accounts that one can log in to.
    roles: Vec<Role>,
}

/// `GET /api/v1/session`
pub(super) async fn show(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let role = role_of(&request, state.clone()).await?;
    let demo = state.demo.is_some();
    let with_password = move || {
        let mut roles = Vec::new();
        for role in [Role::Owner, Role::Auditor] {
            if state.ledger.password(role)?.is_some() {
                roles.push(role);
            }
        }
        Ok::<_, StoreError>(roles)
    };
    let roles = blocking(with_password).await?;
    let shown = Shown {
        authenticated: role.is_some(),
        demo,
        setup_required: !demo && !roles.contains(&Role::Owner),
        version: env!("CARGO_PKG_VERSION"),
        role,
        roles,
    };
    Ok(private().json(shown))
}

/// Takes one attempt from the client's allowance. That somebody is told to wait is recorded.
async fn take_attempt(request: &HttpRequest, state: &web::Data<State>) -> Result<(), Problem> {
    let taken = state.login_limits.take(&Client::of(request, &state.trusted), 1);
    if taken.is_err() {
        refuse(state, Refused::TooMany).await;
    }
    Ok(taken?)
}

/// Records a refusal. Nobody gets in by it, so that the answer is the same when it cannot be recorded.
async fn refuse(state: &web::Data<State>, why: Refused) {
    let state = state.clone();
    let recorded = blocking(move || state.audit.refused(why)).await;
    if recorded.is_err() {
        tracing::error!("a refusal could not be recorded");
    }
}

/// What somebody logs in with. Not printable.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    password: String,
    role: Option<String>,
}

/// `POST /api/v1/session`
pub(super) async fn log_in(
    request: HttpRequest,
    state: web::Data<State>,
    Timely(body): Timely<web::Json<LogIn>>,
) -> Result<HttpResponse, Problem> {
    let role = match body.role.as_deref() {
        None | Some("owner") => Role::Owner,
        Some("auditor") => Role::Auditor,
        Some(_) => return Err(Problem::bad("/role", "role: one of owner, auditor")),
    };
    take_attempt(&request, &state).await?;
    let shared = state.clone();
    let phc = blocking(move || shared.ledger.password(role)).await?;
    if !is_right(phc, body.into_inner().password).await? {
        refuse(&state, Refused::Password(role)).await;
        return Err(Problem::unauthorized("the password is not right"));
    }
    let token = random_token()?;
    let now = state.clock.now();
    let row = SessionRow { token: digest(&token), role, expires_at: now.plus_days(SESSION_DAYS) };
    let https = state.https;
    let begin = move || {
        state.audit.record(&Actor::account(role), Action::SessionOpened, None, None, &json!({}))?;
        state.ledger.put_session(row, now)
    };
    blocking(begin).await?;
    Ok(HttpResponse::NoContent().cookie(cookie(token, https, Duration::days(SESSION_DAYS))).finish())
}

/// `DELETE /api/v1/session`
pub(super) async fn log_out(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let https = state.https;
    if let Some(token) = token_of(&request, https) {
        let end = move || {
            let role = state.ledger.session(&token, state.clock.now())?;
            state.ledger.end_session(&token)?;
            if let Some(role) = role {
                state.audit.record(&Actor::account(role), Action::SessionClosed, None, None, &json!({}))?;
            }
            Ok::<_, StoreError>(())
        };
        blocking(end).await?;
    }
    Ok(HttpResponse::NoContent().cookie(cookie(String::new(), https, Duration::ZERO)).finish())
}

/// What chooses an account's password. Not printable.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetUp {
    token: String,
    password: String,
}

/// `POST /api/v1/setup`
pub(super) async fn set_up(
    request: HttpRequest,
    state: web::Data<State>,
    Timely(body): Timely<web::Json<SetUp>>,
) -> Result<HttpResponse, Problem> {
    take_attempt(&request, &state).await?;
    let length = body.password.chars().count();
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&length) {
        return Err(Problem::bad(
            "/password",
            format!("a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters"),
        ));
    }
    if is_common(&body.password) {
        return Err(Problem::bad(
            "/password",
            "this password is among the most common ones; choose another, such as four words",
        ));
    }
    let now: Timestamp = state.clock.now();
    let shared = state.clone();
    let done = blocking(move || {
        let token = digest(&body.token);
        let Some(role) = shared.ledger.setup(&token, now)? else { return Ok(None) };
        let phc = hash(&body.password)?;
        // Recorded first: no password is set of which the log does not know.
        shared.audit.record(&Actor::account(role), Action::PasswordSet, None, None, &json!({}))?;
        match shared.ledger.set_up(&token, &phc, now) {
            Err(StoreError::Conflict) => Ok(None),
            other => other.map(Some),
        }
    });
    if let Some(role) = done.await? {
        return Ok(private().json(json!({ "role": role })));
    }
    refuse(&state, Refused::SetupLink).await;
    Err(Problem::forbidden(
        "this link was used or has ended; `mqlite user reset-password` prints a new one, with `--role auditor` \
         for the auditor",
    ))
}

fn cookie(token: String, https: bool, max_age: Duration) -> Cookie<'static> {
    Cookie::build(cookie_name(https), token)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(https)
        .max_age(max_age)
        .finish()
}
