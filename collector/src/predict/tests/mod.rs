//! Tests of the whole method, on leads whose true odds are known.

mod generator;
mod method;
