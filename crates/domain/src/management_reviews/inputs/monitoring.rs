//! Indicators as an input: how each stands, and whether it got better.

use super::{ComparedMean, LISTED, count, left_out};
use crate::evaluation::{State, Status};
use crate::indicators::{Direction, Frequency, Goal};
use crate::reference::Reference;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Means that differ by less than this share of the greater one count as the same.
const SAME: f64 = 0.01;

/// An indicator, as far as figures need it.
#[derive(Debug, Clone, PartialEq)]
pub struct IndicatorFigure {
    /// Its reference.
    pub reference: Reference,
    /// One line.
    pub name: String,
    /// Of the value.
    pub unit: Option<String>,
    /// Target and thresholds.
    pub goal: Option<Goal>,
    /// How often it is measured.
    pub frequency: Option<Frequency>,
    /// The newest measurement of every series.
    pub state: State,
    /// Signals that are open.
    pub open_signals: i64,
    /// The mean of what was measured; of ratios the sums' quotient.
    pub mean: ComparedMean,
}

/// Whether something got better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewTrend))]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Nearer to what is aimed at.
    Better,
    /// Within one per cent of what it was.
    Same,
    /// Farther from it.
    Worse,
    /// Not measured in both periods, or nothing is aimed at.
    Unknown,
}

impl Trend {
    /// Compares the means of two periods by what is aimed at; within a range, by the distance from its middle.
    #[must_use]
    pub fn of(goal: Option<&Goal>, mean: ComparedMean) -> Self {
        let (Some(goal), Some(now), Some(before)) = (goal, mean.now, mean.before) else { return Self::Unknown };
        let gain = match goal {
            Goal::HigherIsBetter { .. } => now - before,
            Goal::LowerIsBetter { .. } => before - now,
            Goal::WithinRange { warning, .. } => {
                let middle = f64::midpoint(warning.low, warning.high);
                (before - middle).abs() - (now - middle).abs()
            }
        };
        if gain.abs() <= SAME * now.abs().max(before.abs()) {
            return Self::Same;
        }
        if gain > 0.0 { Self::Better } else { Self::Worse }
    }
}

/// One indicator.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewedIndicator))]
pub struct IndicatorLine {
    /// Its reference.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reference: Reference,
    /// One line.
    pub name: String,
    /// Of the value.
    pub unit: Option<String>,
    /// How it stands.
    pub status: Status,
    /// Which way is up.
    pub direction: Option<Direction>,
    /// What is aimed at.
    pub target: Option<f64>,
    /// What was measured last.
    pub value: Option<f64>,
    /// When that was observed.
    pub observed_at: Option<DateTime<Utc>>,
    /// Signals that are open.
    pub open_signals: i64,
    /// The mean of what was measured; of ratios the sums' quotient.
    pub mean: ComparedMean,
    /// Whether it got better.
    pub trend: Trend,
}

/// Input d 2: monitoring and measurement results.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MonitoringResults {
    /// On the good side of both thresholds.
    pub on_target: i64,
    /// Beyond the warning threshold.
    pub warning: i64,
    /// Beyond the critical threshold.
    pub critical: i64,
    /// Never measured.
    pub no_data: i64,
    /// Not measured for 1.5 times their frequency.
    pub stale: i64,
    /// Every indicator that is measured, the worst first; at most 200.
    pub items: Vec<IndicatorLine>,
    /// How many more there are.
    pub left_out: i64,
}

impl MonitoringResults {
    /// Sums up the active indicators as they stand at `now`.
    #[must_use]
    pub fn of(indicators: &[IndicatorFigure], now: DateTime<Utc>) -> Self {
        let mut items: Vec<IndicatorLine> = indicators.iter().map(|figure| line(figure, now)).collect();
        items.sort_by_key(|line| (badness(line.status), line.reference));
        let of = |status| count(items.iter().filter(|line| line.status == status));
        let (on_target, warning, critical) = (of(Status::OnTarget), of(Status::Warning), of(Status::Critical));
        let (no_data, stale, left_out) = (of(Status::NoData), of(Status::Stale), left_out(items.len()));
        items.truncate(LISTED);
        Self { on_target, warning, critical, no_data, stale, items, left_out }
    }
}

/// The worst comes first.
fn badness(status: Status) -> u8 {
    match status {
        Status::Critical => 0,
        Status::Warning => 1,
        Status::Stale => 2,
        Status::NoData => 3,
        Status::OnTarget => 4,
    }
}

fn line(figure: &IndicatorFigure, now: DateTime<Utc>) -> IndicatorLine {
    let IndicatorFigure { reference, name, unit, goal, frequency, state, open_signals, mean } = figure;
    let newest = state.newest();
    IndicatorLine {
        reference: *reference,
        name: name.clone(),
        unit: unit.clone(),
        status: state.status(*frequency, now),
        direction: goal.map(|goal| goal.direction()),
        target: goal.and_then(|goal| goal.target()),
        value: newest.map(|seen| seen.value),
        observed_at: newest.map(|seen| seen.observed_at),
        open_signals: *open_signals,
        mean: *mean,
        trend: Trend::of(goal.as_ref(), *mean),
    }
}
