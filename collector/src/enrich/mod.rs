//! What a request says about itself, in the words that are kept: channel, browser family, country,
//! bot or not. Invariant: pure given its data (the vendored lists in `collector/data` and the
//! operator's country file); nothing here does I/O after start, logs, or keeps an address or a whole
//! user agent.

pub mod agent;
pub mod bots;
pub mod channel;
pub mod geo;
pub mod mail;
mod sources;
pub mod spam;

/// Reads a vendored list: one entry a line, `#` starts a comment line, empty lines are skipped.
fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// A host as the lists spell hosts: lower case, no dot at the end. `None` for what cannot be a host.
fn plain_host(host: &str) -> Option<String> {
    let host = host.trim().trim_end_matches('.');
    let fits = (1..=253).contains(&host.len()) && !host.contains(['/', ':', '@', ' ']);
    fits.then(|| host.to_lowercase())
}

/// The host and every host above it, longest first: `a.b.c`, `b.c`, `c`.
fn suffixes(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |rest| rest.split_once('.').map(|(_, above)| above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_walked_on_label_borders() {
        assert_eq!(suffixes("a.b.c").collect::<Vec<_>>(), ["a.b.c", "b.c", "c"]);
        assert_eq!(plain_host(" WWW.Example.COM. ").as_deref(), Some("www.example.com"));
        for no in ["", ".", "a/b", "a:80", "u@a", "a b", &"a".repeat(254)] {
            assert_eq!(plain_host(no), None, "{no}");
        }
    }
}
