//! Two series of times, held against each other by ranks: what is slow for another reason weighs little.

use std::time::Duration;

/// Times of two kinds of request, asked in turns.
#[derive(Default)]
pub struct Pair {
    pub one: Vec<Duration>,
    pub other: Vec<Duration>,
}

impl Pair {
    /// How often the one took longer than the other, over all pairs: 0.5 when nothing can be told (the area under the
    /// curve of the best guesser by time; Mann and Whitney's U).
    pub fn area(&self) -> f64 {
        let wins = |a: &Duration, b: &Duration| match a.cmp(b) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        };
        let sum: f64 = self.one.iter().flat_map(|a| self.other.iter().map(move |b| wins(a, b))).sum();
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let pairs = (self.one.len() * self.other.len()) as f64;
        sum / pairs
    }

    /// The median of the one, divided by the median of the other.
    pub fn ratio(&self) -> f64 {
        median(&self.one).as_secs_f64() / median(&self.other).as_secs_f64()
    }
}

pub fn median(times: &[Duration]) -> Duration {
    quantile(times, 0.5)
}

pub fn quantile(times: &[Duration], share: f64) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
    let at = ((sorted.len() - 1) as f64 * share).round() as usize;
    sorted[at]
}

#[test]
fn the_area_is_a_half_of_nothing_and_one_of_everything() {
    let times = |millis: &[u64]| millis.iter().map(|n| Duration::from_millis(*n)).collect::<Vec<_>>();
    let area = |one: &[u64], other: &[u64]| Pair { one: times(one), other: times(other) }.area();
    assert!((area(&[1, 2, 3], &[1, 2, 3]) - 0.5).abs() < 1e-9);
    assert!((area(&[4, 5, 6], &[1, 2, 3]) - 1.0).abs() < 1e-9);
    assert!((area(&[1, 2, 3], &[4, 5, 6])).abs() < 1e-9);
    assert_eq!(quantile(&times(&[5, 1, 9]), 0.5), Duration::from_millis(5));
    assert_eq!(quantile(&times(&[5, 1, 9]), 1.0), Duration::from_millis(9));
}
