//! The leaf of the journal: the exact bytes that are hashed, and the hashes it carries.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::JournalError;
use super::merkle::{Hash, MAX_SIZE};

pub use super::merkle::leaf_hash;

/// Who did it: from the verified session or API key, never from a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// What kind of actor, such as a member, an API key or the system.
    pub kind: String,
    /// The actor's id; none for an anonymous one.
    pub id: Option<Uuid>,
    /// The session or key it acted through.
    pub via: Option<Uuid>,
    /// The member on whose behalf it did it, by delegation; left out where it acted for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Uuid>,
}

/// Which record, and in which version after the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// The record's kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The record's id.
    pub id: Uuid,
    /// The record's version; at most 2^53 − 1 (RFC 7493 section 2.2).
    pub version: u64,
}

/// One entry of the journal as it is hashed: canonical JSON (RFC 8785), a leaf's data in RFC 6962 section 2.1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// The version of this layout; always 1.
    pub v: Version,
    /// The organisation whose journal it is.
    pub org: Uuid,
    /// The entry's id.
    pub entry: Uuid,
    /// When, to the microsecond: RFC 3339 in UTC with six fractional digits.
    #[serde(with = "micros")]
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// What was done, as `kind.verb`.
    pub action: String,
    /// To which record.
    pub object: Object,
    /// The [`state_hash`] before; none for a new record.
    pub before: Option<Hash>,
    /// The [`state_hash`] after; none for a removed record.
    pub after: Option<Hash>,
    /// The [`detail_hash`] of what is kept beside the leaf.
    pub detail: Option<Hash>,
    /// The call it was part of; entries of one call share it.
    pub request: Option<String>,
}

/// The number 1: the only layout of a leaf there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Version;

impl From<Version> for u64 {
    fn from(_: Version) -> Self {
        1
    }
}

impl TryFrom<u64> for Version {
    type Error = &'static str;

    fn try_from(value: u64) -> Result<Self, Self::Error> {
        if value == 1 { Ok(Self) } else { Err("unknown version of a leaf") }
    }
}

impl Leaf {
    /// The bytes to hash and keep: canonical JSON (RFC 8785). Time below a microsecond is cut off.
    ///
    /// # Errors
    /// [`JournalError::InexactInteger`] for a version that JSON cannot carry exactly, [`JournalError::NotCanonical`]
    /// for a time outside the years 0 to 9999.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, JournalError> {
        let value = serde_json::to_value(self).map_err(|e| JournalError::NotCanonical(e.to_string()))?;
        canonical(&value)
    }

    /// Reads a leaf from its bytes, which must be exactly what [`Leaf::canonical_bytes`] gives (RFC 8785).
    ///
    /// # Errors
    /// [`JournalError::BadLeaf`] for anything else.
    pub fn parse(bytes: &[u8]) -> Result<Self, JournalError> {
        let leaf: Self = serde_json::from_slice(bytes).map_err(|e| JournalError::BadLeaf(e.to_string()))?;
        if leaf.canonical_bytes().is_ok_and(|again| again == bytes) {
            Ok(leaf)
        } else {
            Err(JournalError::BadLeaf("not in canonical form".to_owned()))
        }
    }
}

/// Canonical JSON (RFC 8785) that never rounds: equal bytes mean equal values.
///
/// # Errors
/// [`JournalError::InexactInteger`] for an integer outside ±(2^53 − 1), [`JournalError::NotCanonical`] otherwise.
pub fn canonical(value: &Value) -> Result<Vec<u8>, JournalError> {
    check_exact(value)?;
    serde_json_canonicalizer::to_vec(value).map_err(|e| JournalError::NotCanonical(e.to_string()))
}

/// What binds a record's state into a leaf: SHA-256 over the record's random salt and the canonical JSON
/// (RFC 8785) of its projection, members that are null left out at every depth.
///
/// # Errors
/// Those of [`canonical`].
pub fn state_hash(salt: &[u8; 16], projection: &Value) -> Result<Hash, JournalError> {
    Ok(Hash::of(&[salt, &canonical(&without_nulls(projection))?]))
}

/// What binds the human-readable detail beside a leaf: SHA-256 over its random salt and its canonical JSON
/// (RFC 8785) as it stands, nulls included: in a before and after they mean something.
///
/// # Errors
/// Those of [`canonical`].
pub fn detail_hash(salt: &[u8; 16], detail: &Value) -> Result<Hash, JournalError> {
    Ok(Hash::of(&[salt, &canonical(detail)?]))
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, member)| !member.is_null());
            Value::Object(kept.map(|(name, member)| (name.clone(), without_nulls(member))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn check_exact(value: &Value) -> Result<(), JournalError> {
    match value {
        Value::Object(members) => members.values().try_for_each(check_exact),
        Value::Array(items) => items.iter().try_for_each(check_exact),
        Value::Number(number) => {
            let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            if size.is_some_and(|size| size > MAX_SIZE) {
                return Err(JournalError::InexactInteger(number.to_string()));
            }
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// RFC 3339 with exactly six fractional digits and `Z`.
mod micros {
    use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    const FORMAT: &str = "%Y-%m-%dT%H:%M:%S%.6fZ";

    pub(super) fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        if !(0..=9999).contains(&at.year()) {
            return Err(serde::ser::Error::custom("a year outside 0 to 9999"));
        }
        serializer.collect_str(&at.format(FORMAT))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at = NaiveDateTime::parse_from_str(&text, FORMAT).map_err(serde::de::Error::custom)?.and_utc();
        if at.format(FORMAT).to_string() == text {
            Ok(at)
        } else {
            Err(serde::de::Error::custom("time without exactly six fractional digits"))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    pub(crate) fn sample(n: u128) -> Leaf {
        Leaf {
            v: Version,
            org: Uuid::from_u128(1),
            entry: Uuid::from_u128(1000 + n),
            at: DateTime::from_timestamp(1_700_000_000, 120_000_999).unwrap(),
            actor: Actor { kind: "member".into(), id: Some(Uuid::from_u128(2)), via: None, on_behalf_of: None },
            action: "action.closed".into(),
            object: Object { kind: "action".into(), id: Uuid::from_u128(3), version: 4 },
            before: None,
            after: Some(leaf_hash(b"")),
            detail: None,
            request: Some("req-é".into()),
        }
    }

    #[test]
    fn canonical_form() {
        insta::assert_snapshot!(String::from_utf8(sample(0).canonical_bytes().unwrap()).unwrap(), @r#"{"action":"action.closed","actor":{"id":"00000000-0000-0000-0000-000000000002","kind":"member","via":null},"after":"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d","at":"2023-11-14T22:13:20.120000Z","before":null,"detail":null,"entry":"00000000-0000-0000-0000-0000000003e8","object":{"id":"00000000-0000-0000-0000-000000000003","type":"action","version":4},"org":"00000000-0000-0000-0000-000000000001","request":"req-é","v":1}"#);
    }

    #[test]
    fn only_canonical_bytes_are_a_leaf() {
        let bytes = sample(0).canonical_bytes().unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert_eq!(Leaf::parse(&bytes).unwrap().canonical_bytes().unwrap(), bytes);
        let changes = [
            ("\"v\":1", "\"v\":2"),
            (".120000Z", ".12Z"),
            (".120000Z", ".120000+00:00"),
            ("\"v\":1", "\"v\":1,\"w\":1"),
            ("{\"action\"", "{ \"action\""),
            ("\"v\":1", "\"v\":1.0"),
            (",\"before\":null", ""),
        ];
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            assert!(Leaf::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
    }

    #[test]
    fn added_nulls_keep_a_state() {
        let salt = [7; 16];
        let old = json!({"b": [{"x": 1}, null], "a": 1});
        let new = json!({"a": 1.0, "b": [{"x": 1, "y": null}, null], "c": null});
        assert_eq!(state_hash(&salt, &old), state_hash(&salt, &new));
        assert_ne!(state_hash(&salt, &old), state_hash(&[8; 16], &old));
        assert_ne!(state_hash(&salt, &old), state_hash(&salt, &json!({"a": 1, "b": [{"x": 1}]})));
        assert_ne!(detail_hash(&salt, &old), detail_hash(&salt, &new));
        let expected = Hash::of(&[&salt, br#"{"a":1}"#]);
        assert_eq!(detail_hash(&salt, &json!({"a": 1})), Ok(expected));
    }

    #[test]
    fn refuses_what_would_round() {
        for number in [json!(u64::MAX), json!(i64::MIN), json!(1u64 << 53)] {
            assert!(matches!(canonical(&json!([{ "n": number }])), Err(JournalError::InexactInteger(_))));
        }
        assert_eq!(canonical(&json!((1u64 << 53) - 1)).unwrap(), b"9007199254740991");
    }
}
