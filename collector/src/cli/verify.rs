//! `mqlite verify`: whether a page's tag is right, and why an event would be dropped. Invariant: it only
//! looks; the event that it tries is a dry run and is not kept.

use super::page::{self, Findings, Tag};
use super::{Failure, say};
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
        .http_status_as_error(false)
        .user_agent(AGENT)
        .build()
        .new_agent();
    let (html, url) = load(&agent, arguments)?;
    let (tag, mut findings) = page::read(&html);
    if let Some(tag) = tag {
        findings.good.push(format!("the tag is there, for the site {}", tag.site));
        try_collector(&agent, &tag, url, &mut findings)?;
    }
    print(&findings)
}

fn load(agent: &ureq::Agent, arguments: &Arguments) -> Result<(String, Option<Url>), Failure> {
    let page_url = arguments.page_url.as_deref().map(parse_url).transpose()?;
    if arguments.page.starts_with("http://") || arguments.page.starts_with("https://") {
        let url = parse_url(&arguments.page)?;
        let (status, html, _) = get(agent, &url)?;
        if status != 200 {
            return Err(Failure::new(format!("{url} answers {status}; name a page that is there")));
        }
        return Ok((html, Some(page_url.unwrap_or(url))));
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
    Ok((String::from_utf8_lossy(&bytes).into_owned(), page_url))
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
    try_event(agent, tag, &page, &api, findings);
    Ok(())
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
            say(format_args!("{mark}  {line}"))?;
        }
    }
    match findings.wrong.len() {
        0 => say("The tag works."),
        n => Err(Failure::new(format!("{n} to put right; run the same command again afterwards"))),
    }
}
