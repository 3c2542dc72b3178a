//! The filters that directories send: equality of one attribute, or of several at once (RFC 7644, 3.4.2.2).

use super::fault;
use crate::error::ApiError;
use serde_json::Value;

/// Comparisons of one filter, at most.
const COMPARISONS: usize = 5;

/// An attribute in lower case, and what it must be.
pub(super) type Comparison = (String, Value);

/// Reads a filter: `userName eq "ada@example.org" and active eq true`.
pub(super) fn read(filter: &str) -> Result<Vec<Comparison>, ApiError> {
    let wrong =
        || fault("invalid_filter", "must be comparisons such as userName eq \"ada@example.org\", joined by and");
    let (mut rest, mut found) = (filter.trim(), Vec::new());
    loop {
        let (attribute, behind) = attribute_of(rest).ok_or_else(wrong)?;
        let behind = after_word(behind, "eq").ok_or_else(wrong)?;
        let mut values = serde_json::Deserializer::from_str(behind).into_iter::<Value>();
        let value = values.next().and_then(Result::ok).ok_or_else(wrong)?;
        rest = behind.get(values.byte_offset()..).unwrap_or_default().trim_start();
        if value.is_array() || value.is_object() || found.len() >= COMPARISONS {
            return Err(wrong());
        }
        found.push((attribute, value));
        if rest.is_empty() {
            return Ok(found);
        }
        rest = after_word(rest, "and").ok_or_else(wrong)?;
    }
}

/// The attribute with which it begins: `emails[type eq "work"].value` is `emails.value`.
fn attribute_of(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| c == '[' || c.is_whitespace())?;
    let (name, behind) = text.split_at(end);
    let (name, behind) = match behind.strip_prefix('[') {
        Some(behind) => {
            let (_, behind) = behind.split_once(']')?;
            let end = behind.find(char::is_whitespace)?;
            let (sub, behind) = behind.split_at(end);
            (format!("{name}{sub}"), behind)
        }
        None => (name.to_owned(), behind),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '$' | '-');
    let is_named = !name.is_empty() && name.chars().all(is_plain);
    is_named.then(|| (super::patch::bare(&name).to_ascii_lowercase(), behind.trim_start()))
}

fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.split_once(char::is_whitespace)?;
    first.eq_ignore_ascii_case(word).then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_directories_ask_is_read() {
        for (filter, expected) in [
            (r#"userName eq "ada@example.org""#, vec![("username", json!("ada@example.org"))]),
            (r#"USERNAME EQ "a b""#, vec![("username", json!("a b"))]),
            ("active eq true", vec![("active", json!(true))]),
            (r#"emails[type eq "work"].value eq "a@b.c""#, vec![("emails.value", json!("a@b.c"))]),
            (
                r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a and b" and active eq false"#,
                vec![("username", json!("a and b")), ("active", json!(false))],
            ),
            (r#"externalId eq "a\"b""#, vec![("externalid", json!("a\"b"))]),
        ] {
            let expected: Vec<Comparison> =
                expected.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            assert_eq!(read(filter).ok(), Some(expected), "{filter}");
        }
        for wrong in [
            "",
            "userName",
            "userName eq",
            "userName eq ada",
            r#"userName co "ada""#,
            r#"userName eq "ada" or active eq true"#,
            r#"not (userName eq "ada")"#,
            r#"userName eq "ada" and"#,
            r#"userName eq ["ada"]"#,
            r#"user;Name eq "ada""#,
            r#"emails[type eq "work" value eq "a""#,
            r#"a eq 1 and a eq 1 and a eq 1 and a eq 1 and a eq 1 and a eq 1"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
