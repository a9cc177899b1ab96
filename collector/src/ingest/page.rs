//! The page's URL. Invariant: of the query only declared campaign parameters and the names of click ids
//! survive; of a referrer only its host, and that only when it is a name. What survives was searched for
//! personal data.

use super::{Refusal, minimise};
use crate::domain::{Site, Text};
use crate::enrich::channel::{Arrival, CLICK_IDS};
use std::borrow::Cow;
use url::Url;

/// Bytes of a host name, by RFC 1035.
const HOST_MAX: usize = 253;

/// What is kept of the page's URL.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) host: String,
    pub(super) path: Text<500>,
    /// Whether personal data was replaced in the path.
    pub(super) path_redacted: bool,
    pub(super) campaign: CampaignParams,
}

/// Declared campaign parameters.
#[derive(Debug, Default)]
pub(super) struct CampaignParams {
    source: Option<Text<100>>,
    medium: Option<Text<100>>,
    campaign: Option<Text<200>>,
    content: Option<Text<200>>,
    term: Option<Text<200>>,
    click_id: Option<&'static str>,
    /// Whether personal data was replaced in source, medium or campaign.
    pub(super) redacted: bool,
    /// Whether it was in content or term, which are not kept on every rung.
    pub(super) details_redacted: bool,
}

impl CampaignParams {
    /// As the channel rules take it.
    pub(super) fn arrival<'a>(&'a self, referrer_host: Option<&'a str>) -> Arrival<'a> {
        fn text<const N: usize>(value: &Option<Text<N>>) -> Option<&str> {
            value.as_ref().map(Text::as_str)
        }
        Arrival {
            source: text(&self.source),
            medium: text(&self.medium),
            campaign: text(&self.campaign),
            content: text(&self.content),
            term: text(&self.term),
            click_id: self.click_id,
            referrer_host,
        }
    }

    /// Whether the link said anything of where it came from.
    pub(super) fn is_empty(&self) -> bool {
        self.source.is_none() && self.medium.is_none() && self.campaign.is_none() && self.click_id.is_none()
    }
}

/// Reads the page's URL.
pub(super) fn page(raw: &str, hash_routing: bool) -> Result<Page, Refusal> {
    let refuse = || {
        Refusal::bad("/u", "the page's URL is not one; send it whole, such as https://example.com/pricing")
    };
    if raw.len() > 8_000 {
        return Err(Refusal::bad("/u", "the page's URL is longer than 8,000 bytes"));
    }
    let url = Url::parse(raw).map_err(|_| refuse())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::bad("/u", "the page's URL begins with https:// or http://"));
    }
    let host = url.host_str().filter(|host| host.len() <= HOST_MAX).ok_or_else(refuse)?.to_owned();
    let mut path = decoded(url.path());
    if hash_routing && let Some(fragment) = url.fragment() {
        // What follows a question mark in a fragment is a query of its own.
        path = Cow::Owned(format!("{path}#{}", fragment.split('?').next().unwrap_or_default()));
    }
    let mut campaign = CampaignParams::default();
    let (mut found, mut found_in_details) = (0, 0);
    for (key, value) in url.query_pairs().take(100) {
        match key.as_ref() {
            "utm_source" => campaign.source = minimise::non_empty(&value, &mut found),
            "ref" | "source" if campaign.source.is_none() => {
                campaign.source = minimise::non_empty(&value, &mut found);
            }
            "utm_medium" => campaign.medium = minimise::non_empty(&value, &mut found),
            "utm_campaign" => campaign.campaign = minimise::non_empty(&value, &mut found),
            "utm_content" => campaign.content = minimise::non_empty(&value, &mut found_in_details),
            "utm_term" => campaign.term = minimise::non_empty(&value, &mut found_in_details),
            other => {
                if let Some(name) = CLICK_IDS.iter().find(|name| **name == other) {
                    campaign.click_id = campaign.click_id.or(Some(name));
                }
            }
        }
    }
    campaign.redacted = found > 0;
    campaign.details_redacted = found_in_details > 0;
    let mut in_path = 0;
    let path = minimise::text(&path, &mut in_path);
    Ok(Page { host, path, path_redacted: in_path > 0, campaign })
}

/// Percent-decoded where that gives text, so that one page has one name.
fn decoded(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    percent_encoding::percent_decode_str(path).decode_utf8().unwrap_or(Cow::Borrowed(path))
}

/// The host of a referrer: lower-case, without port; `None` when there is none. Android apps are named
/// `android-app://package`.
pub(super) fn referrer_host(raw: &str) -> Option<String> {
    let host = Url::parse(raw.get(..2_000).unwrap_or(raw)).ok()?.host_str()?.to_ascii_lowercase();
    (!host.is_empty() && host.len() <= HOST_MAX).then_some(host)
}

/// Whether a host is an address and no name: of a router, of a machine in an office, of a person's own.
/// Nothing is kept of it.
pub(super) fn is_numeric(host: &str) -> bool {
    // Labels of letters, digits and dashes that end in one of letters are a name, and need no parser.
    let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let last = host.rsplit('.').next().unwrap_or_default();
    let named = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    if plain && named && !host.contains("xn--") {
        return false;
    }
    !matches!(url::Host::parse(host), Ok(url::Host::Domain(_)))
}

/// Whether a referrer is a page of the site itself.
pub(super) fn is_internal(site: &Site, referrer_host: &str) -> bool {
    site.id.as_str() == referrer_host
        || site.policy.hosts.iter().any(|host| host == referrer_host)
        || referrer_host.strip_suffix(site.id.as_str()).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_declared_parameters_only() {
        let page = page(
            "https://Example.com:8443/a%20b?email=jo@example.com&utm_source=Google&utm_medium=cpc&gclid=SECRET&mq=TOKEN#x",
            false,
        )
        .expect("valid");
        assert_eq!((page.host.as_str(), page.path.as_str()), ("example.com", "/a b"));
        let arrival = page.campaign.arrival(None);
        assert_eq!(
            (arrival.source, arrival.medium, arrival.click_id),
            (Some("Google"), Some("cpc"), Some("gclid"))
        );
        let kept = format!("{page:?}");
        assert!(!kept.contains("SECRET") && !kept.contains("jo@") && !kept.contains("TOKEN"), "{kept}");
    }

    #[test]
    fn a_fragment_is_a_page_only_where_asked() {
        let path =
            |hash| page("https://example.com/app#/settings?token=1", hash).expect("valid").path.to_string();
        assert_eq!(path(true), "/app#/settings");
        assert_eq!(path(false), "/app");
    }

    #[test]
    fn refuses_what_is_no_page() {
        for bad in ["", "pricing", "javascript:alert(1)", "file:///etc/passwd", "https://", "http://[::1"] {
            assert!(page(bad, false).is_err(), "{bad}");
        }
    }

    /// The short cut says what the parser says.
    #[test]
    fn a_name_is_no_number() {
        for name in
            ["example.com", "a-b.example", "com", "1.2.3.com", "0x7f.example", "xn--bcher-kva.example"]
        {
            assert!(
                !is_numeric(name) && matches!(url::Host::parse(name), Ok(url::Host::Domain(_))),
                "{name}"
            );
        }
        for number in [
            "192.0.2.1",
            "0x7f.1",
            "2130706433",
            "[2001:db8::1]",
            "192.0.2.1.",
            "1.2.3.0x4",
            "",
            "a b.com",
            "xn--.com",
        ] {
            assert!(
                is_numeric(number) && !matches!(url::Host::parse(number), Ok(url::Host::Domain(_))),
                "{number}"
            );
        }
    }

    #[test]
    fn referrers_are_hosts() {
        assert_eq!(
            referrer_host("https://www.Google.com/search?q=secret").as_deref(),
            Some("www.google.com")
        );
        assert_eq!(
            referrer_host("android-app://com.google.android.gm/").as_deref(),
            Some("com.google.android.gm")
        );
        assert_eq!(referrer_host(""), None);
    }
}
