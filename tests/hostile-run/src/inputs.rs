//! One input: the bytes of a request, and what may come back. Invariant: made from the random numbers alone; what is
//! framed as HTTP asks for is answered once, and what is not ends its connection.

use crate::dictionary as words;
use crate::requests::{Body, Request, Who};
use crate::routes::{self, Route};
use fastrand::Rng;

/// How an input leaves its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// One answer, and the connection goes on.
    Whole,
    /// Nothing that follows it on its connection can be told apart from it.
    Broken,
}

/// An input.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) bytes: Vec<u8>,
    pub(crate) framing: Framing,
    /// Whether it asks for the head alone. Then it is sent by itself: of requests that come one behind the other
    /// actix-http 3.20 takes the method of the newest for that of the one it answers (h1/codec.rs, `Flags::HEAD`).
    pub(crate) head: bool,
}

/// What inputs are made with.
pub(crate) struct Maker {
    rng: Rng,
    routes: Vec<Route>,
    weights: u32,
    who: Who,
}

impl Maker {
    pub(crate) fn new(seed: u64, who: Who) -> Self {
        let routes = routes::all();
        let weights = routes.iter().map(|route| route.weight).sum();
        Self { rng: Rng::with_seed(seed), routes, weights, who }
    }

    /// The next input.
    pub(crate) fn make(&mut self) -> Input {
        let mut at = self.rng.u32(0..self.weights);
        let route = self.routes.iter().find(|route| {
            let found = at < route.weight;
            at = at.saturating_sub(route.weight);
            found
        });
        let route = route.or(self.routes.first()).cloned();
        let Some(route) = route else { return Input::nothing() };
        let mut request = Request::to(&route, &self.who, &mut self.rng);
        self.bend(&mut request, &route);
        // Few: each costs a connection.
        if self.rng.u32(0..100) == 0 {
            return self.broken(&request);
        }
        Input { head: request.method == "HEAD", framing: Framing::Whole, bytes: request.bytes(&mut self.rng) }
    }

    /// Up to three things about a request that are not as they should be.
    fn bend(&mut self, request: &mut Request, route: &Route) {
        let rng = &mut self.rng;
        for _ in 0..rng.u32(0..4) {
            match rng.u32(0..12) {
                0 => request.method = choice(rng, words::METHODS).to_owned(),
                1 => {
                    let (name, value) = (choice(rng, words::HEADERS), header_value(rng));
                    request.headers.push((name.to_owned(), value));
                }
                2 => {
                    let name = choice(rng, words::HEADERS);
                    let length = 1 << rng.u32(0..13);
                    request.headers.push((name.to_owned(), "x".repeat(length)));
                }
                3 => {
                    let count = 1 << rng.u32(0..5);
                    request.headers.extend((0..count).map(|n| (format!("x-h{n}"), String::new())));
                }
                4 => request.parameter(choice(rng, words::PARAMETERS), choice(rng, words::TEXTS)),
                5 => request.parameter(choice(rng, words::PARAMETERS), choice(rng, words::VALUES)),
                6 => request.path = bent_path(rng, &request.path),
                7 => request.content_type = Some(choice(rng, words::TYPES).to_owned()),
                8 => request.content_type = None,
                9 => {
                    request.cookie = Some(bent(rng, request.cookie.as_deref().unwrap_or("mqlite_session=0")))
                }
                // A body where none is asked for, and none where one is.
                10 => request.body = if rng.bool() { Body::None } else { Body::any(route, rng) },
                _ => request.chunked = !request.chunked,
            }
        }
        // Nobody ends the session that the run has need of.
        if request.method == "DELETE" && request.path.contains("session") {
            request.cookie = None;
        }
    }

    /// A request that does not say where it ends, or says it twice, or is none.
    fn broken(&mut self, request: &Request) -> Input {
        let bytes = request.bytes(&mut self.rng);
        let rng = &mut self.rng;
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0);
        let insert = |line: &str| {
            let mut bytes = bytes.clone();
            bytes.splice(head..head, format!("\r\n{line}").into_bytes());
            bytes
        };
        let bytes = match rng.u32(0..10) {
            0 => insert(&format!("content-length: {}", choice(rng, words::TEXTS))),
            1 => insert("content-length: 0\r\ncontent-length: 5"),
            2 => insert("transfer-encoding: chunked\r\ncontent-length: 7"),
            3 => insert(&format!(
                "transfer-encoding: {}",
                choice(rng, &["xchunked", "chunked, identity", "gzip", ""])
            )),
            4 => insert("x: y\r\n folded: z"),
            5 => insert("a space : b"),
            6 => bytes[..rng.usize(0..=bytes.len())].to_vec(),
            7 => {
                let mut bytes = bytes;
                for _ in 0..rng.usize(1..8) {
                    if let Some(byte) = rng.choice(0..head.max(1)).and_then(|at| bytes.get_mut(at)) {
                        *byte = rng.u8(..);
                    }
                }
                bytes
            }
            8 => (0..rng.usize(0..600)).map(|_| rng.u8(..)).collect(),
            _ => insert(&format!("x-long: {}", "x".repeat(1 << rng.u32(10..18)))),
        };
        // What was bent may be the method.
        Input { head: bytes.starts_with(b"HEAD "), framing: Framing::Broken, bytes }
    }
}

impl Input {
    fn nothing() -> Self {
        Self { bytes: Vec::new(), framing: Framing::Broken, head: false }
    }
}

/// One of them.
pub(crate) fn choice<'w>(rng: &mut Rng, words: &[&'w str]) -> &'w str {
    rng.choice(words).copied().unwrap_or_default()
}

/// A text with some of its characters changed.
pub(crate) fn bent(rng: &mut Rng, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(0..=letters.len());
        match rng.u32(0..4) {
            0 => letters.insert(at, rng.char(..)),
            1 if at < letters.len() => drop(letters.remove(at)),
            2 => letters.splice(at..at, choice(rng, words::TEXTS).chars()).for_each(drop),
            _ => letters.truncate(at),
        }
    }
    letters.into_iter().collect()
}

fn bent_path(rng: &mut Rng, path: &str) -> String {
    let text = choice(rng, words::TEXTS);
    let encoded = crate::requests::encoded(text);
    let bent = match rng.u32(0..5) {
        0 => format!("{path}/{encoded}"),
        1 => format!("/{encoded}{path}"),
        2 => path.replace('/', "//"),
        3 => format!("{path}/{}", "a".repeat(1 << rng.u32(0..12))),
        _ => crate::requests::encoded(&bent(rng, path)).replace("%2F", "/"),
    };
    if bent.starts_with('/') { bent } else { format!("/{bent}") }
}

fn header_value(rng: &mut Rng) -> String {
    match rng.u32(0..3) {
        0 => choice(rng, words::TEXTS).to_owned(),
        1 => choice(rng, words::HEADER_VALUES).to_owned(),
        _ => {
            let value = choice(rng, words::HEADER_VALUES);
            bent(rng, value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_inputs() {
        let made = |seed| {
            let mut maker = Maker::new(seed, Who::default());
            (0..500).map(|_| maker.make().bytes).collect::<Vec<_>>()
        };
        assert_eq!(made(7), made(7));
        assert_ne!(made(7), made(8));
        let distinct: std::collections::HashSet<_> = made(7).into_iter().collect();
        assert!(distinct.len() > 495, "nearly no two are alike: {}", distinct.len());
    }

    #[test]
    fn a_whole_request_says_where_it_ends() {
        let mut maker = Maker::new(3, Who::default());
        for _ in 0..2_000 {
            let input = maker.make();
            if input.framing == Framing::Broken {
                continue;
            }
            let text = String::from_utf8_lossy(&input.bytes).into_owned();
            let (head, body) = text.split_once("\r\n\r\n").expect("a head ends");
            assert!(!head.contains('\0') && head.lines().all(|line| line.is_ascii()), "{head}");
            let lengths = head.matches("\r\ncontent-length: ").count();
            let chunked = head.contains("\r\ntransfer-encoding: chunked");
            assert!(lengths + usize::from(chunked) <= 1, "{head}");
            assert!(lengths == 1 || chunked || body.is_empty(), "{text}");
            assert!(!chunked || body.ends_with("0\r\n\r\n"), "{text}");
        }
    }
}
