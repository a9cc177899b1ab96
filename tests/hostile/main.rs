//! What strangers send. Promise: whatever it is, it is answered with a 4xx that says what is wrong, or not
//! at all; never with a 5xx; and the process lives and takes the next good event.

mod bodies;
mod wire;

use mqlite_tests::{FIREFOX, RawAnswer, SITE, TestApp, pageview, say_raw};
use std::collections::HashSet;
use std::io::Write;

/// A whole request around a body.
fn post(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /api/event HTTP/1.1\r\nhost: x\r\norigin: https://{SITE}\r\nuser-agent: {FIREFOX}\r\n\
         content-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// The JSON of a problem on the wire; panics when the answer is none.
fn detail(name: &str, answer: &RawAnswer) -> String {
    let (head, body) = answer.text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{name}: {answer:?}"));
    assert!(
        head.to_lowercase().contains("content-type: application/problem+json"),
        "{name}: {}",
        answer.text
    );
    let problem: serde_json::Value =
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{name}: {error}: {body}"));
    assert_eq!(problem["status"], answer.status, "{name}: {body}");
    problem["detail"].as_str().unwrap_or_default().to_owned()
}

/// Asserts that it lives and works as before.
fn assert_works(app: &mut TestApp, stored_before: usize) {
    assert!(app.is_alive());
    app.send(&pageview("/good")).assert_stored();
    let export = app.export();
    assert_eq!(export.len(), stored_before + 1);
    assert_eq!(export[stored_before]["path"], "/good");
    assert!(!app.log().contains("panicked"), "{}", app.log());
}

#[test]
fn every_hostile_body_is_told_what_is_wrong() {
    let mut app = TestApp::start();
    let bodies = bodies::all();
    let distinct: HashSet<&Vec<u8>> = bodies.iter().map(|(_, body)| body).collect();
    assert_eq!(distinct.len(), bodies.len(), "no two are alike");
    assert!(bodies.len() >= 100);
    for (name, body) in &bodies {
        let answer = say_raw(app.base(), &post(body)).unwrap_or_else(|| panic!("{name}: no answer"));
        assert!((400..500).contains(&answer.status), "{name}: {}", answer.text);
        let detail = detail(name, &answer);
        assert!(detail.trim().len() > 10, "{name}: {detail}");
        assert!(answer.text.len() < 2_000, "{name}: what was sent is not sent back: {}", answer.text);
    }
    let _ =
        writeln!(std::io::stderr(), "hostile: {} distinct bodies, each answered with a 4xx", bodies.len());
    assert_works(&mut app, 0);
}

#[test]
fn what_is_not_known_is_passed_over_however_much_it_is() {
    let mut app = TestApp::start();
    let odd = bodies::odd();
    for (name, body) in &odd {
        let answer = say_raw(app.base(), &post(body)).unwrap_or_else(|| panic!("{name}: no answer"));
        assert_eq!(answer.status, 202, "{name}: {}", answer.text);
    }
    assert_works(&mut app, odd.len());
}

#[test]
fn garbled_events_are_taken_or_refused() {
    let mut app = TestApp::start();
    let mut rng = fastrand::Rng::with_seed(0x6d71);
    let good = pageview("/?utm_source=google")
        .with("r", "https://www.google.com/")
        .with("p", serde_json::json!({ "a": 1, "b": true }))
        .with("c", serde_json::json!({ "m": 1, "s": "tag" }))
        .identify("jo@acme.com", mqlite_tests::person("Acme"), true);
    let [mut taken, mut refused] = [0, 0];
    for n in 0..1_500 {
        let mut body = good.body().into_bytes();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(0..body.len());
            match rng.u32(0..4) {
                0 => body[at] = rng.u8(..),
                1 => drop(body.remove(at)),
                2 => body.insert(at, *rng.choice(b"{}[]\",:\\0-eE\x00\xff").unwrap_or(&b'{')),
                _ => body.truncate(at.max(1)),
            }
        }
        let answer = app.post(body.clone()).send();
        match answer.status {
            202 => taken += 1,
            // A garbled page or site is one that may not send.
            400 | 403 => refused += 1,
            status => panic!("{status} for number {n}: {}", String::from_utf8_lossy(&body)),
        }
    }
    assert!(taken > 0 && refused > 500, "{taken} taken, {refused} refused");
    let stored = app.export().len();
    assert_works(&mut app, stored);
}

#[test]
fn nonsense_on_the_wire_harms_nobody() {
    let mut app = TestApp::start();
    for (name, bytes) in wire::nonsense() {
        if let Some(answer) = say_raw(app.base(), &bytes) {
            let fine = answer.status < 500 || matches!(answer.status, 501 | 505);
            assert!(fine, "{name}: {}", answer.text);
        }
        assert!(app.is_alive(), "{name}");
    }
    assert_works(&mut app, 0);
}

#[test]
fn two_requests_in_one_are_not_smuggled() {
    let mut app = TestApp::start();
    for (name, bytes) in wire::smuggled() {
        if let Some(answer) = say_raw(app.base(), &bytes) {
            assert!((400..500).contains(&answer.status), "{name}: {}", answer.text);
            let answers = answer.text.matches("HTTP/1.1 ").count();
            assert_eq!(answers, 1, "{name}: nothing behind it is answered: {}", answer.text);
        }
        assert_eq!(app.export().len(), 0, "{name}: nothing of it is stored");
    }
    assert_works(&mut app, 0);
}

#[test]
fn a_connection_that_is_left_half_way_harms_nobody() {
    let mut app = TestApp::start();
    let good = post(pageview("/half").body().as_bytes());
    let held: Vec<_> = (0..200).map(|n| wire::begin(app.base(), &good[..good.len() * n / 201])).collect();
    assert_works(&mut app, 0);
    drop(held);
    assert_works(&mut app, 1);
}

#[test]
fn a_request_that_never_ends_is_given_up() {
    let mut app = TestApp::start();
    let good = post(pageview("/slow").body().as_bytes());
    let log_in = b"POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                   content-length: 60000\r\n\r\n{\"password\":\"";
    let base = app.base();
    std::thread::scope(|scope| {
        // Half a head, a head with half a body, and a log-in that never comes; the other side ends each.
        for bytes in [&good[..40], &good[..good.len() - 5], &log_in[..]] {
            let begun = wire::begin(base, bytes);
            scope.spawn(move || {
                let answer = wire::rest(begun);
                assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
            });
        }
    });
    assert_works(&mut app, 0);
}

/// Each password that is tried costs 19 MiB while it is hashed; a stranger with many addresses may try many.
#[test]
#[cfg(target_os = "linux")]
fn a_flood_of_log_ins_costs_bounded_memory() {
    const AT_ONCE: usize = 48;
    let mut app = TestApp::start();
    app.cookie();
    let peak = |app: &TestApp| -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", app.pid())).expect("it runs");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
    };
    let before = peak(&app);
    let body = serde_json::json!({ "password": "not the password" });
    std::thread::scope(|scope| {
        for n in 0..AT_ONCE {
            let (app, body) = (&app, &body);
            scope.spawn(move || {
                let from = format!("198.51.{}.1", n);
                let answer = app.post_json("/api/v1/session", body).header("x-forwarded-for", from).send();
                assert!(matches!(answer.status, 401 | 503), "{}", answer.head());
            });
        }
    });
    let grown = (peak(&app) - before) / 1024;
    assert!(grown < 6 * 19, "{AT_ONCE} log-ins at once cost {grown} MiB");
    assert_works(&mut app, 0);
}
