use super::*;
use crate::access::{Identity, Role, Standing};
use crate::analysis::control::rules::Rule;
use crate::analysis::control::season::Season;
use crate::change::{Birth, Change};
use crate::fixtures::refusals::Refusals;
use crate::id::OrganisationId;
use crate::mistakes::Voidable;
use crate::reference::Reference;
use crate::refusal::Refusal;
use crate::responsibilities::tests::is_handed_over_whole;
use chrono::{Days, Months};
use proptest::prelude::*;
use strum::VariantArray;
use uuid::Uuid;

pub(crate) fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

pub(crate) fn person(n: u128, roles: &[Role]) -> Actor {
    Actor {
        organisation: OrganisationId(Uuid::nil()),
        identity: Identity::Member {
            id: MemberId(Uuid::from_u128(n)),
            roles: roles.to_vec(),
            standing: Standing::default(),
        },
    }
}

pub(crate) fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

pub(crate) fn system() -> Actor {
    Actor { organisation: OrganisationId(Uuid::nil()), identity: Identity::System { worker: "evaluation" } }
}

pub(crate) fn birth(prefix: Prefix, number: i64) -> Birth {
    let id = Uuid::from_u128(u128::from(number.unsigned_abs()));
    Birth { id, reference: Reference { prefix, year: 2026, number }, at: at() }
}

pub(crate) fn goal() -> Goal {
    Goal::HigherIsBetter { target: Some(95.0), warning: 92.0, critical: 85.0 }
}

/// Owner 5, collector 6, analyst 7.
pub(crate) fn draft() -> IndicatorDraft {
    let member = |n| Some(MemberId(Uuid::from_u128(n)));
    IndicatorDraft {
        name: "Patched in 14 days".into(),
        information_need: Some("Whether critical patches arrive in time".into()),
        unit: Some("%".into()),
        value_kind: ValueKind::Gauge,
        formula: None,
        goal: Some(goal()),
        control: None,
        method: Some("Patched within 14 days, of all that were due".into()),
        data_source: Some("Endpoint management".into()),
        retention_days: None,
        frequency: Some(Frequency::Weekly),
        collector: member(6),
        analysis_interval: Some(Frequency::Monthly),
        analyst: member(7),
        requirements: vec!["A.8.8".into(), "9.1".into()],
        auto_raise: AutoRaise::Nonconformity { on: Level::Critical },
        owner: member(5),
    }
}

pub(crate) fn define(draft: IndicatorDraft) -> Result<Indicator, Refusal> {
    Indicator::define(draft, &manager(), birth(Prefix::Indicator, 1)).map(Change::into_after)
}

pub(crate) fn active(draft: IndicatorDraft) -> Indicator {
    define(draft).unwrap().activate(&facts(), &manager(), at()).unwrap().into_after()
}

fn at_stage(stage: StageName) -> Indicator {
    match stage {
        StageName::Draft => define(draft()).unwrap(),
        StageName::Active => active(draft()),
        StageName::Retired => {
            active(draft()).retire("replaced".into(), &facts(), &manager(), at()).unwrap().into_after()
        }
        StageName::Void => {
            define(draft()).unwrap().void("twice".into(), &facts(), &manager(), at()).unwrap().into_after()
        }
    }
}

fn facts() -> Facts {
    Facts { today: at().date_naive(), formulas: 0 }
}

fn analysed() -> Analyse {
    Analyse { verdict: Verdict::Watch, conclusion: "The laptops of one site drag it down".into() }
}

fn higher() -> Goal {
    Goal::HigherIsBetter { target: Some(97.0), warning: 94.0, critical: 90.0 }
}

fn moved(goal: Goal, reason: &str) -> Revise {
    Revise { goal: Some(goal), control: None, formula: None, reason: reason.into() }
}

fn begun(starts_at: DateTime<Utc>) -> BeginPhase {
    BeginPhase { starts_at, reason: "another scanner".into() }
}

fn apply(indicator: Indicator, verb: Verb, by: &Actor) -> Result<Indicator, Refusal> {
    let change = match verb {
        Verb::Activate => indicator.activate(&facts(), by, at()),
        Verb::Analyse => indicator.analyse(analysed(), &facts(), by, at()),
        Verb::Revise => indicator.revise(moved(higher(), "we can do better"), &facts(), by, at()),
        Verb::BeginPhase => indicator.begin_phase(begun(at()), &facts(), by, at()),
        Verb::Retire => indicator.retire("replaced".into(), &facts(), by, at()),
        Verb::Void => indicator.void("twice".into(), &facts(), by, at()),
    };
    change.map(Change::into_after)
}

/// An amendment that touches one field, and names a value it does not have.
fn touching(field: Field) -> IndicatorAmendment {
    let some = || Some(Some("other".to_owned()));
    let member = Some(Some(MemberId(Uuid::from_u128(99))));
    let none = IndicatorAmendment::default();
    match field {
        Field::Name => IndicatorAmendment { name: Some("other".into()), ..none },
        Field::InformationNeed => IndicatorAmendment { information_need: some(), ..none },
        Field::Unit => IndicatorAmendment { unit: some(), ..none },
        Field::ValueKind => IndicatorAmendment { value_kind: Some(ValueKind::Ratio), ..none },
        Field::Formula => IndicatorAmendment { formula: Some(Some(formula::tests::draft())), ..none },
        Field::Goal => IndicatorAmendment { goal: Some(Some(higher())), ..none },
        Field::Control => IndicatorAmendment { control: Some(Some(Control::default())), ..none },
        Field::Method => IndicatorAmendment { method: some(), ..none },
        Field::DataSource => IndicatorAmendment { data_source: some(), ..none },
        Field::RetentionDays => IndicatorAmendment { retention_days: Some(Some(RETENTION_LEAST)), ..none },
        Field::Frequency => IndicatorAmendment { frequency: Some(Some(Frequency::Daily)), ..none },
        Field::Collector => IndicatorAmendment { collector: member, ..none },
        Field::AnalysisInterval => IndicatorAmendment { analysis_interval: Some(Some(Frequency::Weekly)), ..none },
        Field::Analyst => IndicatorAmendment { analyst: member, ..none },
        Field::Requirements => IndicatorAmendment { requirements: Some(vec!["9.3".into()]), ..none },
        Field::AutoRaise => IndicatorAmendment { auto_raise: Some(AutoRaise::None {}), ..none },
        Field::Owner => IndicatorAmendment { owner: member, ..none },
    }
}

fn codes(refusal: Refusal) -> Vec<(String, String)> {
    match refusal {
        Refusal::Invalid(faults) => faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect(),
        Refusal::State(reasons) => reasons.into_iter().map(|reason| (String::new(), reason.code)).collect(),
        Refusal::Forbidden => vec![(String::new(), "forbidden".to_owned())],
    }
}

fn code(refusal: Refusal) -> String {
    codes(refusal).remove(0).1
}

/// Every stage x every verb and every field: enforced exactly as the tables say.
#[test]
fn stage_by_verb_and_field() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let end = apply(at_stage(*stage), *verb, &manager());
            let ends: Vec<_> = end.iter().map(|after| after.stage.name()).collect();
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            if let Err(refusal) = end {
                assert_eq!(code(refusal), "wrong_state");
            }
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
        for field in Field::VARIANTS {
            let amended = at_stage(*stage).amend(touching(*field), &manager(), at());
            assert_eq!(amended.is_ok(), touchable(*stage, *field), "{stage:?} {field:?}");
            table.push_str(&format!("{stage:?} amend {field:?}: {}\n", touchable(*stage, *field)));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_field_that_is_fixed_is_named() {
    let refusal = at_stage(StageName::Active).amend(touching(Field::Goal), &manager(), at()).unwrap_err();
    assert_eq!(codes(refusal), [("/goal".to_owned(), "not_in_this_stage".to_owned())]);
    let emptied = IndicatorAmendment { method: Some(None), analyst: Some(None), ..IndicatorAmendment::default() };
    let refusal = at_stage(StageName::Active).amend(emptied.clone(), &manager(), at()).unwrap_err();
    let needed = |pointer: &str| (pointer.to_owned(), "needed_while_active".to_owned());
    assert_eq!(codes(refusal), [needed("/method"), needed("/analyst")]);
    assert!(at_stage(StageName::Draft).amend(emptied, &manager(), at()).is_ok());
}

#[test]
fn activation_names_each_missing_answer() {
    let bare = IndicatorDraft {
        information_need: None,
        method: None,
        frequency: None,
        collector: None,
        analysis_interval: None,
        analyst: None,
        goal: None,
        ..draft()
    };
    let missing = codes(define(bare).unwrap().activate(&facts(), &manager(), at()).unwrap_err());
    let missing: Vec<_> = missing.iter().map(|(_, code)| code.as_str()).collect();
    let all = [
        "no_information_need",
        "no_method",
        "no_frequency",
        "no_collector",
        "no_analysis_interval",
        "no_analyst",
        "no_goal",
    ];
    assert_eq!(missing, all);
    for field in all.map(|code| code.trim_start_matches("no_")) {
        assert!(field.parse::<Field>().is_ok(), "{field} is no field");
    }
}

#[test]
fn refuses_every_fault_of_a_draft_at_once() {
    let wrong = IndicatorDraft {
        name: " ".into(),
        method: Some("a\0".into()),
        goal: Some(Goal::LowerIsBetter { target: Some(f64::NAN), warning: 1.0, critical: f64::INFINITY }),
        requirements: vec!["9.1".into(), "9.1".into(), "A.9.9".into()],
        auto_raise: AutoRaise::Improvement { on: Level::Warning },
        ..draft()
    };
    let found = codes(define(wrong).unwrap_err());
    let found: Vec<_> = found.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
    let expected = [
        ("/name", "blank"),
        ("/method", "forbidden_character"),
        ("/goal/critical", "not_finite"),
        ("/goal/target", "not_finite"),
        ("/requirements/1", "duplicate"),
        ("/requirements/2", "unknown_requirement"),
        ("/auto_raise/kind", "not_supported"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn thresholds_are_in_the_order_of_their_direction() {
    let range = |low, high| Range { low, high };
    let cases = [
        (Goal::HigherIsBetter { target: None, warning: 90.0, critical: 95.0 }, vec!["/goal/warning"]),
        (Goal::HigherIsBetter { target: Some(89.0), warning: 90.0, critical: 80.0 }, vec!["/goal/target"]),
        (Goal::LowerIsBetter { target: Some(0.0), warning: 5.0, critical: 3.0 }, vec!["/goal/warning"]),
        (
            Goal::WithinRange { target: None, warning: range(2.0, 1.0), critical: range(0.0, 3.0) },
            vec!["/goal/warning/high"],
        ),
        (
            Goal::WithinRange { target: Some(9.0), warning: range(1.0, 2.0), critical: range(1.5, 3.0) },
            vec!["/goal/warning/low", "/goal/warning/high"],
        ),
        (Goal::LowerIsBetter { target: Some(0.0), warning: 3.0, critical: 3.0 }, vec![]),
        (Goal::WithinRange { target: Some(1.5), warning: range(1.0, 2.0), critical: range(0.0, 3.0) }, vec![]),
    ];
    for (goal, pointers) in cases {
        let found: Vec<_> = goal.faults("/goal").into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(found, pointers, "{goal:?}");
    }
}

#[test]
fn a_value_at_a_threshold_is_still_good() {
    use Judgement::{Critical, OnTarget, Warning};
    let range = |low, high| Range { low, high };
    for (goal, judged) in [
        (goal(), [(92.0, OnTarget), (91.9, Warning), (85.0, Warning), (84.9, Critical)]),
        (
            Goal::LowerIsBetter { target: None, warning: 5.0, critical: 10.0 },
            [(5.0, OnTarget), (5.1, Warning), (10.0, Warning), (10.1, Critical)],
        ),
        (
            Goal::WithinRange { target: None, warning: range(2.0, 4.0), critical: range(1.0, 5.0) },
            [(2.0, OnTarget), (4.5, Warning), (1.0, Warning), (0.9, Critical)],
        ),
    ] {
        for (value, judgement) in judged {
            assert_eq!(goal.judge(value), judgement, "{value} by {goal:?}");
        }
    }
}

#[test]
fn moving_the_goalposts_shows() {
    let revised =
        at_stage(StageName::Active).revise(moved(higher(), "we can do better"), &facts(), &manager(), at()).unwrap();
    assert_eq!((revised.reason(), revised.verb()), (Some("we can do better"), "revised"));
    let after = revised.into_after();
    assert_eq!((after.revision, after.goal), (2, Some(higher())));
    let [earlier] = after.revisions.as_slice() else { panic!("not kept") };
    assert_eq!((earlier.number, earlier.goal, earlier.replaced_at), (1, goal(), at()));
    assert_eq!(
        code(after.clone().revise(moved(higher(), "again"), &facts(), &manager(), at()).unwrap_err()),
        "unchanged"
    );
    let other = Goal::LowerIsBetter { target: None, warning: 1.0, critical: 2.0 };
    assert_eq!(code(after.clone().revise(moved(other, "turn"), &facts(), &manager(), at()).unwrap_err()), "fixed");
    assert_eq!(code(after.revise(moved(goal(), " "), &facts(), &manager(), at()).unwrap_err()), "blank");
}

#[test]
fn how_it_is_charted_is_a_goalpost_too() {
    let strict = Control { baseline: Some(40), rules: vec![Rule::BeyondLimits], ..Control::default() };
    let input = |control: &Control| Revise {
        goal: None,
        control: Some(control.clone()),
        formula: None,
        reason: "calmer".into(),
    };
    let revise = |control: &Control| at_stage(StageName::Active).revise(input(control), &facts(), &manager(), at());
    let after = revise(&strict).unwrap().into_after();
    assert_eq!((after.revision, after.goal, after.charting()), (2, Some(goal()), strict.clone()));
    assert_eq!(after.revisions[0].control, None);
    let again = after.clone().revise(input(&strict), &facts(), &manager(), at()).unwrap_err();
    assert_eq!(code(again), "unchanged");
    let more = after.revise(input(&Control::default()), &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(more.revisions[1].control, Some(strict));
    let twice = vec![Rule::BeyondLimits, Rule::FifteenNear, Rule::BeyondLimits];
    let wrong = Control { baseline: Some(11), rules: twice, ..Control::default() };
    let wrong = codes(revise(&wrong).unwrap_err());
    assert_eq!(
        wrong,
        [
            ("/control/baseline".to_owned(), "out_of_range".to_owned()),
            ("/control/rules/2".to_owned(), "duplicate".to_owned()),
        ]
    );
    let nothing = Revise { goal: None, control: None, formula: None, reason: "none".into() };
    let nothing = at_stage(StageName::Active).revise(nothing, &facts(), &manager(), at()).unwrap_err();
    assert_eq!(code(nothing), "unchanged");
}

#[test]
fn a_baseline_follows_the_frequency_and_the_rhythm() {
    let of = |control: Control, frequency| (control.baseline(Some(frequency)), control.watches_trend(Some(frequency)));
    assert_eq!(of(Control::default(), Frequency::Monthly), (25, true));
    assert_eq!(of(Control::default(), Frequency::Hourly), (336, false));
    let season = Some(Season::HourOfDay);
    assert_eq!(of(Control { season, ..Control::default() }, Frequency::Hourly), (1_000, false));
    let rhythm = |season| Control { season: Some(season), ..Control::default() };
    for (season, frequency, wanted) in [
        (Season::DayOfWeek, Frequency::Hourly, 1_000),
        (Season::DayOfWeek, Frequency::Daily, 35),
        (Season::DayOfWeek, Frequency::Weekly, 25),
        (Season::HourOfWeek, Frequency::Daily, 35),
        (Season::MonthOfYear, Frequency::Daily, 1_000),
        (Season::MonthOfYear, Frequency::Weekly, 265),
        (Season::MonthOfYear, Frequency::Monthly, 60),
        (Season::MonthOfYear, Frequency::Quarterly, 25),
        (Season::MonthOfYear, Frequency::Yearly, 25),
    ] {
        assert_eq!(rhythm(season).baseline(Some(frequency)), wanted, "{season:?} {frequency:?}");
    }
    assert_eq!(rhythm(Season::DayOfWeek).baseline(None), 1_000, "nobody has said how often");
    let said = Control { season, baseline: Some(96), trend: Some(true), ..Control::default() };
    assert_eq!(of(said, Frequency::Hourly), (96, true));
}

#[test]
fn a_phase_is_declared_once_and_not_ahead() {
    let change = at_stage(StageName::Active).begin_phase(begun(at()), &facts(), &manager(), at()).unwrap();
    assert_eq!((change.verb(), change.reason()), ("phase_begun", Some("another scanner")));
    let after = change.into_after();
    assert_eq!(after.declared_phases[0].declared_by, manager().member());
    let tried =
        |indicator: Indicator, input| code(indicator.begin_phase(input, &facts(), &manager(), at()).unwrap_err());
    assert_eq!(tried(after.clone(), begun(at())), "duplicate");
    assert_eq!(tried(after.clone(), begun(at() + chrono::Duration::seconds(1))), "in_the_future");
    assert_eq!(tried(after.clone(), BeginPhase { reason: " ".into(), ..begun(at() - Days::new(1)) }), "blank");
    let full = Indicator { declared_phases: vec![after.declared_phases[0].clone(); PHASES], ..after };
    assert_eq!(tried(full, begun(at() - Days::new(1))), "length");
}

#[test]
fn only_who_runs_the_system_decides_and_others_amend_what_is_theirs() {
    for role in Role::VARIANTS {
        let by = person(5, &[*role]);
        let decides = *role == Role::IsmsManager;
        assert_eq!(Indicator::define(draft(), &by, birth(Prefix::Indicator, 1)).is_ok(), decides, "{role:?}");
        for (verb, stage) in [
            (Verb::Activate, StageName::Draft),
            (Verb::Revise, StageName::Active),
            (Verb::BeginPhase, StageName::Active),
            (Verb::Retire, StageName::Active),
        ] {
            assert_eq!(apply(at_stage(stage), verb, &by).is_ok(), decides, "{role:?} {verb:?}");
        }
        let amended = at_stage(StageName::Active).amend(touching(Field::Method), &by, at());
        assert_eq!(amended.is_ok(), decides || *role == Role::Member, "{role:?}");
    }
    for (field, member) in [(Field::Owner, 5), (Field::AutoRaise, 5), (Field::Method, 77)] {
        let refused = at_stage(StageName::Active).amend(touching(field), &person(member, &[Role::Member]), at());
        assert_eq!(refused.unwrap_err(), Refusal::Forbidden, "{field:?}");
    }
}

proptest! {
    #[test]
    fn the_projection_is_read_back(target in -1e100..1e100_f64, below in 0.0..1e90_f64) {
        let goal = Goal::HigherIsBetter { target: Some(target), warning: target - below, critical: target - below };
        let indicator = active(IndicatorDraft { goal: Some(goal), ..draft() });
        let text = serde_json::to_string(&indicator).unwrap();
        prop_assert_eq!(serde_json::from_str::<Indicator>(&text).unwrap(), indicator);
    }
}

#[test]
fn an_analysis_that_is_late_is_noted_once() {
    let (today, monthly) = (at().date_naive(), Months::new(1));
    assert_eq!(at_stage(StageName::Draft).wakes(), None);
    let indicator = active(draft());
    assert_eq!(indicator.work(), [Work::of(MemberId(Uuid::from_u128(7)), Some(today + monthly))]);
    let late =
        crate::fixtures::noted_once(indicator, today + monthly, "indicator.analysis_fell_due", Indicator::fall_due);
    assert_eq!(late.wakes(), None);
    let facts = Facts { today: today + Days::new(40), ..facts() };
    let judged = late.analyse(analysed(), &facts, &person(7, &[Role::Member]), at()).unwrap().into_after();
    assert_eq!(judged.analysis.as_ref().map(|analysis| analysis.verdict), Some(Verdict::Watch));
    assert_eq!(judged.wakes(), Wake::once_past(today + Days::new(40) + monthly, None));
    let weekly = judged.clone().amend(touching(Field::AnalysisInterval), &manager(), at()).unwrap().into_after();
    assert_eq!(weekly.analysis_due_on(), Some(today + Days::new(47)));
    let retired = judged.retire("replaced".into(), &facts, &manager(), at()).unwrap().into_after();
    assert!(retired.wakes().is_none() && retired.work().is_empty());
}

#[test]
fn its_analyst_says_what_the_results_mean() {
    let tried = |by: &Actor| active(draft()).analyse(analysed(), &facts(), by, at()).map(drop);
    assert_eq!(tried(&manager()), Ok(()));
    assert_eq!(tried(&person(7, &[Role::Member])), Ok(()));
    for other in [5, 6, 8] {
        assert_eq!(tried(&person(other, &[Role::Member])), Err(Refusal::Forbidden), "{other}");
    }
    let key = crate::fixtures::machine(&[Permission::SteerIndicator]);
    assert_eq!(tried(&key).map_err(code), Err("person_needed".to_owned()));
    let blank = Analyse { conclusion: " ".into(), ..analysed() };
    let refused = active(draft()).analyse(blank, &facts(), &manager(), at()).unwrap_err();
    assert_eq!(codes(refused), [("/conclusion".to_owned(), "blank".to_owned())]);
}

#[test]
fn an_interval_leads_to_the_same_day_again() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    for (interval, expected) in [
        (Frequency::Hourly, "2026-02-01"),
        (Frequency::Daily, "2026-02-01"),
        (Frequency::Weekly, "2026-02-07"),
        (Frequency::Monthly, "2026-02-28"),
        (Frequency::Quarterly, "2026-04-30"),
        (Frequency::Yearly, "2027-01-31"),
    ] {
        assert_eq!(interval.after(day("2026-01-31")), Some(day(expected)), "{interval:?}");
    }
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let bare = Indicator {
        information_need: None,
        method: None,
        frequency: None,
        collector: None,
        analysis_interval: None,
        analyst: None,
        goal: None,
        ..at_stage(StageName::Draft)
    };
    let built = Indicator { built_in: BuiltIn::VARIANTS.first().copied(), ..at_stage(StageName::Draft) };
    let indicators = StageName::VARIANTS.iter().map(|stage| at_stage(*stage)).chain([bare, built]);
    Refusals::of(indicators, &[facts(), Facts { formulas: 1, ..facts() }])
}
