//! The API, URL by URL, against the real binary. Invariant: every test starts a collector of its own and
//! reads only what anybody can read: answers, exports and files.

mod audit;
mod cli;
mod config;
mod event;
mod folder;
mod inventory;
mod ladder;
mod leads;
mod models;
mod pages;
mod reports;
mod rights;
mod roles;
mod script;
mod session;
mod simulate;
mod stage;
