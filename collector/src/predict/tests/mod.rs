//! Tests of the whole method. Invariant: on leads that are made by a seed and whose true odds are known.

mod generator;
mod method;
