//! A chart as the API shows it.

use super::super::dimensions_of;
use super::super::phases::{PhaseBeginning, change_of, reason_of};
use super::Found;
use crate::v1::records::RecordView;
use chrono::{DateTime, Utc};
use ratchet_domain::analysis::control::rules::Rule;
use ratchet_domain::analysis::control::season::{Season, rhythm};
use ratchet_domain::analysis::effect::Tendency;
use ratchet_domain::id::IndicatorId;
use ratchet_domain::indicators::chart::{ChartKind, Charted, Forecast, Segment, Trend, Unlimited, thinned, trend};
use ratchet_domain::indicators::{Control, Goal, Indicator, Judgement};
use ratchet_persistence::charts::Chart;
use serde::Serialize;
use std::collections::HashMap;
use strum::VariantArray;
use uuid::Uuid;

/// The chart of one series of an indicator.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IndicatorChart {
    /// Of which indicator.
    pub indicator_id: IndicatorId,
    /// Its reference.
    #[schema(example = "IND-2026-0001")]
    pub indicator_reference: String,
    /// Its name.
    #[schema(example = "Request latency of the customer portal")]
    pub name: String,
    /// Of the values.
    #[schema(example = "ms")]
    pub unit: Option<String>,
    /// The series that is shown.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub dimensions: serde_json::Value,
    /// All series of the indicator.
    #[schema(value_type = Vec<std::collections::BTreeMap<String, String>>)]
    pub series: Vec<serde_json::Value>,
    /// Target and thresholds that hold now.
    pub goal: Option<Goal>,
    /// Moments at which target, thresholds or chart were changed, oldest first.
    pub revised_at: Vec<DateTime<Utc>>,
    /// How it is charted.
    pub control: Control,
    /// How many measurements were looked at.
    #[schema(example = 120)]
    pub measurements: usize,
    /// Whether the window holds older ones that were not.
    pub is_cut: bool,
    /// The phases of the window, oldest first.
    pub phases: Vec<ChartPhase>,
    /// The measurements, in the order in which they were observed.
    pub points: Vec<ChartPoint>,
    /// Where the present phase leads; `null` of fewer than 12 measurements.
    pub trend: Option<ChartTrend>,
    /// A rhythm that what was looked at follows; `null` where there is none, or where it is taken out already.
    pub rhythm: Option<ChartRhythm>,
}

/// A phase, with limits of its own.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChartPhase {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// With what.
    pub begins_with: PhaseBeginning,
    /// The change with which it begins, where this caller may see it.
    pub change: Option<RecordView>,
    /// Why it was declared, where it was.
    #[schema(example = "The new scanner counts twice as much")]
    pub reason: Option<String>,
    /// Why there are no limits; `null` where there are.
    pub unlimited: Option<Unlimited>,
    /// On what the limits rest; `null` where there are none.
    pub limits: Option<ChartLimits>,
    /// Which rules are met in the window, and how often.
    pub met: Vec<ChartRuleMet>,
}

/// On what the limits of a phase rest.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChartLimits {
    /// Which chart it is.
    pub chart: ChartKind,
    /// The centre, before a rhythm is added.
    pub centre: f64,
    /// On how many measurements it rests: the first of the phase.
    #[schema(example = 25)]
    pub measurements: usize,
    /// When the last of them was observed.
    pub until: DateTime<Utc>,
    /// How much neighbours resemble each other: the autocorrelation at lag 1.
    pub resemblance: f64,
    /// Whether they do so much that the limits are drawn by the scatter of all, and rules that suppose independence are left
    /// out.
    pub is_serial: bool,
    /// The rules that are looked for.
    pub rules: Vec<Rule>,
}

/// How often a rule is met.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChartRuleMet {
    /// Which one.
    pub rule: Rule,
    /// Nelson's number.
    #[schema(example = 1)]
    pub number: u8,
    /// How often.
    #[schema(example = 2)]
    pub count: usize,
    /// When last.
    pub last_at: DateTime<Utc>,
}

/// A measurement on the chart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChartPoint {
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
    /// The value; for a ratio the quotient.
    pub value: f64,
    /// For a ratio.
    pub numerator: Option<f64>,
    /// For a ratio.
    pub denominator: Option<f64>,
    /// What it is by the thresholds that hold now; `null` without any.
    pub judgement: Option<Judgement>,
    /// In which of the phases it lies, from 0.
    #[schema(example = 0)]
    pub phase: usize,
    /// Whether limits rest on it, too.
    pub in_baseline: bool,
    /// The centre at that moment; `null` where there are no limits.
    pub centre: Option<f64>,
    /// The lower limit.
    pub lower: Option<f64>,
    /// The upper limit.
    pub upper: Option<f64>,
    /// The distance from the centre, in standard deviations.
    pub z: Option<f64>,
    /// The rules that are met with it.
    pub rules: Vec<Rule>,
    /// The exponentially weighted mean up to it, by a weight of 0.2...
    pub ewma: Option<f64>,
    /// ... and how far from the centre that may lie.
    pub ewma_reach: Option<f64>,
}

/// Where a series leads.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChartTrend {
    /// From the first measurement that it rests on...
    pub from: DateTime<Utc>,
    /// ... to the last.
    pub to: DateTime<Utc>,
    /// On how many it rests.
    #[schema(example = 40)]
    pub measurements: usize,
    /// By how much the value changes in a day.
    pub slope_per_day: f64,
    /// At least, at 95 %.
    pub slope_low: f64,
    /// At most, at 95 %.
    pub slope_high: f64,
    /// The line at its beginning...
    pub starts_with: f64,
    /// ... and at its end.
    pub ends_with: f64,
    /// Kendall's S: pairs that rise less pairs that fall.
    pub s: f64,
    /// The chance of such an S without a trend.
    pub p: f64,
    /// Where it leads, by the goal: `unclear` where chance alone might do it.
    pub tendency: Tendency,
    /// When the target is met if it goes on like this; `null` without a target, or where the line is there already.
    pub forecast: Option<ChartForecast>,
}

/// When the target is met.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChartForecast {
    /// By the line; `null` if it does not lead there within ten years.
    pub meets_at: Option<DateTime<Utc>>,
    /// By the steepest slope that the figures allow, at 95 %; not before the last measurement, and `null` if even that does not
    /// lead there within ten years.
    pub earliest: Option<DateTime<Utc>>,
    /// By the flattest; `null` if the figures allow that it is never, or not within ten years.
    pub latest: Option<DateTime<Utc>>,
}

/// A rhythm that misleads on a chart which does not know it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChartRhythm {
    /// Which one.
    pub season: Season,
    /// Which share of what varies it explains, from 0.4 to 1.
    #[schema(example = 0.83)]
    pub strength: f64,
    /// What to do about it.
    #[schema(example = "The values follow the hour of the day: ...")]
    pub note: String,
}

impl IndicatorChart {
    pub(super) fn of(found: Found) -> Self {
        let Found { indicator, chart, mut changes, most } = found;
        let Chart { known, series, segments, is_cut } = chart;
        let measurements = segments.iter().map(|segment| segment.points.len()).sum();
        let control = indicator.charting();
        Self {
            indicator_id: indicator.id(),
            indicator_reference: indicator.head.reference.to_string(),
            name: indicator.name.clone(),
            unit: indicator.unit.clone(),
            dimensions: dimensions_of(&series),
            series: known.iter().map(|series| dimensions_of(series)).collect(),
            goal: indicator.goal,
            revised_at: indicator.revisions.iter().map(|revision| revision.replaced_at).collect(),
            measurements,
            is_cut,
            phases: segments.iter().map(|segment| ChartPhase::of(segment, &indicator, &mut changes)).collect(),
            points: points(&segments, most, indicator.goal.as_ref()),
            trend: trend_of(&segments, indicator.goal.as_ref()).map(Into::into),
            rhythm: rhythm_of(&segments).filter(|(season, _)| control.season != Some(*season)).map(Into::into),
            control,
        }
    }
}

/// Where the present phase leads.
pub(crate) fn trend_of(segments: &[Segment], goal: Option<&Goal>) -> Option<Trend> {
    let present = segments.last()?.points.iter().map(|point| point.reading.point()).collect::<Vec<_>>();
    trend(&present, goal)
}

/// The rhythm of the present phase.
pub(crate) fn rhythm_of(segments: &[Segment]) -> Option<(Season, f64)> {
    rhythm(&segments.last()?.points.iter().map(|point| point.reading.point()).collect::<Vec<_>>())
}

/// The points of each phase, thinned: each keeps its share.
pub(crate) fn kept(segments: &[Segment], most: usize) -> Vec<Vec<&Charted>> {
    let all: usize = segments.iter().map(|segment| segment.points.len()).sum();
    let share = |own: usize| if all <= most { own } else { (own * most / all).max(2) };
    segments.iter().map(|segment| thinned(&segment.points, share(segment.points.len()))).collect()
}

fn points(segments: &[Segment], most: usize, goal: Option<&Goal>) -> Vec<ChartPoint> {
    let of = |(phase, (segment, kept)): (usize, (&Segment, Vec<&Charted>))| {
        let kind = segment.basis.as_ref().ok().map(|basis| basis.kind);
        kept.into_iter().map(|point| ChartPoint::of(point, phase, kind, goal)).collect::<Vec<_>>()
    };
    segments.iter().zip(kept(segments, most)).enumerate().flat_map(of).collect()
}

impl ChartPoint {
    fn of(point: &Charted, phase: usize, kind: Option<ChartKind>, goal: Option<&Goal>) -> Self {
        let Charted { reading, in_baseline, place, ewma } = point;
        let value = reading.figure.value();
        let (numerator, denominator) = reading.figure.parts();
        let limits = place.as_ref().zip(kind).map(|(place, kind)| place.limits(kind));
        Self {
            observed_at: reading.observed_at,
            value,
            numerator,
            denominator,
            judgement: goal.map(|goal| goal.judge(value)),
            phase,
            in_baseline: *in_baseline,
            centre: place.as_ref().map(|place| place.centre),
            lower: limits.map(|(lower, _)| lower),
            upper: limits.map(|(_, upper)| upper),
            z: place.as_ref().map(|place| place.z),
            rules: place.as_ref().map(|place| place.rules.clone()).unwrap_or_default(),
            ewma: ewma.map(|ewma| ewma.value),
            ewma_reach: ewma.map(|ewma| ewma.reach),
        }
    }
}

impl ChartPhase {
    fn of(segment: &Segment, indicator: &Indicator, changes: &mut HashMap<Uuid, RecordView>) -> Self {
        let Segment { phase, basis, points } = segment;
        let limits = basis.as_ref().ok().map(|basis| ChartLimits {
            chart: basis.kind,
            centre: basis.centre,
            measurements: basis.measurements,
            until: basis.until,
            resemblance: basis.resemblance,
            is_serial: basis.is_serial,
            rules: basis.rules.clone(),
        });
        Self {
            starts_at: phase.starts_at,
            begins_with: phase.beginning.into(),
            change: change_of(phase).and_then(|id| changes.remove(&id)),
            reason: reason_of(phase, indicator),
            unlimited: basis.as_ref().err().copied(),
            limits,
            met: Rule::VARIANTS.iter().filter_map(|rule| ChartRuleMet::of(*rule, points)).collect(),
        }
    }
}

impl ChartRuleMet {
    fn of(rule: Rule, points: &[Charted]) -> Option<Self> {
        let meets = |point: &&Charted| point.place.as_ref().is_some_and(|place| place.rules.contains(&rule));
        let last_at = points.iter().rfind(meets)?.reading.observed_at;
        Some(Self { rule, number: rule.number(), count: points.iter().filter(meets).count(), last_at })
    }
}

impl From<Trend> for ChartTrend {
    fn from(trend: Trend) -> Self {
        Self {
            from: trend.from,
            to: trend.to,
            measurements: trend.measurements,
            slope_per_day: trend.slope_per_day,
            slope_low: trend.slope_interval.0,
            slope_high: trend.slope_interval.1,
            starts_with: trend.starts_with,
            ends_with: trend.ends_with,
            s: trend.test.s,
            p: trend.test.p,
            tendency: trend.tendency,
            forecast: trend.forecast.map(Into::into),
        }
    }
}

impl From<Forecast> for ChartForecast {
    fn from(Forecast { meets_at, earliest, latest }: Forecast) -> Self {
        Self { meets_at, earliest, latest }
    }
}

impl From<(Season, f64)> for ChartRhythm {
    fn from((season, strength): (Season, f64)) -> Self {
        Self { season, strength, note: format!("{} Set control.season to take it out.", told(season)) }
    }
}

/// What a rhythm does to the chart, in words.
pub(crate) fn told(season: Season) -> String {
    let what = match season {
        Season::DayOfWeek => "day of the week",
        Season::MonthOfYear => "month of the year",
        Season::HourOfDay => "hour of the day",
        Season::HourOfWeek => "hour of the week",
    };
    format!(
        "The values follow the {what}: limits that do not know it are too wide, and runs and trends are to be expected."
    )
}
