//! Browser, system and device, as families. Invariant: an [`Agent`] never holds a version or anything
//! else that is copied out of a user agent, only names from the tables below; the cache holds no user
//! agent, only its hash under a key that dies with the process.

use super::bots;
use crate::domain::{Agent, Text};
use quick_cache::sync::Cache;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// What gives a browser away, most telling first: nearly all of them also say `Chrome` and `Safari`.
const BROWSERS: &[(&str, &str)] = &[
    // Programs that show pages inside themselves
    ("FBAN/", "Facebook"),
    ("FBAV/", "Facebook"),
    ("FB_IAB/", "Facebook"),
    ("Instagram ", "Instagram"),
    ("LinkedInApp", "LinkedIn"),
    ("MicroMessenger/", "WeChat"),
    ("Snapchat/", "Snapchat"),
    ("[Pinterest/", "Pinterest"),
    ("musical_ly", "TikTok"),
    ("BytedanceWebview", "TikTok"),
    ("Twitter for ", "X"),
    (" Line/", "LINE"),
    ("GSA/", "Google App"),
    ("Teams/", "Teams"),
    ("Slack/", "Slack"),
    // Browsers
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edge/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("OPX/", "Opera"),
    ("OPiOS/", "Opera"),
    ("Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("Whale/", "Whale"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Ddg/", "DuckDuckGo"),
    ("Ecosia ", "Ecosia"),
    ("UCBrowser/", "UC Browser"),
    ("MiuiBrowser/", "Mi Browser"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("QQBrowser/", "QQ Browser"),
    ("Silk/", "Silk"),
    ("Brave/", "Brave"),
    ("FxiOS/", "Firefox"),
    ("Focus/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("; wv)", "Android WebView"),
    ("Electron/", "Electron"),
    ("HeadlessChrome/", "Chrome"),
    ("Chromium/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Trident/", "Internet Explorer"),
    ("MSIE ", "Internet Explorer"),
];

/// What gives a system away, most telling first: a phone by Microsoft also says `Android`, Android
/// also says `Linux`.
const SYSTEMS: &[(&str, &str)] = &[
    ("Windows Phone", "Windows Phone"),
    ("Windows", "Windows"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("iPod", "iOS"),
    ("KAIOS", "KaiOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Tizen", "Tizen"),
    ("Web0S", "webOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("PlayStation", "PlayStation"),
    ("Ubuntu", "Linux"),
    ("Linux", "Linux"),
    ("X11", "Linux"),
    ("FreeBSD", "BSD"),
    ("OpenBSD", "BSD"),
];

/// Screens on walls: neither desktop nor phone nor tablet.
const SCREENS: &[&str] =
    &["TV", "BRAVIA", "AFTS", "AFTM", "AFTT", "Tizen", "Web0S", "PlayStation", "Xbox", "CrKey", "Roku"];

/// The families that a user agent says. What is not known stays `None`.
pub fn agent(user_agent: &str) -> Agent {
    let text = user_agent.trim();
    let os = first(SYSTEMS, text);
    Agent {
        browser: first(BROWSERS, text).or_else(|| webkit(text, os)).map(Text::clean),
        os: os.map(Text::clean),
        device: device(text, os).map(Text::clean),
    }
}

fn first(table: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    table.iter().find(|(sign, _)| text.contains(sign)).map(|(_, name)| *name)
}

/// The browser when nothing but WebKit is named: Apple's own, Android's of old, or a view inside a
/// program on a phone by Apple, which says `Mobile/` and no `Safari/`.
fn webkit(text: &str, os: Option<&str>) -> Option<&'static str> {
    match os? {
        "Android" if text.contains("Safari/") => Some("Android Browser"),
        "iOS" | "macOS" | "Windows" if text.contains("Version/") && text.contains("Safari/") => {
            Some("Safari")
        }
        "iOS" if text.contains("AppleWebKit/") => Some("iOS WebView"),
        _ => None,
    }
}

/// `desktop`, `mobile` or `tablet`. An Android device that does not say `Mobile` is a tablet (Google's
/// advice to makers of user agents). An iPad that asks for desktop pages calls itself a Mac.
fn device(text: &str, os: Option<&str>) -> Option<&'static str> {
    let has = |sign: &str| text.contains(sign);
    if SCREENS.iter().any(|sign| has(sign)) {
        return None;
    }
    let mobile = has("Mobi") || has("Opera Mini");
    match os {
        _ if has("iPad") || has("Tablet;") || has("Kindle") => Some("tablet"),
        Some("Windows Phone" | "KaiOS" | "iOS") => Some("mobile"),
        Some("Android" | "HarmonyOS") => Some(if mobile { "mobile" } else { "tablet" }),
        _ if mobile => Some("mobile"),
        Some("Windows" | "macOS" | "Linux" | "ChromeOS" | "BSD") => Some("desktop"),
        _ => None,
    }
}

/// What is known of a user agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its families.
    pub agent: Agent,
    /// Whether it is a crawler, a monitor or a library: [`bots::is_bot`].
    pub bot: bool,
    /// Whether a program drives it: [`bots::is_automation`].
    pub automation: bool,
}

impl Seen {
    fn new(user_agent: &str) -> Self {
        Self {
            agent: agent(user_agent),
            bot: bots::is_bot(user_agent),
            automation: bots::is_automation(user_agent),
        }
    }
}

/// A bounded memory of user agents that were looked at. It knows them by a 64-bit SipHash under a
/// random key of its own, so that nobody can tell from it, or provoke in it, which agents came by.
pub struct Agents {
    seen: Cache<u64, Arc<Seen>>,
    key: RandomState,
}

impl Agents {
    /// A memory of about `capacity` user agents; the least used are forgotten first.
    pub fn new(capacity: usize) -> Self {
        Self { seen: Cache::new(capacity.max(1)), key: RandomState::new() }
    }

    /// All that is known of a user agent.
    pub fn seen(&self, user_agent: &str) -> Arc<Seen> {
        let hash = self.key.hash_one(user_agent);
        if let Some(seen) = self.seen.get(&hash) {
            return seen;
        }
        let seen = Arc::new(Seen::new(user_agent));
        self.seen.insert(hash, Arc::clone(&seen));
        seen
    }
}

impl std::fmt::Debug for Agents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agents").field("seen", &self.seen.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "agent_tests.rs"]
pub(super) mod tests;
