//! Indicators compared before and after, wherever a verdict rests on them.

use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Target;
use crate::record::Resource;
use crate::v1::indicators::dimensions_of;
use crate::v1::records;
use actix_web::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::analysis::comparison::{Interval, Method, Sample, Step};
use ratchet_domain::analysis::effect::{Effect, IndicatorEffect, Period, Question, Span, Tendency};
use ratchet_domain::change::Record;
use ratchet_domain::id::IndicatorId;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::refusal::{Fault, Faults, Refusal};
use ratchet_persistence::effects::{Effective, Seen};
use ratchet_persistence::error::Error as StoreError;
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{effects, settings};
use serde::{Deserialize, Serialize};

/// What indicators say of an effect, before and after.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EffectView {
    /// When was observed what counts as before.
    pub before: ComparedPeriodView,
    /// When was observed what counts as after.
    pub after: ComparedPeriodView,
    /// Whether all measurements of both periods were compared; of more than 20,000 on a side, those nearest to what lies
    /// between.
    pub complete: bool,
    /// One for each series of each indicator.
    pub series: Vec<SeriesEffectView>,
}

/// What the indicators of a record say of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SeenEffect<S> {
    /// Where the record stands.
    pub state: S,
    /// Whether this is what the verdict rests on, as it was seen then; otherwise it is what is measured now.
    pub frozen: bool,
    /// `null` while there is nothing to compare.
    pub effect: Option<EffectView>,
}

impl Call {
    /// Answers what indicators say of a record: before and after, or what was frozen with its verdict.
    pub(crate) async fn effect<T: Resource + Effective, S: Serialize + 'static>(
        self,
        Target(locator): Target,
        state: fn(&T) -> S,
    ) -> Result<Answer, ApiError> {
        let (by, now) = (self.actor.clone(), self.app.now());
        let read = move |connection: &mut _| -> Result<Answer, ApiError> {
            let record: T = records::get(locator, &by, connection)?;
            if !record.shows_effect_to(&by) {
                return Err(Refusal::Forbidden.into());
            }
            let Seen { is_frozen, effect } = record.effect(now, connection)?;
            let effect = effect.as_ref().map(Into::into);
            Answer::json(StatusCode::OK, &SeenEffect { state: state(&record), frozen: is_frozen, effect })
        };
        self.app.store.read(read).await
    }
}

/// A time in which measurements were observed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ComparedPeriodView {
    /// It begins here.
    pub from: DateTime<Utc>,
    /// It ends before this.
    pub to: DateTime<Utc>,
}

/// Measurements on one side.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ComparedSampleView {
    /// How many.
    #[schema(example = 12)]
    pub count: usize,
    /// The one in the middle; `null` without measurements.
    #[schema(example = 84.0)]
    pub median: Option<f64>,
}

/// Where the shift lies with a confidence of 95 %.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ShiftIntervalView {
    /// At least.
    #[schema(example = 11.5)]
    pub low: f64,
    /// At most.
    #[schema(example = 14.0)]
    pub high: f64,
}

/// One series of an indicator, before and after.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SeriesEffectView {
    /// Which indicator.
    pub indicator_id: IndicatorId,
    /// What it was called then.
    #[schema(example = "Critical patches installed within 14 days")]
    pub name: String,
    /// Of the figures.
    #[schema(example = "%")]
    pub unit: Option<String>,
    /// What the series is of.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub dimensions: serde_json::Value,
    /// Measured before.
    pub before: ComparedSampleView,
    /// Measured after.
    pub after: ComparedSampleView,
    /// Median after less median before; `null`, like all that follows, where either side has no measurements.
    #[schema(example = 13.0)]
    pub difference: Option<f64>,
    /// The median of all differences after less before (Hodges and Lehmann).
    #[schema(example = 12.8)]
    pub shift: Option<f64>,
    /// Of the shift, 95 %; `null` where there are too few measurements for any.
    pub interval: Option<ShiftIntervalView>,
    /// The pairs in which the later is larger, ties counting half (Mann and Whitney).
    #[schema(example = 132.0)]
    pub u: Option<f64>,
    /// The chance of that when nothing has changed, two-sided.
    #[schema(example = 0.0004)]
    pub p: Option<f64>,
    /// How `p` and `interval` were found: exactly for at most 50 on each side without ties.
    pub method: Option<Method>,
    /// Which way it has moved by the indicator's goal, when chance alone would hardly do that.
    pub tendency: Tendency,
}

impl From<Period> for ComparedPeriodView {
    fn from(period: Period) -> Self {
        let Period { from, to } = period;
        Self { from, to }
    }
}

impl From<Sample> for ComparedSampleView {
    fn from(sample: Sample) -> Self {
        let Sample { count, median } = sample;
        Self { count, median }
    }
}

impl From<Interval> for ShiftIntervalView {
    fn from(interval: Interval) -> Self {
        let Interval { low, high } = interval;
        Self { low, high }
    }
}

impl From<&IndicatorEffect> for SeriesEffectView {
    fn from(effect: &IndicatorEffect) -> Self {
        let IndicatorEffect { indicator, name, unit, series, comparison, tendency } = effect;
        let step = comparison.step;
        Self {
            indicator_id: *indicator,
            name: name.clone(),
            unit: unit.clone(),
            dimensions: dimensions_of(series),
            before: comparison.before.into(),
            after: comparison.after.into(),
            difference: step.map(|Step { difference, .. }| difference),
            shift: step.map(|Step { shift, .. }| shift),
            interval: step.and_then(|Step { interval, .. }| interval).map(Into::into),
            u: step.map(|Step { u, .. }| u),
            p: step.map(|Step { p, .. }| p),
            method: step.map(|Step { method, .. }| method),
            tendency: *tendency,
        }
    }
}

impl From<&Effect> for EffectView {
    fn from(effect: &Effect) -> Self {
        let Effect { windows, is_complete, series } = effect;
        Self {
            before: windows.before.into(),
            after: windows.after.into(),
            complete: *is_complete,
            series: series.iter().map(Into::into).collect(),
        }
    }
}

/// From the first day to the last, both included, in the organisation's time zone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComparedDays {
    /// The first day.
    #[serde(deserialize_with = "bounded")]
    first: NaiveDate,
    /// The last day.
    #[serde(deserialize_with = "bounded")]
    last: NaiveDate,
}

impl From<ComparedDays> for Span {
    fn from(body: ComparedDays) -> Self {
        let ComparedDays { first, last } = body;
        Self { first, last }
    }
}

/// Indicators on which a verdict rests; the comparison is made at once and frozen with it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareIndicators {
    /// 1 to 20, by reference or id; without it those that the record is to move.
    #[serde(default)]
    #[schema(example = json!(["IND-2026-0001"]))]
    indicators: Option<Vec<String>>,
    /// The days with which it is compared.
    before: ComparedDays,
    /// The days that show the effect; not before those with which they are compared.
    after: ComparedDays,
}

/// What a verdict on a record rests on: what a body asks for at `pointer`, or else what the record's own indicators say now.
pub(crate) fn judged_by<T: Effective>(
    pointer: &str,
    asked: Option<CompareIndicators>,
    (record, own): (&T, &[IndicatorId]),
    tx: &mut Tx<'_>,
) -> Result<Option<Effect>, ApiError> {
    match asked {
        Some(asked) => compared(pointer, asked, own, tx).map(Some),
        None => Ok(record.measured(tx.now(), tx.connection())?),
    }
}

/// Compares the indicators that a body names at `pointer`, or those that are a record's own.
fn compared(pointer: &str, asked: CompareIndicators, own: &[IndicatorId], tx: &mut Tx<'_>) -> Result<Effect, ApiError> {
    let CompareIndicators { indicators, before, after } = asked;
    let indicators = match indicators {
        Some(named) => named_indicators(&format!("{pointer}/indicators"), &named, tx)?,
        None => own.to_vec(),
    };
    let (organisation, now) = (tx.actor().organisation, tx.now());
    let rules = settings::rules(organisation, tx.connection())?;
    let question = Question { indicators, before: before.into(), after: after.into() };
    let mut faults = Faults::default();
    let windows = question.windows(pointer, &rules, rules.today(now), &mut faults);
    faults.refuse()?;
    Ok(effects::of_windows(organisation, windows, &question.indicators, tx.connection())?)
}

/// The indicators that a body names at `pointer`, by reference or id; every one that the caller does not know is a fault.
pub(crate) fn named_indicators(pointer: &str, named: &[String], tx: &mut Tx<'_>) -> Result<Vec<IndicatorId>, ApiError> {
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for (index, name) in named.iter().enumerate() {
        let known = match name.parse().map(|locator| tx.get::<Indicator>(locator)) {
            Ok(Ok(indicator)) => Some(IndicatorId(indicator.head().id)),
            Ok(Err(StoreError::NotFound)) | Err(_) => None,
            Ok(Err(error)) => return Err(error.into()),
        };
        match known {
            Some(id) => found.push(id),
            None => {
                let detail = "must be an indicator's reference or id";
                unknown.push(Fault::new(format!("{pointer}/{index}"), "unknown_record", detail));
            }
        }
    }
    if unknown.is_empty() { Ok(found) } else { Err(Refusal::Invalid(unknown).into()) }
}
