//! What no body may hold, wherever in it: characters that no text may (PostgreSQL refuses NUL and SQLite takes it, and
//! bidirectional overrides make a text read as what it is not), and more items in an array than any rule looks at. Most
//! bodies cost one pass over their bytes.

use ratchet_domain::refusal::{Fault, TOLD};
use ratchet_domain::text;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// No array of a body has more items, but for the doors that take many at once; most have bounds of their own below it.
pub(crate) const ITEMS: usize = 1_000;

/// Bytes that are looked at together.
const BLOCK: usize = 256;

/// A fault for each text, or name of a member, that holds such a character, and for each array that is too long. Empty also
/// for what is no JSON.
pub(super) fn faults(bytes: &[u8]) -> Vec<Fault> {
    let mut faults = Vec::new();
    if may_hold_a_character(bytes) || may_hold_many_items(bytes) {
        let mut place = String::new();
        // What is no JSON is told by whoever reads it.
        let _ = Walk { place: &mut place, faults: &mut faults }
            .deserialize(&mut serde_json::Deserializer::from_slice(bytes));
    }
    faults
}

fn may_hold_many_items(bytes: &[u8]) -> bool {
    bytes.iter().filter(|byte| **byte == b',').count() >= ITEMS
}

/// Whether the bytes have an escape or the beginning of a sequence that could stand for such a character.
pub(super) fn may_hold_a_character(bytes: &[u8]) -> bool {
    // Most bodies have none of these bytes, which is seen many at a time.
    let may = |block: &[u8]| block.iter().fold(false, |may, byte| may | matches!(byte, b'\\' | 0xe2 | 0xef | 0x7f));
    bytes.chunks(BLOCK).any(may)
        && bytes
            .iter()
            .zip(bytes.iter().skip(1).chain(&[0]))
            .any(|pair| matches!(pair, (b'\\', b'u' | b'b' | b'f') | (0xe2, 0x80 | 0x81) | (0xef, 0xbf) | (0x7f, _)))
}

struct Walk<'a> {
    place: &'a mut String,
    faults: &'a mut Vec<Fault>,
}

impl Walk<'_> {
    fn check(&mut self, text: &str) {
        if let Some(fault) = text::forbidden_character(self.place, text) {
            self.note(fault);
        }
    }

    fn note(&mut self, fault: Fault) {
        if self.faults.len() < TOLD {
            self.faults.push(fault);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        self.check(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { place, faults } = self;
        let outer = place.len();
        for index in 0_usize.. {
            place.push_str(&format!("/{index}"));
            let item = items.next_element_seed(Walk { place: &mut *place, faults: &mut *faults })?;
            place.truncate(outer);
            if item.is_none() {
                break;
            }
            if index == ITEMS {
                let fault = Fault::new(place.as_str(), "length", format!("must hold at most {ITEMS} items"));
                Walk { place: &mut *place, faults: &mut *faults }.note(fault);
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { place, faults } = self;
        let outer = place.len();
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            Walk { place: &mut *place, faults: &mut *faults }.check(&name);
            place.push('/');
            place.push_str(&name.replace('~', "~0").replace('/', "~1"));
            members.next_value_seed(Walk { place: &mut *place, faults: &mut *faults })?;
            place.truncate(outer);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn pointers(json: &str) -> Vec<String> {
        faults(json.as_bytes()).into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn each_is_named_by_its_place() {
        let body = r#"{"a":"x\u0000","b":["ok",{"c/d":"\u202e"}],"e\u0000":1,"f":"\b","g":"\n\t\r \ud83d\ude00"}"#;
        assert_eq!(pointers(body), ["/a", "/b/1/c~1d", "", "/f"]);
        assert_eq!(
            pointers("[\"\u{2066}\", \"\u{7f}\", \"\u{ffff}\", \"\u{2019}\", \"\u{feff}\"]"),
            ["/0", "/1", "/2"]
        );
        for clean in [r#"{"a":1.5,"b":[null,true,-7]}"#, "", "{", r#""\ud800""#] {
            assert!(pointers(clean).is_empty(), "{clean}");
        }
        let many = format!("[{}]", vec![r#""\u0000""#; 500].join(","));
        assert_eq!(pointers(&many).len(), TOLD);
    }

    #[test]
    fn an_array_without_end_is_named() {
        let of = |count: usize| format!(r#"{{"a":{{"b":[{}]}},"c":[1,2]}}"#, vec!["1"; count].join(","));
        assert!(pointers(&of(ITEMS)).is_empty());
        assert_eq!(pointers(&of(ITEMS + 1)), ["/a/b"]);
        assert_eq!(pointers(&of(200_000)), ["/a/b"]);
    }

    proptest! {
        /// The quick look never passes over what the walk would find, however the text is escaped.
        #[test]
        fn none_is_passed_over(text in ".{0,20}", bad in prop::sample::select(vec!['\0', '\u{8}', '\u{c}', '\u{1f}', '\u{7f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{fffe}', '\u{ffff}'])) {
            let text = format!("{text}{bad}");
            let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            for body in [json!([text]).to_string(), format!("[\"{escaped}\"]")] {
                prop_assert!(serde_json::from_str::<Value>(&body).is_ok());
                prop_assert_eq!(pointers(&body), ["/0"]);
            }
        }

        #[test]
        fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = faults(&bytes);
        }
    }
}
