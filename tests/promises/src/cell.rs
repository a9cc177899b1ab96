//! Any text as a cell of CSV. Invariant: it stays one cell, nothing is lost of it, and no spreadsheet, whatever it
//! cuts at, takes a part of it for a formula.

use mqlite::domain::csv as ours;

/// Writes it between two others and reads the line again.
///
/// # Panics
/// When a promise does not hold.
pub fn cell(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let guarded = ours::guarded(&text);
    let line = format!("a,{},b\n", ours::cell(&text));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("a line is CSV");
    assert_eq!(records.len(), 1, "{line:?}");
    assert_eq!(records[0].iter().collect::<Vec<_>>(), ["a", guarded.as_str(), "b"]);
    assert!(is_with_guards(&text, &guarded), "{text:?} becomes {guarded:?}");
    // Set to another separator, a program cuts within the quotes, and may trim and unquote what it finds.
    for part in ours::cell(&text).split([',', ';', '|', '\t', '\r', '\n']) {
        let begin = part.trim_start_matches([' ', '\u{a0}', '"']);
        assert!(!begin.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{part:?} of {text:?}");
    }
}

/// Whether `guarded` is `text` with apostrophes put in before what would begin a formula.
fn is_with_guards(text: &str, guarded: &str) -> bool {
    let mut rest = guarded.chars().peekable();
    for c in text.chars() {
        if rest.next_if_eq(&c).is_some() {
            continue;
        }
        let guards = rest.next() == Some('\'') && rest.next() == Some(c);
        if !guards || !"=+-@\t\r＝＋－＠".contains(c) {
            return false;
        }
    }
    rest.next().is_none()
}
