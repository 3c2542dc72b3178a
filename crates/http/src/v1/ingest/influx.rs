//! InfluxDB's line protocol, as both versions of its API take it.

use super::delivery::Delivery;
use super::gateway::Taken;
use super::report::IngestReport;
use crate::answer::Answer;
use crate::app::App;
use crate::caller::Call;
use crate::dialects::Dialect;
use crate::error::ApiError;
use crate::health::ready;
use crate::parameters::Query;
use crate::v1::auth::Open;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::{get, post, web};
use ratchet_domain::ingest_rules::Door;
use ratchet_ingest::line_protocol::{self, Precision};
use serde::{Deserialize, Serialize};

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
    /// The user: taken, and not looked at.
    #[serde(rename = "u")]
    #[param(example = "telegraf")]
    _user: Option<String>,
    /// The password: an API key, where the client sends no `Authorization`. Addresses are written into logs of proxies: a
    /// client that can sends the header.
    #[serde(rename = "p")]
    #[param(example = "rk_...")]
    _password: Option<String>,
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

/// What this server calls itself.
const VERSION: &str = concat!("ratchet-", env!("CARGO_PKG_VERSION"));

/// Parameters of a ping.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PingParameters {
    /// Taken, and not looked at.
    #[serde(rename = "verbose")]
    #[param(example = "true")]
    _verbose: Option<String>,
    /// Taken, and not looked at.
    #[serde(rename = "wait_for_leader")]
    #[param(example = "1s")]
    _wait_for_leader: Option<String>,
}

/// How the server is, as InfluxDB 2 says it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InfluxHealth {
    /// What answers.
    #[schema(example = "ratchet")]
    name: &'static str,
    /// In words.
    #[schema(example = "ready for writes")]
    message: &'static str,
    /// `pass`.
    #[schema(example = "pass")]
    status: &'static str,
    /// None.
    #[schema(value_type = Vec<String>)]
    checks: [&'static str; 0],
    /// What this server calls itself.
    #[schema(example = "ratchet-0.1.0")]
    version: &'static str,
}

/// Send lines as to InfluxDB 1: Telegraf and clients of that version, with `/v1/ingest/influx` as their server.
///
/// As version 2, which see. Credentials may also be Basic, or `u` and `p` in the address: the password is an API key.
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

/// Ask whether the server is there, as clients of InfluxDB do before they send.
#[utoipa::path(
    tag = "ingest",
    params(PingParameters),
    responses((status = 204, description = "It is.", headers(("x-influxdb-version", description = "What it is.")))),
    security(())
)]
#[get("/ingest/influx/ping")]
pub(crate) async fn ping_influx(_: Open<PingParameters>) -> Result<Answer, ApiError> {
    let version = HeaderName::from_static("x-influxdb-version");
    Ok(Answer::empty(StatusCode::NO_CONTENT).with(&version, VERSION))
}

/// Ask whether figures can be written, as clients of InfluxDB 2 do.
#[utoipa::path(tag = "ingest", responses((status = 200, body = InfluxHealth)), security(()))]
#[get("/ingest/influx/health")]
pub(crate) async fn get_influx_health(app: web::Data<App>, _: Open) -> Result<Answer, ApiError> {
    ready(&app).await?;
    let health =
        InfluxHealth { name: "ratchet", message: "ready for writes", status: "pass", checks: [], version: VERSION };
    Answer::json(StatusCode::OK, &health)
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
