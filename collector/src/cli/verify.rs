//! `mqlite verify`: whether a page's tag is right, and why an event would be dropped. Invariant: it only
//! looks; the event that it tries is a dry run and is not kept.

use super::page::{self, Findings, Tag};
use super::{Failure, say, tame};
use serde::Deserialize;
use std::io::Read;
use std::path::Path;
use std::time::Duration;
use url::Url;

const PAGE_MAX: u64 = 5 * 1024 * 1024;
/// As a visitor's browser would name itself, so that the answer is a visitor's.
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// What to look at.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The page: its URL, or an HTML file
    page: String,
    /// The URL that the HTML file is published at [default: the site's front page]
    #[arg(long, value_name = "URL")]
    page_url: Option<String>,
}

/// Looks at a page and says what it finds.
///
/// # Errors
/// When the page cannot be read, or something on it does not work.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(15)))
        .max_redirects(5)
        .http_status_as_error(false)
        .user_agent(AGENT)
        .build()
        .new_agent();
    let (html, url, from_afar) = load(&agent, arguments)?;
    let (tag, mut findings) = page::read(&html);
    if let Some(tag) = tag {
        findings.good.push(format!("the tag is there, for the site {}", tag.site));
        try_collector(&agent, &tag, url, from_afar, &mut findings)?;
    }
    print(&findings)
}

/// The page, the URL that it is published at, and whether it was fetched from beyond this machine and its network.
fn load(agent: &ureq::Agent, arguments: &Arguments) -> Result<(String, Option<Url>, bool), Failure> {
    let page_url = arguments.page_url.as_deref().map(parse_url).transpose()?;
    if arguments.page.starts_with("http://") || arguments.page.starts_with("https://") {
        let url = parse_url(&arguments.page)?;
        let (status, html, _) = get(agent, &url)?;
        if status != 200 {
            return Err(Failure::new(format!("{url} answers {status}; name a page that is there")));
        }
        let from_afar = !is_inner(&url);
        return Ok((html, Some(page_url.unwrap_or(url)), from_afar));
    }
    let path = Path::new(&arguments.page);
    let file = std::fs::File::open(path).map_err(|error| {
        Failure::new(format!(
            "{} cannot be read: {error}; name an HTML file or a URL with https://",
            path.display()
        ))
    })?;
    let mut bytes = Vec::new();
    file.take(PAGE_MAX)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), page_url, false))
}

fn parse_url(text: &str) -> Result<Url, Failure> {
    Url::parse(text).map_err(|error| Failure::new(format!("`{text}` is not a URL: {error}")))
}

fn get(agent: &ureq::Agent, url: &Url) -> Result<(u16, String, Option<String>), Failure> {
    let mut response = agent
        .get(url.as_str())
        .call()
        .map_err(|error| Failure::new(format!("{url} cannot be reached: {error}")))?;
    let content_type =
        response.headers().get("content-type").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = response.body_mut().with_config().limit(PAGE_MAX).lossy_utf8(true).read_to_string();
    let body = body.map_err(|error| Failure::new(format!("{url} cannot be read: {error}")))?;
    Ok((response.status().as_u16(), body, content_type))
}

/// Fetches the snippet as the page would, and tries one page view.
fn try_collector(
    agent: &ureq::Agent,
    tag: &Tag,
    page: Option<Url>,
    from_afar: bool,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let page = match page {
        Some(page) => page,
        None => parse_url(&format!("https://{}/", tag.site))?,
    };
    let Ok(src) = page.join(&tag.src) else {
        findings.wrong.push(format!("the tag's src `{}` is not a URL", tag.src));
        return Ok(());
    };
    if let Some(wrong) = not_asked(&src, from_afar) {
        findings.wrong.push(wrong);
        return Ok(());
    }
    match get(agent, &src) {
        Err(failure) => {
            findings.wrong.push(format!("the snippet does not load: {failure}"));
            return Ok(());
        }
        Ok((200, body, content_type)) => {
            if content_type.is_some_and(|content_type| content_type.contains("javascript")) {
                findings.good.push(format!("the snippet loads from {src} ({} bytes)", body.len()));
            } else {
                findings.wrong.push(format!("{src} does not answer with JavaScript"));
            }
            check_integrity(tag, &body, findings);
        }
        Ok((status, ..)) => findings.wrong.push(format!("the snippet does not load: {src} answers {status}")),
    }
    let api = match &tag.api {
        Some(api) => page.join(api).map_err(|_| Failure::new(format!("data-api `{api}` is not a URL")))?,
        None => src.join("api/event").map_err(|error| Failure::new(error.to_string()))?,
    };
    if let Some(wrong) = not_asked(&api, from_afar) {
        findings.wrong.push(wrong);
        return Ok(());
    }
    try_event(agent, tag, &page, &api, findings);
    Ok(())
}

/// Why `url`, which a page names, is not asked: a page of the world has no business with what only this machine or its
/// network can reach, and whoever wrote it may want just that. A page of this machine may name its neighbours.
fn not_asked(url: &Url, from_afar: bool) -> Option<String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Some(format!(
            "{url} is not asked: the tag's src and data-api begin with https:// or http://"
        ));
    }
    (from_afar && is_inner(url))
        .then(|| format!("{url} is not asked: it lies in a private network, and the page does not"))
}

/// Whether a URL's host is by its spelling of this machine or of a private network.
fn is_inner(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let under = |suffix: &str| name == suffix || name.ends_with(&format!(".{suffix}"));
            !name.contains('.')
                || ["localhost", "local", "internal", "lan", "home.arpa"].into_iter().any(under)
        }
        Some(url::Host::Ipv4(address)) => {
            let [a, b, ..] = address.octets();
            let shared = a == 100 && (64..128).contains(&b);
            shared
                || address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
        }
        Some(url::Host::Ipv6(address)) => {
            address.to_ipv4_mapped().is_some()
                || address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
        None => true,
    }
}

fn check_integrity(tag: &Tag, body: &str, findings: &mut Findings) {
    use base64::prelude::{BASE64_STANDARD as STANDARD, Engine as _};
    use sha2::Digest;
    let Some(declared) = &tag.integrity else { return };
    let actual = format!("sha384-{}", STANDARD.encode(sha2::Sha384::digest(body.as_bytes())));
    if declared.split_whitespace().any(|declared| declared == actual) {
        findings.good.push("the tag's integrity fits the snippet".to_owned());
    } else {
        findings.wrong.push(format!(
            "the tag's integrity does not fit, so browsers refuse the snippet; it is {actual}"
        ));
    }
}

#[derive(Deserialize)]
struct Verdict {
    outcomes: Vec<String>,
    stored: Vec<Stored>,
}

#[derive(Deserialize)]
struct Stored {
    rung: String,
    channel: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    detail: String,
}

fn try_event(agent: &ureq::Agent, tag: &Tag, page: &Url, api: &Url, findings: &mut Findings) {
    let mut consent = serde_json::Map::new();
    match tag.consent.as_deref() {
        Some("granted") => consent.extend([
            ("m".to_owned(), 1.into()),
            ("q".to_owned(), 1.into()),
            ("s".to_owned(), "tag".into()),
        ]),
        Some("measured") => consent.extend([("m".to_owned(), 1.into()), ("s".to_owned(), "tag".into())]),
        Some("denied") => consent.extend([("m".to_owned(), 0.into()), ("s".to_owned(), "tag".into())]),
        _ => {}
    }
    let event = serde_json::json!({ "n": "pageview", "u": page.as_str(), "d": tag.site, "c": consent });
    let mut url = api.clone();
    url.set_query(Some("dry-run=1"));
    let origin = page.origin().ascii_serialization();
    let sent =
        agent.post(url.as_str()).header("origin", &origin).content_type("text/plain").send(event.to_string());
    let mut response = match sent {
        Ok(response) => response,
        Err(error) => {
            return findings.wrong.push(format!("events do not arrive: {api} cannot be reached: {error}"));
        }
    };
    let body = response
        .body_mut()
        .with_config()
        .limit(64 * 1024)
        .lossy_utf8(true)
        .read_to_string()
        .unwrap_or_default();
    match response.status().as_u16() {
        200 => match serde_json::from_str::<Verdict>(&body) {
            Ok(verdict) => {
                for stored in &verdict.stored {
                    let channel = stored.channel.as_deref().unwrap_or("none");
                    findings.good.push(format!(
                        "a page view would be stored (consent: {}, channel: {channel})",
                        stored.rung
                    ));
                }
                for reason in verdict.outcomes.iter().filter(|outcome| *outcome != "stored") {
                    findings.wrong.push(format!("a page view would not be stored: {reason}"));
                }
            }
            Err(_) => findings.wrong.push(format!("{api} answers, but not as MQLite does")),
        },
        status => {
            let detail = serde_json::from_str(&body).map(|problem: Problem| problem.detail);
            findings.wrong.push(format!(
                "a page view would be refused ({status}): {}",
                detail.unwrap_or_else(|_| "no reason given".to_owned())
            ));
        }
    }
}

fn print(findings: &Findings) -> Result<(), Failure> {
    for (mark, lines) in
        [("ok   ", &findings.good), ("maybe", &findings.doubtful), ("wrong", &findings.wrong)]
    {
        for line in lines {
            // Much of it is the page's own words.
            say(format_args!("{mark}  {}", tame(line).replace('\n', " ")))?;
        }
    }
    match findings.wrong.len() {
        0 => say("The tag works."),
        n => Err(Failure::new(format!("{n} to put right; run the same command again afterwards"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_the_world_names_nothing_within() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        for within in [
            "http://localhost:8787/mq.js",
            "http://127.0.0.1/mq.js",
            "http://2130706433/mq.js",
            "http://0x7f.1/mq.js",
            "http://[::1]/mq.js",
            "http://[::ffff:127.0.0.1]/mq.js",
            "http://10.0.0.1/mq.js",
            "http://192.168.1.1/mq.js",
            "http://169.254.169.254/latest/meta-data/",
            "http://100.64.0.1/mq.js",
            "http://[fd00::1]/mq.js",
            "http://[fe80::1]/mq.js",
            "http://0.0.0.0/mq.js",
            "http://router/mq.js",
            "http://metadata.google.internal/mq.js",
            "http://LOCALHOST./mq.js",
        ] {
            assert!(not_asked(&url(within), true).is_some(), "{within}");
            assert!(not_asked(&url(within), false).is_none(), "{within} for a page of this machine");
        }
        for scheme in ["file:///etc/passwd", "ftp://example.com/mq.js", "data:text/javascript,1"] {
            assert!(not_asked(&url(scheme), false).is_some(), "{scheme}");
        }
        for public in
            ["https://stats.example.com/mq.js", "https://192.0.2.1/mq.js", "https://[2001:db8::1]/mq.js"]
        {
            assert!(not_asked(&url(public), true).is_none(), "{public}");
        }
    }
}
