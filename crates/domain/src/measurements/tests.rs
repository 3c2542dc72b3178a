use super::*;
use crate::access::Role;
use crate::change::Change;
use crate::fixtures::refusals::Refusals;
use crate::id::IndicatorId;
use crate::indicators::tests::{active, at, birth, define, draft, manager, person};
use crate::indicators::{Indicator, IndicatorDraft, ValueKind};
use crate::reference::{Locator, Prefix};
use crate::refusal::{Fault, Refusal};
use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};
use strum::VariantArray;
use uuid::Uuid;

fn raw(value: f64) -> RawPoint {
    RawPoint {
        indicator: Locator::Id(Uuid::nil()),
        observed_at: at(),
        value: Some(value),
        numerator: None,
        denominator: None,
        dimensions: BTreeMap::new(),
        note: None,
    }
}

fn quotient(numerator: f64, denominator: f64) -> RawPoint {
    RawPoint { value: None, numerator: Some(numerator), denominator: Some(denominator), ..raw(0.0) }
}

fn ratio() -> Indicator {
    active(IndicatorDraft { value_kind: ValueKind::Ratio, ..draft() })
}

fn refused(raw: RawPoint, indicator: &Indicator) -> (String, String) {
    let fault = check_point(raw, indicator, at()).unwrap_err();
    (fault.pointer, fault.code)
}

#[test]
fn figures_that_are_none_are_refused() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e101, -1e101] {
        assert_eq!(refused(raw(value), &active(draft())), ("/value".into(), "not_finite".into()), "{value}");
    }
    for (raw, pointer, code) in [
        (quotient(1.0, 0.0), "/denominator", "not_positive"),
        (quotient(1.0, -0.0), "/denominator", "not_positive"),
        (quotient(1.0, -2.0), "/denominator", "not_positive"),
        (quotient(1.0, f64::NAN), "/denominator", "not_finite"),
        (quotient(f64::INFINITY, 1.0), "/numerator", "not_finite"),
        (quotient(1e99, 1e-99), "/denominator", "not_finite"),
    ] {
        assert_eq!(refused(raw, &ratio()), (pointer.to_owned(), code.to_owned()));
    }
    assert_eq!(check_point(quotient(3.0, 2.0), &ratio(), at()).unwrap().figure.value(), 1.5, "more than all");
    let zero = check_point(raw(-0.0), &active(draft()), at()).unwrap();
    assert!(zero.figure.value().is_sign_positive());
}

#[test]
fn the_value_is_of_the_indicators_kind() {
    let both = RawPoint { numerator: Some(1.0), denominator: Some(2.0), ..raw(0.5) };
    let none = RawPoint { value: None, ..raw(0.0) };
    let half = RawPoint { denominator: None, ..quotient(1.0, 2.0) };
    for raw in [both.clone(), none.clone(), quotient(1.0, 2.0)] {
        assert_eq!(refused(raw, &active(draft())).1, "value_kind");
    }
    for raw in [both, none, half, raw(1.0)] {
        assert_eq!(refused(raw, &ratio()).1, "value_kind");
    }
}

#[test]
fn moments_out_of_bounds_are_refused() {
    let on = |observed_at: DateTime<Utc>| RawPoint { observed_at, ..raw(1.0) };
    let before = DateTime::UNIX_EPOCH - Duration::microseconds(1);
    assert_eq!(refused(on(before), &active(draft())).1, "before_1970");
    let ahead = at() + Duration::days(1);
    assert_eq!(refused(on(ahead + Duration::microseconds(1)), &active(draft())).1, "in_the_future");
    for fine in [DateTime::UNIX_EPOCH, ahead] {
        assert!(check_point(on(fine), &active(draft()), at()).is_ok());
    }
    for odd in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert!(check_point(on(odd), &active(draft()), at()).is_err());
    }
    let fine = check_point(on(at() + Duration::nanoseconds(1_999)), &active(draft()), at()).unwrap();
    assert_eq!(fine.observed_at, at() + Duration::microseconds(1));
}

#[test]
fn only_an_active_indicator_is_measured() {
    let retired = active(draft())
        .retire("replaced".into(), &crate::indicators::Facts::default(), &manager(), at())
        .unwrap()
        .into_after();
    for indicator in [define(draft()).unwrap(), retired] {
        assert_eq!(refused(raw(1.0), &indicator), ("/indicator".into(), "not_active".into()));
    }
}

#[test]
fn dimensions_and_notes_are_bounded() {
    let with = |dimensions: &[(&str, &str)]| RawPoint {
        dimensions: dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..raw(1.0)
    };
    let indicator = active(draft());
    let many: BTreeMap<_, _> = (0..=DIMENSIONS).map(|n| (n.to_string(), "x".to_owned())).collect();
    assert_eq!(refused(RawPoint { dimensions: many, ..raw(1.0) }, &indicator).1, "length");
    for name in ["", "a b", "é", &"n".repeat(DIMENSION_NAME + 1)] {
        assert_eq!(refused(with(&[(name, "x")]), &indicator).1, "name", "{name:?}");
    }
    assert_eq!(refused(with(&[("site", "")]), &indicator), ("/dimensions/site".into(), "blank".into()));
    assert_eq!(refused(with(&[("site", "a\0")]), &indicator).1, "forbidden_character");
    assert_eq!(refused(with(&[("site", &"x".repeat(DIMENSION_VALUE + 1))]), &indicator).1, "too_long");
    let fine = check_point(with(&[("site", "north \"1\""), ("os", "linux")]), &indicator, at()).unwrap();
    assert_eq!(fine.series, r#"{"os":"linux","site":"north \"1\""}"#);
    let noted = RawPoint { note: Some("x".repeat(NOTE + 1)), ..raw(1.0) };
    assert_eq!(refused(noted, &indicator), ("/note".into(), "too_long".into()));
}

fn point(n: u8, value: f64) -> Point {
    let observed_at = at() + Duration::hours(i64::from(n));
    let indicator = IndicatorId(Uuid::from_u128(1));
    Point { indicator, observed_at, series: String::new(), figure: Figure::Gauge { value }, note: None }
}

fn fault() -> Fault {
    Fault::new("/value", "not_finite", "must be a number")
}

#[test]
fn each_item_has_its_outcome() {
    let known = HashMap::from([point(1, 1.0), point(2, 2.0)].map(|point| (point.key(), point.figure)));
    let items = vec![
        Ok(point(1, 1.0)),
        Ok(point(2, 9.0)),
        Err(fault()),
        Ok(point(3, 3.0)),
        Ok(point(3, 3.0)),
        Ok(point(3, 4.0)),
        Ok(point(2, 2.5)),
    ];
    let sifted = sift(items, &known);
    let counts = Counts::of(&sifted.outcomes);
    assert_eq!(counts, Counts { accepted: 1, duplicates: 2, corrections: 3, refused: 1 });
    assert_eq!(sifted.outcomes[2], Outcome::Refused { fault: fault() });
    assert_eq!(sifted.superseded, [point(2, 9.0).key()]);
    let written: Vec<_> = sifted.rows.iter().map(|row| (row.point.figure.value(), row.superseded)).collect();
    assert_eq!(written, [(9.0, true), (3.0, true), (4.0, false), (2.5, false)]);
}

/// A body that has one moment twice, and is sent again because its answer was lost.
#[test]
fn what_is_sent_again_is_known_whatever_stands_twice_in_it() {
    let items = || vec![Ok(point(1, 1.0)), Ok(point(1, 2.0)), Ok(point(2, 5.0))];
    let first = sift(items(), &HashMap::new());
    assert_eq!(Counts::of(&first.outcomes), Counts { accepted: 2, duplicates: 0, corrections: 1, refused: 0 });
    let live = first.rows.iter().filter(|row| !row.superseded).map(|row| (row.point.key(), row.point.figure));
    let again = sift(items(), &live.collect());
    assert_eq!(Counts::of(&again.outcomes), Counts { accepted: 0, duplicates: 3, corrections: 0, refused: 0 });
    assert!(again.rows.is_empty() && again.superseded.is_empty());
}

fn batch(by: &crate::access::Actor) -> Result<MeasurementBatch, Refusal> {
    let sifted = sift(vec![Ok(point(5, 1.0)), Ok(point(2, 1.0)), Err(fault())], &HashMap::new());
    let draft = BatchDraft { source: "scanner".into(), sifted: &sifted };
    MeasurementBatch::record(draft, by, birth(Prefix::MeasurementBatch, 1)).map(Change::into_after)
}

#[test]
fn a_batch_stands_for_its_rows() {
    let batch = batch(&manager()).unwrap();
    assert_eq!((batch.observed_from, batch.observed_until), (point(2, 1.0).observed_at, point(5, 1.0).observed_at));
    let digest =
        |rows: [(i64, Point); 2]| MeasurementBatch::digest_of_rows(rows.iter().map(|(number, point)| (*number, point)));
    assert_eq!(batch.digest_form, DigestForm::Rows);
    assert_eq!(batch.digest, digest([(0, point(5, 1.0)), (1, point(2, 1.0))]));
    assert_eq!(batch.digest, digest([(1, point(2, 1.0)), (0, point(5, 1.0))]), "in any order");
    assert_ne!(batch.digest, digest([(0, point(5, 1.5)), (1, point(2, 1.0))]));
    assert_ne!(batch.digest, digest([(1, point(5, 1.0)), (0, point(2, 1.0))]), "which row is which");
    let nothing = sift(vec![Err(fault())], &HashMap::new());
    let draft = BatchDraft { source: "scanner".into(), sifted: &nothing };
    let refusal = MeasurementBatch::record(draft, &manager(), birth(Prefix::MeasurementBatch, 1)).unwrap_err();
    assert!(matches!(refusal, Refusal::State(reasons) if reasons[0].code == "nothing_new"));
}

/// Taken by hand of what [`RowsDigest`] says: whoever verifies it elsewhere reads that.
#[test]
fn the_digest_of_rows_is_what_is_written_of_it() {
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let first = Point {
        indicator: IndicatorId(Uuid::from_u128(7)),
        observed_at: at,
        series: String::new(),
        figure: Figure::Gauge { value: 1.5 },
        note: None,
    };
    let second = Point {
        series: r#"{"site":"Zürich"}"#.into(),
        figure: Figure::Ratio { numerator: 3.0, denominator: 4.0 },
        note: Some("späť".into()),
        ..first.clone()
    };
    let digest = MeasurementBatch::digest_of_rows([(2, &second), (1, &first)].into_iter());
    assert_eq!(digest, "d08104f50c6ad465c03d5c59542446085433b5e33f61014e69b3278969a217b4");
}

/// Withdraws its second row, which stands so.
fn strike(batch: MeasurementBatch, standing: Option<Standing>) -> Result<Change<MeasurementBatch>, Refusal> {
    batch.withdraw_measurement((1, standing), "the sensor was wet".into(), &manager(), at())
}

fn apply(batch: MeasurementBatch, verb: Verb) -> Result<Change<MeasurementBatch>, Refusal> {
    match verb {
        Verb::Withdraw => batch.withdraw("wrong feed".into(), &manager(), at()),
        Verb::WithdrawMeasurement => strike(batch, Some(Standing::Live)),
    }
}

fn at_stage(stage: StageName) -> MeasurementBatch {
    let recorded = batch(&manager()).unwrap();
    match stage {
        StageName::Recorded => recorded,
        StageName::Withdrawn => apply(recorded, Verb::Withdraw).unwrap().into_after(),
    }
}

/// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let ends: Vec<_> = apply(at_stage(*stage), *verb).iter().map(|made| made.after().stage.name()).collect();
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn one_measurement_is_withdrawn_once_while_it_counts() {
    let recorded = || at_stage(StageName::Recorded);
    let before = serde_json::to_string(&recorded()).unwrap();
    assert!(!before.contains("withdrawn_rows"), "what was stored before is what it was");
    let struck = strike(recorded(), Some(Standing::Live)).unwrap();
    assert_eq!((struck.verb(), struck.reason()), ("measurement_withdrawn", Some("the sensor was wet")));
    let struck = struck.into_after();
    assert_eq!((struck.stage.name(), struck.withdrawn_rows[0].row), (StageName::Recorded, 1));
    let stored = serde_json::to_value(&struck).unwrap();
    assert_eq!(serde_json::from_value::<MeasurementBatch>(stored).unwrap(), struck);
    for standing in [Standing::Withdrawn, Standing::Superseded] {
        let refused = strike(struck.clone(), Some(standing)).unwrap_err();
        assert!(matches!(refused, Refusal::State(reasons) if reasons[0].code == "does_not_count"), "{standing:?}");
    }
    let wrong = struck.clone().withdraw_measurement((9, None), " ".into(), &manager(), at());
    let Err(Refusal::Invalid(faults)) = wrong else { panic!("{wrong:?}") };
    assert_eq!(faults.iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>(), ["unknown_row", "blank"]);
    let sender = person(6, &[Role::Member]);
    let refused = struck.withdraw_measurement((0, Some(Standing::Live)), "mine".into(), &sender, at());
    assert_eq!(refused.unwrap_err(), Refusal::Forbidden);
}

/// One of which so many measurements are withdrawn.
fn with_struck(count: usize) -> MeasurementBatch {
    (0..count).fold(at_stage(StageName::Recorded), |batch, _| strike(batch, Some(Standing::Live)).unwrap().into_after())
}

#[test]
fn so_many_are_withdrawn_one_by_one_and_then_the_batch() {
    let full = strike(with_struck(WITHDRAWN_ROWS - 1), Some(Standing::Live)).unwrap().into_after();
    let refused = strike(full.clone(), Some(Standing::Live)).unwrap_err();
    assert!(matches!(refused, Refusal::State(reasons) if reasons[0].code == "too_many_withdrawn"));
    assert_eq!(apply(full, Verb::Withdraw).unwrap().after().stage.name(), StageName::Withdrawn);
}

#[test]
fn a_batch_is_withdrawn_with_a_reason_by_whoever_may() {
    let withdrawn = apply(at_stage(StageName::Recorded), Verb::Withdraw).unwrap();
    assert_eq!((withdrawn.reason(), withdrawn.after().head.version), (Some("wrong feed"), 2));
    let told = Stage::Withdrawn { reason: "wrong feed".into(), at: at(), by: manager().member() };
    assert_eq!(withdrawn.after().stage, told);
    let before = r#"{"name":"withdrawn","reason":"wrong feed","at":"2026-01-01T00:00:00Z"}"#;
    let stored: Stage = serde_json::from_str(before).unwrap();
    assert_eq!(serde_json::to_string(&stored).unwrap(), before, "what was stored before is what it was");
    let recorded = || at_stage(StageName::Recorded);
    let blank = recorded().withdraw(" ".into(), &manager(), at()).unwrap_err();
    assert!(matches!(blank, Refusal::Invalid(faults) if faults[0].pointer == "/reason"));
    let sender = person(6, &[Role::Member]);
    assert_eq!(recorded().withdraw("mine".into(), &sender, at()).unwrap_err(), Refusal::Forbidden);
}

#[test]
fn who_measures_an_indicator_sends_its_figures() {
    let indicator = active(draft());
    let key = |permission| crate::fixtures::machine(&[permission]);
    assert!(indicator.is_measured_by(&key(crate::access::Permission::RecordMeasurements)));
    assert!(!indicator.is_measured_by(&key(crate::access::Permission::ReadRecords)));
    for (n, role, yes) in [
        (6, Role::Member, true),
        (5, Role::Member, true),
        (7, Role::Member, false),
        (77, Role::Member, false),
        (77, Role::IsmsManager, true),
        (6, Role::Auditor, false),
    ] {
        assert_eq!(indicator.is_measured_by(&person(n, &[role])), yes, "{n} {role:?}");
    }
}

proptest! {
    /// What is kept of distinct measurements, and the digest over it, do not depend on the order in which they come.
    #[test]
    fn acceptance_does_not_depend_on_order(
        (points, shuffled) in prop::collection::btree_map(any::<u8>(), -1e9..1e9_f64, 1..40)
            .prop_map(|points| points.into_iter().map(|(n, value)| point(n, value)).collect::<Vec<_>>())
            .prop_flat_map(|points| (Just(points.clone()), Just(points).prop_shuffle())),
        first in 0..40_usize,
    ) {
        let known: HashMap<_, _> = points.iter().take(first).map(|point| {
            let figure = if point.observed_at.timestamp() / 3600 % 2 == 0 { point.figure } else { Figure::Gauge { value: 2e9 } };
            (point.key(), figure)
        }).collect();
        let ordered = sift(points.into_iter().map(Ok).collect(), &known);
        let other = sift(shuffled.into_iter().map(Ok).collect(), &known);
        prop_assert_eq!(Counts::of(&ordered.outcomes), Counts::of(&other.outcomes));
        let digest = |sifted: &Sifted| MeasurementBatch::digest_of_lines(sifted.rows.iter().map(|row| &row.point));
        prop_assert_eq!(digest(&ordered), digest(&other));
    }

    #[test]
    fn nothing_that_is_accepted_is_unbounded(value in any::<f64>(), numerator in any::<f64>(), denominator in any::<f64>()) {
        if let Ok(point) = check_point(raw(value), &active(draft()), at()) {
            prop_assert!(point.figure.value().abs() <= crate::indicators::MAGNITUDE);
        }
        if let Ok(point) = check_point(quotient(numerator, denominator), &ratio(), at()) {
            prop_assert!(point.figure.value().abs() <= crate::indicators::MAGNITUDE);
        }
    }
}

/// Why it is refused.
pub(crate) fn refusals() -> Refusals {
    let nothing = sift(vec![Err(fault())], &HashMap::new());
    let draft = BatchDraft { source: "scanner".into(), sifted: &nothing };
    let nothing = MeasurementBatch::record(draft, &manager(), birth(Prefix::MeasurementBatch, 1));
    Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage)), &[()])
        .and("record", nothing)
        .and("withdraw-measurement", strike(at_stage(StageName::Recorded), Some(Standing::Superseded)))
        .and("withdraw-measurement", strike(at_stage(StageName::Recorded), Some(Standing::Withdrawn)))
        .and("withdraw-measurement", strike(with_struck(WITHDRAWN_ROWS), Some(Standing::Live)))
}

#[test]
fn stretches_of_time_begin_where_the_calendar_says() {
    let at = "2026-08-13T15:42:07.5Z".parse::<DateTime<Utc>>().unwrap();
    for (step, start, end) in [
        (Step::Hour, "2026-08-13T15:00:00Z", "2026-08-13T16:00:00Z"),
        (Step::Day, "2026-08-13T00:00:00Z", "2026-08-14T00:00:00Z"),
        (Step::Week, "2026-08-10T00:00:00Z", "2026-08-17T00:00:00Z"),
        (Step::Month, "2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z"),
        (Step::Quarter, "2026-07-01T00:00:00Z", "2026-10-01T00:00:00Z"),
        (Step::Year, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ] {
        let (start, end): (DateTime<Utc>, DateTime<Utc>) = (start.parse().unwrap(), end.parse().unwrap());
        assert_eq!(step.start_of(at), start, "{step:?}");
        assert_eq!(step.end_of(start), end, "{step:?}");
        assert_eq!(step.start_of(start), start, "{step:?}");
    }
}

#[test]
fn a_rollup_of_ratios_weighs_each_by_its_size() {
    let of = |numerator, denominator| Rollup::of(at(), Figure::Ratio { numerator, denominator });
    let rollup = of(1.0, 2.0).with(of(90.0, 100.0));
    assert_eq!(rollup.value(), 91.0 / 102.0);
    assert_eq!((rollup.count, rollup.mean, rollup.least, rollup.greatest), (2, 0.7, 0.5, 0.9));
    assert_eq!(of(1.0, 2.0).standard_deviation(), None);
}

proptest! {
    /// Against the definition, however the figures were put together; large figures that differ by little, too.
    #[test]
    fn a_rollup_says_what_its_figures_say(
        values in prop::collection::vec(-1e3..1e3_f64, 1..60), base in prop::sample::select(vec![0.0, 1e9]), cut in 0..60_usize,
    ) {
        let moment = |n: usize| at() + Duration::seconds(i64::try_from(n).unwrap());
        let single = |(n, value): (usize, &f64)| Rollup::of(moment(n), Figure::Gauge { value: value + base });
        let singles: Vec<Rollup> = values.iter().enumerate().map(single).collect();
        let (left, right) = singles.split_at(cut.min(values.len()));
        let joined = [left, right].into_iter().filter_map(|part| part.iter().copied().reduce(Rollup::with));
        let rollup = joined.reduce(|a, b| b.with(a)).unwrap();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        prop_assert!((rollup.mean - base - mean).abs() < 1e-5);
        prop_assert!((rollup.deviations - squares).abs() <= 1e-6 * squares.max(1.0) + 1e-3);
        prop_assert_eq!(rollup.least, values.iter().copied().fold(f64::INFINITY, f64::min) + base);
        prop_assert_eq!(rollup.greatest, values.iter().copied().fold(f64::NEG_INFINITY, f64::max) + base);
        prop_assert_eq!(rollup.newest, (moment(values.len() - 1), values[values.len() - 1] + base));
        prop_assert_eq!(rollup.count, i64::try_from(values.len()).unwrap());
    }
}

#[test]
fn what_is_not_kept_is_not_taken() {
    let kept = active(IndicatorDraft { retention_days: Some(400), ..draft() });
    let from = kept.retained_from(at()).unwrap();
    assert_eq!(from, Step::Day.start_of(at()) - Duration::days(400));
    let on = |observed_at: DateTime<Utc>| RawPoint { observed_at, ..raw(1.0) };
    assert!(check_point(on(from), &kept, at()).is_ok());
    let before = refused(on(from - Duration::microseconds(1)), &kept);
    assert_eq!(before, ("/observed_at".to_owned(), "not_retained".to_owned()));
    assert!(check_point(on(from - Duration::days(900)), &active(draft()), at()).is_ok());
    for days in [0, 399, 36_501] {
        let wrong = define(IndicatorDraft { retention_days: Some(days), ..draft() }).unwrap_err();
        assert!(matches!(wrong, Refusal::Invalid(faults) if faults[0].pointer == "/retention_days"), "{days}");
    }
}

#[test]
fn what_is_left_of_a_batch_is_bound() {
    let recorded = batch(&manager()).unwrap();
    let (first, second) = (point(5, 1.0), point(2, 1.0));
    let program = crate::indicators::tests::system();
    let (gone, left) = ([(0, &first)], [(1, &second)]);
    assert_eq!(recorded.expected_digest(), (DigestForm::Rows, recorded.digest.as_str()));
    let change = recorded.clone().remove_rows(&gone, &left, &program, at()).unwrap();
    assert_eq!(change.verb(), "rows_removed");
    let after = change.into_after();
    let [removed] = after.removed.as_slice() else { panic!("{:?}", after.removed) };
    assert_eq!(
        (removed.rows, removed.observed_from, removed.observed_until),
        (1, first.observed_at, first.observed_at)
    );
    assert_eq!(removed.digest, MeasurementBatch::digest_of_rows(gone.into_iter()));
    assert_eq!(after.expected_digest(), (DigestForm::Rows, removed.left.as_str()));
    assert_eq!(after.digest_in_form(left.into_iter()), removed.left);
    assert_eq!(after.digest, recorded.digest, "what it was recorded with stays");
    let whole = after.remove_rows(&left, &[], &program, at()).unwrap().into_after();
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(whole.expected_digest(), (DigestForm::Rows, nothing), "the digest of no bytes");
    let none = recorded.clone().remove_rows(&[], &left, &program, at()).unwrap_err();
    assert!(matches!(none, Refusal::State(reasons) if reasons[0].code == "nothing_removed"));
    assert_eq!(recorded.remove_rows(&gone, &left, &manager(), at()).unwrap_err(), Refusal::Forbidden);
}
