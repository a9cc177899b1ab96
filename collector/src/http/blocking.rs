//! Work that waits for storage. Invariant: it runs beside the workers that serve requests, never on them.

use super::error::Problem;
use actix_web::web;

/// Runs `work` where it may wait.
pub(super) async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Send + 'static,
    Problem: From<E>,
{
    Ok(web::block(work).await.map_err(|_| Problem::unavailable("too busy"))??)
}
