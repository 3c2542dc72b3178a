//! The standard normal distribution.

use std::f64::consts::PI;

/// Its 97.5 % point: the half width, in standard deviations, of a two-sided interval of 95 %.
pub(super) const TWO_SIDED_95: f64 = 1.959_963_984_540_054;

/// Where the series hands over to the continued fraction.
const FAR: f64 = 3.0;

/// The probability that a standard normal variable exceeds `z`.
///
/// Near zero by the series of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.11, whose terms are all of
/// one sign; far out by the continued fraction 26.2.14, evaluated backwards, so that small probabilities keep their digits.
pub(super) fn upper_tail(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - upper_tail(-z);
    }
    let density = (-z * z / 2.0).exp() / (2.0 * PI).sqrt();
    if z < FAR {
        let (mut term, mut sum, mut odd) = (z, z, 1.0);
        while term > sum * f64::EPSILON / 4.0 {
            odd += 2.0;
            term *= z * z / odd;
            sum += term;
        }
        return 0.5 - density * sum;
    }
    let fraction = (1..=200).rev().fold(z, |rest, k| z + f64::from(k) / rest);
    density / fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Abramowitz and Stegun, table 26.1, and the far tail by scipy.stats.norm.sf.
    #[test]
    fn agrees_with_the_tables() {
        for (z, expected) in [
            (0.0, 0.5),
            (1.0, 0.158_655_253_931_457_05),
            (TWO_SIDED_95, 0.025),
            (2.999_999, 0.001_349_902_463_485_155_2),
            (3.0, 0.001_349_898_031_630_094_6),
            (5.0, 2.866_515_718_791_933e-7),
            (8.0, 6.220_960_574_271_74e-16),
            (30.0, 4.906_713_927_147_908e-198),
            (-1.0, 0.841_344_746_068_543),
        ] {
            let found = upper_tail(z);
            assert!((found - expected).abs() <= 1e-12 * expected.max(f64::MIN_POSITIVE), "{z}: {found} {expected}");
        }
        assert_eq!(upper_tail(f64::INFINITY), 0.0);
    }
}
