//! Axes: from figures and moments to places, and the round ones among them.

use chrono::{DateTime, TimeDelta, Utc};

/// A tick of more characters has no room beside the axis.
const TICK: usize = 10;
/// A figure of no more characters is told whole.
const WHOLE: usize = 12;

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

    /// Round values between the ends, about `wanted` of them, and how they are written: 1, 2 or 5 times a power of ten apart.
    pub(super) fn ticks(&self, wanted: f64) -> Vec<(f64, String)> {
        let raw = (self.ends.1 - self.ends.0) / wanted;
        let power = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| *step >= raw);
        let Some(step) = step.filter(|step| step.is_finite() && *step > 0.0) else { return Vec::new() };
        let first = (self.ends.0 / step).ceil();
        let values = (0..32).map(|n| (first + f64::from(n)) * step + 0.0).take_while(|value| *value <= self.ends.1);
        values.map(|value| (value, tick(value, step))).collect()
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

/// A tick in as many digits as tell it from its neighbours, which lie a step away.
fn tick(value: f64, step: f64) -> String {
    // A step that was computed may lie a hair below the power of ten that is meant.
    let power = exponent(step * (1.0 + 1e-9));
    // Zero is where rounding leaves next to nothing.
    let value = if value.abs() < step / 2.0 { 0.0 } else { value };
    let plain = format!("{value:.*}", digits(-power));
    if plain.len() <= TICK {
        return plain;
    }
    let short =
        if value == 0.0 { "0".to_owned() } else { mantissa(&format!("{value:.*e}", digits(exponent(value) - power))) };
    if short.len() < plain.len() { short } else { plain }
}

/// The power of ten of a figure's first digit.
fn exponent(value: f64) -> i32 {
    value.abs().log10().floor() as i32
}

/// So many decimals, and none where it is fewer.
fn digits(count: i32) -> usize {
    usize::try_from(count).unwrap_or(0)
}

/// A number in powers of ten without zeros that say nothing.
fn mantissa(text: &str) -> String {
    match text.split_once('e') {
        Some((figures, power)) => format!("{}e{power}", trimmed(figures)),
        None => text.to_owned(),
    }
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// A figure in words. What is short is told whole, as targets are that people set; the rest in six digits, so that what
/// misses a target by little is not told as the target.
pub(super) fn figure(value: f64) -> String {
    let whole = (value + 0.0).to_string();
    if whole.len() <= WHOLE { whole } else { rounded(value, 6) }
}

/// A figure in so many digits that count; those before the decimal point are always told.
pub(super) fn rounded(value: f64, count: i32) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e7).contains(&size) {
        return mantissa(&format!("{value:.*e}", digits(count - 1)));
    }
    trimmed(&format!("{value:.*}", digits(count - 1 - exponent(value)))).to_owned()
}
