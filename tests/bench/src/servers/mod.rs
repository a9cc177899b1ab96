//! What is measured: the collector, and the yardsticks it is held against, each in a process of its own.

mod binary;
mod child;
mod collector;
mod usage;
mod yardstick;

pub(crate) use child::Child;
pub(crate) use collector::{Collector, PROBE, countries};
pub(crate) use usage::{Usage, peak_mebibytes, usage};
pub(crate) use yardstick::{Yardstick, serve};
