//! OTLP/HTTP: metrics of any OpenTelemetry SDK or collector.

use super::delivery::{Delivery, DoorParameters};
use super::gateway::Taken;
use super::report::IngestReport;
use crate::answer::Answer;
use crate::body::media_type;
use crate::caller::Call;
use crate::dialects::PROTOBUF;
use crate::error::ApiError;
use crate::parameters::Query;
use actix_web::http::StatusCode;
use actix_web::post;
use ratchet_domain::ingest_rules::Door;
use ratchet_ingest::otlp;
use serde::Serialize;

/// What is answered to an export, or to a dry run of one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum OtlpAnswer {
    /// As the protocol has it.
    Response(OtlpResponse),
    /// A dry run.
    #[expect(dead_code, reason = "every door is answered so by `Call::ingest`")]
    Report(IngestReport),
}

/// `ExportMetricsServiceResponse`: empty where every point was taken.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct OtlpResponse {
    /// That some were not.
    #[serde(rename = "partialSuccess", skip_serializing_if = "Option::is_none")]
    partial_success: Option<OtlpPartialSuccess>,
}

/// Points that were refused; the others were taken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OtlpPartialSuccess {
    /// How many; as a text, since it has 64 bits.
    #[serde(rename = "rejectedDataPoints")]
    #[schema(example = "1")]
    rejected_data_points: String,
    /// Why.
    #[serde(rename = "errorMessage")]
    #[schema(example = "1 refused: point 0: latency: the point has no time")]
    error_message: String,
}

/// Send metrics as OTLP/HTTP: any OpenTelemetry SDK or collector does, with `/v1/ingest/otlp` as its endpoint.
///
/// `ExportMetricsServiceRequest` in Protocol Buffers or JSON, gzip or zstd, at most 8 MiB and 50,000 figures inflated, of which
/// 10,000 become measurements. Gauges and sums are figures of their metric; a histogram is `<name>_count`, `<name>_sum`,
/// `<name>_min`, `<name>_max` and `<name>` with a label `quantile` (0.5, 0.9, 0.95, 0.99, estimated within buckets); a summary
/// is count, sum and its quantiles. Attributes of the resource and of the point are labels, the point's win; `temporality` is
/// `delta` or `cumulative` (a running total: no value of an indicator unless a rule says so). What becomes of figures ingest
/// rules say. Points that cannot be taken are counted in `partialSuccess`, the others are kept; a body that is sent again is
/// duplicates. Failures are `google.rpc.Status` in the encoding of the request. 429 and 503 say when to come again.
#[utoipa::path(
    tag = "ingest",
    params(DoorParameters),
    request_body(content((String = "application/x-protobuf"), (String = "application/json"))),
    responses((status = 200, content((OtlpAnswer = "application/json"), (String = "application/x-protobuf"))))
)]
#[post("/ingest/otlp/v1/metrics")]
pub(crate) async fn export_metrics(
    call: Call,
    Query(DoorParameters { dry_run }): Query<DoorParameters>,
    delivery: Delivery,
) -> Result<Answer, ApiError> {
    let (digest, media_type) = (delivery.digest, media_type(&call.request));
    let is_binary = media_type == PROTOBUF;
    let decode = move || {
        delivery.inflated().and_then(|bytes| match media_type.as_str() {
            PROTOBUF => Ok(otlp::protobuf(&bytes)?),
            "application/json" => Ok(otlp::json(&bytes)?),
            _ => Err(ApiError::MediaType("Content-Type must be application/x-protobuf or application/json.")),
        })
    };
    call.ingest(Door::Otlp, dry_run, digest, decode, move |taken| {
        let answer = answer(&taken, is_binary)?;
        Ok(taken.answer(answer))
    })
    .await
}

fn answer(taken: &Taken, is_binary: bool) -> Result<Answer, ApiError> {
    let (rejected, why) = (taken.report.refused, taken.why("point"));
    if is_binary {
        let body = otlp::response(rejected, &why);
        return Ok(Answer::bytes(StatusCode::OK, PROTOBUF, body));
    }
    let partial_success =
        (rejected > 0).then(|| OtlpPartialSuccess { rejected_data_points: rejected.to_string(), error_message: why });
    Answer::json(StatusCode::OK, &OtlpAnswer::Response(OtlpResponse { partial_success }))
}
