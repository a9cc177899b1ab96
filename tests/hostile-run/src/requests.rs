//! Requests as they should be, before they are bent. Invariant: what is written says once where it ends, and its head
//! is ASCII without control characters.

use crate::dictionary as words;
use crate::inputs::{bent, choice};
use crate::routes::Route;
use fastrand::Rng;
use serde_json::{Value, json};

/// What the maker knows of who is let in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Who {
    /// Cookies of sessions that live.
    pub(crate) cookies: Vec<String>,
    /// Keys of leads that are there, hashes of models, numbers of publications.
    pub(crate) known: Vec<String>,
}

/// A body.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    None,
    Bytes(Vec<u8>),
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    parameters: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) cookie: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Body,
    pub(crate) chunked: bool,
}

const NOBODY: &str = "00000000000000000000000000000000";
/// Seeds of the fuzz target `wire`, good and bad.
const EVENTS: [&str; 6] = [
    include_str!("../../fuzz/corpus/wire/lead_granted.json"),
    include_str!("../../fuzz/corpus/wire/campaign.json"),
    include_str!("../../fuzz/corpus/wire/props.json"),
    include_str!("../../fuzz/corpus/wire/batch_mixed.json"),
    include_str!("../../fuzz/corpus/wire/revenue.json"),
    include_str!("../../fuzz/corpus/wire/escapes.json"),
];
const MODEL: &str = include_str!("../../fuzz/corpus/model/small.toml");

impl Request {
    /// What a client of this route sends.
    pub(crate) fn to(route: &Route, who: &Who, rng: &mut Rng) -> Self {
        let mut request = Self {
            method: route.method.to_owned(),
            path: path(route.path, who, rng),
            parameters: Vec::new(),
            headers: Vec::new(),
            cookie: None,
            content_type: None,
            body: Body::None,
            chunked: rng.u32(0..10) == 0,
        };
        let stranger = format!("{}.{}.{}.{}", rng.u8(1..224), rng.u8(..), rng.u8(..), rng.u8(1..255));
        request.headers.push(("x-forwarded-for".to_owned(), stranger));
        request.headers.push(("user-agent".to_owned(), choice(rng, words::AGENTS).to_owned()));
        if route.path.starts_with("/api/v1/") {
            if rng.u32(0..10) < 8 {
                request.cookie = rng.choice(&who.cookies).cloned();
            }
            request.parameter("site", if rng.u32(0..8) == 0 { "example.org" } else { "example.com" });
            for _ in 0..rng.u32(0..3) {
                request.parameter(choice(rng, words::PARAMETERS), choice(rng, words::VALUES));
            }
        }
        if route.method == "POST" {
            request.body = Body::any(route, rng);
            let json = route.path.starts_with("/api/v1/") || rng.bool();
            request.content_type = Some(if json { "application/json" } else { "text/plain" }.to_owned());
        }
        request
    }

    /// A further parameter of the query.
    pub(crate) fn parameter(&mut self, name: &str, value: &str) {
        self.parameters.push((name.to_owned(), value.to_owned()));
    }

    /// As it goes over the wire.
    pub(crate) fn bytes(&self, rng: &mut Rng) -> Vec<u8> {
        let query: Vec<String> = self
            .parameters
            .iter()
            .map(|(name, value)| {
                format!(
                    "{}={}",
                    encoded(name),
                    if value.contains('%') { value.replace(' ', "+") } else { encoded(value) }
                )
            })
            .collect();
        let mut target = self.path.clone();
        if !query.is_empty() {
            target = format!("{target}?{}", query.join("&"));
        }
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: stats.example.com\r\n",
            self.method,
            plain(&target).replace(' ', "+")
        );
        let cookie = self.cookie.iter().map(|cookie| ("cookie", cookie));
        let content_type = self.content_type.iter().map(|value| ("content-type", value));
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value));
        for (name, value) in own.chain(cookie).chain(content_type) {
            head.push_str(&format!("{name}: {}\r\n", plain(value)));
        }
        let Body::Bytes(body) = &self.body else {
            // An empty body of chunks is one, too; of a method that has none it is not sent.
            return format!("{head}\r\n").into_bytes();
        };
        if !self.chunked {
            return [format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
        }
        let mut bytes = format!("{head}transfer-encoding: chunked\r\n\r\n").into_bytes();
        let mut rest = body.as_slice();
        while !rest.is_empty() {
            let most = rest.len().min(1 << rng.u32(0..16));
            let length = rng.usize(1..=most);
            let (chunk, more) = rest.split_at(length);
            bytes.extend_from_slice(format!("{length:x}\r\n").as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
            rest = more;
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        bytes
    }
}

/// What may stand in a head: printable ASCII, and no more of it than a head may hold.
fn plain(text: &str) -> String {
    text.chars().filter(|c| (' '..='~').contains(c)).take(16_000).collect()
}

/// Percent-encoded, but for what stands for itself anywhere.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The route's path with something in the place of each part in braces.
fn path(route: &str, who: &Who, rng: &mut Rng) -> String {
    let parts = route.split('/').map(|part| {
        let Some((before, _)) = part.split_once('{') else { return part.to_owned() };
        let after = part.rsplit_once('}').map_or("", |(_, after)| after);
        let value = match rng.u32(0..6) {
            0..3 => rng.choice(&who.known).cloned().unwrap_or_else(|| NOBODY.to_owned()),
            3 => rng.u32(0..4).to_string(),
            4 => NOBODY.repeat(2),
            _ => encoded(choice(rng, words::TEXTS)),
        };
        format!("{before}{value}{after}")
    });
    parts.collect::<Vec<_>>().join("/")
}

impl Body {
    /// Something that the route might read, bent in every second case.
    pub(crate) fn any(route: &Route, rng: &mut Rng) -> Self {
        let text = match route.path {
            "/api/event" | "/api/ask" => event(rng),
            path => acted(path, rng).to_string(),
        };
        let mut bytes = text.into_bytes();
        if rng.bool() {
            bend(&mut bytes, rng);
        }
        // Now and then one that is too large, or nearly.
        if rng.u32(0..20_000) == 0 {
            bytes = bytes.repeat((300 << 10) / bytes.len().max(1) + 1);
        }
        Self::Bytes(bytes)
    }
}

fn event(rng: &mut Rng) -> String {
    let mut text = choice(rng, &EVENTS).to_owned();
    if rng.bool() {
        let id: String = (0..32).map(|_| rng.digit(16)).collect();
        text = json!({ "n": choice(rng, &["pageview", "engagement", "demo_request", "404", ""]), "d": "example.com",
            "u": format!("https://example.com/{}?utm_source={}", choice(rng, words::TEXTS), choice(rng, words::TEXTS)),
            "r": choice(rng, words::TEXTS), "k": id, "p": { choice(rng, words::TEXTS): choice(rng, words::TEXTS) },
            "c": { "m": rng.u8(0..2), "q": rng.u8(0..2), "s": "tag" },
            // Some thousand people, again and again.
            "l": { "h": format!("{:064x}", rng.u32(0..20_000)), "d": choice(rng, &["acme.example", "free", ""]), "q": 1,
                "f": { "company": choice(rng, words::TEXTS), "job_title": choice(rng, words::TEXTS) } } })
        .to_string();
    }
    text
}

/// What somebody who is let in asks for.
fn acted(path: &str, rng: &mut Rng) -> Value {
    let person = json!({ "site": "example.com", "key": NOBODY, "dry_run": true, "restricted": true });
    match path.rsplit('/').next().unwrap_or_default() {
        "session" => json!({ "password": choice(rng, words::TEXTS), "role": "auditor" }),
        "setup" => json!({ "token": NOBODY, "password": choice(rng, words::TEXTS) }),
        "models" => json!({ "text": bent(rng, MODEL) }),
        "simulate" => json!({ "model": bent(rng, MODEL), "from": choice(rng, words::VALUES) }),
        "publish" => json!({ "announce": true }),
        "stage" => {
            json!({ "from": "lead", "to": choice(rng, words::VALUES), "reason": choice(rng, words::TEXTS) })
        }
        "overrides" => json!({ "effect": "fit", "points": rng.i64(..), "until": choice(rng, words::TEXTS),
            "reason": choice(rng, words::TEXTS) }),
        "run" => json!({ "dry_run": true }),
        "receipt" => {
            json!({ "receipt": NOBODY, "action": "erase", "site": "example.com", "at": "2026-11-22T10:00:00Z",
            "counts": {}, "entry": { "seq": rng.i64(..), "hash": NOBODY.repeat(2) } })
        }
        "find" | "export" => json!({ "site": "example.com", "email": choice(rng, words::TEXTS) }),
        _ => person,
    }
}

fn bend(bytes: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..rng.usize(1..5) {
        let at = rng.usize(0..=bytes.len());
        match rng.u32(0..7) {
            0 if at < bytes.len() => bytes[at] = rng.u8(..),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 => bytes.insert(at, *rng.choice(b"{}[]\",:\\0-eE\x00\xff").unwrap_or(&b'{')),
            3 => bytes.splice(at..at, choice(rng, words::TEXTS).bytes()).for_each(drop),
            4 => bytes.truncate(at),
            5 => {
                let end = (at + rng.usize(0..40)).min(bytes.len());
                let piece = bytes[at..end].repeat(rng.usize(1..20));
                bytes.splice(at..at, piece).for_each(drop);
            }
            _ => bytes.splice(at..at, b"[".repeat(rng.usize(1..200))).for_each(drop),
        }
    }
}
