//! Two samples of one figure, before and after: by how much it has moved, and whether chance alone would do that.
//!
//! Nothing is assumed of how the figures are distributed, and single outliers move little: medians, the shift of Hodges
//! and Lehmann, and the rank test of Mann and Whitney, which belongs to it.

use super::median;
use super::ranks::{Null, is_rare, statistic};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

#[cfg(test)]
mod tests;

/// How a probability was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ComparisonMethod))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Method {
    /// Counted out: samples of at most 50, no value twice.
    Exact,
    /// By the normal distribution, corrected for ties and continuity.
    Normal,
}

/// One of the two samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// How many measurements.
    pub count: usize,
    /// The one in the middle, in the figure's unit; none without measurements.
    #[serde(default)]
    pub median: Option<f64>,
}

/// Where the shift lies with a confidence of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// What two samples say of the step between them, where both have measurements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Median after less median before.
    pub difference: f64,
    /// The median of all differences after less before, in the figure's unit (Hodges and Lehmann 1963).
    pub shift: f64,
    /// Of the shift, 95 %; none where the samples are too small for any.
    #[serde(default)]
    pub interval: Option<Interval>,
    /// The pairs in which the later is larger, ties counting half (Mann and Whitney 1947).
    pub u: f64,
    /// The chance of a U so far from the middle, either way, when nothing has changed.
    pub p: f64,
    /// How `p` and `interval` were found.
    pub method: Method,
}

/// Two samples of one figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What was measured before.
    pub before: Sample,
    /// What was measured after.
    pub after: Sample,
    /// What lies between; none where either has no measurements.
    #[serde(default)]
    pub step: Option<Step>,
}

/// Compares what was measured after with what was measured before, in any order; values are finite.
///
/// - Shift: the median of all mn differences y - x (Hodges and Lehmann, Ann. Math. Statist. 34, 1963).
/// - Interval: the shifts that the test does not refuse at 5 %. With D(1) <= ... <= D(mn) the differences in order and k
///   the largest number for which U <= k has at most 2.5 %, it runs from D(k + 1) to D(mn - k) (Hollander and Wolfe,
///   Nonparametric Statistical Methods, section 4.3).
/// - Test: Mann and Whitney, Ann. Math. Statist. 18, 1947; two-sided. U is counted out for samples of at most 50 without
///   ties, and taken as normal otherwise.
#[must_use]
pub fn compare(before: &[f64], after: &[f64]) -> Comparison {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let (before, after) = (sorted(before), sorted(after));
    let sample = |values: &[f64]| Sample { count: values.len(), median: median(values) };
    Comparison { before: sample(&before), after: sample(&after), step: step(&before, &after) }
}

fn step(before: &[f64], after: &[f64]) -> Option<Step> {
    let difference = median(after)? - median(before)?;
    let pairs = before.len() * after.len();
    let null = Null::of(before, after);
    let (u, method) = (statistic(before, after), null.method());
    let p = null.two_sided(u);
    let lower = nth_difference(before, after, (pairs - 1) / 2);
    let upper = nth_difference(before, after, pairs / 2);
    let interval = null.when_moved(before, after).left_out().filter(|k| 2 * k < pairs).map(|k| Interval {
        low: nth_difference(before, after, k),
        high: nth_difference(before, after, pairs - 1 - k),
    });
    Some(Step { difference, shift: (lower + upper) / 2.0, interval, u, p, method })
}

impl Step {
    /// Whether chance alone would hardly do it: less than once in 20.
    #[must_use]
    pub fn is_significant(&self) -> bool {
        is_rare(self.p)
    }
}

/// The `rank`-th smallest of all differences after less before, from 0; both samples sorted upwards, neither empty.
///
/// The differences themselves are never written out: a value is found by halving the ordered range of numbers, and
/// counting how many differences lie below costs one pass over both samples. Rounding keeps order, so the value is exactly
/// one of them.
fn nth_difference(before: &[f64], after: &[f64], rank: usize) -> f64 {
    let (Some(first), Some(last)) = (before.first(), before.last()) else { return 0.0 };
    let (Some(least), Some(most)) = (after.first(), after.last()) else { return 0.0 };
    let (mut low, mut high) = (ordinal(least - last), ordinal(most - first));
    while low < high {
        let middle = low + (high - low) / 2;
        if differences_up_to(before, after, value(middle)) > rank {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    value(low)
}

/// How many differences after less before are at most `bound`.
fn differences_up_to(before: &[f64], after: &[f64], bound: f64) -> usize {
    let (mut found, mut start) = (0, 0);
    for later in after {
        while before.get(start).is_some_and(|earlier| later - earlier > bound) {
            start += 1;
        }
        found += before.len() - start;
    }
    found
}

/// Numbers in the order of their values.
fn ordinal(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if value < 0.0 { !bits } else { bits | 1 << 63 }
}

/// The reverse of [`ordinal`].
fn value(ordinal: u64) -> f64 {
    f64::from_bits(if ordinal >> 63 == 1 { ordinal & !(1 << 63) } else { !ordinal })
}
