//! Hurts the real binary, and looks at what was lost. Invariant: a fault knows the collector by its command
//! line, its HTTP answers and its files only; what it found is a [`Finding`], and a promise that was not held
//! is never a matter of luck: the same seed hurts it in the same way.

pub mod arguments;
mod clock;
mod disk;
mod kill;
mod load;
mod machine;
mod mains;
mod neighbours;
mod overload;
mod page;
mod plan;
mod planted;
mod platter;
mod power;
mod pump;
mod queue;
mod restore;
mod run;
mod scored;
mod shim;
mod slow;
mod start;
mod stop;
mod tmpfs;
mod wire;

pub use run::{main, run};

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How a fault is run.
#[derive(Debug, Clone)]
pub struct How {
    /// What is sent, and when it is hurt.
    pub seed: u64,
    /// As often as it takes to trust it; otherwise in some twenty seconds.
    pub long: bool,
    /// The binary under test.
    pub binary: PathBuf,
    /// An empty folder for whatever the fault keeps; gone when it is done.
    pub dir: PathBuf,
}

/// What came of one promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was done, and what should have come of it.
    pub what: String,
    /// How often.
    pub tried: u64,
    /// Acknowledged events that were not there afterwards.
    pub lost: u64,
    /// Events that were there more than once.
    pub doubled: u64,
    /// What was seen, in a sentence.
    pub said: String,
    /// Whether the promise held.
    pub held: bool,
}

/// A way to hurt it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Fault {
    /// Killed with -9 at random moments under load
    Kill,
    /// Power cuts: what was not synced is lost
    Power,
    /// Disks that are full, read-only, slow or failing
    Disk,
    /// Mistakes that are planted in a copy of the source: each must be found
    Planted,
    /// Databases, logs, salts and settings that are damaged at start
    Start,
    /// Asked to stop, at the first word, under load, twice
    Stop,
    /// Backups under load, and migrations that are cut short
    Restore,
    /// A clock that steps, days that are longer or shorter, midnight
    Clock,
    /// Five times what it takes
    Overload,
    /// Clients that take their time, for ever
    Slow,
    /// A country file, an anchor and a log that fail
    Neighbours,
}

impl Fault {
    /// All, in the order in which they are run.
    pub const ALL: &[Self] = &[
        Self::Kill,
        Self::Power,
        Self::Disk,
        Self::Start,
        Self::Stop,
        Self::Restore,
        Self::Clock,
        Self::Overload,
        Self::Slow,
        Self::Neighbours,
        Self::Planted,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Power => "power",
            Self::Disk => "disk",
            Self::Planted => "planted",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restore => "restore",
            Self::Clock => "clock",
            Self::Overload => "overload",
            Self::Slow => "slow",
            Self::Neighbours => "neighbours",
        }
    }

    /// Whether it is left out of a short run, unless it is asked for: it builds the collector several times.
    pub(crate) fn is_long(self) -> bool {
        self == Self::Planted
    }

    /// Does it.
    ///
    /// # Errors
    /// When it cannot be done here, which is not for the collector to answer.
    ///
    /// # Panics
    /// When the collector does what no fault may make it do; [`run`] makes a finding of that.
    pub fn hurt(self, how: &How) -> Result<Vec<Finding>, String> {
        match self {
            Self::Kill => kill::run(how),
            Self::Power => power::run(how),
            Self::Disk => disk::run(how),
            Self::Planted => planted::run(how),
            Self::Start => start::run(how),
            Self::Stop => stop::run(how),
            Self::Restore => restore::run(how),
            Self::Clock => clock::run(how),
            Self::Overload => overload::run(how),
            Self::Slow => slow::run(how),
            Self::Neighbours => neighbours::run(how),
        }
    }
}
