//! The table of known sources. Invariant: a host is matched on label borders and the longest match
//! wins, so `evil-google.com.attacker.net` is nobody and `gemini.google.com` is not a search engine.

use super::{lines, plain_host, suffixes};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a known source is. The categories are those of GA4's default channel grouping (source
/// categories), with AI assistants and mail programs beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A search engine.
    Search,
    /// The name that a search engine's advertising goes by as `utm_source`, such as `adwords`.
    SearchAds,
    /// A social network, a forum or a messenger.
    Social,
    /// A video platform.
    Video,
    /// A shop, a marketplace or a comparison of prices.
    Shopping,
    /// An assistant such as ChatGPT or Claude.
    Ai,
    /// A mail program on the web or on a phone, or a sender of newsletters.
    Email,
    /// Known by name, and nothing but a referral.
    Other,
}

/// A source's name in reports, and what it is.
pub(super) type Known = (&'static str, SourceKind);

struct Table {
    /// Whole hosts: `mail.google.com`.
    hosts: HashMap<&'static str, Known>,
    /// Hosts under any country's ending, without it: `google` of `google.*`.
    brands: HashMap<&'static str, Known>,
    /// Values of `utm_source`: `fb`.
    names: HashMap<&'static str, Known>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { hosts: HashMap::new(), brands: HashMap::new(), names: HashMap::new() };
    for line in lines(include_str!("../../data/sources.txt")) {
        let mut words = line.split_ascii_whitespace();
        let (Some(kind), Some(name)) = (words.next().and_then(kind), words.next()) else { continue };
        table.names.insert(name, (name, kind));
        for word in words {
            let map = match (word.strip_suffix(".*"), word.contains('.')) {
                (Some(_), _) => &mut table.brands,
                (None, true) => &mut table.hosts,
                (None, false) => &mut table.names,
            };
            map.insert(word.strip_suffix(".*").unwrap_or(word), (name, kind));
        }
    }
    table
});

fn kind(word: &str) -> Option<SourceKind> {
    Some(match word {
        "search" => SourceKind::Search,
        "ads" => SourceKind::SearchAds,
        "social" => SourceKind::Social,
        "video" => SourceKind::Video,
        "shopping" => SourceKind::Shopping,
        "ai" => SourceKind::Ai,
        "mail" => SourceKind::Email,
        "other" => SourceKind::Other,
        _ => return None,
    })
}

/// The source that a referrer's host belongs to. A host
/// that begins with `webmail.` or `mail.` is somebody's mail.
pub(super) fn of_host(host: &str) -> Option<Known> {
    let host = plain_host(host)?;
    let listed = suffixes(&host).find_map(|suffix| {
        let exact = TABLE.hosts.get(suffix);
        exact.or_else(|| stems(suffix).find_map(|stem| TABLE.brands.get(stem))).copied()
    });
    let is_mail = || host.starts_with("webmail.") || host.starts_with("mail.");
    listed.or_else(|| is_mail().then_some(("webmail", SourceKind::Email)))
}

/// The source that a `utm_source` in lower case names: by its name, by another, or by its host.
pub(super) fn of_name(name: &str) -> Option<Known> {
    TABLE.names.get(name).copied().or_else(|| name.contains('.').then(|| of_host(name)).flatten())
}

/// What is left of a host without a country's or a general ending: `google` of `google.co.uk`.
fn stems(host: &str) -> impl Iterator<Item = &str> {
    let two_letters = |label: &str| label.len() == 2 && label.bytes().all(|b| b.is_ascii_lowercase());
    let (rest, last) = host.rsplit_once('.').unwrap_or(("", host));
    let one = (matches!(last, "com" | "net" | "org") || two_letters(last)).then_some(rest);
    let two = rest.rsplit_once('.').and_then(|(stem, second)| {
        let general = matches!(second, "co" | "com" | "net" | "org" | "or" | "ne" | "edu" | "gov");
        (two_letters(last) && general).then_some(stem)
    });
    two.into_iter().chain(one).filter(|stem| !stem.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let mut words = HashMap::new();
        for line in lines(include_str!("../../data/sources.txt")) {
            let mut rest = line.split_ascii_whitespace();
            assert!(rest.next().and_then(kind).is_some(), "{line}");
            for word in rest {
                assert_eq!(word, word.to_lowercase(), "{line}");
                assert!(!word.contains('/'), "{line}");
                let before = words.insert(word, line);
                assert!(before.is_none_or(|other| other == line), "`{word}` twice: {line} / {before:?}");
            }
        }
        assert!(TABLE.hosts.len() > 300 && TABLE.brands.len() > 20, "the table was read");
    }

    #[test]
    fn endings_are_countries_not_anything() {
        for (host, stem) in [
            ("google.de", "google"),
            ("google.com", "google"),
            ("google.co.uk", "google"),
            ("google.com.br", "google"),
            ("mail.yahoo.fr", "mail.yahoo"),
        ] {
            assert!(stems(host).any(|found| found == stem), "{host}");
        }
        for host in ["google", "google.attacker", "google.co.evil", "google.zip"] {
            assert!(!stems(host).any(|found| found == "google"), "{host}");
        }
    }
}
