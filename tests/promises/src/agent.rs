//! Any bytes as a user agent. Invariant: what is kept are families out of a table, never a part of what was sent,
//! and the memory of agents answers what a look at the agent itself would.

use crate::world::{client, now, world};
use mqlite::domain::Agent;
use mqlite::enrich::agent::{self, Agents};
use mqlite::enrich::bots;
use std::sync::LazyLock;

/// Small, so that agents are forgotten while it is used.
static MEMORY: LazyLock<Agents> = LazyLock::new(|| Agents::new(16));

/// Looks at them as a header and as text.
///
/// # Panics
/// When a promise does not hold.
pub fn agent(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let direct = agent::agent(&text);
    check(&direct);
    assert_eq!(agent::agent(text.trim()), direct, "white space about it says nothing");
    let remembered = MEMORY.seen(&text);
    assert_eq!(remembered.agent, direct);
    assert_eq!(remembered.bot, bots::is_bot(&text));
    assert_eq!(remembered.automation, bots::is_automation(&text));
    assert_eq!(MEMORY.seen(&text), remembered);

    let Some(client) = client(bytes) else { return };
    let world = world();
    let kept = world.privacy.keep(&client, &world.strict, now()).expect("salts are there");
    check(&kept.agent);
    assert!(format!("{client:?}").len() < 20, "nothing of a client is printed");
    // The pseudonym is the agent's too: the same one, or that of another day.
    let again = world.privacy.keep(&client, &world.strict, now()).expect("salts are there");
    assert_eq!(kept.visitor.bytes(), again.visitor.bytes());
    assert_eq!(
        world.privacy.recognise(&client, &world.strict, now()).map(|known| *known.bytes()),
        Some(*kept.visitor.bytes())
    );
}

fn check(agent: &Agent) {
    let words = [&agent.browser, &agent.os].into_iter().flatten().map(mqlite::domain::Text::as_str);
    for word in words.chain(agent.device.as_ref().map(mqlite::domain::Text::as_str)) {
        let plain = |c: char| c.is_ascii_alphabetic() || c == ' ';
        assert!((1..=20).contains(&word.len()) && word.chars().all(plain), "no version, no name: {word:?}");
    }
    assert!(
        agent
            .device
            .as_ref()
            .is_none_or(|device| { matches!(device.as_str(), "desktop" | "mobile" | "tablet") })
    );
}
