//! Whether a series rises or falls at all: the test of Mann and Kendall.

use super::normal::upper_tail;
use super::ranks::{number, tied_pairs};
use super::trend::theil_sen;

/// Autocorrelations at so many lags at most may widen the variance.
pub const LAGS: usize = 10;

/// What the test says of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kendall {
    /// Pairs that rise less pairs that fall.
    pub s: f64,
    /// How far S scatters without a trend.
    pub variance: f64,
    /// S in standard deviations, corrected for continuity.
    pub z: f64,
    /// The chance of an S so far from 0, either way, without a trend.
    pub p: f64,
}

fn judged(s: f64, variance: f64) -> Kendall {
    // One step nearer to zero: S moves by two.
    let nearer = (s.abs() - 1.0).max(0.0) * if s < 0.0 { -1.0 } else { 1.0 };
    let z = if variance > 0.0 { nearer / variance.sqrt() } else { 0.0 };
    Kendall { s, variance, z, p: (2.0 * upper_tail(z.abs())).min(1.0) }
}

/// Counts the pairs of a series in order that rise, less those that fall.
fn score(values: &[f64]) -> f64 {
    let sign = |a: &f64, b: &f64| f64::from(i8::from(b > a) - i8::from(b < a));
    values.iter().enumerate().map(|(n, a)| values.iter().skip(n + 1).map(|b| sign(a, b)).sum::<f64>()).sum()
}

/// The test of Mann (1945) and Kendall (1975), with the variance for ties
/// `(n(n-1)(2n+5) - Σ t(t-1)(2t+5)) / 18`, by the normal approximation: of ten values or more. Every pair is looked at.
///
/// Gilbert (1987), *Statistical Methods for Environmental Pollution Monitoring*, section 16.4.
#[must_use]
pub fn mann_kendall(values: &[f64]) -> Kendall {
    judged(score(values), variance(values))
}

fn variance(values: &[f64]) -> f64 {
    let n = number(values.len());
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    (n * (n - 1.0) * (2.0 * n + 5.0) - tied_pairs(&sorted)) / 18.0
}

/// The same test for series whose neighbours resemble each other: the variance is widened by what the autocorrelation of the
/// ranks, once the trend is taken out, makes of it, `1 + 2/(n(n-1)(n-2)) Σ (n-k)(n-k-1)(n-k-2) r(k)` over those of the first
/// [`LAGS`] that differ from 0 at 5 %. It is never narrowed: neighbours that avoid each other make nobody surer.
///
/// Hamed and Rao (1998), *A modified Mann-Kendall trend test for autocorrelated data*, J. Hydrology 204, 182-196.
#[must_use]
pub fn mann_kendall_of_neighbours(values: &[f64]) -> Kendall {
    judged(score(values), variance(values) * inflation(values).max(1.0))
}

pub(super) fn inflation(values: &[f64]) -> f64 {
    let points: Vec<(f64, f64)> = (0..values.len()).map(number).zip(values.iter().copied()).collect();
    let slope = theil_sen(&points).map_or(0.0, |line| line.slope);
    let left: Vec<f64> = points.iter().map(|(x, y)| y - slope * x).collect();
    let n = number(values.len());
    let correlations = autocorrelations(&ranks(&left), LAGS.min(values.len().saturating_sub(1)));
    let chance = super::normal::TWO_SIDED_95 / n.sqrt();
    let terms = (1..).map(number).zip(correlations).filter(|(_, r)| r.abs() > chance);
    let sum: f64 = terms.map(|(k, r)| (n - k) * (n - k - 1.0) * (n - k - 2.0) * r).sum();
    if values.len() < 3 { 1.0 } else { 1.0 + 2.0 / (n * (n - 1.0) * (n - 2.0)) * sum }
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let up_to = sorted.partition_point(|other| other <= value);
        (number(below) + number(up_to) + 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

/// Autocorrelations at lags 1 to `lags`; none where nothing varies.
fn autocorrelations(values: &[f64], lags: usize) -> Vec<f64> {
    let Some(mean) = super::control::mean(values) else { return Vec::new() };
    let off: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let all: f64 = off.iter().map(|value| value * value).sum();
    if all <= 0.0 {
        return Vec::new();
    }
    let at = |lag: usize| off.iter().zip(off.iter().skip(lag)).map(|(a, b)| a * b).sum::<f64>() / all;
    (1..=lags).map(at).collect()
}
