//! Who may look: the owner, by password, with a session in an HttpOnly, SameSite=Strict cookie. Invariant:
//! tokens and passwords are compared as hashes, never logged, and wrong ones are limited per client.

use super::blocking::blocking;
use super::error::Problem;
use super::state::State;
use crate::domain::{Actor, Role, Timestamp, to_hex};
use crate::privacy::Client;
use crate::storage::{Digest, SessionRow, StoreError};
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::future::Future;
use std::pin::Pin;

const COOKIE: &str = "mqlite_session";
const SESSION_DAYS: i64 = 14;
const PASSWORD_MIN: usize = 12;
const PASSWORD_MAX: usize = 256;

/// Proof that the request came from somebody who may look at everything.
#[derive(Debug)]
pub(super) struct Viewer {
    /// Who.
    pub(super) actor: Actor,
}

/// Proof that the request came from somebody who may look at the audit page and answer people's requests.
#[derive(Debug)]
pub(super) struct Auditing {
    /// Who.
    pub(super) actor: Actor,
}

impl FromRequest for Auditing {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let viewer = Viewer::from_request(request, payload);
        Box::pin(async move { Ok(Self { actor: viewer.await?.actor }) })
    }
}

impl FromRequest for Viewer {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = request
                .app_data::<web::Data<State>>()
                .ok_or_else(|| Problem::unavailable("starting"))?
                .clone();
            if is_viewer(&request, state).await? {
                Ok(Self { actor: Actor::account(Role::Owner) })
            } else {
                Err(Problem::unauthorized("open the dashboard and log in"))
            }
        })
    }
}

async fn is_viewer(request: &HttpRequest, state: web::Data<State>) -> Result<bool, Problem> {
    if state.demo.is_some() {
        return Ok(true);
    }
    let Some(token) = request.cookie(COOKIE).map(|cookie| digest(cookie.value())) else { return Ok(false) };
    let alive = move || state.ledger.session(&token, state.clock.now());
    blocking(alive).await
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
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| StoreError::Failed(format!("the system gives no random bytes: {error}")))?;
    Ok(to_hex(&bytes))
}

#[derive(Serialize)]
struct Shown {
    authenticated: bool,
    demo: bool,
    setup_required: bool,
    version: &'static str,
}

/// `GET /api/v1/session`
pub(super) async fn show(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let authenticated = is_viewer(&request, state.clone()).await?;
    let demo = state.demo.is_some();
    let setup_required = !demo && blocking(move || state.ledger.password()).await?.is_none();
    let shown = Shown { authenticated, demo, setup_required, version: env!("CARGO_PKG_VERSION") };
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(shown))
}

/// What somebody logs in with. Not printable.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    password: String,
}

/// `POST /api/v1/session`
pub(super) async fn log_in(
    request: HttpRequest,
    state: web::Data<State>,
    body: web::Json<LogIn>,
) -> Result<HttpResponse, Problem> {
    state.login_limits.take(&Client::of(&request, &state.trusted), 1)?;
    let shared = state.clone();
    let verify = move |phc: Option<String>| verify(phc.as_deref(), &body.password);
    let right = blocking(move || shared.ledger.password().map(verify)).await?;
    if !right {
        return Err(Problem::unauthorized("the password is not right"));
    }
    let token = random_token()?;
    let now = state.clock.now();
    let row = SessionRow { token: digest(&token), expires_at: now.plus_days(SESSION_DAYS) };
    let https = state.https;
    blocking(move || state.ledger.put_session(row, now)).await?;
    Ok(HttpResponse::NoContent().cookie(cookie(token, https, Duration::days(SESSION_DAYS))).finish())
}

/// `DELETE /api/v1/session`
pub(super) async fn log_out(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let https = state.https;
    if let Some(token) = request.cookie(COOKIE).map(|cookie| digest(cookie.value())) {
        blocking(move || state.ledger.end_session(&token)).await?;
    }
    Ok(HttpResponse::NoContent().cookie(cookie(String::new(), https, Duration::ZERO)).finish())
}

/// What chooses the owner's password. Not printable.
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
    body: web::Json<SetUp>,
) -> Result<HttpResponse, Problem> {
    state.login_limits.take(&Client::of(&request, &state.trusted), 1)?;
    let length = body.password.chars().count();
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&length) {
        return Err(Problem::bad(
            "/password",
            format!("a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters"),
        ));
    }
    let now: Timestamp = state.clock.now();
    let done = blocking(move || {
        let phc = hash(&body.password)?;
        match state.ledger.set_up(&digest(&body.token), &phc, now) {
            Err(StoreError::Conflict) => Ok(false),
            other => other.map(|()| true),
        }
    });
    if done.await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::forbidden(
            "this link was used or has ended; `mqlite user reset-password` prints a new one",
        ))
    }
}

fn cookie(token: String, https: bool, max_age: Duration) -> Cookie<'static> {
    Cookie::build(COOKIE, token)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(https)
        .max_age(max_age)
        .finish()
}

/// Argon2id with the crate's defaults, which are OWASP's recommendation.
fn hash(password: &str) -> Result<String, StoreError> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    Ok(hashed
        .map_err(|error| StoreError::Failed(format!("the password could not be hashed: {error}")))?
        .to_string())
}

/// Takes as long when no password is set, so that nobody can tell by the time.
fn verify(phc: Option<&str>, password: &str) -> bool {
    const NOBODYS: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let parsed = PasswordHash::new(phc.unwrap_or(NOBODYS));
    let right =
        parsed.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    right && phc.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_password_and_no_other() {
        let phc = hash("correct horse battery").expect("hashes");
        assert!(verify(Some(&phc), "correct horse battery"));
        assert!(!verify(Some(&phc), "correct horse"));
        assert!(!verify(None, ""));
    }
}
