//! Whether the audit log is the one that was written. Invariant: it only reads, page by page, and never stops
//! at what it finds; whatever was changed, removed, put elsewhere or cut off is named with its place. What no
//! chain can show, a log that was rewritten as a whole, the anchor and noted heads show.

use super::anchor::{Line, parse_hash};
use super::finding::{Finding, Findings, Kind, described, entry_no};
use super::swapped::Misplaced;
use super::{Anchor, Recorder};
use crate::domain::{Entry, Head, Invalid, Timestamp, to_hex};
use crate::storage::{AuditLog, AuditQuery, StoreError};
use std::path::PathBuf;

/// Entries and lines of the anchor that are held at once.
const PAGE: usize = 1_000;
/// Lines of the anchor that are looked up in one pass over the log.
const LINES: usize = 50_000;

/// Within this time an entry's hash is in the anchor.
const ANCHORED_MS: i64 = 60_000;

/// What a check found.
#[derive(Debug)]
pub struct Verdict {
    /// When it was made.
    pub checked_at: Timestamp,
    /// How many entries there are.
    pub entries: u64,
    /// The newest of them.
    pub head: Option<Head>,
    /// What of the anchor was there.
    pub anchor: Option<AnchorSeen>,
    /// What is wrong, or is to be known; places in order.
    pub findings: Vec<Finding>,
}

/// What of the anchor was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorSeen {
    /// The file.
    pub path: PathBuf,
    /// How many lines it has.
    pub lines: u64,
    /// The newest entry that it vouches for.
    pub seq: Option<i64>,
}

impl Verdict {
    /// Whether nothing is wrong. A warning is not: it says what could not be checked.
    pub fn ok(&self) -> bool {
        self.findings.iter().all(|finding| finding.kind.is_warning())
    }
}

/// A head as the log output says it and somebody noted it: `SEQ:HASH`.
///
/// # Errors
/// Says what would be right.
pub fn parse_head(text: &str) -> Result<Head, Invalid> {
    let wrong =
        || Invalid::new("a head is an entry's number and its hash of 64 hexadecimal digits: SEQ:HASH");
    let (seq, hash) = text.trim().split_once([':', ' ']).ok_or_else(wrong)?;
    let seq = seq.parse().ok().filter(|seq| *seq > 0).ok_or_else(wrong)?;
    Ok(Head { seq, hash: parse_hash(hash.trim()).ok_or_else(wrong)? })
}

impl Recorder {
    /// Checks the log against itself, the anchor, and heads that somebody noted.
    ///
    /// # Errors
    /// When the ledger fails.
    pub fn verify(&self, noted: &[Head]) -> Result<Verdict, StoreError> {
        verify(self.ledger.as_ref(), self.anchor.as_ref(), noted, self.clock.now())
    }
}

/// Checks the log against itself, the anchor, and heads that somebody noted.
///
/// # Errors
/// When the log cannot be read.
pub fn verify<L: AuditLog + ?Sized>(
    log: &L,
    anchor: Option<&Anchor>,
    noted: &[Head],
    now: Timestamp,
) -> Result<Verdict, StoreError> {
    let mut chain = Chain::default();
    chain.walk(log)?;
    let Chain { last, entries, mut findings, misplaced, .. } = chain;
    misplaced.explain(log, &mut findings)?;
    let mut witness = Witness { log, last: last.map_or(0, |head| head.seq), findings: &mut findings };
    witness.noted(noted)?;
    let anchor = anchor.map(|anchor| witness.anchor(anchor)).transpose()?.flatten();
    if let (Some(seen), Some(last)) = (&anchor, last)
        && seen.seq.is_none()
    {
        findings.always(Finding::new(
            None,
            Kind::NoAnchor,
            format!(
                "the anchor {} holds no whole line, and {} entries are there",
                seen.path.display(),
                last.seq
            ),
        ));
    }
    if let (Some(upto), Some(last)) = (anchor.as_ref().and_then(|seen| seen.seq), last) {
        ends_early(log, upto, last.seq, now, &mut findings)?;
    }
    Ok(Verdict { checked_at: now, entries, head: last, anchor, findings: findings.list() })
}

/// Says that the newest entries stand in no anchor: it cannot be written any more, it is a copy, or its end was
/// removed.
fn ends_early<L: AuditLog + ?Sized>(
    log: &L,
    upto: i64,
    last: i64,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let next = log.entries_after(upto, 1)?.into_iter().next();
    // An entry stands in the log a moment before it stands in the anchor.
    let Some(next) = next.filter(|next| next.at.plus_millis(ANCHORED_MS) < now && next.seq <= last) else {
        return Ok(());
    };
    let sentence = format!(
        "the anchor ends at {}, and the log goes on to {}: nothing outside the database vouches for what is \
         after it",
        entry_no(upto),
        entry_no(last)
    );
    findings.always(Finding::new(Some(next.seq), Kind::AnchorEndsEarly, sentence));
    Ok(())
}

/// Checks the chain alone: each entry's hash and link, and the head that is kept beside it.
pub(super) fn chain_holds<L: AuditLog + ?Sized>(log: &L) -> Result<bool, StoreError> {
    let mut chain = Chain::default();
    chain.walk(log)?;
    Ok(chain.findings.list().is_empty())
}

/// The walk along the chain.
#[derive(Default)]
struct Chain {
    /// The entry before.
    last: Option<Head>,
    /// Whether its hash fits what it says.
    sound: bool,
    entries: u64,
    findings: Findings,
    misplaced: Misplaced,
}

impl Chain {
    fn walk<L: AuditLog + ?Sized>(&mut self, log: &L) -> Result<(), StoreError> {
        self.sound = true;
        // No place is after the lowest that there is: whatever was put there is asked for by itself.
        let lowest = AuditQuery { before: Some(i64::MIN + 1), limit: 1, ..AuditQuery::default() };
        log.entries(&lowest)?.entries.iter().for_each(|entry| self.step(entry));
        let mut at = i64::MIN;
        let mut go_on = |chain: &mut Self, kept: Option<Head>| -> Result<Option<Head>, StoreError> {
            let mut found = None;
            loop {
                let page = log.entries_after(at, PAGE)?;
                for entry in &page {
                    chain.step(entry);
                    if kept.is_some_and(|kept| kept.seq == entry.seq) {
                        found = Some(entry.head());
                    }
                }
                let Some(last) = page.last() else { return Ok(found) };
                at = last.seq;
                if kept.is_some_and(|kept| kept.seq <= at) {
                    return Ok(found);
                }
            }
        };
        go_on(&mut *self, None)?;
        // While we walked, entries may have been added: the head is read after them, and is theirs or later.
        let (kept, before) = (log.audit_head()?, self.last);
        let Some(kept) = kept else {
            if let Some(last) = before {
                self.findings.always(Finding::new(
                    Some(last.seq),
                    Kind::Cut,
                    format!(
                        "the head that is kept beside the log is missing: nothing here says that {} is the newest",
                        entry_no(last.seq)
                    ),
                ));
            }
            return Ok(());
        };
        let there = match before {
            Some(last) if last.seq >= kept.seq => Some(last),
            _ => go_on(&mut *self, Some(kept))?,
        };
        self.compare_with_kept(kept, there);
        Ok(())
    }

    fn compare_with_kept(&mut self, kept: Head, there: Option<Head>) {
        match there {
            Some(there) if there.seq > kept.seq => self.findings.always(Finding::new(
                Some(kept.seq),
                Kind::Changed,
                format!(
                    "the head that is kept beside the log is {}, but {} is there: the head was changed, or \
                     entries were put in past the program",
                    entry_no(kept.seq),
                    entry_no(there.seq)
                ),
            )),
            Some(there) if there.hash == kept.hash => {}
            // Already said of the entry itself.
            Some(_) if !self.sound => {}
            Some(_) => self.findings.always(Finding::new(
                Some(kept.seq),
                Kind::Rewritten,
                format!(
                    "{} fits itself, but is not the one that was written last: the head that is kept beside the \
                     log has another hash",
                    entry_no(kept.seq)
                ),
            )),
            None => {
                let from = self.last.map_or(1, |last| last.seq.saturating_add(1));
                let finding = Finding::new(
                    Some(from),
                    Kind::Cut,
                    format!(
                        "the end was cut off: {} and the log's head says that {} was the newest",
                        missing(from, kept.seq),
                        entry_no(kept.seq)
                    ),
                );
                self.findings.always(finding);
            }
        }
    }

    fn step(&mut self, entry: &Entry) {
        let expected = self.last.map_or(1, |last| last.seq.saturating_add(1));
        let before = self.last.replace(entry.head());
        let before_sound = std::mem::replace(&mut self.sound, true);
        self.entries += 1;
        if entry.seq < 1 {
            self.sound = false;
            self.findings.add(Finding::new(
                Some(entry.seq),
                Kind::Changed,
                format!("an entry was put in at place {}, where none can be {}", entry.seq, described(entry)),
            ));
            // The chain proper begins at 1.
            self.last = None;
            return;
        }
        let whole = entry.seq == expected;
        if !whole {
            let sentence = format!("{} before {}", missing(expected, entry.seq - 1), entry_no(entry.seq));
            self.findings.add(Finding::new(Some(expected), Kind::Missing, sentence));
        }
        if entry.computed_hash() != entry.hash {
            self.sound = false;
            self.misplaced.add(entry);
            self.findings.add(Finding::new(
                Some(entry.seq),
                Kind::Changed,
                format!(
                    "{} is not the one that was written: its hash does not fit what it says {}",
                    entry_no(entry.seq),
                    described(entry)
                ),
            ));
            return;
        }
        let previous = before.map_or([0; 32], |before| before.hash);
        // Of an entry that is wrong itself, or of one that is missing, it was said already.
        if whole && (before_sound || before.is_none()) && entry.previous != previous {
            let sentence = match before {
                Some(before) => format!(
                    "{} does not hold on to {}: one of them was written anew {}",
                    entry_no(entry.seq),
                    entry_no(before.seq),
                    described(entry)
                ),
                None => format!("{} is not the first that was written {}", entry_no(1), described(entry)),
            };
            self.findings.add(Finding::new(Some(entry.seq), Kind::Rewritten, sentence));
        }
    }
}

fn missing(from: i64, to: i64) -> String {
    if from >= to {
        format!("{} is missing", entry_no(from))
    } else {
        let from = entry_no(from);
        let to = entry_no(to);
        format!("{from} to {} are missing", to.trim_start_matches("entry ")).replacen("entry", "entries", 1)
    }
}

/// What stands outside the database, held against the log.
struct Witness<'a, L: ?Sized> {
    log: &'a L,
    last: i64,
    findings: &'a mut Findings,
}

/// How a head outside the database and the log differ.
enum Difference {
    /// Another entry stands at its place.
    Other(Box<Entry>),
    /// No entry stands there.
    None,
}

impl<L: AuditLog + ?Sized> Witness<'_, L> {
    fn noted(&mut self, noted: &[Head]) -> Result<(), StoreError> {
        for head in noted {
            let entry =
                self.log.entries_after(head.seq - 1, 1)?.into_iter().find(|entry| entry.seq == head.seq);
            let (kind, what) = match entry {
                Some(entry) if entry.hash == head.hash => continue,
                Some(entry) => (Kind::Rewritten, format!("the entry there is another {}", described(&entry))),
                None if head.seq > self.last => {
                    (Kind::Cut, format!("the log ends at {}", entry_no(self.last)))
                }
                None => (Kind::Missing, "it is missing".to_owned()),
            };
            let sentence = format!("{} is not the one that was noted: {what}", entry_no(head.seq));
            self.findings.always(Finding::new(Some(head.seq), kind, sentence));
        }
        Ok(())
    }

    fn anchor(&mut self, anchor: &Anchor) -> Result<Option<AnchorSeen>, StoreError> {
        let path = anchor.path().to_owned();
        let unreadable = |findings: &mut Findings, error: &std::io::Error| {
            let sentence = format!("the anchor {} cannot be read: {error}", anchor.path().display());
            findings.always(Finding::new(None, Kind::UnreadableAnchor, sentence));
        };
        let lines = match anchor.lines() {
            Ok(Some(lines)) => lines,
            Ok(None) => {
                if self.last > 0 {
                    let sentence = format!(
                        "there is no anchor at {}: the chain holds by itself, but nothing outside the database \
                         says that it is the one that was written",
                        anchor.path().display()
                    );
                    self.findings.always(Finding::new(None, Kind::NoAnchor, sentence));
                }
                return Ok(None);
            }
            Err(error) => {
                unreadable(self.findings, &error);
                return Ok(None);
            }
        };
        let mut seen = AnchorSeen { path, lines: 0, seq: None };
        let mut oldest: Option<i64> = None;
        let mut heads: Vec<Head> = Vec::new();
        let mut differing = Differing::default();
        let (mut strange, mut broken): (Option<u64>, bool) = (None, false);
        for line in lines {
            match line {
                Ok(Line::Head(head)) => {
                    seen.seq = seen.seq.max(Some(head.seq));
                    oldest = Some(oldest.map_or(head.seq, |oldest| oldest.min(head.seq)));
                    heads.push(head);
                }
                Ok(Line::Torn) => {}
                Ok(Line::Unreadable) => strange = strange.or(Some(seen.lines + 1)),
                Err(error) => {
                    unreadable(self.findings, &error);
                    broken = true;
                    break;
                }
            }
            seen.lines += 1;
            if heads.len() == LINES {
                self.look_up(std::mem::take(&mut heads), &mut differing)?;
            }
        }
        self.look_up(heads, &mut differing)?;
        differing.say(self.last, self.findings);
        if let Some(line) = strange {
            let sentence = format!("line {line} of the anchor is none that was written there");
            self.findings.always(Finding::new(None, Kind::UnreadableAnchor, sentence));
        }
        if let Some(oldest) = oldest.filter(|oldest| *oldest > 1) {
            let sentence = format!(
                "the anchor begins at {} only: before that, it was elsewhere or was removed",
                entry_no(oldest)
            );
            self.findings.always(Finding::new(Some(oldest), Kind::AnchorBegunLate, sentence));
        }
        Ok((!broken).then_some(seen))
    }

    /// Holds lines against the entries at their places, in one pass over those.
    fn look_up(&self, mut heads: Vec<Head>, differing: &mut Differing) -> Result<(), StoreError> {
        heads.sort_unstable_by_key(|head| head.seq);
        let mut page: std::vec::IntoIter<Entry> = Vec::new().into_iter();
        let mut current: Option<Entry> = None;
        let mut at = heads.first().map_or(0, |head| head.seq - 1);
        let mut ended = false;
        for head in heads {
            while !ended && current.as_ref().is_none_or(|entry| entry.seq < head.seq) {
                let Some(next) = page.next() else {
                    at = at.max(head.seq - 1);
                    page = self.log.entries_after(at, PAGE)?.into_iter();
                    ended = page.len() == 0;
                    continue;
                };
                at = next.seq;
                current = Some(next);
            }
            match current.as_ref().filter(|entry| entry.seq == head.seq) {
                Some(entry) if entry.hash == head.hash => {}
                Some(entry) => differing.note(head, Difference::Other(Box::new(entry.clone()))),
                None => differing.note(head, Difference::None),
            }
        }
        Ok(())
    }
}

/// Lines of the anchor that the log does not bear out: the first of each kind, for from there on all may be.
#[derive(Default)]
struct Differing {
    other: Option<(Head, Box<Entry>)>,
    others: u64,
    gone: Option<Head>,
    last_gone: i64,
}

impl Differing {
    fn note(&mut self, head: Head, difference: Difference) {
        match difference {
            Difference::Other(entry) => {
                self.others += 1;
                if self.other.as_ref().is_none_or(|(first, _)| head.seq < first.seq) {
                    self.other = Some((head, entry));
                }
            }
            Difference::None => {
                self.last_gone = self.last_gone.max(head.seq);
                if self.gone.is_none_or(|first| head.seq < first.seq) {
                    self.gone = Some(head);
                }
            }
        }
    }

    fn say(self, last: i64, findings: &mut Findings) {
        if let Some((head, entry)) = self.other {
            let sentence = format!(
                "from {} on the log is not the one that was written: the anchor has another hash {} ({} of its \
                 lines differ, the first is {})",
                entry_no(head.seq),
                described(&entry),
                self.others,
                to_hex(&head.hash),
            );
            findings.always(Finding::new(Some(head.seq), Kind::Rewritten, sentence));
        }
        if let Some(first) = self.gone {
            let (kind, what) = if self.last_gone > last {
                (Kind::Cut, format!("the end was cut off: the log ends at {}", entry_no(last)))
            } else {
                (Kind::Missing, format!("{} is missing", entry_no(first.seq)))
            };
            let sentence = format!("{what}, and the anchor knows {}", entry_no(self.last_gone));
            findings.always(Finding::new(Some(first.seq), kind, sentence));
        }
    }
}
