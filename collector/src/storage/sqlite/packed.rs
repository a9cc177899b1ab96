//! JSON in few bytes: words that come again and again are numbers, a list of objects names their fields once, and
//! moments are the time since the one before. Invariant: what is unpacked is the text that was packed, byte for byte;
//! what this form cannot give back exactly is kept as it is.

use crate::domain::Timestamp;
use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// Packed by the words of `packed_words.txt`. They are only ever added to, at the end.
pub(super) const PACKED: u8 = 1;
/// Text as it is.
pub(super) const PLAIN: u8 = 2;

static WORDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("packed_words.txt").lines().collect());
static NUMBERS: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| WORDS.iter().enumerate().map(|(number, word)| (*word, number)).collect());

/// Depth to which lists and objects are packed.
const DEEPEST: u32 = 16;

const NULL: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const LIST: u8 = 3;
const OBJECT: u8 = 4;
/// An object with the fields of the one before.
const SAME: u8 = 5;
const WHOLE: u8 = 6;
const THOUSANDTHS: u8 = 7;
const MOMENT: u8 = 8;
const TEXT: u8 = 9;
const WORD: u8 = 10;
/// A text of this value, by its place.
const AGAIN: u8 = 11;
/// From here on small whole numbers, each a byte.
const SMALL: u8 = 0x40;
/// From here on the first words, each a byte.
const FIRST_WORDS: u8 = 0x80;

/// Appends a number, seven bits a byte.
pub(super) fn put_number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    to.push(u8::try_from(number).unwrap_or_default());
}

/// Appends a number that may be negative.
pub(super) fn put_signed(to: &mut Vec<u8>, number: i64) {
    put_number(to, (number << 1 ^ number >> 63).cast_unsigned());
}

/// Appends a text with its length.
pub(super) fn put_text(to: &mut Vec<u8>, text: &str) {
    put_number(to, u64::try_from(text.len()).unwrap_or_default());
    to.extend_from_slice(text.as_bytes());
}

/// Reads what the functions above wrote; `None` when it is not that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'b>(pub(super) &'b [u8]);

impl<'b> Reader<'b> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn bytes(&mut self, count: usize) -> Option<&'b [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn text(&mut self) -> Option<&'b str> {
        let count = self.count()?;
        std::str::from_utf8(self.bytes(count)?).ok()
    }
}

/// A JSON value that keeps the order of its fields.
enum Json {
    Null,
    Bool(bool),
    Whole(i64),
    Broken(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Whole(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Json, E> {
        i64::try_from(value).map(Json::Whole).map_err(E::custom)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Broken(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Json::Object(fields))
    }
}

/// What was met before, the same while packing and unpacking.
#[derive(Default)]
struct Met {
    fields: Vec<String>,
    texts: Vec<String>,
    moment: i64,
}

struct Packer {
    to: Vec<u8>,
    met: Met,
}

impl Packer {
    fn text(&mut self, text: &str) {
        if let Some(number) = NUMBERS.get(text) {
            match u8::try_from(*number).ok().filter(|number| *number < FIRST_WORDS) {
                Some(number) => self.to.push(FIRST_WORDS + number),
                None => self.numbered(WORD, u64::try_from(*number).unwrap_or_default()),
            }
        } else if let Some(moment) = moment(text) {
            self.to.push(MOMENT);
            put_signed(&mut self.to, moment.wrapping_sub(self.met.moment));
            self.met.moment = moment;
        } else if let Some(place) = self.met.texts.iter().position(|met| met == text) {
            self.numbered(AGAIN, u64::try_from(place).unwrap_or_default());
        } else {
            self.to.push(TEXT);
            put_text(&mut self.to, text);
            self.met.texts.push(text.to_owned());
        }
    }

    fn numbered(&mut self, what: u8, number: u64) {
        self.to.push(what);
        put_number(&mut self.to, number);
    }

    /// `None` for what this form has no word for.
    fn value(&mut self, value: &Json, depth: u32) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match value {
            Json::Null => self.to.push(NULL),
            Json::Bool(true) => self.to.push(TRUE),
            Json::Bool(false) => self.to.push(FALSE),
            Json::Whole(number) => match u8::try_from(*number).ok().filter(|n| *n < FIRST_WORDS - SMALL) {
                Some(small) => self.to.push(SMALL + small),
                None => {
                    self.to.push(WHOLE);
                    put_signed(&mut self.to, *number);
                }
            },
            Json::Broken(number) => {
                let thousandths = (number * 1000.0).round();
                #[expect(clippy::cast_possible_truncation, reason = "bounded in the same breath")]
                let thousandths = (thousandths.abs() < 1e15).then_some(thousandths as i64)?;
                self.to.push(THOUSANDTHS);
                put_signed(&mut self.to, thousandths);
            }
            Json::Text(text) => self.text(text),
            Json::List(values) => {
                self.numbered(LIST, u64::try_from(values.len()).ok()?);
                for value in values {
                    self.value(value, depth + 1)?;
                }
            }
            Json::Object(fields) => {
                let same =
                    !fields.is_empty() && self.met.fields.iter().eq(fields.iter().map(|(name, _)| name));
                if same {
                    self.to.push(SAME);
                } else {
                    self.numbered(OBJECT, u64::try_from(fields.len()).ok()?);
                    for (name, _) in fields {
                        self.text(name);
                    }
                    self.met.fields = fields.iter().map(|(name, _)| name.clone()).collect();
                }
                for (_, value) in fields {
                    self.value(value, depth + 1)?;
                }
            }
        }
        Some(())
    }
}

/// The milliseconds of a text that is a moment as this program writes it.
fn moment(text: &str) -> Option<i64> {
    if text.len() != 24 || !text.ends_with('Z') {
        return None;
    }
    let at = Timestamp::parse(text).ok()?;
    (at.to_string() == text).then(|| at.millis())
}

/// JSON in few bytes.
pub(super) fn pack(json: &str) -> Vec<u8> {
    let packed = serde_json::from_str::<Json>(json).ok().and_then(|value| {
        let mut packer = Packer { to: vec![PACKED], met: Met::default() };
        packer.value(&value, 0)?;
        Some(packer.to)
    });
    packed.filter(|packed| unpack(packed).as_deref() == Some(json)).unwrap_or_else(|| {
        let mut plain = vec![PLAIN];
        plain.extend_from_slice(json.as_bytes());
        plain
    })
}

struct Unpacker<'b> {
    from: Reader<'b>,
    met: Met,
}

impl Unpacker<'_> {
    fn text(&mut self, kind: u8) -> Option<String> {
        let word = |number: usize| WORDS.get(number).map(|word| (*word).to_owned());
        match kind {
            FIRST_WORDS.. => word(usize::from(kind - FIRST_WORDS)),
            WORD => word(self.from.count()?),
            MOMENT => {
                self.met.moment = self.met.moment.wrapping_add(self.from.signed()?);
                Some(Timestamp::from_millis(self.met.moment).to_string())
            }
            AGAIN => self.met.texts.get(self.from.count()?).cloned(),
            TEXT => {
                let text = self.from.text()?.to_owned();
                self.met.texts.push(text.clone());
                Some(text)
            }
            _ => None,
        }
    }

    fn value(&mut self, to: &mut String, depth: u32) -> Option<()> {
        let kind = self.from.byte()?;
        match kind {
            _ if depth > DEEPEST => return None,
            NULL => to.push_str("null"),
            TRUE => to.push_str("true"),
            FALSE => to.push_str("false"),
            SMALL..FIRST_WORDS => to.push_str(&(kind - SMALL).to_string()),
            WHOLE => to.push_str(&self.from.signed()?.to_string()),
            THOUSANDTHS => {
                #[expect(clippy::cast_precision_loss, reason = "below 2^53 as it was packed")]
                let number = self.from.signed()? as f64 / 1000.0;
                to.push_str(&serde_json::to_string(&number).ok()?);
            }
            LIST => {
                to.push('[');
                for place in 0..self.from.count()? {
                    to.push_str(if place > 0 { "," } else { "" });
                    self.value(to, depth + 1)?;
                }
                to.push(']');
            }
            OBJECT | SAME => {
                if kind == OBJECT {
                    let count = self.from.count()?;
                    self.met.fields = (0..count).map(|_| self.field()).collect::<Option<_>>()?;
                }
                to.push('{');
                for (place, name) in self.met.fields.clone().into_iter().enumerate() {
                    to.push_str(if place > 0 { "," } else { "" });
                    to.push_str(&serde_json::to_string(&name).ok()?);
                    to.push(':');
                    self.value(to, depth + 1)?;
                }
                to.push('}');
            }
            _ => {
                let text = self.text(kind)?;
                to.push_str(&serde_json::to_string(&text).ok()?);
            }
        }
        Some(())
    }

    fn field(&mut self) -> Option<String> {
        let kind = self.from.byte()?;
        self.text(kind)
    }
}

/// What was packed, or stood there before anything was: text that begins as JSON's lists and objects do. `None` when
/// it is neither.
pub(super) fn unpack(bytes: &[u8]) -> Option<String> {
    let (kind, rest) = bytes.split_first()?;
    match *kind {
        PACKED => {
            let mut unpacker = Unpacker { from: Reader(rest), met: Met::default() };
            let mut text = String::new();
            unpacker.value(&mut text, 0)?;
            unpacker.from.0.is_empty().then_some(text)
        }
        PLAIN => String::from_utf8(rest.to_vec()).ok(),
        b'{' | b'[' => String::from_utf8(bytes.to_vec()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_once_each() {
        assert_eq!(NUMBERS.len(), WORDS.len());
        assert!(WORDS.iter().all(|word| !word.is_empty()));
    }

    #[test]
    fn an_explanation_takes_a_fifth_of_its_text() {
        let lines = concat!(
            r#"[{"kind":"rule","axis":"engagement","group":"content","id":"blog_post","label":"Read a blog post","points":6,"#,
            r#""count":2,"first_at":"2026-08-24T08:24:08.420Z","last_at":"2026-08-24T08:44:34.800Z","detail":"2 × 3"},"#,
            r#"{"kind":"rule","axis":"engagement","group":"intent","id":"demo_request","label":"Asked for a demo","points":-3.52,"#,
            r#""count":1,"first_at":"2026-08-24T08:58:12.419Z","last_at":"2026-08-24T08:58:12.419Z","detail":"1 × 35"},"#,
            r#"{"kind":"attribute","axis":"fit","group":"role","id":"job_title","label":"Job title","points":0,"count":1,"#,
            r#""first_at":null,"last_at":null,"detail":"job_title is \"Student\""}]"#,
        );
        let packed = pack(lines);
        assert_eq!(packed[0], PACKED);
        assert_eq!(unpack(&packed).as_deref(), Some(lines));
        assert!(packed.len() * 5 <= lines.len(), "{} of {}", packed.len(), lines.len());
    }

    /// Bytes that were written once are read for good: this one was packed by the first version.
    #[test]
    fn what_was_packed_before_is_read() {
        let packed =
            pack(r#"[{"kind":"rule","points":1.5,"count":70},{"kind":"x","points":-2,"count":null}]"#);
        let expected = [
            1,
            LIST,
            2,
            OBJECT,
            3,
            0x80,
            0x85,
            0x86,
            0x8a,
            THOUSANDTHS,
            0xb8,
            0x17,
            WHOLE,
            0x8c,
            1,
            SAME,
            TEXT,
            1,
            b'x',
            WHOLE,
            3,
            NULL,
        ];
        assert_eq!(packed, expected);
        assert_eq!(unpack(b"[1, 2]").as_deref(), Some("[1, 2]"), "from before anything was packed");
    }

    #[test]
    fn what_is_damaged_is_nothing() {
        for bytes in [
            &[][..],
            &[0],
            &[PACKED],
            &[PACKED, LIST, 9],
            &[PACKED, NULL, NULL],
            &[PACKED, WORD, 0xff, 0xff, 3],
        ] {
            assert_eq!(unpack(bytes), None, "{bytes:?}");
        }
        let mut deep = vec![PACKED];
        deep.extend([LIST, 1].repeat(100_000));
        assert_eq!(unpack(&deep), None);
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let text = prop_oneof!["\\PC{0,9}", proptest::sample::select(WORDS.clone()).prop_map(str::to_owned)];
        let key = text.clone();
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            (-5_000..5_000_i64).prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            (-5_000_000..5_000_000_i32).prop_map(|milli| (f64::from(milli) / 1000.0).into()),
            (-9_000_000_000_000..9_000_000_000_000_i64)
                .prop_map(|at| Timestamp::from_millis(at).to_string().into()),
            text.prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 40, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::vec((key.clone(), inner), 0..5)
                    .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(value in json(), spaced in any::<bool>()) {
            let text = if spaced { format!("{value:#}") } else { value.to_string() };
            let packed = pack(&text);
            prop_assert_eq!(unpack(&packed), Some(text));
        }

        #[test]
        fn anything_is_kept(text in "\\PC{0,40}") {
            prop_assert_eq!(unpack(&pack(&text)), Some(text));
        }

        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let packed: Vec<u8> = std::iter::once(PACKED).chain(bytes).collect();
            let _ = unpack(&packed);
        }
    }
}
