//! Statistics as pure functions over slices, each with its formula and source.

pub mod comparison;
pub mod control;
pub mod effect;
pub mod kendall;
mod normal;
mod ranks;
pub mod trend;

/// The median; for an even number of values the mean of the two in the middle. `None` of nothing.
///
/// NaN is refused where figures come in, so that any two values can be ordered.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(middle.checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
        assert_eq!(median(&[9.0, -1.0, 4.0]), Some(4.0));
        assert_eq!(median(&[1e300, 1.5e300]), Some(1.25e300));
    }
}
