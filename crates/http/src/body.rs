//! Bodies: bounded after decompression, bounded in time, every unknown or repeated member refused.

mod contents;
mod inflation;
pub(crate) mod shape;
pub(crate) mod wording;

use crate::app::App;
use crate::bounds;
use crate::contract;
use crate::error::ApiError;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;
use inflation::Inflation;
use ratchet_domain::refusal::{Fault, Refusal};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::pin::Pin;

/// A JSON body. What is wrong with it is kept until the caller is known to be allowed to ask.
pub(crate) struct Body<T> {
    pub parsed: Result<T, ApiError>,
    pub digest: [u8; 32],
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = match json_type(&request).and_then(|()| app_of(&request)) {
                Ok(app) => read(&request, payload, app.settings.body_limit).await,
                Err(error) => Err(error),
            };
            let digest = Sha256::digest(bytes.as_deref().unwrap_or_default()).into();
            let parsed = bytes.and_then(|bytes| {
                let parsed = parse_object(&bytes).map_err(|fault| told_whole(fault, &request, &bytes))?;
                refuse_disguised(&request, &bytes)?;
                Ok(parsed)
            });
            Ok(Self { parsed, digest })
        })
    }
}

/// The largest body, in bytes, of which all faults are told and not the first alone.
const LOOKED_THROUGH: usize = 64 << 10;

/// What keeps a body from having its form is told at once, not one after the other. Looked for only where something does.
fn told_whole(fault: ApiError, request: &HttpRequest, bytes: &[u8]) -> ApiError {
    const OF_THE_FORM: [&str; 5] = ["required", "unknown_field", "unknown_value", "type", "out_of_range"];
    let ApiError::Refused(Refusal::Invalid(first)) = &fault else { return fault };
    // Held a second time, as a tree: of a large body that would be worth more memory than any body may take.
    if bytes.len() > LOOKED_THROUGH {
        return fault;
    }
    let Some(path) = request.match_pattern() else { return fault };
    if !first.iter().all(|one| OF_THE_FORM.contains(&one.code.as_str())) {
        return fault;
    }
    let Ok(body) = serde_json::from_slice(bytes) else { return fault };
    let all = contract::faults(request.method().as_str(), &path, &body);
    // The reader knows the program's own bounds; where it names only what the fault lies in, the form is nearer.
    let is_told = |one: &Fault| {
        let (parent, name) = one.pointer.rsplit_once('/').unwrap_or_default();
        let (within, beside) = (format!("{}/", one.pointer), format!("{parent}/"));
        all.iter().any(|other| {
            let is_deeper = other.code == one.code
                && other.pointer.starts_with(&beside)
                && other.pointer.rsplit('/').next() == Some(name);
            other.pointer == one.pointer || other.pointer.starts_with(&within) || is_deeper
        })
    };
    let missed: Vec<Fault> = first.iter().filter(|one| !is_told(one)).cloned().collect();
    ApiError::Refused(Refusal::Invalid(missed.into_iter().chain(all).collect()))
}

/// Serde takes `{"audit":null}` for the choice `audit`, and the values of an object in their order for the object; the
/// contract takes neither.
fn refuse_disguised(request: &HttpRequest, bytes: &[u8]) -> Result<(), ApiError> {
    let opened = bytes.iter().filter(|byte| matches!(byte, b'{' | b'[')).take(2).count();
    if opened < 2 || bytes.len() > LOOKED_THROUGH {
        return Ok(());
    }
    let (Some(path), Ok(body)) = (request.match_pattern(), serde_json::from_slice::<Value>(bytes)) else {
        return Ok(());
    };
    let mut faults = contract::faults(request.method().as_str(), &path, &body);
    let is_container = |value: &Value| value.is_object() || value.is_array();
    faults.retain(|fault| fault.code == "type" && body.pointer(&fault.pointer).is_some_and(is_container));
    if faults.is_empty() { Ok(()) } else { Err(ApiError::Refused(Refusal::Invalid(faults))) }
}

fn app_of(request: &HttpRequest) -> Result<&web::Data<App>, ApiError> {
    request.app_data::<web::Data<App>>().ok_or(ApiError::Unauthenticated)
}

/// The whole body, decompressed; at most `limit` bytes, and no longer than the settings say.
pub(crate) async fn read(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Vec<u8>, ApiError> {
    read_encoded(request, payload, encoding(request)?, limit).await
}

/// The same of a body that is encoded so, whatever its head says.
pub(crate) async fn read_encoded(
    request: &HttpRequest,
    payload: Payload,
    encoding: &str,
    limit: usize,
) -> Result<Vec<u8>, ApiError> {
    let patience = app_of(request)?.settings.body_patience;
    let gathering = gather(request, payload, encoding, limit);
    tokio::time::timeout(patience, gathering).await.unwrap_or(Err(ApiError::TooSlow))
}

async fn gather(
    request: &HttpRequest,
    mut payload: Payload,
    encoding: &str,
    limit: usize,
) -> Result<Vec<u8>, ApiError> {
    let mut body = Inflation::of(encoding, limit)?;
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > limit) {
        return Err(ApiError::TooLarge(limit));
    }
    while let Some(chunk) = payload.next().await {
        body.take(&chunk.map_err(|_| ApiError::Malformed("the body ended early".into()))?)?;
    }
    body.finish()
}

/// How the body is said to be compressed. Several encodings, one inside the other, are more than is read here.
pub(crate) fn encoding(request: &HttpRequest) -> Result<&str, ApiError> {
    let mut sent = request.headers().get_all(header::CONTENT_ENCODING);
    let (first, second) = (sent.next(), sent.next());
    let named = first.map_or(Some("identity"), |value| value.to_str().ok());
    named.filter(|_| second.is_none()).ok_or(inflation::UNKNOWN)
}

/// What comes out of a compressed body at once.
#[cfg(feature = "fuzzing")]
pub(crate) fn inflated(encoding: &str, limit: usize, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Inflation::of(encoding, limit).ok()?;
    body.take(bytes).ok()?;
    body.finish().ok()
}

/// What the body is said to be, without parameters.
pub(crate) fn media_type(request: &HttpRequest) -> String {
    let sent = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn json_type(request: &HttpRequest) -> Result<(), ApiError> {
    let essence = media_type(request);
    let expected: &[&str] = if request.method() == actix_web::http::Method::PATCH {
        &["application/merge-patch+json"]
    } else {
        &["application/json"]
    };
    if expected.contains(&essence.as_str()) {
        return Ok(());
    }
    Err(ApiError::MediaType(if request.method() == actix_web::http::Method::PATCH {
        "Content-Type must be application/merge-patch+json."
    } else {
        "Content-Type must be application/json."
    }))
}

/// Reads a JSON object that holds nothing which no body may. Serde would take an array for a struct, too.
pub(crate) fn parse_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    refuse_mark(bytes)?;
    let faults = contents::faults(bytes);
    if !faults.is_empty() {
        // What is not JSON at all is still told so.
        parse::<serde::de::IgnoredAny>(bytes)?;
        return Err(ApiError::Refused(Refusal::Invalid(faults)));
    }
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        // To know where a fault is costs as much again as reading: only what does not fit is read for that.
        Some(b'{') | None => serde_json::from_slice(bytes).or_else(|_| parse(bytes)),
        Some(_) => {
            // What is not JSON at all is still told so.
            parse::<serde::de::IgnoredAny>(bytes)?;
            Err(ApiError::Refused(Refusal::invalid("", "type", "must be a JSON object")))
        }
    }
}

/// Whether nothing in it could stand for a character that no text may hold.
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    !contents::may_hold_a_character(bytes)
}

/// Some programs write a byte order mark before everything; JSON has none (RFC 8259, section 8.1).
pub(crate) fn refuse_mark(bytes: &[u8]) -> Result<(), ApiError> {
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return Err(ApiError::Malformed("the body begins with a byte order mark (U+FEFF)".to_owned()));
    }
    Ok(())
}

/// Reads JSON: what is not JSON is malformed; what is JSON and does not fit names its place.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| fault_of(&error, bytes))?;
    deserializer.end().map_err(|error| ApiError::Malformed(plain(&error)))?;
    Ok(value)
}

fn fault_of(error: &serde_path_to_error::Error<serde_json::Error>, bytes: &[u8]) -> ApiError {
    let inner = error.inner();
    let message = plain(inner);
    // Where a choice is read, the reader takes anything but a text for broken JSON.
    if message == "expected value" && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() {
        let fault = Fault::new(pointer_of(error.path()), "type", "must be a text: one of the documented values");
        return ApiError::Refused(Refusal::Invalid(vec![fault]));
    }
    if !inner.is_data() || message.starts_with("duplicate field") {
        return ApiError::Malformed(message);
    }
    let code = match message.split('`').next().unwrap_or_default() {
        "unknown field " => "unknown_field",
        "missing field " => "required",
        "unknown variant " => "unknown_value",
        bounds::OUTSIDE => "out_of_range",
        _ => "type",
    };
    let mut pointer = pointer_of(error.path());
    if let ("required" | "unknown_field", Some(field)) = (code, message.split('`').nth(1)) {
        let member = format!("/{}", escaped(field));
        // Of a choice by its tag the path ends at the choice itself.
        if code == "required" || !pointer.ends_with(&member) {
            pointer.push_str(&member);
        }
    }
    ApiError::Refused(Refusal::Invalid(vec![Fault::new(pointer, code, wording::plain(&message))]))
}

/// The message without the position, which the pointer says better.
pub(crate) fn plain(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_owned()
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// RFC 6901, section 3.
fn escaped(member: &str) -> String {
    member.replace('~', "~0").replace('/', "~1")
}

/// A merge patch's member (RFC 7396): absent or given, and `null` only where the type itself has an `Option` for it. With
/// serde's own reading a `null` would pass for absent where there is nothing to be emptied.
pub(crate) fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A member that is needed although it may be `null`: whoever leaves it out by mistake empties nothing.
pub(crate) fn said<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::deserialize(deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by serde")]
    struct Input {
        title: String,
        #[serde(default)]
        causes: Vec<String>,
        #[serde(default)]
        count: Option<i64>,
        #[serde(default)]
        choice: Option<Choice>,
        #[serde(default)]
        grade: Option<Grade>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Grade {
        Minor,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by serde")]
    enum Choice {
        One {},
        Other { note: String },
    }

    fn refused(json: &str) -> String {
        let error = parse_object::<Input>(json.as_bytes()).unwrap_err();
        if let ApiError::Refused(Refusal::Invalid(faults)) = &error {
            return format!("{} {}", faults[0].pointer, faults[0].code);
        }
        let slug: &str = error.kind().into();
        slug.to_owned()
    }

    #[test]
    fn each_fault_names_its_place() {
        for (json, expected) in [
            ("", "malformed"),
            ("{", "malformed"),
            (r#"{"title":"a","title":"b"}"#, "malformed"),
            (r#"{"title":"\ud800"}"#, "malformed"),
            (r#"{"title":"a"} x"#, "malformed"),
            ("\u{feff}{\"title\":\"a\"}", "malformed"),
            (r#"{"title":"a","count":1e400}"#, "malformed"),
            (r#"{}"#, "/title required"),
            (r#"{"title":1}"#, "/title type"),
            (r#"{"title":"a","count":1.0}"#, "/count type"),
            (r#"{"title":"a","count":9223372036854775808}"#, "/count type"),
            (r#"{"title":"a","grade":["minor"]}"#, "/grade type"),
            (r#"{"title":"a","grade":5}"#, "/grade type"),
            (r#"{"title":"a","grade":"major"}"#, "/grade unknown_value"),
            (r#"{"title":"a","grade":}"#, "malformed"),
            (r#"{"title":"a","role":"admin"}"#, "/role unknown_field"),
            (r#"{"title":"a","causes":["b",2]}"#, "/causes/1 type"),
            (r#"{"title":"a\u0000"}"#, "/title forbidden_character"),
            (r#"{"title":"a\u0000","title":"b"}"#, "/title forbidden_character"),
            (r#"{"title":"a\u0000"} x"#, "malformed"),
            (r#"{"causes":["b","\uffff"]}"#, "/causes/1 forbidden_character"),
            (r#"{"title":"a","choice":{"kind":"one","note":"b"}}"#, "/choice/note unknown_field"),
            (r#"{"title":"a","choice":{"kind":"other","role":"b"}}"#, "/choice/role unknown_field"),
            (r#"{"title":"a","choice":{"kind":"other"}}"#, "/choice/note required"),
        ] {
            assert_eq!(refused(json), expected, "{json}");
        }
        assert_eq!(refused(r#"["a",[],1]"#), " type");
        assert_eq!(refused("null"), " type");
        assert_eq!(refused(&"[".repeat(100_000)), "malformed");
        let deep = format!(r#"{{"title":{}"#, "[".repeat(100_000));
        assert_eq!(refused(&deep), "/title type");
    }
}
