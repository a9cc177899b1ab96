//! `mqlite model`. Invariant: models are read and compared, never changed; a data folder is touched by those commands
//! alone that name a site.

mod check;
pub(super) mod publish;

use super::{Failure, say};
use crate::app::model_text;
use crate::scoring::{Model, Problem, Ready};
use std::path::{Path, PathBuf};

/// What to do with models.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Name the models that come with the program
    List,
    /// Print a ready model, to start your own from: `mqlite model show saas-trial > model.toml`
    Show {
        /// Its name
        model: PathBuf,
    },
    /// Say what is wrong with a model, and where
    Check {
        /// A file, or the name of a ready model
        model: PathBuf,
    },
    /// Say a model in words, with an example from day to day
    Explain {
        /// A file, or the name of a ready model
        model: PathBuf,
    },
    /// Say in words what one model changes against another
    Diff {
        /// The model there is: a file, or the name of a ready model
        old: PathBuf,
        /// The model there may be
        new: PathBuf,
    },
    /// Keep a model as a draft of a site
    Draft(publish::Draft),
    /// Name a site's models: drafts, the one that is live, those that were
    Versions(publish::OfSite),
    /// Score everyone of a site by a model, and make it live
    Publish(publish::Publish),
}

/// Runs a command.
///
/// # Errors
/// When a model cannot be read, or something is wrong with it.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List => list(),
        Command::Show { model } => say(model_text(&model)?.trim_end()),
        Command::Check { model } => check::run(&model),
        Command::Explain { model } => say(read(&model)?.explain().trim_end()),
        Command::Diff { old, new } => diff(&old, &new),
        Command::Draft(draft) => publish::draft(draft),
        Command::Versions(of) => publish::versions(of),
        Command::Publish(publish) => publish::publish(publish),
    }
}

fn list() -> Result<(), Failure> {
    for Ready { name, about, .. } in Ready::ALL {
        say(format!("{name:<12} {about}"))?;
    }
    say(
        "Use one with --model NAME; print it with `mqlite model show NAME`, in words with `mqlite model explain NAME`.",
    )
}

/// Reads and checks; what is wrong is the failure, each thing with the line that it is about.
pub(super) fn read(named: &Path) -> Result<Model, Failure> {
    let text = model_text(named)?;
    Model::parse(&text).map_err(|error| {
        let problems = error.problems();
        let count = match problems.len() {
            1 => "one thing is".to_owned(),
            count => format!("{count} things are"),
        };
        let shown = problems.iter().map(|problem| {
            let (number, line) = line_of(&text, problem);
            format!("\n{problem}\n{number:>6} | {}", line.trim_end())
        });
        let shown: String = shown.collect();
        Failure::new(format!("{count} wrong with the model {}:{shown}", named.display()))
    })
}

/// The line that a problem is about: of its table, the one of its key.
fn line_of<'t>(text: &'t str, problem: &Problem) -> (usize, &'t str) {
    let numbered = (1..).zip(text.lines());
    let mut table = numbered.skip(problem.line.saturating_sub(1));
    let first = table.next().unwrap_or((problem.line, ""));
    let key = problem.key.rsplit('.').next().unwrap_or_default();
    let names = |line: &str| {
        let rest = line.trim_start().strip_prefix(key).filter(|_| !key.is_empty());
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    table.take_while(|(_, line)| !line.starts_with('[')).find(|(_, line)| names(line)).unwrap_or(first)
}

fn diff(old: &Path, new: &Path) -> Result<(), Failure> {
    let changes = read(old)?.changes_to(&read(new)?);
    if changes.is_empty() {
        return say(
            "They are the same model: only comments, spaces or the order of tables differ, if anything does.",
        );
    }
    changes.into_iter().try_for_each(say)
}
