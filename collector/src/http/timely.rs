//! Bodies that arrive in time. Invariant: nobody holds a connection open without a session by sending a body
//! more slowly than [`BODY_TIME`].

use super::error::Problem;
use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Time for a body to arrive.
pub(super) const BODY_TIME: Duration = Duration::from_secs(10);

/// What is read from a body, once it is there.
pub(super) struct Timely<T>(pub(super) T);

impl<T: FromRequest + 'static> FromRequest for Timely<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let read = T::from_request(request, payload);
        Box::pin(async move {
            match tokio::time::timeout(BODY_TIME, read).await {
                Ok(read) => Ok(Self(read.map_err(Into::into)?)),
                Err(_) => Err(Problem::too_slow().into()),
            }
        })
    }
}
