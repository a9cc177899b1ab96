//! A run: what is measured, how long, and what becomes of the figures.

use crate::arguments::{Arguments, root};
use crate::figures::{Figure, Goal, Spread};
use crate::machine::Machine;
use crate::measures::Measure;
use crate::{Failure, fill, page, say};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Rounds of each measure.
    pub(crate) rounds: usize,
    /// The measured time of a round.
    pub(crate) round: Duration,
    /// What is sent before it is measured.
    pub(crate) warm: Duration,
    /// How long the way from 202 to the dashboard is watched.
    pub(crate) watch: Duration,
    /// Events of the large database.
    pub(crate) large: u64,
    /// Events of the small one.
    pub(crate) small: u64,
    /// Answers of which a round of reports has the median.
    pub(crate) calls: usize,
}

impl Plan {
    fn of(arguments: &Arguments) -> Self {
        let (millis, seconds) = (Duration::from_millis, Duration::from_secs);
        let plan = Self {
            rounds: 5,
            round: seconds(2),
            warm: millis(500),
            watch: seconds(20),
            large: if arguments.full { 10_000_000 } else { 1_000_000 },
            small: 10_000,
            calls: 20,
        };
        if arguments.quick {
            return Self {
                rounds: 2,
                round: millis(600),
                warm: millis(100),
                watch: seconds(3),
                large: 20_000,
                small: 2_000,
                calls: 3,
            };
        }
        plan
    }
}

/// A run in progress.
pub(crate) struct Bench {
    pub(crate) plan: Plan,
    pub(crate) folder: PathBuf,
    pub(crate) seed: u64,
    /// Half of what the collector was found to take at 64 connections, requests a second.
    pub(crate) half: Option<f64>,
    /// What [`Bench::large`] answers.
    used: Option<tempfile::TempDir>,
    figures: Vec<Figure>,
    measure: &'static str,
}

impl Bench {
    /// Notes a figure from the values of its rounds.
    pub(crate) fn note(&mut self, what: impl Into<String>, unit: &'static str, values: &[f64]) {
        self.add(what.into(), unit, values, None);
    }

    /// Notes a figure that has a goal.
    pub(crate) fn hold(&mut self, what: impl Into<String>, unit: &'static str, values: &[f64], goal: Goal) {
        self.add(what.into(), unit, values, Some(goal));
    }

    fn add(&mut self, what: String, unit: &'static str, values: &[f64], goal: Option<Goal>) {
        let figure = Figure::new(self.measure, what, unit, Spread::of(values), goal);
        say(&format!("  {figure}"));
        self.figures.push(figure);
    }

    /// Notes what could not be measured, and why.
    pub(crate) fn miss(&mut self, what: impl Into<String>, why: &str) {
        let figure = Figure::missing(self.measure, what.into(), why);
        say(&format!("  {figure}"));
        self.figures.push(figure);
    }

    /// An empty folder for one measure.
    ///
    /// # Errors
    /// When there can be none.
    pub(crate) fn fresh(&self) -> Result<tempfile::TempDir, Failure> {
        Ok(tempfile::Builder::new().prefix("run-").tempdir_in(&self.folder)?)
    }

    /// A data folder with the large database, for the collectors of this run: what one leaves in it the next one finds,
    /// and the next run does not.
    ///
    /// # Errors
    /// When it cannot be filled or copied.
    pub(crate) fn large(&mut self) -> Result<PathBuf, Failure> {
        if let Some(used) = &self.used {
            return Ok(used.path().join("data"));
        }
        let (filled, used) = (self.filled()?, self.fresh()?);
        let data = used.path().join("data");
        fill::copy(&filled, &data)?;
        self.used = Some(used);
        Ok(data)
    }

    /// The data folder with the large database as it was filled, to be read and not to be used.
    ///
    /// # Errors
    /// When it cannot be filled.
    pub(crate) fn filled(&self) -> Result<PathBuf, Failure> {
        fill::filled(&self.folder, self.plan.large, self.seed)
    }

    /// The data folder with the small database, to be copied and not to be used.
    ///
    /// # Errors
    /// When it cannot be filled.
    pub(crate) fn small(&self) -> Result<PathBuf, Failure> {
        fill::filled(&self.folder, self.plan.small, self.seed)
    }
}

/// Runs what was asked for.
///
/// # Errors
/// When something cannot be measured that should be.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    std::fs::create_dir_all(&arguments.folder)?;
    let began = Instant::now();
    let mut bench = Bench {
        plan: Plan::of(arguments),
        folder: arguments.folder.canonicalize()?,
        seed: arguments.seed,
        half: None,
        used: None,
        figures: Vec::new(),
        measure: "",
    };
    let machine = Machine::look(&bench.folder)?;
    if cfg!(debug_assertions) {
        say("This is a debug build: its figures mean nothing. Run it with --release.");
    }
    let everything = arguments.measures.is_empty();
    for measure in Measure::ALL.iter().filter(|measure| everything || arguments.measures.contains(measure)) {
        bench.measure = measure.name();
        say(&format!("{}:", measure.name()));
        // What was measured before and after stands by itself.
        if let Err(error) = measure.run(&mut bench) {
            bench.miss(format!("the rest of {}", measure.name()), &error.to_string());
        }
    }
    let run = page::Run { machine, plan: bench.plan, figures: bench.figures, took: began.elapsed() };
    let mut out = std::io::stdout();
    out.write_all(page::table(&run.figures, None).as_bytes())?;
    if let Some(file) = &arguments.json {
        std::fs::write(file, run.json()?)?;
    }
    if everything && !arguments.quick {
        let docs = root().join("docs");
        std::fs::write(docs.join("performance.json"), run.json()?)?;
        std::fs::write(docs.join("PERFORMANCE.md"), run.page())?;
        say("docs/PERFORMANCE.md and docs/performance.json are written.");
    }
    Ok(())
}
