//! Values that are stored in one column. Invariant: what is encoded is decoded, field for field, and so is what earlier
//! versions stored, which was JSON.

use super::packed::{self, Reader, put_number, put_signed, put_text};
use crate::domain::{Channel, EventId, Hit, RuleId, Text, Timestamp, Touch};
use crate::leads::{Origin, Touched};
use crate::storage::StoreError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

// The first byte says what follows; `{` and `[` begin JSON, and 1 and 2 are the packed JSON's.
const ORIGIN: u8 = 3;
/// The same origin as the first.
const AS_FIRST: u8 = 4;
const TOUCHES: u8 = 5;
const HITS: u8 = 6;

fn damaged(what: &str) -> StoreError {
    StoreError::Failed(format!("{what} in ledger.db holds a value that this binary does not know"))
}

/// JSON in few bytes.
pub(super) fn json(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    Ok(packed::pack(&serde_json::to_string(value)?))
}

/// What [`json`] made.
pub(super) fn from_json<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(&packed::unpack(bytes).ok_or_else(|| damaged(what))?)?)
}

/// The text of JSON that was packed.
pub(super) fn text(bytes: &[u8], what: &str) -> Result<String, StoreError> {
    packed::unpack(bytes).ok_or_else(|| damaged(what))
}

fn is_json(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'{' | b'['))
}

/// The eight texts that an origin may have, in the order of the bits that say which are there.
fn parts(origin: &Origin) -> [Option<&str>; 8] {
    fn text<const N: usize>(text: Option<&Text<N>>) -> Option<&str> {
        text.map(Text::as_str)
    }
    let Touch { channel: _, source, medium, campaign, content, term, click_id, referrer } = &origin.touch;
    [
        text(source.as_ref()),
        text(medium.as_ref()),
        text(campaign.as_ref()),
        text(content.as_ref()),
        text(term.as_ref()),
        text(click_id.as_ref()),
        text(referrer.as_ref()),
        text(origin.country.as_ref()),
    ]
}

fn put_origin(to: &mut Vec<u8>, origin: &Origin) {
    let parts = parts(origin);
    to.push(origin.touch.channel.code());
    to.push(parts.iter().rev().fold(0, |bits, part| bits << 1 | u8::from(part.is_some())));
    put_text(to, origin.landing.as_str());
    for part in parts.into_iter().flatten() {
        put_text(to, part);
    }
}

fn read_origin(from: &mut Reader<'_>) -> Option<Origin> {
    fn part<const N: usize>(from: &mut Reader<'_>, bits: &mut u8) -> Option<Option<Text<N>>> {
        let there = *bits & 1 == 1;
        *bits >>= 1;
        if there { Some(Some(Text::clean(from.text()?))) } else { Some(None) }
    }
    let channel = Channel::from_code(from.byte()?)?;
    let mut bits = from.byte()?;
    let bits = &mut bits;
    let landing = Text::clean(from.text()?);
    let touch = Touch {
        channel,
        source: part(from, bits)?,
        medium: part(from, bits)?,
        campaign: part(from, bits)?,
        content: part(from, bits)?,
        term: part(from, bits)?,
        click_id: part(from, bits)?,
        referrer: part(from, bits)?,
    };
    Some(Origin { touch, landing, country: part(from, bits)? })
}

/// Where somebody came from.
pub(super) fn origin(origin: &Origin) -> Vec<u8> {
    let mut to = Vec::with_capacity(64);
    to.push(ORIGIN);
    put_origin(&mut to, origin);
    to
}

/// Where somebody came from the last time: often as the first time.
pub(super) fn last_origin(last: &Origin, first: &Origin) -> Vec<u8> {
    if last == first { vec![AS_FIRST] } else { origin(last) }
}

/// What [`origin`] made.
pub(super) fn to_origin(bytes: &[u8], what: &str) -> Result<Origin, StoreError> {
    if is_json(bytes) {
        return Ok(serde_json::from_slice(bytes)?);
    }
    let mut from = Reader(bytes);
    let origin = from.byte().filter(|kind| *kind == ORIGIN).and_then(|_| read_origin(&mut from));
    origin.filter(|_| from.0.is_empty()).ok_or_else(|| damaged(what))
}

/// What [`last_origin`] made.
pub(super) fn to_last_origin(bytes: &[u8], first: &Origin, what: &str) -> Result<Origin, StoreError> {
    if bytes == [AS_FIRST] { Ok(first.clone()) } else { to_origin(bytes, what) }
}

#[derive(Serialize, Deserialize)]
struct StoredTouch {
    at: i64,
    origin: Origin,
}

/// A lead's visits; those of an origin that came before name it by its place, the first origin's being 1.
pub(super) fn touches(touches: &[Touched], first: &Origin) -> Vec<u8> {
    let mut to = vec![TOUCHES];
    let mut known = vec![first];
    let mut before = 0;
    for touch in touches {
        put_signed(&mut to, touch.at.millis().wrapping_sub(before));
        before = touch.at.millis();
        match known.iter().position(|origin| **origin == touch.origin) {
            Some(place) => put_number(&mut to, u64::try_from(place).unwrap_or_default() + 1),
            None => {
                put_number(&mut to, 0);
                put_origin(&mut to, &touch.origin);
                known.push(&touch.origin);
            }
        }
    }
    to
}

fn read_touches(mut from: Reader<'_>, first: &Origin) -> Option<Vec<Touched>> {
    let mut known = vec![first.clone()];
    let mut touches = Vec::new();
    let mut at: i64 = 0;
    while !from.0.is_empty() {
        at = at.wrapping_add(from.signed()?);
        let origin = match from.count()? {
            0 => {
                known.push(read_origin(&mut from)?);
                known.last()?
            }
            place => known.get(place - 1)?,
        };
        touches.push(Touched { at: Timestamp::from_millis(at), origin: origin.clone() });
    }
    Some(touches)
}

/// What [`touches`] made.
pub(super) fn to_touches(bytes: &[u8], first: &Origin) -> Result<Vec<Touched>, StoreError> {
    if is_json(bytes) {
        let stored: Vec<StoredTouch> = serde_json::from_slice(bytes)?;
        let touch = |StoredTouch { at, origin }| Touched { at: Timestamp::from_millis(at), origin };
        return Ok(stored.into_iter().map(touch).collect());
    }
    let mut from = Reader(bytes);
    let read = from.byte().filter(|kind| *kind == TOUCHES).and_then(|_| read_touches(from, first));
    read.ok_or_else(|| damaged("leads.touches"))
}

#[derive(Serialize, Deserialize)]
struct StoredHit {
    rule: RuleId,
    event: String,
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Text<200>>,
}

impl StoredHit {
    fn hit(self) -> Result<Hit, StoreError> {
        let event = EventId::parse(&self.event).map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(Hit { rule: self.rule, at: Timestamp::from_millis(self.at), event, value: self.value })
    }
}

/// What somebody did, in the order of rules and events, each pair once; nothing where that is nothing. A rule's name is
/// there with its first hit.
pub(super) fn hits(hits: &[Hit]) -> Option<Vec<u8>> {
    if hits.is_empty() {
        return None;
    }
    let of: BTreeMap<(&RuleId, &[u8; 16]), &Hit> =
        hits.iter().map(|hit| ((&hit.rule, hit.event.bytes()), hit)).collect();
    let mut to = vec![HITS];
    let mut rule = "";
    let mut before = 0;
    for hit in of.into_values() {
        // The length of a name that changed, or of none.
        let name = if hit.rule.as_str() == rule { "" } else { hit.rule.as_str() };
        put_text(&mut to, name);
        rule = hit.rule.as_str();
        to.extend_from_slice(hit.event.bytes());
        put_signed(&mut to, hit.at.millis().wrapping_sub(before));
        before = hit.at.millis();
        put_text(&mut to, hit.value.as_ref().map_or("", Text::as_str));
    }
    Some(to)
}

fn read_hits(mut from: Reader<'_>) -> Option<Vec<Hit>> {
    let mut hits: Vec<Hit> = Vec::new();
    let mut at: i64 = 0;
    while !from.0.is_empty() {
        let rule = match from.text()? {
            "" => hits.last()?.rule.clone(),
            name => RuleId::parse(name).ok()?,
        };
        let event = EventId::from_bytes(from.bytes(16)?.try_into().ok()?);
        at = at.wrapping_add(from.signed()?);
        hits.push(Hit { rule, event, at: Timestamp::from_millis(at), value: Text::non_empty(from.text()?) });
    }
    Some(hits)
}

/// What [`hits`] made.
pub(super) fn to_hits(bytes: Option<&[u8]>, what: &str) -> Result<Vec<Hit>, StoreError> {
    let Some(bytes) = bytes else { return Ok(Vec::new()) };
    if is_json(bytes) {
        return serde_json::from_slice::<Vec<StoredHit>>(bytes)?.into_iter().map(StoredHit::hit).collect();
    }
    let mut from = Reader(bytes);
    let read = from.byte().filter(|kind| *kind == HITS).and_then(|_| read_hits(from));
    read.ok_or_else(|| damaged(what))
}

fn stored(hits: &[Hit]) -> Vec<StoredHit> {
    let stored = |hit: &Hit| StoredHit {
        rule: hit.rule.clone(),
        event: hit.event.to_hex(),
        at: hit.at.millis(),
        value: hit.value.clone(),
    };
    hits.iter().map(stored).collect()
}

/// What a column holds, as JSON for people who look at samples; `None` for what is no such column's. Touches that are as
/// the first origin, which another column has, are left out.
pub(super) fn shown(bytes: &[u8]) -> Option<String> {
    let json = match *bytes.first()? {
        ORIGIN => serde_json::to_string(&to_origin(bytes, "").ok()?),
        TOUCHES => {
            let nowhere = Origin { touch: Touch::DIRECT, landing: Text::clean(""), country: None };
            let touches =
                to_touches(bytes, &nowhere).ok()?.into_iter().filter(|touch| touch.origin != nowhere);
            let touches = touches
                .map(|Touched { at, origin }| StoredTouch { at: at.millis(), origin })
                .collect::<Vec<_>>();
            serde_json::to_string(&touches)
        }
        HITS => serde_json::to_string(&stored(&to_hits(Some(bytes), "").ok()?)),
        _ => return packed::unpack(bytes),
    };
    json.ok()
}

/// A hit with every part that one can have.
#[cfg(test)]
pub(super) fn full_hits() -> serde_json::Value {
    let hit = StoredHit {
        rule: RuleId::parse("rule").expect("valid"),
        event: String::new(),
        at: 0,
        value: Text::non_empty("value"),
    };
    serde_json::to_value([hit]).expect("JSON")
}

/// An origin with every part that one can have.
#[cfg(test)]
pub(super) fn full_origin() -> serde_json::Value {
    let origin = Origin { touch: Touch::DIRECT, landing: Text::clean("/"), country: Text::non_empty("DE") };
    serde_json::to_value(origin).expect("JSON")
}

/// A touch with every part that one can have.
#[cfg(test)]
pub(super) fn full_touches() -> serde_json::Value {
    serde_json::json!([{ "at": 0, "origin": full_origin() }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::contract::generate;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            first in generate::origin(),
            last in generate::origin(),
            at in vec((-9_000_000_000_000..9_000_000_000_000_i64, 0..3_usize), 0..6),
            done in generate::hits(),
        ) {
            prop_assert_eq!(&to_origin(&origin(&first), "").expect("decodes"), &first);
            for last in [&first, &last] {
                let bytes = last_origin(last, &first);
                prop_assert_eq!(&to_last_origin(&bytes, &first, "").expect("decodes"), last);
            }
            let origins = [&first, &last, &Origin { country: None, ..last.clone() }].map(Clone::clone);
            let touched = |(at, of): &(i64, usize)| Touched { at: Timestamp::from_millis(*at), origin: origins[*of].clone() };
            let visits: Vec<Touched> = at.iter().map(touched).collect();
            prop_assert_eq!(&to_touches(&touches(&visits, &first), &first).expect("decodes"), &visits);
            prop_assert_eq!(&to_hits(hits(&done).as_deref(), "").expect("decodes"), &done);
            // What was stored as JSON.
            let json = serde_json::to_vec(&first).expect("JSON");
            prop_assert_eq!(&to_origin(&json, "").expect("decodes"), &first);
            let json = serde_json::to_vec(&stored(&done)).expect("JSON");
            prop_assert_eq!(&to_hits(Some(&json), "").expect("decodes"), &done);
            let of = |Touched { at, origin }: &Touched| StoredTouch { at: at.millis(), origin: origin.clone() };
            let json = serde_json::to_vec(&visits.iter().map(of).collect::<Vec<_>>()).expect("JSON");
            prop_assert_eq!(&to_touches(&json, &first).expect("decodes"), &visits);
            // And what people are shown of it.
            let shown_of = |bytes: &[u8]| serde_json::from_str::<serde_json::Value>(&shown(bytes).expect("is shown")).expect("JSON");
            prop_assert_eq!(shown_of(&origin(&first)), serde_json::to_value(&first).expect("JSON"));
            if let Some(bytes) = hits(&done) {
                prop_assert_eq!(shown_of(&bytes), serde_json::to_value(stored(&done)).expect("JSON"));
            }
        }

        #[test]
        fn nothing_makes_it_panic(kind in 3..7_u8, rest in vec(any::<u8>(), 0..40)) {
            let bytes: Vec<u8> = std::iter::once(kind).chain(rest).collect();
            let first = Origin { touch: Touch::DIRECT, landing: Text::clean("/"), country: None };
            let _ = (to_last_origin(&bytes, &first, ""), to_touches(&bytes, &first), to_hits(Some(&bytes), ""), shown(&bytes));
        }
    }
}
