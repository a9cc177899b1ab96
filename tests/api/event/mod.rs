//! `POST /api/event`. Promise: a 202 means committed, once; anything else means that nothing was kept, and
//! says why.

mod consent;
mod dropped;
mod limits;
mod plausible;
mod refused;
mod stored;
