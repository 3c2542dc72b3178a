use super::rules::{Rule, met};
use super::season::{Season, Slot, rhythm};
use super::*;
use crate::analysis::kendall::{inflation, mann_kendall, mann_kendall_of_neighbours};
use crate::analysis::trend::{slope_interval, theil_sen};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde::Deserialize;
use strum::VariantArray;

/// What scipy, numpy, pymannkendall and pyspc say: `scripts/control_reference.py` writes it.
#[derive(Deserialize)]
struct Reference {
    name: String,
    values: Vec<f64>,
    sizes: Vec<f64>,
    individuals: (f64, f64, f64),
    overall: (f64, f64),
    resemblance: f64,
    p: (f64, Vec<f64>, Vec<f64>),
    ewma: Vec<(f64, f64, f64)>,
    rules: Vec<Vec<u8>>,
    kendall: (f64, f64, f64, f64),
    hamed_rao: f64,
    slope: (f64, f64, f64),
}

#[track_caller]
fn near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found} instead of {expected}");
}

fn references() -> Vec<Reference> {
    serde_json::from_str(include_str!("reference.json")).unwrap()
}

#[test]
fn limits_agree_with_what_others_compute() {
    let references = references();
    assert!(references.len() > 50);
    for Reference {
        name, values, sizes, individuals: limits, overall: whole, resemblance: r, p, ewma: means, ..
    } in references
    {
        let centre = individuals(&values).unwrap();
        near(centre.mean, limits.0, &name);
        near(centre.mean - WIDTH * centre.sigma, limits.1, &name);
        near(centre.mean + WIDTH * centre.sigma, limits.2, &name);
        let all = overall(&values).unwrap();
        near(all.mean, whole.0, &name);
        near(all.sigma, whole.1, &name);
        near(resemblance(&values).unwrap(), r, &name);
        let parts: Vec<Part> = values
            .iter()
            .zip(&sizes)
            .map(|(value, size)| Part { numerator: (value.abs() % 1.0 * size).floor(), denominator: *size })
            .collect();
        let share = proportion(&parts).unwrap();
        near(share, p.0, &name);
        for ((size, low), high) in sizes.iter().zip(&p.1).zip(&p.2) {
            let sigma = proportion_sigma(share, *size);
            near((share - WIDTH * sigma).max(0.0), *low, &name);
            near((share + WIDTH * sigma).min(1.0), *high, &name);
        }
        let found = ewma(&values, centre, EWMA_WEIGHT, WIDTH);
        assert_eq!(found.len(), means.len());
        for (found, (value, low, high)) in found.iter().zip(means) {
            near(found.value, value, &name);
            near(centre.mean - found.reach, low, &name);
            near(centre.mean + found.reach, high, &name);
        }
    }
}

#[test]
fn rules_and_trends_agree_with_what_others_compute() {
    let mut seen = std::collections::BTreeSet::new();
    for Reference { name, values, individuals: limits, rules, kendall, hamed_rao, slope, .. } in references() {
        let sigma = (limits.2 - limits.0) / WIDTH;
        let z: Vec<Option<f64>> = values.iter().map(|value| Some((value - limits.0) / sigma)).collect();
        let found = met(Rule::VARIANTS, &z);
        let found: Vec<Vec<u8>> = found.iter().map(|met| met.iter().map(|rule| rule.number()).collect()).collect();
        assert_eq!(found, rules, "{name}");
        seen.extend(rules.into_iter().flatten());
        let test = mann_kendall(&values);
        near(test.s, kendall.0, &name);
        near(test.variance, kendall.1, &name);
        near(test.z, kendall.2, &name);
        assert!((test.p - kendall.3).abs() < 1e-12, "{name}: {} instead of {}", test.p, kendall.3);
        near(test.variance * inflation(&values), hamed_rao, &name);
        assert!(mann_kendall_of_neighbours(&values).p >= test.p - 1e-12, "{name}");
        let points: Vec<(f64, f64)> = (0..).map(f64::from).zip(values).collect();
        near(theil_sen(&points).unwrap().slope, slope.0, &name);
        let (low, high) = slope_interval(&points).unwrap();
        near(low, slope.1, &name);
        near(high, slope.2, &name);
    }
    assert_eq!(seen.len(), 8, "a rule that no series meets is not tried");
}

/// NIST/SEMATECH e-Handbook, 6.3.2.2: ten batches; limits 45.8159 and 55.8041 around 50.81.
#[test]
fn individuals_of_the_handbook() {
    let values = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1];
    let centre = individuals(&values).unwrap();
    assert!((centre.mean - 50.81).abs() < 1e-9);
    assert!((centre.mean + WIDTH * centre.sigma - 55.804_1).abs() < 2e-3, "{centre:?}");
    assert!((centre.mean - WIDTH * centre.sigma - 45.815_9).abs() < 2e-3, "{centre:?}");
}

/// Montgomery, Introduction to Statistical Quality Control, example 6.5: the cost of processing loan applications; mean
/// 300.5, mean moving range 7.79, limits 279.78 and 321.22; of moving ranges 25.45.
#[test]
fn individuals_of_montgomery() {
    let cost = [310, 288, 297, 298, 307, 303, 294, 297, 308, 306, 294, 299, 297, 299, 314, 295, 293, 306, 301, 304];
    let cost = cost.map(f64::from);
    let centre = individuals(&cost).unwrap();
    let range = mean(&moving_ranges(&cost)).unwrap();
    assert!((centre.mean - 300.5).abs() < 1e-9 && (range - 7.79).abs() < 5e-3);
    assert!((centre.mean - WIDTH * centre.sigma - 279.78).abs() < 1e-2, "{centre:?}");
    assert!((centre.mean + WIDTH * centre.sigma - 321.22).abs() < 1e-2, "{centre:?}");
    assert!((D4 * range - 25.45).abs() < 1e-2);
}

/// Montgomery, table 7.1: cans of orange juice, 30 samples of 50; centre 0.2313, limits 0.0524 and 0.4102, samples 15 and 23
/// beyond them.
#[test]
fn proportions_of_one_size() {
    let cans =
        [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6];
    let parts = cans.map(|found| Part { numerator: f64::from(found), denominator: 50.0 });
    let share = proportion(&parts).unwrap();
    let sigma = proportion_sigma(share, 50.0);
    assert!((share - 0.231_3).abs() < 5e-5, "{share}");
    assert!((share - WIDTH * sigma - 0.052_4).abs() < 1e-4 && (share + WIDTH * sigma - 0.410_2).abs() < 1e-4);
    let z: Vec<Option<f64>> =
        parts.iter().map(|part| Some((part.numerator / part.denominator - share) / sigma)).collect();
    let beyond = met(&[Rule::BeyondLimits], &z);
    let beyond: Vec<usize> = (1..).zip(beyond).filter(|(_, met)| !met.is_empty()).map(|(n, _)| n).collect();
    assert_eq!(beyond, [15, 23]);
}

/// Montgomery, table 7.4: purchase orders with errors in samples of 80 to 120; centre 0.096, and sample 11 (of 110, limit
/// 0.180) alone beyond its limit.
#[test]
fn proportions_of_many_sizes() {
    let errors = [12, 8, 6, 9, 10, 12, 11, 16, 10, 6, 20, 15, 9, 8, 6, 8, 10, 7, 5, 8, 5, 8, 10, 6, 9];
    let sizes = [
        100, 80, 80, 100, 110, 110, 100, 100, 90, 90, 110, 120, 120, 120, 110, 80, 80, 80, 90, 100, 100, 100, 100, 90,
        90,
    ];
    let part = |(found, size): (i32, i32)| Part { numerator: f64::from(found), denominator: f64::from(size) };
    let parts: Vec<Part> = errors.into_iter().zip(sizes).map(part).collect();
    let share = proportion(&parts).unwrap();
    assert!((share - 234.0 / 2450.0).abs() < 1e-12);
    let z = parts
        .iter()
        .map(|part| Some((part.numerator / part.denominator - share) / proportion_sigma(share, part.denominator)));
    let beyond = met(&[Rule::BeyondLimits], &z.collect::<Vec<_>>());
    let beyond: Vec<usize> = (1..).zip(beyond).filter(|(_, met)| !met.is_empty()).map(|(n, _)| n).collect();
    assert_eq!(beyond, [11]);
    assert!((share + WIDTH * proportion_sigma(share, 110.0) - 0.180).abs() < 1e-3);
}

/// Laney's p' by hand. 20 of 100, 120 of 400, 30 of 100 and 80 of 400 are 250 of 1,000: p̄ = 1/4. The shares 0.2, 0.3, 0.3 and
/// 0.2 lie 0.05 from it, and the binomial's standard deviations are √3/40 of 100 and √3/80 of 400: z is -2/√3, 4/√3, 2/√3 and
/// -4/√3, its moving ranges 6/√3, 2/√3 and 6/√3, their mean 14/(3√3) = 2.694301, and that / 1.128 = 2.388565.
#[test]
fn shares_that_scatter_more_by_hand() {
    let of = |parts: &[(f64, f64)]| {
        let parts: Vec<Part> = parts.iter().map(|(n, d)| Part { numerator: *n, denominator: *d }).collect();
        let share = proportion(&parts).unwrap();
        let z = |part: &Part| (part.numerator / part.denominator - share) / proportion_sigma(share, part.denominator);
        (share, overdispersion(&parts.iter().map(z).collect::<Vec<f64>>()).unwrap())
    };
    let (share, scale) = of(&[(20.0, 100.0), (120.0, 400.0), (30.0, 100.0), (80.0, 400.0)]);
    assert!((share - 0.25).abs() < 1e-12 && (scale - 2.388_565).abs() < 1e-6, "{scale}");
    let (low, high) = (share - WIDTH * scale * 3.0_f64.sqrt() / 80.0, share + WIDTH * scale * 3.0_f64.sqrt() / 80.0);
    assert!((low - 0.094_859).abs() < 1e-6 && (high - 0.405_141).abs() < 1e-6, "{low} {high}");
    // Of one size it is the chart of individuals: σ is the mean moving range of the shares, 0.1 / 1.128.
    let (share, scale) = of(&[10.0, 20.0, 10.0, 20.0, 10.0].map(|n| (n, 100.0)));
    assert!((scale * proportion_sigma(share, 100.0) - 0.1 / D2).abs() < 1e-12);
    // Less than the binomial is no reason for closer limits.
    assert_eq!(of(&[(10.0, 100.0), (11.0, 100.0)]).1, 1.0);
    assert_eq!(overdispersion(&[1.0]), None);
}

#[test]
fn what_is_no_part_of_a_whole_has_no_proportion() {
    let of = |numerator, denominator| proportion(&[Part { numerator, denominator }]);
    assert_eq!(
        (of(1.0, 2.0), of(3.0, 2.0), of(-1.0, 2.0), of(0.0, 0.0), proportion(&[])),
        (Some(0.5), None, None, None, None)
    );
}

/// NIST/SEMATECH e-Handbook, 6.3.2.4: λ = 0.3 around 50 with a standard deviation of 2.0539; limits 47.4115 and 52.5884.
#[test]
fn weighted_means_of_the_handbook() {
    let values = [
        52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4,
        53.6, 52.1,
    ];
    let told = [
        50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36, 49.52, 50.05, 49.38, 49.92,
        50.73, 51.23, 51.94, 51.99,
    ];
    let found = ewma(&values, Centre { mean: 50.0, sigma: 2.053_9 }, 0.3, 3.0);
    for (found, told) in found.iter().zip(told) {
        assert!((found.value - told).abs() < 0.006, "{found:?} {told}");
    }
    let last = found.last().unwrap();
    assert!((50.0 + last.reach - 52.588_4).abs() < 1e-3 && (50.0 - last.reach - 47.411_5).abs() < 1e-3, "{last:?}");
}

/// A worked example with one tie by J. Little, College of the Holy Cross: S = 54, Z = 2.9058.
#[test]
fn a_trend_by_hand() {
    let values = [12.9, 14.8, 13.2, 15.7, 13.8, 15.6, 12.9, 11.0, 17.3, 15.9, 19.0, 18.3, 20.1, 21.7];
    let test = mann_kendall(&values);
    assert_eq!((test.s, test.variance), (54.0, 14.0 * 13.0 * 33.0 / 18.0 - 1.0));
    assert!((test.z - 2.905_8).abs() < 5e-5 && (test.p / 2.0 - 0.001_8).abs() < 5e-5, "{test:?}");
}

/// Hollander and Wolfe, Nonparametric Statistical Methods, example 9.1: whether the effect of seeding clouds wears off; the
/// slope is -0.056.
#[test]
fn seeded_clouds() {
    let ratios = [1.26, 1.27, 1.12, 1.16, 1.03];
    let points: Vec<(f64, f64)> = (1..).map(f64::from).zip(ratios).collect();
    assert!((theil_sen(&points).unwrap().slope + 0.056_25).abs() < 1e-12);
    assert_eq!(mann_kendall(&ratios).s, -6.0);
}

#[test]
fn each_rule_has_its_pattern_and_nothing_shorter() {
    for (rule, pattern) in [
        (Rule::BeyondLimits, vec![3.1]),
        (Rule::NineOnOneSide, vec![-0.1; 9]),
        (Rule::SixRisingOrFalling, vec![-0.5, -0.3, -0.1, 0.1, 0.2, 0.6]),
        (Rule::FourteenAlternating, [0.5, -0.5].repeat(7)),
        (Rule::TwoOfThreeFar, vec![2.1, 0.0, 2.2]),
        (Rule::FourOfFiveOff, vec![-1.1, -1.2, 0.0, -1.3, -1.1]),
        (Rule::FifteenNear, vec![0.9; 15]),
        (Rule::EightAvoidingTheCentre, [1.5, -1.5].repeat(4)),
    ] {
        assert!(rule.is_met(&pattern), "{rule:?}");
        assert_eq!(rule.length(), pattern.len(), "{rule:?}");
        assert!(!rule.is_met(&pattern[1..]), "{rule:?} is met too early");
        let mirrored: Vec<f64> = pattern.iter().map(|z| -z).collect();
        assert!(rule.is_met(&mirrored), "{rule:?} knows one side alone");
    }
    // What is far on one side and ends on the other, or in the middle, is no crowd.
    assert!(!Rule::TwoOfThreeFar.is_met(&[2.1, -2.1, 0.0]) && !Rule::TwoOfThreeFar.is_met(&[2.1, 2.1, 0.0]));
    assert!(!Rule::BeyondLimits.is_met(&[3.0]) && !Rule::NineOnOneSide.is_met(&[0.0; 9]));
}

#[test]
fn a_gap_ends_a_run() {
    let mut z = vec![Some(0.5); 17];
    z[8] = None;
    assert!(met(&[Rule::NineOnOneSide], &z).iter().all(Vec::is_empty));
    z[8] = Some(0.5);
    assert_eq!(met(&[Rule::NineOnOneSide], &z).iter().filter(|met| !met.is_empty()).count(), 9);
}

fn hours(days: i64, value: impl Fn(i64) -> f64) -> Vec<(DateTime<Utc>, f64)> {
    let start: DateTime<Utc> = "2026-03-02T00:00:00Z".parse().unwrap();
    (0..days * 24).map(|hour| (start + TimeDelta::hours(hour), value(hour))).collect()
}

/// Reproducible noise between -1 and 1.
fn noise(n: i64) -> f64 {
    let mixed = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 33) as f64 / f64::from(1_u32 << 30)) - 1.0
}

#[test]
fn a_rhythm_is_told_from_noise() {
    let day = |hour: i64| if (8..18).contains(&(hour % 24)) { 10.0 } else { 0.0 };
    assert_eq!(rhythm(&hours(10, |hour| day(hour) + noise(hour))).unwrap().0, Season::HourOfDay);
    assert_eq!(rhythm(&hours(60, noise)), None);
    // Seen less than four times, it might be anything.
    assert_eq!(rhythm(&hours(2, day)), None);
    let week = |hour: i64| if hour / 24 % 7 < 5 { 10.0 } else { 0.0 };
    assert_eq!(rhythm(&hours(35, |hour| week(hour) + noise(hour))).unwrap().0, Season::DayOfWeek);
    let both = |hour: i64| if hour / 24 % 7 < 5 { day(hour) } else { 0.0 };
    assert_eq!(rhythm(&hours(35, |hour| both(hour) + noise(hour))).unwrap().0, Season::HourOfWeek);
}

#[test]
fn a_profile_is_what_each_slot_adds() {
    let points = hours(4, |hour| if hour % 24 == 5 { 25.0 } else { 1.0 });
    let profile = Season::HourOfDay.profile(&points);
    let slot = |adds| Some(Slot { adds, values: 4 });
    assert_eq!((profile[5], profile[6]), (slot(23.0), slot(-1.0)));
    assert_eq!(Season::DayOfWeek.profile(&points)[6], None);
    // Three values say too little of an hour.
    let fewer: Vec<_> = points.iter().copied().filter(|(at, _)| at.timestamp() / 3_600 % 96 != 5).collect();
    let missed: Vec<_> =
        Season::HourOfDay.profile(&fewer).into_iter().enumerate().filter(|(_, slot)| slot.is_none()).collect();
    assert_eq!((fewer.len(), missed.as_slice()), (95, &[(5, None)][..]));
    assert!(Season::HourOfDay.is_covered(&fewer));
}

/// 37 months begin and end with one of the same name, three years apart: of the other eleven there are three each.
#[test]
fn a_rhythm_is_seen_four_times_in_each_slot() {
    let month = |n: u32| {
        let text = format!("{}-{:02}-15T00:00:00Z", 2020 + n / 12, n % 12 + 1);
        (text.parse::<DateTime<Utc>>().unwrap(), f64::from(n % 12))
    };
    let months = |count| (0..count).map(month).collect::<Vec<_>>();
    assert!(!Season::MonthOfYear.is_covered(&months(37)));
    assert!(Season::MonthOfYear.is_covered(&months(48)));
    assert_eq!(
        (Season::MonthOfYear.strength(&months(37)), Season::MonthOfYear.strength(&months(48))),
        (None, Some(1.0))
    );
    let days: Vec<_> = (0..28).map(|n| (month(0).0 + TimeDelta::days(n), noise(n))).collect();
    assert!(Season::DayOfWeek.is_covered(&days) && !Season::DayOfWeek.is_covered(&days[..24]));
}

proptest! {
    /// Whatever the unit and the zero, the chart is the same.
    #[test]
    fn limits_move_with_the_figures(values in proptest::collection::vec(-1e3..1e3f64, 2..60), by in -1e3..1e3f64, times in 0.1..10f64) {
        let (before, moved) = (individuals(&values).unwrap(), values.iter().map(|v| v * times + by).collect::<Vec<_>>());
        let after = individuals(&moved).unwrap();
        prop_assert!((after.mean - (before.mean * times + by)).abs() < 1e-6);
        prop_assert!((after.sigma - before.sigma * times).abs() < 1e-6);
    }

    /// A series told backwards has the opposite trend, as sure as before.
    #[test]
    fn a_trend_turns_with_time(values in proptest::collection::vec(-50..50i32, 3..40)) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let (there, back) = (mann_kendall(&values), mann_kendall(&values.iter().rev().copied().collect::<Vec<_>>()));
        prop_assert_eq!((there.s, there.variance, there.p), (-back.s, back.variance, back.p));
        prop_assert!((0.0..=1.0).contains(&there.p));
    }
}
