//! Less of what was sent. Invariant: no free text gets past this door without having been searched for
//! personal data, whole, before it is cut to its length, so that no half of an address stays.

use super::wire::WireProps;
use crate::domain::{Attributes, EventName, Invalid, Props, SitePolicy, Text, printable};
use crate::privacy::{redact, redact_value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Properties kept of one event.
const PROPS_KEPT: usize = 30;
/// Attributes kept of one form.
const ATTRIBUTES_KEPT: usize = 20;

/// The declared field that a proof of who somebody is comes in. It is read, and kept nowhere.
const PROOF: &str = "mq_proof";

/// Text without personal data; `found` grows by what was replaced.
pub(super) fn text<const MAX: usize>(raw: &str, found: &mut usize) -> Text<MAX> {
    let (clean, count) = redact(raw);
    *found += count;
    Text::clean(&clean)
}

/// The same; `None` when nothing is left.
pub(super) fn non_empty<const MAX: usize>(raw: &str, found: &mut usize) -> Option<Text<MAX>> {
    Some(text(raw, found)).filter(|text| !text.is_empty())
}

/// An event's name, as pages make it up.
pub(super) fn event_name(raw: &str, found: &mut usize) -> Result<EventName, Invalid> {
    // What is no name is refused as it came, not as it would be shown.
    let raw = raw.trim();
    if matches!(printable(raw), Cow::Owned(_)) {
        return EventName::parse(raw);
    }
    let (clean, count) = redact(raw);
    *found += count;
    EventName::parse(&clean)
}

/// Properties as they were sent, searched, before the site's policy says which are kept.
#[derive(Debug, Default)]
pub(super) struct SentProps {
    /// Values, and whether something in each was replaced.
    values: BTreeMap<Text<40>, (Text<300>, bool)>,
    /// Whether a name was left out for what it held.
    named: bool,
}

/// What is kept of [`SentProps`].
#[derive(Debug, Default)]
pub(super) struct KeptProps {
    pub(super) props: Props,
    /// Whether something was replaced in what is kept, or a name held personal data.
    pub(super) redacted: bool,
    /// Whether the site's list left something out.
    pub(super) dropped: bool,
}

impl SentProps {
    /// Of two objects the later one's values hold.
    pub(super) fn of(raw: impl Iterator<Item = WireProps>) -> Self {
        let mut sent = Self::default();
        // A proof that came by the wrong way is kept no more than one that came by its own.
        for (name, value) in raw.flat_map(entries).filter(|(name, _)| name.trim() != PROOF) {
            match entry(&name, &value) {
                Entry::Kept { name, value, redacted } => drop(sent.values.insert(name, (value, redacted))),
                Entry::Named => sent.named = true,
                Entry::Empty => {}
            }
        }
        sent
    }

    /// The properties that the site's list allows; at most thirty.
    pub(super) fn keep(self, policy: &SitePolicy) -> KeptProps {
        let mut kept = KeptProps { redacted: self.named, ..KeptProps::default() };
        for (name, (value, redacted)) in self.values {
            if !policy.allows_prop(name.as_str()) {
                kept.dropped = true;
            } else if kept.props.len() < PROPS_KEPT {
                kept.redacted |= redacted;
                kept.props.insert(name, value);
            }
        }
        kept
    }
}

/// Takes the proof out of a form's declared fields.
pub(super) fn proof(raw: &mut WireProps) -> Option<String> {
    let (proofs, others) =
        std::mem::take(&mut raw.0).into_iter().partition::<Vec<_>, _>(|(name, _)| name.trim() == PROOF);
    raw.0 = others;
    proofs.into_iter().filter_map(|(_, value)| value.0).next_back()
}

/// A form's declared fields. One that holds an address is left out, whoever declared it; other personal data
/// in a field is replaced.
pub(super) fn attributes(raw: WireProps, found: &mut usize) -> Attributes {
    let mut attributes = Attributes::new();
    for (name, value) in entries(raw) {
        if attributes.len() == ATTRIBUTES_KEPT {
            break;
        }
        if value.contains('@') {
            *found += 1;
            continue;
        }
        match entry(&name, &value) {
            Entry::Kept { name, value, redacted } => {
                *found += usize::from(redacted);
                attributes.insert(name, value);
            }
            Entry::Named => *found += 1,
            Entry::Empty => {}
        }
    }
    attributes
}

/// What becomes of one name and value.
enum Entry<const MAX: usize> {
    Kept {
        name: Text<40>,
        value: Text<MAX>,
        redacted: bool,
    },
    /// The name holds personal data: without it the value means nothing.
    Named,
    Empty,
}

fn entry<const MAX: usize>(name: &str, value: &str) -> Entry<MAX> {
    let (_, in_name) = redact(name);
    if in_name > 0 {
        return Entry::Named;
    }
    // What the name says (`phone`) is a tell for the value.
    let (clean, count) = redact_value(name, value);
    match (Text::non_empty(name), Text::non_empty(&clean)) {
        (Some(name), Some(value)) => Entry::Kept { name, value, redacted: count > 0 },
        _ => Entry::Empty,
    }
}

fn entries(raw: WireProps) -> impl Iterator<Item = (String, String)> {
    raw.0.into_iter().filter_map(|(name, value)| value.0.map(|value| (name, value)))
}
