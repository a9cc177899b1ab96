//! `mqlite audit document`. Invariant: what is printed is what the audit page downloads.

use super::fields::with_inputs;
use crate::cli::{Failure, say};
use crate::compliance::{DOCUMENTS, document};
use crate::config::Settings;
use crate::domain::SiteId;

/// Which document.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Its name
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(DOCUMENTS.iter().map(|document| document.name)))]
    name: String,
    /// For this site [default: all sites]
    #[arg(long)]
    site: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command.
///
/// # Errors
/// When there is no data folder, or no such site.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let only = arguments.site.map(|site| SiteId::parse(&site)).transpose()?;
    let text = with_inputs(arguments.settings, (&arguments.name, "md", only.as_ref()), |inputs| {
        document(&arguments.name, inputs).ok_or_else(|| Failure::new("there is no such document"))
    })?;
    say(text.trim_end())
}
