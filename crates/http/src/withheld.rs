//! What is restricted to others is not named in any answer. Lists, look-ups and verbs leave it out by themselves; what other
//! records say of it (the case of a signal, the origin of a risk, what a review saw) is taken out here, once for all.

use crate::answer::{hash_of, knows};
use crate::error::ApiError;
use actix_web::HttpMessage;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use ratchet_domain::access::Withheld;
use serde_json::{Map, Value};

/// Members by which an object says which record it shows, or from which an edge runs.
const NAMES: [&str; 3] = ["id", "reference", "from"];
/// Members that hold the record about which an object says something, or to which an edge or a link leads.
const SUBJECTS: [&str; 3] = ["record", "target", "to"];
/// Members whose text is ours, not people's: what is told of a failure, and where something is read.
const WORDS: [&str; 2] = ["detail", "href"];

/// Whether a text anywhere in it names what is withheld.
pub(crate) fn mentions(value: &Value, withheld: &Withheld) -> bool {
    match value {
        Value::String(text) => withheld.is_named_by(text),
        Value::Array(items) => items.iter().any(|item| mentions(item, withheld)),
        Value::Object(members) => members.values().any(|member| mentions(member, withheld)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What is left of a record that is handed out past [`conceal`], and whether that is all of it; `None` where nothing is.
pub(crate) fn left_of(mut value: Value, withheld: &Withheld) -> Option<(Value, bool)> {
    match take_out(&mut value, withheld) {
        Left::Whole => Some((value, true)),
        Left::Part => Some((value, false)),
        Left::Nothing => None,
    }
}

/// What becomes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// It is as it was.
    Whole,
    /// Something in it is not told.
    Part,
    /// It says nothing but what is not told.
    Nothing,
}

/// Takes out what is withheld: items that show it, and members that name it.
fn take_out(value: &mut Value, withheld: &Withheld) -> Left {
    match value {
        Value::String(text) if withheld.is_named_by(text) => Left::Nothing,
        Value::Array(items) => {
            let mut left = Left::Whole;
            items.retain_mut(|item| {
                let of_it = take_out(item, withheld);
                left = if of_it == Left::Whole { left } else { Left::Part };
                of_it != Left::Nothing
            });
            left
        }
        Value::Object(members) if shows(members, withheld) => Left::Nothing,
        Value::Object(members) => {
            let mut left = Left::Whole;
            for (name, member) in members.iter_mut() {
                if let (Value::String(text), true) = (&*member, WORDS.contains(&name.as_str()))
                    && let Some(blotted) = withheld.blotted(text)
                {
                    *member = Value::String(blotted);
                    left = Left::Part;
                    continue;
                }
                match take_out(member, withheld) {
                    Left::Whole => {}
                    Left::Part => left = Left::Part,
                    Left::Nothing => {
                        *member = Value::Null;
                        left = Left::Part;
                    }
                }
            }
            left
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Left::Whole,
    }
}

/// Whether an object shows what is withheld, or says something about it.
fn shows(members: &Map<String, Value>, withheld: &Withheld) -> bool {
    members.iter().any(|(name, member)| {
        let (is_name, is_subject) = (NAMES.contains(&name.as_str()), SUBJECTS.contains(&name.as_str()));
        match member {
            Value::String(text) => (is_name || is_subject) && withheld.is_named_by(text),
            Value::Object(inner) => is_subject && shows(inner, withheld),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
        }
    })
}

/// Takes names out of what a problem tells of our records. What stands between backticks in it, its pointers and its request
/// id are the caller's own words: blotted, they would tell whoever tries names which of them are restricted. Whether there
/// was any.
fn blot_problem(value: &mut Value, withheld: &Withheld) -> bool {
    let mut is_touched = false;
    match value {
        Value::Array(items) => {
            for item in items {
                is_touched |= blot_problem(item, withheld);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let blotted =
                    member.as_str().filter(|_| name == "detail").and_then(|text| around_quoted(text, withheld));
                is_touched |= match blotted {
                    Some(blotted) => {
                        *member = Value::String(blotted);
                        true
                    }
                    None => blot_problem(member, withheld),
                };
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    is_touched
}

/// The text without the names that stand before its first backtick and behind its last; `None` where there are none.
fn around_quoted(text: &str, withheld: &Withheld) -> Option<String> {
    let first = text.find('`').unwrap_or(text.len());
    let last = text.rfind('`').unwrap_or(text.len());
    let (before, quoted, behind) = (&text[..first], &text[first..last], &text[last..]);
    let parts = [withheld.blotted(before), withheld.blotted(behind)];
    if parts.iter().all(Option::is_none) {
        return None;
    }
    let [before, behind] = [(before, &parts[0]), (behind, &parts[1])].map(|(was, is)| is.as_deref().unwrap_or(was));
    Some(format!("{before}{quoted}{behind}"))
}

/// The answer without what is kept from whoever asked. That of somebody from whom nothing is kept is not looked at.
pub(crate) async fn conceal(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let withheld = response.request().extensions().get::<Withheld>().cloned();
    let (Some(withheld), Some(kind)) = (withheld, kind_of(&response)) else { return response };
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let Ok(body) = to_bytes(body).await else {
        return ServiceResponse::from_err(ApiError::Internal("an answer broke off".to_owned()), request);
    };
    let Ok(mut value) = serde_json::from_slice::<Value>(&body) else {
        return ServiceResponse::new(request, response.set_body(BoxBody::new(body)));
    };
    let left = match kind {
        Kind::Record => take_out(&mut value, &withheld),
        Kind::Problem if blot_problem(&mut value, &withheld) => Left::Part,
        Kind::Problem => Left::Whole,
    };
    match left {
        Left::Whole => ServiceResponse::new(request, response.set_body(BoxBody::new(body))),
        Left::Part => {
            let body = value.to_string().into_bytes();
            if let Some(tag) = response.headers().get(header::ETAG).and_then(|tag| retagged(tag, &body)) {
                let is_known = request.headers().get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
                let is_known = is_known.zip(tag.to_str().ok()).is_some_and(|(known, tag)| knows(known, tag));
                response.headers_mut().insert(header::ETAG, tag);
                if is_known && request.method() == Method::GET {
                    *response.status_mut() = StatusCode::NOT_MODIFIED;
                    response.headers_mut().remove(header::CONTENT_TYPE);
                    return ServiceResponse::new(request, response.set_body(BoxBody::new(())));
                }
            }
            ServiceResponse::new(request, response.set_body(BoxBody::new(body)))
        }
        Left::Nothing => ServiceResponse::from_err(ApiError::NotFound, request),
    }
}

/// What an answer in JSON says.
enum Kind {
    Record,
    Problem,
}

fn kind_of(response: &ServiceResponse<BoxBody>) -> Option<Kind> {
    match response.headers().get(header::CONTENT_TYPE)?.to_str().ok()? {
        "application/json" => Some(Kind::Record),
        "application/problem+json" => Some(Kind::Problem),
        _ => None,
    }
}

/// The tag of what is left: whoever holds the one is not told that it holds the other.
fn retagged(tag: &HeaderValue, body: &[u8]) -> Option<HeaderValue> {
    let hash = hash_of(body);
    let tag = tag.to_str().ok()?.trim_matches('"');
    let tag = tag.rsplit_once('-').map_or_else(|| hash.clone(), |(version, _)| format!("{version}-{hash}"));
    HeaderValue::from_str(&format!("\"{tag}\"")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn withheld() -> (Withheld, String) {
        let id = Uuid::from_u128(7);
        let of_it = [(id, "NC-2026-0007".parse().unwrap())].into_iter().collect();
        (of_it, id.to_string())
    }

    #[test]
    fn what_shows_it_goes_and_what_names_it_says_null() {
        let (withheld, id) = withheld();
        let other = Uuid::from_u128(8).to_string();
        for (before, expected, left) in [
            (json!({ "items": [{ "id": other, "title": "x" }] }), None, Left::Whole),
            (
                json!({ "items": [{ "id": id, "title": "x" }, { "id": other, "title": "y" }] }),
                Some(json!({ "items": [{ "id": other, "title": "y" }] })),
                Left::Part,
            ),
            (
                json!({ "id": other, "case": { "kind": "nonconformity", "id": id }, "also": [id, other] }),
                Some(json!({ "id": other, "case": null, "also": [other] })),
                Left::Part,
            ),
            (json!([{ "from": id, "relation": "raised", "to": other }]), Some(json!([])), Left::Part),
            (json!([{ "id": other, "to": { "kind": "nonconformity", "id": id } }]), Some(json!([])), Left::Part),
            (
                json!([{ "id": other, "record": { "id": id } }, { "record": "NC-2026-0007" }]),
                Some(json!([])),
                Left::Part,
            ),
            (
                json!({ "detail": "exists already: NC-2026-0007", "title": "as NC-2026-0007 was" }),
                Some(json!({ "detail": "exists already: [restricted]", "title": "as NC-2026-0007 was" })),
                Left::Part,
            ),
            (json!({ "id": id }), Some(json!({ "id": id })), Left::Nothing),
        ] {
            let mut value = before.clone();
            assert_eq!(take_out(&mut value, &withheld), left, "{before}");
            assert_eq!(value, expected.unwrap_or_else(|| before.clone()), "{before}");
        }
        assert!(mentions(&json!({ "a": [{ "b": id }] }), &withheld) && !mentions(&json!({ "a": [other] }), &withheld));
    }

    #[test]
    fn what_is_left_has_another_tag_of_the_same_version() {
        let tag = |tag: &'static str| retagged(&HeaderValue::from_static(tag), b"{}").unwrap();
        let (versioned, bare) = (tag("\"3-0011223344556677\""), tag("\"0011223344556677\""));
        assert!(versioned.to_str().unwrap().starts_with("\"3-") && versioned != "\"3-0011223344556677\"");
        assert!(bare.to_str().unwrap().len() == 18 && bare != "\"0011223344556677\"");
    }

    #[test]
    fn a_problem_names_no_record_and_repeats_what_was_asked() {
        let (withheld, id) = withheld();
        for (before, expected) in [
            ("exists already: NC-2026-0007", Some("exists already: [restricted]")),
            ("exists already: NC-2026-0008", None),
            ("must be a day, not `NC-2026-0007`", None),
            ("must be a day, not `x`NC-2026-0007`", None),
            ("NC-2026-0007 knows no `NC-2026-0007`", Some("[restricted] knows no `NC-2026-0007`")),
        ] {
            let mut problem = json!({ "instance": id, "errors": [{ "pointer": "NC-2026-0007", "detail": before }] });
            let touched = blot_problem(&mut problem, &withheld);
            assert_eq!(touched, expected.is_some(), "{before}");
            let error = json!({ "pointer": "NC-2026-0007", "detail": expected.unwrap_or(before) });
            assert_eq!(problem, json!({ "instance": id, "errors": [error] }));
        }
    }
}
