//! Any text as `mqlite.toml`. Invariant: it is refused with a sentence, or every setting is within its bounds, and
//! what is recorded of it tells neither a password nor a folder.

use mqlite::config::{Config, Settings};

/// Reads it, and puts it in the place of flags.
///
/// # Panics
/// When a promise does not hold.
pub fn settings(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut settings: Settings = match toml::from_str(&text) {
        Ok(settings) => settings,
        Err(error) => {
            assert!(!error.message().trim().is_empty());
            return;
        }
    };
    assert!(settings.config.is_none(), "no settings file names another");
    let said = settings.clone();
    // No folder of anybody's: what is resolved is what the text says.
    settings.data = Some("/nonexistent/mqlite".into());
    let config = match Config::resolve(settings) {
        Ok(config) => config,
        Err(refused) => {
            assert!(!refused.0.trim().is_empty());
            return;
        }
    };
    for (name, number) in [
        ("client_rate", config.client_rate),
        ("client_burst", config.client_burst),
        ("client_leads", config.client_leads),
        ("site_rate", config.site_rate),
        ("site_burst", config.site_burst),
    ] {
        assert!(number >= 1, "{name}");
    }
    let base = config.base_url();
    if config.public_url.is_some() {
        assert!(base.starts_with("http://") || base.starts_with("https://"), "{base}");
        assert!(!base.ends_with('/') && !base.contains(['?', '#']), "{base}");
        assert!(!base.contains(|c: char| c.is_control() || c == ' '), "{base:?} goes into headers and pages");
    }
    let recorded = config.recorded();
    let said = said.public_url.as_deref().unwrap_or_default();
    let password = url::Url::parse(said).ok().and_then(|url| url.password().map(str::to_owned));
    // Of one that stands in the path as well, nobody knows that it is one.
    if let Some(password) = password.filter(|word| word.len() >= 8 && said.matches(word).count() == 1) {
        let shown = recorded["public_url"].as_str().unwrap_or_default();
        assert!(!shown.contains(&password), "{shown} tells {password}");
    }
    for name in ["model", "audit_anchor"] {
        let shown = recorded[name].as_str().unwrap_or_default();
        assert!(!shown.contains('/'), "{name} tells a folder: {shown}");
    }
}
