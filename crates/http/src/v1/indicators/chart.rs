//! The chart of an indicator as data: measurements with their limits, phases, rules that are met, trend and forecast.

mod pictures;
mod view;

pub(crate) use pictures::{get_indicator_chart_png, get_indicator_chart_svg, get_indicator_sparkline};
pub(crate) use view::IndicatorChart;

use super::phases::changes_of;
use crate::accept;
use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, Target};
use crate::v1::records::{self, RecordView};
use actix_web::get;
use actix_web::http::{StatusCode, header};
use chrono::{DateTime, Utc};
use pictures::{PNG, SVG, as_png, as_svg};
use ratchet_domain::access::Actor;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::indicators::phases::Phase;
use ratchet_domain::measurements::series_of;
use ratchet_domain::reference::Locator;
use ratchet_persistence::charts::{self, Asked, Chart};
use ratchet_persistence::connection::AnyConnection;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// In which forms a chart is answered.
const FORMS: &[&str] = &["application/json", SVG, PNG];
/// Points that are answered, unless asked otherwise.
const DEFAULT: u16 = 500;

/// Which part of the chart is asked for.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChartParameters {
    /// Observed at or after this moment.
    #[serde(default, deserialize_with = "bounded")]
    from: Option<DateTime<Utc>>,
    /// Observed before this moment.
    #[serde(default, deserialize_with = "bounded")]
    to: Option<DateTime<Utc>>,
    /// The series: its dimensions as a JSON object of texts, `{}` for none. Without it the first one.
    #[param(example = json!("{\"site\":\"north\"}"))]
    dimensions: Option<String>,
    /// At most so many points, 10 to 2000; of more, those are left that say most.
    #[param(minimum = 10, maximum = 2000, default = 500)]
    points: Option<u16>,
}

/// A chart that was found, and what it takes to show it.
pub(super) struct Found {
    pub indicator: Indicator,
    pub chart: Chart,
    pub changes: HashMap<Uuid, RecordView>,
    pub most: usize,
}

impl ChartParameters {
    fn read(self) -> Result<(Asked, usize), ApiError> {
        let Self { from, to, dimensions, points } = self;
        let points = points.unwrap_or(DEFAULT);
        if !(10..=2_000).contains(&points) {
            return Err(ApiError::parameter("points", "out_of_range", "must lie between 10 and 2000"));
        }
        let malformed = |_| ApiError::parameter("dimensions", "malformed", "must be a JSON object of texts");
        let named = dimensions.map(|text| serde_json::from_str::<BTreeMap<String, String>>(&text)).transpose();
        let series = named.map_err(malformed)?.map(|dimensions| series_of(&dimensions));
        Ok((Asked { from, to, series }, points.into()))
    }
}

/// Finds the indicator, where the caller may see it, and its chart.
pub(super) async fn find(call: &Call, locator: Locator, parameters: ChartParameters) -> Result<Found, ApiError> {
    let by = call.actor.clone();
    let (asked, most) = parameters.read()?;
    let read = move |connection: &mut AnyConnection| found(locator, &asked, most, &by, connection);
    call.app.store.read(read).await
}

fn found(
    locator: Locator,
    asked: &Asked,
    most: usize,
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<Found, ApiError> {
    let indicator = records::get::<Indicator>(locator, by, connection)?;
    let chart = charts::chart(&indicator, asked, connection)?;
    let phases: Vec<Phase> = chart.segments.iter().map(|segment| segment.phase).collect();
    let changes = changes_of(&phases, by, connection)?;
    Ok(Found { indicator, chart, changes, most })
}

/// Read the chart of an indicator: measurements with their limits, the rules that they meet, and where they lead.
///
/// One series at a time: of an indicator with dimensions `series` names all of them. The newest 2,000 measurements within the
/// window are looked at (`is_cut` says that there are older ones), and thinned to `points`: of each stretch the measurement
/// stays that says most. Limits rest on the first measurements of a phase (`control.baseline` of the indicator; 25, 336 of
/// what is measured hourly, or five cycles of a rhythm) and do not move with later ones; until there are so many, and where nothing varies, there are
/// none, and `unlimited` says why. Neighbours that resemble each other (`is_serial`) have limits by the scatter of all, and no
/// rule is looked for that supposes independence. Runs and weighted means begin with the window.
///
/// Formulas: individuals and moving ranges (mean ± 3 · mean moving range / 1.128) for gauges, p-charts for ratios that are
/// counted parts of a whole, widened after Laney where they scatter more than by chance; Nelson's rules; Theil and Sen's slope with Sen's interval; the test of Mann and Kendall, its variance
/// widened after Hamed and Rao. The forecast says when the line meets the target, and between which days by the interval of
/// the slope alone.
///
/// `Accept` says in which form it is answered: JSON, or drawn as `chart.svg` and `chart.png` are (`image/svg+xml`, `image/png`);
/// JSON where it says nothing, or `*/*`.
#[utoipa::path(
    tag = "indicators",
    params(("id" = String, Path), ChartParameters),
    responses((status = 200, content(
        (IndicatorChart = "application/json"),
        (String = "image/svg+xml"),
        (String = "image/png")
    )))
)]
#[get("/indicators/{id}/chart")]
pub(crate) async fn get_indicator_chart(
    call: Call,
    Target(locator): Target,
    Query(parameters): Query<ChartParameters>,
) -> Result<Answer, ApiError> {
    let form = accept::preferred(&call.request, FORMS)?;
    let found = find(&call, locator, parameters).await?;
    let answer = match form {
        SVG => as_svg(&call, &found),
        PNG => as_png(&call, found).await?,
        _ => unless_known(&call, Answer::json(StatusCode::OK, &IndicatorChart::of(found))?),
    };
    Ok(answer.with(&header::VARY, "accept"))
}

/// Under the hash of its bytes, and not sent again.
fn unless_known(call: &Call, answer: Answer) -> Answer {
    let known = call.request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    answer.with_hash_as_etag().unless_known(known)
}
