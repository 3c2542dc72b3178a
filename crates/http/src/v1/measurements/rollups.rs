//! Measurements by the hour, day, week, month, quarter or year: a year of ten million is read from hundreds of rows.

use super::named_dimensions;
use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, Target};
use actix_web::get;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use ratchet_domain::change::Record;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::measurements::{DIMENSIONS, Rollup, Step};
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::measurements::{Rolled, Stretch, rolled};
use ratchet_persistence::table::Table;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Hours or days of all series that are read at most.
const READ: i64 = 200_000;
/// Rollups in an answer at most.
const LIMIT: usize = 10_000;

/// Which rollups are asked for.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RollupParameters {
    /// How wide each is; all begin in UTC, a week on Monday. `day` without it.
    #[param(inline, value_type = Option<Step>, example = "day")]
    step: Option<Step>,
    /// Of hours, or else of days, that begin at or after this moment.
    #[serde(default, deserialize_with = "bounded")]
    from: Option<DateTime<Utc>>,
    /// Of hours, or else of days, that begin before this moment.
    #[serde(default, deserialize_with = "bounded")]
    to: Option<DateTime<Utc>>,
    /// Only of what has these dimensions, whatever others it has: a JSON object of texts.
    #[param(example = r#"{"site":"north"}"#)]
    dimensions: Option<String>,
    /// Apart by these dimensions, separated by commas; together without it.
    #[param(example = "site")]
    by: Option<String>,
}

/// What counts of an indicator within a stretch of time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RollupView {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends; that moment lies in the next one.
    pub ends_at: DateTime<Utc>,
    /// What its measurements share, of the dimensions named in `by`.
    #[schema(example = json!({"site": "north"}))]
    pub dimensions: BTreeMap<String, String>,
    /// How many measurements.
    #[schema(example = 24)]
    pub count: i64,
    /// Them all as one figure: the mean, and for a ratio the quotient of `numerator` and `denominator`.
    #[schema(example = 41.5)]
    pub value: f64,
    /// The arithmetic mean of the values.
    #[schema(example = 41.5)]
    pub mean: f64,
    /// The standard deviation of the values as a sample; `null` of a single one.
    #[schema(example = 1.25)]
    pub standard_deviation: Option<f64>,
    /// The lowest value.
    #[schema(example = 39.0)]
    pub minimum: f64,
    /// The highest value.
    #[schema(example = 44.0)]
    pub maximum: f64,
    /// The value that was observed last.
    #[schema(example = 40.0)]
    pub last: f64,
    /// When it was.
    pub last_at: DateTime<Utc>,
    /// For a ratio: the sum of the numerators.
    #[schema(example = json!(null))]
    pub numerator: Option<f64>,
    /// For a ratio: the sum of the denominators.
    #[schema(example = json!(null))]
    pub denominator: Option<f64>,
}

/// What counts of an indicator, by stretches of time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Rollups {
    /// How wide each is.
    #[schema(example = "day")]
    pub step: Step,
    /// In the order of time, then of dimensions; stretches without a measurement are left out.
    pub items: Vec<RollupView>,
}

impl RollupView {
    fn of(step: Step, Rolled { starts_at, dimensions, rollup }: Rolled) -> Self {
        let Rollup { count, mean, deviations: _, least, greatest, newest: (last_at, last), parts } = rollup;
        let (numerator, denominator) = parts.unzip();
        Self {
            starts_at,
            ends_at: step.end_of(starts_at),
            dimensions,
            count,
            value: rollup.value(),
            mean,
            standard_deviation: rollup.standard_deviation(),
            minimum: least,
            maximum: greatest,
            last,
            last_at,
            numerator,
            denominator,
        }
    }
}

/// Read an indicator's measurements by the hour, day, week, month, quarter or year.
///
/// Of what counts now, at most 10,000 rollups out of at most 200,000 hours or days of its series; `from` and `to` are moments
/// within an hour or a day that is taken whole when it begins between them.
#[utoipa::path(
    tag = "measurements",
    params(("id" = String, Path), RollupParameters),
    responses((status = 200, body = Rollups))
)]
#[get("/indicators/{id}/rollups")]
pub(crate) async fn list_rollups(
    call: Call,
    Target(locator): Target,
    Query(parameters): Query<RollupParameters>,
) -> Result<Answer, ApiError> {
    let RollupParameters { step, from, to, dimensions, by } = parameters;
    let step = step.unwrap_or(Step::Day);
    let dimensions = dimensions.as_deref().map(named_dimensions).transpose()?.unwrap_or_default();
    let by: Vec<String> = by.iter().flat_map(|names| names.split(',')).map(|name| name.trim().to_owned()).collect();
    if by.len() > DIMENSIONS {
        return Err(ApiError::parameter("by", "length", format!("must name at most {DIMENSIONS} dimensions")));
    }
    let (actor, stretch) = (call.actor.clone(), Stretch { step, from, to, dimensions, by });
    let read = move |connection: &mut _| -> Result<Answer, ApiError> {
        let found = Indicator::find(actor.organisation, locator, connection)?;
        let (indicator, _) = found.filter(|(record, _)| record.is_visible(&actor)).ok_or(ApiError::NotFound)?;
        let rolled = rolled(actor.organisation, indicator.id(), &stretch, READ, connection)?;
        let rolled = rolled.filter(|rolled| rolled.len() <= LIMIT).ok_or_else(too_many)?;
        let items = rolled.into_iter().map(|rolled| RollupView::of(step, rolled)).collect();
        Answer::json(StatusCode::OK, &Rollups { step, items })
    };
    call.app.store.read(read).await
}

fn too_many() -> ApiError {
    let detail = format!("there are more than {LIMIT} rollups, or {READ} hours or days to make them of: ask for less");
    Refusal::invalid("", "too_many", detail).into()
}
