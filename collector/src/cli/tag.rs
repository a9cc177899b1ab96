//! `mqlite tag`: the line to paste. Invariant: it loads bytes that this binary serves.

use super::{Failure, say};
use crate::config::{Config, Settings};
use crate::domain::SiteId;

/// Which tag to print.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site, such as example.com
    site: String,
    /// Pin this version of the snippet by its hash (Subresource Integrity)
    #[arg(long)]
    pinned: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Prints the tag.
///
/// # Errors
/// When the site's name or a setting is wrong.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let site = SiteId::parse(&arguments.site)?;
    let config = Config::resolve(arguments.settings)?;
    let base = config.base_url();
    say(if arguments.pinned { pinned(&base, site.as_str()) } else { plain(&base, site.as_str()) })
}

/// The tag that always loads the newest snippet.
pub(super) fn plain(base: &str, site: &str) -> String {
    format!(r#"<script defer src="{base}/mq.js" data-site="{site}"></script>"#)
}

/// The tag that loads exactly this snippet, or nothing.
pub(super) fn pinned(base: &str, site: &str) -> String {
    let (hash, integrity) = (mqlite_snippet::HASH, mqlite_snippet::INTEGRITY);
    format!(
        r#"<script defer src="{base}/mq.{hash}.js" integrity="{integrity}" crossorigin="anonymous" data-site="{site}"></script>"#
    )
}
