//! `mqlite check`. Invariant: it only reads, unless somebody says that what is lost may be lost; it fails when
//! anything is wrong, and says what to do.

use super::{Failure, operator, say};
use crate::app::{Checked, accept_loss, check_all};
use crate::clock::Clock;
use crate::config::{Config, Settings};

/// What to check.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Go on with what is left of a folder that lost something, and record that
    #[arg(long)]
    accept_loss: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command, also beside a running collector.
///
/// # Errors
/// When something is wrong.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = Config::resolve(arguments.settings)?;
    let data = config.data.display();
    if arguments.accept_loss {
        for sentence in accept_loss(&config, &operator(), Clock::system())? {
            say(format_args!("lost     {sentence}"))?;
        }
        return say(format_args!("Recorded. Start the collector again: mqlite serve --data {data}"));
    }
    let checked = check_all(&config)?;
    for Checked { what, wrong, .. } in &checked {
        match wrong {
            Some(sentence) => say(format_args!("wrong    {what}: {sentence}"))?,
            None => say(format_args!("ok       {what}"))?,
        }
    }
    let wrong: Vec<_> = checked.iter().filter(|one| one.wrong.is_some()).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(if wrong.iter().all(|one| one.acceptable) {
        format!(
            "something is lost. Move the whole of {data} aside, and put a copy of your newest backup in its place; or, to \
             go on with what is left, which is recorded: mqlite check --accept-loss --data {data}"
        )
    } else {
        "something is damaged; keep a copy of the data folder as it is before you mend it".to_owned()
    }))
}
