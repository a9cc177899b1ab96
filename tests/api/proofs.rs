//! Proofs of who somebody is. Promise: a site's own server proves it with the secret that the command showed; from then on
//! what others claim adds nothing, they are answered as everybody is, and no proof is kept anywhere.

use hmac::{Hmac, KeyInit, Mac};
use mqlite_tests::{
    Event, SITE, Setup, TestApp, address_hash, event, mqlite, pageview, person, sixty_points, wait_until,
};
use serde_json::{Value, json};
use sha2::Sha256;
use std::process::Command;

const JO: &str = "jo@acme.com";

fn secret(app: &TestApp, more: &[&str]) -> String {
    let said = secrets(app, more).assert_ok();
    let secret = said.lines().next().expect("a line").to_owned();
    assert_eq!(secret.len(), 64, "{said}");
    secret
}

fn secrets(app: &TestApp, more: &[&str]) -> mqlite_tests::Finished {
    let data = app.data().display().to_string();
    mqlite(["site", "identity-secret", SITE, "--data", &data].into_iter().chain(more.iter().copied()))
}

fn in_an_hour() -> i64 {
    jiff::Timestamp::now().as_second() + 3_600
}

/// What the site's server signs.
fn proof(secret: &str, address: &str, expires: i64) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(format!("mqlite-proof-1\n{SITE}\n{}\n{expires}", address_hash(address)).as_bytes());
    let signature = mac.finalize().into_bytes();
    format!("1.{expires}.{}", signature.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn proven(name: &str, proof: &str, mut fields: Value) -> Event {
    fields["mq_proof"] = json!(proof);
    event(name, "/account").from_within().identify(JO, fields, true)
}

/// Jo, known from her own browser.
fn jo(app: &TestApp) -> Value {
    app.send_all_from("203.0.113.9", &sixty_points("", JO, "Acme")).assert_stored();
    app.wait_for_lead("Acme", |lead| lead["stage"] == "mql")
}

/// The same, verified.
fn verified(app: &TestApp, secret: &str) -> Value {
    jo(app);
    // The collector may take two seconds to see a secret.
    wait_until("the proof to be taken", || {
        let proof = proof(secret, JO, in_an_hour());
        app.send_all_from("203.0.113.9", &[proven("identify", &proof, person("Acme"))]).assert_stored();
        let lead = app.wait_for_lead("Acme", |_| true);
        if lead["verified_at"].is_string() { Ok(()) } else { Err(lead.to_string()) }
    });
    settle(app, 0);
    app.wait_for_lead("Acme", |_| true)
}

/// Waits until whatever was sent by now is scored: the lead of an event that was sent last is there.
fn settle(app: &TestApp, number: u32) {
    let name = format!("Last {number}");
    let last = event("form_submit", "/x").identify(&format!("x@last-{number}.com"), person(&name), true);
    app.send_all_from("192.0.2.200", &[last]).assert_stored();
    app.wait_for_lead(&name, |_| true);
}

#[test]
fn who_is_verified_is_claimed_by_nobody_else() {
    let app = Setup::default().setting("RUST_LOG", "trace").start();
    let claim = |company: &str| sixty_points("?utm_source=rival&utm_medium=referral", JO, company);
    // Before the proof a claim counts.
    let first = jo(&app);
    assert_eq!(first["verified_at"], Value::Null);
    app.send_all_from("198.51.100.3", &claim("Claimed")).assert_stored();
    app.wait_for_lead("Claimed", |lead| lead["key"] == first["key"]);
    let secret = secret(&app, &[]);
    let before = verified(&app, &secret);
    assert_eq!(before["key"], first["key"]);
    // After it the answer is that of a claim on anybody, and nothing of it is there.
    let nobody = sixty_points("?utm_source=rival&utm_medium=referral", "nobody@else.com", "Else");
    let answers = [
        app.send_all_from("198.51.100.4", &claim("Rival")),
        app.send_all_from("198.51.100.5", &nobody),
        app.send_all_from("198.51.100.6", &[proven("form_submit", "1.2.3", person("Rival"))]),
        app.send_all_from(
            "198.51.100.6",
            &[proven("form_submit", &proof(&secret, "bo@acme.com", in_an_hour()), person("Rival"))],
        ),
        app.send_all_from(
            "198.51.100.6",
            &[proven("form_submit", &proof(&secret, JO, 1_800_000), person("Rival"))],
        ),
    ];
    let said: Vec<_> = answers.iter().map(|answer| (answer.status, answer.text().len())).collect();
    assert!(said[0] == said[1] && said[2] == said[3] && said[3] == said[4], "{said:?}");
    settle(&app, 1);
    let after = app.wait_for_lead("Acme", |_| true);
    assert_eq!(after, before, "no points, no fields, no touch");
    // Her own, with a proof, from anywhere.
    let proof = proof(&secret, JO, in_an_hour());
    app.send_all_from("192.0.2.77", &[proven("demo_request", &proof, person("Acme II"))]).assert_stored();
    let own = app.wait_for_lead("Acme II", |lead| lead["key"] == first["key"]);
    assert_eq!(own["verified_at"], before["verified_at"], "it is the first that counts");
    let key = own["key"].as_str().expect("a key");
    assert_eq!(app.explanation(key, "")["verified_at"], before["verified_at"]);
    let past = format!("&as_of={}", first["became_mql_at"].as_str().expect("a moment"));
    assert_eq!(app.explanation(key, &past)["verified_at"], Value::Null, "then she was not");
    // She is told, too.
    let asked = json!({ "site": SITE, "email": JO, "format": "json" });
    let export = app.post_json("/api/v1/privacy/export", &asked).header("cookie", app.cookie()).send();
    assert_eq!(export.assert_status(200).json()["profile"]["verified_at"], before["verified_at"]);
    // The claims stay in the log; no proof is in it, nor in any file, nor is the secret in the log of the process.
    let log = app.export();
    assert_eq!(log.iter().filter(|event| event["attributes"]["company"] == "Rival").count(), 4);
    assert!(log.iter().any(|event| event["trust"] == "vouched"), "{:?}", log.last());
    let signature = proof.rsplit('.').next().expect("a signature");
    let digits: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&secret[2 * at..][..2], 16).expect("hex")).collect();
    assert!(!app.log().contains(signature) && !app.log().contains(&secret));
    for file in ["ledger.db", "ledger.db-wal", "events.db", "events.db-wal"] {
        let bytes = std::fs::read(app.data().join(file)).unwrap_or_default();
        let has = |said: &[u8]| bytes.windows(said.len()).any(|window| window == said);
        assert!(!has(signature.as_bytes()) && !has(b"mq_proof") && !has(secret.as_bytes()), "{file}");
        assert!(!file.starts_with("events") || !has(&digits), "{file}");
    }
}

#[test]
fn a_secret_is_shown_once_rotated_and_ended() {
    let app = TestApp::start();
    assert!(secrets(&app, &["--end-old"]).assert_fails().contains("no older"));
    assert!(secrets(&app, &["--remove"]).assert_fails().contains("no such"));
    let one = secret(&app, &[]);
    let refused = secrets(&app, &[]).assert_fails();
    assert!(refused.contains("--rotate") && !refused.contains(&one), "{refused}");
    let two = secret(&app, &["--rotate"]);
    assert_ne!(one, two);
    let lead = verified(&app, &one);
    assert!(lead["verified_at"].is_string(), "the older one counts beside the newer");
    let ended = secrets(&app, &["--end-old"]).assert_ok();
    assert!(ended.contains("1 secret"), "{ended}");
    // Once the collector has seen it, the older proves nothing any more.
    let rank = |secret: &str, number: usize| {
        let company = format!("Acme {number}");
        let event = proven("form_submit", &proof(secret, JO, in_an_hour()), person(&company));
        app.send_all_from("203.0.113.9", &[event]).assert_stored();
        app.export().last().expect("an event")["trust"].clone()
    };
    let mut number = 0;
    wait_until("the older secret to end", || {
        number += 1;
        if rank(&one, number) == "human" { Ok(()) } else { Err("it still counts".to_owned()) }
    });
    assert_eq!(rank(&two, 0), "vouched");
    assert!(secrets(&app, &["--remove"]).assert_ok().contains("0 secrets"));
    let told: Vec<_> = app.entries("site.changed").iter().map(|entry| entry["details"].clone()).collect();
    let text = json!(told).to_string();
    assert_eq!(told.len(), 4, "{text}");
    assert!(text.contains("identity_secrets") && !text.contains(&one) && !text.contains(&two), "{text}");
    let unknown =
        mqlite(["site", "identity-secret", "example.net", "--data", &app.data().display().to_string()]);
    assert!(unknown.assert_fails().contains("mqlite site add example.net"));
}

/// What the page says that a server is to write, run as it stands there.
#[test]
fn the_examples_of_the_page_sign_as_the_collector_reads() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/IDENTITY.md")).expect("reads");
    let code = |language: &str| {
        let begin = format!("```{language}\n");
        let (_, rest) = page.split_once(&begin).expect("an example");
        rest.split_once("```").expect("an end").0.to_owned()
    };
    let secret = "0123456789abcdef".repeat(4);
    let call = format!("'{secret}', '{SITE}', ' Jo@ACME.com ', 1790000000");
    let expected = proof(&secret, JO, 1_790_000_000);
    let mut ran = 0;
    for (program, option, script) in [
        ("python3", "-c", format!("{}\nprint(proof({call}))", code("python"))),
        ("node", "-e", format!("{}\nconsole.log(proof({call}))", code("js"))),
        ("php", "-r", format!("{}\necho proof({call});", code("php"))),
    ] {
        // Not every machine has all three.
        let Ok(output) = Command::new(program).arg(option).arg(script).output() else { continue };
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), expected, "{program}");
        ran += 1;
    }
    assert!(ran > 0, "none of python3, node and php is here");
}

#[test]
fn a_visit_without_anybody_is_what_a_claim_counts_as() {
    let app = TestApp::start();
    let secret = secret(&app, &[]);
    verified(&app, &secret);
    let visits = || app.report("")["totals"]["visits"].as_i64().expect("a number");
    let before = visits();
    let claim = event("form_submit", "/x").identify(JO, person("Rival"), true);
    app.send_all_from("198.51.100.4", &[pageview("/a"), claim]).assert_stored();
    settle(&app, 2);
    assert_eq!(visits(), before + 1, "whoever comes last is on the visit of before");
}

/// Once she took her consent back, her own box gives it anew, and nobody else's.
#[test]
fn no_stranger_gives_consent_anew_for_who_was_verified() {
    let app = TestApp::start();
    let secret = secret(&app, &[]);
    verified(&app, &secret);
    let ask = |act: &str| {
        let path = format!("/api/v1/privacy/{act}");
        let asked = json!({ "site": SITE, "email": JO });
        app.post_json(&path, &asked).header("cookie", app.cookie()).send().assert_status(200).json()
    };
    ask("withdraw");
    let rival = event("demo_request", "/demo").identify(JO, person("Rival"), true);
    app.send_all_from("198.51.100.4", &[rival]).assert_stored();
    settle(&app, 7);
    let found = ask("find");
    assert_eq!((&found["withdrawn"], &found["counts"]["events"]), (&json!(true), &json!(0)), "{found}");
    assert!(app.outcomes().get("identity_restricted") == Some(&1), "{:?}", app.outcomes());
    let proof = proof(&secret, JO, in_an_hour());
    app.send_all_from("192.0.2.77", &[proven("demo_request", &proof, person("Acme III"))]).assert_stored();
    let own = app.wait_for_lead("Acme III", |_| true);
    assert!(own["verified_at"].is_string() && ask("find")["withdrawn"] == json!(false), "{own}");
}
