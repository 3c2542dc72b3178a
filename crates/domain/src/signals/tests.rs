use super::*;
use crate::access::Role;
use crate::change::Change;
use crate::fixtures::refusals::Refusals;
use crate::indicators::tests::{active, at, birth, draft, manager, person, system};
use crate::indicators::{AutoRaise, IndicatorDraft, Level};
use crate::nonconformities::Source;
use crate::refusal::Refusal;
use crate::responsibilities::tests::is_handed_over_whole;
use chrono::Duration;
use strum::VariantArray;
use uuid::Uuid;

fn seen(value: f64, days: i64) -> Sighting {
    Sighting { value: Some(value), observed_at: at() + Duration::days(days) }
}

fn case() -> NonconformityId {
    NonconformityId(Uuid::from_u128(40))
}

fn raised(kind: Kind) -> Signal {
    let found = (seen(84.0, 0), seen(79.0, 7), 2);
    Signal::raise(&active(draft()), kind, found, Vec::new(), &system(), birth(Prefix::Signal, 1)).unwrap().into_after()
}

fn apply(signal: Signal, verb: Verb, by: &Actor) -> Result<Signal, Refusal> {
    let change = match verb {
        Verb::Acknowledge => signal.acknowledge(by, at()),
        Verb::Link => signal.link(case(), by, at()),
        Verb::Dismiss => signal.dismiss("a known gap in the feed".into(), by, at()),
    };
    change.map(Change::into_after)
}

fn at_stage(stage: StageName) -> Signal {
    let verb = match stage {
        StageName::Raised => return raised(Kind::Critical),
        StageName::Cleared => {
            return raised(Kind::Critical).clear(seen(96.0, 8), &system(), at()).unwrap().into_after();
        }
        StageName::Acknowledged => Verb::Acknowledge,
        StageName::Linked => Verb::Link,
        StageName::Dismissed => Verb::Dismiss,
    };
    apply(raised(Kind::Critical), verb, &manager()).unwrap()
}

fn code(refusal: &Refusal) -> &str {
    match refusal {
        Refusal::Forbidden => "forbidden",
        Refusal::State(reasons) => &reasons[0].code,
        Refusal::Invalid(faults) => &faults[0].code,
    }
}

/// Every stage x every verb, and what measurements do in each stage.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let end = apply(at_stage(*stage), *verb, &manager());
            let ends: Vec<_> = end.iter().map(|after| after.stage.name()).collect();
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            if let Err(refusal) = end {
                assert_eq!(code(&refusal), "wrong_state");
            }
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
        let signal = at_stage(*stage);
        let repeated = signal.clone().repeat(seen(70.0, 8), (3, &[]), &system(), at()).map(Change::into_after);
        let cleared = signal.clone().clear(seen(97.0, 9), &system(), at()).map(Change::into_after);
        assert_eq!((repeated.is_ok(), cleared.is_ok()), (signal.is_open(), signal.is_open()), "{stage:?}");
        for (name, end) in [("repeat", repeated), ("clear", cleared)] {
            let ends: Vec<_> = end.iter().map(|after| after.stage.name()).collect();
            table.push_str(&format!("{stage:?} (measured: {name}) -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn nobody_raises_repeats_or_clears_by_hand() {
    for role in Role::VARIANTS {
        let by = person(5, &[*role]);
        let (indicator, found) = (active(draft()), (seen(1.0, 0), seen(1.0, 0), 1));
        let birth = birth(Prefix::Signal, 1);
        assert_eq!(
            Signal::raise(&indicator, Kind::Warning, found, Vec::new(), &by, birth).unwrap_err(),
            Refusal::Forbidden
        );
        let signal = || raised(Kind::Critical);
        assert_eq!(signal().repeat(seen(1.0, 9), (1, &[]), &by, at()).unwrap_err(), Refusal::Forbidden);
        assert_eq!(signal().clear(seen(99.0, 9), &by, at()).unwrap_err(), Refusal::Forbidden);
        assert_eq!(signal().follow(case(), &by, at()).unwrap_err(), Refusal::Forbidden);
        assert_eq!(signal().auto_raise(&indicator, &by, birth).unwrap_err(), Refusal::Forbidden);
    }
}

#[test]
fn an_owner_handles_and_does_not_dismiss() {
    let owner = person(5, &[Role::Member]);
    assert!(apply(raised(Kind::Stale), Verb::Acknowledge, &owner).is_ok());
    assert!(apply(raised(Kind::Stale), Verb::Link, &owner).is_ok());
    assert_eq!(apply(raised(Kind::Stale), Verb::Dismiss, &owner), Err(Refusal::Forbidden));
    for role in [Role::Member, Role::Auditor, Role::Admin, Role::Management, Role::ExternalAuditor] {
        for verb in Verb::VARIANTS {
            let refused = apply(raised(Kind::Warning), *verb, &person(77, &[role]));
            assert_eq!(refused, Err(Refusal::Forbidden), "{role:?} {verb:?}");
        }
    }
}

#[test]
fn only_a_later_measurement_clears() {
    for days in [0, 7] {
        let refusal = raised(Kind::Critical).clear(seen(99.0, days), &system(), at()).unwrap_err();
        assert_eq!(code(&refusal), "not_later");
    }
    let cleared = at_stage(StageName::Linked).clear(seen(99.0, 8), &system(), at()).unwrap().into_after();
    assert_eq!((cleared.case(), cleared.is_open()), (Some(case()), false));
    let blank = raised(Kind::Critical).dismiss(" ".into(), &manager(), at()).unwrap_err();
    assert_eq!(code(&blank), "blank");
}

#[test]
fn repeating_counts_and_never_goes_back() {
    let signal = at_stage(StageName::Dismissed).repeat(seen(70.0, 3), (4, &[]), &system(), at()).unwrap().into_after();
    assert_eq!((signal.occurrences, signal.last, signal.head.version), (6, seen(79.0, 7), 3));
    assert_eq!(signal.stage.name(), StageName::Dismissed);
}

#[test]
fn opens_a_case_of_what_it_saw() {
    let indicator = active(draft());
    let AutoRaised { case, signal } =
        raised(Kind::Critical).auto_raise(&indicator, &system(), birth(Prefix::Nonconformity, 40)).unwrap();
    let case = case.into_after();
    assert_eq!((case.source, case.requirement.as_deref()), (Source::Indicator, Some("A.8.8")));
    assert_eq!(signal.after().case(), Some(NonconformityId(case.head.id)));
    insta::assert_snapshot!(format!("{}\n{}\n{}", case.title, case.statement, case.objective_evidence));
    let again = signal.into_after().auto_raise(&indicator, &system(), birth(Prefix::Nonconformity, 41)).unwrap_err();
    assert_eq!(code(&again), "wrong_state");
}

#[test]
fn a_case_of_a_pattern_says_which() {
    let indicator = active(IndicatorDraft { auto_raise: AutoRaise::Nonconformity { on: Level::Pattern }, ..draft() });
    let opened = |kind, rules: &[Rule]| {
        let found = (seen(96.0, 0), seen(97.0, 2), 2);
        let signal =
            Signal::raise(&indicator, kind, found, rules.to_vec(), &system(), birth(Prefix::Signal, 1)).unwrap();
        let raised = signal.into_after().auto_raise(&indicator, &system(), birth(Prefix::Nonconformity, 2)).unwrap();
        let case = raised.case.into_after();
        (case.title, case.statement)
    };
    let (title, statement) = opened(Kind::OutOfControl, &[Rule::BeyondLimits, Rule::NineOnOneSide]);
    assert!(title.starts_with("out of control: "), "{title}");
    assert!(statement.ends_with("its control chart shows beyond limits, nine on one side."), "{statement}");
    assert!(opened(Kind::AdverseTrend, &[]).1.contains("gets worse"));
    // What is met later is met, too, once.
    let signal = raised(Kind::OutOfControl).repeat(seen(1.0, 9), (1, &[Rule::FifteenNear]), &system(), at()).unwrap();
    let again =
        signal.into_after().repeat(seen(1.0, 10), (1, &[Rule::BeyondLimits, Rule::FifteenNear]), &system(), at());
    assert_eq!(again.unwrap().into_after().rules, [Rule::BeyondLimits, Rule::FifteenNear]);
}

#[test]
fn a_long_name_still_makes_a_title() {
    let indicator = active(IndicatorDraft { name: "é".repeat(200), ..draft() });
    let found = (seen(84.0, 0), seen(84.0, 0), 1);
    let signal =
        Signal::raise(&indicator, Kind::Critical, found, Vec::new(), &system(), birth(Prefix::Signal, 1)).unwrap();
    assert!(signal.into_after().auto_raise(&indicator, &system(), birth(Prefix::Nonconformity, 2)).is_ok());
}

#[test]
fn calls_for_a_case_where_the_indicator_says_so() {
    for (auto_raise, kinds) in [
        (AutoRaise::None {}, vec![]),
        (AutoRaise::Nonconformity { on: Level::Critical }, vec![Kind::Critical]),
        (AutoRaise::Nonconformity { on: Level::Warning }, vec![Kind::Warning, Kind::Critical]),
        (
            AutoRaise::Nonconformity { on: Level::Pattern },
            vec![Kind::Warning, Kind::Critical, Kind::OutOfControl, Kind::AdverseTrend],
        ),
    ] {
        let indicator = active(IndicatorDraft { auto_raise, ..draft() });
        let called: Vec<_> =
            Kind::VARIANTS.iter().copied().filter(|kind| raised(*kind).calls_for_case(&indicator)).collect();
        assert_eq!(called, kinds, "{auto_raise:?}");
    }
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let signal = at_stage(*stage);
        let text = serde_json::to_string(&signal).unwrap();
        assert_eq!(serde_json::from_str::<Signal>(&text).unwrap(), signal);
    }
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage)), &[()])
        .and("auto-raise", raised(Kind::Stale).auto_raise(&active(draft()), &system(), birth(Prefix::Nonconformity, 1)))
}
