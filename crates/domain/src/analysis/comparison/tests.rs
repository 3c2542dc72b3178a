use super::*;
use proptest::prelude::*;

/// What scipy and numpy say: `scripts/comparison_reference.py` writes it.
#[derive(Deserialize)]
struct Reference {
    name: String,
    before: Vec<f64>,
    after: Vec<f64>,
    medians: (f64, f64),
    shift: f64,
    interval: Option<(f64, f64)>,
    u: f64,
    p: f64,
    method: Method,
}

#[track_caller]
fn near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-10 * expected.abs().max(1e-300), "{what}: {found} instead of {expected}");
}

#[test]
fn agrees_with_scipy() {
    let references: Vec<Reference> = serde_json::from_str(include_str!("reference.json")).unwrap();
    assert!(references.len() > 50);
    for Reference { name, before, after, medians, shift, interval, u, p, method } in references {
        let comparison = compare(&before, &after);
        let step = comparison.step.unwrap();
        assert_eq!((comparison.before.count, comparison.after.count), (before.len(), after.len()), "{name}");
        near(comparison.before.median.unwrap(), medians.0, &name);
        near(comparison.after.median.unwrap(), medians.1, &name);
        assert_eq!((step.u, step.method), (u, method), "{name}");
        assert!((step.shift - shift).abs() < 1e-9 * before[0].abs().max(1.0), "{name}: {} {shift}", step.shift);
        near(step.p, p, &name);
        assert_eq!(step.interval.map(|interval| (interval.low, interval.high)), interval, "{name}");
    }
}

/// Hollander and Wolfe, Nonparametric Statistical Methods, section 4.1: permeability of the human chorioamnion at term
/// and at 12 to 26 weeks. Their one-sided P is 0.1272, their estimate 0.305 and their interval (-0.15, 0.76), here with
/// the sign turned.
#[test]
fn permeability() {
    let term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    let early = [1.15, 0.88, 0.90, 0.74, 1.21];
    let step = compare(&term, &early).step.unwrap();
    assert_eq!((step.u, step.method), (15.0, Method::Exact));
    assert!((step.p - 2.0 * 0.127_206_127_206_127_2).abs() < 1e-12, "{}", step.p);
    assert!((step.shift + 0.305).abs() < 1e-12, "{}", step.shift);
    let Interval { low, high } = step.interval.unwrap();
    assert!((low + 0.76).abs() < 1e-12 && (high - 0.15).abs() < 1e-12, "{low} {high}");
}

/// The documentation of R's wilcox.test: ozone in New York in May and August 1973 gives W = 127.5 and p = 0.0001208, with
/// ties, by the normal approximation with its correction for continuity.
#[test]
fn ozone() {
    let may = [41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37];
    let august =
        [39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85];
    let step = compare(&may.map(f64::from), &august.map(f64::from)).step.unwrap();
    assert_eq!((step.u, step.method), (26.0 * 26.0 - 127.5, Method::Normal));
    assert!((step.p - 0.000_120_8).abs() < 5e-8, "{}", step.p);
    assert!(step.is_significant());
}

/// The documentation of scipy.stats.mannwhitneyu: the ages at which men and women learn that they have diabetes.
#[test]
fn diabetes() {
    let (men, women) = ([19.0, 22.0, 16.0, 29.0, 24.0], [20.0, 11.0, 17.0, 12.0]);
    let step = compare(&women, &men).step.unwrap();
    assert_eq!(step.u, 17.0);
    assert!((step.p - 0.111_111_111_111_111_1).abs() < 1e-12);
}

#[test]
fn too_few_measurements_prove_nothing() {
    let step = compare(&[1.0, 2.0, 3.0], &[10.0, 11.0, 12.0]).step.unwrap();
    assert_eq!((step.interval, step.is_significant()), (None, false));
    assert!((step.p - 0.1).abs() < 1e-12);
    let step = compare(&[1.0, 2.0, 3.0, 4.0], &[10.0, 11.0, 12.0, 13.0]).step.unwrap();
    assert_eq!(step.interval, Some(Interval { low: 6.0, high: 12.0 }));
    for (before, after) in [([].as_slice(), [1.0].as_slice()), (&[1.0], &[]), (&[], &[])] {
        assert_eq!(compare(before, after).step, None);
    }
}

/// The chance of the end of 40 places, on either side, is exactly the level; sums of it are rounded one way or the other.
#[test]
fn a_chance_of_exactly_the_level_is_rare_from_both_sides() {
    let others: Vec<f64> = (0..39).map(f64::from).collect();
    let alone = [-1.0];
    let (forth, back) = (compare(&others, &alone).step.unwrap(), compare(&alone, &others).step.unwrap());
    for step in [forth, back] {
        assert!((step.p - 0.05).abs() < 1e-12 && step.is_significant(), "{step:?}");
        assert!(step.interval.is_some(), "{step:?}");
    }
}

#[test]
fn long_series_are_compared_without_writing_all_pairs_out() {
    let series = |shift: f64| (0..20_000).map(|n| f64::from(n * 7919 % 20_000) + shift).collect::<Vec<f64>>();
    let step = compare(&series(0.0), &series(250.5)).step.unwrap();
    assert_eq!((step.difference, step.shift), (250.5, 250.5));
    assert!(step.interval.unwrap().low > 0.0);
}

fn sample() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![(-50i32..50).prop_map(f64::from), -1e3..1e3, -1e100..1e100], 1..40)
}

proptest! {
    #[test]
    fn the_nth_difference_is_the_nth(before in sample(), after in sample()) {
        let mut differences: Vec<f64> =
            after.iter().flat_map(|later| before.iter().map(move |earlier| later - earlier)).collect();
        differences.sort_by(f64::total_cmp);
        let (mut before, mut after) = (before, after);
        before.sort_by(f64::total_cmp);
        after.sort_by(f64::total_cmp);
        for (rank, difference) in differences.iter().enumerate() {
            prop_assert_eq!(nth_difference(&before, &after, rank), *difference);
        }
    }

    #[test]
    fn turned_round_it_says_the_same(before in sample(), after in sample()) {
        let (forth, back) = (compare(&before, &after).step.unwrap(), compare(&after, &before).step.unwrap());
        prop_assert_eq!(forth.shift, -back.shift);
        prop_assert_eq!(forth.method, back.method);
        prop_assert!((forth.p - back.p).abs() < 1e-9);
        prop_assert!((0.0..=1.0).contains(&forth.p));
        prop_assert_eq!(forth.interval.map(|i| (i.low, i.high)), back.interval.map(|i| (-i.high, -i.low)));
        if let Some(Interval { low, high }) = forth.interval {
            prop_assert!(low <= forth.shift && forth.shift <= high);
        }
    }
}
