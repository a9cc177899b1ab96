//! Channels. Invariant: the 19 rules below are tried in their order and the first match wins; a touch names
//! the click-id parameter and never its value, the referrer's host and never its path.
//!
//! The rules are those of GA4's default channel grouping with AI assistants added. They look at
//! lower-cased values: the source (`utm_source`, else whom the referrer's host belongs to), the
//! medium, the campaign, and which click id came along.

pub use super::sources::SourceKind;
use super::{plain_host, sources};
use crate::domain::{Channel, Text, Touch};

/// What a link and a referrer said about how a visitor arrived.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arrival<'a> {
    /// `utm_source`, or what stands for it (`ref`, `source`).
    pub source: Option<&'a str>,
    /// `utm_medium`.
    pub medium: Option<&'a str>,
    /// `utm_campaign`.
    pub campaign: Option<&'a str>,
    /// `utm_content`.
    pub content: Option<&'a str>,
    /// `utm_term`.
    pub term: Option<&'a str>,
    /// The name of a click-id parameter, such as `gclid`; what is not in [`CLICK_IDS`] is ignored.
    pub click_id: Option<&'a str>,
    /// The referrer's host, without port; `None` when there is none or when it is the site's own.
    pub referrer_host: Option<&'a str>,
}

/// The click-id parameters whose name is kept: Google (four of them), Microsoft, Meta, TikTok, X,
/// LinkedIn, Yandex.
pub const CLICK_IDS: &[&str] =
    &["gclid", "gbraid", "wbraid", "dclid", "msclkid", "fbclid", "ttclid", "twclid", "li_fat_id", "yclid"];

/// The click ids whose owner a visit without any other source came from. `dclid` is not among them: a
/// display ad is shown on somebody else's page.
const CLICK_SOURCES: &[(&str, &str)] = &[
    ("gclid", "google"),
    ("gbraid", "google"),
    ("wbraid", "google"),
    ("msclkid", "bing"),
    ("fbclid", "facebook"),
    ("ttclid", "tiktok"),
    ("twclid", "twitter"),
    ("li_fat_id", "linkedin"),
    ("yclid", "yandex"),
];

/// Whom a host belongs to: the name in reports, and what it is. Matched on label borders, the longest
/// first; an Android package name (`com.google.android.gm`) is looked up like a host.
pub fn source_of_host(host: &str) -> Option<(&'static str, SourceKind)> {
    sources::of_host(host)
}

/// The touch that an arrival is. Direct when nothing is known.
///
/// Source and medium are kept in lower case, so that `LinkedIn` and `linkedin` are one row; campaign,
/// content and term are kept as they are written. GA4's fillers, `(not set)` and the like, are nothing.
pub fn touch(arrival: &Arrival<'_>) -> Touch {
    let (source, medium) = (lower(arrival.source), lower(arrival.medium));
    let campaign = said(arrival.campaign);
    let click_id = arrival.click_id.and_then(click_id);
    let referrer = arrival.referrer_host.and_then(bare_host);
    if medium.is_none() && source.as_deref().is_some_and(|source| matches!(source, "direct" | "(direct)")) {
        return Touch::DIRECT;
    }

    let (name, kind) = match (&source, &referrer, click_id.and_then(click_source)) {
        (Some(source), ..) => match sources::of_name(source) {
            // A source that is written as a host is named as a referrer from it would be.
            Some((name, kind)) if source.contains('.') => (Some(name.to_owned()), Some(kind)),
            known => (Some(source.clone()), known.map(|(_, kind)| kind)),
        },
        (None, Some(host), _) => match sources::of_host(host) {
            Some((name, kind)) => (Some(name.to_owned()), Some(kind)),
            None => (Some(host.clone()), None),
        },
        (None, None, Some(owner)) => (Some(owner.to_owned()), sources::of_name(owner).map(|(_, kind)| kind)),
        (None, None, None) => (None, None),
    };

    let (content, term) = (said(arrival.content), said(arrival.term));
    let tagged = [medium.as_deref(), campaign.as_deref(), content.as_deref(), term.as_deref(), click_id];
    let lowered = campaign.as_deref().map(str::to_lowercase);
    let facts = Facts {
        name: name.as_deref().unwrap_or_default(),
        kind,
        medium: medium.as_deref().unwrap_or_default(),
        campaign: lowered.as_deref().unwrap_or_default(),
        click_id: click_id.unwrap_or_default(),
        known: name.is_some() || tagged.iter().any(Option::is_some),
    };
    Touch {
        channel: facts.channel(),
        source: text(name.as_deref()),
        medium: text(medium.as_deref()),
        campaign: text(campaign.as_deref()),
        content: text(content.as_deref()),
        term: text(term.as_deref()),
        click_id: text(click_id),
        referrer: text(referrer.as_deref()),
    }
}

/// What the rules look at; empty where nothing was said.
struct Facts<'a> {
    name: &'a str,
    kind: Option<SourceKind>,
    medium: &'a str,
    campaign: &'a str,
    click_id: &'a str,
    known: bool,
}

impl Facts<'_> {
    /// The rules, in their order, each with its number.
    fn channel(&self) -> Channel {
        let paid = is_paid(self.medium);
        let is = |kind| self.kind == Some(kind);
        let shop = is(SourceKind::Shopping) || is_shop(self.campaign);
        [
            (self.campaign.contains("cross-network"), Channel::CrossNetwork), // 1
            (shop && paid, Channel::PaidShopping),                            // 2
            (self.is_paid_search(paid), Channel::PaidSearch),                 // 3
            (is(SourceKind::Social) && paid, Channel::PaidSocial),            // 4
            (is(SourceKind::Video) && paid, Channel::PaidVideo),              // 5
            (self.is_display(), Channel::Display),                            // 6
            (paid, Channel::PaidOther),                                       // 7
            (shop, Channel::OrganicShopping),                                 // 8
            (is(SourceKind::Social) || is_social(self.medium), Channel::OrganicSocial), // 9
            (is(SourceKind::Video) || self.medium.contains("video"), Channel::OrganicVideo), // 10
            (is(SourceKind::Ai) || self.medium == "ai-assistant", Channel::AiAssistants), // 11
            (is(SourceKind::Search) || self.medium == "organic", Channel::OrganicSearch), // 12
            (is(SourceKind::Email) || is_email(self.name) || is_email(self.medium), Channel::Email), // 13
            (matches!(self.medium, "affiliate" | "affiliates"), Channel::Affiliates), // 14
            (self.medium == "audio", Channel::Audio),                         // 15
            (self.name == "sms" || self.medium == "sms", Channel::Sms),       // 16
            (self.is_push(), Channel::MobilePush),                            // 17
            (self.known, Channel::Referral),                                  // 18
        ]
        .into_iter()
        .find_map(|(matches, channel)| matches.then_some(channel))
        .unwrap_or(Channel::Direct) // 19
    }

    /// A search engine and a paid medium, or with the click id that its own ads put on; or the name of
    /// its ads as the source. `fbclid` proves nothing: Meta puts it on every link.
    fn is_paid_search(&self, paid: bool) -> bool {
        let own_click = matches!(
            (self.name, self.click_id),
            ("google", "gclid" | "gbraid" | "wbraid") | ("bing", "msclkid") | ("yandex", "yclid")
        );
        self.kind == Some(SourceKind::SearchAds)
            || (self.kind == Some(SourceKind::Search) && (paid || own_click))
    }

    /// GA4's display mediums; and `dclid`, which is put on by display ads only, where no medium is said.
    fn is_display(&self) -> bool {
        matches!(self.medium, "display" | "banner" | "expandable" | "interstitial" | "cpm")
            || (self.medium.is_empty() && self.click_id == "dclid")
    }

    fn is_push(&self) -> bool {
        let medium = self.medium;
        medium.ends_with("push")
            || medium.contains("mobile")
            || medium.contains("notification")
            || self.name == "firebase"
    }
}

/// `^(.*cp.*|ppc|retargeting|paid.*)$` on a medium in lower case.
fn is_paid(medium: &str) -> bool {
    medium.contains("cp") || medium == "ppc" || medium == "retargeting" || medium.starts_with("paid")
}

/// `^(.*(([^a-df-z]|^)shop|shopping).*)$` on a campaign in lower case: `shop` where no letter stands
/// before it but `e` (`e-shop`, `eshop`; not `workshop`), or `shopping` anywhere.
fn is_shop(campaign: &str) -> bool {
    let may_precede = |c: char| !matches!(c, 'a'..='d' | 'f'..='z');
    campaign.contains("shopping")
        || campaign
            .match_indices("shop")
            .any(|(at, _)| campaign[..at].chars().next_back().is_none_or(may_precede))
}

fn is_social(medium: &str) -> bool {
    matches!(medium, "social" | "social-network" | "social-media" | "sm" | "social network" | "social media")
}

fn is_email(word: &str) -> bool {
    matches!(word, "email" | "e-mail" | "e_mail" | "e mail" | "newsletter")
}

/// A value as it was written; GA4's words for nothing are nothing.
fn said(value: Option<&str>) -> Option<String> {
    let value = Text::<200>::non_empty(value?)?;
    let filler = ["(not set)", "(none)", "(not provided)"];
    (!filler.contains(&value.as_str())).then(|| value.as_str().to_owned())
}

fn lower(value: Option<&str>) -> Option<String> {
    said(value).map(|value| value.to_lowercase())
}

fn text<const MAX: usize>(value: Option<&str>) -> Option<Text<MAX>> {
    value.and_then(Text::non_empty)
}

/// The referrer's host as it is kept: lower case, without `www.`.
fn bare_host(host: &str) -> Option<String> {
    let host = plain_host(host)?;
    Some(host.strip_prefix("www.").filter(|rest| rest.contains('.')).map(str::to_owned).unwrap_or(host))
}

/// The parameter's name as the list spells it; anything else, a value above all, is not kept.
fn click_id(name: &str) -> Option<&'static str> {
    CLICK_IDS.iter().find(|known| known.eq_ignore_ascii_case(name.trim())).copied()
}

fn click_source(click_id: &str) -> Option<&'static str> {
    CLICK_SOURCES.iter().find(|(name, _)| *name == click_id).map(|(_, owner)| *owner)
}

#[cfg(test)]
#[path = "channel_tests.rs"]
mod tests;
