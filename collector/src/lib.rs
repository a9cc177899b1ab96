//! MQLite.
pub mod domain;
