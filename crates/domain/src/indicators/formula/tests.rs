use super::*;
use crate::indicators::tests::{at, draft as indicator, manager};
use crate::indicators::{Facts, IndicatorAmendment, IndicatorDraft, Revise, ValueKind};
use crate::refusal::Refusal;
use chrono::{Duration, TimeZone};
use expression::{DEPTH, LENGTH};
use proptest::prelude::*;
use uuid::Uuid;

fn id(n: u128) -> IndicatorId {
    IndicatorId(Uuid::from_u128(n))
}

fn of(expression: &str, sources: &[(&str, u128)]) -> FormulaDraft {
    let named = |(name, n): &(&str, u128)| ((*name).to_owned(), id(*n), Aggregate::Mean);
    FormulaDraft { expression: expression.to_owned(), sources: sources.iter().map(named).collect(), period: Step::Day }
}

pub(in crate::indicators) fn draft() -> FormulaDraft {
    of("100 * on_time / closed", &[("on_time", 71), ("closed", 72)])
}

fn read(draft: FormulaDraft) -> Formula {
    let mut faults = Faults::default();
    let formula = draft.read("/formula", &mut faults);
    faults.refuse().unwrap();
    formula.unwrap()
}

fn faults(draft: FormulaDraft) -> Vec<(String, String)> {
    let mut faults = Faults::default();
    draft.read("/formula", &mut faults);
    told(faults.refuse().unwrap_err())
}

fn told(refusal: Refusal) -> Vec<(String, String)> {
    match refusal {
        Refusal::Invalid(faults) => faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect(),
        Refusal::State(reasons) => reasons.into_iter().map(|reason| (String::new(), reason.code)).collect(),
        Refusal::Forbidden => vec![(String::new(), "forbidden".to_owned())],
    }
}

fn value(text: &str, figures: &[(&str, f64)]) -> Result<f64, Gap> {
    let name = |name: &str| Name::try_from(name.to_owned()).unwrap();
    let figures = figures.iter().map(|(named, figure)| (name(named), *figure)).collect();
    Expression::read(text).unwrap().value(&figures)
}

#[test]
fn an_expression_is_read_as_people_read_it() {
    for (text, expected) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("8 - 3 - 2", 3.0),
        ("16 / 4 / 2", 2.0),
        ("-2 * -3", 6.0),
        ("--2", 2.0),
        ("2 - -1", 3.0),
        ("1.5e2", 150.0),
        ("2E-1", 0.2),
        ("min(3, 1 + 1, 7)", 2.0),
        ("max(-3, min(2, 9))", 2.0),
        (" max ( 1 ) \n", 1.0),
        ("0 * -1", 0.0),
    ] {
        let found = value(text, &[]).unwrap();
        assert_eq!(found, expected, "{text}");
        assert!(found.is_sign_positive(), "zero has one sign: {text}");
    }
    assert_eq!(value("100 * on_time / closed", &[("on_time", 3.0), ("closed", 4.0)]), Ok(75.0));
}

#[test]
fn what_cannot_be_read_says_where() {
    let long = "1".repeat(LENGTH + 1);
    let deep = format!("{}1{}", "(".repeat(DEPTH + 1), ")".repeat(DEPTH + 1));
    let signs = format!("{}1", "-".repeat(DEPTH + 1));
    for (text, position, code) in [
        ("", 1, "syntax"),
        ("   ", 4, "syntax"),
        ("1 +", 4, "syntax"),
        ("1 2", 3, "syntax"),
        ("(1", 3, "syntax"),
        ("1)", 2, "syntax"),
        ("a % b", 3, "syntax"),
        ("1..2", 3, "syntax"),
        ("1.", 3, "syntax"),
        (".5", 1, "syntax"),
        ("1e", 3, "syntax"),
        ("9e999", 1, "syntax"),
        ("+1", 1, "syntax"),
        ("a + Open", 5, "syntax"),
        ("_a", 1, "syntax"),
        ("min", 4, "syntax"),
        ("min()", 5, "syntax"),
        ("min(1,)", 7, "syntax"),
        ("max(1 2)", 7, "syntax"),
        ("é", 1, "syntax"),
        ("1 + é", 5, "syntax"),
        (long.as_str(), LENGTH + 1, "too_long"),
        (deep.as_str(), DEPTH + 1, "too_deep"),
        (signs.as_str(), DEPTH + 1, "too_deep"),
    ] {
        let misread = Expression::read(text).unwrap_err();
        assert_eq!((misread.position, misread.code), (position, code), "{text}: {}", misread.detail);
    }
    let deepest = format!("{}1{}", "(".repeat(DEPTH), ")".repeat(DEPTH));
    assert_eq!(value(&deepest, &[]), Ok(1.0));
    let longest = ["1"; LENGTH / 2].join("+");
    assert_eq!(value(&longest, &[]), Ok(250.0), "what stands side by side is not deep");
}

#[test]
fn what_is_missing_is_never_zero() {
    let missing = |name: &str| Err(Gap::NothingMeasured { name: Name::try_from(name.to_owned()).unwrap() });
    assert_eq!(value("a + b", &[("a", 1.0)]), missing("b"));
    assert_eq!(value("0 * b", &[]), missing("b"), "not even times zero");
    assert_eq!(value("min(a, b)", &[("a", 1.0)]), missing("b"));
    assert_eq!(value("a / b", &[("a", 1.0), ("b", 0.0)]), Err(Gap::DivisionByZero { position: 5 }));
    assert_eq!(value("a / (b - b)", &[("a", 0.0), ("b", 2.0)]), Err(Gap::DivisionByZero { position: 5 }));
    assert_eq!(value("a * a", &[("a", 1e60)]), Err(Gap::TooLarge));
    assert_eq!(value("1 / a", &[("a", 1e-200)]), Err(Gap::TooLarge));
}

#[test]
fn a_formula_names_its_sources_and_no_others() {
    assert_eq!(read(draft()).sources.len(), 2);
    let told = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
    };
    let cases = [
        (of("a + b", &[("a", 1)]), told(&[("/formula/expression", "unknown_name")])),
        (of("a", &[("a", 1), ("b", 2)]), told(&[("/formula/sources/1/name", "unused")])),
        (of("a", &[("a", 1), ("a", 2)]), told(&[("/formula/sources/1/name", "duplicate")])),
        (of("a", &[("a", 1), ("max", 2)]), told(&[("/formula/sources/1/name", "name")])),
        (of("1", &[]), told(&[("/formula/sources", "length")])),
        (of("a +", &[("A", 1)]), told(&[("/formula/sources/0/name", "name"), ("/formula/expression", "syntax")])),
    ];
    for (draft, expected) in cases {
        assert_eq!(faults(draft.clone()), expected, "{draft:?}");
    }
    let many: Vec<(String, IndicatorId, Aggregate)> =
        (0..=SOURCES).map(|n| (format!("a{n}"), id(n as u128), Aggregate::Sum)).collect();
    let many = FormulaDraft { expression: "a0".to_owned(), sources: many, period: Step::Week };
    assert!(faults(many).contains(&("/formula/sources".to_owned(), "length".to_owned())));
}

#[test]
fn no_circles_and_no_towers() {
    let formula = |sources: &[u128]| {
        let names: Vec<String> = sources.iter().map(|n| format!("s{n}")).collect();
        let named: Vec<(&str, u128)> = names.iter().map(String::as_str).zip(sources.iter().copied()).collect();
        read(of(&names.join("+"), &named))
    };
    // 5 of 4 of 3 of 2 of 1, which is measured; 9 of 8.
    let formulas: Vec<(IndicatorId, Formula)> =
        [(2, vec![1]), (3, vec![2]), (4, vec![3, 1]), (5, vec![4]), (9, vec![8])]
            .into_iter()
            .map(|(own, sources)| (id(own), formula(&sources)))
            .collect();
    let web = Web::of(formulas.iter().map(|(own, formula)| (*own, formula)));
    let found = |own: Option<u128>, sources: &[u128]| -> Vec<(String, String)> {
        let sources: Vec<IndicatorId> = sources.iter().copied().map(id).collect();
        web.faults(own.map(id), &sources, "/formula").refuse().map(|()| Vec::new()).unwrap_or_else(told)
    };
    let at = |index: usize, code: &str| (format!("/formula/sources/{index}/indicator"), code.to_owned());
    assert_eq!(found(None, &[1, 8]), []);
    assert_eq!(found(None, &[5]), [], "the fifth");
    assert_eq!(found(Some(1), &[1]), [at(0, "circle")]);
    assert_eq!(found(Some(2), &[1, 5]), [at(1, "circle")], "through others");
    assert_eq!(found(Some(6), &[8, 5]), []);
    assert_eq!(found(Some(8), &[5]), [at(0, "too_deep")], "9 stands upon it");
    assert_eq!(found(Some(8), &[4]), [], "four below, itself, and one above would be six: it is five");
}

fn rollup(values: &[f64]) -> Rollup {
    let figures = values
        .iter()
        .zip(0..)
        .map(|(value, n)| Rollup::of(at() + Duration::seconds(n), Figure::Gauge { value: *value }));
    figures.reduce(Rollup::with).unwrap()
}

#[test]
fn a_period_is_worked_out_of_its_rollups() {
    let all = rollup(&[4.0, 1.0, 7.0]);
    for (aggregate, expected) in [
        (Aggregate::Mean, 4.0),
        (Aggregate::Sum, 12.0),
        (Aggregate::Least, 1.0),
        (Aggregate::Greatest, 7.0),
        (Aggregate::Newest, 7.0),
        (Aggregate::Count, 3.0),
    ] {
        assert_eq!(aggregate.of(&all), expected, "{aggregate:?}");
    }
    let ratio = |numerator, denominator| Rollup::of(at(), Figure::Ratio { numerator, denominator });
    assert_eq!(Aggregate::Mean.of(&ratio(1.0, 1.0).with(ratio(0.0, 3.0))), 0.25, "many weigh more than few");
    let formula = read(draft());
    let day = Step::Day.start_of(at());
    let (few, many) = (rollup(&[3.0]), rollup(&[4.0]));
    let working = formula.work_out(day, &[Some(&few), Some(&many)]);
    assert_eq!((working.value.clone(), working.sources.clone()), (Ok(75.0), vec![Some(3.0), Some(4.0)]));
    assert_eq!(formula.observed_at(day), day + Duration::days(1) - Duration::microseconds(1));
    assert_eq!(Step::Day.start_of(formula.observed_at(day)), day, "it lies in its own period");
    let half = formula.work_out(day, &[Some(&few), None]);
    assert_eq!(half.sources, [Some(3.0), None]);
    assert!(matches!(half.value, Err(Gap::NothingMeasured { name }) if name.as_str() == "closed"));
}

fn computed() -> Indicator {
    let draft = IndicatorDraft { formula: Some(draft()), collector: None, ..indicator() };
    let facts = Facts { today: at().date_naive(), formulas: 0 };
    let defined = crate::indicators::tests::define(draft).unwrap();
    defined.activate(&facts, &manager(), at()).unwrap().into_after()
}

#[test]
fn nobody_sends_what_is_computed() {
    let fault = computed().takes_no_figures("/indicator").unwrap();
    assert_eq!((fault.pointer.as_str(), fault.code.as_str()), ("/indicator", "formula"));
    let ratio = IndicatorDraft { formula: Some(draft()), value_kind: ValueKind::Ratio, ..indicator() };
    let refusal = crate::indicators::tests::define(ratio).unwrap_err();
    assert_eq!(told(refusal), [("/value_kind".to_owned(), "formula".to_owned())]);
    let amendment = IndicatorAmendment { formula: Some(None), ..IndicatorAmendment::default() };
    let refusal = computed().amend(amendment, &manager(), at()).unwrap_err();
    assert_eq!(told(refusal)[0], ("/formula".to_owned(), "not_in_this_stage".to_owned()), "revise does");
}

#[test]
fn another_formula_is_another_phase() {
    let facts = Facts { today: at().date_naive(), formulas: 0 };
    let revise = |indicator: Indicator, formula: FormulaDraft| {
        let input = Revise { goal: None, control: None, formula: Some(formula), reason: "Rejects count, too".into() };
        indicator.revise(input, &facts, &manager(), at())
    };
    let other = of("on_time / closed", &[("on_time", 71), ("closed", 72)]);
    let after = revise(computed(), other.clone()).unwrap().into_after();
    let formula = after.formula.clone().unwrap();
    let today = Step::Day.start_of(at());
    assert_eq!((formula.version, formula.since, after.revision), (2, Some(today), 2));
    assert_eq!(after.revisions[0].formula.as_ref().unwrap().version, 1, "what held is kept");
    assert_eq!(after.declared_phases[0].starts_at, today);
    let again = revise(after.clone(), other.clone()).unwrap_err();
    assert_eq!(told(again), [("/formula".to_owned(), "unchanged".to_owned())]);
    let third = revise(after, draft()).unwrap().into_after();
    assert_eq!((third.declared_phases.len(), third.formula.unwrap().version), (1, 3), "the phase has begun already");
    let sent = crate::indicators::tests::active(indicator());
    assert_eq!(told(revise(sent, other).unwrap_err())[0], ("/formula".to_owned(), "fixed".to_owned()));
}

#[test]
fn no_moment_is_told_by_two_formulas() {
    let at = chrono::Utc.with_ymd_and_hms(2026, 5, 13, 15, 0, 0).unwrap();
    let day = |month, day| chrono::Utc.with_ymd_and_hms(2026, month, day, 0, 0, 0).unwrap();
    let formula = |period| read(FormulaDraft { period, ..draft() });
    for (before, after, since) in [
        (Step::Day, Step::Day, day(5, 13)),
        (Step::Day, Step::Month, day(6, 1)),
        (Step::Month, Step::Day, day(5, 13)),
        (Step::Week, Step::Week, day(5, 11)),
        (Step::Year, Step::Quarter, day(4, 1)),
    ] {
        let next = formula(before).replaced_by(formula(after), at);
        assert_eq!(next.since, Some(since), "{before:?} {after:?}");
        assert_eq!(next.reach(at), since);
    }
    assert_eq!(formula(Step::Day).reach(at), day(5, 13) - Duration::days(PERIODS.into()));
    assert_eq!(formula(Step::Year).reach(at), DateTime::UNIX_EPOCH);
}

/// Also where one is replaced before it has begun.
#[test]
fn each_period_has_the_formula_that_held_for_it() {
    let facts = Facts { today: at().date_naive(), formulas: 0 };
    let revise = |indicator: Indicator, period| {
        let other = if period == Step::Day { of("on_time", &[("on_time", 71)]) } else { draft() };
        let formula = Some(FormulaDraft { period, ..other });
        let input = Revise { goal: None, control: None, formula, reason: "By another period".into() };
        indicator.revise(input, &facts, &manager(), at()).unwrap().into_after()
    };
    let (today, year) = (Step::Day.start_of(at()), Step::Year.end_of(Step::Year.start_of(at())));
    let held = |indicator: &Indicator, at| indicator.formula_from(at).map(|(formula, next)| (formula.version, next));
    let first = computed();
    assert_eq!(held(&first, today), Some((1, None)));
    let second = revise(first, Step::Year);
    assert_eq!(held(&second, today), Some((1, Some(year))), "until the year begins");
    assert_eq!(held(&second, year), Some((2, None)));
    let third = revise(second, Step::Day);
    assert_eq!(held(&third, today - Duration::days(3)), Some((1, Some(today))));
    assert_eq!([held(&third, today), held(&third, year)], [Some((3, None)); 2]);
}

#[test]
fn what_was_stored_reads_back() {
    let formula = read(draft());
    let text = serde_json::to_string(&formula).unwrap();
    assert_eq!(serde_json::from_str::<Formula>(&text).unwrap(), formula);
    for broken in ["100 * on_time /", "[redacted: RED-2026-0001]"] {
        let broken = text.replace("100 * on_time / closed", broken);
        assert!(serde_json::from_str::<Formula>(&broken).is_err(), "no tombstone fits in");
    }
}

/// A tree with its text and what it comes to.
fn trees() -> impl Strategy<Value = (String, Option<f64>)> {
    let leaf = (0_u32..100).prop_map(|n| (n.to_string(), Some(f64::from(n))));
    leaf.prop_recursive(4, 24, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        let joined = |operator: &'static str, join: fn(f64, f64) -> Option<f64>| {
            two.clone().prop_map(move |((one, left), (other, right))| {
                (format!("({one} {operator} {other})"), left.zip(right).and_then(|(left, right)| join(left, right)))
            })
        };
        prop_oneof![
            joined("+", |left, right| Some(left + right)),
            joined("-", |left, right| Some(left - right)),
            joined("*", |left, right| Some(left * right)),
            joined("/", |left, right| (right != 0.0).then(|| left / right)),
            inner.clone().prop_map(|(text, value)| (format!("-{text}"), value.map(|value| -value))),
            two.clone().prop_map(|((one, left), (other, right))| {
                (format!("min({one}, {other})"), left.zip(right).map(|(left, right)| left.min(right)))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn it_comes_to_what_it_says((text, expected) in trees()) {
        match (value(&text, &[]), expected) {
            (Ok(found), Some(expected)) => prop_assert_eq!(found, expected + 0.0, "{}", text),
            (Err(Gap::TooLarge), Some(expected)) => prop_assert!(expected.abs() > 1e100, "{}", text),
            (Err(Gap::DivisionByZero { position }), None) => prop_assert!(position <= text.len(), "{}", text),
            (found, expected) => prop_assert!(false, "{text}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn no_text_is_too_much(text in "[-+*/(), .0-9a-zé_min]{0,80}|.{0,600}") {
        match Expression::read(&text) {
            Ok(read) => prop_assert_eq!(read.as_str(), text.as_str()),
            Err(misread) => prop_assert!((1..=text.chars().count() + 1).contains(&misread.position), "{:?}", misread),
        }
    }
}
