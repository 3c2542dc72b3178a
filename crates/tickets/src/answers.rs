//! Reading what systems answer.

use chrono::{DateTime, NaiveDate, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// All that is not unreserved (RFC 3986, section 2.3).
const GAP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Text as a part of an address.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, GAP).to_string()
}

/// Text, or a number as text; none of what is empty.
pub(crate) fn text_at(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::String(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What begins as a day.
pub(crate) fn day_at(value: &Value, pointer: &str) -> Option<NaiveDate> {
    text_at(value, pointer)?.get(..10)?.parse().ok()
}

/// A moment with its zone (RFC 3339).
pub(crate) fn moment_at(value: &Value, pointer: &str) -> Option<DateTime<Utc>> {
    let text = text_at(value, pointer)?;
    DateTime::parse_from_rfc3339(&text).ok().map(|at| at.to_utc())
}

/// Whether a system may call a ticket so: what goes into addresses is bounded.
pub(crate) fn is_key(key: &str) -> bool {
    // Dots alone would name another place.
    !matches!(key, "" | "." | "..")
        && key.chars().count() <= ratchet_domain::tickets::KEY
        && !key.chars().any(char::is_control)
}

/// The address of the API, without a slash at its end.
pub(crate) fn base(url: &str) -> &str {
    url.trim_end_matches('/')
}

/// A title, and the marker behind it, where it is kept there.
pub(crate) fn apart(title: &str) -> (&str, &str) {
    let at = title.rfind(" [ratchet-").filter(|_| title.ends_with(']')).unwrap_or(title.len());
    title.split_at(at)
}

/// How a marker stands in a text of Markdown: people do not see it.
pub(crate) fn commented(marker: &str) -> String {
    format!("\n\n<!-- {marker} -->")
}

/// Such a text, and the marker behind it.
pub(crate) fn before_comment(text: &str) -> (&str, &str) {
    let at = text.rfind("\n\n<!-- ratchet-").filter(|_| text.trim_end().ends_with("-->")).unwrap_or(text.len());
    text.split_at(at)
}
