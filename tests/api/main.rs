//! The API, URL by URL, against the real binary. Invariant: every test starts a collector of its own and
//! reads only what anybody can read: answers, exports and files.

mod ask;
mod audit;
mod cli;
mod config;
mod coverage;
mod event;
mod folder;
mod inventory;
mod ladder;
mod leads;
mod models;
mod outcomes;
mod overrides;
mod pages;
mod past;
mod predictions;
mod proofs;
mod publishing;
mod reports;
mod rights;
mod roles;
mod script;
mod security;
mod session;
mod simulate;
mod stage;
mod voids;
