//! What became of a body, or would.

use crate::v1::indicators::dimensions_of;
use crate::v1::measurement_batches::CountsView;
use chrono::{DateTime, Utc};
use ratchet_domain::id::{IndicatorId, MeasurementBatchId};
use ratchet_domain::ingest_rules::Series;
use ratchet_domain::measurements::{Outcome, Point};
use ratchet_ingest::Refused;
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of a body, or would.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IngestReport {
    /// Points of the body; a histogram is one, and so is a line of line protocol.
    #[schema(example = 12)]
    pub points: usize,
    /// Points that say that there is no figure: markers of an end, fields of text.
    #[schema(example = 0)]
    pub passed_over: usize,
    /// Points that were refused, or a part of them.
    #[schema(example = 1)]
    pub refused: usize,
    /// The first of them, at most 20, and why.
    pub refused_points: Vec<RefusedPointView>,
    /// Figures that no rule has read.
    #[schema(example = 3)]
    pub unmatched: usize,
    /// Their series, at most 100 of them.
    pub unmatched_series: Vec<SeriesView>,
    /// The batch that was recorded; `null` when nothing was new.
    pub batch_id: Option<MeasurementBatchId>,
    /// Its reference.
    #[schema(example = "BAT-2026-0001")]
    pub batch_reference: Option<String>,
    /// Measurements that rules have made of figures, by what became of them.
    pub counts: CountsView,
    /// The first of them, at most 100.
    pub measurements: Vec<MeasuredView>,
}

/// A point that was refused.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RefusedPointView {
    /// Which point of the body, from 0; of line protocol which line, from 1.
    #[schema(example = 0)]
    pub point: usize,
    /// Why.
    #[schema(example = "latency: the point has no time")]
    pub reason: String,
}

impl From<&Refused> for RefusedPointView {
    fn from(refused: &Refused) -> Self {
        let Refused { point, why } = refused.clone();
        Self { point, reason: why }
    }
}

/// A series that no rule matched.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = IngestSeries)]
pub(crate) struct SeriesView {
    /// The metric's name.
    #[schema(example = "http_request_duration_seconds")]
    pub metric: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its last figure in the body.
    #[schema(example = 0.25)]
    pub value: f64,
}

impl From<(&Series, &(i64, f64))> for SeriesView {
    fn from((series, (_, value)): (&Series, &(i64, f64))) -> Self {
        let Series { door: _, metric, labels } = series.clone();
        Self { metric, labels, value: *value }
    }
}

/// What became of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MeasuredOutcome {
    /// It is new.
    Accepted,
    /// The same value was known.
    Duplicate,
    /// Another value was known, which is superseded.
    Correction,
}

/// A measurement that was made of figures.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = IngestMeasurement)]
pub(crate) struct MeasuredView {
    /// Of which indicator.
    pub indicator_id: IndicatorId,
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
    /// The value; for a ratio the quotient.
    #[schema(example = 250.0)]
    pub value: f64,
    /// For a ratio.
    pub numerator: Option<f64>,
    /// For a ratio.
    pub denominator: Option<f64>,
    /// What it is of.
    #[schema(value_type = BTreeMap<String, String>)]
    pub dimensions: serde_json::Value,
    /// What became of it.
    pub outcome: MeasuredOutcome,
}

impl MeasuredView {
    /// `None` of what was refused, which is told elsewhere.
    pub(super) fn of((point, outcome): (Option<Point>, &Outcome)) -> Option<Self> {
        let Point { indicator, observed_at, series, figure, note: _ } = point?;
        let outcome = match outcome {
            Outcome::Accepted => MeasuredOutcome::Accepted,
            Outcome::Duplicate => MeasuredOutcome::Duplicate,
            Outcome::Correction => MeasuredOutcome::Correction,
            Outcome::Refused { .. } => return None,
        };
        let (numerator, denominator) = figure.parts();
        let (dimensions, value) = (dimensions_of(&series), figure.value());
        Some(Self { indicator_id: indicator, observed_at, value, numerator, denominator, dimensions, outcome })
    }
}
