//! Any text as something that a page sent by mistake. Invariant: an address in it is found whatever stands about
//! it, redacting twice is redacting once, and what is innocent comes out as it went in.

use crate::input::lines;
use mqlite::domain::printable;
use mqlite::privacy;
use std::borrow::Cow;

/// An address whose every part would be known again.
const ADDRESS: &str = "jo.zqsentinelzq@acme.example";
const SENTINEL: &str = "zqsentinelzq";

/// Reads three lines: the name of a value, and what stands before and behind an address.
///
/// # Panics
/// When a promise does not hold.
pub fn redact(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if text.to_ascii_lowercase().contains(SENTINEL) {
        return;
    }
    once(&text, privacy::redact);
    let [name, before, behind] = lines::<3>(&text);
    once(behind, |text| privacy::redact_value(name, text));
    for planted in [
        format!("{before} {ADDRESS} {behind}"),
        format!("{before}&mail={}&{behind}", ADDRESS.replace('@', "%40")),
    ] {
        for (kept, found) in [privacy::redact(&planted), privacy::redact_value(name, &planted)] {
            assert!(found > 0, "{planted:?}");
            assert!(!kept.contains(SENTINEL), "{planted:?} becomes {kept:?}");
        }
    }
}

fn once(text: &str, redact: impl Fn(&str) -> (Cow<'_, str>, usize)) {
    let (kept, found) = redact(text);
    assert!(matches!(printable(&kept), Cow::Borrowed(_)), "{kept:?}");
    let (again, more) = redact(&kept);
    assert_eq!((again.as_ref(), more), (kept.as_ref(), 0), "of {text:?}");
    if found == 0 {
        assert_eq!(kept, printable(text), "nothing was found, and something changed");
    }
}
