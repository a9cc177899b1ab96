//! What is measured, one file each.

mod disk;
mod growth;
mod lag;
mod latency;
mod path;
mod report;
mod snippet;
mod start;
mod throughput;

use crate::Failure;
use crate::bench::Bench;

/// One measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Measure {
    /// Durable 202 beside the ceiling and a commit per request; batches; processor time; memory
    Throughput,
    /// Latency under half of that load
    Latency,
    /// Throughput on a large database beside a small one
    Growth,
    /// From 202 to the score and the dashboard's number
    Lag,
    /// The overview report on a large database beside a small one
    Report,
    /// Bytes on disk an event
    Disk,
    /// Start to ready on a large database
    Start,
    /// The snippet in Chromium, slowed down
    Snippet,
    /// Where the time goes: the parts of an event's path by themselves
    Path,
}

impl Measure {
    /// All, in the order in which they are run. What fills a database comes when the rest is done.
    pub(crate) const ALL: [Self; 9] = [
        Self::Throughput,
        Self::Latency,
        Self::Path,
        Self::Snippet,
        Self::Disk,
        Self::Growth,
        Self::Lag,
        Self::Report,
        Self::Start,
    ];

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Latency => "latency",
            Self::Growth => "growth",
            Self::Lag => "lag",
            Self::Report => "report",
            Self::Disk => "disk",
            Self::Start => "start",
            Self::Snippet => "snippet",
            Self::Path => "path",
        }
    }

    /// Measures.
    ///
    /// # Errors
    /// When it cannot be measured.
    pub(crate) fn run(self, bench: &mut Bench) -> Result<(), Failure> {
        match self {
            Self::Throughput => throughput::run(bench),
            Self::Latency => latency::run(bench),
            Self::Growth => growth::run(bench),
            Self::Lag => lag::run(bench),
            Self::Report => report::run(bench),
            Self::Disk => disk::run(bench),
            Self::Start => start::run(bench),
            Self::Snippet => snippet::run(bench),
            Self::Path => path::run(bench),
        }
    }
}
