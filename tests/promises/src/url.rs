//! Any bytes as parts of a page's address and of its referrer. Invariant: what the wire format does not declare
//! leaves no trace in the event; what is kept is bounded and searched, and one page has one name.

use crate::input::lines;
use crate::wire::check_event;
use crate::world::world;
use mqlite::domain::Text;
use mqlite::enrich::channel::{CLICK_IDS, source_of_host};
use mqlite::privacy;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

/// What stands wherever nothing may be kept of.
const SENTINEL: &str = "zqsentinelzq";

/// Reads five lines: path, query, fragment, referrer's path, and a referrer or host that is nothing but itself.
///
/// # Panics
/// When a promise does not hold.
pub fn url(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if text.to_ascii_lowercase().contains(SENTINEL) {
        return;
    }
    let [path, query, fragment, referring, referrer] = lines::<5>(&text);
    let without = |text: &str, what: &[char]| text.replace(what, "");
    let path = without(path, &['?', '#']);
    let query = without(query, &['#']);
    let fragment = without(fragment, &['?']);
    let page = format!(
        "https://jo:{SENTINEL}@example.com:8443/{path}?email={SENTINEL}@example.com&{query}&gclid={SENTINEL}&x={SENTINEL}#{fragment}"
    );
    let referring = format!("https://jo:{SENTINEL}@www.google.com/{SENTINEL}/{referring}?q={SENTINEL}");
    let referrer = if referrer.is_empty() { referring.as_str() } else { referrer };
    for (page, hash_routing) in [(page.clone(), 0), (format!("{page}?{SENTINEL}"), 1)] {
        // A fragment counts where it is asked for only, and of it what stands before a question mark.
        let page = if hash_routing == 1 { page } else { format!("{page}{SENTINEL}") };
        let Some(event) = world().event(json!({ "u": page, "r": referrer, "h": hash_routing })) else {
            continue;
        };
        check_event(&event);
        let kept = format!("{event:?}").to_ascii_lowercase();
        assert!(!kept.contains(SENTINEL), "{kept}");
        assert!(
            event.path.as_str().starts_with('/') || event.path.as_str().starts_with('['),
            "{}",
            event.path
        );
        if let Some(touch) = &event.touch {
            assert!(touch.click_id.as_ref().is_none_or(|name| CLICK_IDS.contains(&name.as_str())));
            for text in [&touch.source, &touch.medium].into_iter().flatten() {
                assert_eq!(text.as_str(), text.as_str().to_lowercase(), "one spelling");
            }
        }
        if hash_routing == 0 {
            one_page_has_one_name(&event.path);
        }
    }
    if let Some((name, _)) = source_of_host(referrer) {
        assert!(!name.is_empty() && name == name.to_lowercase(), "{name}");
    }
}

/// The page at the path that was kept is kept under that path.
fn one_page_has_one_name(path: &Text<500>) {
    let path = path.as_str();
    // Dots between slashes mean another page by RFC 3986, and a mark in the place of a path is no path.
    if path.split(['/', '\\']).any(|part| matches!(part, "." | "..")) || !path.starts_with('/') {
        return;
    }
    let encoded: Vec<String> =
        path.split('/').map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC).to_string()).collect();
    let again = world().event(json!({ "u": format!("https://example.com{}", encoded.join("/")) }));
    let again = again.unwrap_or_else(|| panic!("{path:?} is refused"));
    let (_, found) = privacy::redact(path);
    assert_eq!(found, 0, "{path:?} still holds something");
    assert_eq!(again.path.as_str(), path);
}
