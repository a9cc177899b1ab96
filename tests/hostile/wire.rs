//! Nonsense on the wire. Invariant: whatever would be an event in it asks for the path `/smuggled`, and none
//! of it is a request that an honest client sends.

use mqlite_tests::{FIREFOX, SITE, pageview};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Opens a connection and sends these bytes, and no more.
pub(crate) fn begin(base: &str, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).expect("somebody listens");
    stream.write_all(bytes).expect("it takes a little");
    stream
}

/// What the other side says until it ends the connection.
pub(crate) fn rest(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer);
    assert!(
        ended.as_ref().map_or_else(|error| error.kind() != std::io::ErrorKind::WouldBlock, |_| true),
        "it holds the connection for a minute: {ended:?}"
    );
    String::from_utf8_lossy(&answer).into_owned()
}

/// A whole, good request for an event that must not be stored.
fn hidden() -> String {
    let body = pageview("/smuggled").body();
    format!(
        "POST /api/event HTTP/1.1\r\nhost: x\r\norigin: https://{SITE}\r\nuser-agent: {FIREFOX}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn request(headers: &str, body: &str) -> Vec<u8> {
    format!("POST /api/event HTTP/1.1\r\nhost: x\r\nuser-agent: {FIREFOX}\r\n{headers}\r\n\r\n{body}")
        .into_bytes()
}

/// Two requests for one server, and one for another that reads lengths differently.
pub(crate) fn smuggled() -> Vec<(&'static str, Vec<u8>)> {
    let hidden = hidden();
    let length = hidden.len() + 5;
    let both = format!("content-length: {length}\r\ntransfer-encoding: chunked");
    let turned = format!("transfer-encoding: chunked\r\ncontent-length: {length}");
    let ended = format!("0\r\n\r\n{hidden}");
    vec![
        ("a length and chunks", request(&both, &ended)),
        ("chunks and a length", request(&turned, &ended)),
        ("two lengths", request(&format!("content-length: 0\r\ncontent-length: {length}"), &hidden)),
        ("a list of lengths", request(&format!("content-length: 0, {length}"), &hidden)),
        ("a length with a sign", request("content-length: +0", &hidden)),
        ("a negative length", request("content-length: -1", &hidden)),
        ("a length in hexadecimal", request("content-length: 0x0", &hidden)),
        ("a length of words", request("content-length: none", &hidden)),
        ("an endless length", request("content-length: 99999999999999999999999", &hidden)),
        ("chunks of another kind", request("transfer-encoding: xchunked", &ended)),
        ("chunks that are not last", request("transfer-encoding: chunked, identity", &ended)),
        ("chunks twice", request("transfer-encoding: chunked\r\ntransfer-encoding: identity", &ended)),
        ("a space before the colon", request("transfer-encoding : chunked\r\ncontent-length: 0", &ended)),
        ("a folded header", request("x: y\r\n transfer-encoding: chunked\r\ncontent-length: 0", &hidden)),
        ("a chunk of no number", request("transfer-encoding: chunked", &format!("zz\r\n\r\n{hidden}"))),
        ("a negative chunk", request("transfer-encoding: chunked", &format!("-1\r\n\r\n{hidden}"))),
        (
            "an endless chunk",
            request("transfer-encoding: chunked", &format!("fffffffffffffffff\r\n\r\n{hidden}")),
        ),
    ]
}

/// Bytes that are no request, or none that anybody means.
pub(crate) fn nonsense() -> Vec<(&'static str, Vec<u8>)> {
    let line = |line: &str| format!("{line}\r\nhost: x\r\nconnection: close\r\n\r\n").into_bytes();
    let headers: String = (0..500).map(|n| format!("x-{n}: y\r\n")).collect();
    let mut rng = fastrand::Rng::with_seed(0x7769_7265);
    let mut random = vec![0; 4_096];
    rng.fill(&mut random);
    vec![
        ("nothing", Vec::new()),
        ("one byte", b"G".to_vec()),
        ("line breaks", b"\r\n\r\n\r\n".to_vec()),
        ("random bytes", random),
        ("null bytes", vec![0; 10_000]),
        ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec()),
        ("HTTP/0.9", b"GET /\r\n\r\n".to_vec()),
        ("HTTP/9.9", line("GET / HTTP/9.9")),
        ("another protocol", b"EHLO example.com\r\nMAIL FROM:<jo@example.com>\r\n".to_vec()),
        ("a method of 10,000 letters", line(&format!("{} / HTTP/1.1", "A".repeat(10_000)))),
        ("a URL of 200,000 letters", line(&format!("GET /{} HTTP/1.1", "a".repeat(200_000)))),
        ("a header of 1,000,000 letters", line(&format!("GET / HTTP/1.1\r\nx: {}", "a".repeat(1_000_000)))),
        ("five hundred headers", line(&format!("GET / HTTP/1.1\r\n{}x: y", headers))),
        ("no host", b"GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n".to_vec()),
        ("a host of nonsense", b"GET / HTTP/1.1\r\nhost: @@@:99999\r\nconnection: close\r\n\r\n".to_vec()),
        ("a whole URL", line("GET http://evil.org/ HTTP/1.1")),
        ("a tunnel", line("CONNECT evil.org:443 HTTP/1.1")),
        ("everything", line("OPTIONS * HTTP/1.1")),
        ("a URL of percent signs", line("GET /%%%%%00%ff%zz HTTP/1.1")),
        ("a way out", line("GET /assets/../../../../etc/passwd HTTP/1.1")),
        ("a way out in disguise", line("GET /assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1")),
        ("a null in the URL", b"GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n".to_vec()),
        ("a null in a header", b"GET / HTTP/1.1\r\nhost: x\r\nx: \0\r\n\r\n".to_vec()),
        (
            "a user agent of bytes",
            b"GET / HTTP/1.1\r\nhost: x\r\nuser-agent: \xff\xfe\r\nconnection: close\r\n\r\n".to_vec(),
        ),
        ("forwarded nonsense", line(&format!("GET / HTTP/1.1\r\nx-forwarded-for: {}", ",".repeat(5_000)))),
        ("an upgrade", line("GET / HTTP/1.1\r\nupgrade: websocket\r\nsec-websocket-key: x")),
        ("an expectation", line("POST /api/event HTTP/1.1\r\nexpect: 200-maybe\r\ncontent-length: 0")),
        (
            "a body of a GET",
            b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello".to_vec(),
        ),
        ("a range of nonsense", line("GET /mq.js HTTP/1.1\r\nrange: bytes=9-1,-,99999999999999999999-")),
        ("a tag of nonsense", line("GET /mq.js HTTP/1.1\r\nif-none-match: \"\"\"\"\",,,W/W/")),
        ("a cookie of nonsense", line("GET /api/v1/session HTTP/1.1\r\ncookie: ;;=;mqlite_session;=\"")),
        ("a coding of nonsense", line("GET /mq.js HTTP/1.1\r\naccept-encoding: ;q=NaN,br;q=1e99,*;q=-1")),
    ]
}
