//! The short run: every target on its corpus and on a bounded number of mutations of it. Promise: the same cases on
//! every machine, and a case that fails is printed as small as it can be made.

use mqlite_promises::{TARGETS, Target};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestCaseError, TestError, TestRunner};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Mutations of each corpus. A target of which one takes long gets fewer.
const CASES: u32 = 1_500;
const CASES_OF_MODELS: u32 = 150;
/// Bytes beyond which a mutated input is cut: what is hostile and long is for the hostile runs.
const LENGTH_MAX: usize = 16 * 1024;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The seeds of a target, in the order of their names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = fuzz().join("corpus").join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    // What a long run finds is written beside them without an ending.
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some());
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("reads")).collect()
}

/// The words of libFuzzer's dictionary of a target: `"…"` a line, with `\"`, `\\` and `\xNN`.
fn words(name: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(fuzz().join(format!("{name}.dict"))).expect("a dictionary");
    let words = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    words.map(unescaped).collect()
}

fn unescaped(word: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = word.as_bytes();
    loop {
        let (byte, more) = match rest {
            [] => return bytes,
            [b'\\', b'x', a, b, more @ ..] => {
                let digits = [*a, *b];
                let digits = std::str::from_utf8(&digits).expect("two digits");
                (u8::from_str_radix(digits, 16).expect("hexadecimal"), more)
            }
            [b'\\', escaped, more @ ..] => (*escaped, more),
            [plain, more @ ..] => (*plain, more),
        };
        bytes.push(byte);
        rest = more;
    }
}

/// One change of an input. Places are shares of its length, so that a change fits whatever came before it.
#[derive(Debug, Clone)]
enum Edit {
    Byte(u16, u8),
    Word(u16, Vec<u8>),
    Remove(u16, u8),
    Repeat(u16, u8, u8),
    Splice(u16, Vec<u8>),
    Cut(u16),
}

impl Edit {
    fn apply(&self, input: &mut Vec<u8>) {
        let place = |share: u16| usize::from(share) * (input.len() + 1) / 65_536;
        match self {
            Self::Byte(at, byte) => {
                let at = place(*at);
                match input.get_mut(at) {
                    Some(there) => *there = *byte,
                    None => input.push(*byte),
                }
            }
            Self::Word(at, word) => {
                let at = place(*at);
                input.splice(at..at, word.iter().copied());
            }
            Self::Remove(at, length) => {
                let at = place(*at);
                let end = (at + usize::from(*length)).min(input.len());
                input.drain(at..end);
            }
            Self::Repeat(at, length, times) => {
                let at = place(*at);
                let piece = input[at..(at + usize::from(*length)).min(input.len())].to_vec();
                input.splice(at..at, piece.repeat(usize::from(*times)));
            }
            Self::Splice(at, other) => {
                let at = place(*at);
                input.truncate(at);
                input.extend(other);
            }
            Self::Cut(at) => {
                let at = place(*at);
                input.truncate(at);
            }
        }
        input.truncate(LENGTH_MAX);
    }
}

/// An input of a corpus with some edits.
fn inputs(seeds: &[Vec<u8>], words: &[Vec<u8>]) -> impl Strategy<Value = Vec<u8>> {
    let seed = prop::sample::select(seeds.to_vec());
    let tail = (prop::sample::select(seeds.to_vec()), any::<u16>()).prop_map(|(seed, at)| {
        let at = usize::from(at) * seed.len() / 65_536;
        seed[at..].to_vec()
    });
    let edit = prop_oneof![
        4 => (any::<u16>(), any::<u8>()).prop_map(|(at, byte)| Edit::Byte(at, byte)),
        4 => (any::<u16>(), prop::sample::select(words.to_vec())).prop_map(|(at, word)| Edit::Word(at, word)),
        2 => (any::<u16>(), 1..20_u8).prop_map(|(at, length)| Edit::Remove(at, length)),
        1 => (any::<u16>(), 1..40_u8, 1..60_u8).prop_map(|(at, length, times)| Edit::Repeat(at, length, times)),
        1 => (any::<u16>(), tail).prop_map(|(at, tail)| Edit::Splice(at, tail)),
        1 => any::<u16>().prop_map(Edit::Cut),
    ];
    (seed, prop::collection::vec(edit, 0..6)).prop_map(|(mut input, edits)| {
        edits.iter().for_each(|edit| edit.apply(&mut input));
        input
    })
}

/// What a target says against an input.
fn complaint(target: Target, input: &[u8]) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| target(input))).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    Some(text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default())
}

fn run(name: &str, target: Target, cases: u32, more: Vec<Vec<u8>>) -> Result<(), String> {
    let mut seeds = corpus(name);
    seeds.extend(more);
    assert!(seeds.len() >= 5, "{name} has {} seeds", seeds.len());
    for seed in &seeds {
        if let Some(wrong) = complaint(target, seed) {
            return Err(format!("{wrong}\nof the seed {:?}", String::from_utf8_lossy(seed)));
        }
    }
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(0x6d71_6c69),
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    };
    let tried = TestRunner::new(config).run(&inputs(&seeds, &words(name)), |input| {
        complaint(target, &input).map_or(Ok(()), |wrong| Err(TestCaseError::fail(wrong)))
    });
    tried.map_err(|error| match error {
        TestError::Fail(why, input) => format!("{why}\nof {:?} = {input:?}", String::from_utf8_lossy(&input)),
        TestError::Abort(why) => why.to_string(),
    })
}

fn assert_kept(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).expect("a target");
    let (cases, more) = match name {
        "model" => (CASES_OF_MODELS, ready_models()),
        _ => (CASES, Vec::new()),
    };
    run(name, target, cases, more).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
}

/// The models that come with the program are seeds, too.
fn ready_models() -> Vec<Vec<u8>> {
    mqlite::scoring::Ready::ALL.iter().map(|ready| ready.text.as_bytes().to_vec()).collect()
}

#[test]
fn user_agents() {
    assert_kept("agent");
}

#[test]
fn the_audit_log() {
    assert_kept("audit");
}

#[test]
fn cells_of_csv() {
    assert_kept("cell");
}

#[test]
fn models() {
    assert_kept("model");
}

#[test]
fn outcomes_of_sales() {
    assert_kept("outcomes");
}

#[test]
fn personal_data() {
    assert_kept("redact");
}

#[test]
fn settings() {
    assert_kept("settings");
}

#[test]
fn tokens_and_ids() {
    assert_kept("token");
}

#[test]
fn addresses_of_pages() {
    assert_kept("url");
}

#[test]
fn events_on_the_wire() {
    assert_kept("wire");
}

/// A target that is added is in the table, has seeds, a dictionary, a test above and a binary for libFuzzer.
#[test]
fn every_target_is_fuzzed() {
    let here = include_str!("short.rs");
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).expect("reads");
    let folders = std::fs::read_dir(fuzz().join("corpus")).expect("reads");
    let folders: BTreeSet<String> =
        folders.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(folders, TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (name, _) in TARGETS {
        assert!(here.contains(&format!("assert_kept(\"{name}\")")), "{name} has no test");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} has no binary");
        assert!(!words(name).is_empty(), "{name} has no words");
    }
}

/// A promise that does not hold is found, and printed smaller than it was found.
#[test]
fn a_broken_promise_is_found() {
    fn broken(bytes: &[u8]) {
        assert!(!bytes.windows(5).any(|five| five == b"\"KWD\""), "there it is");
    }
    let wrong = run("wire", broken, CASES, Vec::new()).expect_err("it is among the words");
    assert!(wrong.contains("there it is"), "{wrong}");
}
