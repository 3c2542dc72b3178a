//! Prometheus remote write, 1.0 and 2.0.

use super::delivery::{Delivery, DoorParameters};
use super::gateway::Taken;
use super::report::IngestReport;
use crate::answer::Answer;
use crate::caller::Call;
use crate::dialects::{Dialect, WRITTEN};
use crate::error::ApiError;
use crate::parameters::Query;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, post};
use ratchet_domain::ingest_rules::Door;
use ratchet_ingest::{Intake, Unreadable, remote_write};

/// A body's message, once it is inflated.
type Reader = fn(&[u8]) -> Result<Intake, Unreadable>;

/// The message that the body is said to be: of 1.0 where nothing is said.
fn reader(request: &HttpRequest) -> Result<Reader, ApiError> {
    let unknown = || {
        ApiError::MediaType(
            "Content-Type must be application/x-protobuf, with proto=prometheus.WriteRequest, \
             proto=io.prometheus.write.v2.Request or nothing behind it.",
        )
    };
    let sent = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = sent.split(';').map(str::trim);
    if !parts.next().unwrap_or_default().eq_ignore_ascii_case("application/x-protobuf") {
        return Err(unknown());
    }
    let proto = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("proto"));
    match proto.map(|(_, name)| name.trim_matches('"')) {
        None | Some("prometheus.WriteRequest") => Ok(remote_write::v1),
        Some("io.prometheus.write.v2.Request") => Ok(remote_write::v2),
        Some(_) => Err(unknown()),
    }
}

/// Send samples by Prometheus remote write, 1.0 or 2.0: Prometheus, agents of VictoriaMetrics, Grafana Alloy.
///
/// In blocks of snappy, at most 8 MiB and 50,000 samples inflated, of which 10,000 become measurements. The message is told
/// by `proto=` in the media type. Every NaN says that there is no figure: the stale marker, and others where nothing was
/// observed. Of a native histogram count and sum are taken; exemplars are not kept. What becomes of samples ingest rules say.
/// 204 when everything was taken, with how much was written: what no rule matched and what was known is written, too. 400 when
/// samples were refused: the others are kept, and none is to be sent again. Failures are told in a line of text. 429 and 503
/// say when to come again; after any other failure of the 400s Prometheus drops the batch.
#[utoipa::path(
    tag = "ingest",
    params(DoorParameters),
    request_body(content((String = "application/x-protobuf"))),
    responses(
        (status = 204, description = "Taken."),
        (status = 200, description = "A dry run: what would become of it.", body = IngestReport),
    )
)]
#[post("/ingest/prometheus/write")]
pub(crate) async fn write_prometheus(
    call: Call,
    Query(DoorParameters { dry_run }): Query<DoorParameters>,
    delivery: Delivery,
) -> Result<Answer, ApiError> {
    let (digest, reader) = (delivery.digest, reader(&call.request));
    let decode = move || reader.and_then(|read| Ok(read(&delivery.in_blocks()?)?));
    call.ingest(Door::Prometheus, dry_run, digest, decode, |taken| Ok(answer(taken))).await
}

fn answer(taken: Taken) -> Answer {
    let why = taken.why("sample");
    let answer = if why.is_empty() {
        Answer::empty(StatusCode::NO_CONTENT)
    } else {
        let status = StatusCode::BAD_REQUEST;
        let (media_type, body) = Dialect::RemoteWrite.body(status.as_u16(), &why);
        Answer::bytes(status, media_type, body)
    };
    let written = taken.report.points.saturating_sub(taken.report.refused);
    let written = [written.saturating_sub(taken.histograms), taken.histograms, 0];
    let told = WRITTEN
        .into_iter()
        .zip(written)
        .fold(answer, |answer, (name, count)| answer.with(&HeaderName::from_static(name), count.to_string()));
    taken.answer(told)
}
