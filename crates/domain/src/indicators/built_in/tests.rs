use super::*;
use crate::access::Role;
use crate::fixtures::{at, birth, member, person, program};
use crate::indicators::{Facts, Field, IndicatorAmendment, StageName, ValueKind, computed};
use crate::measurements::{Figure, RawPoint, check_point};
use crate::reference::{Locator, Prefix};
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};

fn built(which: BuiltIn) -> Indicator {
    Indicator::build_in(which, &program(), birth(Prefix::Indicator)).unwrap().into_after()
}

fn gauge(value: f64) -> Option<Figure> {
    Some(Figure::Gauge { value })
}

fn ratio(numerator: f64, denominator: f64) -> Option<Figure> {
    Some(Figure::Ratio { numerator, denominator })
}

/// Worked by hand.
#[test]
fn the_figures_of_a_day() {
    let share = |part, whole| Share { part, whole };
    let summary = Summary {
        open_nonconformities: 7,
        // 10 + 20.5 + 60 days, of three: 30.1666...
        closings: vec![TimeDelta::days(10), TimeDelta::hours(492), TimeDelta::days(60)],
        overdue_actions: 3,
        verified: share(9, 12),
        recurred: share(1, 19),
        audits: share(3, 4),
        acknowledgements: share(37, 42),
        training: share(80, 84),
        reports: 6,
        members: 40,
        // In hours 4, 30, 100 and 2: in the middle of 4 and 30.
        answers: [4, 30, 100, 2].map(TimeDelta::hours).to_vec(),
        improvements_realised: 2,
        // 90 and 30 minutes.
        containments: [90, 30].map(TimeDelta::minutes).to_vec(),
        since_review: Some(TimeDelta::hours(36)),
    };
    for (which, expected) in [
        (BuiltIn::OpenNonconformities, gauge(7.0)),
        (BuiltIn::DaysToCloseNonconformity, gauge(90.5 / 3.0)),
        (BuiltIn::OverdueActions, gauge(3.0)),
        (BuiltIn::ActionsVerifiedEffective, ratio(9.0, 12.0)),
        (BuiltIn::RecurrenceRate, ratio(1.0, 19.0)),
        (BuiltIn::AuditProgrammeCompletion, ratio(3.0, 4.0)),
        (BuiltIn::AcknowledgementCoverage, ratio(37.0, 42.0)),
        (BuiltIn::TrainingCompletion, ratio(80.0, 84.0)),
        (BuiltIn::EmployeeReportRate, gauge(15.0)),
        (BuiltIn::HoursToAnswerReport, gauge(17.0)),
        (BuiltIn::ImprovementsRealised, gauge(2.0)),
        (BuiltIn::HoursToContainIncident, gauge(1.0)),
        (BuiltIn::DaysSinceManagementReview, gauge(1.5)),
    ] {
        assert_eq!(summary.figure(which), expected, "{which:?}");
    }
}

/// What is counted is zero; what is a part or a mean of nothing is not measured.
#[test]
fn of_nothing_there_is_no_figure() {
    let empty = Summary::default();
    for which in BuiltIn::VARIANTS {
        let is_count =
            matches!(which, BuiltIn::OpenNonconformities | BuiltIn::OverdueActions | BuiltIn::ImprovementsRealised);
        assert_eq!(empty.figure(*which), if is_count { gauge(0.0) } else { None }, "{which:?}");
    }
    assert_eq!(Summary { members: 3, ..empty }.figure(BuiltIn::EmployeeReportRate), gauge(0.0));
}

#[test]
fn each_lacks_nothing_but_who_analyses() {
    let names: BTreeSet<&str> = BuiltIn::VARIANTS.iter().map(|which| which.text().name).collect();
    assert_eq!(names.len(), BuiltIn::VARIANTS.len());
    let manager = person(1, &[Role::IsmsManager]);
    for which in BuiltIn::VARIANTS {
        let draft = built(*which);
        assert_eq!((draft.built_in, draft.stage.name()), (Some(*which), StageName::Draft));
        let refused = draft.clone().activate(&Facts::default(), &manager, at()).unwrap_err();
        let Refusal::State(reasons) = refused else { panic!("{refused:?}") };
        assert_eq!(reasons.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>(), ["no_analyst"], "{which:?}");
        let analysed = IndicatorAmendment { analyst: Some(Some(member(7))), ..IndicatorAmendment::default() };
        let analysed = draft.amend(analysed, &manager, at()).unwrap().into_after();
        let active = analysed.activate(&Facts::default(), &manager, at()).unwrap().into_after();
        assert_eq!(active.stage.name(), StageName::Active, "{which:?}");
        let figures = Summary { reports: 1, members: 1, ..Summary::default() };
        let is_gauge = matches!(figures.figure(*which), Some(Figure::Gauge { .. }));
        assert!(!is_gauge || active.value_kind == ValueKind::Gauge, "{which:?}");
    }
}

#[test]
fn nobody_but_the_program_defines_or_measures_one() {
    let manager = person(1, &[Role::IsmsManager]);
    let refused = Indicator::build_in(BuiltIn::OverdueActions, &manager, birth(Prefix::Indicator));
    assert_eq!(refused.unwrap_err(), Refusal::Forbidden);
    let indicator = built(BuiltIn::OverdueActions);
    let raw = RawPoint {
        indicator: Locator::Id(indicator.head.id),
        observed_at: at(),
        value: Some(0.0),
        numerator: None,
        denominator: None,
        dimensions: BTreeMap::new(),
        note: None,
    };
    let fault = check_point(raw, &indicator, at()).unwrap_err();
    assert_eq!((fault.pointer.as_str(), fault.code.as_str()), ("/indicator", "built_in"));
}

#[test]
fn how_it_is_computed_is_not_for_people_to_say() {
    let manager = person(1, &[Role::IsmsManager]);
    let other = || Some(Some("other".to_owned()));
    let none = IndicatorAmendment::default;
    for (field, amendment) in [
        (Field::Method, IndicatorAmendment { method: other(), ..none() }),
        (Field::Unit, IndicatorAmendment { unit: other(), ..none() }),
        (Field::Collector, IndicatorAmendment { collector: Some(Some(member(3))), ..none() }),
        (Field::Name, IndicatorAmendment { name: Some("Ours".into()), ..none() }),
        (Field::InformationNeed, IndicatorAmendment { information_need: other(), ..none() }),
    ] {
        let amended = built(BuiltIn::OverdueActions).amend(amendment, &manager, at());
        assert_eq!(amended.is_err(), computed(field), "{field:?}");
        if let Err(Refusal::Invalid(faults)) = amended {
            let name: &str = field.into();
            assert_eq!((faults[0].pointer.clone(), faults[0].code.as_str()), (format!("/{name}"), "built_in"));
        }
    }
}

/// A record that was stored before there were any keeps its hash.
#[test]
fn others_say_nothing_of_it() {
    let own =
        serde_json::to_value(crate::indicators::tests::define(crate::indicators::tests::draft()).unwrap()).unwrap();
    assert!(own.get("built_in").is_none());
    let built = built(BuiltIn::EmployeeReportRate);
    let stored = serde_json::to_value(&built).unwrap();
    assert_eq!(stored["built_in"], "employee_report_rate");
    assert_eq!(serde_json::from_value::<Indicator>(stored).unwrap(), built);
}
