//! The trend of a series: a line that single bad figures do not bend.

use super::median;
use super::normal::TWO_SIDED_95;
use super::ranks::{number, tied_pairs};
use chrono::{DateTime, TimeDelta, Utc};

/// A forecast farther ahead is none.
pub const HORIZON: TimeDelta = TimeDelta::days(3_660);

/// A line: `y = intercept + slope * x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// By how much `y` grows for each `x`.
    pub slope: f64,
    /// `y` where `x` is 0.
    pub intercept: f64,
}

impl Line {
    /// Its `y` at an `x`.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }

    /// The `x` at which it has this `y`; `None` where it is level.
    #[must_use]
    pub fn crosses(&self, y: f64) -> Option<f64> {
        let x = (y - self.intercept) / self.slope;
        x.is_finite().then_some(x)
    }
}

/// The line of Theil and Sen through points `(x, y)`: its slope is the median of the slopes between every two points
/// of different `x`, and it passes through the medians of `x` and of `y`. `None` where no two points differ in `x`.
///
/// It withstands up to 29 % of wild figures. Every pair is looked at: [`thin`] a long series first.
///
/// Theil (1950), *A rank-invariant method of linear and polynomial regression analysis*, Proc. KNAW 53; Sen (1968),
/// *Estimates of the regression coefficient based on Kendall's tau*, J. Amer. Statist. Assoc. 63, 1379-1389. The
/// intercept is the "separate" one of Conover (1980) that `scipy.stats.theilslopes` gives by default.
#[must_use]
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Line> {
    let slope = median(&slopes(points))?;
    let (x, y) = medians(points)?;
    Some(Line { slope, intercept: y - slope * x })
}

/// Between which slopes the true one lies with a confidence of 95 %: those of the rank
/// `(N ∓ 1.96 √V) / 2` among the N slopes between every two points, V being the variance of Kendall's S with its ties in `x`
/// and in `y` (Sen 1968, equation 2.6). `None` where no two points differ in `x`.
#[must_use]
pub fn slope_interval(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let mut slopes = slopes(points);
    slopes.sort_unstable_by(f64::total_cmp);
    let n = number(points.len());
    let ties = |axis: fn(&(f64, f64)) -> f64| {
        let mut sorted: Vec<f64> = points.iter().map(axis).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        tied_pairs(&sorted)
    };
    let variance = (n * (n - 1.0) * (2.0 * n + 5.0) - ties(|point| point.0) - ties(|point| point.1)) / 18.0;
    let (all, reach) = (number(slopes.len()), TWO_SIDED_95 * variance.max(0.0).sqrt());
    let low = ((all - reach) / 2.0).round_ties_even() as usize;
    let high = ((all + reach) / 2.0).round_ties_even() as usize;
    Some((*slopes.get(low.saturating_sub(1))?, *slopes.get(high).or(slopes.last())?))
}

/// The slopes between every two points of different `x`.
fn slopes(points: &[(f64, f64)]) -> Vec<f64> {
    let pairs = points.iter().enumerate().flat_map(|(n, a)| points.iter().skip(n + 1).map(move |b| (a, b)));
    pairs.filter(|(a, b)| a.0 != b.0).map(|(a, b)| (b.1 - a.1) / (b.0 - a.0)).collect()
}

/// At most `buckets` points that stand for a longer series: equal spans of `x`, of each the medians of `x` and of `y`.
/// A series that is short enough stays as it is.
#[must_use]
pub fn thin(points: &[(f64, f64)], buckets: u16) -> Vec<(f64, f64)> {
    if points.len() <= usize::from(buckets) {
        return points.to_vec();
    }
    let least = points.iter().map(|(x, _)| *x).fold(f64::INFINITY, f64::min);
    let most = points.iter().map(|(x, _)| *x).fold(f64::NEG_INFINITY, f64::max);
    let span = (most - least) / f64::from(buckets);
    let mut rest = points.to_vec();
    let mut thinned = Vec::with_capacity(usize::from(buckets));
    for bucket in 1..=buckets {
        let end = least + span * f64::from(bucket);
        // The last one takes whatever rounding has left over.
        let (inside, behind) = rest.into_iter().partition(|(x, _)| *x < end || bucket == buckets);
        rest = behind;
        thinned.extend(medians(&inside));
    }
    thinned
}

fn medians(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let of = |axis: fn(&(f64, f64)) -> f64| median(&points.iter().map(axis).collect::<Vec<f64>>());
    Some((of(|point| point.0)?, of(|point| point.1)?))
}

/// From one moment to another, in days.
#[must_use]
pub fn days(from: DateTime<Utc>, at: DateTime<Utc>) -> f64 {
    let micros = at.signed_duration_since(from).num_microseconds().unwrap_or(i64::MAX);
    // Microseconds of centuries are exact in 53 bits.
    let micros = micros as f64;
    micros / 86_400_000_000.0
}

/// So many days after a moment, to the second: a trend knows no better.
#[must_use]
pub fn moment(from: DateTime<Utc>, days: f64) -> Option<DateTime<Utc>> {
    let seconds = days * 86_400.0;
    // Three centuries: what lies farther away would not fit a date in any case.
    let seconds = (seconds.abs() <= 1e10).then_some(seconds as i64)?;
    from.checked_add_signed(TimeDelta::try_seconds(seconds)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
        x.iter().copied().zip(y.iter().copied()).collect()
    }

    /// Against `scipy.stats.theilslopes` of SciPy 1.17.1.
    #[test]
    fn the_line_is_scipy_s() {
        let steps: Vec<f64> = (0..10).map(f64::from).collect();
        for (x, y, slope, intercept) in [
            (
                steps.as_slice(),
                [84.0, 79.0, 83.0, 90.0, 86.0, 91.0, 95.0, 88.0, 97.0, 96.0].as_slice(),
                1.666_666_666_666_666_7,
                81.5,
            ),
            (
                &[0.0, 1.5, 2.0, 4.25, 7.0, 7.0, 9.5],
                &[12.1, 11.8, 40.0, 10.9, 9.2, 9.9, 8.1],
                -0.430_526_315_789_473_6,
                12.729_736_842_105_263,
            ),
            (&[0.0, 0.0, 1.0], &[1.0, 2.0, 4.0], 2.5, 2.0),
        ] {
            let line = theil_sen(&points(x, y)).unwrap();
            assert!((line.slope - slope).abs() < 1e-12, "{} is not {slope}", line.slope);
            assert!((line.intercept - intercept).abs() < 1e-12, "{} is not {intercept}", line.intercept);
        }
    }

    #[test]
    fn one_moment_has_no_trend() {
        assert_eq!(theil_sen(&[]), None);
        assert_eq!(theil_sen(&[(1.0, 2.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }

    #[test]
    fn a_line_crosses_a_value_unless_it_is_level() {
        let line = Line { slope: 2.0, intercept: 1.0 };
        assert_eq!((line.at(3.0), line.crosses(7.0)), (7.0, Some(3.0)));
        assert_eq!(Line { slope: 0.0, intercept: 1.0 }.crosses(7.0), None);
        assert_eq!(Line { slope: 0.0, intercept: 1.0 }.crosses(1.0), None);
    }

    #[test]
    fn a_long_series_is_thinned_and_keeps_its_line() {
        let long: Vec<(f64, f64)> = (0..10_000).map(|n| (f64::from(n), 3.0 - 0.5 * f64::from(n))).collect();
        let thinned = thin(&long, 200);
        assert_eq!(thinned.len(), 200);
        let line = theil_sen(&thinned).unwrap();
        assert!((line.slope + 0.5).abs() < 1e-9 && (line.intercept - 3.0).abs() < 1e-6, "{line:?}");
        let short = points(&[1.0, 2.0], &[5.0, 6.0]);
        assert_eq!(thin(&short, 200), short);
        // Two clusters: nothing stands for the time between them.
        let gap: Vec<(f64, f64)> = (0..50).map(|n| (f64::from(n % 2) * 100.0, 1.0)).collect();
        assert_eq!(thin(&gap, 10), [(0.0, 1.0), (100.0, 1.0)]);
        let still: Vec<(f64, f64)> = (0..50).map(|_| (4.0, 1.0)).collect();
        assert_eq!(thin(&still, 10), [(4.0, 1.0)]);
    }
}
