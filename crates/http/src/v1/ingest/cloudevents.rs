//! CloudEvents 1.0, with a figure as data.

use super::delivery::{Delivery, DoorParameters};
use super::report::{IngestReport, RefusedPointView};
use crate::answer::Answer;
use crate::body::media_type;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use actix_web::http::StatusCode;
use actix_web::post;
use percent_encoding::percent_decode_str;
use ratchet_domain::ingest_rules::Door;
use ratchet_domain::refusal::{Fault, Refusal};
use ratchet_ingest::cloudevents::{self, Attributes};
use std::borrow::Cow;

/// Send figures as CloudEvents 1.0: in the structured, the batched or the binary mode.
///
/// The data (or what `data_base64` holds) is `{"value": 4.2, "metric": "...", "labels": {"...": "..."}, "observed_at": "..."}`, of which the value is
/// needed: without a metric that is the event's type, without `observed_at` the figure was observed at the event's `time`.
/// `source`, `subject` and `type` of the event are labels, too. At most 8 MiB and 50,000 events inflated, of which 10,000 become
/// measurements. What becomes of figures ingest rules say. 422 when no event can be taken; otherwise the others are kept, and
/// the answer says what became of each.
#[utoipa::path(
    tag = "ingest",
    params(DoorParameters),
    request_body(content(
        (String = "application/cloudevents+json"),
        (String = "application/cloudevents-batch+json"),
        (String = "application/json")
    )),
    responses((status = 200, body = IngestReport))
)]
#[post("/ingest/cloudevents")]
pub(crate) async fn send_cloudevents(
    call: Call,
    Query(DoorParameters { dry_run }): Query<DoorParameters>,
    delivery: Delivery,
) -> Result<Answer, ApiError> {
    let (digest, media_type, attributes) = (delivery.digest, media_type(&call.request), attributes(&call));
    let decode = move || {
        delivery.inflated().and_then(|bytes| match media_type.as_str() {
            "application/cloudevents+json" => Ok(cloudevents::structured(&bytes)?),
            "application/cloudevents-batch+json" => Ok(cloudevents::batch(&bytes)?),
            "application/json" => Ok(cloudevents::binary(attributes?, &bytes)?),
            _ => Err(ApiError::MediaType(
                "Content-Type must be application/cloudevents+json, application/cloudevents-batch+json, or \
                 application/json beside the headers of an event.",
            )),
        })
    };
    call.ingest(Door::Cloudevents, dry_run, digest, decode, |taken| {
        let IngestReport { points, refused, refused_points, .. } = &taken.report;
        if *points > 0 && points == refused {
            let fault = |RefusedPointView { point, reason }: &RefusedPointView| {
                Fault::new(format!("/{point}"), "refused", reason.clone())
            };
            return Err(Refusal::Invalid(refused_points.iter().map(fault).collect()).into());
        }
        let answer = Answer::json(StatusCode::OK, &taken.report)?;
        Ok(taken.answer(answer))
    })
    .await
}

/// What stands in the headers of a request in the binary mode.
fn attributes(call: &Call) -> Result<Attributes, ApiError> {
    let of = |name: &'static str| call.header(name)?.map(|value| decoded(name, value)).transpose();
    let needed = |name: &'static str| of(name).map(Option::unwrap_or_default);
    Ok(Attributes {
        specversion: needed("ce-specversion")?,
        kind: needed("ce-type")?,
        source: needed("ce-source")?,
        subject: of("ce-subject")?,
        time: of("ce-time")?,
        id: needed("ce-id")?,
    })
}

/// The value of an attribute as a header carries it (HTTP Protocol Binding 1.0.2, section 3.1.3.2): quotes come off, then each
/// `%` with two hexadecimal digits stands for a byte of UTF-8.
fn decoded(name: &'static str, value: &str) -> Result<String, ApiError> {
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let plain = quoted.map_or_else(|| Cow::Borrowed(value), |quoted| Cow::Owned(unescaped(quoted)));
    let text = percent_decode_str(&plain).decode_utf8().map(Cow::into_owned);
    text.map_err(|_| ApiError::parameter(name, "malformed", "must be UTF-8, percent-encoded where it is not plain"))
}

/// Without the backslashes of a quoted string (RFC 9110, section 5.6.4).
fn unescaped(quoted: &str) -> String {
    let mut text = String::with_capacity(quoted.len());
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        text.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_decoded_once() {
        for (value, expected) in [
            ("/backup", "/backup"),
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
            ("%2541", "%41"),
            ("50%", "50%"),
            (r#""a \"b\" %41""#, r#"a "b" A"#),
            ("\"", "\""),
        ] {
            assert_eq!(decoded("ce-source", value).unwrap(), expected, "{value}");
        }
        assert!(decoded("ce-source", "%ff").is_err());
    }
}
