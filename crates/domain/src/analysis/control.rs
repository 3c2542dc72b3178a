//! Control charts: what a process does by itself, and which figures say that it has changed.
//!
//! Shewhart (1931), *Economic Control of Quality of Manufactured Product*; the formulas as in Montgomery, *Introduction to
//! Statistical Quality Control*, and in the NIST/SEMATECH *e-Handbook of Statistical Methods*, chapter 6.3.

pub mod rules;
pub mod season;
#[cfg(test)]
mod tests;

use super::ranks::number;

/// The mean range of two neighbours in standard deviations, as the published tables round it.
pub const D2: f64 = 1.128;
/// The upper limit of moving ranges, in mean moving ranges, as the published tables round it.
pub const D4: f64 = 3.267;
/// Limits lie so many standard deviations from the centre.
pub const WIDTH: f64 = 3.0;
/// How much of the newest value an exponentially weighted mean takes.
pub const EWMA_WEIGHT: f64 = 0.2;
/// Its limits lie so many of its standard deviations from the centre: with [`EWMA_WEIGHT`] one false alarm in 500 values
/// (Lucas and Saccucci 1990; Montgomery, table 9.11).
pub const EWMA_WIDTH: f64 = 2.962;

/// Where a process lies, and how far single values scatter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Centre {
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub sigma: f64,
}

/// The arithmetic mean. `None` of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / number(values.len()))
}

/// The distances between neighbours: one fewer than values.
#[must_use]
pub fn moving_ranges(values: &[f64]) -> Vec<f64> {
    values.iter().zip(values.iter().skip(1)).map(|(a, b)| (b - a).abs()).collect()
}

/// The chart of individuals: mean, and mean moving range / [`D2`], which a slow drift or a step widens little. `None` of
/// fewer than two values.
#[must_use]
pub fn individuals(values: &[f64]) -> Option<Centre> {
    Some(Centre { mean: mean(values)?, sigma: mean(&moving_ranges(values))? / D2 })
}

/// Mean and sample standard deviation: where neighbours resemble each other, their range understates the scatter
/// (Montgomery, section 10.4). `None` of fewer than two values.
#[must_use]
pub fn overall(values: &[f64]) -> Option<Centre> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (values.len() > 1).then(|| Centre { mean, sigma: (squares / number(values.len() - 1)).sqrt() })
}

/// How much neighbours resemble each other: the autocorrelation at lag 1, from -1 to 1. `None` where nothing varies.
///
/// Box and Jenkins, *Time Series Analysis*, equation 2.1.11.
#[must_use]
pub fn resemblance(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let off: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let all: f64 = off.iter().map(|value| value * value).sum();
    let near: f64 = off.iter().zip(off.iter().skip(1)).map(|(a, b)| a * b).sum();
    (all > 0.0).then(|| near / all)
}

/// Part of a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// How many of them.
    pub numerator: f64,
    /// Of how many.
    pub denominator: f64,
}

/// The centre of a p-chart, for samples of any size: the quotient of the sums. `None` of nothing, and where some part is no
/// part of its whole.
#[must_use]
pub fn proportion(parts: &[Part]) -> Option<f64> {
    let sound = |part: &Part| 0.0 <= part.numerator && part.numerator <= part.denominator && part.denominator > 0.0;
    let sums = parts.iter().fold((0.0, 0.0), |(n, d), part| (n + part.numerator, d + part.denominator));
    (!parts.is_empty() && parts.iter().all(sound)).then(|| sums.0 / sums.1)
}

/// How far the share in a sample of `size` scatters around `centre`: the binomial distribution's √(p(1-p)/n).
#[must_use]
pub fn proportion_sigma(centre: f64, size: f64) -> f64 {
    (centre * (1.0 - centre) / size).max(0.0).sqrt()
}

/// By what the binomial distribution understates the scatter of shares, from their distances to the centre in its standard
/// deviations: the mean moving range of these / [`D2`], and 1 where they scatter less. Of large samples the binomial's own
/// scatter is next to nothing, and what the share itself does from day to day would all lie beyond the limits.
///
/// Laney (2002), *Improved Control Charts for Attributes*, Quality Engineering 14(4), 531-537: the p'-chart, whose limits lie
/// at `p̄ ± 3 σ_p σ_z`; here only where `σ_z` exceeds 1. `None` of fewer than two values.
#[must_use]
pub fn overdispersion(z: &[f64]) -> Option<f64> {
    Some((mean(&moving_ranges(z))? / D2).max(1.0))
}

/// An exponentially weighted mean and the width of its limits at that value, on either side of the centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ewma {
    /// The mean.
    pub value: f64,
    /// The half width: `width * sigma * √(λ/(2-λ) * (1 - (1-λ)^2i))`.
    pub reach: f64,
}

/// The exponentially weighted moving means of values, from the centre on, by weight λ (Roberts 1959; NIST 6.3.2.4).
#[must_use]
pub fn ewma(values: &[f64], centre: Centre, weight: f64, width: f64) -> Vec<Ewma> {
    let mut value = centre.mean;
    let mut left = 1.0;
    let mean = |next: &f64| {
        value = weight * next + (1.0 - weight) * value;
        left *= (1.0 - weight) * (1.0 - weight);
        Ewma { value, reach: width * centre.sigma * (weight / (2.0 - weight) * (1.0 - left)).sqrt() }
    };
    values.iter().map(mean).collect()
}
