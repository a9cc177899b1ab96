//! MQLite: a privacy-first tracking collector that qualifies leads.
//!
//! # The path of an event
//!
//! ```text
//! browser                      collector                                                 people
//! snippet/ ───── POST ──▶ http ▶ ingest ▶ privacy ▶ storage::EventStore ── 202 after commit
//!                                                         │ cursor
//!                                                         ▼
//!                                  jobs::score ▶ scoring (pure) ▶ leads ▶ storage::Ledger
//!                                                                           │
//!                              dashboard/ (http::reports, http::leads) ◀────┘
//! ```
//!
//! 1. [`http`] takes the request at `POST /api/event` and hands its bytes to [`ingest`].
//! 2. [`ingest`] parses and checks them, asks for the consent decision, and has [`enrich`] name the
//!    channel. Every event has exactly one [`domain::Outcome`].
//! 3. [`privacy`] is the only module that sees an address or a whole user agent; it answers with a
//!    pseudonym, a country and families.
//! 4. [`storage`] commits with an fsync, in groups; only then does the browser get its 202.
//! 5. [`jobs`] follows the log from a cursor: [`scoring`] says which rules an event matches and what a
//!    lead is worth, [`leads`] whether that changes its stage; one transaction keeps all of it.
//! 6. [`http`] answers the dashboard's questions from rollups.
//!
//! Beside that path: [`predict`] learns from closed leads and changes nothing, [`rights`] answers people's requests, [`audit`] records who did what, [`compliance`] makes
//! documents of the declarations and settings, and [`jobs::retention`] ends what is past its time.
//!
//! Invariant of the crate: a module imports only what `docs/ARCHITECTURE.md` lets it, and the tidy test
//! holds it to that.

pub mod app;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod compliance;
pub mod config;
pub mod demo;
pub mod domain;
pub mod enrich;
pub mod http;
pub mod ingest;
pub mod jobs;
pub mod leads;
pub mod predict;
pub mod privacy;
pub mod rights;
pub mod scoring;
pub mod storage;
