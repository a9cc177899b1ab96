//! The wire format: the Plausible events format with additions. Invariant: parsing never panics and never
//! keeps more of a body than the bounds below; what it cannot read it refuses with the field's name.
//!
//! Keys that are not known are ignored, for Plausible's plug-ins send some.

use super::{BATCH_MAX, Refusal};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Entries of one object.
const PROPS_MAX: usize = 30;

/// One event as it was sent.
#[derive(Debug, Deserialize)]
pub struct WireEvent<'a> {
    /// What happened.
    #[serde(borrow, alias = "name")]
    pub n: Cow<'a, str>,
    /// The page's URL.
    #[serde(borrow, alias = "url")]
    pub u: Cow<'a, str>,
    /// The site.
    #[serde(borrow, alias = "domain")]
    pub d: Cow<'a, str>,
    /// The referrer.
    #[serde(borrow, default, alias = "referrer")]
    pub r: Option<Cow<'a, str>>,
    /// Properties.
    #[serde(default, alias = "props")]
    pub p: Option<WireProps>,
    /// Properties by their older name; Plausible's scripts may send both.
    #[serde(default, alias = "meta")]
    pub m: Option<WireProps>,
    /// Revenue.
    #[serde(borrow, default, rename = "$", alias = "revenue", deserialize_with = "object")]
    pub revenue: Option<WireRevenue<'a>>,
    /// Milliseconds in view and in focus.
    #[serde(default)]
    pub e: Option<Number>,
    /// Scroll depth, percent; 255 for unknown, as Plausible's script sends it.
    #[serde(default)]
    pub sd: Option<Number>,
    /// Whether the fragment is part of the page's name.
    #[serde(default)]
    pub h: Flag,
    /// The event's id.
    #[serde(borrow, default)]
    pub k: Option<Cow<'a, str>>,
    /// Consent.
    #[serde(borrow, default, deserialize_with = "object")]
    pub c: Option<WireConsent<'a>>,
    /// Identity.
    #[serde(borrow, default, deserialize_with = "object")]
    pub l: Option<WireLead<'a>>,
    /// Whether `navigator.webdriver` is set.
    #[serde(default)]
    pub b: Flag,
    /// Milliseconds since it happened.
    #[serde(default)]
    pub a: Option<Number>,
}

/// What a form asks: which of its fields are worth asking for.
#[derive(Debug, Deserialize)]
pub struct WireQuestion<'a> {
    /// The site.
    #[serde(borrow)]
    pub d: Cow<'a, str>,
    /// A signed lead token, from the page's address.
    #[serde(borrow, default)]
    pub t: Option<Cow<'a, str>>,
    /// Consent.
    #[serde(borrow, default, deserialize_with = "object")]
    pub c: Option<WireConsent<'a>>,
    /// Whether `navigator.webdriver` is set.
    #[serde(default)]
    pub b: Flag,
}

/// Parses a question.
///
/// # Errors
/// When it is none: names the field.
pub fn question(body: &[u8]) -> Result<WireQuestion<'_>, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::bad("", "the body is not UTF-8"))?;
    read::<Object<WireQuestion<'_>>>(text).map(|question| question.0)
}

/// Consent as the page gave it.
#[derive(Debug, Default, Deserialize)]
pub struct WireConsent<'a> {
    /// Measurement.
    #[serde(default)]
    pub m: Option<Flag>,
    /// Qualification.
    #[serde(default)]
    pub q: Option<Flag>,
    /// Which signal decided.
    #[serde(borrow, default)]
    pub s: Option<Cow<'a, str>>,
}

/// Who a form says somebody is.
#[derive(Debug, Deserialize)]
pub struct WireLead<'a> {
    /// SHA-256 of the normalised address, hexadecimal.
    #[serde(borrow)]
    pub h: Cow<'a, str>,
    /// `free`, or the company's domain.
    #[serde(borrow, default)]
    pub d: Option<Cow<'a, str>>,
    /// Declared fields.
    #[serde(default)]
    pub f: Option<WireProps>,
    /// Whether the form's consent box is ticked.
    #[serde(default)]
    pub q: Flag,
}

/// Revenue.
#[derive(Debug, Deserialize)]
pub struct WireRevenue<'a> {
    /// ISO 4217.
    #[serde(borrow)]
    pub currency: Cow<'a, str>,
    /// A number, or a number in a string.
    pub amount: Scalar,
}

/// A JSON object and nothing else. By itself, serde takes an array for a struct, too, field by field.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(Option::<Object<T>>::deserialize(deserializer)?.map(|object| object.0))
}

/// `true`, `false`, 0 or 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FlagVisitor;
        impl Visitor<'_> for FlagVisitor {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, 0 or 1")
            }
            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(value))
            }
            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Flag, E> {
                if value <= 1 { Ok(Flag(value == 1)) } else { Err(E::custom("expected true, false, 0 or 1")) }
            }
            fn visit_unit<E: serde::de::Error>(self) -> Result<Flag, E> {
                Ok(Flag(false))
            }
        }
        deserializer.deserialize_any(FlagVisitor)
    }
}

/// A finite number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(pub f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
                Ok(Number(value))
            }
            #[expect(clippy::cast_precision_loss, reason = "what is compared is far below 2^53")]
            fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }
            #[expect(clippy::cast_precision_loss, reason = "what is compared is far below 2^53")]
            fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }
        }
        deserializer.deserialize_f64(NumberVisitor)
    }
}

/// A string, a number or a boolean, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar(pub Option<String>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;
        impl Visitor<'_> for ScalarVisitor {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a number or a boolean")
            }
            fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_owned())))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_string())))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_string())))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_string())))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_string())))
            }
            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }
        }
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// A flat object; also one that is encoded as a JSON string, as some plug-ins send it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WireProps(pub Vec<(String, Scalar)>);

impl<'de> Deserialize<'de> for WireProps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PropsVisitor;
        impl<'de> Visitor<'de> for PropsVisitor {
            type Value = WireProps;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings, numbers and booleans")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireProps, A::Error> {
                let mut props = Vec::new();
                while let Some(entry) = map.next_entry::<String, Scalar>()? {
                    if props.len() == PROPS_MAX {
                        return Err(A::Error::custom(format!("at most {PROPS_MAX} entries")));
                    }
                    props.push(entry);
                }
                Ok(WireProps(props))
            }
            fn visit_str<E: serde::de::Error>(self, json: &str) -> Result<WireProps, E> {
                if json.is_empty() {
                    return Ok(WireProps::default());
                }
                let mut deserializer = serde_json::Deserializer::from_str(json);
                Deserializer::deserialize_map(&mut deserializer, PropsVisitor)
                    .map_err(|_| E::custom("expected an object of strings, numbers and booleans"))
            }
            /// An empty array is what PHP's `json_encode` makes of an empty object.
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<WireProps, A::Error> {
                match seq.next_element::<IgnoredAny>()? {
                    None => Ok(WireProps::default()),
                    Some(_) => Err(A::Error::custom("expected an object of strings, numbers and booleans")),
                }
            }
            fn visit_unit<E>(self) -> Result<WireProps, E> {
                Ok(WireProps::default())
            }
        }
        deserializer.deserialize_any(PropsVisitor)
    }
}

/// The events of a body, and whether it was a single one outside an array.
///
/// # Errors
/// A [`Refusal`] that names the field, or says that the body is no JSON.
pub fn parse(body: &[u8]) -> Result<(Vec<WireEvent<'_>>, bool), Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::bad("", "the body is not UTF-8"))?;
    let single = !text.trim_ascii_start().starts_with('[');
    if single {
        return read::<Object<WireEvent<'_>>>(text).map(|event| (vec![event.0], true));
    }
    // Counted before it is read, so that a long array costs nothing.
    let count = read::<Vec<IgnoredAny>>(text)?.len();
    if count == 0 || count > BATCH_MAX {
        return Err(Refusal::bad(
            "",
            format!("an array holds 1 to {BATCH_MAX} events; this one holds {count}"),
        ));
    }
    let events = read::<Vec<Object<WireEvent<'_>>>>(text)?;
    Ok((events.into_iter().map(|event| event.0).collect(), false))
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| refuse::<T>(text, &error))
}

/// Reads again, slowly, to say where it went wrong. Only a body that is refused pays for this.
fn refuse<'a, T: Deserialize<'a>>(text: &'a str, error: &serde_json::Error) -> Refusal {
    if !error.is_data() {
        let what = if text.trim().is_empty() { "the body is empty".to_owned() } else { sentence(error) };
        return Refusal::bad("", format!("{what}; send one JSON object, or an array of them"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => {
            let mut pointer = String::new();
            for segment in error.path() {
                use serde_path_to_error::Segment;
                match segment {
                    Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
                    Segment::Map { key } => pointer.push_str(&format!("/{}", escape(key))),
                    Segment::Enum { .. } | Segment::Unknown => {}
                }
            }
            Refusal::bad(pointer, sentence(error.inner()))
        }
        Ok(_) => Refusal::bad("", sentence(error)),
    }
}

/// Escapes a key for a JSON Pointer, and bounds it.
fn escape(key: &str) -> String {
    let short: String = key.chars().take(40).collect();
    short.replace('~', "~0").replace('/', "~1")
}

/// serde's sentence, bounded, for it may repeat what was sent.
fn sentence(error: &serde_json::Error) -> String {
    let full = error.to_string();
    let short: String = full.chars().take(160).collect();
    if short.len() < full.len() { format!("{short}…") } else { short }
}
