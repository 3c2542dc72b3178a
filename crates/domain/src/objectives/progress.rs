//! How far an objective has come, and whether it will get there.

use super::{Measure, Objective};
use crate::analysis::trend::{HORIZON, Line, days, moment, theil_sen, thin};
use crate::evaluation::{Observation, State, Status};
use crate::id::IndicatorId;
use crate::indicators::{Goal, Indicator, Stage};
use crate::settings::Rules;
use crate::signals::Sighting;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Fewer points have no trend.
const TREND: usize = 3;
/// A longer series is thinned to so many points.
const POINTS: u16 = 300;

/// What an objective's indicator says now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Whether it is being measured at all.
    pub is_active: bool,
    /// Whether it was measured lately.
    pub is_fresh: bool,
    /// Its target and thresholds: which way is up.
    pub goal: Option<Goal>,
    /// The worst of the newest values of its series.
    pub value: Option<Sighting>,
}

impl Reading {
    /// What an indicator says at a moment, by what is known of its series.
    #[must_use]
    pub fn of(indicator: &Indicator, state: &State, now: DateTime<Utc>) -> Self {
        let is_active = match indicator.stage {
            Stage::Active { .. } => true,
            Stage::Draft | Stage::Retired { .. } | Stage::Void { .. } => false,
        };
        let is_fresh = match state.status(indicator.frequency, now) {
            Status::OnTarget | Status::Warning | Status::Critical => true,
            Status::NoData | Status::Stale => false,
        };
        let newest = state.series.values();
        let newest = newest.map(|seen| Sighting { value: Some(seen.value), observed_at: seen.observed_at });
        let value = indicator.goal.and_then(|goal| newest.reduce(|one, other| worse(&goal, one, other)));
        Self { is_active, is_fresh, goal: indicator.goal, value }
    }

    /// Whether a target is reached.
    #[must_use]
    pub fn reaches(&self, target: f64) -> bool {
        let value = self.value.and_then(|sighting| sighting.value);
        self.goal.zip(value).is_some_and(|(goal, value)| goal.meets(target, value))
    }
}

fn worse(goal: &Goal, one: Sighting, other: Sighting) -> Sighting {
    let badness = |sighting: &Sighting| sighting.value.map_or(f64::NEG_INFINITY, |value| -goodness(goal, value));
    if badness(&other) > badness(&one) { other } else { one }
}

/// The larger the better, whichever way is up. Within a range it is the distance from what is aimed at, or from the
/// middle of the range in which nothing calls for attention.
fn goodness(goal: &Goal, value: f64) -> f64 {
    match goal {
        Goal::HigherIsBetter { .. } => value,
        Goal::LowerIsBetter { .. } => -value,
        Goal::WithinRange { target, warning, .. } => {
            -(value - target.unwrap_or(f64::midpoint(warning.low, warning.high))).abs()
        }
    }
}

/// The worst value at each moment: an indicator is as bad as the worst of its series.
#[must_use]
pub fn worst_by_moment(goal: &Goal, mut observations: Vec<Observation>) -> Vec<(DateTime<Utc>, f64)> {
    observations.sort_by_key(|observation| observation.observed_at);
    let mut worst: Vec<(DateTime<Utc>, f64)> = Vec::new();
    for Observation { series: _, observed_at, value } in observations {
        match worst.last_mut().filter(|(at, _)| *at == observed_at) {
            Some((_, known)) if goodness(goal, value) < goodness(goal, *known) => *known = value,
            Some(_) => {}
            None => worst.push((observed_at, value)),
        }
    }
    worst
}

/// The straight way from the baseline to the target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Path {
    /// The value where it starts.
    pub baseline: f64,
    /// The value where it ends.
    pub target: f64,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When it ends: the end of the due date.
    pub ends_at: DateTime<Utc>,
}

/// Whether it will be reached in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ObjectiveOutlook))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outlook {
    /// On or before the straight way, and the trend leads to the target in time.
    OnTrack,
    /// One of both speaks against it.
    AtRisk,
    /// Both do; or the due date has passed.
    OffTrack,
}

/// Where the trend leads: the line of Theil and Sen through what was measured since the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// By how much the value changes in a day.
    pub slope_per_day: f64,
    /// What it will be on the due date.
    pub at_due: f64,
    /// When it will be at the target, where that lies ahead, within ten years.
    pub reaches_at: Option<DateTime<Utc>>,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The share of the way from baseline to target: 0 at the one, 1 at the other; beyond and below are possible.
    pub share: f64,
    /// The value that the straight way has now.
    pub expected: f64,
    /// Where the trend leads; `None` of fewer than three points.
    pub forecast: Option<Forecast>,
    /// What follows from both.
    pub outlook: Outlook,
}

impl Path {
    fn days(&self, at: DateTime<Utc>) -> f64 {
        days(self.starts_at, at)
    }

    /// The value of the straight way on the day of a moment, as that day begins: nobody falls behind within hours.
    #[must_use]
    pub fn at(&self, at: DateTime<Utc>) -> f64 {
        let whole = self.days(self.ends_at);
        let gone = if whole > 0.0 { (self.days(at).floor() / whole).clamp(0.0, 1.0) } else { 1.0 };
        self.baseline + (self.target - self.baseline) * gone
    }

    /// The share of the way that a value stands for, never a negative zero. Where baseline and target are the same there is
    /// no way to go.
    #[must_use]
    pub fn share(&self, value: f64) -> f64 {
        let way = self.target - self.baseline;
        if way == 0.0 { if value == self.target { 1.0 } else { 0.0 } } else { (value - self.baseline) / way + 0.0 }
    }

    fn forecast(&self, points: &[(DateTime<Utc>, f64)], now: DateTime<Utc>) -> Option<Forecast> {
        if points.len() < TREND {
            return None;
        }
        let points: Vec<(f64, f64)> = points.iter().map(|(at, value)| (self.days(*at), *value)).collect();
        let line: Line = theil_sen(&thin(&points, POINTS))?;
        let reaches_at = line.crosses(self.target).and_then(|days| moment(self.starts_at, days));
        Some(Forecast {
            slope_per_day: line.slope,
            at_due: line.at(self.days(self.ends_at)),
            reaches_at: reaches_at.filter(|at| *at > now && *at - now <= HORIZON),
        })
    }
}

/// How far an objective has come along its way, by the value that its indicator has now and by what was measured since
/// the start, at most one value for each moment.
#[must_use]
pub fn progress(path: &Path, goal: &Goal, value: f64, points: &[(DateTime<Utc>, f64)], now: DateTime<Utc>) -> Progress {
    let expected = path.at(now);
    let forecast = path.forecast(points, now);
    let reached = goal.meets(path.target, value);
    let on_path = reached || goodness(goal, value) >= goodness(goal, expected);
    let leads_there = forecast.map(|forecast| goal.meets(path.target, forecast.at_due));
    let outlook = match (now >= path.ends_at, on_path, leads_there) {
        (true, _, _) if reached => Outlook::OnTrack,
        (true, _, _) | (false, false, Some(false)) => Outlook::OffTrack,
        (false, true, None | Some(true)) => Outlook::OnTrack,
        (false, true, Some(false)) | (false, false, None | Some(true)) => Outlook::AtRisk,
    };
    Progress { share: path.share(value), expected, forecast, outlook }
}

impl Forecast {
    /// The day, in UTC, on which it will be at the target.
    #[must_use]
    pub fn reaches_on(&self) -> Option<NaiveDate> {
        self.reaches_at.map(|at| at.date_naive())
    }
}

impl Objective {
    /// The way to its target, in the organisation's days, and the indicator by which it is measured. `None` of one that is
    /// judged, or that was never approved.
    #[must_use]
    pub fn path(&self, rules: &Rules) -> Option<(IndicatorId, Path)> {
        let Some(Measure::Indicator { indicator, baseline: Some(baseline), target }) = self.terms.measure else {
            return None;
        };
        let (started_on, due_on) = (self.started_on()?, self.terms.due_on?);
        let ends_at = rules.start_of(due_on.succ_opt().unwrap_or(due_on));
        Some((indicator, Path { baseline, target, starts_at: rules.start_of(started_on), ends_at }))
    }
}

/// How far an objective has come by its indicator.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Of the value: `%`, `days`.
    pub unit: Option<String>,
    /// From where to where, and from when to when.
    pub path: Path,
    /// What its indicator says now.
    pub value: f64,
    /// When that was observed.
    pub observed_at: DateTime<Utc>,
    /// What follows from it.
    pub progress: Progress,
}

impl Measured {
    /// By what its indicator says now and by what was measured; what was measured before the way starts counts in
    /// nothing. `None` where the indicator says nothing.
    #[must_use]
    pub fn of(
        path: Path,
        indicator: &Indicator,
        reading: &Reading,
        measured: &[Observation],
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let (goal, Sighting { value, observed_at }) = (reading.goal?, reading.value?);
        let value = value?;
        let since = measured.iter().filter(|one| one.observed_at >= path.starts_at).cloned().collect();
        let progress = progress(&path, &goal, value, &worst_by_moment(&goal, since), now);
        Some(Self { unit: indicator.unit.clone(), path, value, observed_at, progress })
    }
}
