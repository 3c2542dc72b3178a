//! What a histogram says beside its count and its sum: quantiles, estimated as `histogram_quantile` of Prometheus does, evenly
//! within the bucket in which they lie.

/// The quantiles that are told of a histogram.
pub const QUANTILES: [(f64, &str); 4] = [(0.5, "0.5"), (0.9, "0.9"), (0.95, "0.95"), (0.99, "0.99")];

/// A bucket: its bounds, and how many lie within them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Its lower bound; minus infinity in the first.
    pub from: f64,
    /// Its upper bound; infinity in the last.
    pub to: f64,
    /// How many.
    pub count: u64,
}

/// The buckets of explicit bounds: one more than there are bounds.
#[must_use]
pub fn explicit(bounds: &[f64], counts: &[u64]) -> Option<Vec<Bucket>> {
    let ascends = bounds.iter().zip(bounds.iter().skip(1)).all(|(one, next)| one < next);
    if counts.len() != bounds.len() + 1 || !ascends || !bounds.iter().all(|bound| bound.is_finite()) {
        return None;
    }
    let from = [f64::NEG_INFINITY].into_iter().chain(bounds.iter().copied());
    let to = bounds.iter().copied().chain([f64::INFINITY]);
    Some(from.zip(to).zip(counts).map(|((from, to), count)| Bucket { from, to, count: *count }).collect())
}

/// Buckets on one side of an exponential histogram, at most; senders make 160. Of more no quantile is told.
pub const BUCKETS: usize = 10_000;

/// One side of an exponential histogram: buckets from `base^(offset + i)` to the next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Side {
    /// Of the first bucket.
    pub offset: i64,
    /// How many lie in each.
    pub counts: Vec<u64>,
}

/// The buckets of an exponential histogram, from the least values to the greatest. `base` is `2^(2^-scale)`.
#[must_use]
pub fn exponential(scale: i64, zeros: u64, negative: &Side, positive: &Side) -> Option<Vec<Bucket>> {
    let scale = i32::try_from(scale).ok().filter(|scale| (-11..=20).contains(scale))?;
    if negative.counts.len().max(positive.counts.len()) > BUCKETS {
        return None;
    }
    let step = 2_f64.powi(-scale);
    // The exponents of two that the bounds are: beyond those there is no number.
    let bound = |side: &Side, index: usize| (((side.offset as f64) + (index as f64)) * step).exp2();
    let mut buckets = Vec::new();
    for (index, count) in negative.counts.iter().enumerate().rev() {
        buckets.push(Bucket { from: -bound(negative, index + 1), to: -bound(negative, index), count: *count });
    }
    buckets.push(Bucket { from: 0.0, to: 0.0, count: zeros });
    for (index, count) in positive.counts.iter().enumerate() {
        buckets.push(Bucket { from: bound(positive, index), to: bound(positive, index + 1), count: *count });
    }
    Some(buckets)
}

/// The value below which this share of all lies; `None` where nothing was counted, or the bounds do not tell.
#[must_use]
pub fn quantile(buckets: &[Bucket], share: f64) -> Option<f64> {
    let total: f64 = buckets.iter().map(|bucket| bucket.count as f64).sum();
    let rank = share * total;
    let mut below = 0.0;
    for bucket in buckets.iter().filter(|bucket| bucket.count > 0) {
        let count = bucket.count as f64;
        if below + count >= rank {
            let value = match (bucket.from.is_finite(), bucket.to.is_finite()) {
                (true, true) => bucket.from + (bucket.to - bucket.from) * ((rank - below) / count),
                // Of what has one bound alone that one is told, and from nothing on where values are positive.
                (false, true) if bucket.to > 0.0 => bucket.to * ((rank - below) / count),
                (false, true) => bucket.to,
                (true, false) => bucket.from,
                (false, false) => return None,
            };
            return value.is_finite().then_some(value);
        }
        below += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn of_too_many_buckets_no_quantile_is_told() {
        let side = |count| Side { offset: 0, counts: vec![1; count] };
        assert!(exponential(0, 0, &Side::default(), &side(BUCKETS)).is_some());
        assert_eq!(exponential(0, 0, &Side::default(), &side(BUCKETS + 1)), None);
    }

    #[test]
    fn a_quantile_lies_evenly_within_its_bucket() {
        let buckets = explicit(&[10.0, 20.0, 40.0], &[10, 20, 10, 0]).unwrap();
        for (share, expected) in [(0.125, 5.0), (0.25, 10.0), (0.5, 15.0), (0.75, 20.0), (0.875, 30.0), (1.0, 40.0)] {
            assert_eq!(quantile(&buckets, share), Some(expected), "{share}");
        }
        assert_eq!(quantile(&explicit(&[10.0], &[0, 4]).unwrap(), 0.9), Some(10.0), "open above");
        assert_eq!(quantile(&explicit(&[-10.0], &[4, 0]).unwrap(), 0.9), Some(-10.0), "open below");
        assert_eq!(quantile(&explicit(&[], &[4]).unwrap(), 0.9), None);
        assert_eq!(quantile(&explicit(&[1.0], &[0, 0]).unwrap(), 0.9), None);
    }

    #[test]
    fn bounds_that_do_not_ascend_or_do_not_fit_tell_nothing() {
        for (bounds, counts) in [(&[1.0, 1.0][..], &[1, 1, 1][..]), (&[1.0], &[1]), (&[f64::NAN], &[1, 1])] {
            assert_eq!(explicit(bounds, counts), None, "{bounds:?}");
        }
    }

    #[test]
    fn exponential_buckets_double_at_scale_nought() {
        let positive = Side { offset: 0, counts: vec![1, 2, 1] };
        let buckets = exponential(0, 0, &Side::default(), &positive).unwrap();
        let bounds: Vec<(f64, f64)> = buckets.iter().skip(1).map(|bucket| (bucket.from, bucket.to)).collect();
        assert_eq!(bounds, [(1.0, 2.0), (2.0, 4.0), (4.0, 8.0)]);
        assert_eq!(quantile(&buckets, 0.5), Some(3.0));
        let negative = Side { offset: 0, counts: vec![4] };
        let buckets = exponential(0, 4, &negative, &Side::default()).unwrap();
        assert_eq!(quantile(&buckets, 0.25), Some(-1.5));
        assert_eq!(quantile(&buckets, 0.9), Some(0.0));
        assert_eq!(exponential(99, 0, &negative, &positive), None);
    }

    proptest! {
        #[test]
        fn quantiles_ascend(counts in proptest::collection::vec(0_u64..50, 6)) {
            let buckets = explicit(&[1.0, 2.0, 4.0, 8.0, 16.0], &counts).unwrap();
            let found: Vec<f64> = QUANTILES.iter().filter_map(|(share, _)| quantile(&buckets, *share)).collect();
            prop_assert!(found.is_sorted(), "{:?}", found);
            prop_assert_eq!(found.is_empty(), counts.iter().all(|count| *count == 0));
        }
    }
}
