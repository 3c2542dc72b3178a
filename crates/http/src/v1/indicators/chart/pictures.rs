//! The chart of an indicator as pictures.

use super::super::phases::change_of;
use super::view::{kept, rhythm_of, told, trend_of};
use super::{ChartParameters, Found, find, unless_known};
use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::drawing::{ChartPicture, Drawing, drawn, sparkline};
use crate::error::ApiError;
use crate::parameters::{Query, Target};
use crate::v1::records::RecordView;
use actix_web::get;
use actix_web::http::{StatusCode, header};
use chrono::{DateTime, Utc};
use ratchet_domain::indicators::chart::{Charted, Segment};
use ratchet_domain::indicators::phases::Beginning;
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt::Display;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Points that are drawn, at most: more of them than there are pixels say no more.
const DRAWN: usize = 600;
/// Points of a sparkline.
const SPARKS: usize = 60;
/// So many PNGs are made at once: the rest of the processor is for everybody else.
static DRAWING: Semaphore = Semaphore::const_new(2);
/// What a picture may load when a browser shows it: nothing.
const INERT: &str = "sandbox; default-src 'none'";

/// Which part of the chart is drawn.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PictureParameters {
    /// Observed at or after this moment.
    #[serde(default, deserialize_with = "bounded")]
    from: Option<DateTime<Utc>>,
    /// Observed before this moment.
    #[serde(default, deserialize_with = "bounded")]
    to: Option<DateTime<Utc>>,
    /// The series: its dimensions as a JSON object of texts, `{}` for none. Without it the first one.
    #[param(example = json!("{\"site\":\"north\"}"))]
    dimensions: Option<String>,
}

impl From<PictureParameters> for ChartParameters {
    fn from(PictureParameters { from, to, dimensions }: PictureParameters) -> Self {
        Self { from, to, dimensions, points: None }
    }
}

/// With what a phase begins, in words.
fn beginning(segment: &Segment, changes: &HashMap<Uuid, RecordView>) -> String {
    let what = match segment.phase.beginning {
        Beginning::FirstMeasurement => "first measurement".to_owned(),
        Beginning::Declared(_) => "declared phase".to_owned(),
        // One that the caller may not see began a phase nevertheless.
        Beginning::Change(_) => {
            let change = change_of(&segment.phase).and_then(|id| changes.get(&id));
            change.map_or_else(|| "change".to_owned(), |change| change.reference.clone())
        }
    };
    format!("{what} {}", segment.phase.starts_at.format("%Y-%m-%d"))
}

fn picture(found: &Found) -> Drawing {
    let Found { indicator, chart, changes, most: _ } = found;
    let segments = &chart.segments;
    let rhythm = rhythm_of(segments).filter(|(season, _)| indicator.charting().season != Some(*season));
    drawn(&ChartPicture {
        indicator,
        series: &chart.series,
        segments: segments.iter().zip(kept(segments, DRAWN)).collect(),
        beginnings: segments.iter().map(|segment| beginning(segment, changes)).collect(),
        trend: trend_of(segments, indicator.goal.as_ref()),
        notes: rhythm.map(|(season, _)| told(season)).into_iter().collect(),
    })
}

/// The chart as SVG.
pub(super) const SVG: &str = "image/svg+xml";
/// The chart as PNG.
pub(super) const PNG: &str = "image/png";

fn sent(call: &Call, content_type: &str, body: Vec<u8>) -> Answer {
    let answer = Answer::bytes(StatusCode::OK, content_type, body);
    unless_known(call, answer.with(&header::CONTENT_SECURITY_POLICY, INERT))
}

/// The chart drawn as SVG.
pub(super) fn as_svg(call: &Call, found: &Found) -> Answer {
    sent(call, SVG, picture(found).svg().into_bytes())
}

/// The chart drawn as PNG. Pixels take a while: nobody but who asked for some waits for them.
pub(super) async fn as_png(call: &Call, found: Found) -> Result<Answer, ApiError> {
    let internal = |error: &dyn Display| ApiError::Internal(error.to_string());
    let turn = DRAWING.acquire().await.map_err(|error| internal(&error))?;
    let png = actix_web::web::block(move || picture(&found).png()).await;
    drop(turn);
    let png = png.map_err(|error| internal(&error))?.map_err(|error| internal(&error))?;
    Ok(sent(call, PNG, png))
}

/// Read the chart of an indicator as SVG.
///
/// What `GET /v1/indicators/{id}/chart` answers, drawn: at most 600 points. It has a title and a description; nothing is said
/// by colour alone. It loads nothing and runs nothing.
#[utoipa::path(
    tag = "indicators",
    params(("id" = String, Path), PictureParameters),
    responses((status = 200, body = String, content_type = "image/svg+xml"))
)]
#[get("/indicators/{id}/chart.svg")]
pub(crate) async fn get_indicator_chart_svg(
    call: Call,
    Target(locator): Target,
    Query(parameters): Query<PictureParameters>,
) -> Result<Answer, ApiError> {
    Ok(as_svg(&call, &find(&call, locator, parameters.into()).await?))
}

/// Read the chart of an indicator as PNG.
///
/// The same picture as the SVG, 1920 by 992 pixels.
#[utoipa::path(
    tag = "indicators",
    params(("id" = String, Path), PictureParameters),
    responses((status = 200, body = String, content_type = "image/png"))
)]
#[get("/indicators/{id}/chart.png")]
pub(crate) async fn get_indicator_chart_png(
    call: Call,
    Target(locator): Target,
    Query(parameters): Query<PictureParameters>,
) -> Result<Answer, ApiError> {
    let found = find(&call, locator, parameters.into()).await?;
    as_png(&call, found).await
}

/// Read the series of an indicator in the size of a word, as SVG.
#[utoipa::path(
    tag = "indicators",
    params(("id" = String, Path), PictureParameters),
    responses((status = 200, body = String, content_type = "image/svg+xml"))
)]
#[get("/indicators/{id}/sparkline.svg")]
pub(crate) async fn get_indicator_sparkline(
    call: Call,
    Target(locator): Target,
    Query(parameters): Query<PictureParameters>,
) -> Result<Answer, ApiError> {
    let Found { indicator, chart, .. } = find(&call, locator, parameters.into()).await?;
    let points: Vec<&Charted> = kept(&chart.segments, SPARKS).into_iter().flatten().collect();
    let points: Vec<(DateTime<Utc>, f64)> = points.into_iter().map(|point| point.reading.point()).collect();
    let target = indicator.goal.and_then(|goal| goal.target());
    let drawing = sparkline(&indicator.name, indicator.unit.as_deref(), &points, target);
    Ok(sent(&call, SVG, drawing.svg().into_bytes()))
}
