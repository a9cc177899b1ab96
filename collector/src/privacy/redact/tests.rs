//! Tests of redaction. Invariant: the corpus says what is found and what is not, misses included, and its
//! figures are printed as they are.

use super::*;
use proptest::prelude::*;

const CORPUS: &str = include_str!("corpus.tsv");
const KINDS: [Kind; 5] = [Kind::Email, Kind::Phone, Kind::Card, Kind::Id, Kind::Token];

struct Line {
    kind: &'static str,
    raw: &'static str,
    wanted: &'static str,
    known: bool,
}

fn corpus() -> Vec<Line> {
    let lines = CORPUS.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let (kind, raw, wanted) = (columns[0], columns[1], columns[2]);
            Line { kind, raw, wanted, known: columns.get(3) == Some(&"known") }
        })
        .collect()
}

#[derive(Default, Clone, Copy)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Score {
    /// Markers of one kind: those wanted and there, those there too many, those missing.
    fn add(&mut self, marker: &str, got: &str, wanted: &str) {
        let (got, wanted) = (got.matches(marker).count(), wanted.matches(marker).count());
        self.right += got.min(wanted);
        self.wrong += got.saturating_sub(wanted);
        self.missed += wanted.saturating_sub(got);
    }

    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    fn rates(self) -> (f64, f64) {
        let share = |part: usize, whole: usize| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        (share(self.right, self.right + self.wrong), share(self.right, self.right + self.missed))
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what this test is run for")]
fn the_corpus_comes_out_as_it_says() {
    let corpus = corpus();
    let mut scores = [Score::default(); KINDS.len()];
    let mut unexpected = Vec::new();
    for line in &corpus {
        let (got, _) = redact(line.raw);
        for (kind, score) in KINDS.iter().zip(&mut scores) {
            // Markers that were in the string before are nobody's find.
            let before = line.raw.matches(kind.marker()).count();
            let got = got.replacen(kind.marker(), "", before);
            score.add(kind.marker(), &got, &line.wanted.replacen(kind.marker(), "", before));
        }
        if (got == line.wanted) == line.known {
            let known = if line.known { " (listed as not found yet)" } else { "" };
            unexpected.push(format!("{} `{}` -> `{got}`, not `{}`{known}", line.kind, line.raw, line.wanted));
        }
    }
    let positives = corpus.iter().filter(|line| line.kind != "none").count();
    let known = corpus.iter().filter(|line| line.known).count();
    println!(
        "{} strings, {positives} with personal data, {known} known misses or false alarms",
        corpus.len()
    );
    let mut all = Score::default();
    let print = |name: &str, score: Score| {
        let (precision, recall) = score.rates();
        println!(
            "{name:8} precision {precision:.3}  recall {recall:.3}  (found {}, false {}, missed {})",
            score.right, score.wrong, score.missed
        );
        (precision, recall)
    };
    for (kind, score) in KINDS.iter().zip(scores) {
        print(kind.marker(), score);
        all = Score {
            right: all.right + score.right,
            wrong: all.wrong + score.wrong,
            missed: all.missed + score.missed,
        };
    }
    let (precision, recall) = print("overall", all);
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    assert!(positives >= 120 && corpus.len() - positives >= 120);
    assert!(precision >= 0.98 && recall >= 0.95, "{precision} {recall}");
}

/// Strings that look like what is looked for, whole and in parts.
fn near_misses() -> impl Strategy<Value = String> {
    let raws: Vec<&'static str> = corpus().iter().map(|line| line.raw).collect();
    let part = prop_oneof![
        4 => prop::sample::select(raws),
        2 => prop::sample::select(vec!["@", "%40", "%25", "%2540", "+", "00", "-", " ", ".", "/", "(", ")", "\"", "_", "[", "]", "=", ":"]),
        1 => prop::sample::select(vec!["eyJ", "(at)", " [at] ", "&#64;", "sk_live_", "tel", "ssn=", "ü", "\u{300}", "＠", "٣", "１", "\u{200d}", "a", "Z", "7"]),
    ];
    let any = prop_oneof!["\\PC{0,12}", "[0-9 ./()+-]{0,30}", "[A-Za-z0-9_@.%-]{0,40}"];
    prop::collection::vec(prop_oneof![3 => part.prop_map(str::to_owned), 1 => any], 0..8)
        .prop_map(|parts| parts.concat())
}

/// A plain address, found without the code that is tested.
fn holds_address(text: &str) -> bool {
    regex::Regex::new(r"[a-zA-Z0-9._+-]@[a-zA-Z0-9-]+\.[a-zA-Z]{2,}")
        .expect("valid")
        .find_iter(text)
        .any(|found| FILES.iter().all(|file| !found.as_str().to_lowercase().ends_with(file)))
}

const FILES: [&str; 25] = [
    ".avif", ".css", ".csv", ".gif", ".gz", ".htm", ".html", ".jpeg", ".jpg", ".js", ".json", ".map", ".min",
    ".mjs", ".mp4", ".pdf", ".php", ".png", ".svg", ".tgz", ".txt", ".webp", ".woff", ".woff2", ".xml",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn redacting_twice_is_redacting_once(raw in near_misses(), name in "[a-z_]{0,8}|phone|ssn|tel") {
        let (once, found) = redact_value(&name, &raw);
        let (twice, again) = redact_value(&name, &once);
        prop_assert_eq!((&once, 0), (&twice, again), "of {:?}", raw);
        prop_assert!(found > 0 || once == raw);
        prop_assert!(once.len() <= raw.len() * 2 + 16, "{} from {}", once.len(), raw.len());
        prop_assert!(!holds_address(&once), "{:?} from {:?}", once, raw);
    }

    #[test]
    fn any_text_at_all(raw in "\\PC{0,60}|(?s).{0,60}") {
        let (once, _) = redact(&raw);
        prop_assert_eq!(redact(&once), (Cow::Borrowed(&*once), 0));
    }
}

#[test]
fn long_hostile_strings_come_out() {
    let sources = [
        "a@", "@", "1 ", "0", "+49 ", "4111 ", "a1B-", "%40", "%25", "eyJ.", "\"@", "a@b.js.", "(0", "tel 1",
        "DE89",
    ];
    for source in sources {
        let raw = source.repeat(8_192 / source.len());
        let (once, _) = redact(&raw);
        assert_eq!(redact(&once).1, 0, "{source}");
    }
}

#[test]
fn what_is_innocent_is_not_copied() {
    for raw in ["/pricing", "/blog/how-to-choose", "Outbound Link: Click", "2026", "produkt-übersicht"] {
        assert!(is_plain(raw) && matches!(redact(raw).0, Cow::Borrowed(_)), "{raw}");
    }
}

/// What is copied out of a page or a mail holds characters that nobody sees.
#[test]
fn what_nobody_sees_hides_nothing() {
    for unseen in ['\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}', '\u{202a}'] {
        for raw in
            ["j#o@example.com", "jo#@example.com", "jo@#example.com", "jo@exam#ple.com", "jo@example#.com"]
        {
            let raw = raw.replace('#', &unseen.to_string());
            assert_eq!(redact(&raw), (Cow::Borrowed("[email]"), 1), "{raw:?}");
        }
    }
    // A blank is kept in its place.
    assert_eq!(redact("06 12\u{200b}34 56 78").0, "[phone]");
}

#[test]
fn what_is_named_as_a_secret_goes_whole() {
    for (name, value, wanted) in [
        ("password", "hunter2", "[token]"),
        ("Access-Token", "abc", "[token]"),
        ("sessionId", "17", "[token]"),
        ("client_ip", "203.0.113.7", "[id]"),
        ("ip", "2001:db8::1", "[id]"),
        ("password", "", ""),
        ("token", "gold", "gold"),
        ("session", "Keynote", "Keynote"),
        ("zip", "10115", "10115"),
        ("password_strength", "weak", "weak"),
    ] {
        let (once, _) = redact_value(name, value);
        assert_eq!(once, wanted, "{name}");
        assert_eq!(redact_value(name, &once), (Cow::Borrowed(wanted), 0), "{name} again");
    }
}

#[test]
fn a_name_tells_what_its_digits_are() {
    for (name, value, wanted) in [
        ("phone", "4155550132", "[phone]"),
        ("customer_phone_number", "22 33 44 55", "[phone]"),
        ("userTelefon", "12345678", "[phone]"),
        ("ssn", "123456789", "[id]"),
        ("tax_id", "12 345 678 90", "[id]"),
        ("order", "4155550132", "4155550132"),
        ("hotel", "12345678", "12345678"),
    ] {
        assert_eq!(redact_value(name, value).0, wanted, "{name}");
    }
}
