//! Free mail. Invariant: a domain is free only when the vendored list says so, itself or a domain
//! above it; a company's own domain is never guessed away.

use super::{lines, plain_host, suffixes};
use std::collections::HashSet;
use std::sync::LazyLock;

static FREE: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| lines(include_str!("../../data/free-mail-domains.txt")).collect());

/// Whether a mail domain is one where anybody can have an address (or a throw-away one), so that it
/// says nothing about an employer. The snippet knows the commonest; this knows the rest.
pub fn is_free_mail(domain: &str) -> bool {
    plain_host(domain).is_some_and(|domain| suffixes(&domain).any(|suffix| FREE.contains(suffix)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn free_and_not_free() {
        for free in "gmail.com GMAIL.com outlook.de gmx.net web.de t-online.de proton.me tuta.com \
                     mailbox.org icloud.com qq.com yahoo.co.uk mailinator.com bluewin.ch foo.yopmail.com"
            .split(' ')
            .filter(|domain| !domain.is_empty())
        {
            assert!(is_free_mail(free), "{free}");
        }
        for company in "acme.com siemens.com sap.com microsoft.com google.com gmail.com.acme.de notgmail.com com de co.uk"
            .split(' ')
            .chain(["", ".", "@gmail.com"])
        {
            assert!(!is_free_mail(company), "{company}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(domain in ".*") {
            is_free_mail(&domain);
        }
    }
}
