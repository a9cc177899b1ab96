//! Bots. Invariant: one answer for one user agent, from the vendored lists and a few words that give
//! robots away; driven browsers are told apart from crawlers, so that a site's policy can let them in.

use super::lines;
use regex::{Regex, RegexSet};
use std::sync::LazyLock;

/// Shorter than any browser's user agent; `Mozilla/5.0` alone is 11.
const SHORTEST: usize = 24;

/// A list of patterns: those without a regex's signs as one alternation, which the regex crate
/// searches for at once; the rest as a set.
struct Patterns {
    words: Option<Regex>,
    rest: Option<RegexSet>,
}

impl Patterns {
    fn new(list: &'static str) -> Self {
        let (words, rest): (Vec<_>, Vec<_>) = lines(list).partition(|line| literal(line).is_some());
        let words: Vec<_> = words.into_iter().filter_map(literal).map(|word| regex::escape(&word)).collect();
        let words = (!words.is_empty()).then(|| Regex::new(&words.join("|")).ok()).flatten();
        Self { words, rest: RegexSet::new(rest).ok() }
    }

    fn is_match(&self, text: &str) -> bool {
        self.words.as_ref().is_some_and(|words| words.is_match(text))
            || self.rest.as_ref().is_some_and(|rest| rest.is_match(text))
    }
}

/// What a pattern says when it says one thing only: `Googlebot/` for `Googlebot/`, `a.b` for `a\.b`.
fn literal(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(chars.next().filter(|escaped| !escaped.is_alphanumeric())?),
            '^' | '$' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' => return None,
            plain => out.push(plain),
        }
    }
    Some(out)
}

static CRAWLERS: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::new(include_str!("../../data/crawler-user-agents.txt")));

static AUTOMATION: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::new(include_str!("../../data/automation-user-agents.txt")));

/// What robots call themselves that no list has yet. `Cubot` is a maker of phones.
static GENERIC: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i-u)\+https?://|bots?[/;),. _-]|bots?$|crawl|spider\b|scrap(er|y|ing)\b|monitor(ing)?\b|",
        r"\b(java|perl|ruby|php|dart|node|deno|bun|go|rust|python|reqwest|ureq|hyper|libcurl|okhttp|wget|",
        r"postman\w*|insomnia|httpie|k6|jmeter|guzzlehttp|winhttp)/\d|preview\b|fetcher\b|validator\b",
    ))
    .ok()
});

/// Whether a user agent is that of a crawler, a monitor, a link preview or an HTTP library, or none at
/// all. A driven browser is not: see [`is_automation`].
pub fn is_bot(user_agent: &str) -> bool {
    let text = user_agent.trim();
    if text.len() < SHORTEST {
        return true;
    }
    let generic = || {
        let hit = |regex: &Regex| regex.find_iter(text).any(|found| !is_cubot(text, found.start()));
        GENERIC.as_ref().is_some_and(hit)
    };
    CRAWLERS.is_match(text) || generic()
}

/// Whether a user agent says that a program drives the browser: headless Chrome, `PhantomJS`, Selenium,
/// an agent of an AI. Chromium's newer headless mode says nothing here; the snippet's
/// `navigator.webdriver` does.
pub fn is_automation(user_agent: &str) -> bool {
    AUTOMATION.is_match(user_agent)
}

/// Whether the `bot` at `at` is the end of `Cubot`.
fn is_cubot(text: &str, at: usize) -> bool {
    at.checked_sub(2)
        .and_then(|from| text.get(from..at))
        .is_some_and(|before| before.eq_ignore_ascii_case("cu"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::agent::tests::PEOPLE;
    use proptest::prelude::*;

    const BOTS: &[&str] = &[
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
        "Mozilla/5.0 (compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "curl/8.5.0",
        "Wget/1.21.4",
        "python-requests/2.32.3",
        "Python/3.12 aiohttp/3.9.5",
        "Go-http-client/2.0",
        "okhttp/4.12.0",
        "axios/1.7.2",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) PostmanRuntime/7.39.0",
        "Some-Company-Crawler/1.0 (internal)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) MyOwnBot/3.1 Chrome/120.0.0.0 Safari/537.36",
        "Mozilla/5.0",
        "",
        "   ",
    ];

    const DRIVEN: &[&str] = &[
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
    ];

    #[test]
    fn crawlers_monitors_and_libraries_are_bots() {
        for bot in BOTS {
            assert!(is_bot(bot), "{bot}");
        }
    }

    #[test]
    fn a_driven_browser_is_no_crawler() {
        for driven in DRIVEN {
            assert!(is_automation(driven) && !is_bot(driven), "{driven}");
        }
    }

    #[test]
    fn people_are_neither() {
        for (person, ..) in PEOPLE {
            assert!(!is_bot(person) && !is_automation(person), "{person}");
        }
    }

    #[test]
    fn every_pattern_of_the_lists_is_used() {
        assert!(GENERIC.is_some());
        for (list, patterns) in [
            (include_str!("../../data/crawler-user-agents.txt"), &CRAWLERS),
            (include_str!("../../data/automation-user-agents.txt"), &AUTOMATION),
        ] {
            assert!(patterns.words.is_some() && patterns.rest.is_some());
            for line in lines(list) {
                assert!(Regex::new(line).is_ok(), "{line}");
                if let Some(word) = literal(line) {
                    assert!(patterns.is_match(&word), "{line}");
                    assert!(Regex::new(line).is_ok_and(|regex| regex.is_match(&word)), "{line}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*", tail in "[a-zA-Zäß]{0,3}bot/?") {
            is_bot(&text);
            is_bot(&format!("{text}{tail}"));
            is_automation(&text);
        }
    }
}
