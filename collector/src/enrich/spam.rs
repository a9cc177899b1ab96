//! Referrer spam. Invariant: a host is spam only when the vendored list says so, matched on label
//! borders; what is not listed is let through.

use super::{lines, plain_host, suffixes};
use std::collections::HashSet;
use std::sync::LazyLock;

struct Spam {
    hosts: HashSet<&'static str>,
    families: Vec<&'static str>,
}

static SPAM: LazyLock<Spam> = LazyLock::new(|| {
    let (hosts, families) =
        lines(include_str!("../../data/referrer-spam.txt")).partition::<Vec<_>, _>(|line| line.contains('.'));
    Spam { hosts: hosts.into_iter().collect(), families }
});

/// Whether a referrer's host is known to be faked in order to be seen in reports. The list and its
/// source are in `collector/data`.
pub fn is_referrer_spam(host: &str) -> bool {
    let Some(host) = plain_host(host) else { return false };
    suffixes(&host).any(|suffix| SPAM.hosts.contains(suffix))
        || registered(&host).is_some_and(|label| SPAM.families.iter().any(|word| label.contains(word)))
}

/// The label that somebody registered, by rule of thumb: the one before the ending, or before an
/// ending of two short labels such as `co.uk`.
fn registered(host: &str) -> Option<&str> {
    let mut labels = host.rsplit('.');
    let (_ending, second) = (labels.next()?, labels.next()?);
    Some(labels.next().filter(|_| second.len() <= 3).unwrap_or(second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spam_is_known_and_the_rest_is_not() {
        for spam in [
            "semalt.com",
            "semalt.semalt.com",
            "SEMALT.com.",
            "darodar.com",
            "site5.free-share-buttons.com",
            "buttons-for-website.com",
            "compliance-alexa.xyz",
            "hydra2020zerkalo.com",
            "1xbet-entry.ru",
            "www.event-tracking.com",
        ] {
            assert!(is_referrer_spam(spam), "{spam}");
        }
        for fine in [
            "google.com",
            "notsemalt.com",
            "semalt.com.example.org",
            "semalt.com.example.org.uk",
            "uptime.com",
            "example.co.uk",
            "free-share-buttons.example.com",
            "com",
            "",
        ] {
            assert!(!is_referrer_spam(fine), "{fine}");
        }
    }

    #[test]
    fn families_are_long_enough_to_be_sure() {
        assert!(SPAM.hosts.len() > 250);
        for word in &SPAM.families {
            assert!(word.len() >= 5 && *word == word.to_lowercase(), "{word}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(host in ".*") {
            is_referrer_spam(&host);
        }
    }
}
