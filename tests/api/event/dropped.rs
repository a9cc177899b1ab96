//! What is left out on purpose. Promise: robots, driven browsers and referrer spam leave no row, the answer
//! says why, and each is counted once.

use mqlite_tests::{Answer, Event, FIREFOX, Setup, TestApp, pageview};
use serde_json::json;

fn send_as(app: &TestApp, user_agent: &str, event: &Event) -> Answer {
    app.post(event.body()).header("user-agent", user_agent).send()
}

#[test]
fn bots_are_left_out_and_counted() {
    let app = TestApp::start();
    let bots = [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "curl/8.5.0",
        "python-requests/2.32.3",
        "Mozilla/5.0",
        "",
    ];
    for bot in bots {
        send_as(&app, bot, &pageview("/")).assert_left_out("dropped:bot");
    }
    app.post(pageview("/").body()).without("user-agent").send().assert_left_out("dropped:bot");
    assert_eq!(app.export().len(), 0);
    assert_eq!(app.outcomes()["dropped:bot"], 8);
    send_as(&app, FIREFOX, &pageview("/")).assert_stored();
}

#[test]
fn driven_browsers_are_let_in_only_where_the_site_says_so() {
    let app = TestApp::start();
    let headless = FIREFOX.replace("Firefox/145.0", "HeadlessChrome/142.0.0.0");
    let driven = pageview("/").with("b", 1);
    app.send(&driven).assert_left_out("dropped:automation");
    send_as(&app, &headless, &pageview("/")).assert_left_out("dropped:automation");
    assert_eq!(app.export().len(), 0);
    assert_eq!(app.outcomes()["dropped:automation"], 2);

    let app = Setup::default().site(&["example.com", "--allow-automation", "yes"]).start();
    app.send(&driven).assert_stored();
    send_as(&app, &headless, &pageview("/")).assert_stored();
    send_as(&app, "curl/8.5.0", &pageview("/")).assert_left_out("dropped:bot");
    assert_eq!(app.export().len(), 2);
}

#[test]
fn referrer_spam_is_left_out() {
    let app = TestApp::start();
    for spam in ["https://semalt.com/", "http://site5.free-share-buttons.com/x"] {
        app.send(&pageview("/").with("r", spam)).assert_left_out("dropped:referrer_spam");
    }
    app.send(&pageview("/").with("r", "https://notsemalt.com/")).assert_stored();
    assert_eq!(app.export().len(), 1);
    assert_eq!(app.outcomes()["dropped:referrer_spam"], 2);
}

#[test]
fn each_event_of_an_array_has_one_outcome() {
    let app = TestApp::start();
    let twice = pageview("/twice");
    let events = [
        pageview("/stored"),
        pageview("/driven").with("b", true),
        pageview("/spam").with("r", "https://semalt.com/"),
        pageview("/denied").with("c", json!({ "m": 0, "s": "api" })),
        twice.clone(),
        twice,
    ];
    let reasons = "dropped:automation, dropped:referrer_spam, suppressed:api";
    app.send_all(&events).assert_left_out(reasons);
    let outcomes = app.outcomes();
    let expected = ["dropped:automation", "dropped:referrer_spam", "duplicate", "suppressed:api"];
    for reason in expected {
        assert_eq!(outcomes[reason], 1, "{reason} in {outcomes:?}");
    }
    assert_eq!(outcomes["stored"], 2);
    // Beside its outcome, a stored event is counted by how far consent went.
    let (rungs, outcomes): (Vec<_>, Vec<_>) =
        outcomes.iter().partition(|(word, _)| word.starts_with("rung:"));
    assert_eq!(outcomes.iter().map(|(_, count)| **count).sum::<i64>(), 6, "six events, six outcomes");
    assert_eq!(rungs, [(&"rung:unset:none".to_owned(), &2)]);
}
