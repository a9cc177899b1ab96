//! Publishing a scoring model. Promise: a draft becomes live by the page's API or by a command, whoever is killed in
//! the middle goes on, leads end as if the model had always been theirs, and what sales was told stays readable.

use mqlite_tests::{Event, SITE, Setup, TestApp, mqlite, pageview, sixty_points, wait_until};
use serde_json::{Value, json};

/// What sixty points by the default model are not.
const OTHER: &str = "content-led";

fn text(name: &str) -> String {
    mqlite(["model", "show", name]).assert_ok()
}

fn ask(app: &TestApp, path: &str, body: &Value) -> mqlite_tests::Request {
    app.post_json(path, body).header("cookie", app.cookie())
}

fn models(app: &TestApp) -> Value {
    app.read(&format!("/api/v1/models?site={SITE}"))
}

fn draft(app: &TestApp, name: &str) -> String {
    let body = json!({ "text": text(name) });
    let kept = ask(app, &format!("/api/v1/models?site={SITE}"), &body).send().assert_status(201).json();
    kept["hash"].as_str().expect("a hash").to_owned()
}

fn publish(app: &TestApp, hash: &str) -> i64 {
    let path = format!("/api/v1/models/{hash}/publish?site={SITE}");
    let asked = ask(app, &path, &json!({ "announce": false })).send().assert_status(202).json();
    assert_eq!((&asked["state"], &asked["hash"]), (&json!("running"), &json!(hash)), "{asked}");
    asked["id"].as_i64().expect("a number")
}

fn publication(app: &TestApp, id: i64) -> Value {
    let all = app.read(&format!("/api/v1/models/publications?site={SITE}"));
    let found = all["publications"].as_array().expect("a list").iter().find(|known| known["id"] == id);
    found.expect("it is there").clone()
}

fn wait_for(app: &TestApp, id: i64, state: &str) -> Value {
    wait_until(&format!("publication {id} to be {state}"), || {
        let now = publication(app, id);
        if now["state"] == state { Ok(now) } else { Err(now.to_string()) }
    })
}

#[test]
fn a_draft_becomes_live_and_explains() {
    let app = TestApp::start();
    app.send_all(&sixty_points("", "jo@acme.com", "Acme")).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let key = lead["key"].as_str().expect("a key");
    let before = app.explanation(key, "");
    let own = models(&app);
    assert_eq!(own["live"]["hash"], before["model"]["hash"]);
    assert_eq!(own["versions"], json!([]));

    let hash = draft(&app, OTHER);
    let again = json!({ "text": format!("# the same\n{}", text(OTHER)) });
    ask(&app, &format!("/api/v1/models?site={SITE}"), &again).send().assert_status(200);
    let listed = models(&app);
    assert_eq!(listed["versions"].as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(
        (&listed["versions"][0]["state"], &listed["versions"][0]["hash"]),
        (&json!("draft"), &json!(hash))
    );
    let toml = app.look(&format!("/api/v1/models/{hash}?site={SITE}&format=toml")).send().assert_status(200);
    assert_eq!(toml.text(), text(OTHER));
    assert_eq!(app.explanation(key, "")["model"], before["model"], "a draft changes nothing");

    let done = wait_for(&app, publish(&app, &hash), "done");
    let after = app.explanation(key, "");
    assert_eq!(after["model"]["hash"], json!(hash));
    let points = |line: &Value| line["points"].as_f64().expect("points");
    let sum: f64 = after["lines"].as_array().expect("lines").iter().map(points).sum();
    assert_eq!(Some(sum), after["score"]["total"].as_f64(), "{after}");
    assert_ne!(after["score"], before["score"]);
    let page = app.read(&format!("/api/v1/leads/{key}?site={SITE}"));
    let earlier = &page["earlier_models"][0];
    assert_eq!((&earlier["to"], &earlier["until_publication"]), (&json!("mql"), &done["id"]), "{page}");
    assert_eq!(earlier["model_hash"], before["model"]["hash"]);
    let live = models(&app);
    assert_eq!((&live["live"]["hash"], &live["versions"][0]["state"]), (&json!(hash), &json!("live")));
    assert_eq!(live["versions"][0]["published_at"], done["ended_at"]);

    let entry = app.entries("model.published").remove(0);
    assert_eq!((&entry["role"], &entry["details"]["to"]), (&json!("owner"), &json!(hash)), "{entry}");
    assert_eq!(
        (&entry["details"]["entered"], &entry["details"]["left"]),
        (&done["entered"], &done["left"]),
        "{entry}"
    );
    for action in ["model.drafted", "model.publish_asked"] {
        assert_eq!(app.entries(action).len(), 1, "{action}");
    }
    // And what comes now is scored by it.
    app.send_all_from("203.0.113.9", &sixty_points("", "al@other.com", "Other")).assert_stored();
    let other = app.wait_for_lead("Other", |_| true);
    let other = app.explanation(other["key"].as_str().expect("a key"), "");
    assert_eq!(other["model"]["hash"], json!(hash));
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let app = TestApp::start();
    let path = format!("/api/v1/models?site={SITE}");
    let wrong = json!({ "text": text(OTHER).replacen("points = ", "pionts = ", 1) });
    let answer = ask(&app, &path, &wrong).send();
    let problem = answer.assert_problem(400);
    assert_eq!(problem.pointer.as_deref(), Some("/text"));
    assert!(problem.detail.contains("pionts"), "{}", problem.detail);
    let places = answer.json();
    let first = &places["problems"][0];
    assert!(first["line"].as_u64() > Some(1) && first["column"].as_u64() > Some(0), "{places}");
    assert!(first["message"].as_str().is_some_and(|message| message.contains("pionts")), "{places}");
    let nobody = "0".repeat(64);
    let unknown = format!("/api/v1/models/{nobody}/publish?site={SITE}");
    ask(&app, &unknown, &json!({})).send().assert_problem(404);
    let hash = draft(&app, OTHER);
    wait_for(&app, publish(&app, &hash), "done");
    ask(&app, &format!("/api/v1/models/{hash}/publish?site={SITE}"), &json!({})).send().assert_problem(409);
    let remove = |hash: &str| {
        mqlite_tests::request("DELETE", app.url(&format!("/api/v1/models/{hash}?site={SITE}")))
            .header("cookie", app.cookie())
            .send()
    };
    remove(&hash).assert_problem(409);
    let other = draft(&app, "saas-trial");
    remove(&other).assert_status(204);
    remove(&other).assert_problem(404);
    let over = format!("/api/v1/models/publications/1?site={SITE}");
    mqlite_tests::request("DELETE", app.url(&over)).header("cookie", app.cookie()).send().assert_problem(409);
}

fn model(app: &TestApp, arguments: &[&str]) -> mqlite_tests::Finished {
    let data = app.data().display().to_string();
    mqlite(["model"].iter().chain(arguments).copied().chain(["--site", SITE, "--data", &data]))
}

#[test]
fn by_command_beside_a_collector_and_without_one() {
    let mut app = TestApp::start();
    app.send_all(&sixty_points("", "jo@acme.com", "Acme")).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    let key = lead["key"].as_str().expect("a key").to_owned();
    let own = model(&app, &["versions"]).assert_ok();
    assert!(own.contains("own model is live"), "{own}");
    let kept = model(&app, &["draft", OTHER]).assert_ok();
    assert!(kept.contains("Content-led: kept as a draft"), "{kept}");
    // By its name, beside the collector, which sees it by itself.
    let done = model(&app, &["publish", "Content-led", "--wait"]).assert_ok();
    assert!(done.contains("Content-led is live on"), "{done}");
    assert_eq!(app.explanation(&key, "")["model"]["name"], "Content-led");
    let listed = model(&app, &["versions"]).assert_ok();
    assert!(listed.contains(" live "), "{listed}");
    // A ready model, drafted on the way, without a collector.
    app.stop();
    let done = model(&app, &["publish", "saas-trial"]).assert_ok();
    assert!(done.contains("is live on"), "{done}");
    let again = model(&app, &["publish", "saas-trial"]).assert_fails();
    assert!(again.contains("live already"), "{again}");
    app.restart();
    let explained = app.explanation(&key, "");
    assert_ne!(explained["model"]["name"], "Content-led");
    let hash = explained["model"]["hash"].as_str().expect("a hash").to_owned();
    let listed = model(&app, &["versions"]).assert_ok();
    assert!(listed.contains(&format!("{}  live", &hash[..12])), "{listed}");
    assert!(listed.contains(" past "), "{listed}");
    // Back, by the first digits of its hash.
    let content = listed.lines().find(|line| line.contains("Content-led")).expect("it is there");
    let digits = content.split(' ').next().expect("digits");
    model(&app, &["publish", digits, "--wait"]).assert_ok();
    assert_eq!(app.explanation(&key, "")["model"]["name"], "Content-led");
}

/// Companies, each with a journey and much to read besides.
fn crowd(app: &TestApp, companies: std::ops::Range<u8>) {
    for number in companies {
        let company = format!("Company {number}");
        let mut events: Vec<Event> = (0..80).map(|n| pageview(&format!("/blog/{n}")).from_within()).collect();
        events.extend(sixty_points("", &format!("a@company-{number}.com"), &company));
        app.send_all_from(&format!("198.51.{number}.7"), &events).assert_status(202);
    }
}

/// Stage and points of each company's lead.
fn standing(app: &TestApp) -> Vec<(String, Value, Value)> {
    let leads = app.leads("&limit=200");
    let mut all: Vec<_> = leads["leads"]
        .as_array()
        .expect("leads")
        .iter()
        .map(|lead| {
            let company = lead["attributes"]["company"].as_str().expect("a company").to_owned();
            (company, lead["stage"].clone(), lead["score"].clone())
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[test]
fn killed_in_the_middle_it_goes_on() {
    let mut app = TestApp::start();
    crowd(&app, 0..30);
    app.wait_for_lead("Company 29", |lead| lead["stage"] == "mql");
    let names = [OTHER, "default-b2b"];
    let hashes = names.map(|name| draft(&app, name));
    // To and fro, until one is killed in the middle; it ends by the first.
    let (mut killed, mut turns) = (0, 0);
    for turn in 0..8 {
        turns += 1;
        let id = publish(&app, &hashes[turn % 2]);
        wait_until("a publication to have begun", || {
            let now = publication(&app, id);
            let begun = now["state"] != "running" || now["progress"]["done"].as_i64() > Some(0);
            if begun { Ok(()) } else { Err(now.to_string()) }
        });
        app.kill9();
        app.restart();
        killed += usize::from(publication(&app, id)["state"] == "running");
        crowd(&app, u8::try_from(30 + turn).expect("few")..u8::try_from(31 + turn).expect("few"));
        wait_for(&app, id, "done");
        if killed > 0 && turn % 2 == 0 {
            break;
        }
    }
    assert!(killed > 0, "none was killed in the middle");
    let newest = format!("Company {}", 30 + turns - 1);
    app.wait_for_lead(&newest, |lead| lead["score"]["total"].as_f64() > Some(0.0));
    let companies = standing(&app).len();
    let by_it = Setup::default().setting("MQLITE_MODEL", OTHER).start();
    let all = u8::try_from(companies).expect("few");
    crowd(&by_it, 0..all);
    let last = format!("Company {}", all - 1);
    by_it.wait_for_lead(&last, |lead| lead["score"]["total"].as_f64() > Some(0.0));
    wait_until("both to stand alike", || {
        let (this, that) = (standing(&app), standing(&by_it));
        if this == that { Ok(()) } else { Err(format!("{this:?}\n{that:?}")) }
    });
    assert!(!app.data().join("shadow").read_dir().is_ok_and(|mut files| files.next().is_some()));
    app.audit(&["verify"]).assert_ok();
}
