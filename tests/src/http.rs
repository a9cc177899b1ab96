//! Plain HTTP, as any client speaks it. Invariant: it follows no redirect, uses no proxy and decodes
//! nothing, so that a test sees what was answered.

use serde_json::Value;
use std::time::Duration;
use ureq::http::{HeaderMap, Method};

/// A request in the making.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Begins a request.
///
/// # Panics
/// When `method` is none.
pub fn request(method: &str, url: impl Into<String>) -> Request {
    let method = method.parse().expect("a method");
    Request { method, url: url.into(), headers: Vec::new(), body: Vec::new() }
}

/// A new set of connections.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent("")
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .new_agent()
}

impl Request {
    /// Adds a header, in the place of an earlier one of that name.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Leaves a header out.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it on a connection of its own.
    ///
    /// # Panics
    /// When no answer comes.
    #[track_caller]
    pub fn send(self) -> Answer {
        let shown = format!("{} {}", self.method, self.url);
        self.try_send(&agent()).unwrap_or_else(|error| panic!("{shown} gets no answer: {error}"))
    }

    /// Sends it on one of `agent`'s connections.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub fn try_send(self, agent: &ureq::Agent) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(self.method.clone()).uri(self.url);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let mut response = if matches!(self.method, Method::POST | Method::PUT | Method::PATCH) {
            agent.run(request.body(self.body).map_err(ureq::Error::Http)?)?
        } else {
            agent.run(request.body(()).map_err(ureq::Error::Http)?)?
        };
        let body = response.body_mut().with_config().limit(64 << 20).read_to_vec()?;
        Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body as it came.
    pub body: Vec<u8>,
    headers: HeaderMap,
}

impl Answer {
    /// A header's value, when it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All headers as lines, for a look at everything.
    pub fn head(&self) -> String {
        let lines = self.headers.iter().map(|(name, value)| format!("{name}: {value:?}\n"));
        lines.collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the answer {}: {}", self.status, self.text()))
    }

    /// Itself, when it has this status.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn assert_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Asserts that everything sent was stored.
    ///
    /// # Panics
    /// When it was refused or left out.
    #[track_caller]
    pub fn assert_stored(&self) {
        assert_eq!(self.status, 202, "{}", self.text());
        assert_eq!(self.header("x-mqlite-dropped"), None, "nothing is left out");
    }

    /// Asserts that the answer is 202 and names `reason` for what was left out.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn assert_left_out(&self, reason: &str) {
        assert_eq!(self.status, 202, "{}", self.text());
        assert_eq!(self.header("x-mqlite-dropped"), Some(reason));
    }

    /// The detail and the pointer of a problem with this status, made as RFC 9457 has it.
    ///
    /// # Panics
    /// When it is not such a problem.
    #[track_caller]
    pub fn assert_problem(&self, status: u16) -> Problem {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["status"], status, "{problem}");
        let text = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
        for key in ["type", "title", "detail"] {
            assert!(!text(key).trim().is_empty(), "`{key}` is missing in {problem}");
        }
        Problem { detail: text("detail"), pointer: problem["pointer"].as_str().map(str::to_owned) }
    }
}

/// What a problem says.
#[derive(Debug)]
pub struct Problem {
    /// What is wrong, in a sentence.
    pub detail: String,
    /// Where.
    pub pointer: Option<String>,
}
