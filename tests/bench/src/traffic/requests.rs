//! From visits to the bytes of HTTP requests. Promise: a request costs the load generator a copy and a few
//! random digits, so that what is measured is the server.

use super::visits::{Body, Fresh, Visit, visits};
use super::{BATCH, SITE};
use fastrand::Rng;

/// Visits made in advance; they are sent again and again, each time as others.
const VISITS: usize = 4_000;
const HEX: &[u8; 16] = b"0123456789abcdef";

/// A request in which some bytes are made anew each time.
#[derive(Debug)]
struct Template {
    bytes: Vec<u8>,
    fresh: Vec<(usize, Fresh)>,
    /// Whether another client sends it than the one before.
    begins: bool,
}

/// Requests without an end.
#[derive(Debug)]
pub(crate) struct Feed {
    templates: Vec<Template>,
    next: usize,
    address: [u8; 15],
    rng: Rng,
}

impl Feed {
    /// One event a request.
    pub(crate) fn single(seed: u64) -> Self {
        Self::new(seed, visits(seed, VISITS).iter().flat_map(|visit| one_by_one(visit, "")).collect())
    }

    /// The same, each from a user agent that was never seen before.
    pub(crate) fn unseen_agents(seed: u64) -> Self {
        let visits = visits(seed, VISITS);
        Self::new(seed, visits.iter().flat_map(|visit| one_by_one(visit, " Build/UUUUUUUU")).collect())
    }

    /// Fifty events a request.
    pub(crate) fn batches(seed: u64) -> Self {
        let visits = visits(seed, VISITS);
        let all: Vec<(&Visit, &Body)> =
            visits.iter().flat_map(|visit| visit.bodies.iter().map(move |body| (visit, body))).collect();
        let batch = |chunk: &[(&Visit, &Body)]| {
            let (mut text, mut fresh) = (String::from("["), Vec::new());
            for (_, body) in chunk {
                if text.len() > 1 {
                    text.push(',');
                }
                fresh.extend(body.fresh.iter().map(|(at, what)| (at + text.len(), *what)));
                text.push_str(&body.text);
            }
            text.push(']');
            template(chunk[0].0.agent, "", false, true, &Body { text, fresh })
        };
        Self::new(seed, all.chunks_exact(BATCH).map(batch).collect())
    }

    fn new(seed: u64, templates: Vec<Template>) -> Self {
        // What is fresh differs from run to run: ids must not repeat on a database that is used again.
        Self {
            templates,
            next: 0,
            address: *b"128.100.100.100",
            rng: Rng::with_seed(seed ^ fastrand::u64(..)),
        }
    }

    /// Writes the next request into `buffer`.
    pub(crate) fn write(&mut self, buffer: &mut Vec<u8>) {
        let template = &self.templates[self.next];
        self.next = (self.next + 1) % self.templates.len();
        if template.begins {
            self.address = address(&mut self.rng);
        }
        buffer.clear();
        buffer.extend_from_slice(&template.bytes);
        renew(buffer, &template.fresh, &self.address, &mut self.rng);
    }
}

/// Makes anew what is to be made anew in `bytes`.
pub(crate) fn renew(bytes: &mut [u8], fresh: &[(usize, Fresh)], address: &[u8; 15], rng: &mut Rng) {
    for (at, what) in fresh {
        match what {
            Fresh::Id => digits(&mut bytes[*at..at + 32], rng),
            Fresh::Person => digits(&mut bytes[*at..at + 16], rng),
            Fresh::Agent => digits(&mut bytes[*at..at + 8], rng),
            Fresh::Address => bytes[*at..at + 15].copy_from_slice(address),
        }
    }
}

fn digits(bytes: &mut [u8], rng: &mut Rng) {
    for eight in bytes.chunks_mut(8) {
        let drawn = rng.u32(..).to_le_bytes();
        for (pair, byte) in eight.chunks_mut(2).zip(drawn) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
    }
}

/// An address whose every number has three digits: one of two billion, in one of two million networks.
pub(crate) fn address(rng: &mut Rng) -> [u8; 15] {
    let mut address = *b"000.000.000.000";
    let numbers = [rng.u8(128..=223), rng.u8(100..=255), rng.u8(100..=255), rng.u8(100..=255)];
    for (place, number) in address.chunks_mut(4).zip(numbers) {
        place[0] = b'0' + number / 100;
        place[1] = b'0' + number / 10 % 10;
        place[2] = b'0' + number % 10;
    }
    address
}

fn one_by_one(visit: &Visit, agent_tail: &str) -> Vec<Template> {
    let template = |(index, body)| template(visit.agent, agent_tail, visit.gpc, index == 0, body);
    visit.bodies.iter().enumerate().map(template).collect()
}

/// A request as a browser sends it and a reverse proxy passes it on.
fn template(agent: &str, agent_tail: &str, gpc: bool, begins: bool, body: &Body) -> Template {
    let gpc = if gpc { "Sec-GPC: 1\r\n" } else { "" };
    let head = format!(
        "POST /api/event HTTP/1.1\r\nHost: stats.{SITE}\r\nX-Forwarded-For: AAAAAAAAAAAAAAA\r\n\
         User-Agent: {agent}{agent_tail}\r\nAccept: */*\r\nAccept-Language: de-DE,de;q=0.9,en;q=0.8\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\nContent-Type: text/plain;charset=UTF-8\r\n\
         Content-Length: {}\r\nOrigin: https://{SITE}\r\nReferer: https://{SITE}/\r\n\
         Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-site\r\n{gpc}\r\n",
        body.text.len(),
    );
    let mut fresh: Vec<(usize, Fresh)> =
        body.fresh.iter().map(|(at, what)| (at + head.len(), *what)).collect();
    fresh.extend(head.find("AAAAAAAAAAAAAAA").map(|at| (at, Fresh::Address)));
    fresh.extend(head.find("UUUUUUUU").map(|at| (at, Fresh::Agent)));
    Template { bytes: (head + &body.text).into_bytes(), fresh, begins }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn sent(mut feed: Feed, count: usize) -> Vec<String> {
        let mut buffer = Vec::new();
        let mut next = || {
            feed.write(&mut buffer);
            String::from_utf8(buffer.clone()).expect("text")
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn every_request_is_whole_and_has_an_id_of_its_own() {
        let mut ids = BTreeSet::new();
        for (requests, events) in [
            (sent(Feed::single(1), 12_000), 1),
            (sent(Feed::unseen_agents(1), 500), 1),
            (sent(Feed::batches(1), 200), BATCH),
        ] {
            for request in requests {
                for placeholder in ["IIIIIIII", "PPPPPPPP", "AAAAAAAA", "UUUUUUUU"] {
                    assert!(!request.contains(placeholder), "{request}");
                }
                let (head, body) = request.split_once("\r\n\r\n").expect("a head");
                assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
                let (parsed, _) = mqlite::ingest::wire::parse(body.as_bytes()).expect("valid");
                assert_eq!(parsed.len(), events);
                for event in parsed {
                    assert!(ids.insert(event.k.expect("an id").into_owned()));
                }
            }
        }
    }
}
