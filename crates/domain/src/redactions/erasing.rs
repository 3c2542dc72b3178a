//! What goes, and what stands in its place.

use super::{Redaction, tombstone, tombstone_of};
use crate::change::{Change, Record};
use crate::reference::{Prefix, Reference};
use crate::refusal::{Fault, Faults, Refusal};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Whose tombstone is tried on a place: free text can say it, and no id, date or choice does.
const TRIED: Reference = Reference { prefix: Prefix::Redaction, year: 2000, number: 1 };
/// Where nothing goes: who the record is, and what it is about.
const PROTECTED: [&str; 2] = ["/head", "/target"];

/// The record with tombstones in place of the texts that a redaction names, and those texts. Only what is free text
/// everywhere in the record can go: an id, a date, a choice or a hash cannot, and a text that also stands elsewhere in the
/// record must be named there, too, unless it is a choice that only happens to read alike.
///
/// # Errors
/// A fault for each field that cannot go.
pub fn redact<T: Record>(
    record: T,
    redaction: &Redaction,
    at: DateTime<Utc>,
) -> Result<(Change<T>, Vec<String>), Refusal> {
    let unreadable = || Refusal::invalid("/record", "unreadable", "its state cannot be written down");
    let before = serde_json::to_value(&record).map_err(|_| unreadable())?;
    let (mut after, mut texts, mut faults) = (before.clone(), Vec::new(), Faults::default());
    let instead = tombstone(redaction.head.reference);
    for (index, pointer) in redaction.fields.iter().enumerate() {
        match text_at::<T>(&before, pointer) {
            Ok(text) => {
                if let Some(place) = after.pointer_mut(pointer) {
                    *place = Value::String(instead.clone());
                }
                texts.push(text);
            }
            Err((code, detail)) => faults.push(Fault::new(format!("/fields/{index}"), code, detail)),
        }
    }
    for place in places_of(&after, &texts).into_iter().filter(|place| text_at::<T>(&before, place).is_ok()) {
        let detail = format!("the same text stands at {place}: name that, too");
        faults.push(Fault::new("/fields", "elsewhere", detail));
    }
    faults.refuse()?;
    let after: T = serde_json::from_value(after).map_err(|_| unreadable())?;
    Ok((Change::of(record, after, "redacted", at).because(redaction.legal_reason.clone()), texts))
}

/// The text at a pointer, when it can go.
fn text_at<T: Record>(state: &Value, pointer: &str) -> Result<String, (&'static str, String)> {
    if is_protected(pointer) {
        return Err(("protected", "says which record it is and what it is about: that stays".to_owned()));
    }
    let text = match state.pointer(pointer) {
        None => return Err(("unknown_field", "leads nowhere in the record's state".to_owned())),
        Some(Value::String(text)) if tombstone_of(text).is_some() => {
            return Err(("redacted", "is gone already".to_owned()));
        }
        Some(Value::String(text)) if !is_hash(text) => text.clone(),
        Some(_) => return Err(("not_text", "is no text: only what people have written can go".to_owned())),
    };
    let tried = tried(state, pointer);
    let read = serde_json::from_value::<T>(tried.clone()).ok().and_then(|record| serde_json::to_value(record).ok());
    if read == Some(tried) {
        return Ok(text);
    }
    Err(("not_text", "is no free text: an id, a date or a choice stays".to_owned()))
}

fn is_protected(pointer: &str) -> bool {
    let is_below = |root: &str| pointer.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    PROTECTED.into_iter().any(is_below)
}

/// The state with a tombstone in that place.
fn tried(state: &Value, pointer: &str) -> Value {
    let mut tried = state.clone();
    if let Some(place) = tried.pointer_mut(pointer) {
        *place = Value::String(tombstone(TRIED));
    }
    tried
}

/// A digest of something binds it: it says nothing, and what it binds would seem changed.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether the detail of an entry carries what goes: a field that is named held a text then, or one of the texts stands
/// in it where people write. A choice that reads like one of them says nothing of it.
#[must_use]
pub fn carries<T: Record>(detail: &Value, fields: &[String], texts: &[String]) -> bool {
    let is_written = |place: &String| match place.strip_prefix("/state") {
        Some(pointer) => !is_choice::<T>(&detail["state"], pointer),
        None => true,
    };
    texts_at(detail, fields).next().is_some() || places_of(detail, texts).iter().any(is_written)
}

/// Whether a record of another time holds a choice, an id or a date there. In doubt it is a text: too much goes rather than
/// too little.
fn is_choice<T: Record>(state: &Value, pointer: &str) -> bool {
    is_protected(pointer) || (T::deserialize(state).is_ok() && T::deserialize(tried(state, pointer)).is_err())
}

/// The texts that the fields held in the detail of an entry: an earlier wording must go as well. What stood in the same
/// place of a list is no earlier wording: it may have been about something else.
pub fn texts_at<'a>(detail: &'a Value, fields: &'a [String]) -> impl Iterator<Item = &'a str> {
    let lasting = fields.iter().filter(|field| !is_in_list(field));
    let texts = lasting.filter_map(|field| detail["state"].pointer(field)?.as_str());
    texts.filter(|text| tombstone_of(text).is_none())
}

fn is_in_list(pointer: &str) -> bool {
    pointer.split('/').skip(1).any(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Where one of these texts stands.
fn places_of(value: &Value, texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    walk(value, texts, String::new(), &mut found);
    found
}

fn walk(value: &Value, texts: &[String], place: String, found: &mut Vec<String>) {
    match value {
        Value::String(text) if texts.contains(text) => found.push(place),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| walk(item, texts, format!("{place}/{n}"), found));
        }
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            walk(member, texts, format!("{place}/{name}"), found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
