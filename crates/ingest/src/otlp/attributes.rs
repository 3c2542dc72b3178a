//! Attributes as labels, of either encoding. A text is the label as it is; what is no single value becomes one as OpenTelemetry
//! maps attributes for protocols that have none such: lists and maps as JSON, bytes in base64. So points that differ in them
//! stay apart.

use super::json::{double, or_default, signed};
use super::protobuf::messages;
use crate::wire::{Fields, Value};
use crate::{Labels, Unreadable};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Number;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// How deep values may lie within each other.
const DEPTH: usize = 16;
/// Why those that lie deeper are not read.
const TOO_DEEP: &str = "attributes may lie 16 deep within each other";

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A number as JSON has it; what JSON has no number for is a text.
fn number(number: f64) -> String {
    match Number::from_f64(number) {
        Some(number) => number.to_string(),
        None if number.is_nan() => quoted("NaN"),
        None if number > 0.0 => quoted("Infinity"),
        None => quoted("-Infinity"),
    }
}

/// What is between the brackets, one after the other.
fn within<E>([open, close]: [char; 2], items: impl Iterator<Item = Result<String, E>>) -> Result<String, E> {
    let mut text = String::from(open);
    for item in items {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&item?);
    }
    text.push(close);
    Ok(text)
}

/// A map by its keys: their order says nothing.
fn map<E>(entries: impl Iterator<Item = Result<(String, String), E>>) -> Result<String, E> {
    let entries = entries.collect::<Result<BTreeMap<_, _>, E>>()?;
    within(['{', '}'], entries.into_iter().map(|(key, value)| Ok(format!("{}:{value}", quoted(&key)))))
}

/// `AnyValue` on the wire.
#[derive(Clone, Copy)]
enum Any<'a> {
    Text(&'a str),
    Truth(bool),
    Whole(i64),
    Double(f64),
    List(&'a [u8]),
    Map(&'a [u8]),
    Bytes(&'a [u8]),
}

fn utf8(bytes: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(bytes).map_err(|_| Unreadable::malformed("an attribute is not UTF-8"))
}

/// The value, of which the last counts; none where it is empty.
fn any(message: &[u8]) -> Result<Option<Any<'_>>, Unreadable> {
    let mut found = None;
    for field in Fields::of(message) {
        let read = match field? {
            (1, Value::Bytes(text)) => Some(Any::Text(utf8(text)?)),
            (2, Value::Varint(truth)) => Some(Any::Truth(truth != 0)),
            (3, value) => value.int().map(Any::Whole),
            (4, value) => value.double().map(Any::Double),
            (5, Value::Bytes(list)) => Some(Any::List(list)),
            (6, Value::Bytes(map)) => Some(Any::Map(map)),
            (7, Value::Bytes(bytes)) => Some(Any::Bytes(bytes)),
            _ => None,
        };
        found = read.or(found);
    }
    Ok(found)
}

/// `KeyValue` on the wire.
fn pair(message: &[u8]) -> Result<(&str, Option<Any<'_>>), Unreadable> {
    let fields = Fields::of(message);
    let key = utf8(fields.last(1, Value::bytes)?.unwrap_or_default())?;
    let value = fields.last(2, Value::bytes)?.map(any).transpose()?.flatten();
    Ok((key, value))
}

impl Any<'_> {
    fn label(self) -> Result<String, Unreadable> {
        Ok(match self {
            Self::Text(text) => text.to_owned(),
            Self::Truth(truth) => truth.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Double(number) => number.to_string(),
            Self::Bytes(bytes) => STANDARD.encode(bytes),
            Self::List(_) | Self::Map(_) => self.json(DEPTH)?,
        })
    }

    fn json(self, depth: usize) -> Result<String, Unreadable> {
        let depth = depth.checked_sub(1).ok_or_else(|| Unreadable::malformed(TOO_DEEP))?;
        let text = |value: Option<Any<'_>>| value.map_or_else(|| Ok("null".to_owned()), |value| value.json(depth));
        Ok(match self {
            Self::Text(text) => quoted(text),
            Self::Truth(truth) => truth.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Double(double) => number(double),
            Self::Bytes(bytes) => quoted(&STANDARD.encode(bytes)),
            Self::List(list) => within(['[', ']'], messages(list, 1).map(|value| text(any(value?)?)))?,
            Self::Map(entries) => map(messages(entries, 1).map(|entry| {
                let (key, value) = pair(entry?)?;
                Ok((key.to_owned(), text(value)?))
            }))?,
        })
    }
}

/// Reads the attributes that a repeated field of this number holds.
pub(super) fn of_message(message: &[u8], number: u32, labels: &mut Labels) -> Result<(), Unreadable> {
    for attribute in messages(message, number) {
        if let (key, Some(value)) = pair(attribute?)?
            && !key.is_empty()
        {
            labels.insert(key.to_owned(), value.label()?);
        }
    }
    Ok(())
}

/// Attributes in JSON: each is a label as soon as it is read.
#[derive(Default)]
pub(super) struct Attributes(pub Labels);

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Each)
    }
}

struct Each;

impl<'de> Visitor<'de> for Each {
    type Value = Attributes;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of attributes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut attributes: A) -> Result<Attributes, A::Error> {
        let mut labels = Labels::new();
        while let Some(KeyValue { key, value }) = attributes.next_element()? {
            if let Some(label) = value.label().map_err(A::Error::custom)?
                && !key.is_empty()
            {
                labels.insert(key, label);
            }
        }
        Ok(Attributes(labels))
    }
}

#[derive(Deserialize)]
struct KeyValue {
    key: String,
    #[serde(default, deserialize_with = "or_default")]
    value: AnyValue,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct AnyValue {
    string_value: Option<String>,
    bool_value: Option<bool>,
    #[serde(default, deserialize_with = "signed")]
    int_value: Option<i64>,
    #[serde(default, deserialize_with = "double")]
    double_value: Option<f64>,
    array_value: Option<Box<RawValue>>,
    kvlist_value: Option<Box<RawValue>>,
    bytes_value: Option<String>,
}

/// `ArrayValue` or `KeyValueList`.
#[derive(Deserialize)]
struct Several<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    values: Vec<&'a RawValue>,
}

fn parse<'a, T: Deserialize<'a>>(text: &'a RawValue) -> Result<T, String> {
    serde_json::from_str(text.get()).map_err(|_| "an attribute is not as OTLP has it in JSON".to_owned())
}

/// Bytes as JSON has them, in either alphabet and with or without its end, as they are told here.
fn in_base64(text: &str) -> Result<String, String> {
    let plain = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let bytes = STANDARD_NO_PAD.decode(plain).map_err(|_| "bytes of an attribute must be in base64".to_owned())?;
    Ok(STANDARD.encode(bytes))
}

impl AnyValue {
    fn label(self) -> Result<Option<String>, String> {
        if self.array_value.is_some() || self.kvlist_value.is_some() {
            return self.json(DEPTH).map(Some);
        }
        let Self { string_value, bool_value, int_value, double_value, bytes_value, .. } = self;
        let bytes = bytes_value.map(|text| in_base64(&text)).transpose()?;
        Ok(string_value
            .or(bool_value.map(|truth| truth.to_string()))
            .or(int_value.map(|number| number.to_string()))
            .or(double_value.map(|number| number.to_string()))
            .or(bytes))
    }

    fn json(self, depth: usize) -> Result<String, String> {
        let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        let Self { string_value, bool_value, int_value, double_value, array_value, kvlist_value, bytes_value } = self;
        if let Some(list) = array_value {
            let Several { values } = parse(&list)?;
            let text = |value: &RawValue| parse::<Option<Self>>(value)?.unwrap_or_default().json(depth);
            return within(['[', ']'], values.into_iter().map(text));
        }
        if let Some(entries) = kvlist_value {
            let Several { values } = parse(&entries)?;
            let entry = |entry: &RawValue| {
                let KeyValue { key, value } = parse(entry)?;
                Ok((key, value.json(depth)?))
            };
            return map(values.into_iter().map(entry));
        }
        let bytes = bytes_value.map(|text| in_base64(&text)).transpose()?;
        let text = string_value
            .map(|text| quoted(&text))
            .or(bool_value.map(|truth| truth.to_string()))
            .or(int_value.map(|number| number.to_string()))
            .or(double_value.map(number))
            .or(bytes.map(|text| quoted(&text)));
        Ok(text.unwrap_or_else(|| "null".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Message;

    fn message() -> Message {
        Message::default()
    }

    fn key_value(key: &str, value: Message) -> Message {
        message().bytes(1, key.as_bytes()).message(2, value)
    }

    fn binary(value: Message) -> Result<Labels, Unreadable> {
        let mut labels = Labels::new();
        of_message(&message().message(7, key_value("a", value)).into_bytes(), 7, &mut labels)?;
        Ok(labels)
    }

    fn in_json(value: &str) -> Result<Labels, String> {
        let text = format!(r#"[{{"key":"a","value":{value}}}]"#);
        serde_json::from_str(&text).map(|Attributes(labels)| labels).map_err(|error| error.to_string())
    }

    fn nested(levels: usize) -> (Message, String) {
        let whole = (message().varint(3, 1), r#"{"intValue":"1"}"#.to_owned());
        (1..levels).fold(whole, |(wire, text), _| {
            (message().message(5, message().message(1, wire)), format!(r#"{{"arrayValue":{{"values":[{text}]}}}}"#))
        })
    }

    #[test]
    fn every_value_is_a_label_and_the_same_in_both_encodings() {
        let text = |text: &str| message().bytes(1, text.as_bytes());
        let double = |number: f64| message().fixed64(4, number.to_le_bytes());
        let list = |items: Vec<Message>| {
            message().message(5, items.into_iter().fold(message(), |list, item| list.message(1, item)))
        };
        let entries = |one: &str, other: &str| {
            let entries = message().message(1, key_value(one, text("x"))).message(1, key_value(other, message()));
            message().message(6, entries)
        };
        let entries_in_json = |one: &str, other: &str| {
            format!(
                r#"{{"kvlistValue":{{"values":[{{"key":"{one}","value":{{"stringValue":"x"}}}},{{"key":"{other}"}}]}}}}"#
            )
        };
        for (wire, json, expected) in [
            (text("x\"y"), r#"{"stringValue":"x\"y"}"#.to_owned(), "x\"y"),
            (message().varint(2, 1), r#"{"boolValue":true}"#.into(), "true"),
            (message().varint(3, 7), r#"{"intValue":"7"}"#.into(), "7"),
            (double(1.5), r#"{"doubleValue":1.5}"#.into(), "1.5"),
            (message().bytes(7, &[251, 255]), r#"{"bytesValue":"+/8="}"#.into(), "+/8="),
            (message().bytes(7, &[251, 255]), r#"{"bytesValue":"-_8"}"#.into(), "+/8="),
            (list(vec![]), r#"{"arrayValue":{}}"#.into(), "[]"),
            (
                list(vec![text("x\"y"), message(), double(f64::NAN), double(1.0), message().bytes(7, &[1])]),
                r#"{"arrayValue":{"values":[{"stringValue":"x\"y"},{},{"doubleValue":"NaN"},{"doubleValue":1},
                    {"bytesValue":"AQ=="}]}}"#
                    .into(),
                r#"["x\"y",null,"NaN",1.0,"AQ=="]"#,
            ),
            (entries("k", "b"), entries_in_json("k", "b"), r#"{"b":null,"k":"x"}"#),
            (message().message(6, message()), r#"{"kvlistValue":{"values":null}}"#.into(), "{}"),
        ] {
            let labels: Labels = [("a".to_owned(), expected.to_owned())].into();
            assert_eq!(binary(wire).as_ref(), Ok(&labels));
            assert_eq!(in_json(&json), Ok(labels));
        }
        assert_eq!(
            (binary(message()), in_json("{}"), in_json("null")),
            (Ok(Labels::new()), Ok(Labels::new()), Ok(Labels::new()))
        );
    }

    #[test]
    fn what_is_no_value_is_told() {
        let broken =
            [message().bytes(1, &[0xff]), message().message(5, message().message(1, message().bytes(1, &[0xff])))];
        for value in broken {
            assert!(matches!(binary(value), Err(Unreadable::Malformed(_))));
        }
        let mut labels = Labels::new();
        let key = message().message(7, message().bytes(1, &[0xff])).into_bytes();
        assert!(matches!(of_message(&key, 7, &mut labels), Err(Unreadable::Malformed(_))));
        for value in [
            r#"{"bytesValue":"*"}"#,
            r#"{"arrayValue":7}"#,
            r#"{"arrayValue":{"values":[7]}}"#,
            r#"{"kvlistValue":{"values":[{}]}}"#,
        ] {
            assert!(in_json(value).is_err(), "{value}");
        }
    }

    #[test]
    fn values_lie_in_each_other_so_deep_and_no_deeper() {
        for (levels, is_read) in [(DEPTH, true), (DEPTH + 1, false), (2_000, false)] {
            let (wire, text) = nested(levels);
            let (wire, text) = (binary(wire), in_json(&text));
            assert_eq!((wire.is_ok(), text.is_ok()), (is_read, is_read), "{levels}");
            if is_read {
                assert_eq!(wire.unwrap(), text.unwrap());
            }
        }
    }
}
