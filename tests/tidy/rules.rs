//! The other rules, one function each: from a file to sentences about what is wrong with it. Invariant: a
//! file that keeps the rule brings none.

use crate::tokens::{self, attribute, each_level, is_call};
use crate::tree::Source;
use proc_macro2::TokenTree;

/// Lines of a file.
const LINES_MAX: usize = 500;

/// Headers that say who somebody is or what they want; only `privacy` reads them.
const HEADERS: [&str; 8] = [
    "x-forwarded-for",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
    "forwarded",
    "user-agent",
    "sec-gpc",
    "dnt",
];

/// The same letters where they are something else: the name of a consent signal.
const NO_HEADERS: [(&str, &str); 1] = [("domain/consent.rs", "dnt")];

/// The same, as constants of the HTTP library.
const HEADER_CONSTANTS: [&str; 5] = ["USER_AGENT", "X_FORWARDED_FOR", "FORWARDED", "DNT", "SEC_GPC"];

/// Names of other people's, and where in `collector/src` they may stand.
const OWNERS: &[(&str, &[&str])] = &[
    ("rusqlite", &["storage/sqlite/"]),
    ("actix_web", &["http/", "privacy/client.rs", "app.rs", "app/stop.rs"]),
    ("IpAddr", &["privacy/", "enrich/geo.rs"]),
    ("Ipv4Addr", &["privacy/", "enrich/geo.rs"]),
    ("Ipv6Addr", &["privacy/", "enrich/geo.rs"]),
    ("SocketAddr", &["privacy/"]),
    ("maxminddb", &["enrich/geo.rs"]),
    ("SystemTime", &["clock.rs"]),
];

/// A file opens with what it is for; in the collector, with the invariant that it holds.
pub(crate) fn says_what_it_is_for(source: &Source) -> Vec<String> {
    let head: Vec<&str> = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
    let words = head.join(" ");
    let says = words.trim_start_matches("//!").trim().len() > 10;
    let invariant = source.below("collector/src").is_none() || words.contains("Invariant");
    match (says, invariant) {
        (false, _) => vec![format!("{}: does not open with //! and what it is for", source.path)],
        (true, false) => vec![format!("{}: its //! states no Invariant", source.path)],
        (true, true) => Vec::new(),
    }
}

/// No file outgrows what fits into a head.
pub(crate) fn is_short(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines <= LINES_MAX {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines; {LINES_MAX} are the most, so split it", source.path)]
}

/// A lint is expected with a reason, never allowed in silence.
pub(crate) fn allows_nothing(source: &Source) -> Vec<String> {
    let mut wrong = Vec::new();
    each_level(&tokens::of(&source.path, &source.text, false), false, &mut |level| {
        for at in 0..level.len() {
            let Some((_, content)) = attribute(&level[at..]) else { continue };
            let text: String = content.iter().map(ToString::to_string).collect();
            let hidden = is_call(&content, &["cfg_attr"]) && text.contains("allow");
            if is_call(&content, &["allow"]) || hidden {
                let line = tokens::line(&level[at]);
                wrong.push(format!("{}:{line}: use #[expect(…, reason = \"…\")]", source.path));
            }
            let silent = is_call(&content, &["expect"]) && !text.contains("reason");
            if silent {
                wrong.push(format!(
                    "{}:{}: an #[expect] without a reason",
                    source.path,
                    tokens::line(&level[at])
                ));
            }
        }
    });
    wrong
}

/// What says who somebody is has its name only in `privacy`.
pub(crate) fn leaves_headers_to_privacy(source: &Source) -> Vec<String> {
    let Some(path) = source.below("collector/src") else { return Vec::new() };
    if path.starts_with("privacy/") {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    each_level(&tokens::of(&source.path, &source.text, true), true, &mut |level| {
        for token in level {
            let named = match token {
                TokenTree::Literal(literal) => {
                    let text = literal.to_string().to_ascii_lowercase();
                    let bare = text.split('"').nth(1).unwrap_or_default();
                    HEADERS.contains(&bare) && !NO_HEADERS.contains(&(path, bare))
                }
                TokenTree::Ident(name) => HEADER_CONSTANTS.contains(&name.to_string().as_str()),
                _ => false,
            };
            if named {
                wrong.push(format!("{}:{}: {token} is for `privacy` only", source.path, tokens::line(token)));
            }
        }
    });
    wrong
}

/// Other people's names stand only where they belong.
pub(crate) fn keeps_owners(source: &Source) -> Vec<String> {
    let Some(path) = source.below("collector/src") else { return Vec::new() };
    let mut wrong = Vec::new();
    each_level(&tokens::of(&source.path, &source.text, true), true, &mut |level| {
        for token in level {
            let TokenTree::Ident(name) = token else { continue };
            let rule = OWNERS.iter().find(|(owned, _)| name == owned);
            if let Some((owned, owners)) =
                rule.filter(|(_, owners)| !owners.iter().any(|owner| path.starts_with(owner)))
            {
                let line = tokens::line(token);
                wrong.push(format!("{}:{line}: {owned} belongs to {}", source.path, owners.join(", ")));
            }
        }
    });
    wrong
}
