//! InfluxDB's line protocol, as both versions of its API take it.

use super::delivery::Delivery;
use super::gateway::Taken;
use super::report::IngestReport;
use crate::answer::Answer;
use crate::caller::Call;
use crate::dialects::Dialect;
use crate::error::ApiError;
use crate::parameters::Query;
use actix_web::http::StatusCode;
use actix_web::post;
use ratchet_domain::ingest_rules::Door;
use ratchet_ingest::line_protocol::{self, Precision};
use serde::Deserialize;

/// Parameters of version 1.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InfluxV1Parameters {
    /// Run the same job and keep nothing: answers what would become of each line.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// What timestamps are counted in: `n`, `ns`, `u`, `us`, `ms`, `s`, `m` or `h`; nanoseconds without it.
    #[param(example = "s")]
    precision: Option<String>,
    /// Taken, and not looked at: an organisation has one register of figures.
    #[serde(rename = "db")]
    #[param(example = "telegraf")]
    _db: Option<String>,
    /// Taken, and not looked at.
    #[serde(rename = "rp")]
    #[param(example = "autogen")]
    _rp: Option<String>,
    /// Taken, and not looked at: what was answered is written.
    #[serde(rename = "consistency")]
    #[param(example = "all")]
    _consistency: Option<String>,
}

/// Parameters of version 2.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InfluxV2Parameters {
    /// Run the same job and keep nothing: answers what would become of each line.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// What timestamps are counted in: `ns`, `us`, `ms` or `s`; nanoseconds without it.
    #[param(example = "s")]
    precision: Option<String>,
    /// Taken, and not looked at: the credentials say of which organisation they are.
    #[serde(rename = "org")]
    #[param(example = "Harbour Robotics")]
    _org: Option<String>,
    /// Taken, and not looked at.
    #[serde(rename = "orgID")]
    #[param(example = "0123456789abcdef")]
    _org_id: Option<String>,
    /// Taken, and not looked at: an organisation has one register of figures.
    #[serde(rename = "bucket")]
    #[param(example = "telegraf")]
    _bucket: Option<String>,
}

/// Send lines as to InfluxDB 1: Telegraf and clients of that version, with `/v1/ingest/influx` as their server.
///
/// As version 2, which see.
#[utoipa::path(
    tag = "ingest",
    params(InfluxV1Parameters),
    request_body(content((String = "text/plain"))),
    responses(
        (status = 204, description = "Written."),
        (status = 200, description = "A dry run: what would become of it.", body = IngestReport),
    )
)]
#[post("/ingest/influx/write")]
pub(crate) async fn write_influx_v1(
    call: Call,
    Query(InfluxV1Parameters { dry_run, precision, .. }): Query<InfluxV1Parameters>,
    delivery: Delivery,
) -> Result<Answer, ApiError> {
    write(call, dry_run, precision, delivery).await
}

/// Send lines as to InfluxDB 2: Telegraf and clients of that version, with `/v1/ingest/influx` as their server.
///
/// Line protocol of whatever media type, gzip or zstd, at most 8 MiB and 50,000 fields inflated, of which 10,000 become
/// measurements. Each field that is a number or a truth (1, 0) is a figure of the metric `<measurement>_<field>`, or of
/// `<measurement>` where the field is called `value`; tags are labels; fields of text are passed over. A line without a time was
/// observed when it arrived. Credentials are an API key as `Authorization: Token` or `Bearer`. What becomes of figures ingest
/// rules say. 204 when everything was written; 400 when lines were refused: the others are kept, and none is to be sent again.
/// Failures are told in JSON as InfluxDB does. 429 and 503 say when to come again.
#[utoipa::path(
    tag = "ingest",
    params(InfluxV2Parameters),
    request_body(content((String = "text/plain"))),
    responses(
        (status = 204, description = "Written."),
        (status = 200, description = "A dry run: what would become of it.", body = IngestReport),
    )
)]
#[post("/ingest/influx/api/v2/write")]
pub(crate) async fn write_influx_v2(
    call: Call,
    Query(InfluxV2Parameters { dry_run, precision, .. }): Query<InfluxV2Parameters>,
    delivery: Delivery,
) -> Result<Answer, ApiError> {
    write(call, dry_run, precision, delivery).await
}

async fn write(call: Call, dry_run: bool, precision: Option<String>, delivery: Delivery) -> Result<Answer, ApiError> {
    let (digest, now) = (delivery.digest, call.app.now());
    let known = precision.as_deref().map_or(Some(Precision::default()), Precision::of);
    let precision = known.ok_or_else(|| {
        ApiError::parameter("precision", "unknown_value", "must be ns, us, ms or s; of version 1 also n, u, m or h")
    });
    let decode =
        move || precision.and_then(|precision| Ok(line_protocol::decode(&delivery.inflated()?, precision, now)?));
    call.ingest(Door::Influx, dry_run, digest, decode, |taken| Ok(answer(taken))).await
}

fn answer(taken: Taken) -> Answer {
    let why = taken.why("line");
    if why.is_empty() {
        return taken.answer(Answer::empty(StatusCode::NO_CONTENT));
    }
    let status = StatusCode::BAD_REQUEST;
    let (media_type, body) = Dialect::Influx.body(status.as_u16(), &format!("partial write: {why}"));
    taken.answer(Answer::bytes(status, media_type, body))
}
