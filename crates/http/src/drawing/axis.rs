//! Axes: from figures and moments to places, and the round ones among them.

use chrono::{DateTime, TimeDelta, Utc};

/// From values to places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    /// The values at its ends; never the same.
    pub ends: (f64, f64),
    /// The places of these.
    pub places: (f32, f32),
}

impl Axis {
    /// An axis that holds all these values, with some air; `None` of none.
    pub(super) fn around(values: impl Iterator<Item = f64>, places: (f32, f32)) -> Option<Self> {
        let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        if !least.is_finite() || !most.is_finite() {
            return None;
        }
        let span = most - least;
        let air = if span > 0.0 { span * 0.06 } else { (least.abs() * 0.1).max(1.0) };
        Some(Self { ends: (least - air, most + air), places })
    }

    /// Where a value lies.
    pub(super) fn at(&self, value: f64) -> f32 {
        let share = (value - self.ends.0) / (self.ends.1 - self.ends.0);
        self.places.0 + (self.places.1 - self.places.0) * share as f32
    }

    /// Whether a value lies between the ends.
    pub(super) fn holds(&self, value: f64) -> bool {
        self.ends.0 <= value && value <= self.ends.1
    }

    /// Round values between the ends, about `wanted` of them: 1, 2 or 5 times a power of ten apart.
    pub(super) fn ticks(&self, wanted: f64) -> Vec<f64> {
        let raw = (self.ends.1 - self.ends.0) / wanted;
        let power = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| *step >= raw);
        let Some(step) = step.filter(|step| step.is_finite() && *step > 0.0) else { return Vec::new() };
        let first = (self.ends.0 / step).ceil();
        (0..32).map(|n| (first + f64::from(n)) * step + 0.0).take_while(|value| *value <= self.ends.1).collect()
    }
}

/// A moment as a number: seconds.
pub(super) fn seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_micros() as f64 / 1e6
}

/// The steps between marked moments, in seconds, from an hour to ten years.
const STEPS: [i64; 16] = [
    300,
    3_600,
    3 * 3_600,
    6 * 3_600,
    12 * 3_600,
    86_400,
    2 * 86_400,
    7 * 86_400,
    14 * 86_400,
    28 * 86_400,
    61 * 86_400,
    91 * 86_400,
    182 * 86_400,
    365 * 86_400,
    1_826 * 86_400,
    3_652 * 86_400,
];

/// Round moments between two, at most `most`, and how they are written.
pub(super) fn moments(from: DateTime<Utc>, to: DateTime<Utc>, most: i64) -> Vec<(DateTime<Utc>, String)> {
    let span = to.signed_duration_since(from).num_seconds();
    let Some(step) = STEPS.into_iter().find(|step| span / step < most) else { return Vec::new() };
    let format = if step < 86_400 { "%m-%d %H:%M" } else { "%Y-%m-%d" };
    let first = from.timestamp().div_euclid(step) * step;
    let each = (0..=most).filter_map(|n| DateTime::from_timestamp(first + n * step, 0));
    let each = each.filter(|at| from - TimeDelta::seconds(1) <= *at && *at <= to);
    each.map(|at| (at, at.format(format).to_string())).collect()
}

/// A figure in few digits.
pub(super) fn figure(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        return format!("{value:.2e}");
    }
    let places = match size {
        size if size >= 1_000.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 1.0 => 2,
        size if size >= 0.1 => 3,
        _ => 5,
    };
    let text = format!("{value:.places$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
