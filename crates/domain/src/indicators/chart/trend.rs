//! Whether a series gets better or worse, and when its target is met if it goes on like this.

use super::worse_way;
use crate::analysis::effect::Tendency;
use crate::analysis::kendall::{Kendall, mann_kendall_of_neighbours};
use crate::analysis::trend::{HORIZON, days, moment, slope_interval, theil_sen, thin};
use crate::indicators::Goal;
use chrono::{DateTime, Utc};

/// Fewer measurements have no trend.
pub const TREND_LEAST: usize = 12;
/// A longer series is thinned to so many points.
const POINTS: u16 = 300;
/// A trend raises a signal when chance would hardly ever do it...
const RAISES: f64 = 0.01;
/// ... and the signal is cleared once chance might well have.
const CLEARS: f64 = 0.1;
/// What is called a tendency: less than once in 20.
const TENDENCY: f64 = 0.05;

/// When the target is met if the series goes on like this. Only the slope is uncertain here: what happens next is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// By the line; `None` if it does not lead there within ten years.
    pub meets_at: Option<DateTime<Utc>>,
    /// By the steepest slope towards it that the figures allow, at 95 %: the last measurement where that would have met it by
    /// then; `None` if even that does not lead there within ten years.
    pub earliest: Option<DateTime<Utc>>,
    /// By the flattest; `None` if the figures allow that it is never met, or not within ten years.
    pub latest: Option<DateTime<Utc>>,
}

/// The trend of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// From the first measurement that it rests on...
    pub from: DateTime<Utc>,
    /// ... to the last.
    pub to: DateTime<Utc>,
    /// On how many measurements it rests.
    pub measurements: usize,
    /// By how much the value changes in a day: the slope of Theil and Sen.
    pub slope_per_day: f64,
    /// Between which slopes the true one lies, at 95 %.
    pub slope_interval: (f64, f64),
    /// The line at its beginning...
    pub starts_with: f64,
    /// ... and at its end.
    pub ends_with: f64,
    /// Whether there is one at all: Mann and Kendall's test, widened where neighbours resemble each other.
    pub test: Kendall,
    /// Where it leads, by the goal.
    pub tendency: Tendency,
    /// When the target is met; `None` without a target, or where the line is there already.
    pub forecast: Option<Forecast>,
    /// Whether it leads away from the goal.
    leads_away: bool,
}

impl Trend {
    /// Whether it calls for attention.
    #[must_use]
    pub fn is_adverse(&self) -> bool {
        self.leads_away && self.test.p <= RAISES
    }

    /// Whether nothing is left of what had called for attention.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !self.leads_away || self.test.p > CLEARS
    }
}

/// The trend of a series, in the order in which it was observed. `None` of fewer than [`TREND_LEAST`] measurements, and of
/// one moment.
#[must_use]
pub fn trend(points: &[(DateTime<Utc>, f64)], goal: Option<&Goal>) -> Option<Trend> {
    if points.len() < TREND_LEAST {
        return None;
    }
    let (from, to) = (points.first()?.0, points.last()?.0);
    let all: Vec<(f64, f64)> = points.iter().map(|(at, value)| (days(from, *at), *value)).collect();
    let thinned = thin(&all, POINTS);
    let line = theil_sen(&thinned)?;
    let (low, high) = slope_interval(&thinned)?;
    let test = mann_kendall_of_neighbours(&thinned.iter().map(|(_, value)| *value).collect::<Vec<f64>>());
    let ends_with = line.at(days(from, to));
    let away = goal.map_or(0.0, |goal| worse_way(goal, ends_with) * line.slope);
    let tendency = match away {
        away if test.p > TENDENCY || away == 0.0 => Tendency::Unclear,
        away if away > 0.0 => Tendency::Worse,
        _ => Tendency::Better,
    };
    // Other slopes turn the line about its middle, through which it passes whatever the slope.
    let middle = crate::analysis::median(&thinned.iter().map(|(x, _)| *x).collect::<Vec<f64>>())?;
    let met = |slope: f64, target: f64| {
        let leads_there = (target - ends_with) * slope > 0.0;
        let at = moment(from, middle + (target - line.at(middle)) / slope).filter(|_| leads_there)?.max(to);
        (at - to <= HORIZON).then_some(at)
    };
    let forecast = goal.and_then(|goal| {
        let target = goal.target().filter(|target| !goal.meets(*target, ends_with))?;
        let (steep, flat) = if target > ends_with { (high, low) } else { (low, high) };
        Some(Forecast { meets_at: met(line.slope, target), earliest: met(steep, target), latest: met(flat, target) })
    });
    Some(Trend {
        from,
        to,
        measurements: points.len(),
        slope_per_day: line.slope,
        slope_interval: (low, high),
        starts_with: line.at(0.0),
        ends_with,
        test,
        tendency,
        forecast,
        leads_away: away > 0.0,
    })
}
