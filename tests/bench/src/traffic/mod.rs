//! What visitors send. Promise: seeded, so that two runs send the same visits; only ids, client addresses and
//! identities are fresh with every request, for a cache must not make it look faster than life.

mod agents;
mod requests;
mod visits;

pub(crate) use requests::{Feed, address, renew};
pub(crate) use visits::visits;

/// The site that the load is for.
pub(crate) const SITE: &str = "bench.example";
/// Events of one request where a measure sends batches.
pub(crate) const BATCH: usize = 50;
