//! What a check of the audit log finds, in words. Invariant: a finding names the place, and what an entry says
//! of itself is cleaned before it is shown, for whoever changed it chose the letters.

use crate::domain::{Action, Entry, Text};

/// How many findings are shown; of the others their number.
const SHOWN: usize = 100;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An entry does not say what was written.
    Changed,
    /// An entry is not there.
    Missing,
    /// An entry stands at another's place.
    Reordered,
    /// The end is not there.
    Cut,
    /// An entry, or all from it on, was written anew with hashes that fit.
    Rewritten,
    /// The anchor cannot be read, or holds what was never written there.
    UnreadableAnchor,
    /// There is no anchor to compare with (a warning).
    NoAnchor,
    /// The anchor does not go back to the first entry (a warning).
    AnchorBegunLate,
    /// The anchor does not go on to the last entry (a warning).
    AnchorEndsEarly,
    /// There is more than is shown.
    More,
}

impl Kind {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Reordered => "reordered",
            Self::Cut => "cut",
            Self::Rewritten => "rewritten",
            Self::UnreadableAnchor => "unreadable_anchor",
            Self::NoAnchor => "no_anchor",
            Self::AnchorBegunLate => "anchor_begun_late",
            Self::AnchorEndsEarly => "anchor_ends_early",
            Self::More => "more",
        }
    }

    /// Whether the log may well be the one that was written, only that less vouches for it.
    pub const fn is_warning(self) -> bool {
        matches!(self, Self::NoAnchor | Self::AnchorBegunLate | Self::AnchorEndsEarly)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The entry's place, where it has one.
    pub seq: Option<i64>,
    /// What is wrong.
    pub kind: Kind,
    /// The same for a person to read.
    pub sentence: String,
}

impl Finding {
    pub(super) fn new(seq: Option<i64>, kind: Kind, sentence: String) -> Self {
        Self { seq, kind, sentence }
    }
}

/// Findings, no more than can be read.
#[derive(Default)]
pub(super) struct Findings {
    shown: Vec<Finding>,
    more: u64,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        if self.shown.len() < SHOWN {
            self.shown.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// Adds one that must be shown, of which there are few.
    pub(super) fn always(&mut self, finding: Finding) {
        self.shown.push(finding);
    }

    /// Puts another finding in the place of what was said of an entry.
    pub(super) fn replace(&mut self, seq: i64, with: Finding) {
        let said = |finding: &&mut Finding| finding.seq == Some(seq) && finding.kind == Kind::Changed;
        if let Some(finding) = self.shown.iter_mut().find(said) {
            *finding = with;
        }
    }

    pub(super) fn list(mut self) -> Vec<Finding> {
        self.shown.sort_by_key(|finding| (finding.seq.is_none(), finding.seq));
        if self.more > 0 {
            let sentence = format!("and {} more", grouped(&self.more.to_string()));
            self.shown.push(Finding::new(None, Kind::More, sentence));
        }
        self.shown
    }
}

/// `entry 4,711`
pub(super) fn entry_no(seq: i64) -> String {
    format!("entry {}", grouped(&seq.to_string()))
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let first = match digits.len() % 3 {
        0 => 3,
        rest => rest,
    };
    let (head, tail) = digits.split_at(first.min(digits.len()));
    let groups = tail.as_bytes().chunks(3).map(String::from_utf8_lossy);
    groups.fold(format!("{sign}{head}"), |text, group| format!("{text},{group}"))
}

/// What an entry says of itself: `(lead looked at, 2026-11-22 10:00)`.
pub(super) fn described(entry: &Entry) -> String {
    let action = match Action::from_name(&entry.action) {
        Some(action) => {
            let mut letters = action.title().chars();
            let first = letters.next().map(|letter| letter.to_lowercase().to_string());
            first.unwrap_or_default() + letters.as_str()
        }
        None => format!("`{}`", Text::<40>::clean(&entry.action)),
    };
    let at = entry.at.to_string().replace('T', " ");
    format!("({action}, {})", at.get(..16).unwrap_or(&at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (seq, text) in
            [(1, "1"), (999, "999"), (4_711, "4,711"), (1_234_567, "1,234,567"), (-4_711, "-4,711")]
        {
            assert_eq!(entry_no(seq), format!("entry {text}"));
        }
    }

    #[test]
    fn what_cannot_be_shown_is_counted() {
        let mut findings = Findings::default();
        for seq in (0..1_250).rev() {
            findings.add(Finding::new(Some(seq), Kind::Changed, String::new()));
        }
        findings.always(Finding::new(None, Kind::NoAnchor, String::new()));
        let list = findings.list();
        assert_eq!(list.len(), SHOWN + 2);
        assert!(list.windows(2).all(|two| two[1].seq.is_none() || two[0].seq < two[1].seq));
        assert_eq!(list.last().map(|finding| finding.sentence.as_str()), Some("and 1,150 more"));
    }
}
