//! Millions of hostile requests against the real binary: `cargo run --release -p mqlite-hostile`. Promise: every
//! input is made from the seed alone, every answer is looked at, and the first that breaks a promise is kept.

mod answer;
mod connection;
mod dictionary;
mod inputs;
mod requests;
mod routes;
mod run;
mod usage;

pub use run::{How, Summary, run};
