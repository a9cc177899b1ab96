//! Answers. Invariant: an answer is taken for one only when its head and its length are as RFC 9112 has them, and it
//! keeps what the collector promises of every answer.

use serde_json::Value;

/// An answer that is whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Bytes of head and body.
    pub(crate) length: usize,
    /// Whether the other side ends the connection after it.
    pub(crate) last: bool,
}

/// What the beginning of `bytes` is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// Not whole yet.
    More,
    Whole(Answer),
}

/// Reads the first answer. `head`: it has no body, whatever it declares.
///
/// # Errors
/// Says which promise it breaks.
pub(crate) fn read(bytes: &[u8], head: bool, framed: bool) -> Result<Read, String> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return if bytes.len() > 64 * 1024 {
            Err("a head without an end".to_owned())
        } else {
            Ok(Read::More)
        };
    };
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| "a head that is no text".to_owned())?;
    let mut lines = text.split("\r\n");
    let status: u16 = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 ")))
        .and_then(|rest| rest.get(..3)?.parse().ok())
        .ok_or("no status line")?;
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(": ").ok_or_else(|| format!("the header {line:?}"))?;
        let token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || !name.bytes().all(token) || value.chars().any(char::is_control) {
            return Err(format!("the header {line:?}"));
        }
        headers.push((name.to_ascii_lowercase(), value));
    }
    let one = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    let lengths = headers.iter().filter(|(name, _)| name == "content-length").count();
    if lengths > 1 || headers.iter().any(|(name, value)| name == "set-cookie" && value.contains("hostile")) {
        return Err("a header that the request has put in".to_owned());
    }
    let at = end + 4;
    let body = if head || matches!(status, 100..=199 | 204 | 304) {
        Some((0, Vec::new()))
    } else if one("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        unchunked(&bytes[at..])?
    } else {
        let length: usize = match one("content-length") {
            Some(length) => length.parse().map_err(|_| format!("the length {length}"))?,
            None => return Err("no length".to_owned()),
        };
        bytes.get(at..at + length).map(|body| (length, body.to_vec()))
    };
    let Some((length, body)) = body else { return Ok(Read::More) };
    check(status, &one, &body, head, framed)?;
    let last = one("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Ok(Read::Whole(Answer { status, length: at + length, last }))
}

/// The length on the wire of a body of chunks, and the body; `None` when it is not whole yet.
fn unchunked(mut bytes: &[u8]) -> Result<Option<(usize, Vec<u8>)>, String> {
    let (all, mut body) = (bytes.len(), Vec::new());
    loop {
        let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
        let size =
            std::str::from_utf8(&bytes[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.ok_or("a chunk without a length")?;
        let Some(chunk) = bytes.get(end + 2..end + 2 + size + 2) else { return Ok(None) };
        if !chunk.ends_with(b"\r\n") {
            return Err("a chunk that is longer than it says".to_owned());
        }
        body.extend_from_slice(&chunk[..size]);
        bytes = &bytes[end + 2 + size + 2..];
        if size == 0 {
            return Ok(Some((all - bytes.len(), body)));
        }
    }
}

/// What is promised of every answer.
fn check<'a>(
    status: u16,
    one: &dyn Fn(&str) -> Option<&'a str>,
    body: &[u8],
    head: bool,
    framed: bool,
) -> Result<(), String> {
    let text = || String::from_utf8_lossy(body).into_owned();
    match status {
        // What is no request may be told so.
        501 | 505 if !framed => return Ok(()),
        503 if one("retry-after").is_none() => return Err(format!("503 without Retry-After: {}", text())),
        503 if text().contains("storage cannot be used") => return Err(format!("storage fails: {}", text())),
        503 | 200..=499 => {}
        status => return Err(format!("the status {status}: {}", text())),
    }
    if !framed {
        return Ok(());
    }
    if status >= 200 && one("x-content-type-options") != Some("nosniff") {
        return Err(format!("{status} without nosniff"));
    }
    if status >= 400 && !head {
        let problem: Value = serde_json::from_slice(body)
            .map_err(|error| format!("{status} is no problem ({error}): {}", text()))?;
        let said = problem["detail"].as_str().unwrap_or_default();
        if problem["status"] != status || said.trim().is_empty() || body.len() > 16 * 1024 {
            return Err(format!("{status} as {}", text()));
        }
        if one("content-type") != Some("application/problem+json") {
            return Err(format!("{status} of another type"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Result<Read, String> {
        read(text.as_bytes(), false, true)
    }

    const HEAD: &str = "HTTP/1.1 200 OK\r\nx-content-type-options: nosniff\r\n";

    #[test]
    fn an_answer_is_whole_when_its_body_is_there() {
        let text = format!("{HEAD}content-length: 2\r\n\r\nok");
        let is = |length| Ok(Read::Whole(Answer { status: 200, length, last: false }));
        assert_eq!(whole(&text), is(text.len()));
        assert_eq!(whole(&format!("{text}HTTP/1.1 ")), is(text.len()));
        assert_eq!(whole(&text[..text.len() - 1]), Ok(Read::More));
        let chunked = format!("{HEAD}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
        assert_eq!(whole(&chunked), is(chunked.len()));
        for cut in 1..12 {
            assert_eq!(whole(&chunked[..chunked.len() - cut]), Ok(Read::More), "{cut}");
        }
    }

    #[test]
    fn what_no_answer_may_be_is_said() {
        let problem = |status: u16| format!(r#"{{"status":{status},"detail":"It is so."}}"#);
        let answer = |status: u16, more: &str, body: &str| {
            whole(&format!(
                "HTTP/1.1 {status} X\r\nx-content-type-options: nosniff\r\n{more}content-length: {}\r\n\r\n{body}",
                body.len()
            ))
        };
        let json = "content-type: application/problem+json\r\n";
        assert!(answer(404, json, &problem(404)).is_ok());
        assert!(answer(503, &format!("{json}retry-after: 1\r\n"), &problem(503)).is_ok());
        for (status, more, body) in [
            (500, json.to_owned(), problem(500)),
            (503, json.to_owned(), problem(503)),
            (404, json.to_owned(), problem(400)),
            (404, String::new(), problem(404)),
            (404, json.to_owned(), "no".to_owned()),
            (200, "set-cookie: hostile=1\r\n".to_owned(), String::new()),
            (200, "content-length: 9\r\n".to_owned(), String::new()),
            (200, "no header\r\n".to_owned(), String::new()),
        ] {
            assert!(answer(status, &more, &body).is_err(), "{status} {more} {body}");
        }
        assert!(whole("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_err(), "may be sniffed");
        assert!(whole("nonsense\r\n\r\n").is_err());
    }
}
